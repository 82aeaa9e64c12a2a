//! Who reads records.

use townclerk_app::access::Role;
use townclerk_app::http::testing::{Entry, Knock, NOT_REACHED, REACHED, Who, try_every_route};
use townclerk_domain::names::{JOINT, SHARED};

use super::history::History;

/// Whether a role reads records of a view, with a token for all councils or for one.
fn reads(role: Role, everywhere: bool, view: &str, of_tickets: bool) -> bool {
    match (role, view) {
        (Role::Committee, view) => view == JOINT && !of_tickets,
        (Role::Officer | Role::Operator, JOINT) => everywhere,
        (_, JOINT) => false,
        (_, SHARED | REACHED) => true,
        (_, NOT_REACHED) => everywhere,
        (_, other) => panic!("{other} is not asked for"),
    }
}

fn expected(knock: &Knock<'_>) -> Entry {
    let path = &knock.route.path;
    let of_tickets = path.contains("/tickets") || path.contains("/service-levels");
    let admitted = match knock.who {
        // Who is a member stands beside the figures of all councils.
        who if who != Who::Stranger && path.ends_with("/members") && knock.name == JOINT => true,
        Who::Nobody | Who::Stranger => return Entry::WhoAsks,
        Who::Everywhere(role) => reads(role, true, knock.name, of_tickets),
        Who::Local(role) => reads(role, false, knock.name, of_tickets),
    };
    match admitted {
        true => Entry::Admitted,
        false => Entry::Forbidden,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_are_for_those_who_read_the_view_and_but_for_membership_never_for_anybody() {
    let service = History::new().served().await;
    assert_eq!(service.routes.len(), 18);
    let knocks = try_every_route(&service.client, &service.routes, expected).await;
    assert_eq!(knocks, 18 * 4 * Who::everybody().len());
}
