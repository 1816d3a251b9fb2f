//! How many of something may be open at once, in all and for each client: [`Places`].

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use orders_core::ClientId;

use crate::problem::Problem;

/// The most that may be open at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// In all.
    pub(crate) all: NonZeroUsize,
    /// For each holder.
    pub(crate) per_client: NonZeroUsize,
}

/// Who holds places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Holder {
    /// A client with credentials.
    Client(ClientId),
    /// Everyone without credentials at this address.
    Address(IpAddr),
}

/// Why there is no place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Full {
    /// So many places are taken, which are all.
    All(usize),
    /// The holder has so many places, which is the most.
    OfHolder(Holder, usize),
}

/// The places that are taken, in all and by each holder.
pub(crate) struct Taken {
    limits: Limits,
    all: usize,
    /// Holders without places are not listed.
    by_holder: HashMap<Holder, usize>,
}

/// Places that are given back when they are dropped. Clones are the same places.
#[derive(Clone)]
pub(crate) struct Places(Arc<Mutex<Taken>>);

/// A place, until it is dropped.
pub(crate) struct Place {
    places: Places,
    holder: Option<Holder>,
}

impl Taken {
    /// No place is taken.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, all: 0, by_holder: HashMap::new() }
    }

    /// How many places are taken.
    pub(crate) fn count(&self) -> usize {
        self.all
    }

    /// Takes a place. Without a holder, it is limited only together with all others.
    pub(crate) fn add(&mut self, holder: Option<&Holder>) -> Result<(), Full> {
        let Limits { all, per_client } = self.limits;
        if self.all >= all.get() {
            return Err(Full::All(all.get()));
        }
        if let Some(holder) = holder {
            let of_holder = self.by_holder.get(holder).copied().unwrap_or(0);
            if of_holder >= per_client.get() {
                return Err(Full::OfHolder(holder.clone(), per_client.get()));
            }
            self.by_holder.insert(holder.clone(), of_holder + 1);
        }
        self.all += 1;
        Ok(())
    }

    /// Gives back a place that was taken.
    pub(crate) fn remove(&mut self, holder: Option<&Holder>) {
        self.all -= 1;
        let Some(holder) = holder else { return };
        if let Some(of_holder) = self.by_holder.get_mut(holder) {
            *of_holder -= 1;
            if *of_holder == 0 {
                self.by_holder.remove(holder);
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
    pub(crate) fn take(&self, holder: Option<Holder>) -> Result<Place, Full> {
        self.lock().add(holder.as_ref())?;
        Ok(Place { places: self.clone(), holder })
    }

    /// The counts are consistent whenever they are unlocked, so a panic of another thread does not matter.
    fn lock(&self) -> MutexGuard<'_, Taken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.lock().remove(self.holder.as_ref());
    }
}

impl Full {
    /// The problem of a request for one more of these things.
    pub(crate) fn problem(&self, things: &str) -> Problem {
        Problem::unavailable(match self {
            Self::All(all) => {
                format!("the service has as many {things} as it may ({all}); try another instance")
            }
            Self::OfHolder(holder, all) => {
                format!("{holder} has as many {things} as it may ({all}); end one first")
            }
        })
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(id) => write!(f, "client {id}"),
            Self::Address(address) => write!(f, "the address {address}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_limited_in_all_and_for_each_holder() {
        let number = |number| NonZeroUsize::new(number).unwrap();
        let places = Places::new(Limits { all: number(4), per_client: number(2) });
        let client = |name| Holder::Client(ClientId::new(name).unwrap());
        let (shop, local) = (client("shop"), Holder::Address([127, 0, 0, 1].into()));
        let take = |holder: &Holder| places.take(Some(holder.clone()));
        let mut taken: Vec<_> = [&shop, &shop, &local].map(|one| take(one).ok().unwrap()).into();
        assert_eq!(take(&shop).err(), Some(Full::OfHolder(shop.clone(), 2)));
        taken.extend(places.take(None));
        assert_eq!(take(&local).err(), Some(Full::All(4)));
        assert_eq!(places.take(None).err(), Some(Full::All(4)));
        drop(taken.remove(0));
        taken.extend(take(&shop));
        assert_eq!((taken.len(), places.lock().count()), (4, 4));
        drop(taken);
        assert_eq!(places.lock().count(), 0);
        assert!(places.lock().by_holder.is_empty());
    }
}
