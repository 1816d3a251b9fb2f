//! The settings of an identity provider: [`IdentityProviderArgs`].

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;

use crate::access::token::Tokens;

/// Whose tokens are accepted. All three are given, or none.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Access")]
pub struct IdentityProviderArgs {
    /// The identity provider whose tokens are accepted, as its tokens name it in `iss`
    #[arg(long, env = "ORDERS_ISSUER", global = true, value_name = "URL")]
    pub issuer: Option<String>,
    /// The name of this service in `aud` of the tokens
    #[arg(long, env = "ORDERS_AUDIENCE", global = true, value_name = "NAME")]
    pub audience: Option<String>,
    /// A file with the public keys of the identity provider, as a JWK Set; read again when it changes
    #[arg(long, env = "ORDERS_JWKS", global = true, value_name = "FILE")]
    pub jwks: Option<PathBuf>,
}

impl IdentityProviderArgs {
    /// The identity provider, if there is one.
    ///
    /// # Errors
    /// If a setting is missing, or the file of keys cannot be used.
    pub(super) fn tokens(&self) -> Result<Option<Tokens>> {
        match (&self.issuer, &self.audience, &self.jwks) {
            (None, None, None) => Ok(None),
            (Some(issuer), Some(audience), Some(jwks)) => {
                Ok(Some(Tokens::new(issuer.clone(), audience.clone(), jwks.clone())?))
            }
            _ => bail!("--issuer, --audience and --jwks belong together; give all of them or none"),
        }
    }
}
