//! What is wrong with a claim that is told, beyond what its schema says: all of it at once.

use serde_json::{Map, Value};

use super::{ClaimKind, Precision, Published};
use crate::decimal::Decimal;
use crate::dimension::Dimension;
use crate::fields::{FieldFault, FieldFaultKind};
use crate::measured::{self, HOME, Measured};
use crate::names::LogName;

/// Longest text of a claim's source, in characters.
pub const SOURCE_CHARS_MAX: usize = 2_000;

/// Longest unit of a text, in characters.
pub const UNIT_CHARS_MAX: usize = 60;

/// Most breakdown values that one claim may name.
pub const BREAKDOWN_MAX: usize = 8;

/// How much of a value is repeated, in characters.
const FOUND_CHARS_MAX: usize = 80;

/// Why a claim can be compared with no figure of ours, whatever is recorded; `None` where it can.
pub fn incomparable(claim: &Published) -> Option<String> {
    if claim.kind == ClaimKind::Text {
        return Some("it was recorded as a text: Townclerk does not compute it".to_owned());
    }
    let mut faults = Faults::default();
    let values = claim.breakdown.iter();
    let values = values.map(|(name, value)| (name.as_str(), value.as_str()));
    faults.look_at_figure(&claim.measure, values);
    let why: Vec<String> = faults.0.into_iter().map(|fault| fault.why).collect();
    (!why.is_empty()).then(|| why.join("; "))
}

/// What is wrong with the fields of a claim as it is told; what is missing or of another type is
/// left to its schema.
pub(super) fn faults(said: &Value) -> Vec<FieldFault> {
    let Value::Object(said) = said else {
        return Vec::new();
    };
    let mut faults = Faults::default();
    let text = |field: &str| said.get(field).and_then(Value::as_str);
    let is_text = text("kind") == Some("text");
    let breakdown = said.get("breakdown").and_then(Value::as_object);
    if let Some(measure) = text("measure") {
        let values = breakdown.into_iter().flatten();
        let values =
            values.map(|(name, value)| (name.as_str(), value.as_str().unwrap_or_default()));
        match is_text {
            true => faults.look_at_text(measure, values.map(|(name, _)| name)),
            false => faults.look_at_figure(measure, values),
        }
    }
    let dimensions = breakdown.map_or(0, Map::len);
    if dimensions > BREAKDOWN_MAX {
        let why = format!("{dimensions} dimensions; a claim has at most {BREAKDOWN_MAX}");
        faults.add("breakdown", FieldFaultKind::Invalid, why);
    }
    faults.look_at_unit(is_text, text("unit"));
    faults.look_at_precision(said);
    let length = text("source").map(|source| source.chars().count());
    if length.is_some_and(|length| !(1..=SOURCE_CHARS_MAX).contains(&length)) {
        let why = format!("say where it was published, in 1 to {SOURCE_CHARS_MAX} characters");
        faults.add("source", FieldFaultKind::Invalid, why);
    }
    faults.0
}

#[derive(Default)]
struct Faults(Vec<FieldFault>);

impl Faults {
    fn add(&mut self, path: &str, kind: FieldFaultKind, why: String) {
        let path = path.to_owned();
        self.0.push(FieldFault { path, kind, why });
    }

    /// Measure, dimensions and values of what is to be compared with a figure of ours.
    fn look_at_figure<'a>(&mut self, name: &str, values: impl Iterator<Item = (&'a str, &'a str)>) {
        let measured = Measured::named(name);
        if measured.is_none() {
            let names: Vec<&str> = measured::ALL.iter().map(|known| known.name).collect();
            let why = format!(
                "{} is not a measure; there are {}; what is none of them is recorded with the \
                 kind text and a unit of its own",
                cut(name),
                names.join(", ")
            );
            self.add("measure", FieldFaultKind::NotOneOf, why);
        }
        for (dimension, value) in values {
            let path = format!("breakdown.{}", shown(dimension));
            match takes(measured, dimension) {
                Err(why) => self.add(&path, FieldFaultKind::NotOneOf, why),
                Ok(()) => {
                    if let Err(why) = can_be(dimension, value) {
                        self.add(&path, FieldFaultKind::NotOneOf, why);
                    }
                }
            }
        }
    }

    /// The names that a text gives to what it counts.
    fn look_at_text<'a>(&mut self, name: &str, dimensions: impl Iterator<Item = &'a str>) {
        let named = dimensions.map(|name| (format!("breakdown.{}", shown(name)), name));
        for (path, name) in [("measure".to_owned(), name)].into_iter().chain(named) {
            if !is_name(name) {
                let found = cut(name);
                let why = format!("{found} is no name: 1 to 60 lower case letters, digits and '_'");
                self.add(&path, FieldFaultKind::Invalid, why);
            }
        }
    }

    fn look_at_unit(&mut self, is_text: bool, unit: Option<&str>) {
        let length = unit.map(|unit| unit.trim().chars().count());
        let fits = length.is_some_and(|length| (1..=UNIT_CHARS_MAX).contains(&length));
        if is_text && !fits {
            let found = unit.map_or("it is missing".to_owned(), cut);
            let why = format!(
                "{found}; a claim of the kind text says what its value counts, such as calls, in 1 \
                 to {UNIT_CHARS_MAX} characters"
            );
            let kind = match unit {
                Some(_) => FieldFaultKind::Invalid,
                None => FieldFaultKind::Missing,
            };
            self.add("unit", kind, why);
        }
        if let Some(unit) = unit.filter(|_| !is_text) {
            let why = format!(
                "{}; a figure has the unit of its measure: leave it out, or say the kind text",
                cut(unit)
            );
            self.add("unit", FieldFaultKind::Invalid, why);
        }
    }

    fn look_at_precision(&mut self, said: &Map<String, Value>) {
        let precision = said.get("precision").cloned();
        let precision: Option<Precision> = precision.and_then(read);
        let value: Option<Decimal> = said.get("value").cloned().and_then(read);
        match precision {
            None | Some(Precision::Exact | Precision::AtLeast | Precision::AtMost) => {}
            Some(Precision::About { tolerance }) => {
                if tolerance.cmp_value(Decimal::whole(0)).is_le() {
                    let why = format!("{tolerance} is no tolerance: a number above 0");
                    self.add("precision.about.tolerance", FieldFaultKind::Invalid, why);
                }
            }
            Some(Precision::Between { and }) => {
                if let Some(value) = value.filter(|value| value.cmp_value(and).is_ge()) {
                    let why =
                        format!("{and} is not above the value, {value}, where the range begins");
                    self.add("precision.between.and", FieldFaultKind::Invalid, why);
                }
            }
        }
    }
}

/// What the schema finds wrong is not told again here.
fn read<T: serde::de::DeserializeOwned>(said: Value) -> Option<T> {
    serde_json::from_value(said).ok()
}

/// Whether a measure is broken down by a dimension; of a measure that is not known, whether any is.
fn takes(measured: Option<&Measured>, dimension: &str) -> Result<(), String> {
    let (known, of): (Vec<&str>, String) = match measured {
        Some(measured) => (
            measured.broken_down_by().collect(),
            measured.name.to_owned(),
        ),
        None => {
            let all = Dimension::ALL.iter().map(|dimension| dimension.name());
            (all.chain([HOME]).collect(), "no measure".to_owned())
        }
    };
    if known.contains(&dimension) {
        return Ok(());
    }
    let found = cut(dimension);
    Err(match (measured, known.is_empty()) {
        (_, true) => format!("{of} is not broken down, by {found} or anything else"),
        (Some(_), false) => format!(
            "{of} is not broken down by {found}, but by {}",
            known.join(", ")
        ),
        (None, false) => format!(
            "{of} is broken down by {found}; there are {}",
            known.join(", ")
        ),
    })
}

/// Whether a record can have this value of a dimension.
fn can_be(dimension: &str, value: &str) -> Result<(), String> {
    if dimension == HOME {
        return LogName::new(value).map(drop).map_err(|why| why.to_string());
    }
    let values = Dimension::from_name(dimension).and_then(Dimension::values);
    match values {
        Some(values) if !values.contains(&value) => {
            Err(format!("{} is none of {}", cut(value), values.join(", ")))
        }
        // Any code: the schema has looked at its form.
        Some(_) | None => Ok(()),
    }
}

fn is_name(text: &str) -> bool {
    (1..=60).contains(&text.len())
        && text
            .bytes()
            .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
}

fn shown(text: &str) -> String {
    text.chars().take(FOUND_CHARS_MAX).collect()
}

fn cut(text: &str) -> String {
    format!("{:?}", shown(text))
}
