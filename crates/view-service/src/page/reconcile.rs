//! What published numbers of posts leave open: vacancies before, posts filled, vacancies after.

use townclerk_domain::claim::{Precision, Published};
use townclerk_domain::decimal::Decimal;
use townclerk_views::figure::Number;
use townclerk_views::measure::Measure;

use super::asking::measure_of;
use super::words;

/// Sentences where published vacancies less published fillings are not the vacancies that were
/// published next; none where they are, or where not all three were published.
pub fn do_not_reconcile<'a>(claims: impl Iterator<Item = &'a Published>) -> Vec<String> {
    // Numbers that were published roughly leave nothing open.
    let exact = claims.filter(|claim| claim.precision == Precision::Exact);
    let claims: Vec<&Published> = exact.collect();
    let of = |measure: Measure| {
        let all = claims.iter().copied();
        all.filter(move |claim| measure_of(claim) == Some(measure))
    };
    let sentences = of(Measure::PostsFilled).filter_map(|filled| {
        let whole = of(Measure::Vacancies).filter(|claim| claim.breakdown.is_empty());
        let (first, last) = (filled.period.first_day(), filled.period.last_day());
        let before = whole
            .clone()
            .filter(|claim| claim.period.last_day() < first);
        let before = before.max_by_key(|claim| claim.period.last_day())?;
        let after = whole.filter(|claim| claim.period.last_day() > last);
        let after = after.min_by_key(|claim| claim.period.last_day())?;
        sentence(before, filled, after)
    });
    let mut sentences: Vec<String> = sentences.collect();
    sentences.dedup();
    if !sentences.is_empty() {
        sentences.push(
            "The published numbers alone do not reconcile: posts were created, deleted, left or filled \
             otherwise in between. Neither the establishment before nor the one after was published, \
             nor how many of those appointed left another post vacant. Where the page says that it \
             shows sample data, the story from one number to the other is made up."
                .to_owned(),
        );
    }
    sentences
}

fn sentence(before: &Published, filled: &Published, after: &Published) -> Option<String> {
    let rest = difference(before.value, filled.value)?;
    if rest.cmp_value(after.value).is_eq() {
        return None;
    }
    let said = |claim: &Published| {
        let value = words::number(Number(claim.value));
        (value, words::period(&claim.period).0)
    };
    let ((had, when), (appointed, during), (have, then)) =
        (said(before), said(filled), said(after));
    let how = match filled.breakdown.is_empty() {
        true => String::new(),
        false => {
            let measure = Measure::from_name(&filled.measure);
            format!(" ({})", words::breakdown(measure, &filled.breakdown))
        }
    };
    let rest = words::number(Number(rest));
    Some(format!(
        "Published are {had} vacancies ({when}), {appointed} posts filled{how} ({during}) and \
         {have} vacancies ({then}). These numbers alone do not reconcile: {had} less {appointed} is \
         {rest}, not {have}."
    ))
}

/// Of two numbers with the same precision: posts are whole.
fn difference(from: Decimal, less: Decimal) -> Option<Decimal> {
    let same = from.decimals() == less.decimals();
    let units = from.units().checked_sub(less.units()).filter(|_| same)?;
    Decimal::of_units(units, from.decimals())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use townclerk_domain::claim::ClaimKind;
    use townclerk_domain::names::{Code, LogName, Scope};

    use super::*;

    fn claim(measure: Measure, period: &str, value: i64) -> Published {
        Published {
            measure: measure.name().to_owned(),
            scope: Scope::Log(LogName::shared()),
            period: period.parse().unwrap(),
            breakdown: BTreeMap::new(),
            value: Decimal::whole(value),
            as_at: None,
            source: "A paper".to_owned(),
            kind: ClaimKind::Figure,
            unit: None,
            precision: Precision::Exact,
        }
    }

    #[test]
    fn numbers_that_leave_something_open_are_set_against_each_other() {
        let mut filled = claim(Measure::PostsFilled, "2018-05", 7);
        let internal = Code::new("internal").unwrap();
        filled.breakdown.insert("appointment".to_owned(), internal);
        let claims = [
            claim(Measure::Vacancies, "2018-06", 9),
            claim(Measure::Vacancies, "2018-06-04", 5),
            filled,
            claim(Measure::Vacancies, "2018-04", 11),
            claim(Measure::Vacancies, "2017-04", 1),
        ];
        let sentences = do_not_reconcile(claims.iter());
        assert_eq!(sentences.len(), 2);
        assert_eq!(
            sentences[0],
            "Published are 11 vacancies (April 2018), 7 posts filled (appointment internal) \
             (May 2018) and 5 vacancies (4 June 2018). These numbers alone do not reconcile: 11 \
             less 7 is 4, not 5."
        );
    }

    #[test]
    fn numbers_that_fit_and_numbers_that_are_missing_say_nothing() {
        let before = claim(Measure::Vacancies, "2018-04", 11);
        let filled = claim(Measure::PostsFilled, "2018-05", 7);
        let after = claim(Measure::Vacancies, "2018-06", 4);
        let fits = [before.clone(), filled.clone(), after];
        assert!(do_not_reconcile(fits.iter()).is_empty());
        assert!(do_not_reconcile([before, filled].iter()).is_empty());
        assert!(do_not_reconcile([].into_iter()).is_empty());
    }
}
