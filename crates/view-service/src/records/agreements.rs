//! What councils agreed on the availability of services.

use std::cmp::Reverse;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::availability::Agreement;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::service_time::ServiceTime;
use townclerk_views::registry::Registry;

use super::ReadError;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::view::View;

/// What is agreed carries its own days, and has no page: a council has a bounded number of them.
pub(super) const TAKES: Takes = Takes {
    names: &["known_at"],
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Agreed {
    scope: Scope,
    agreements: Vec<AgreementShown>,
}

#[derive(Serialize, JsonSchema)]
struct AgreementShown {
    council: LogName,
    /// Whether what the council agreed was made up for a demonstration, at least in part.
    sample: bool,
    service: Code,
    service_time: ServiceTime,
    target: Decimal,
    notice_hours: u32,
    from: Date,
    /// Last day, where it was ended. A later agreement on the service ends it too.
    through: Option<Date>,
}

/// The agreements of a scope's councils, those that begin last first.
pub(super) fn agreements(view: &View, scope: &Scope, params: &Params) -> Result<Agreed, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    let registry = view.with_rows(|rows| Registry::read(rows, wanted.basis.known_at))?;
    let councils = registry.agreements.into_iter();
    let councils = councils.filter(|(log, _)| match scope {
        Scope::Log(wanted) => log == wanted,
        Scope::Joint => true,
    });
    let mut agreements: Vec<AgreementShown> = councils
        .flat_map(|(council, kept)| {
            let each = kept.stands.0.into_iter();
            each.map(move |agreement| AgreementShown::of(council.clone(), kept.sample, agreement))
        })
        .collect();
    agreements.sort_by_cached_key(|a| (Reverse(a.from), a.council.clone(), a.service.clone()));
    Ok(Agreed {
        scope: scope.clone(),
        agreements,
    })
}

impl AgreementShown {
    fn of(council: LogName, sample: bool, agreement: Agreement) -> Self {
        let agreed = agreement.agreed;
        Self {
            council,
            sample,
            service: agreed.service,
            service_time: agreed.service_time,
            target: agreed.target,
            notice_hours: agreed.notice_hours,
            from: agreed.from,
            through: agreement.through,
        }
    }
}
