//! Lists of what a ledger holds, for one scope, newest first and page by page.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::ser::{Serialize, SerializeMap, Serializer};
use townclerk_domain::names::{LogName, Scope};
use townclerk_views::basis::Basis;
use townclerk_views::figures::Reading;
use townclerk_views::findings::{FindingKind, findings};
use townclerk_views::kept::{Kept, there_up_to};
use townclerk_views::kinds::few::Few;
use townclerk_views::lists::{Listed, PageEnd};
use townclerk_views::rows::{Rows, RowsError};
use uuid::Uuid;

use super::ReadError;
use super::page_end;
use super::parameters::{Takes, Wanted};
use crate::query::Params;
use crate::reads::ViewRows;

/// A kind of record of which a ledger has all, and how it is shown.
pub(super) trait Listable: Few {
    /// As it is shown, apart from its log and id.
    type Shown: Serialize + JsonSchema + Send;

    /// The key of the list in the answer.
    const PLURAL: &'static str;
    const TAKES: Takes = Takes::PAGES;
    /// Whether what is shown names the findings about it.
    const TELLS_FINDINGS: bool = false;

    /// Whether it is one of those that are asked for in particular.
    fn is_wanted(_: &Self::Stands, _: &Wanted) -> bool {
        true
    }

    fn shown(kept: &Kept<Self::Stands>, beside: &Beside) -> Self::Shown;
}

/// What is known beside the record that is shown.
pub(super) struct Beside {
    pub as_at: Option<Timestamp>,
    /// The moment at which it is looked at, also where none is asked for.
    pub seen: Timestamp,
    findings: BTreeMap<(LogName, Uuid), BTreeSet<FindingKind>>,
}

impl Beside {
    /// What records of one kind are shown with.
    pub fn read<L: Listable, R: Rows>(
        reading: &Reading<'_, R>,
        scope: &Scope,
        basis: Basis,
    ) -> Result<Self, RowsError> {
        let mut beside = Self {
            as_at: basis.as_at,
            seen: reading.seen(scope, basis),
            findings: BTreeMap::new(),
        };
        if L::TELLS_FINDINGS {
            for finding in findings(reading, scope, basis)? {
                if finding.aggregate.kind == L::KIND {
                    let of = (finding.log, finding.aggregate.id);
                    beside.findings.entry(of).or_default().insert(finding.kind);
                }
            }
        }
        Ok(beside)
    }

    /// The codes of the findings about a record, each once.
    pub fn findings(&self, log: &LogName, id: Uuid) -> Vec<&'static str> {
        let found = self.findings.get(&(log.clone(), id)).into_iter().flatten();
        found.map(|kind| kind.code()).collect()
    }
}

/// A page of a list.
pub(super) struct Page<L: Listable> {
    pub scope: Scope,
    /// The moment at which they are looked at.
    pub seen: Timestamp,
    pub records: Vec<Shown<L::Shown>>,
    /// For the parameter `after` of the next page; null on the last one.
    pub next: Option<String>,
}

impl<L: Listable> Serialize for Page<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut page = serializer.serialize_map(Some(4))?;
        page.serialize_entry("scope", &self.scope)?;
        page.serialize_entry("seen", &self.seen)?;
        page.serialize_entry(L::PLURAL, &self.records)?;
        page.serialize_entry("next", &self.next)?;
        page.end()
    }
}

impl<L: Listable> JsonSchema for Page<L> {
    fn schema_name() -> Cow<'static, str> {
        format!("PageOf_{}", L::PLURAL).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "object",
            "properties": {
                "scope": generator.subschema_for::<Scope>(),
                "seen": {
                    "type": "string",
                    "format": "date-time",
                    "description": "The moment at which they are looked at.",
                },
                (L::PLURAL): generator.subschema_for::<Vec<Shown<L::Shown>>>(),
                "next": {
                    "type": ["string", "null"],
                    "description": "For the parameter `after` of the next page; null on the last one.",
                },
            },
            "required": ["scope", "seen", L::PLURAL, "next"],
        })
    }
}

/// One record of a list.
#[derive(serde::Serialize, JsonSchema)]
pub(super) struct Shown<S> {
    pub id: Uuid,
    pub log: LogName,
    /// Whether its log holds a later event of it that cannot be read: what it says is not in here.
    pub held: bool,
    #[serde(flatten)]
    pub state: S,
}

/// A page of the records of a scope.
pub(super) fn page<L: Listable>(
    view: &ViewRows<'_>,
    scope: &Scope,
    params: &Params,
) -> Result<Page<L>, ReadError> {
    let wanted = Wanted::read(&L::TAKES, params)?;
    let (page, end, positions) = view.with_reading(|reading| {
        let ledger = reading.ledger(scope, wanted.basis)?;
        let beside = Beside::read::<L, _>(reading, scope, wanted.basis)?;
        let after = wanted.after.as_ref();
        let positions = page_end::positions(after, reading, scope);
        // What was recorded since the first page would move records from one page to another.
        let as_first = match positions == page_end::positions(None, reading, scope) {
            true => None,
            false => Some(there_up_to::<L, _>(reading.rows, wanted.basis, &positions)?),
        };
        let all = as_first.as_deref().unwrap_or(L::kept(&ledger));
        let (found, end) = turned_to::<L>(all, scope, &wanted);
        let mut records = Vec::with_capacity(found.len());
        for kept in found {
            records.push(Shown {
                id: kept.id,
                log: kept.log.clone(),
                held: kept.held,
                state: L::shown(kept, &beside),
            });
        }
        let page = Page {
            scope: scope.clone(),
            seen: beside.seen,
            records,
            next: None,
        };
        Ok((page, end, positions))
    })?;
    let next = end.map(|end| page_end::written(&end, &positions));
    Ok(Page {
        next: next.transpose()?,
        ..page
    })
}

/// The records of a page, and where it ends if there is more.
fn turned_to<'a, L: Listable>(
    all: &'a [Kept<L::Stands>],
    scope: &Scope,
    wanted: &Wanted,
) -> (Vec<&'a Kept<L::Stands>>, Option<PageEnd>) {
    let open = |kept: &&Kept<L::Stands>| match wanted.listed {
        Listed::Open => L::is_open(&kept.stands),
        Listed::All => true,
    };
    let place = |kept: &Kept<L::Stands>| Reverse((L::began(&kept.stands), kept.id));
    let after = wanted
        .after
        .as_ref()
        .map(|after| Reverse((after.end.began, after.end.id)));
    let mut found: Vec<&Kept<L::Stands>> = all
        .iter()
        .filter(|kept| is_of::<L>(kept, scope))
        .filter(open)
        .filter(|kept| L::is_wanted(&kept.stands, wanted))
        .filter(|kept| after.is_none_or(|after| after < place(kept)))
        .collect();
    found.sort_by_key(|kept| place(kept));
    let more = found.len() > wanted.limit;
    found.truncate(wanted.limit);
    let last = found.last().filter(|_| more);
    let end = last.map(|kept| PageEnd {
        began: L::began(&kept.stands),
        id: kept.id,
    });
    (found, end)
}

fn is_of<L: Listable>(kept: &Kept<L::Stands>, scope: &Scope) -> bool {
    scope.has(&kept.log, |council| L::touches(&kept.stands, council))
}
