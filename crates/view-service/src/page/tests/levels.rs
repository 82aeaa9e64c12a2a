//! The pages of service levels, of the backlog and of one ticket's trail, and tables as CSV.
//!
//! Work is agreed around the clock; a P1 incident has 2 hours, a P3 one 10; a customer who is waited
//! for stops the clock; 95 percent must be in time; after 10 days an open ticket is an aged one.

use std::collections::BTreeSet;

use tempfile::TempDir;
use townclerk_app::access::{Guarded, Role};
use townclerk_app::http::testing::{Client, Who, token_book};
use townclerk_domain::amendment::Recordable;
use townclerk_domain::event::Event;
use townclerk_domain::hours::{HoursAgreed, HoursFact, hours_of};
use townclerk_domain::identity::{AggregateId, AggregateKind};
use townclerk_domain::service_time::ServiceTime;
use townclerk_domain::targets::{
    AgeLimitAgreed, AttainmentAgreed, PausesAgreed, Target, TargetsAgreed, TargetsFact, targets_of,
};
use townclerk_domain::ticket::{
    Channel, Held, Logged, Priority, Resolved, TicketFact, TicketKind, UserClass,
};

use super::record::{Record, code, log};
use super::rendered::{officer, read_topic, row};
use super::services::record;
use crate::page::routes;
use crate::page::topic::Topic;
use crate::routes::Views;

const BRENT: &str = "brent";

/// A log agrees on everything that service levels rest on, for tickets of before too.
pub fn agrees(record: &mut Record, name: &str) {
    let at = "2019-01-01T00:00:00Z";
    let from = || "2019-01-01".parse().unwrap();
    let target = |(priority, minutes)| Target {
        priority,
        name: None,
        minutes: Some(minutes),
    };
    let facts = [
        TargetsFact::TargetsAgreed(TargetsAgreed {
            kind: TicketKind::Incident,
            user_class: UserClass::Standard,
            targets: [(Priority::P1, 120), (Priority::P3, 600)]
                .map(target)
                .to_vec(),
            from: from(),
            applies_to_existing: true,
        }),
        TargetsFact::PausesAgreed(PausesAgreed {
            reasons: [code("customer")].into(),
            from: from(),
            applies_to_existing: true,
        }),
        TargetsFact::AttainmentAgreed(AttainmentAgreed {
            percent: "95".parse().unwrap(),
            kind: None,
            priority: None,
            from: from(),
        }),
        TargetsFact::AgeLimitAgreed(AgeLimitAgreed {
            days: 10,
            from: from(),
            applies_to_existing: true,
        }),
    ];
    for fact in facts {
        let event = Event::Targets(Recordable::Fact(fact));
        record.put(name, targets_of(&log(name)), at, event);
    }
    let hours = HoursFact::HoursAgreed(HoursAgreed {
        hours: ServiceTime::Always,
        from: from(),
        applies_to_existing: true,
    });
    let event = Event::Hours(Recordable::Fact(hours));
    record.put(name, hours_of(&log(name)), at, event);
}

fn resolved() -> TicketFact {
    TicketFact::Resolved(Resolved { resolution: None })
}

/// A ticket of Brent's own team, and what happens to it.
fn ticket(
    record: &mut Record,
    priority: Priority,
    logged: &str,
    then: Option<(&str, TicketFact)>,
) -> AggregateId {
    let id = record.new_one(AggregateKind::Ticket);
    let fact = TicketFact::Logged(Logged {
        kind: TicketKind::Incident,
        priority,
        user_class: UserClass::Standard,
        channel: Channel::Phone,
        service: code("csccm"),
        category: code("other"),
        directorate: None,
        sts: false,
        councils: BTreeSet::new(),
    });
    for (at, fact) in [(logged, fact)].into_iter().chain(then) {
        record.put(BRENT, id, at, Event::Ticket(Recordable::Fact(fact)));
    }
    id
}

/// Views, with the ticket whose clock is stopped.
async fn story() -> (TempDir, Views, AggregateId) {
    let mut record = record();
    let in_time = Some(("2020-07-06T10:00:00Z", resolved()));
    ticket(&mut record, Priority::P1, "2020-07-06T09:00:00Z", in_time);
    let late = Some(("2020-07-07T12:00:00Z", resolved()));
    ticket(&mut record, Priority::P1, "2020-07-07T09:00:00Z", late);
    ticket(&mut record, Priority::P3, "2020-08-21T15:00:00Z", None);
    let customer = TicketFact::Held(Held {
        reason: code("customer"),
    });
    let waits = Some(("2020-08-20T10:00:00Z", customer));
    let held = ticket(&mut record, Priority::P3, "2020-08-20T09:00:00Z", waits);
    let dir = TempDir::new().unwrap();
    let views = record.views(&dir).await;
    (dir, views, held)
}

async fn shown(views: &Views, topic: Topic, name: &str) -> String {
    let html = read_topic(views, (topic, name), &[], Some(officer())).await;
    html.unwrap()
}

fn client(views: &Views) -> Client {
    let (router, _) = routes(Guarded::new(token_book()), views).into_parts();
    Client::new(router)
}

#[tokio::test(flavor = "multi_thread")]
async fn attainment_stands_beside_what_it_is_made_of_and_what_was_agreed() {
    let (_dir, views, _) = story().await;
    let html = shown(&views, Topic::ServiceLevels, BRENT).await;
    let july = row(&html, "months", "July 2020");
    assert_eq!(
        july[..6],
        ["1", "1", "50.00, below 95", "95", "1 of 2", "50.00"]
    );
    let logged = row(&html, "logged", "July 2020");
    assert_eq!(logged, ["1", "1", "50.00, below 95", "95"]);
    let june = row(&html, "months", "June 2020");
    assert_eq!(june[..3], ["0", "0", "none with a target"]);
    let priorities = row(&html, "priorities", "July 2020");
    assert_eq!(priorities[0], "50.00, below 95 (1 of 2)");
    assert_eq!(priorities[2], "none with a target");
    assert!(html.contains("<svg role=\"img\" aria-labelledby=\"chart-resolved-title"));
    assert!(html.contains("Below the target of 95: July 2020."));
    assert!(html.contains("in the table of attainment by month, of tickets resolved."));
}

#[tokio::test(flavor = "multi_thread")]
async fn open_tickets_are_counted_by_band_and_the_most_urgent_lead_to_their_trail() {
    let (_dir, views, held) = story().await;
    let html = shown(&views, Topic::ServiceLevels, BRENT).await;
    // The four of the old record are long overdue.
    assert_eq!(
        row(&html, "bands", "Overdue"),
        ["1", "0", "3", "0", "0", "4"]
    );
    assert_eq!(row(&html, "bands", "75 percent")[5], "1");
    assert_eq!(row(&html, "bands", "The clock is stopped")[5], "1");
    assert_eq!(row(&html, "bands", "All open tickets")[5], "6");
    assert!(html.contains("As at 22 August 2020, 00:00 (London)."));
    let first = row(&html, "urgent", "P3 incident, email");
    assert_eq!((first[0].as_str(), first[3].as_str()), ("Overdue", "aged"));
    assert_eq!(first[1], "2 June 2020, 20:00");
    let near = row(&html, "urgent", "P3 incident, csccm");
    assert_eq!(
        near[..3],
        ["75 percent or more", "22 August 2020, 02:00", "2 hours"]
    );
    let link = format!("href=\"/brent/tickets/{}\"", held.id);
    assert!(html.contains(&link), "{link}");
    let joint = shown(&views, Topic::ServiceLevels, "joint").await;
    assert_eq!(row(&joint, "bands", "All open tickets")[5], "7");
}

#[tokio::test(flavor = "multi_thread")]
async fn single_tickets_are_for_those_who_may_read_tickets() {
    let (_dir, views, held) = story().await;
    let client = client(&views);
    let page = "/joint/service-levels";
    let read = async |who| client.get(page, who).await.text;
    let (bands, urgent) = ("id=\"bands\"", "id=\"urgent\"");
    let officer = read(Who::Everywhere(Role::Officer)).await;
    assert!(officer.contains(bands) && officer.contains(urgent));
    let committee = read(Who::Everywhere(Role::Committee)).await;
    assert!(committee.contains(bands) && !committee.contains(urgent));
    assert!(!committee.contains("/tickets/"));
    let nobody = read(Who::Nobody).await;
    assert!(!nobody.contains(bands) && !nobody.contains("below 95"));
    assert_eq!(row(&nobody, "months", "July 2020")[..2], ["not shown"; 2]);
    let trail = format!("/brent/tickets/{}", held.id);
    for (who, status) in [(Who::Nobody, 401), (Who::Local(Role::ServiceDesk), 200)] {
        assert_eq!(client.get(&trail, who).await.status, status, "{who:?}");
    }
    let joint = trail.replace("brent", "joint");
    let officer = Who::Everywhere(Role::Officer);
    assert_eq!(client.get(&joint, officer).await.status, 404);
    let unknown = "/brent/tickets/00000000-0000-0000-0000-00000000ffff";
    assert_eq!(client.get(unknown, officer).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trail_says_what_happened_to_the_clock_and_what_was_agreed() {
    let (_dir, views, held) = story().await;
    let client = client(&views);
    let officer = Who::Everywhere(Role::Officer);
    let path = format!("/brent/tickets/{}", held.id);
    let html = client.get(&path, officer).await.text;
    let logged = row(&html, "trail", "20 August 2020, 10:00");
    let expected = [
        "Logged as P3, target 10 hours",
        "0 minutes",
        "20 August 2020, 20:00",
    ];
    assert_eq!(logged, expected);
    let waits = row(&html, "trail", "20 August 2020, 11:00");
    assert_eq!(
        waits,
        [
            "On hold (customer): the clock is stopped",
            "1 hour",
            "\u{2013}"
        ]
    );
    let targets = row(&html, "terms", "Targets of standard incidents");
    assert!(targets[0].contains("<li>P1: 2 hours</li><li>P3: 10 hours</li>"));
    assert_eq!(targets[1], "1 January 2019");
    assert!(targets[2].starts_with("brent:"), "{}", targets[2]);
    assert_eq!(row(&html, "terms", "Service hours")[0], "around the clock");
    assert!(html.contains(">The clock is stopped</dd>") && html.contains(">9 hours</dd>"));
    assert_eq!(html.matches("<h1>").count(), 1);
    assert!(html.contains(&format!("action=\"{path}\"")));
    assert!(html.contains(&format!("/v1/views{path}/service-level\"")));
    let before = format!("{path}?as_at=2020-08-20T09:30:00Z");
    let html = client.get(&before, officer).await.text;
    assert!(html.contains(">30 minutes</dd>") && !html.contains("On hold"));
    let csv = client.get(&format!("{path}/csv/trail"), officer).await;
    assert!(
        csv.text
            .starts_with("\u{feff}When,What happened,Counted by then,Due then\r\n")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_backlog_shows_how_it_came_to_be_what_it_is() {
    let (_dir, views, _) = story().await;
    let html = shown(&views, Topic::Backlog, BRENT).await;
    let july = row(&html, "months", "July 2020");
    assert_eq!(july, ["1", "4", "0", "0", "2", "0", "3", "0"]);
    // Of the three, that of the fourth of July and the two before are aged at its end.
    assert_eq!(row(&html, "stock", "July 2020"), ["3", "0", "3", "3"]);
    assert_eq!(row(&html, "stock", "August 2020")[..3], ["6", "1", "5"]);
    assert_eq!(row(&html, "aged", "July 2020"), ["2", "0", "0.00"]);
    let providers = row(&html, "providers", "August 2020");
    assert_eq!(providers, ["1", "4", "0", "4", "2", "2", "1", "0"]);
    assert!(html.contains("<svg role=\"img\" aria-labelledby=\"chart-open-title"));
    let open = "in the table of open tickets from month to month.";
    assert!(html.contains(open));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_is_read_as_csv_by_whom_it_is_shown_to() {
    let (_dir, views, _) = story().await;
    let client = client(&views);
    let officer = Who::Everywhere(Role::Officer);
    let html = client.get("/brent/service-levels", officer).await.text;
    let path = "/brent/service-levels/csv/months";
    assert!(html.contains(&format!("<a href=\"{path}\">")));
    let csv = client.get(path, officer).await;
    assert_eq!(csv.headers["content-type"], "text/csv; charset=utf-8");
    let line = "July 2020,2020-07-01,2020-07-31,1,1,50.00,95,1,50.00,120.0,120.0,";
    assert!(csv.text.contains(line), "{}", csv.text);
    let remarks = "\"Attainment, percent: below 95; Within target, without aged: of 2\"\r\n";
    assert!(csv.text.contains(remarks), "{}", csv.text);
    assert_eq!(client.get("/brent/csv/months", officer).await.status, 200);
    let missing = "/brent/service-levels/csv/no-table";
    assert_eq!(client.get(missing, officer).await.status, 404);
    for (who, status) in [
        (officer, 200),
        (Who::Everywhere(Role::Committee), 404),
        (Who::Nobody, 404),
    ] {
        let urgent = client.get("/joint/service-levels/csv/urgent", who).await;
        assert_eq!(urgent.status, status, "{who:?}");
    }
    let past = "/brent/backlog/csv/months?as_at=2020-07-07T00:00:00Z";
    let past = client.get(past, officer).await.text;
    assert!(
        past.contains("July 2020,2020-07-01,2020-07-31,1,3,0,0,1,0,3,0,partial\r\n"),
        "{past}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_agreement_there_is_no_attainment_and_the_page_says_why() {
    let dir = TempDir::new().unwrap();
    let views = Record::new(true).views(&dir).await;
    let html = shown(&views, Topic::ServiceLevels, BRENT).await;
    let july = row(&html, "months", "July 2020");
    assert_eq!(july[..3], ["no agreement"; 3]);
    assert!(html.contains("no agreement on targets and service hours recorded"));
    assert_eq!(row(&html, "bands", "No agreement")[5], "4");
    let html = shown(&views, Topic::Backlog, BRENT).await;
    let stock = row(&html, "stock", "July 2020");
    assert_eq!(stock, ["3", "0", "3", "no agreement"]);
    assert!(!html.contains("<strong>Not covered.</strong>"));
}
