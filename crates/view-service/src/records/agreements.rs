//! What councils agreed on the availability of services, and logs on the service level of tickets.

use std::cmp::Reverse;

use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_domain::availability::Agreement;
use townclerk_domain::decimal::Decimal;
use townclerk_domain::names::{Code, LogName, Scope};
use townclerk_domain::service_time::ServiceTime;
use townclerk_views::agreed::agreed_facts;
use townclerk_views::registry::Registry;

use super::ReadError;
use super::parameters::{Takes, Wanted};
use super::service_agreements::ServiceAgreements;
use crate::query::Params;
use crate::reads::ViewRows;

/// What is agreed carries its own days, and has no page: a council has a bounded number of them.
pub(super) const TAKES: Takes = Takes {
    names: &["known_at"],
    ..Takes::PAGES
};

#[derive(Serialize, JsonSchema)]
pub(super) struct Agreed {
    scope: Scope,
    /// On availability.
    agreements: Vec<AgreementShown>,
    #[serde(flatten)]
    service: ServiceAgreements,
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
    /// Whether the holidays of the council's log are left out of the agreed service time.
    except_holidays: bool,
    from: Date,
    /// Last day, where it was ended. A later agreement on the service ends it too.
    through: Option<Date>,
}

/// The agreements of a scope's councils and logs, those that begin last first.
pub(super) fn agreements(
    view: &ViewRows<'_>,
    scope: &Scope,
    params: &Params,
) -> Result<Agreed, ReadError> {
    let wanted = Wanted::read(&TAKES, params)?;
    let known_at = wanted.basis.known_at;
    let (registry, service) = view.with_rows(|rows| {
        let mut service = ServiceAgreements::default();
        for log in view.view().logs().map(|log| log.name()) {
            if matches!(scope, Scope::Joint) || matches!(scope, Scope::Log(own) if own == log) {
                service.add(log, &agreed_facts(rows, log, known_at)?);
            }
        }
        Ok((Registry::read(rows, known_at)?, service))
    })?;
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
        service: service.sorted(),
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
            except_holidays: agreed.except_holidays,
            from: agreed.from,
            through: agreement.through,
        }
    }
}
