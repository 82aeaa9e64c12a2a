//! Codes that no record of a log has: most likely mistyped. They are recorded all the same, because a
//! new service or team has to begin somewhere, and the answer says so.

use std::collections::{BTreeSet, HashMap};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use lru::LruCache;
use serde::Serialize;
use serde_json::{Value, json};
use townclerk_domain::amendment::{Correction, Recordable};
use townclerk_domain::dimension::Dimension;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::LogName;

/// Codes that are remembered, so that the record is not asked for each command.
const REMEMBERED: NonZeroUsize = NonZeroUsize::new(20_000).expect("not zero");

/// Codes of one command that are looked at.
const CODES_MAX: usize = 20;

/// For how long the codes of the record are not read again.
const KEPT_FOR: Duration = Duration::from_secs(5);

/// Changes of a letter by which a mistyped code is still taken for another one.
const TYPING_ERRORS_MAX: usize = 2;

/// Reads which codes the records of a log have.
pub trait RecordedCodes: Send + Sync {
    /// All codes of a dimension; `None` where this process does not read the log, or not just now.
    fn of(&self, log: &LogName, dimension: Dimension) -> Option<BTreeSet<String>>;
}

type Use = (LogName, Dimension, String);

/// The codes of a log and a dimension, and when they were read.
type Known = HashMap<(LogName, Dimension), (Instant, Arc<BTreeSet<String>>)>;

/// The codes in use, as far as this process knows them.
pub struct CodesInUse {
    record: RwLock<Option<Arc<dyn RecordedCodes>>>,
    known: Mutex<Known>,
    /// Those that were named by what was recorded here.
    seen: Mutex<LruCache<Use, ()>>,
}

impl Default for CodesInUse {
    fn default() -> Self {
        Self {
            record: RwLock::default(),
            known: Mutex::default(),
            seen: Mutex::new(LruCache::new(REMEMBERED)),
        }
    }
}

/// The codes that a command names, each with its dimension.
pub(super) type Named = Vec<(Dimension, String)>;

impl CodesInUse {
    /// From now on the record is read so.
    pub fn read_by(&self, record: Arc<dyn RecordedCodes>) {
        let mut current = self.record.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(record);
    }

    /// What is to be said of the codes that no record of `log` has. Nothing where the log has no code
    /// of that dimension at all: then every code is a first one.
    pub(super) fn warnings(&self, log: &LogName, named: &Named) -> Vec<String> {
        let mut warnings = Vec::new();
        for (dimension, code) in named {
            let of = (log.clone(), *dimension, code.clone());
            if self.seen().get(&of).is_some() {
                continue;
            }
            let Some(known) = self.known(log, *dimension) else {
                continue;
            };
            if !known.is_empty() && !known.contains(code) {
                warnings.push(warning(log, *dimension, code, &known));
            }
        }
        warnings
    }

    /// The codes of a command are recorded now.
    pub(super) fn are_used(&self, log: &LogName, named: Named) {
        let mut seen = self.seen();
        for (dimension, code) in named {
            seen.put((log.clone(), dimension, code), ());
        }
    }

    /// The codes of the record as they were a moment ago: it is not read again for each new code.
    fn known(&self, log: &LogName, dimension: Dimension) -> Option<Arc<BTreeSet<String>>> {
        let of = (log.clone(), dimension);
        let known = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let before = known().get(&of).cloned();
        if let Some((_, codes)) = before.filter(|(read, _)| read.elapsed() < KEPT_FOR) {
            return Some(codes);
        }
        let record = {
            let record = self.record.read().unwrap_or_else(PoisonError::into_inner);
            record.clone()?
        };
        let codes = Arc::new(record.of(log, dimension)?);
        // A log that has none yet may have some with the next command.
        if !codes.is_empty() {
            known().insert(of, (Instant::now(), Arc::clone(&codes)));
        }
        Some(codes)
    }

    fn seen(&self) -> MutexGuard<'_, LruCache<Use, ()>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The dimensions of which the records of a kind have codes that are data, and by which they are found.
const fn looked_at(kind: AggregateKind) -> &'static [Dimension] {
    match kind {
        AggregateKind::Ticket => &[
            Dimension::Service,
            Dimension::Category,
            Dimension::Directorate,
        ],
        AggregateKind::Outage => &[Dimension::Service, Dimension::Component, Dimension::Class],
        AggregateKind::Post => &[Dimension::Team, Dimension::Role],
        // No figure is broken down by a code of these.
        AggregateKind::Change
        | AggregateKind::Coverage
        | AggregateKind::Claim
        | AggregateKind::Partnership
        | AggregateKind::Freeze
        | AggregateKind::Gate
        | AggregateKind::Programme
        | AggregateKind::Availability
        | AggregateKind::Targets
        | AggregateKind::Hours
        | AggregateKind::Holidays
        | AggregateKind::RecoveryTest => &[],
    }
}

/// The codes that a command about a record of this kind names.
///
/// # Errors
/// What is to be recorded has no JSON form.
pub(super) fn named<F: Serialize>(
    kind: AggregateKind,
    what: &Recordable<F>,
) -> Result<Named, serde_json::Error> {
    let dimensions = looked_at(kind);
    if dimensions.is_empty() {
        return Ok(Named::new());
    }
    let value = match what {
        Recordable::Fact(fact) => serde_json::to_value(fact)?,
        Recordable::Corrected(Correction { field, is, .. }) => {
            let field = field.rsplit(['.', '/']).next().unwrap_or(field);
            json!({ field: is })
        }
        Recordable::Voided(_) => Value::Null,
    };
    Ok(within(&value, dimensions))
}

/// Fields that bear the name of a dimension, or its plural, wherever they are.
fn within(value: &Value, dimensions: &[Dimension]) -> Named {
    let of = |field: &str| {
        let mut all = dimensions.iter().copied();
        all.find(|dimension| {
            field
                .strip_prefix(dimension.name())
                .is_some_and(|rest| rest.is_empty() || rest == "s")
        })
    };
    let mut found = BTreeSet::new();
    let mut left = vec![(None, value)];
    while let Some((dimension, value)) = left.pop() {
        match (value, dimension) {
            (Value::String(code), Some(dimension)) => {
                found.insert((dimension, code.clone()));
            }
            (Value::Array(values), _) => left.extend(values.iter().map(|v| (dimension, v))),
            (Value::Object(fields), _) => left.extend(fields.iter().map(|(k, v)| (of(k), v))),
            (Value::String(_), None) | (Value::Null | Value::Bool(_) | Value::Number(_), _) => {}
        }
    }
    found.into_iter().take(CODES_MAX).collect()
}

fn warning(log: &LogName, dimension: Dimension, code: &str, known: &BTreeSet<String>) -> String {
    let name = dimension.name();
    let meant = meant(code, known);
    format!("no record of {log} had {name}={code} before{meant}")
}

/// Asks for the known code that a few typing errors lead to; empty where none is near.
pub(super) fn meant(code: &str, known: &BTreeSet<String>) -> String {
    let near = known
        .iter()
        .map(|other| (strsim::damerau_levenshtein(code, other), other))
        .min()
        .filter(|(errors, _)| *errors <= TYPING_ERRORS_MAX);
    near.map_or_else(String::new, |(_, other)| format!("; did you mean {other}?"))
}

#[cfg(test)]
mod tests {
    use townclerk_domain::identity::EventId;
    use townclerk_domain::names::Code;
    use uuid::Uuid;

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

    fn of(kind: AggregateKind, fact: Value) -> Named {
        named(kind, &Recordable::Fact(fact)).unwrap()
    }

    fn logged(service: &str, category: &str) -> Named {
        let logged = json!({"logged": {
            "kind": "incident", "service": service, "category": category, "directorate": "housing"
        }});
        of(AggregateKind::Ticket, logged)
    }

    #[test]
    fn a_code_that_no_record_has_is_warned_of_with_the_one_that_is_near() {
        let (codes, brent) = (codes(), log("brent"));
        assert!(codes.warnings(&brent, &logged("email", "other")).is_empty());
        let mut said = codes.warnings(&brent, &logged("emial", "hardware"));
        said.sort();
        assert_eq!(
            said,
            [
                "no record of brent had category=hardware before",
                "no record of brent had service=emial before; did you mean email?",
            ]
        );
        let planned = json!({"planned": {"services": ["telephony", "telefony"]}});
        let said = codes.warnings(&brent, &of(AggregateKind::Outage, planned));
        let near = "no record of brent had service=telefony before; did you mean telephony?";
        assert_eq!(said, [near]);
    }

    #[test]
    fn a_corrected_code_is_looked_at_and_what_other_kinds_call_so_is_not() {
        let (codes, brent) = (codes(), log("brent"));
        let corrected: Recordable<Value> = Recordable::Corrected(Correction {
            event: EventId(Uuid::nil()),
            field: "service".to_owned(),
            was: "email".to_owned(),
            is: "emial".to_owned(),
            reason: Code::new("mistyped").unwrap(),
        });
        let corrected = named(AggregateKind::Ticket, &corrected).unwrap();
        assert_eq!(codes.warnings(&brent, &corrected).len(), 1);
        let assigned = of(
            AggregateKind::Ticket,
            json!({"assigned": {"team": "second-line"}}),
        );
        let change = json!({"requested": {"category": "maintenance", "services": ["lan"]}});
        let change = of(AggregateKind::Change, change);
        assert!(assigned.is_empty() && change.is_empty());
    }

    #[test]
    fn a_code_that_was_recorded_is_not_warned_of_again() {
        let (codes, brent) = (codes(), log("brent"));
        let new = logged("payroll", "other");
        assert_eq!(codes.warnings(&brent, &new).len(), 1);
        codes.are_used(&brent, new.clone());
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
