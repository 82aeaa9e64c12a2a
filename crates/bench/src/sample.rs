//! Times that were taken, and what lies in the middle of several runs.

use std::time::Duration;

/// Times in order.
#[derive(Clone, Debug, Default)]
pub struct Sample(Vec<Duration>);

impl Sample {
    pub fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        Self(times)
    }

    /// In microseconds; 0 of nothing.
    pub fn percentile(&self, percent: usize) -> u64 {
        let last = self.0.len().saturating_sub(1);
        let time = self.0.get(last * percent / 100);
        time.map_or(0, |time| {
            u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
        })
    }
}

/// The middle of several numbers, the lower one of two; 0 of none.
pub fn median(mut numbers: Vec<u64>) -> u64 {
    numbers.sort_unstable();
    let middle = numbers.len().saturating_sub(1) / 2;
    numbers.get(middle).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_times_in_order() {
        let times = (1..=101).rev().map(Duration::from_micros).collect();
        let sample = Sample::of(times);
        assert_eq!(sample.percentile(50), 51);
        assert_eq!(sample.percentile(99), 100);
        assert_eq!(Sample::default().percentile(99), 0);
    }

    #[test]
    fn a_median_is_not_moved_by_one_bad_run() {
        assert_eq!(median(vec![5, 1_000, 7]), 7);
        assert_eq!(median(vec![5, 7]), 5);
        assert_eq!(median(Vec::new()), 0);
    }
}
