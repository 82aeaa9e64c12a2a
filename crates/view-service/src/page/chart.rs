//! A chart of one percentage or one number by month, drawn with whole numbers, for templates to write
//! as SVG.
//!
//! Nothing is said by colour alone: what is below target is a square with its value beside it, and
//! the description says which months those are. The page's table holds the same numbers.

use townclerk_domain::decimal::Decimal;

/// Sides of the drawing in its own units, and the part in which lines run.
const WIDTH: i64 = 720;
const HEIGHT: i64 = 260;
const LEFT: i64 = 64;
const RIGHT: i64 = 700;
const TOP: i64 = 24;
const BOTTOM: i64 = 212;

/// A hundred percent in hundredths.
const WHOLE: i64 = 10_000;

/// Most lines across.
const LINES_MAX: i64 = 6;

/// Months of which the name stands below the drawing: every one, or every second or third.
const NAMES_MAX: usize = 9;

/// What a value takes beside its square.
const LABEL_WIDTH: i64 = 56;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    pub id: String,
    pub title: String,
    /// What it shows, for those who do not see it.
    pub description: String,
    /// Which table of the page holds the same numbers.
    pub table: &'static str,
    pub width: i64,
    pub height: i64,
    pub left: i64,
    pub right: i64,
    pub lines: Vec<Level>,
    pub target: Option<Level>,
    /// Stretches without a gap, as the points of a line.
    pub stretches: Vec<String>,
    pub dots: Vec<Dot>,
    pub names: Vec<Name>,
}

/// A line across, with what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Level {
    pub y: i64,
    pub label: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dot {
    pub x: i64,
    pub y: i64,
    pub is_below: bool,
    /// The value, where it is below target and has room beside the one before.
    pub label: Option<String>,
}

/// The name of a month, at its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub x: i64,
    pub text: String,
}

/// One month; the value is absent where it is not covered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    pub long_name: String,
    pub short_name: String,
    pub value: Option<Decimal>,
    pub is_below: bool,
}

/// A chart of these months, oldest first; `None` where no month has a value.
pub fn chart(
    id: String,
    title: String,
    points: &[Point],
    target: Option<Decimal>,
) -> Option<Chart> {
    let values: Vec<Option<i64>> = points
        .iter()
        .map(|point| point.value.map(hundredths))
        .collect();
    let aimed = target.map(hundredths);
    let least = values.iter().flatten().copied().min()?;
    let scale = Scale::down_to(least.min(aimed.unwrap_or(least)));
    let description = description(points, target);
    let mut chart = drawn(id, title, points, &values, &scale);
    chart.description = description;
    chart.target = target.zip(aimed).map(|(target, aimed)| Level {
        y: scale.y(aimed),
        label: format!("target {target}"),
    });
    Some(chart)
}

/// A chart of numbers of these months, oldest first, from nothing up; `None` where no month has one.
pub fn counts(id: String, title: String, points: &[Point]) -> Option<Chart> {
    let values: Vec<Option<i64>> = points
        .iter()
        .map(|point| point.value.map(hundredths))
        .collect();
    let most = values.iter().flatten().copied().max()?;
    let mut chart = drawn(id, title, points, &values, &Scale::up_to(most));
    chart.description = described_count(points);
    Some(chart)
}

fn drawn(
    id: String,
    title: String,
    points: &[Point],
    values: &[Option<i64>],
    scale: &Scale,
) -> Chart {
    let x = |index: usize| {
        let last = i64::try_from(points.len()).unwrap_or(1).max(2) - 1;
        let index = i64::try_from(index).unwrap_or(0);
        LEFT + 20 + (RIGHT - LEFT - 40) * index / last
    };
    let mut labelled = i64::MIN / 2;
    let dots = points.iter().zip(values).enumerate();
    let dots = dots.filter_map(|(index, (point, value))| {
        let (x, y) = (x(index), scale.y((*value)?));
        let below = point.value.filter(|_| point.is_below);
        let label = below.filter(|_| x - labelled >= LABEL_WIDTH);
        labelled = if label.is_some() { x } else { labelled };
        Some(Dot {
            x,
            y,
            is_below: below.is_some(),
            label: label.map(|value| value.to_string()),
        })
    });
    let every = points.len().div_ceil(NAMES_MAX).max(1);
    let named = points.iter().enumerate().step_by(every);
    let names = named.map(|(index, point)| Name {
        x: x(index),
        text: point.short_name.clone(),
    });
    Chart {
        id,
        title,
        description: String::new(),
        table: "availability by month",
        width: WIDTH,
        height: HEIGHT,
        left: LEFT,
        right: RIGHT,
        lines: scale.lines(),
        target: None,
        stretches: stretches(values, scale, x),
        dots: dots.collect(),
        names: names.collect(),
    }
}

impl Chart {
    /// The same, of which another table holds the numbers.
    pub fn of_table(mut self, table: &'static str) -> Self {
        self.table = table;
        self
    }

    /// Whether a month is below target.
    pub fn has_missed(&self) -> bool {
        self.dots.iter().any(|dot| dot.is_below)
    }
}

/// From the least to the greatest that is drawn: a whole percentage to a hundred, or nothing to some
/// number.
struct Scale {
    least: i64,
    most: i64,
    step: i64,
}

impl Scale {
    fn down_to(value: i64) -> Self {
        let needed = (WHOLE - value).max(100);
        let steps = [25, 50, 100, 200, 500, 1_000, 2_000];
        let mut fitting = steps
            .into_iter()
            .filter(|step| needed <= step * (LINES_MAX - 1));
        let step = fitting.next().unwrap_or(2_000);
        let count = (needed + step - 1) / step;
        Self {
            least: WHOLE - count * step,
            most: WHOLE,
            step,
        }
    }

    fn up_to(value: i64) -> Self {
        let mut steps = (0..14).flat_map(|power| [1, 2, 5].map(|digit| digit * 10_i64.pow(power)));
        let fitting = steps.find(|step| value <= step * 100 * (LINES_MAX - 1));
        let step = fitting.map_or(value.max(100), |step| step * 100);
        let count = (value + step - 1) / step;
        Self {
            least: 0,
            most: count.max(1) * step,
            step,
        }
    }

    fn y(&self, value: i64) -> i64 {
        TOP + (self.most - value) * (BOTTOM - TOP) / (self.most - self.least)
    }

    fn lines(&self) -> Vec<Level> {
        let count = (self.most - self.least) / self.step;
        let values = (0..=count).map(|index| self.most - index * self.step);
        values
            .map(|value| Level {
                y: self.y(value),
                label: match value % 100 {
                    0 => format!("{}", value / 100),
                    rest => format!("{}.{rest:02}", value / 100),
                },
            })
            .collect()
    }
}

fn hundredths(value: Decimal) -> i64 {
    let scale = 10_i64.pow(value.decimals().into());
    value.units().saturating_mul(100) / scale
}

fn stretches(values: &[Option<i64>], scale: &Scale, x: impl Fn(usize) -> i64) -> Vec<String> {
    let mut stretches = Vec::new();
    let mut present: Vec<String> = Vec::new();
    for (index, value) in values.iter().enumerate() {
        match value {
            Some(value) => present.push(format!("{},{}", x(index), scale.y(*value))),
            None => stretches.push(std::mem::take(&mut present)),
        }
    }
    stretches.push(present);
    let lines = stretches.into_iter().filter(|points| points.len() > 1);
    lines.map(|points| points.join(" ")).collect()
}

fn description(points: &[Point], target: Option<Decimal>) -> String {
    let covered = points
        .iter()
        .filter_map(|point| Some((point, point.value?)));
    let lowest = covered.clone().min_by(|(_, a), (_, b)| a.cmp_value(*b));
    let ends = points.first().zip(points.last());
    let mut sentences = Vec::new();
    if let Some((first, last)) = ends {
        sentences.push(format!(
            "Percent by month, from {} to {}.",
            first.long_name, last.long_name
        ));
    }
    if let Some((point, value)) = lowest {
        sentences.push(format!("Lowest: {value} in {}.", point.long_name));
    }
    let below = covered.filter(|(point, _)| point.is_below);
    let below: Vec<&str> = below.map(|(point, _)| point.long_name.as_str()).collect();
    match (target, below.is_empty()) {
        (Some(target), true) => {
            sentences.push(format!("No month is below the target of {target}."));
        }
        (Some(target), false) => {
            let months = below.join(", ");
            sentences.push(format!("Below the target of {target}: {months}."));
        }
        (None, false) => {
            let months = below.join(", ");
            sentences.push(format!("Below the target of the month: {months}."));
        }
        (None, true) => {}
    }
    if points.iter().any(|point| point.value.is_none()) {
        sentences.push("Months without a figure have no dot.".to_owned());
    }
    sentences.join(" ")
}

fn described_count(points: &[Point]) -> String {
    let known = points
        .iter()
        .filter_map(|point| Some((point, point.value?)));
    let highest = known.clone().max_by(|(_, a), (_, b)| a.cmp_value(*b));
    let lowest = known.min_by(|(_, a), (_, b)| a.cmp_value(*b));
    let mut sentences = Vec::new();
    if let Some((first, last)) = points.first().zip(points.last()) {
        let (first, last) = (&first.long_name, &last.long_name);
        sentences.push(format!("Number by month, from {first} to {last}."));
    }
    for (what, found) in [("Highest", highest), ("Lowest", lowest)] {
        let said = found.map(|(point, value)| format!("{what}: {value} in {}.", point.long_name));
        sentences.extend(said);
    }
    if points.iter().any(|point| point.value.is_none()) {
        sentences.push("Months without a figure have no dot.".to_owned());
    }
    sentences.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_drawn_from_nothing_up() {
        let points = [
            point("May", Some("0"), false),
            point("June", Some("1234"), false),
            point("July", None, false),
        ];
        let chart = counts("id".to_owned(), "Open".to_owned(), &points).unwrap();
        let labels: Vec<&str> = chart.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["1500", "1000", "500", "0"]);
        assert_eq!((chart.dots[0].y, chart.dots.len()), (BOTTOM, 2));
        let said = "Highest: 1234 in June. Lowest: 0 in May. Months without a figure have no dot.";
        assert!(chart.description.ends_with(said), "{}", chart.description);
        let nothing = [point("May", Some("0"), false)];
        let chart = counts("id".to_owned(), "Open".to_owned(), &nothing).unwrap();
        assert_eq!(chart.dots[0].y, BOTTOM);
        assert_eq!(
            counts("id".to_owned(), "Open".to_owned(), &points[2..]),
            None
        );
    }

    fn point(name: &str, value: Option<&str>, is_below: bool) -> Point {
        Point {
            long_name: name.to_owned(),
            short_name: name.to_owned(),
            value: value.map(|value| value.parse().unwrap()),
            is_below,
        }
    }

    fn drawn(points: &[Point]) -> Chart {
        let target = "99".parse().unwrap();
        chart("id".to_owned(), "Email".to_owned(), points, Some(target)).unwrap()
    }

    #[test]
    fn values_of_many_months_below_target_are_not_written_over_each_other() {
        let months: Vec<Point> = (0..24).map(|_| point("May", Some("97.43"), true)).collect();
        let chart = drawn(&months);
        assert!(chart.dots.iter().all(|dot| dot.is_below));
        let labelled = chart.dots.iter().filter(|dot| dot.label.is_some());
        let places: Vec<i64> = labelled.map(|dot| dot.x).collect();
        assert!(places.len() > 5);
        assert!(places.windows(2).all(|two| two[1] - two[0] >= LABEL_WIDTH));
    }

    #[test]
    fn months_below_target_are_squares_and_are_named() {
        let chart = drawn(&[
            point("May", Some("100.00"), false),
            point("June", Some("97.43"), true),
            point("July", Some("99.50"), false),
        ]);
        let labels: Vec<Option<&str>> = chart.dots.iter().map(|dot| dot.label.as_deref()).collect();
        assert_eq!(labels, [None, Some("97.43"), None]);
        let below: Vec<bool> = chart.dots.iter().map(|dot| dot.is_below).collect();
        assert_eq!(below, [false, true, false]);
        assert_eq!(chart.dots[0].y, TOP);
        assert!(chart.dots[1].y > chart.target.as_ref().unwrap().y);
        assert!(chart.dots[2].y < chart.target.as_ref().unwrap().y);
        assert!(chart.description.contains("Lowest: 97.43 in June."));
        assert!(chart.description.contains("Below the target of 99: June."));
        let labels: Vec<&str> = chart.lines.iter().map(|line| line.label.as_str()).collect();
        assert_eq!(labels, ["100", "99", "98", "97"]);
    }

    #[test]
    fn a_month_that_is_not_covered_is_a_gap() {
        let chart = drawn(&[
            point("April", Some("100"), false),
            point("May", Some("99.99"), false),
            point("June", None, false),
            point("July", Some("99.5"), false),
        ]);
        assert_eq!(chart.dots.len(), 3);
        assert_eq!(chart.stretches.len(), 1);
        assert!(
            chart
                .description
                .contains("No month is below the target of 99.")
        );
        assert!(chart.description.ends_with("have no dot."));
    }

    #[test]
    fn without_any_figure_there_is_no_chart() {
        let points = [point("May", None, false)];
        assert_eq!(
            chart("id".to_owned(), "Email".to_owned(), &points, None),
            None
        );
    }

    #[test]
    fn a_service_that_was_down_for_months_still_fits() {
        let chart = drawn(&[
            point("May", Some("0"), true),
            point("June", Some("50"), true),
        ]);
        assert_eq!(chart.dots[0].y, BOTTOM);
        assert!(chart.lines.len() <= 6);
    }
}
