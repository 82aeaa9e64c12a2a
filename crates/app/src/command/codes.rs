//! Codes that no record of a log has: most likely mistyped. They are recorded all the same, because a
//! new service or team has to begin somewhere, and the answer says so.

use std::collections::{BTreeSet, HashSet};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use lru::LruCache;
use serde_json::Value;
use townclerk_domain::dimension::Dimension;
use townclerk_domain::names::LogName;

/// Codes that are remembered, so that the record is not asked for each command.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// Warnings of one answer.
const WARNINGS_MAX: usize = 20;

/// Changes of a letter by which a mistyped code is still taken for another one.
const TYPING_ERRORS_MAX: usize = 2;

/// Reads which codes the records of a log have.
pub trait RecordedCodes: Send + Sync {
    /// All codes of a dimension; `None` where this process does not read the log, or not just now.
    fn of(&self, log: &LogName, dimension: Dimension) -> Option<BTreeSet<String>>;
}

type Use = (LogName, Dimension, String);

/// The codes in use, as far as this process knows them.
pub struct CodesInUse {
    record: RwLock<Option<Arc<dyn RecordedCodes>>>,
    seen: Mutex<LruCache<Use, ()>>,
}

impl Default for CodesInUse {
    fn default() -> Self {
        Self {
            record: RwLock::default(),
            seen: Mutex::new(LruCache::new(REMEMBERED)),
        }
    }
}

impl CodesInUse {
    /// From now on the record is read so.
    pub fn read_by(&self, record: Arc<dyn RecordedCodes>) {
        let mut current = self.record.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(record);
    }

    /// What is to be said of the codes that a command names and no record of `log` has. Nothing where
    /// the log has no code of that dimension at all: then every code is a first one.
    pub(super) fn warnings(&self, log: &LogName, what: &Value) -> Vec<String> {
        let mut warnings = Vec::new();
        for (dimension, code) in named(what) {
            let of = (log.clone(), dimension, code);
            if self.seen().get(&of).is_some() {
                continue;
            }
            let Some(known) = self.recorded(log, dimension) else {
                continue;
            };
            let (log, dimension, code) = &of;
            if known.is_empty() || known.contains(code) {
                self.seen().put(of, ());
            } else if warnings.len() < WARNINGS_MAX {
                warnings.push(warning(log, *dimension, code, &known));
            }
        }
        warnings
    }

    /// The codes of a command are recorded now.
    pub(super) fn are_used(&self, log: &LogName, what: &Value) {
        let mut seen = self.seen();
        for (dimension, code) in named(what) {
            seen.put((log.clone(), dimension, code), ());
        }
    }

    fn recorded(&self, log: &LogName, dimension: Dimension) -> Option<BTreeSet<String>> {
        let record = self.record.read().unwrap_or_else(PoisonError::into_inner);
        let record = record.clone()?;
        record.of(log, dimension)
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, LruCache<Use, ()>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The codes that are data, wherever in a command they are: fields that bear the name of a dimension,
/// or its plural.
fn named(what: &Value) -> Vec<(Dimension, String)> {
    let mut found = HashSet::new();
    let mut left = vec![(None, what)];
    while let Some((dimension, value)) = left.pop() {
        match (value, dimension) {
            (Value::String(code), Some(dimension)) => {
                found.insert((dimension, code.clone()));
            }
            (Value::Array(values), _) => left.extend(values.iter().map(|v| (dimension, v))),
            (Value::Object(fields), _) => left.extend(fields.iter().map(|(k, v)| (free(k), v))),
            (Value::String(_), None) | (Value::Null | Value::Bool(_) | Value::Number(_), _) => {}
        }
    }
    let mut found: Vec<_> = found.into_iter().collect();
    found.sort_unstable();
    found
}

/// The dimension of a field whose values are data.
fn free(field: &str) -> Option<Dimension> {
    let singular = || field.strip_suffix('s').and_then(Dimension::from_name);
    let dimension = Dimension::from_name(field).or_else(singular)?;
    dimension.values().is_none().then_some(dimension)
}

fn warning(log: &LogName, dimension: Dimension, code: &str, known: &BTreeSet<String>) -> String {
    let name = dimension.name();
    let near = known
        .iter()
        .map(|other| (strsim::damerau_levenshtein(code, other), other))
        .min()
        .filter(|(errors, _)| *errors <= TYPING_ERRORS_MAX);
    let meant = near.map_or_else(String::new, |(_, other)| format!("; did you mean {other}?"));
    format!("no record of {log} had {name}={code} before{meant}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    struct Record(&'static [(Dimension, &'static str)]);

    impl RecordedCodes for Record {
        fn of(&self, log: &LogName, dimension: Dimension) -> Option<BTreeSet<String>> {
            if log.as_str() != "brent" {
                return None;
            }
            let of = self.0.iter().filter(|(of, _)| *of == dimension);
            Some(of.map(|(_, code)| (*code).to_owned()).collect())
        }
    }

    fn codes() -> CodesInUse {
        let codes = CodesInUse::default();
        let of = &[
            (Dimension::Service, "email"),
            (Dimension::Service, "telephony"),
            (Dimension::Category, "other"),
        ];
        codes.read_by(Arc::new(Record(of)));
        codes
    }

    fn log(name: &str) -> LogName {
        LogName::new(name).unwrap()
    }

    fn logged(service: &str, category: &str) -> Value {
        json!({"Fact": {"logged": {
            "kind": "incident", "service": service, "category": category, "directorate": "housing"
        }}})
    }

    #[test]
    fn a_code_that_no_record_has_is_warned_of_with_the_one_that_is_near() {
        let (codes, brent) = (codes(), log("brent"));
        assert!(codes.warnings(&brent, &logged("email", "other")).is_empty());
        assert_eq!(
            codes.warnings(&brent, &logged("emial", "hardware")),
            [
                "no record of brent had service=emial before; did you mean email?",
                "no record of brent had category=hardware before",
            ]
        );
        let planned = json!({"planned": {"services": ["telephony", "telefony"]}});
        let said = codes.warnings(&brent, &planned);
        let near = "no record of brent had service=telefony before; did you mean telephony?";
        assert_eq!(said, [near]);
    }

    #[test]
    fn a_code_that_was_recorded_is_not_warned_of_again() {
        let (codes, brent) = (codes(), log("brent"));
        let new = logged("payroll", "other");
        assert_eq!(codes.warnings(&brent, &new).len(), 1);
        codes.are_used(&brent, &new);
        assert!(codes.warnings(&brent, &new).is_empty());
    }

    #[test]
    fn where_the_record_is_not_read_nothing_is_warned_of() {
        let new = logged("payroll", "new");
        assert!(codes().warnings(&log("lewisham"), &new).is_empty());
        assert!(
            CodesInUse::default()
                .warnings(&log("brent"), &new)
                .is_empty()
        );
    }
}
