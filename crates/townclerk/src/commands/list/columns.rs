//! The columns in which `townclerk list` shows records.

use crate::cli::Sort;

/// What stands in a column: its header, and where the value is found in a record.
pub type Column = (&'static str, &'static str);

/// Where a record says of which part it is; empty where it is of all.
pub const BREAKDOWN: &str = "/breakdown";

pub fn columns(sort: Sort) -> &'static [Column] {
    match sort {
        Sort::Tickets => TICKETS,
        Sort::Changes => CHANGES,
        Sort::Outages => OUTAGES,
        Sort::Freezes => FREEZES,
        Sort::Gates => GATES,
        Sort::Programmes => PROGRAMMES,
        Sort::Posts => POSTS,
        Sort::RecoveryTests => RECOVERY_TESTS,
        Sort::Interims => INTERIMS,
        Sort::Agreements => AGREEMENTS,
        Sort::Findings => FINDINGS,
        Sort::Claims => CLAIMS,
        Sort::ServiceLevels => SERVICE_LEVELS,
    }
}

const TICKETS: &[Column] = &[
    ("logged", "/logged"),
    ("status", "/status"),
    ("kind", "/kind"),
    ("priority", "/priority"),
    ("service", "/service"),
    ("category", "/category"),
    ("id", "/id"),
];

const CHANGES: &[Column] = &[
    ("requested", "/requested_at"),
    ("log", "/log"),
    ("status", "/status"),
    ("type", "/change_type"),
    ("title", "/title"),
    ("started", "/started"),
    ("outcome", "/closed/outcome"),
    ("review due", "/review_due/by"),
    ("findings", "/findings"),
    ("id", "/id"),
];

const OUTAGES: &[Column] = &[
    ("began", "/began"),
    ("log", "/log"),
    ("status", "/status"),
    ("nature", "/nature"),
    ("title", "/title"),
    ("councils", "/councils"),
    ("minutes", "/duration_minutes"),
    ("cause", "/cause/component"),
    ("id", "/id"),
];

const FREEZES: &[Column] = &[
    ("from", "/from"),
    ("ends", "/ends"),
    ("until", "/until"),
    ("log", "/log"),
    ("title", "/title"),
    ("holds", "/holds"),
    ("id", "/id"),
];

const GATES: &[Column] = &[
    ("set", "/set"),
    ("opened", "/opened"),
    ("log", "/log"),
    ("title", "/title"),
    ("project", "/project"),
    ("id", "/id"),
];

const PROGRAMMES: &[Column] = &[
    ("opened", "/opened"),
    ("completed", "/completed"),
    ("log", "/log"),
    ("title", "/title"),
    ("paused", "/paused"),
    ("days", "/elapsed_days"),
    ("planned", "/planned_days"),
    ("id", "/id"),
];

const POSTS: &[Column] = &[
    ("created", "/created"),
    ("log", "/log"),
    ("role", "/role"),
    ("team", "/team"),
    ("held by", "/holder/appointment"),
    ("until", "/holder/until"),
    ("vacant", "/vacant"),
    ("deleted", "/deleted"),
    ("id", "/id"),
];

const RECOVERY_TESTS: &[Column] = &[
    ("tested", "/tested"),
    ("log", "/log"),
    ("group", "/group"),
    ("target", "/target_minutes"),
    ("achieved", "/achieved_minutes"),
    ("within target", "/within_target"),
];

const INTERIMS: &[Column] = &[
    ("until", "/until"),
    ("days left", "/days_left"),
    ("expired", "/expired"),
    ("log", "/log"),
    ("role", "/role"),
    ("team", "/team"),
    ("since", "/since"),
    ("id", "/id"),
];

const AGREEMENTS: &[Column] = &[
    ("council", "/council"),
    ("service", "/service"),
    ("target", "/target"),
    ("service time", "/service_time"),
    ("hours of notice", "/notice_hours"),
    ("except holidays", "/except_holidays"),
    ("from", "/from"),
    ("through", "/through"),
];

const FINDINGS: &[Column] = &[
    ("at", "/at"),
    ("log", "/log"),
    ("finding", "/kind"),
    ("detail", "/detail"),
    ("by", "/by"),
    ("record", "/aggregate"),
];

const CLAIMS: &[Column] = &[
    ("measure", "/measure"),
    ("period", "/period/label"),
    ("of", BREAKDOWN),
    ("published", "/value"),
    ("precision", "/precision"),
    ("unit", "/unit"),
    ("ours", "/ours"),
    ("verdict", "/verdict"),
    ("differs by", "/differs_by"),
    ("why", "/why"),
    ("source", "/source"),
    ("log", "/log"),
    ("id", "/id"),
];

const SERVICE_LEVELS: &[Column] = &[
    ("due", "/due"),
    ("band", "/band"),
    ("minutes left", "/left_minutes"),
    ("log", "/log"),
    ("kind", "/kind"),
    ("priority", "/priority"),
    ("service", "/service"),
    ("status", "/status"),
    ("logged", "/logged"),
    ("id", "/id"),
];

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::*;

    #[test]
    fn every_sort_has_columns_that_name_themselves_once() {
        for sort in Sort::value_variants() {
            let headers: Vec<&str> = columns(*sort).iter().map(|(header, _)| *header).collect();
            let mut once = headers.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), headers.len(), "{sort:?}");
            assert!(columns(*sort).iter().all(|(_, path)| path.starts_with('/')));
        }
    }
}
