//! Sign-ins that fail are answered later and later, for each address by itself. A right token is let
//! in at once, whatever failed before from the same address: nobody can lock others out.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use lru::LruCache;

use crate::clock::{self, Clock};
use crate::http::connections::network;

/// Addresses that are remembered; the one that failed longest ago is forgotten first.
const ADDRESSES_MAX: NonZeroUsize = NonZeroUsize::new(4_096).expect("not zero");

/// So many may fail before they are slowed: somebody mistyped.
const FREE: u32 = 3;

/// An address that fails no more for so long begins again.
const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_mins(15);

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Failures of one address whose answers may wait at a time.
const WAITING_MAX: u32 = 4;

#[derive(Default)]
struct Failing {
    failed: u32,
    last: Timestamp,
    waiting: u32,
}

/// The failures of one process; without an address they count together.
pub(super) struct Failures {
    clock: Clock,
    addresses: Mutex<LruCache<Option<IpAddr>, Failing>>,
}

/// Too many failures of one address wait already.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct TooMany;

impl Default for Failures {
    fn default() -> Self {
        Self {
            clock: clock::system(),
            addresses: Mutex::new(LruCache::new(ADDRESSES_MAX)),
        }
    }
}

impl Failures {
    /// Counts one more failure, and waits as long as its answer is to wait.
    ///
    /// # Errors
    /// Too many wait already: it is to be answered at once, with that.
    pub(super) async fn slow_down(&self, address: Option<IpAddr>) -> Result<(), TooMany> {
        let address = address.map(network);
        let pause = self.count(address)?;
        let _waits = Waits {
            failures: self,
            address,
        };
        tokio::time::sleep(pause).await;
        Ok(())
    }

    fn count(&self, address: Option<IpAddr>) -> Result<Duration, TooMany> {
        let now = (self.clock)();
        let mut addresses = self.lock();
        let failing = addresses.get_or_insert_mut(address, Failing::default);
        if now.duration_since(failing.last) > FORGOTTEN_AFTER {
            failing.failed = 0;
        }
        failing.failed = failing.failed.saturating_add(1);
        failing.last = now;
        if failing.waiting >= WAITING_MAX {
            return Err(TooMany);
        }
        failing.waiting += 1;
        let slowed = failing.failed.saturating_sub(FREE);
        Ok(match slowed {
            0 => Duration::ZERO,
            slowed => FIRST_PAUSE
                .saturating_mul(2_u32.saturating_pow(slowed - 1))
                .min(LONGEST_PAUSE),
        })
    }

    fn lock(&self) -> MutexGuard<'_, LruCache<Option<IpAddr>, Failing>> {
        // A panic left numbers behind, and nothing half done.
        self.addresses
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// One failure whose answer waits; also where the caller goes away.
struct Waits<'a> {
    failures: &'a Failures,
    address: Option<IpAddr>,
}

impl Drop for Waits<'_> {
    fn drop(&mut self) {
        if let Some(failing) = self.failures.lock().peek_mut(&self.address) {
            failing.waiting = failing.waiting.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn each_failure_of_an_address_waits_longer_up_to_a_bound() {
        let failures = Failures::default();
        let address = Some("192.0.2.1".parse().unwrap());
        for seconds in [0, 0, 0, 1, 2, 4, 8, 8, 8] {
            let began = Instant::now();
            failures.slow_down(address).await.unwrap();
            assert_eq!(began.elapsed().as_secs(), seconds);
        }
        let began = Instant::now();
        let other = Some("192.0.2.2".parse().unwrap());
        failures.slow_down(other).await.unwrap();
        assert_eq!(began.elapsed(), Duration::ZERO, "others are not slowed");
    }

    #[tokio::test(start_paused = true)]
    async fn a_bounded_number_waits_and_who_goes_away_waits_no_more() {
        let failures = Failures::default();
        let address = Some("192.0.2.1".parse().unwrap());
        for _ in 0..FREE {
            failures.slow_down(address).await.unwrap();
        }
        let mut waiting: Vec<_> = (0..WAITING_MAX)
            .map(|_| Box::pin(failures.slow_down(address)))
            .collect();
        for waits in &mut waiting {
            assert!(futures::poll!(waits).is_pending());
        }
        assert_eq!(failures.slow_down(address).await, Err(TooMany));
        drop(waiting);
        assert_eq!(failures.slow_down(address).await, Ok(()));
    }
}
