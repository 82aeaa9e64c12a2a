//! Agreements on the availability of services, in words.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::availability::Agreements;
use townclerk_domain::names::Scope;
use townclerk_domain::period::london_day;
use townclerk_domain::service_time::{ServiceTime, Weekday, Window};
use townclerk_views::availability::stretches;

use super::asking::Asking;
use super::table::{Cell, Column, Link, Row, Table};
use super::words;

/// What is agreed, service by service, with what held before.
pub fn table(asking: &Asking<'_>) -> Table {
    let of_scope = asking.registry.agreements.iter().filter(|(log, _)| {
        matches!(asking.scope, Scope::Joint)
            || matches!(asking.scope, Scope::Log(own) if own == *log)
    });
    let rows = of_scope.flat_map(|(log, agreements)| {
        let council = words::log_name(log, asking.registry);
        rows_of(&agreements.stands, &council)
    });
    Table {
        id: "agreements",
        caption: "What is agreed on availability".to_owned(),
        note: Some(
            "An agreement holds until it ends or the next one on the service begins.".to_owned(),
        ),
        row_title: "Service",
        columns: [
            "Council",
            "Agreed service time",
            "Target, percent",
            "Notice of maintenance",
            "From",
            "To",
        ]
        .map(Column::words)
        .to_vec(),
        rows: rows.collect(),
        more: Some(Link::to_data(
            "All agreements",
            asking.scope,
            "agreements",
            asking.asked,
        )),
    }
}

fn rows_of(agreements: &Agreements, council: &str) -> Vec<Row> {
    let services = agreements.services().into_iter();
    let all = services.flat_map(|service| {
        let latest_first = stretches(agreements, service).into_iter().rev();
        latest_first.map(move |stretch| (service, stretch))
    });
    all.map(|(service, stretch)| {
        let agreed = stretch.agreed;
        let last_day = |to: Timestamp| words::day(london_day(to - SignedDuration::from_micros(1)));
        let notice = i64::from(agreed.notice_hours);
        let left_out = agreed.except_holidays;
        let holidays = left_out.then(|| "except on holidays".to_owned());
        let times = service_time(&agreed.service_time).into_iter();
        Row {
            header: service.to_string(),
            detail: None,
            period: None,
            cells: vec![
                Cell::Words(council.to_owned()),
                Cell::lines(times.chain(holidays).collect()),
                Cell::Words(agreed.target.to_string()),
                Cell::Words(match notice {
                    0 => "none needed".to_owned(),
                    hours => words::counted(hours, "hour"),
                }),
                Cell::Words(words::day(agreed.from)),
                Cell::Words(stretch.to.map_or("in force".to_owned(), last_day)),
            ],
        }
    })
    .collect()
}

/// Agreed service time in words: days with the same times together.
pub fn service_time(time: &ServiceTime) -> Vec<String> {
    let windows = match time {
        ServiceTime::Always => return vec!["around the clock".to_owned()],
        ServiceTime::Weekly(windows) => windows,
    };
    let mut sorted: Vec<&Window> = windows.iter().collect();
    sorted.sort_by_key(|window| (window.from, window.day));
    let mut groups: Vec<(&Window, Vec<Weekday>)> = Vec::new();
    for window in sorted {
        let group = groups
            .iter_mut()
            .find(|(first, _)| (first.from, first.to) == (window.from, window.to));
        match group {
            Some((_, days)) => days.push(window.day),
            None => groups.push((window, vec![window.day])),
        }
    }
    groups.sort_by_key(|(first, _)| (first.day, first.from));
    groups
        .iter()
        .map(|(window, days)| {
            let (from, to) = (window.from.strftime("%H:%M"), window.to.strftime("%H:%M"));
            format!("{} {from} to {to}", day_names(days))
        })
        .collect()
}

fn day_names(days: &[Weekday]) -> String {
    let mut runs: Vec<(Weekday, Weekday, bool)> = Vec::new();
    let mut was_in = false;
    for (index, day) in Weekday::ALL.into_iter().enumerate() {
        let is_in = days.contains(&day);
        match runs.last_mut() {
            Some((first, last, adjacent)) if is_in && was_in => {
                *adjacent = Weekday::ALL.get(index.wrapping_sub(1)) == Some(first);
                *last = day;
            }
            _ if is_in => runs.push((day, day, false)),
            _ => {}
        }
        was_in = is_in;
    }
    let said = runs
        .iter()
        .map(|(first, last, adjacent)| match (first == last, adjacent) {
            (true, _) => format!("{first:?}"),
            (false, true) => format!("{first:?} and {last:?}"),
            (false, false) => format!("{first:?} to {last:?}"),
        });
    said.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(day: Weekday, from: &str, to: &str) -> Window {
        Window {
            day,
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
        }
    }

    #[test]
    fn agreed_service_time_is_said_with_days_of_the_same_times_together() {
        use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
        assert_eq!(service_time(&ServiceTime::Always), ["around the clock"]);
        let days = [Monday, Tuesday, Wednesday, Thursday, Friday];
        let mut windows = days.map(|day| window(day, "08:40", "17:00")).to_vec();
        windows.extend([Saturday, Sunday].map(|day| window(day, "10:00", "00:00")));
        windows.push(window(Wednesday, "18:00", "20:00"));
        assert_eq!(
            service_time(&ServiceTime::Weekly(windows)),
            [
                "Monday to Friday 08:40 to 17:00",
                "Wednesday 18:00 to 20:00",
                "Saturday and Sunday 10:00 to 00:00",
            ]
        );
        assert_eq!(
            day_names(&[Sunday, Monday, Wednesday]),
            "Monday, Wednesday, Sunday"
        );
    }
}
