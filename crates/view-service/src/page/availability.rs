//! The page of availability: each service by month against its target, and over twelve months.

use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::period::Period;
use townclerk_views::availability::{stretches, target};
use townclerk_views::dimension::Dimension;
use townclerk_views::figure::Figure;
use townclerk_views::figures::Breakdown;
use townclerk_views::measure::Measure;
use townclerk_views::quantity::Quantity;
use townclerk_views::registry::Registry;

use super::agreements;
use super::asking::{Asking, Figures, split};
use super::chart::{self, Point};
use super::content::{Content, Part, Words};
use super::periods::Shown;
use super::table::{Cell, Column, Row, Table, period_name};
use super::tables::{Headline, Headlines};
use super::topic::Topic;
use super::words;
use crate::view::ViewError;

/// By month.
const MONTHLY: [Measure; 3] = [
    Measure::Availability,
    Measure::DowntimeMinutes,
    Measure::DowntimeUserMinutes,
];

/// At the end of the latest complete month, over the twelve that end with it.
const ROLLING: [Measure; 2] = [
    Measure::AvailabilityRolling12,
    Measure::AvailabilityRolling12TimeWeighted,
];

/// Over those twelve as one period.
const YEARLY: [Measure; 2] = [Measure::MonthsBelowTarget, Measure::LongestRunBelowTarget];

const COUNTED: [Measure; 7] = [
    MONTHLY[0], MONTHLY[1], MONTHLY[2], ROLLING[0], ROLLING[1], YEARLY[0], YEARLY[1],
];

const NO_AGREEMENT: &str = "no agreement";

const NOT_ALL_AGREED: &str = "no agreement in every month";

const ALL_SERVICES: &str = "All services";

/// Everything that the page is made from.
struct Of<'a> {
    asking: &'a Asking<'a>,
    shown: Shown,
    whole: Figures,
    services: Figures,
    rolling: Figures,
    yearly: Figures,
}

pub fn content(asking: &Asking<'_>) -> Result<Content, ViewError> {
    const TOPIC: Topic = Topic::Availability;
    let shown = asking.shown(Measure::Availability)?;
    let by_service = || split(Dimension::Service, &[]);
    let month: Vec<Period> = shown.complete_month.into_iter().collect();
    let year: Vec<Period> = shown.latest_year().into_iter().collect();
    let of = Of {
        whole: asking.figures(&MONTHLY, shown.months.clone(), Breakdown::default())?,
        services: asking.figures(&MONTHLY, shown.months.clone(), by_service())?,
        rolling: asking.figures(&ROLLING, month, by_service())?,
        yearly: asking.figures(&YEARLY, year, by_service())?,
        shown,
        asking,
    };
    let claims = asking.claims(|measure| measure.is_some_and(Measure::is_of_agreed_services))?;
    let others = [&of.services, &of.rolling, &of.yearly];
    let mut content = Content::of(asking, TOPIC, &of.whole, &others, &claims);
    content.headlines = of.headlines();
    if matches!(asking.scope, Scope::Log(log) if log.is_shared()) {
        content.parts.push(Part::Words(of_no_council()));
    }
    let charts = of.services().into_iter().filter_map(|s| of.chart(s));
    content.parts.extend(charts.map(Part::Chart));
    let tables = [
        of.by_month(),
        of.downtime(),
        of.downtime_by_users(),
        of.over_twelve_months(),
    ];
    content.parts.extend(tables.map(Part::Table));
    content.parts.extend(Part::published(&claims));
    let agreements = || vec![agreements::table(asking)];
    content.parts.extend(Part::records(asking, agreements));
    content.counted = COUNTED.to_vec();
    Ok(content)
}

fn of_no_council() -> Words {
    Words {
        id: "councils",
        title: "Where availability is".to_owned(),
        sentences: vec![
            "What was agreed on availability, and so availability itself, is each council's: the \
             shared record has none of its own. Shared outages count in the availability of every \
             council that they hit."
                .to_owned(),
        ],
    }
}

impl Of<'_> {
    fn services(&self) -> Vec<&str> {
        let services = self.services.values_of(Dimension::Service);
        services.into_iter().collect()
    }

    /// All services first, then each; with the figures that they are looked up in.
    fn columns(&self) -> Vec<Option<&str>> {
        let each = self.services().into_iter().map(Some);
        [None].into_iter().chain(each).collect()
    }

    fn figure(&self, measure: Measure, month: &Period, service: Option<&str>) -> Option<&Figure> {
        match service {
            Some(service) => {
                let values = [(Dimension::Service, service)];
                self.services.find(measure, month, &values)
            }
            None => self.whole.find(measure, month, &[]),
        }
    }

    fn headlines(&self) -> Option<Headlines> {
        let month = self.shown.complete_month?;
        let [availability, downtime, _] = MONTHLY.map(|measure| self.figure(measure, &month, None));
        let numbers = vec![
            Headline::of("Availability of all services, percent", availability),
            Headline::of("Minutes down", downtime),
        ];
        Some(Headlines::of_month(&month, availability, numbers))
    }

    fn by_month(&self) -> Table {
        let title = "Availability by month, in percent, newest first";
        let note = "Each month is set against the target in force at its end. “All services” is \
                    their agreed time together and has no target of its own.";
        self.monthly("availability", title, note, Measure::Availability)
    }

    fn downtime(&self) -> Table {
        let title = "Downtime by month, in minutes, newest first";
        let note = "Minutes of agreed service time only. Planned maintenance of which notice was \
                    given in time is not counted.";
        self.monthly("downtime", title, note, Measure::DowntimeMinutes)
    }

    fn downtime_by_users(&self) -> Table {
        let title = "Downtime by month weighted by users, in minutes, newest first";
        let note = "The same minutes, each times the share of users that was hit; all users where \
                    nothing was said. It stands beside downtime and never in place of it.";
        let measure = Measure::DowntimeUserMinutes;
        self.monthly("downtime-users", title, note, measure)
    }

    fn monthly(&self, id: &'static str, caption: &str, note: &str, measure: Measure) -> Table {
        let columns = self.columns();
        let row = |month: &Period| {
            let find = |service: &Option<&str>| self.figure(measure, month, *service);
            let found: Vec<Option<&Figure>> = columns.iter().map(find).collect();
            let (header, detail) = period_name(month, &found);
            let cells = columns.iter().zip(&found);
            let cells = cells.map(|(service, figure)| self.cell(*figure, month, *service));
            Row {
                header,
                detail,
                period: Some(*month),
                cells: cells.collect(),
            }
        };
        let title = |service: &Option<&str>| Column::number(service.unwrap_or(ALL_SERVICES));
        Table {
            id,
            caption: caption.to_owned(),
            note: Some(note.to_owned()),
            row_title: "Month",
            columns: columns.iter().map(title).collect(),
            rows: self.shown.months.iter().map(row).collect(),
            more: None,
        }
    }

    fn cell(&self, figure: Option<&Figure>, month: &Period, service: Option<&str>) -> Cell {
        let aimed = service.and_then(|service| self.target(service, month));
        let missed = figure.zip(aimed).filter(|(f, target)| is_below(f, *target));
        match (Cell::of(figure), missed) {
            (Cell::Number(value), Some((_, target))) => {
                Cell::NotableNumber(format!("{value}, below target {target}"))
            }
            (Cell::NotCovered, _) => self.absent(figure, month, service),
            (cell, _) => cell,
        }
    }

    /// Why there is no number: a council agreed on nothing then, or not in every month, or nothing
    /// covers the time.
    fn absent(&self, figure: Option<&Figure>, period: &Period, service: Option<&str>) -> Cell {
        let logs = figure.into_iter().flat_map(|figure| &figure.covered);
        let councils: Vec<_> = logs.filter(|(log, _)| !log.is_shared()).collect();
        let registry = self.asking.registry;
        let lacks = |log: &LogName, during: &Period| !is_agreed(registry, log, service, during);
        let silent = |(log, covered): &(&LogName, _)| -> bool {
            Option::is_none(*covered) && lacks(log, period)
        };
        let months = || period.months().into_iter().flatten().map(Period::Month);
        let with_gaps = |(log, _): &(&LogName, &Option<_>)| months().any(|m| lacks(log, &m));
        if councils.iter().any(silent) {
            Cell::Absent(NO_AGREEMENT.to_owned())
        } else if councils.iter().any(with_gaps) {
            Cell::Absent(NOT_ALL_AGREED.to_owned())
        } else {
            Cell::NotCovered
        }
    }

    /// The target of a service at the end of a month, where all councils of the scope have the
    /// same. Agreements are records: who reads figures only is shown none.
    fn target(&self, service: &str, month: &Period) -> Option<Decimal> {
        let service = Code::new(service).ok().filter(|_| self.asking.records)?;
        let logs = match self.asking.scope {
            Scope::Log(log) => vec![log.clone()],
            Scope::Joint => self.asking.registry.logs_during(month),
        };
        let of_log = |log: &LogName| {
            let agreements = self.asking.registry.agreements.get(log)?;
            target(&agreements.stands, &service, month.end())
        };
        let targets: Option<Vec<Decimal>> = logs.iter().map(of_log).collect();
        let targets = targets?;
        let first = *targets.first()?;
        let same = targets.iter().all(|one| one.cmp_value(first).is_eq());
        same.then_some(first)
    }

    fn chart(&self, service: &str) -> Option<chart::Chart> {
        let months = self.shown.months.iter().rev();
        let points: Vec<Point> = months
            .map(|month| {
                let figure = self.figure(Measure::Availability, month, Some(service));
                let aimed = self.target(service, month);
                let (long_name, _) = period_name(month, &[figure]);
                Point {
                    long_name,
                    short_name: month.first_day().strftime("%b %y").to_string(),
                    value: figure.and_then(|figure| figure.value).map(|value| value.0),
                    is_below: figure.zip(aimed).is_some_and(|(f, t)| is_below(f, t)),
                }
            })
            .skip_while(|point| point.value.is_none())
            .collect();
        let id = format!("chart-{service}");
        let title = format!("Availability of {service} by month, in percent");
        // One line across is drawn only where the target never changed.
        let months = self.shown.months.iter();
        let targets: Vec<Decimal> = months.filter_map(|m| self.target(service, m)).collect();
        let aimed = targets.first().copied().filter(|first| {
            let mut all = targets.iter();
            all.all(|target| target.cmp_value(*first).is_eq())
        });
        chart::chart(id, title, &points, aimed)
    }

    fn over_twelve_months(&self) -> Table {
        let (month, year) = (self.shown.complete_month, self.shown.latest_year());
        let row = |service: &str| {
            let values = [(Dimension::Service, service)];
            let of_month = |measure| self.rolling.find(measure, &month?, &values);
            let of_year = |measure| self.yearly.find(measure, &year?, &values);
            let rolling = ROLLING.map(of_month);
            let yearly = YEARLY.map(of_year);
            let cells = rolling.into_iter().chain(yearly).map(|figure| match year {
                Some(year) if figure.is_none_or(|figure| figure.value.is_none()) => {
                    self.absent(figure, &year, Some(service))
                }
                _ => Cell::of(figure),
            });
            let all = [rolling, yearly].concat();
            let is_part = all.iter().flatten().any(|figure| figure.partial);
            Row {
                header: service.to_owned(),
                detail: is_part.then(|| "a part of the months is covered".to_owned()),
                period: None,
                cells: cells.collect(),
            }
        };
        let span = year.map(|year| words::period(&year).0).unwrap_or_default();
        let columns = ROLLING.into_iter().chain(YEARLY);
        Table {
            id: "rolling",
            caption: format!("Twelve months: {span}"),
            note: Some(
                "“Rolling 12 months” is the mean of the months' availability; “by time” weighs each \
                 month by its agreed service time. Only complete months are below target."
                    .to_owned(),
            ),
            row_title: "Service",
            columns: columns.map(|measure| Column::number(measure.title())).collect(),
            rows: self.services().into_iter().map(row).collect(),
            more: None,
        }
    }
}

/// Compared exactly, as the figures of months below target are.
fn is_below(figure: &Figure, target: Decimal) -> bool {
    let exact = figure.numerator.zip(figure.denominator);
    let is_percent = figure.measure == Measure::Availability.name();
    let exact = exact.filter(|_| is_percent);
    let quantity = exact.and_then(|(up, agreed)| Quantity::percent(up, agreed, false));
    quantity.is_some_and(|quantity| quantity.is_below(target))
}

/// Whether a council had an agreement on a service, or on any, for some of a period.
fn is_agreed(registry: &Registry, log: &LogName, service: Option<&str>, period: &Period) -> bool {
    let Some(agreements) = registry.agreements.get(log) else {
        return false;
    };
    let services = agreements.stands.services().into_iter();
    let mut services = services.filter(|one| service.is_none_or(|named| one.as_str() == named));
    services.any(|service| {
        let stretches = stretches(&agreements.stands, service).into_iter();
        let mut meeting = stretches.filter(|stretch| {
            stretch.from < period.end() && stretch.to.is_none_or(|to| period.start() < to)
        });
        meeting.next().is_some()
    })
}
