//! The part of the joint page on membership: since when each council is a member, and until when.

use townclerk_domain::partnership::Membership;
use townclerk_views::basis::Basis;

use super::asking::Asking;
use super::table::{Cell, Column, Link, Row, Table};
use super::words;

pub fn table(asking: &Asking<'_>) -> Table {
    // Membership is as known, whatever moment the page is as at.
    let known = Basis {
        as_at: None,
        known_at: asking.asked.known_at,
    };
    Table {
        id: "members",
        caption: "Members of the partnership".to_owned(),
        note: Some(
            "A council counts in the figures of all councils from its first day to its last day, \
             both included. A month in which one joins or leaves counts it on those days only."
                .to_owned(),
        ),
        row_title: "Council",
        columns: ["Member from", "Notice given", "Last day"]
            .map(Column::words)
            .to_vec(),
        rows: asking.registry.members.iter().map(row).collect(),
        more: Some(Link::to_data("The members", asking.scope, "members", known)),
    }
}

fn row(member: &Membership) -> Row {
    let notice = match (member.notice_given, member.notice) {
        (Some(given), Some(last)) => Some(format!(
            "{}, to leave after {}",
            words::day(given),
            words::day(last)
        )),
        (given, _) => given.map(words::day),
    };
    Row {
        header: member.joined.name.clone(),
        detail: None,
        period: None,
        cells: vec![
            Cell::Words(words::day(member.joined.from)),
            Cell::words(notice),
            Cell::words(member.last_day.map(words::day)),
        ],
    }
}
