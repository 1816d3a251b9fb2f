//! To where webhooks may be sent: [`WebhookArgs`].

use std::num::NonZeroU32;

use clap::Args;

use crate::webhooks::Networks;

/// To where webhooks may be sent, and by whom.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Webhooks")]
pub struct WebhookArgs {
    /// Do not send changes to webhooks; other instances do it
    #[arg(long, env = "ORDERS_NO_WEBHOOKS", global = true)]
    pub no_webhooks: bool,
    /// The networks to which webhooks may be sent besides public addresses, as 10.1.0.0/16,fd00::/8; plain http is
    /// allowed only there
    #[arg(
        long,
        env = "ORDERS_WEBHOOK_NETWORKS",
        default_value = "",
        hide_default_value = true,
        global = true,
        value_name = "NETWORKS"
    )]
    pub(crate) webhook_networks: Networks,
    /// How many changes this instance sends to webhooks in a second at most, so that requests come first
    #[arg(
        long,
        env = "ORDERS_WEBHOOK_RATE",
        default_value = "1100",
        global = true,
        value_name = "NUMBER"
    )]
    pub webhook_rate: NonZeroU32,
}
