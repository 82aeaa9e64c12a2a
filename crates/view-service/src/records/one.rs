//! One record with its recorded events.

use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::http::Problem;
use townclerk_domain::decider::Decider;
use townclerk_domain::identity::{AggregateId, canonical_uuid};
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::figures::Reading;
use townclerk_views::kept::{Kept, evolved, facts};
use townclerk_views::key::timeline;
use townclerk_views::lists;
use townclerk_views::row::Row;
use townclerk_views::rows::{Rows, RowsError};
use uuid::Uuid;

use super::ReadError;
use super::events::{EventShown, entries, events};
use super::list::{Beside, Listable};
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::view::View;

#[derive(Serialize, JsonSchema)]
pub(super) struct WithEvents<S> {
    pub log: LogName,
    pub id: Uuid,
    /// Whether it leaves all figures: it was voided, or nothing was known of it at that time.
    pub void: bool,
    /// Whether its log holds a later event of it that cannot be read: what it says is not in here.
    pub held: bool,
    /// Absent where it is void.
    #[serde(flatten)]
    pub state: Option<S>,
    pub events: Vec<EventShown>,
}

/// One record of a scope, as it stood where `as_at` or `known_at` say so, with all its events.
///
/// A council's view finds every shared one by its id, whether it touches that council or not:
/// whoever reads that view reads `shared` too.
pub(super) async fn one<L: Listable>(
    view: &View,
    scope: &Scope,
    id: &str,
    params: &Params,
) -> Result<WithEvents<L::Shown>, ReadError> {
    let Wanted { basis, .. } = Wanted::read(&Takes::ONE, params)?;
    let missing = || Problem::not_found(format!("{} {id} in the view {scope}", L::KIND));
    let uuid = canonical_uuid(id).ok_or_else(missing)?;
    let read = |reading: &Reading<'_, _>| {
        let Some((log, row)) = found::<L>(reading.rows, &logs_of(view, scope), uuid)? else {
            return Ok(None);
        };
        let standing = facts(&row, basis)?;
        let stands = evolved::<L>(&standing);
        let held = lists::is_held(reading.rows, &log, L::KIND, uuid)?;
        let beside = Beside::read::<L, _>(reading, scope, basis)?;
        let shown = stands.map(|stands| {
            let kept = Kept {
                log: log.clone(),
                id: uuid,
                sample: row.sample,
                last_happened: standing.last().map(|last| last.happened),
                stands,
            };
            L::shown(&kept, &beside)
        });
        Ok(Some((log, shown, held, entries(&row.timeline))))
    };
    let found = tokio::task::block_in_place(|| view.with_reading(read))?;
    let (log, state, held, entries) = found.ok_or_else(missing)?;
    let events = events(view, &log, entries).await?;
    Ok(WithEvents {
        log,
        id: uuid,
        void: state.is_none(),
        held,
        state,
        events,
    })
}

/// A row, and the log that it was found for.
type Located<F> = (LogName, Row<F>);

/// The row of an aggregate, in the first of the logs that has one.
fn found<D: Decider>(
    rows: &impl Rows,
    logs: &[LogName],
    id: Uuid,
) -> Result<Option<Located<D::Fact>>, RowsError> {
    for log in logs {
        let key = timeline::key(log, AggregateId { kind: D::KIND, id });
        if let Some(value) = rows.get(&key)? {
            return Ok(Some((log.clone(), Row::decode(&value)?)));
        }
    }
    Ok(None)
}

/// The logs in which a record of a scope can stand.
fn logs_of(view: &View, scope: &Scope) -> Vec<LogName> {
    match scope {
        Scope::Log(log) => vec![log.clone(), LogName::shared()],
        Scope::Joint => view.logs().map(|log| log.name().clone()).collect(),
    }
}
