//! How many of something may be open at once, in all and for each client: [`Places`].

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::db_threads::ClientKey;
use crate::problem::Problem;

/// The most that may be open at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) all: NonZeroUsize,
    /// For each client.
    pub(crate) per_client: NonZeroUsize,
}

/// Why there is no place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// So many places are taken, which are all.
    All(usize),
    /// The client has so many places, which is the most.
    OfClient(ClientKey, usize),
}

/// The places that are taken, in all and by each client.
pub(crate) struct Taken {
    limits: Limits,
    all: usize,
    /// Clients without places are not listed.
    by_client: HashMap<ClientKey, usize>,
}

/// Places that are given back when they are dropped. Clones are the same places.
#[derive(Clone)]
pub(crate) struct Places(Arc<Mutex<Taken>>);

/// A place, until it is dropped.
pub(crate) struct Place {
    places: Places,
    client: ClientKey,
}

impl Taken {
    /// No place is taken.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, all: 0, by_client: HashMap::new() }
    }

    /// How many places are taken.
    pub(crate) fn count(&self) -> usize {
        self.all
    }

    /// Takes a place. Without a client, it is limited only together with all others.
    pub(crate) fn add(&mut self, client: Option<&ClientKey>) -> Result<(), Full> {
        let Limits { all, per_client } = self.limits;
        if self.all >= all.get() {
            return Err(Full::All(all.get()));
        }
        if let Some(client) = client {
            let of_client = self.by_client.get(client).copied().unwrap_or(0);
            if of_client >= per_client.get() {
                return Err(Full::OfClient(client.clone(), per_client.get()));
            }
            self.by_client.insert(client.clone(), of_client + 1);
        }
        self.all += 1;
        Ok(())
    }

    /// Gives back a place that was taken.
    pub(crate) fn remove(&mut self, client: Option<&ClientKey>) {
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

impl Places {
    /// As many places as the limits say.
    pub(crate) fn new(limits: Limits) -> Self {
        Self(Arc::new(Mutex::new(Taken::new(limits))))
    }

    /// Takes a place, see [`Taken::add`].
    pub(crate) fn take(&self, client: ClientKey) -> Result<Place, Full> {
        self.lock().add(Some(&client))?;
        Ok(Place { places: self.clone(), client })
    }

    /// The counts are consistent whenever they are unlocked, so a panic of another thread does not matter.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(Some(&self.client));
    }
}

impl Full {
    /// The problem of a request for one more of these things.
    pub(crate) fn problem(&self, things: &str) -> Problem {
        Problem::unavailable(match self {
            Self::All(all) => {
                format!("the service has as many {things} as it may ({all}); try another instance")
            }
            Self::OfClient(client, all) => {
                let client = match client {
                    ClientKey::Client(id) => format!("client {id}"),
                    ClientKey::Address(Some(address)) => format!("the address {address}"),
                    ClientKey::Address(None) => "the client".to_owned(),
                    ClientKey::Feed(Some(_)) => "the feed".to_owned(),
                    ClientKey::Feed(None) => "everyone who reads feeds".to_owned(),
                };
                format!("{client} has as many {things} as it may ({all}); end one first")
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use orders_core::ClientId;

    use super::*;

    #[test]
    fn places_are_limited_in_all_and_for_each_client() {
        let number = |number| NonZeroUsize::new(number).unwrap();
        let places = Places::new(Limits { all: number(3), per_client: number(2) });
        let shop = ClientKey::Client(ClientId::new("shop").unwrap());
        let [local, other] = [1, 2].map(|n| ClientKey::Address(Some([127, 0, 0, n].into())));
        let take = |client: &ClientKey| places.take(client.clone());
        let mut taken: Vec<_> = [&shop, &shop].map(|one| take(one).ok().unwrap()).into();
        assert_eq!(take(&shop).err(), Some(Full::OfClient(shop.clone(), 2)));
        taken.extend(take(&local));
        for client in [&local, &other, &shop] {
            assert_eq!(take(client).err(), Some(Full::All(3)));
        }
        drop(taken.remove(0));
        taken.extend(take(&shop));
        assert_eq!((taken.len(), places.lock().count()), (3, 3));
        drop(taken);
        assert_eq!(places.lock().count(), 0);
        assert!(places.lock().by_client.is_empty());
    }

    #[test]
    fn places_without_a_client_are_limited_in_all() {
        let number = |number| NonZeroUsize::new(number).unwrap();
        let mut taken = Taken::new(Limits { all: number(2), per_client: number(1) });
        assert_eq!([taken.add(None), taken.add(None)], [Ok(()), Ok(())]);
        assert_eq!(taken.add(None), Err(Full::All(2)));
        taken.remove(None);
        assert_eq!(taken.add(None), Ok(()));
    }
}
