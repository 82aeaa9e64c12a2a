//! How many refusals of one caller are told within a minute; the rest is told as a number.

use std::collections::BTreeMap;

use jiff::Timestamp;

/// Lines a minute about refusals of one caller, or of all callers whom nobody knows together:
/// a caller who knocks without end cannot push out what operators did.
pub(super) const REFUSALS_PER_MINUTE: u64 = 60;

/// The refusals of one minute.
#[derive(Default)]
pub(super) struct Refusals {
    minute: i64,
    /// By caller; an empty name stands for all whom nobody knows. There are no more names than there
    /// are tokens.
    seen: BTreeMap<String, u64>,
}

impl Refusals {
    /// Whether one more refusal is told.
    pub(super) fn admit(&mut self, caller: &str) -> bool {
        let seen = self.seen.entry(caller.to_owned()).or_default();
        *seen += 1;
        *seen <= REFUSALS_PER_MINUTE
    }

    /// What there is to say of the minute before the one in which `now` lies.
    pub(super) fn over(&mut self, now: Timestamp) -> Vec<String> {
        let minute = now.as_second().div_euclid(60);
        if minute == self.minute {
            return Vec::new();
        }
        self.minute = minute;
        self.tell()
    }

    /// How many were passed over in this minute, which is then forgotten.
    pub(super) fn tell(&mut self) -> Vec<String> {
        let seen = std::mem::take(&mut self.seen);
        let passed = seen.into_iter().filter_map(|(caller, seen)| {
            let passed = seen.checked_sub(REFUSALS_PER_MINUTE)?;
            (passed > 0).then_some((caller, passed))
        });
        passed
            .map(|(caller, passed)| match caller.as_str() {
                "" => format!("{passed} more refused within a minute, without a known token"),
                caller => format!("{passed} more refused within a minute, of {caller}"),
            })
            .collect()
    }
}
