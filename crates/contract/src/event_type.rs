//! CloudEvents `type`: `org.townclerk.<family>.<what-happened>.v<version>`.

use townclerk_domain::identity::AggregateKind;

const PREFIX: &str = "org.townclerk.";

/// The version that is written today of every event type.
pub const VERSION: u32 = 1;

pub fn event_type(kind: AggregateKind, what: &str) -> String {
    format!("{PREFIX}{}.{what}.v{VERSION}", kind.family().token())
}

/// What happened and in which version; `None` if it is no type of this kind's family.
pub fn parse_event_type(kind: AggregateKind, text: &str) -> Option<(&str, u32)> {
    let (what, version) = text
        .strip_prefix(PREFIX)?
        .strip_prefix(kind.family().token())?
        .strip_prefix('.')?
        .rsplit_once(".v")?;
    Some((what, version.parse().ok()?))
}
