//! What is often missing in feeds and makes figures wrong without being refused: when a ticket
//! waited for somebody else, when it went on, and that it ended.

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::identity::{AggregateKind, Token};
use townclerk_domain::ticket::{TicketFact, TicketRules};

use super::finding::{Finding, Findings, Place, Sort};
use super::named;
use super::records::{Record, Records};

/// The life of one ticket as far as its feed tells it.
struct Life {
    logged: (Timestamp, Place),
    /// When it was resolved last, or cancelled.
    ended: Option<Timestamp>,
    held: bool,
    /// A hold that ended by resolving it.
    unended_hold: Option<(Timestamp, Place)>,
}

/// Looks at all tickets whose facts could be taken. `last` is the latest time that the feed tells of.
pub fn look(
    tickets: &Records<TicketRules>,
    last: Option<Timestamp>,
    open_days: u32,
    findings: &mut Findings,
) {
    let lives = || {
        tickets
            .iter()
            .filter(|(_, ticket)| ticket.is_whole())
            .filter_map(|(reference, ticket)| Some((reference, life(ticket)?)))
    };
    let any_hold = lives().any(|(_, life)| life.held);
    let (mut all, mut open) = (0_u64, 0_u64);
    let mut oldest: Option<(Timestamp, &Token)> = None;
    for (reference, life) in lives() {
        all += 1;
        if life.ended.is_none() {
            open += 1;
            let this = (life.logged.0, reference);
            oldest = Some(oldest.map_or(this, |oldest| oldest.min(this)));
        }
        if let Some((held, place)) = life.unended_hold {
            findings.add(hold_not_ended(reference, held, place));
        }
        if any_hold && !life.held {
            long_without_hold(reference, &life, last, open_days, findings);
        }
    }
    if all > 0 && !any_hold {
        findings.add(no_hold_anywhere(all));
    }
    if let Some((logged, reference)) = oldest {
        let oldest = format!(
            "{}, logged at {logged}",
            named(AggregateKind::Ticket, reference)
        );
        let found = format!(
            "{open} of {all} tickets are neither resolved nor cancelled; the oldest is {oldest}"
        );
        let remedy = "nothing, if they are open; else send how they ended";
        findings.add(Finding::of_feed(Sort::NeverEnded, &found, remedy));
    }
}

fn life(ticket: &Record<TicketRules>) -> Option<Life> {
    let mut life: Option<Life> = None;
    let mut hold: Option<Timestamp> = None;
    for (happened, place, fact) in ticket.standing() {
        if matches!(fact, TicketFact::Logged(_)) {
            life = Some(Life {
                logged: (happened, place),
                ended: None,
                held: false,
                unended_hold: None,
            });
        }
        let Some(life) = &mut life else {
            continue;
        };
        match fact {
            TicketFact::Held(_) => {
                life.held = true;
                hold.get_or_insert(happened);
            }
            TicketFact::Started(_) => hold = None,
            TicketFact::Resolved(_) => {
                life.ended = Some(happened);
                if let Some(held) = hold.take() {
                    life.unended_hold = Some((held, place));
                }
            }
            TicketFact::Cancelled(_) => life.ended = Some(happened),
            TicketFact::Reopened(_) | TicketFact::Reinstated(_) => life.ended = None,
            TicketFact::Logged(_)
            | TicketFact::Triaged(_)
            | TicketFact::Closed(_)
            | TicketFact::Assigned(_)
            | TicketFact::Recategorised(_)
            | TicketFact::Reprioritised(_)
            | TicketFact::Linked(_) => {}
        }
    }
    life
}

fn of_ticket(finding: Finding, reference: &Token) -> Finding {
    finding.with(None, Some(named(AggregateKind::Ticket, reference)))
}

fn hold_not_ended(reference: &Token, held: Timestamp, place: Place) -> Finding {
    let found =
        format!("it is resolved while on hold since {held}: nothing says when work went on");
    let remedy =
        "send `started` when a hold ends; else all of the time until here counts as waiting";
    of_ticket(
        Finding::at(place, Sort::HoldNotEnded, &found, remedy),
        reference,
    )
}

fn long_without_hold(
    reference: &Token,
    life: &Life,
    last: Option<Timestamp>,
    open_days: u32,
    findings: &mut Findings,
) {
    let (logged, place) = life.logged;
    let until = life.ended.or(last).unwrap_or(logged);
    let open = until.duration_since(logged);
    if open <= SignedDuration::from_hours(24 * i64::from(open_days)) {
        return;
    }
    let days = open.as_hours() / 24;
    let found = format!("it was open for {days} days and never on hold");
    let remedy = "send `held` and `started` where it waited for somebody else; else nothing";
    findings.add(of_ticket(
        Finding::at(place, Sort::NoHold, &found, remedy),
        reference,
    ));
}

fn no_hold_anywhere(tickets: u64) -> Finding {
    let found = format!("none of {tickets} tickets was ever on hold");
    let remedy = "see whether the tool's holds are exported: without them waiting for a user or a \
                  supplier counts against the service";
    Finding::of_feed(Sort::NoHoldAnywhere, &found, remedy)
}
