//! One record with its recorded events.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use townclerk_app::access::Caller;
use townclerk_app::http::Problem;
use townclerk_domain::decider::Decider;
use townclerk_domain::identity::{AggregateId, canonical_uuid};
use townclerk_domain::names::{LogName, Scope};
use townclerk_view_store::store::Store;
use townclerk_views::figures::Reading;
use townclerk_views::kept::{Kept, evolved, facts};
use townclerk_views::key::timeline;
use townclerk_views::lists;
use townclerk_views::row::Row;
use townclerk_views::rows::{Rows, RowsError, Stoppable};
use uuid::Uuid;

use super::ReadError;
use super::events::{EventShown, entries, events};
use super::list::{Beside, Listable};
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::ViewRows;
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

/// One record, and where its events stand in its log.
pub(super) struct Recorded<S> {
    pub log: LogName,
    pub id: Uuid,
    pub held: bool,
    pub state: Option<S>,
    pub entries: Vec<(u64, Timestamp)>,
}

impl<S> Recorded<S> {
    /// With its events, read from the log.
    pub async fn with_events(
        self,
        view: &View,
        caller: &Caller,
    ) -> Result<WithEvents<S>, ReadError> {
        let positions = caller.reads_log(self.log.as_str());
        Ok(WithEvents {
            events: events(view, &self.log, self.entries, positions).await?,
            log: self.log,
            id: self.id,
            void: self.state.is_none(),
            held: self.held,
            state: self.state,
        })
    }
}

/// One record of a scope, as it stood where `as_at` or `known_at` say so, with all its events.
///
/// A council's view finds every shared one by its id, whether it touches that council or not:
/// anyone who reads that view reads `shared` too.
pub(super) fn one<L: Listable>(
    view: &ViewRows<'_>,
    scope: &Scope,
    id: &str,
    params: &Params,
) -> Result<Recorded<L::Shown>, ReadError> {
    let Wanted { basis, .. } = Wanted::read(&Takes::ONE, params)?;
    let missing = || Problem::not_found(format!("{} {id} in the view {scope}", L::KIND));
    let uuid = canonical_uuid(id).ok_or_else(missing)?;
    let read = |reading: &Reading<'_, Stoppable<'_, Store>>| {
        let Some((log, row)) = found::<L>(reading.rows, &logs_of(view.view(), scope), uuid)? else {
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
                held,
                stands,
            };
            L::shown(&kept, &beside)
        });
        Ok(Some((log, shown, held, entries(&row.timeline))))
    };
    let (log, state, held, entries) = view.with_reading(read)?.ok_or_else(missing)?;
    Ok(Recorded {
        log,
        id: uuid,
        held,
        state,
        entries,
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
