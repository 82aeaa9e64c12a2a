//! Open tickets beside their targets: how many there are in each band, and the most urgent ones.

use jiff::Timestamp;
use townclerk_domain::names::{LogName, Scope};
use townclerk_domain::ticket::Priority;
use townclerk_views::basis::Basis;
use townclerk_views::service_levels::{
    OPEN_MAX, OpenTicket, OpenTickets, Risk, moment, open_tickets,
};
use uuid::Uuid;

use super::asking::Asking;
use super::table::{Cell, Column, Link, Row, Table};
use super::topic::basis_query;
use super::words;
use crate::records::minutes;
use crate::view::ViewError;

/// Tickets that are listed; the rest is a link away.
const LISTED_MAX: usize = 50;

/// The bands, and the most urgent tickets for those who may see single ones.
pub fn tables(asking: &Asking<'_>) -> Result<Vec<Table>, ViewError> {
    let (scope, asked) = (asking.scope, asking.asked);
    let (at, found) = asking.view.with_reading(|reading| {
        Ok(match moment(reading, scope, asked)? {
            Some(at) => (Some(at), open_tickets(reading, scope, asked, at)?),
            None => (None, OpenTickets::default()),
        })
    })?;
    let bands = bands(&found, at);
    Ok(match asking.tickets {
        true => vec![bands, urgent(asking, &found)],
        false => vec![bands],
    })
}

/// A band in words.
pub fn band(risk: Risk) -> &'static str {
    match risk {
        Risk::Overdue => "Overdue",
        Risk::From95 => "95 percent or more of the target has passed",
        Risk::From85 => "85 percent or more",
        Risk::From75 => "75 percent or more",
        Risk::From50 => "50 percent or more",
        Risk::Under50 => "Less than half of the target",
        Risk::Paused => "The clock is stopped",
        Risk::NoTarget => "No target",
        Risk::NoAgreement => "No agreement",
    }
}

fn bands(found: &OpenTickets, at: Option<Timestamp>) -> Table {
    let counts = found.counts();
    let count = |risk: Risk, priority: Priority| counts.get(&(risk, priority)).copied();
    let row = |header: &str, risks: &[Risk]| {
        let of = |priority: &Priority| -> u64 {
            let each = risks.iter().filter_map(|risk| count(*risk, *priority));
            each.sum()
        };
        let each: Vec<u64> = Priority::ALL.iter().map(of).collect();
        let all = each.iter().copied().chain([each.iter().sum()]);
        Row {
            header: header.to_owned(),
            detail: None,
            period: None,
            cells: all.map(|n| Cell::Number(words::count(n))).collect(),
        }
    };
    let each = Risk::ALL.iter().map(|risk| row(band(*risk), &[*risk]));
    let priorities = Priority::ALL.iter();
    let columns = priorities.map(|priority| Column::number(priority.code().to_uppercase()));
    let as_at = at.map_or(String::new(), |at| {
        format!("As at {}. ", words::moment(at).text)
    });
    let cut = match found.cut {
        true => format!(
            " There are more than the {} open tickets that are counted here: some are missing.",
            words::count(OPEN_MAX as u64)
        ),
        false => String::new(),
    };
    Table {
        id: "bands",
        caption: "Open tickets by how much of their target has passed".to_owned(),
        note: Some(format!("{as_at}Each ticket is in one line.{cut}")),
        row_title: "Band",
        columns: columns.chain([Column::number("All")]).collect(),
        rows: each.chain([row("All open tickets", &Risk::ALL)]).collect(),
        more: None,
    }
}

/// The page with the trail of a ticket.
pub fn trail_path(log: &LogName, id: Uuid, asked: Basis) -> String {
    format!("/{log}/tickets/{id}{}", basis_query('?', asked))
}

fn urgent(asking: &Asking<'_>, found: &OpenTickets) -> Table {
    let row = |ticket: &OpenTicket| {
        let priority = ticket.attributes.priority.code().to_uppercase();
        let (kind, service) = (ticket.attributes.kind.code(), &ticket.attributes.service);
        let left = ticket.left.map(|left| words::service_time(minutes(left)));
        let said = band(ticket.risk).to_owned();
        let logged = words::brief(ticket.logged_at);
        Row {
            header: format!("{priority} {kind}, {service}"),
            detail: Some(match ticket.held {
                true => format!("logged {logged}; {}", words::HELD),
                false => format!("logged {logged}"),
            }),
            period: None,
            cells: vec![
                match ticket.risk {
                    Risk::Overdue | Risk::From95 => Cell::Notable(said),
                    _ => Cell::Words(said),
                },
                Cell::words(ticket.due.map(words::brief)),
                Cell::words(left),
                Cell::Words(match ticket.is_aged {
                    true => "aged".to_owned(),
                    false => "no".to_owned(),
                }),
                Cell::Words(words::log_name(&ticket.log, asking.registry)),
                Cell::Linked(Link {
                    text: ticket.id.to_string(),
                    href: trail_path(&ticket.log, ticket.id, asking.asked),
                }),
            ],
        }
    };
    let most = asking.rows_max(LISTED_MAX);
    let listed = found.tickets.iter().take(most);
    let is_cut = found.tickets.len() > most;
    let about =
        "Times are London's; what is left is service time. What has no due time comes last.";
    let titles = ["Band", "Due", "Left", "Aged", "Recorded in", "Its trail"];
    let what = match asking.scope {
        Scope::Joint => "The most urgent open tickets of all councils",
        Scope::Log(_) => "The most urgent open tickets",
    };
    Table {
        id: "urgent",
        caption: what.to_owned(),
        note: Some(match is_cut {
            true => format!("The first {most} are listed. {about}"),
            false => about.to_owned(),
        }),
        row_title: "Ticket",
        columns: titles.map(Column::words).to_vec(),
        rows: listed.map(row).collect(),
        more: Some(Link::to_data(
            "The open tickets by urgency",
            asking.scope,
            "service-levels",
            asking.asked,
        )),
    }
    .out_of(found.tickets.len())
}
