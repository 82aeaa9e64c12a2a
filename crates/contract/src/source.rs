//! CloudEvents `source`: which council's which system says so, `/councils/<log>/<system>`.

use std::fmt;

use townclerk_domain::names::{Code, LogName};

/// The last part of a source whose events were made up for a demonstration.
const SAMPLE: &str = "sample";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub log: LogName,
    pub system: Code,
    /// Whether its events were made up for a demonstration.
    pub sample: bool,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/councils/{}/{}", self.log, self.system)?;
        if self.sample {
            write!(f, "/{SAMPLE}")?;
        }
        Ok(())
    }
}

/// Whether events of this source were made up for a demonstration; `None` if the source does not
/// belong to `log`.
pub fn is_sample(log: &LogName, source: &str) -> Option<bool> {
    let system = source
        .strip_prefix("/councils/")?
        .strip_prefix(log.as_str())?
        .strip_prefix('/')?;
    match system.split_once('/') {
        None => Code::new(system).ok().map(|_| false),
        Some((system, SAMPLE)) => Code::new(system).ok().map(|_| true),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_names_council_and_system() {
        let log = LogName::new("brent").unwrap();
        let source = |sample| Source {
            log: log.clone(),
            system: Code::new("hornbill").unwrap(),
            sample,
        };
        assert_eq!(source(false).to_string(), "/councils/brent/hornbill");
        for sample in [false, true] {
            assert_eq!(is_sample(&log, &source(sample).to_string()), Some(sample));
        }
        for bad in [
            "/councils/lewisham/hornbill",
            "/councils/brent",
            "brent",
            "/councils/brent/x/y",
        ] {
            assert_eq!(is_sample(&log, bad), None, "{bad}");
        }
    }
}
