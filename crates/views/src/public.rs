//! What everybody is shown of the joint figures: the one rule, as data. The read API
//! refuses by it, figures are held back by it (`figures::suppression`), and both print it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::period::{Month, Period, london_midnight};

use crate::dimension::{Dimension, Mask};
use crate::measure::{Accumulation, Measure};

/// The rule. There is one: [`RULE`].
#[derive(Debug)]
pub struct Rule {
    /// The breakdowns, each by one dimension or by two together.
    pub breakdowns: &'static [&'static [Dimension]],
    /// The dimension by which only figures of agreed services are broken down.
    pub of_agreed_services: Dimension,
    /// Counts below this, but zero, are not shown.
    pub smallest: i64,
    /// What is counted there: such counts are of people. Beside these, who holds posts.
    pub small_counts_of: &'static [AggregateKind],
    /// The measures of who holds posts. How many posts there are is public: it is shown month by month,
    /// so that what was created and deleted follows from it.
    pub of_holders: &'static [Measure],
    /// Councils whose records a value of a breakdown has at least.
    pub councils_least: usize,
}

pub const RULE: Rule = Rule {
    breakdowns: &[
        &[Dimension::Kind],
        &[Dimension::Priority],
        &[Dimension::Kind, Dimension::Priority],
        &[Dimension::Provider],
        &[Dimension::Outcome],
        &[Dimension::Service],
    ],
    of_agreed_services: Dimension::Service,
    smallest: 5,
    small_counts_of: &[AggregateKind::Ticket],
    of_holders: &[Measure::PostsFilled, Measure::Vacancies, Measure::Interims],
    councils_least: 2,
};

/// Why a figure has no value although all is covered.
pub const SUPPRESSED: &str =
    "not shown to everybody: it is small, is of one council alone, or such a value follows from it";

/// The rule as it is printed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct RuleShown {
    /// The only view that is open to everybody.
    pub view: &'static str,
    /// Periods are this long, or several of it.
    pub period: &'static str,
    pub breakdowns: Vec<Vec<&'static str>>,
    /// At which moments `as_at` and `known_at` may lie, in the time of London.
    pub moments: &'static str,
    pub smallest: i64,
    pub councils_least: usize,
    /// All of it, sentence by sentence.
    pub in_words: Vec<String>,
}

impl Rule {
    /// Whether a breakdown is one of those that are shown.
    pub fn has(&self, mask: Mask) -> bool {
        mask.is_empty() || self.masks().any(|shown| shown == mask)
    }

    /// Whether it is shown of a measure.
    ///
    /// What there is at a month's end is shown as a whole alone: it follows from what came and went
    /// in the month after it, and from what there is then.
    pub fn shows(&self, measure: Measure, mask: Mask) -> bool {
        let by_service = mask.dimensions().any(|d| d == self.of_agreed_services);
        let is_stock = measure.accumulation() == Accumulation::Stock;
        self.has(mask)
            && (!by_service || measure.is_of_agreed_services())
            && (!is_stock || mask.is_empty())
    }

    pub fn masks(&self) -> impl Iterator<Item = Mask> {
        let breakdowns = self.breakdowns.iter();
        breakdowns.map(|dimensions| Mask::of(dimensions.iter().copied()))
    }

    /// Whether small counts of a measure are held back.
    pub fn protects(&self, measure: Measure) -> bool {
        self.small_counts_of.contains(&measure.kind()) || self.of_holders.contains(&measure)
    }

    /// Whether a period is a month, or several.
    pub fn takes(&self, period: &Period) -> bool {
        match period {
            Period::Month(_) | Period::Quarter { .. } | Period::Months { .. } => true,
            Period::Day(_) | Period::Days { .. } => false,
        }
    }

    /// Whether a moment is one at which it may be asked: the end of a month.
    pub fn takes_moment(&self, at: Timestamp) -> bool {
        self.last_moment(at) == at
    }

    /// The latest moment up to `at` at which it may be asked.
    pub fn last_moment(&self, at: Timestamp) -> Timestamp {
        london_midnight(Month::of(at).first_day())
    }

    pub fn shown(&self) -> RuleShown {
        let names = self.breakdowns.iter();
        let names = names.map(|dimensions| dimensions.iter().map(|d| d.name()).collect());
        RuleShown {
            view: "joint",
            period: "month",
            breakdowns: names.collect(),
            moments: "the end of a month",
            smallest: self.smallest,
            councils_least: self.councils_least,
            in_words: self.in_words(),
        }
    }

    pub fn in_words(&self) -> Vec<String> {
        let by = self.breakdowns.iter().map(|dimensions| {
            let names: Vec<&str> = dimensions.iter().map(|d| d.name()).collect();
            names.join(" with ")
        });
        let by: Vec<String> = by.collect();
        let (smallest, least) = (self.smallest, self.councils_least);
        let agreed = self.of_agreed_services.name();
        vec![
            "Everybody is shown figures of all councils together, of months or longer, as at the end of \
             a month that is over."
                .to_owned(),
            format!(
                "They are broken down by {}; by {agreed} where its availability was agreed.",
                by.join(", ")
            ),
            "What there is at the end of a month, such as open tickets, is not broken down.".to_owned(),
            format!(
                "Counts below {smallest} of tickets, and of posts filled, vacant or held by an interim, \
                 are not shown, nor is a part to which fewer than {least} councils contributed."
            ),
            "Other figures are held back where such a value would follow from them.".to_owned(),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_their_ends_are_taken_and_nothing_finer() {
        for taken in ["2020-03", "19/20 Q4", "2019-07/2020-07"] {
            assert!(RULE.takes(&taken.parse().unwrap()), "{taken}");
        }
        for refused in ["2020-03-01", "2020-03-01/2020-03-31"] {
            assert!(!RULE.takes(&refused.parse().unwrap()), "{refused}");
        }
        let at = |text: &str| -> Timestamp { text.parse().unwrap() };
        // London is an hour ahead of UTC in summer.
        assert!(RULE.takes_moment(at("2020-07-31T23:00:00Z")));
        assert!(RULE.takes_moment(at("2020-12-01T00:00:00Z")));
        for finer in [
            "2020-08-01T00:00:00Z",
            "2020-07-15T23:00:00Z",
            "2020-07-31T23:00:00.000001Z",
        ] {
            assert!(!RULE.takes_moment(at(finer)), "{finer}");
        }
    }

    #[test]
    fn only_what_is_listed_is_shown() {
        let mask = |dimensions: &[Dimension]| Mask::of(dimensions.iter().copied());
        let (logged, available) = (Measure::TicketsLogged, Measure::Availability);
        assert!(RULE.shows(logged, Mask::NONE));
        assert!(RULE.shows(logged, mask(&[Dimension::Priority, Dimension::Kind])));
        assert!(RULE.shows(available, mask(&[Dimension::Service])));
        assert!(!RULE.shows(logged, mask(&[Dimension::Service])));
        assert!(!RULE.shows(logged, mask(&[Dimension::Kind, Dimension::Provider])));
        assert!(!RULE.shows(logged, mask(&[Dimension::Category])));
    }
}
