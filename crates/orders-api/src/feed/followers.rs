//! How many followers there are: [`Followers`].

use std::collections::HashMap;

use orders_core::ClientId;

use super::Limits;
use crate::problem::Problem;

/// The number of followers, in all and of each client.
pub(super) struct Followers {
    limits: Limits,
    all: usize,
    /// Clients without followers are not listed.
    by_client: HashMap<ClientId, usize>,
}

/// Why there is no place for a follower.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NoPlace {
    /// The service stops.
    Stopping,
    /// There are as many as there may be.
    Full(usize),
    /// The client has as many as it may have.
    ClientFull(ClientId, usize),
}

impl Followers {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, all: 0, by_client: HashMap::new() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.all == 0
    }

    pub(super) fn count(&self) -> usize {
        self.all
    }

    /// Adds one. Those without credentials are limited only together with all others.
    pub(super) fn add(&mut self, client: Option<&ClientId>) -> Result<(), NoPlace> {
        let Limits { all, per_client } = self.limits;
        if self.all >= all.get() {
            return Err(NoPlace::Full(all.get()));
        }
        if let Some(client) = client {
            let of_client = self.by_client.get(client).copied().unwrap_or(0);
            if of_client >= per_client.get() {
                return Err(NoPlace::ClientFull(client.clone(), per_client.get()));
            }
            self.by_client.insert(client.clone(), of_client + 1);
        }
        self.all += 1;
        Ok(())
    }

    /// Removes one that was added.
    pub(super) fn remove(&mut self, client: Option<&ClientId>) {
        self.all -= 1;
        let Some(client) = client else { return };
        if let Some(of_client) = self.by_client.get_mut(client) {
            *of_client -= 1;
            if *of_client == 0 {
                self.by_client.remove(client);
            }
        }
    }
}

impl From<NoPlace> for Problem {
    fn from(reason: NoPlace) -> Self {
        let most = "event streams and waiting requests open, which is the most";
        Self::unavailable(match reason {
            NoPlace::Stopping => "the service is about to stop; nothing was done".to_owned(),
            NoPlace::Full(all) => format!("the service has {all} {most}; try another instance"),
            NoPlace::ClientFull(client, all) => {
                format!("client {client} has {all} {most}; close one first")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use super::*;

    #[test]
    fn followers_are_limited_in_all_and_for_each_client() {
        let number = |number| NonZeroUsize::new(number).unwrap();
        let limits = Limits { all: number(4), per_client: number(2) };
        let mut followers = Followers::new(limits);
        let [shop, partner] = ["shop", "partner"].map(|name| ClientId::new(name).unwrap());
        for client in [Some(&shop), Some(&shop), Some(&partner)] {
            followers.add(client).unwrap();
        }
        assert_eq!(followers.add(Some(&shop)), Err(NoPlace::ClientFull(shop.clone(), 2)));
        followers.add(None).unwrap();
        for client in [Some(&partner), None] {
            assert_eq!(followers.add(client), Err(NoPlace::Full(4)));
        }
        followers.remove(Some(&shop));
        followers.add(Some(&shop)).unwrap();
        for client in [Some(&shop), Some(&shop), Some(&partner), None] {
            followers.remove(client);
        }
        assert!(followers.is_empty() && followers.by_client.is_empty());
    }
}
