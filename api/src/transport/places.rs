//! Places for sockets: so many in all, so many an address.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::http::Extensions;
use platform::metrics::name;

/// Where a connection comes from; the accept loop puts it into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer(pub Option<IpAddr>);

impl Peer {
    /// The peer of a request; all that carry none share one.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        extensions.get().copied().unwrap_or(Self(None))
    }

    /// Whether it is on this host.
    pub(crate) fn is_loopback(self) -> bool {
        self.0.is_some_and(|address| address.to_canonical().is_loopback())
    }
}

/// The places.
#[derive(Clone, Debug)]
pub(super) struct Places {
    all: usize,
    each: usize,
    taken: Arc<Mutex<HashMap<Peer, usize>>>,
}

/// One taken place; dropping it gives it back.
#[derive(Debug)]
pub(super) struct Place {
    peer: Peer,
    places: Places,
}

impl Places {
    pub(super) fn new(all: usize, each: usize) -> Self {
        Self { all, each, taken: Arc::default() }
    }

    /// A place, unless all are taken.
    pub(super) fn take(&self, peer: Peer) -> Option<Place> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let in_all: usize = taken.values().sum();
        if in_all >= self.all || taken.get(&peer).is_some_and(|count| *count >= self.each) {
            return None;
        }
        *taken.entry(peer).or_default() += 1;
        metrics::gauge!(name::SOCKETS).increment(1);
        Some(Place { peer, places: self.clone() })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        metrics::gauge!(name::SOCKETS).decrement(1);
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                taken.remove(&self.peer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_share_and_all_together_no_more_than_there_are() {
        let [a, b, c] = [1, 2, 3].map(|last| Peer(Some(IpAddr::from([10, 0, 0, last]))));
        let places = Places::new(3, 2);
        let first = places.take(a).unwrap();
        let _second = places.take(a).unwrap();
        assert!(places.take(a).is_none(), "its share is two");
        let _third = places.take(b).unwrap();
        assert!(places.take(c).is_none(), "three are taken in all");
        drop(first);
        assert!(places.take(c).is_some());
    }
}
