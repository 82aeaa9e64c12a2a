//! Every route, every role, every council: the table of the whole system against the rules.

use townclerk_app::access::Role;
use townclerk_app::http::testing::{Client, Entry, Knock, REACHED, Who, try_every_route};
use townclerk_domain::names::{JOINT, SHARED};
use townclerk_tests::composition::Composition;

/// Which role a command is for, by its path; `None` for what is no command.
fn commander(path: &str) -> Option<Role> {
    let commands = [
        ("/tickets", Role::ServiceDesk),
        ("/changes", Role::Change),
        ("/freezes", Role::Change),
        ("/gates", Role::Change),
        ("/outages", Role::Change),
        ("/maintenance", Role::Change),
        ("/recovery-tests", Role::Change),
        ("/agreements", Role::Operator),
        ("/programmes", Role::Officer),
        ("/posts", Role::Officer),
        ("/coverages", Role::Officer),
        ("/claims", Role::Officer),
        ("/partnerships", Role::Operator),
    ];
    if path.starts_with("/v1/councils/{log}/facts") {
        return Some(Role::Partner);
    }
    let of_log = path.strip_prefix("/v1/logs/{log}")?;
    commands
        .into_iter()
        .find(|(resource, _)| of_log.starts_with(resource))
        .map(|(_, role)| role)
}

/// Whether a role reads a view, and whether with a token for [`REACHED`] alone.
fn reads(role: Role, view: &str) -> (bool, bool) {
    match (role, view) {
        (Role::Committee, JOINT) => (true, true),
        (Role::Committee, _) => (false, false),
        (Role::Officer | Role::Operator, JOINT) => (true, false),
        (_, JOINT) => (false, false),
        (_, SHARED) => (true, true),
        (_, council) => (true, council == REACHED),
    }
}

/// Whether somebody reads the events of a log.
fn reads_events(who: Who, log: &str) -> Entry {
    let (role, everywhere) = match who {
        Who::Nobody | Who::Stranger => return Entry::WhoAsks,
        Who::Everywhere(role) => (role, true),
        Who::Local(role) => (role, false),
    };
    let reaches = everywhere || log == REACHED;
    let reads = match role {
        Role::Partner => reaches || log == SHARED,
        Role::Officer | Role::Operator => reaches,
        Role::ServiceDesk | Role::Change | Role::Committee => false,
    };
    match reads {
        true => Entry::Admitted,
        false => Entry::Forbidden,
    }
}

/// The rules, written down once more and independently.
fn expected(knock: &Knock<'_>) -> Entry {
    let path = knock.route.path.as_str();
    let is_public = matches!(
        path,
        "/livez"
            | "/readyz"
            | "/v1/views"
            | "/v1/public-figures"
            | "/session"
            | "/session/end"
            | "/"
            | "/sign-in"
    );
    // Pages of figures are as public as the figures; what lists records is not.
    let page = path.strip_prefix("/{view}");
    let lists_records = |page: &str| page.starts_with("/findings") || page.starts_with("/tickets/");
    let shows_figures = page.is_some_and(|page| !lists_records(page));
    let is_open = path.ends_with("/figures") || path.ends_with("/members") || shows_figures;
    let joint_figures = knock.name == JOINT && is_open;
    let roles: Vec<Role> = match (commander(path), path) {
        (Some(role), _) => vec![role],
        (None, "/v1/views/{view}/rebuild" | "/v1/views/{view}/verify") => vec![Role::Operator],
        (None, _) if path.contains("/tickets") || path == "/v1/views/{view}/service-levels" => {
            Role::ALL
                .into_iter()
                .filter(|role| *role != Role::Committee)
                .collect()
        }
        (None, _) => Role::ALL.to_vec(),
    };
    if path == "/v1/logs/{log}/events" {
        return reads_events(knock.who, knock.name);
    }
    let may = |role: Role, everywhere: bool| {
        if !roles.contains(&role) {
            return false;
        }
        let (all, local) = match commander(path) {
            Some(_) => (true, knock.name == REACHED),
            None => reads(role, knock.name),
        };
        if everywhere { all } else { local }
    };
    match knock.who {
        // Whether a form's token is right is the form's own question.
        _ if path.starts_with("/session") && knock.who == Who::Stranger => Entry::Admitted,
        _ if is_public => Entry::Admitted,
        Who::Stranger => Entry::WhoAsks,
        _ if joint_figures => Entry::Admitted,
        Who::Nobody => Entry::WhoAsks,
        Who::Everywhere(role) if may(role, true) => Entry::Admitted,
        Who::Local(role) if may(role, false) => Entry::Admitted,
        Who::Everywhere(_) | Who::Local(_) => Entry::Forbidden,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_admits_exactly_whom_the_rules_say() {
    let composition = Composition::of_everything().await;
    let client = Client::new(composition.router.clone());
    let knocks = try_every_route(&client, &composition.routes, expected).await;
    assert!(knocks > 1_000, "{knocks}");
    for log in &composition.logs {
        assert_eq!(
            log.head().await.unwrap().sequence,
            0,
            "knocking records nothing"
        );
    }
    composition.stop().await;
}
