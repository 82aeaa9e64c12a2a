//! Adds up the `test result:` lines of a test run.

use std::fmt;

/// How many tests passed, failed and were ignored.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub passed: u64,
    pub failed: u64,
    pub ignored: u64,
}

impl Tally {
    /// Adds a line of a test run's output, if it is a result line of a test binary.
    pub fn add(&mut self, line: &str) {
        let Some((_, result)) = line.split_once("test result: ") else {
            return;
        };
        let counts = result.split_once(". ").map_or("", |(_, counts)| counts);
        for count in counts.split(';') {
            let Some((number, what)) = count.trim().split_once(' ') else {
                continue;
            };
            let Ok(number) = number.parse::<u64>() else {
                continue;
            };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "total: {} passed, {} failed",
            self.passed, self.failed
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &[&str]) -> Tally {
        let mut tally = Tally::default();
        for line in lines {
            tally.add(line);
        }
        tally
    }

    #[test]
    fn adds_up_the_results_of_all_binaries() {
        let tally = tally(&[
            "running 5 tests",
            "test a ... ok",
            "test result: ok. 4 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.01s",
            "test result: FAILED. 2 passed; 3 failed; 0 ignored; 0 measured; 7 filtered out; finished in 1.50s",
        ]);
        assert_eq!(
            tally,
            Tally {
                passed: 6,
                failed: 3,
                ignored: 1
            }
        );
        assert_eq!(tally.to_string(), "total: 6 passed, 3 failed");
    }

    #[test]
    fn passes_over_everything_else() {
        let tally = tally(&[
            "",
            "4 passed; 1 failed",
            "test result: ",
            "test result: ok. x passed",
        ]);
        assert_eq!(tally, Tally::default());
    }
}
