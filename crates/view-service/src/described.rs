//! What the parameters of reads are, for the published description of the interface. Which of them
//! a read takes is said where they are read.

use serde_json::{Value, json};
use townclerk_app::http::described::{Parameter, taken};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::period::Period;
use townclerk_views::dimension::Dimension;
use townclerk_views::measure::Measure;

use crate::query::{HOME, LIKE_FOR_LIKE, PERIODS_MAX, SPLITS_MAX};

/// The parameter that makes a read wait until the view has read that far.
pub(crate) const MIN_POSITION: &str = "min_position";

/// A parameter that is in one place.
pub(crate) fn once(name: &'static str, about: impl Into<String>, schema: Value) -> Parameter {
    Parameter {
        name,
        about: about.into(),
        repeats: false,
        schema,
    }
}

fn repeated(name: &'static str, about: impl Into<String>, schema: Value) -> Parameter {
    Parameter {
        repeats: true,
        ..once(name, about, schema)
    }
}

/// What reads call by one name means the same to all of them.
pub(crate) fn parameter(name: &'static str) -> Parameter {
    let moment = || json!({ "type": "string", "format": "date-time" });
    let text = || json!({ "type": "string" });
    match name {
        "as_at" => once(
            name,
            "What happened then or later does not count.",
            moment(),
        ),
        "known_at" => once(name, "What became known after it does not count.", moment()),
        MIN_POSITION => {
            let about = "Waits until the view has read `log:sequence`.";
            let position = json!({ "type": "string", "pattern": "^[a-z0-9-]+:[0-9]+$" });
            repeated(name, about, position)
        }
        "after" => once(name, "The `next` of the page before.", text()),
        "next" => once(name, "The path of this site to go on to.", text()),
        "measure" => {
            let about = "One or several, also separated by commas; absent for all. There are "
                .to_owned()
                + &Measure::ALL.map(Measure::name).join(", ");
            repeated(name, about, text())
        }
        "period" => {
            let about = format!("At most {PERIODS_MAX}; absent for every recorded one.");
            repeated(name, about, taken::<Period>())
        }
        "breakdown" => {
            let about = format!(
                "Splits by at most {SPLITS_MAX} dimensions, also separated by commas, and by \
                 `{HOME}`. There are {}, {HOME}",
                Dimension::ALL.map(Dimension::name).join(", ")
            );
            repeated(name, about, text())
        }
        HOME => once(name, "Only the records of this log.", taken::<LogName>()),
        "everything" => {
            let about = "All measures with every counted breakdown.";
            once(name, about, json!({ "type": "boolean" }))
        }
        LIKE_FOR_LIKE => {
            let about = "Of `joint` alone: in every period only the councils that were members \
                         throughout all of them.";
            once(name, about, json!({ "type": "boolean" }))
        }
        name => match Dimension::from_name(name) {
            Some(dimension) => of_dimension(dimension),
            None => once(name, "", text()),
        },
    }
}

/// The filter of a dimension.
fn of_dimension(dimension: Dimension) -> Parameter {
    let schema = match dimension.values() {
        Some(values) => json!({ "type": "string", "enum": values }),
        None => taken::<Code>(),
    };
    once(dimension.name(), "Only records with this value.", schema)
}
