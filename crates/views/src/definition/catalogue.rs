//! The measures as a document: what `docs/FIGURES.md` says of each is made here.

use townclerk_domain::identity::AggregateKind;
use townclerk_domain::measured::Measured;

use super::{Definition, Made, Whose};
use crate::measure::{Accumulation, Measure};

/// The measures by what they are about, in the order of the document.
const CHAPTERS: [(&str, AggregateKind); 5] = [
    ("Tickets", AggregateKind::Ticket),
    ("Outages and availability", AggregateKind::Outage),
    ("Recovery tests", AggregateKind::RecoveryTest),
    ("Changes", AggregateKind::Change),
    ("Posts", AggregateKind::Post),
];

/// Every measure with all that its definition says, in Markdown.
pub fn markdown() -> String {
    let mut text = String::new();
    for (title, kind) in CHAPTERS {
        let of_kind = Measure::ALL.into_iter().filter(|m| m.kind() == kind);
        let entries = of_kind.map(|measure| entry(&measure.definition()));
        text.push_str(&format!("### {title}\n\n"));
        text.extend(entries);
    }
    text.trim_end().to_owned()
}

fn entry(definition: &Definition) -> String {
    let Definition {
        measured: Measured { name, .. },
        title,
        unit,
        cohort,
        clock,
        formula,
        source,
        computed_in,
        accumulation,
        made,
        whose,
        adds_up,
        ..
    } = definition;
    let accumulation = match accumulation {
        Accumulation::Flow => "a flow",
        Accumulation::Stock => "a stock",
    };
    let additive = match adds_up {
        true => "additive",
        false => "not additive",
    };
    let made = match made {
        Made::Counted => "kept as counters",
        Made::Share { .. } => "a share of counters",
        Made::Mean { .. } => "a mean of counters",
        Made::Computed(_) => "computed when it is asked for",
    };
    let whose = match whose {
        Whose::Home => "the scope's own records",
        Whose::HomeByShared => "the scope's own records, by rules of the shared log too",
        Whose::Affected => "whatever hits the scope's councils, in their own log or the shared one",
    };
    let mut lines = vec![
        format!("**{title}**, in {unit}; {accumulation}, {additive}, {made}."),
        String::new(),
        format!("- Counts: {cohort}."),
        format!("- Formula: {formula}."),
    ];
    lines.extend(clock.map(|clock| format!("- Clock: {clock}.")));
    lines.push(format!("- Of: {whose}. {}.", broken_down_by(definition)));
    lines.push(format!("- Source: {source}."));
    let files: Vec<String> = computed_in.iter().map(|path| format!("`{path}`")).collect();
    lines.push(format!("- Computed in {}.", files.join(" with ")));
    format!("#### `{name}`\n\n{}\n\n", lines.join("\n"))
}

fn broken_down_by(definition: &Definition) -> String {
    let names: Vec<String> = definition
        .measured
        .broken_down_by()
        .map(|name| format!("`{name}`"))
        .collect();
    match names.is_empty() {
        true => "Not broken down".to_owned(),
        false => format!("Broken down by {}", names.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_measure_is_named_once_and_says_all_there_is_to_say() {
        let text = markdown();
        for measure in Measure::ALL {
            let Definition {
                measured: Measured { name, .. },
                title,
                unit,
                cohort,
                formula,
                source,
                computed_in,
                ..
            } = measure.definition();
            assert_eq!(
                text.matches(&format!("#### `{name}`\n")).count(),
                1,
                "{name}"
            );
            assert!(!computed_in.is_empty(), "{name}");
            for said in [name, title, unit, cohort, formula, source] {
                assert!(!said.is_empty() && !said.ends_with('.'), "{name}: {said:?}");
            }
        }
    }
}
