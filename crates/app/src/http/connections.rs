//! How many connections are open at a time, how long one may keep others waiting, and who makes room
//! where there are too many.
//!
//! A connection that has not asked anything yet costs its owner nothing, so it is the first to go:
//! silent connections, however many, keep nobody out who asks.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Descriptors for everything else than connections: rows, logs, NATS, a reload.
const OTHER_DESCRIPTORS: usize = 512;

/// What the connections of one process may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionLimits {
    pub in_all: usize,
    /// For each address elsewhere; of IPv6, for each network of 64 bits. A council's users may share
    /// one, and so do all users behind a proxy on this machine: that has no such limit.
    pub for_each_address: usize,
    /// Of all, those that only connections from this machine may take: there an operator gets in.
    pub kept_for_this_machine: usize,
    /// How long a request's headers may take, from when the connection is open or free again.
    pub header: Duration,
    /// How long what is to be written may wait for a reader that takes nothing.
    pub write: Duration,
}

impl ConnectionLimits {
    /// For a process that may open so many descriptors.
    pub fn within(descriptors: usize) -> Self {
        let in_all = descriptors
            .saturating_sub(OTHER_DESCRIPTORS)
            .clamp(64, 4_096);
        Self {
            in_all,
            for_each_address: (in_all / 4).min(256),
            kept_for_this_machine: in_all / 8,
            header: Duration::from_secs(10),
            write: Duration::from_secs(30),
        }
    }
}

/// Whence a connection comes, as far as limits go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    ThisMachine,
    Elsewhere(IpAddr),
}

impl Origin {
    fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            address if address.is_loopback() => Self::ThisMachine,
            address => Self::Elsewhere(network(address)),
        }
    }
}

/// What counts as one address: of IPv6 the network of 64 bits, which one host has to itself at least.
pub(crate) fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
    }
}

struct Open {
    origin: Origin,
    silent: Arc<AtomicBool>,
    leave: CancellationToken,
}

#[derive(Default)]
struct Connections {
    opened: u64,
    /// By the order in which they were opened.
    open: BTreeMap<u64, Open>,
}

impl Connections {
    fn count(&self, of: impl Fn(Origin) -> bool) -> usize {
        self.open.values().filter(|open| of(open.origin)).count()
    }

    /// Lets the oldest silent one go; `false` where there is none.
    fn make_room(&mut self, among: impl Fn(Origin) -> bool) -> bool {
        let may_go = |open: &Open| among(open.origin) && open.silent.load(Ordering::Relaxed);
        let oldest = self.open.iter().find(|(_, open)| may_go(open));
        let Some(number) = oldest.map(|(number, _)| *number) else {
            return false;
        };
        if let Some(open) = self.open.remove(&number) {
            open.leave.cancel();
        }
        true
    }
}

/// The connections that are open.
pub(super) struct Room {
    limits: ConnectionLimits,
    connections: Arc<Mutex<Connections>>,
}

impl Room {
    pub(super) fn of(limits: ConnectionLimits) -> Self {
        Self {
            limits,
            connections: Arc::default(),
        }
    }

    /// A place for a connection from this address; `None` where nobody can make room for it.
    pub(super) fn admit(&self, address: IpAddr) -> Option<Place> {
        let origin = Origin::of(address);
        let is_elsewhere = |origin| origin != Origin::ThisMachine;
        let ConnectionLimits {
            in_all,
            for_each_address,
            kept_for_this_machine,
            ..
        } = self.limits;
        let mut connections = lock(&self.connections);
        if is_elsewhere(origin) {
            let same = |other| other == origin;
            if connections.count(same) >= for_each_address && !connections.make_room(same) {
                return None;
            }
            let for_elsewhere = in_all.saturating_sub(kept_for_this_machine);
            if connections.count(is_elsewhere) >= for_elsewhere
                && !connections.make_room(is_elsewhere)
            {
                return None;
            }
        }
        if connections.open.len() >= in_all
            && !connections.make_room(is_elsewhere)
            && !connections.make_room(|other| other == origin)
        {
            return None;
        }
        connections.opened += 1;
        let number = connections.opened;
        let (silent, leave) = (Arc::new(AtomicBool::new(true)), CancellationToken::new());
        let open = Open {
            origin,
            silent: Arc::clone(&silent),
            leave: leave.clone(),
        };
        connections.open.insert(number, open);
        Some(Place {
            number,
            silent,
            leave,
            connections: Arc::clone(&self.connections),
        })
    }
}

/// The place of one connection; free again when dropped.
pub(super) struct Place {
    number: u64,
    silent: Arc<AtomicBool>,
    leave: CancellationToken,
    connections: Arc<Mutex<Connections>>,
}

impl Place {
    /// It has asked something: it makes room for nobody any more.
    pub(super) fn has_asked(&self) {
        self.silent.store(false, Ordering::Relaxed);
    }

    /// Waits until it is to make room for others.
    pub(super) async fn must_go(&self) {
        self.leave.cancelled().await;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        lock(&self.connections).open.remove(&self.number);
    }
}

fn lock(connections: &Mutex<Connections>) -> MutexGuard<'_, Connections> {
    // Whatever panicked left a map of connections behind, and nothing half done.
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(in_all: usize, for_each_address: usize, kept_for_this_machine: usize) -> Room {
        Room::of(ConnectionLimits {
            in_all,
            for_each_address,
            kept_for_this_machine,
            ..ConnectionLimits::within(0)
        })
    }

    /// So many connections from an address that have asked something; all must get in.
    fn busy(room: &Room, address: &str, count: usize) -> Vec<Place> {
        let places = (0..count).map(|_| room.admit(address.parse().unwrap()).unwrap());
        places.inspect(Place::has_asked).collect()
    }

    fn gets_in(room: &Room, address: &str) -> bool {
        room.admit(address.parse().unwrap()).is_some()
    }

    #[test]
    fn one_address_takes_no_more_than_its_share_and_the_machine_itself_always_gets_in() {
        let room = room(10, 3, 4);
        let first = busy(&room, "192.0.2.1", 3);
        assert!(!gets_in(&room, "192.0.2.1"));
        assert!(!gets_in(&room, "::ffff:192.0.2.1"), "the same, in IPv6");
        let second = busy(&room, "2001:db8::1", 3);
        assert!(!gets_in(&room, "2001:db8::2"), "of the same network");
        assert!(!gets_in(&room, "192.0.2.9"), "the rest is kept");
        let operators = busy(&room, "127.0.0.1", 4);
        assert!(!gets_in(&room, "::1"), "no more than in all");
        drop((first, second));
        assert!(gets_in(&room, "192.0.2.1"));
        drop(operators);
    }

    #[tokio::test]
    async fn the_oldest_that_asked_nothing_makes_room_and_none_that_asked() {
        let room = room(3, 3, 0);
        let address = "127.0.0.1".parse().unwrap();
        let (asked, silent) = (room.admit(address).unwrap(), room.admit(address).unwrap());
        asked.has_asked();
        let later = room.admit(address).unwrap();
        let newest = room.admit(address).unwrap();
        silent.must_go().await;
        later.has_asked();
        newest.has_asked();
        assert!(room.admit(address).is_none());
        drop(silent);
        assert!(room.admit(address).is_none(), "its place was taken");
        drop(asked);
        assert!(room.admit(address).is_some());
    }

    #[tokio::test]
    async fn silent_connections_from_elsewhere_make_room_for_the_machine_itself() {
        let room = room(2, 2, 0);
        let silent = room.admit("192.0.2.1".parse().unwrap()).unwrap();
        let other = room.admit("192.0.2.2".parse().unwrap()).unwrap();
        assert!(gets_in(&room, "127.0.0.1"));
        silent.must_go().await;
        drop(other);
    }

    #[test]
    fn limits_leave_descriptors_for_everything_else() {
        assert_eq!(ConnectionLimits::within(1_024).in_all, 512);
        assert_eq!(ConnectionLimits::within(1 << 20).in_all, 4_096);
        let least = ConnectionLimits::within(0);
        assert!(least.in_all > least.kept_for_this_machine + least.for_each_address);
    }
}
