//! How confidential an event is, by kind: the CloudEvents extension `dataclassification`.

use townclerk_domain::identity::AggregateKind;
use townclerk_domain::kinds::Says;

/// The classification of events that may carry text. Nobody can tell what people will write, so it
/// is handled as what a public body works with and has not published.
pub const OFFICIAL: &str = "official";

/// The classification of events of a kind; none where they carry codes, ids and figures only.
///
/// It is written into every event of the kind, amendments included: a correction repeats text.
pub fn data_classification(kind: AggregateKind) -> Option<&'static str> {
    match kind.says() {
        Says::Text => Some(OFFICIAL),
        Says::Codes => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use townclerk_domain::text::TEXT_CHARS_MAX;

    use super::*;
    use crate::schema::all_event_types;

    #[test]
    fn exactly_the_kinds_whose_events_may_carry_text_are_classified() {
        let text = format!("\"maxLength\":{TEXT_CHARS_MAX}");
        let with_text: BTreeSet<AggregateKind> = all_event_types()
            .into_iter()
            .filter(|described| described.schema.to_string().contains(&text))
            .map(|described| described.kind)
            .collect();
        let classified = AggregateKind::ALL
            .into_iter()
            .filter(|kind| data_classification(*kind).is_some());
        assert_eq!(classified.collect::<BTreeSet<_>>(), with_text);
    }
}
