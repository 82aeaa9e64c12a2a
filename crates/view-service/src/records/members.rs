//! The councils of the partnership: since when each is a member, whether it gave notice, its last day.

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::names::{Code, Scope};
use townclerk_domain::partnership::Membership;
use townclerk_views::registry::Registry;

use super::ReadError;
use super::parameters::{Takes, Wanted};
use crate::public;
use crate::query::Params;
use crate::reads::{Reader, ViewRows};

/// A partnership has a bounded number of councils: the list has no pages.
pub(super) const TAKES: Takes = Takes {
    names: &["known_at"],
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Members {
    scope: Scope,
    members: Vec<MemberShown>,
}

#[derive(Serialize, JsonSchema)]
struct MemberShown {
    council: Code,
    /// As people write it.
    name: String,
    gss_code: Option<String>,
    /// The first day of membership, in London.
    from: Date,
    /// The day on which notice was given first.
    notice_given: Option<Date>,
    /// The last day as notice was given of it.
    intended_last_day: Option<Date>,
    /// The last day, once the council left: its records count on it, and not after.
    last_day: Option<Date>,
}

/// The councils that are or were members; of a council's own scope that council.
///
/// # Errors
/// What cannot be read, or what is wrong with the rows.
pub(super) fn members(
    rows: &ViewRows<'_>,
    reader: Reader,
    scope: &Scope,
    params: &Params,
) -> Result<Members, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    public::moments_fit(reader, wanted.basis)?;
    let registry = rows.with_rows(|rows| Registry::read(rows, wanted.basis.known_at))?;
    let of_scope = registry.members.into_iter().filter(|member| match scope {
        Scope::Joint => true,
        Scope::Log(log) if log.is_shared() => true,
        Scope::Log(log) => log.council() == Some(&member.joined.council),
    });
    Ok(Members {
        scope: scope.clone(),
        members: of_scope.map(MemberShown::of).collect(),
    })
}

impl MemberShown {
    fn of(membership: Membership) -> Self {
        let Membership {
            joined,
            notice,
            notice_given,
            last_day,
        } = membership;
        Self {
            council: joined.council,
            name: joined.name,
            gss_code: joined.gss_code,
            from: joined.from,
            notice_given,
            intended_last_day: notice,
            last_day,
        }
    }
}
