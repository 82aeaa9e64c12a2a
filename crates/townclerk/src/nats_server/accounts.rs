//! The accounts of one server: one for each log, one for each partner, and for each user just the
//! subjects that it needs.
//!
//! *Invariant*: nobody may delete or purge a stream or a message, and only the operator may make
//! or change the stream. Anyone who is in the account of a log is still trusted with that log: NATS
//! lets a reader name any subject of its account as the place for an answer. A partner is in no
//! such account: it has one of its own, into which just its own durables and requests are led.

use std::fmt::Write;

use townclerk_contract::subject::{
    FACTS_OF_PARTNERS, GATEWAY_GROUP, STARTS_OF_PARTNERS, STREAM, durable_of, facts_of, start_of,
};
use townclerk_domain::names::LogName;
use townclerk_event_log::jetstream::{Role, inbox_prefix};

use super::account_name;
use super::credentials::Credentials;
use crate::town::Partner;

/// Where a partner receives answers: it is alone in its account, so what clients do by themselves
/// will do.
const PARTNER_INBOX: &str = "_INBOX";

/// Connections and subscriptions of one partner at a time.
const PARTNER_LIMITS: &str = "limits: { max_conn: 16, max_subs: 1024 }";

/// What a partner's account imports of its council's beside what it uses. Without it the server gives
/// the account a `$JS.API.>` of its own, which answers every question for a consumer first, with
/// "JetStream not enabled". The partner's user may not send to it.
const SHADOWED: &str = "$JS.API.INFO";

/// How long a gateway may take for an answer, which is as long as the server remembers that one is
/// due.
const ANSWER_WITHIN: &str = "2m";

/// All accounts beside the server's own, as they stand between the braces of `accounts`.
pub(super) fn render(credentials: &Credentials) -> String {
    let mut text = String::new();
    for log in credentials.logs() {
        push_log(&mut text, log, credentials);
    }
    for (partner, user) in credentials.partners() {
        push_partner(&mut text, partner, user.public_key(), credentials);
    }
    text
}

fn push_log(text: &mut String, log: &str, credentials: &Credentials) {
    let account = account_name(log);
    push(
        text,
        format_args!("  {account} {{\n    jetstream: enabled\n    users: [\n"),
    );
    for role in Role::ALL {
        if let Some(user) = credentials.user(log, role) {
            let mut listen = vec![format!("{}.>", inbox_prefix(log, role))];
            if role == Role::Gateway {
                // Only in the group, so that nobody hears a request that another answers.
                listen.extend(
                    [FACTS_OF_PARTNERS, STARTS_OF_PARTNERS]
                        .map(|subjects| format!("{subjects} {GATEWAY_GROUP}")),
                );
            }
            push_user(
                text,
                user.public_key(),
                &Allowed {
                    publish: may_publish(log, role),
                    listen,
                    answers: role == Role::Gateway,
                },
            );
        }
    }
    text.push_str("    ]\n");
    let exports: Vec<String> = credentials
        .partners()
        .filter_map(|(partner, _)| Some((partner, log_of(partner, log)?)))
        .flat_map(|(partner, log)| {
            let account = account_name(&partner.name());
            doors(&log, partner).into_iter().map(move |door| {
                let streamed = match door.streamed {
                    true => ", response_type: stream",
                    false => "",
                };
                let subject = door.subject;
                format!("      {{ service: \"{subject}\"{streamed}, accounts: [{account}] }}\n")
            })
        })
        .collect();
    let own: Vec<String> = credentials
        .partners()
        .filter(|(partner, _)| partner.council.as_str() == log)
        .map(|(partner, _)| account_name(&partner.name()))
        .collect();
    if !exports.is_empty() {
        push(text, format_args!("    exports: [\n{}", exports.concat()));
        if !own.is_empty() {
            let own = own.join(", ");
            push(
                text,
                format_args!("      {{ service: \"{SHADOWED}\", accounts: [{own}] }}\n"),
            );
        }
        text.push_str("    ]\n");
    }
    text.push_str("  }\n");
}

fn push_partner(text: &mut String, partner: &Partner, public_key: &str, credentials: &Credentials) {
    let account = account_name(&partner.name());
    let logs = credentials.logs();
    let doors: Vec<(String, Door)> = logs
        .filter_map(|log| log_of(partner, log))
        .flat_map(|log| {
            let account = account_name(log.as_str());
            let doors = doors(&log, partner).into_iter();
            doors.map(move |door| (account.clone(), door))
        })
        .collect();
    push(
        text,
        format_args!("  {account} {{\n    {PARTNER_LIMITS}\n    users: [\n"),
    );
    let allowed = Allowed {
        publish: doors.iter().map(|(_, door)| door.inside.clone()).collect(),
        listen: vec![format!("{PARTNER_INBOX}.>")],
        answers: false,
    };
    push_user(text, public_key, &allowed);
    let own = account_name(partner.council.as_str());
    push(
        text,
        format_args!(
            "    ]\n    imports: [\n      {{ service: {{ account: {own}, subject: \"{SHADOWED}\" }} }}\n"
        ),
    );
    for (account, door) in &doors {
        let Door {
            subject, inside, ..
        } = door;
        push(
            text,
            format_args!(
                "      {{ service: {{ account: {account}, subject: \"{subject}\" }}, to: \"{inside}\" }}\n"
            ),
        );
    }
    text.push_str("    ]\n  }\n");
}

/// One way out of a partner's account.
struct Door {
    /// What it is called in the account of the log.
    subject: String,
    /// What it is called in the account of the partner.
    inside: String,
    /// Whether one request has many answers.
    streamed: bool,
}

/// What of one log a partner may use.
fn doors(log: &LogName, partner: &Partner) -> Vec<Door> {
    let id = partner.id();
    let durable = durable_of(log, &id);
    let same = |subject: String| Door {
        inside: subject.clone(),
        subject,
        streamed: false,
    };
    let mut doors = Vec::with_capacity(6);
    if !log.is_shared() {
        doors.push(Door {
            subject: facts_of(&id),
            inside: facts_of(log.as_str()),
            streamed: false,
        });
    }
    doors.push(Door {
        subject: start_of(&id),
        inside: start_of(log.as_str()),
        streamed: false,
    });
    doors.push(same(format!("$JS.API.CONSUMER.INFO.{STREAM}.{durable}")));
    doors.push(Door {
        streamed: true,
        ..same(format!("$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{durable}"))
    });
    // An acknowledgement in the old form, and with domain and account before the stream.
    doors.push(same(format!("$JS.ACK.{STREAM}.{durable}.>")));
    doors.push(same(format!("$JS.ACK.*.*.{STREAM}.{durable}.>")));
    doors
}

/// The log of that name, if the partner may read it.
fn log_of(partner: &Partner, log: &str) -> Option<LogName> {
    let log = LogName::new(log).ok()?;
    let reads = log.council().is_none_or(|own| *own == partner.council);
    reads.then_some(log)
}

/// What one user may do. All that is not here is refused.
pub(super) struct Allowed {
    pub publish: Vec<String>,
    pub listen: Vec<String>,
    /// Whether it may answer once to whatever subject a request names.
    pub answers: bool,
}

pub(super) fn push_user(text: &mut String, public_key: &str, allowed: &Allowed) {
    let list = |subjects: &[String]| -> String {
        let lines = subjects.iter();
        lines
            .map(|subject| format!("          \"{subject}\"\n"))
            .collect()
    };
    let answers = match allowed.answers {
        true => format!("        allow_responses: {{ max: 1, expires: \"{ANSWER_WITHIN}\" }}\n"),
        false => String::new(),
    };
    push(
        text,
        format_args!(
            "      {{ nkey: {public_key}, permissions: {{\n\
             \x20       publish: {{ allow: [\n{}        ] }}\n\
             \x20       subscribe: {{ allow: [\n{}        ] }}\n{answers}      }} }}\n",
            list(&allowed.publish),
            list(&allowed.listen),
        ),
    );
}

/// The subjects that a user of a log may send to.
fn may_publish(log: &str, role: Role) -> Vec<String> {
    let subjects: &[&str] = match role {
        Role::Operator => &[
            "$JS.API.INFO",
            "$JS.API.STREAM.NAMES",
            "$JS.API.STREAM.CREATE.{stream}",
            "$JS.API.STREAM.UPDATE.{stream}",
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.STREAM.MSG.GET.{stream}",
        ],
        Role::Writer => &[
            "tc.{log}.>",
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.STREAM.MSG.GET.{stream}",
        ],
        Role::Reader => &[
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.STREAM.MSG.GET.{stream}",
            "$JS.API.CONSUMER.CREATE.{stream}",
            "$JS.API.CONSUMER.CREATE.{stream}.>",
            "$JS.API.CONSUMER.INFO.{stream}.>",
            "$JS.API.CONSUMER.DELETE.{stream}.>",
            "$JS.API.CONSUMER.MSG.NEXT.{stream}.>",
            // An acknowledgement in the old form, and with domain and account before the stream.
            "$JS.ACK.{stream}.>",
            "$JS.ACK.*.*.{stream}.>",
            "$JS.FC.{stream}.>",
        ],
        // Durables of partners are made and removed; none is read, and none has a filter.
        Role::Gateway => &[
            "$JS.API.INFO",
            "$JS.API.STREAM.INFO.{stream}",
            "$JS.API.CONSUMER.CREATE.{stream}.*",
            "$JS.API.CONSUMER.INFO.{stream}.*",
            "$JS.API.CONSUMER.DELETE.{stream}.*",
        ],
    };
    subjects
        .iter()
        .map(|subject| subject.replace("{log}", log).replace("{stream}", STREAM))
        .collect()
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let written = text.write_fmt(arguments);
    debug_assert!(written.is_ok(), "a String takes all that is written to it");
}
