//! The change calendar: what was implemented in the latest weeks and what is scheduled, with the
//! freezes that hold.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use townclerk_domain::change::{Change, Status};
use townclerk_domain::freeze::Freeze;
use townclerk_domain::period::{end_of_day, london_day, london_midnight};
use townclerk_views::change_control::{is_exempt, is_frozen};
use townclerk_views::kept::Kept;

use super::table::{Cell, Column, Row, Table};
use super::words;

/// Weeks up to the present one that are shown.
const WEEKS_BACK: i64 = 8;

/// Most weeks ahead; what is scheduled later is said in the note.
const WEEKS_AHEAD: i64 = 26;

/// The weeks around `now`, oldest first. What happened at `now` or later is ahead.
pub fn calendar(now: Timestamp, changes: &[&Kept<Change>], freezes: &[&Kept<Freeze>]) -> Table {
    let this = monday(london_day(now - SignedDuration::from_micros(1)));
    let dated: Vec<(Date, &Kept<Change>)> = changes
        .iter()
        .filter_map(|change| Some((monday(london_day(placed(&change.stands)?)), *change)))
        .collect();
    let furthest = dated.iter().map(|(week, _)| *week).max();
    let last = weeks_after(this, WEEKS_AHEAD)
        .min(furthest.unwrap_or(this))
        .max(this);
    let mut week = weeks_after(this, 1 - WEEKS_BACK);
    let mut rows = Vec::new();
    while week <= last {
        let of_week = dated.iter().filter(|(of, _)| *of == week);
        let of_week: Vec<&Kept<Change>> = of_week.map(|(_, change)| *change).collect();
        rows.push(row(week, week == this, &of_week, freezes));
        week = weeks_after(week, 1);
    }
    let later = dated.iter().filter(|(of, _)| *of > last).count();
    let later = match later {
        0 => String::new(),
        some => format!(" Scheduled later than this: {some} more."),
    };
    Table {
        id: "calendar",
        caption: "Change calendar, by week".to_owned(),
        note: Some(format!(
            "The latest eight weeks and what is scheduled ahead. Cancelled changes are left out. \
             Times are London's.{later}"
        )),
        row_title: "Week from",
        columns: ["Freezes that hold", "Implemented", "Scheduled"]
            .map(Column::words)
            .to_vec(),
        rows,
        more: None,
    }
}

/// Where a change stands in the calendar: when its implementation began, else when it is to begin.
fn placed(change: &Change) -> Option<Timestamp> {
    let scheduled = change.scheduled.map(|(from, _)| from);
    let scheduled = scheduled.filter(|_| change.status != Status::Cancelled);
    change.started.or(scheduled)
}

fn monday(day: Date) -> Date {
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.saturating_sub(since.days())
}

fn weeks_after(monday: Date, weeks: i64) -> Date {
    monday.saturating_add(weeks.weeks())
}

fn row(monday: Date, is_this: bool, changes: &[&Kept<Change>], freezes: &[&Kept<Freeze>]) -> Row {
    let (start, end) = (
        london_midnight(monday),
        end_of_day(monday.saturating_add(6.days())),
    );
    let holds = freezes.iter().filter(|freeze| {
        let stands = &freeze.stands;
        stands.declared.from < end && stands.ends().is_none_or(|ends| start < ends)
    });
    let holds = holds.map(|freeze| format!("“{}” holds", freeze.stands.declared.title));
    let of = |is_begun: bool| {
        let mut some: Vec<&&Kept<Change>> = changes
            .iter()
            .filter(|change| change.stands.started.is_some() == is_begun)
            .collect();
        some.sort_by_key(|change| (placed(&change.stands), change.id));
        Cell::lines(
            some.into_iter()
                .map(|change| line(change, freezes))
                .collect(),
        )
    };
    Row {
        header: words::day(monday),
        detail: is_this.then(|| "this week".to_owned()),
        period: None,
        cells: vec![Cell::lines(holds.collect()), of(true), of(false)],
    }
}

/// One change: what, of which type, when, and in which freeze.
fn line(change: &Kept<Change>, freezes: &[&Kept<Freeze>]) -> String {
    let Change {
        requested,
        scheduled,
        started,
        implemented,
        ..
    } = &change.stands;
    let when = match (*started, *implemented, *scheduled) {
        (Some(from), Some(to), _) => words::span(from, to),
        (Some(from), None, _) => format!("begun {}", words::brief(from)),
        (None, _, Some((from, to))) => words::span(from, to),
        (None, _, None) => String::new(),
    };
    let held = held(change, freezes);
    let held: String = held.iter().map(|words| format!("; {words}")).collect();
    let kind = requested.change_type.code();
    let line = format!("{} ({kind}), {when}{held}", requested.title);
    match change.held {
        true => format!("{line}; {}", words::HELD),
        false => line,
    }
}

/// In which freezes the change was begun, or is to begin.
fn held(change: &Kept<Change>, freezes: &[&Kept<Freeze>]) -> Vec<String> {
    let is_begun = change.stands.started.is_some();
    let mut as_if = change.clone();
    if let (false, Some((from, to))) = (is_begun, change.stands.scheduled) {
        as_if.stands.started = Some(from);
        as_if.stands.implemented = Some(to);
    }
    // What is under way is shown beside the freezes that held when it began.
    let seen = as_if.stands.started.unwrap_or(Timestamp::MIN);
    let frozen = freezes
        .iter()
        .filter(|freeze| is_frozen(&as_if, freeze, seen));
    frozen
        .map(|freeze| {
            let title = &freeze.stands.declared.title;
            match (is_exempt(&as_if, freeze), is_begun) {
                (true, _) => format!("exempt from the freeze “{title}”"),
                (false, true) => format!("in the freeze “{title}” without an exemption"),
                (false, false) => format!("the freeze “{title}” holds then"),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use townclerk_domain::change::{ChangeType, Requested};
    use townclerk_domain::freeze::{Exempt, FreezeDeclared, FreezeExempted, FreezeScope};
    use townclerk_domain::names::{Code, LogName};
    use townclerk_domain::text::Text;
    use uuid::Uuid;

    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("{text}:00Z").parse().unwrap()
    }

    fn text(text: &str) -> Text {
        Text::new(text).unwrap()
    }

    fn kept<S>(stands: S) -> Kept<S> {
        Kept {
            log: LogName::new("brent").unwrap(),
            id: Uuid::nil(),
            sample: true,
            last_happened: None,
            held: false,
            stands,
        }
    }

    fn change(title: &str, scheduled: (&str, &str), started: Option<&str>) -> Kept<Change> {
        let scheduled = (at(scheduled.0), at(scheduled.1));
        kept(Change {
            status: match started {
                Some(_) => Status::Implemented,
                None => Status::Scheduled,
            },
            requested: Requested {
                change_type: ChangeType::Normal,
                title: text(title),
                category: Code::new("fix").unwrap(),
                project: Some(Code::new("office").unwrap()),
                services: BTreeSet::new(),
                councils: BTreeSet::new(),
            },
            requested_at: at("2020-01-01T09:00"),
            risk: None,
            scheduled: Some(scheduled),
            started: started.map(at),
            implemented: started.map(|_| scheduled.1),
            cancelled: None,
            closed: None,
            caused: BTreeSet::new(),
            reviewed: None,
            reviews_due: Vec::new(),
        })
    }

    fn freeze(exempted: bool) -> Kept<Freeze> {
        let exemption = FreezeExempted {
            exempt: Exempt::Project(Code::new("office").unwrap()),
            reason: text("It has resources of its own."),
        };
        kept(Freeze {
            declared: FreezeDeclared {
                title: text("August"),
                scope: FreezeScope::default(),
                from: at("2020-08-01T00:00"),
                to: Some(at("2020-08-20T00:00")),
                until: None,
            },
            exempted: match exempted {
                true => vec![(at("2020-07-01T00:00"), exemption)],
                false => Vec::new(),
            },
            lifted: None,
        })
    }

    fn shown(table: &Table, header: &str) -> Vec<Vec<String>> {
        let row = table.rows.iter().find(|row| row.header == header).unwrap();
        let texts = row.cells.iter().map(|cell| match cell.listed() {
            [] => vec![cell.text().to_owned()],
            lines => lines.to_vec(),
        });
        texts.collect()
    }

    #[test]
    fn weeks_begin_on_monday_and_the_freezes_that_hold_are_named() {
        let done = ("2020-08-04T21:00", "2020-08-04T22:30");
        let done = change("Patch", done, Some("2020-08-04T21:00"));
        let ahead = change("Upgrade", ("2020-08-18T21:00", "2020-08-19T21:00"), None);
        let after = change("Move", ("2020-08-31T08:00", "2020-08-31T09:00"), None);
        let freeze = freeze(false);
        let changes = [&done, &ahead, &after];
        let table = calendar(at("2020-08-10T12:00"), &changes, &[&freeze]);
        let headers: Vec<&str> = table.rows.iter().map(|row| row.header.as_str()).collect();
        assert_eq!(headers.first(), Some(&"22 June 2020"));
        assert_eq!(headers.last(), Some(&"31 August 2020"));
        assert_eq!(
            shown(&table, "3 August 2020"),
            [
                ["“August” holds"],
                [
                    "Patch (normal), 4 August 2020, 22:00 to 23:30; in the freeze “August” without an exemption"
                ],
                ["\u{2013}"],
            ]
        );
        let ahead = shown(&table, "17 August 2020");
        assert!(
            ahead[2][0].ends_with("; the freeze “August” holds then"),
            "{ahead:?}"
        );
        let after = shown(&table, "31 August 2020");
        assert_eq!(after[0], ["\u{2013}"]);
        assert_eq!(after[2], ["Move (normal), 31 August 2020, 09:00 to 10:00"]);
        let this = table.rows.iter().find(|row| row.detail.is_some()).unwrap();
        assert_eq!(this.header, "10 August 2020");
    }

    #[test]
    fn an_exempt_change_is_said_to_be_so_and_a_cancelled_one_is_left_out() {
        let exempt = change("Patch", ("2020-08-18T21:00", "2020-08-18T22:00"), None);
        let mut cancelled = change("Gone", ("2020-08-18T21:00", "2020-08-18T22:00"), None);
        cancelled.stands.status = Status::Cancelled;
        let freeze = freeze(true);
        let changes = [&exempt, &cancelled];
        let table = calendar(at("2020-08-10T12:00"), &changes, &[&freeze]);
        let week = shown(&table, "17 August 2020");
        assert_eq!(week[2].len(), 1);
        assert!(
            week[2][0].ends_with("; exempt from the freeze “August”"),
            "{week:?}"
        );
    }

    #[test]
    fn what_is_scheduled_far_ahead_is_counted_in_the_note() {
        let far = change("Far", ("2022-08-18T21:00", "2022-08-18T22:00"), None);
        let table = calendar(at("2020-08-10T12:00"), &[&far], &[]);
        assert_eq!(table.rows.len(), 8 + 26);
        assert!(
            table
                .note
                .unwrap()
                .contains("Scheduled later than this: 1 more.")
        );
    }
}
