//! An outage as it stands, and how each fact changes it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::fact::{
    ActionAgreed, CauseFound, Declared, Effect, Escalated, MaintenancePlanned, OutageFact,
    ServiceRestored, Severity,
};
use crate::decimal::Decimal;
use crate::names::Code;
use crate::reference::Reference;
use crate::text::Text;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Maintenance of which notice was given and that has not begun.
    Planned,
    Open,
    Resolved,
    Closed,
    /// Maintenance that was called off before it began.
    Cancelled,
}

impl Status {
    /// In the order in which an outage has them.
    pub const ALL: [Self; 5] = [
        Self::Planned,
        Self::Open,
        Self::Resolved,
        Self::Closed,
        Self::Cancelled,
    ];

    pub fn code(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a record of this kind tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// Something failed, and nobody had announced it.
    Failure,
    /// A service is degraded, never down, and users have a way to work in spite of it while it is so,
    /// because its cause is known.
    KnownError,
    /// Of which notice was given, whatever became of it.
    Maintenance,
}

impl Nature {
    pub const ALL: [Self; 3] = [Self::Failure, Self::KnownError, Self::Maintenance];

    pub fn code(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::KnownError => "known-error",
            Self::Maintenance => "maintenance",
        }
    }
}

/// A remedial action as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    pub agreed: ActionAgreed,
    /// When it was agreed.
    pub agreed_at: Timestamp,
    pub completed: Option<Timestamp>,
}

/// Maintenance, and when notice of it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub maintenance: MaintenancePlanned,
    pub noticed: Timestamp,
}

/// How an outage began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    pub declared: Declared,
    /// Where the time is known only roughly: a moment within those days.
    pub at: Timestamp,
}

/// An outage as it stands; planned or begun, or both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outage {
    /// Every notice of maintenance that holds, in the order in which they were given.
    pub notices: Vec<Notice>,
    pub cancelled: Option<Timestamp>,
    pub begun: Option<Begun>,
    /// The councils that it hits or hit.
    pub councils: BTreeSet<Code>,
    /// Those of the councils that it hits no longer, because it was narrowed, and since when.
    pub gone: BTreeMap<Code, Timestamp>,
    /// With the time at which each began, and the time at which it was restored. Where the time of
    /// the outage is known only roughly neither is known.
    pub effects: Vec<Effect>,
    /// The services and councils that were restored, where effects cannot say so because the time
    /// of the outage is known only roughly.
    pub restored: BTreeSet<(Code, Code)>,
    pub users_percent: Option<Decimal>,
    pub workaround: Option<Text>,
    pub resolved: Option<Timestamp>,
    pub cause: Option<CauseFound>,
    /// Since when both its cause and a way to work in spite of it were known, where that was before
    /// it was resolved.
    pub explained: Option<Timestamp>,
    pub actions: Vec<Action>,
    pub escalations: Vec<Escalated>,
    pub review: Option<Text>,
    /// What caused it, as linked.
    pub linked: BTreeSet<Reference>,
    pub closed: Option<Timestamp>,
    pub recurred: Vec<Reference>,
}

impl Outage {
    pub fn status(&self) -> Status {
        match (&self.begun, self.resolved, self.closed) {
            (_, _, Some(_)) => Status::Closed,
            (_, Some(_), None) => Status::Resolved,
            (Some(_), None, None) => Status::Open,
            (None, None, None) if self.cancelled.is_some() => Status::Cancelled,
            (None, None, None) => Status::Planned,
        }
    }

    pub fn nature(&self) -> Nature {
        if self.is_planned() {
            return Nature::Maintenance;
        }
        match (self.explained, self.worst()) {
            (Some(_), Some(Severity::Degraded)) => Nature::KnownError,
            (_, Some(Severity::Down)) | (_, None) | (None, _) => Nature::Failure,
        }
    }

    /// Whether notice was given of it.
    pub fn is_planned(&self) -> bool {
        !self.notices.is_empty()
    }

    /// The latest notice of it that holds.
    pub fn notice(&self) -> Option<&Notice> {
        self.notices.last()
    }

    /// The worst of its effects; `None` where none is recorded.
    pub fn worst(&self) -> Option<Severity> {
        // The first of the codes is the worst.
        self.effects.iter().map(|effect| effect.severity).min()
    }

    /// Whether its time is known only roughly.
    pub fn is_imprecise(&self) -> bool {
        self.begun
            .as_ref()
            .is_some_and(|begun| begun.declared.when.is_some())
    }

    /// The councils that it hits: those that it was not narrowed from.
    pub fn hit(&self) -> BTreeSet<Code> {
        let hit = self.councils.iter();
        hit.filter(|council| !self.gone.contains_key(*council))
            .cloned()
            .collect()
    }

    /// The effects that are not restored.
    pub fn open_effects(&self) -> impl Iterator<Item = &Effect> + Clone {
        self.effects.iter().filter(|effect| self.is_open(effect))
    }

    /// Whether one of its effects is not restored.
    pub fn is_open(&self, effect: &Effect) -> bool {
        if self.is_imprecise() {
            !self.restored.contains(&pair(effect))
        } else {
            effect.to.is_none()
        }
    }

    /// Takes further effects: what began with the outage is given its time.
    pub(super) fn affect(&mut self, effects: &[Effect]) {
        let began = self.begun.as_ref().map(|begun| begun.at);
        let began = began.filter(|_| !self.is_imprecise());
        for effect in effects {
            // What failed again after it was restored can be restored again.
            self.restored.remove(&pair(effect));
            self.effects.push(Effect {
                from: effect.from.or(began),
                ..effect.clone()
            });
        }
    }

    /// Ends what is not restored yet.
    fn restore(&mut self, at: Timestamp, ends: impl Fn(&Effect) -> bool) {
        if self.is_imprecise() {
            let ended = self.effects.iter().filter(|effect| ends(effect));
            self.restored.extend(ended.map(pair));
            return;
        }
        for effect in &mut self.effects {
            if effect.to.is_none() && ends(effect) {
                effect.to = Some(at);
            }
        }
    }

    /// Changes by a fact that happened at `happened`.
    pub(super) fn take(&mut self, fact: &OutageFact, happened: Timestamp) {
        self.change_by(fact, happened);
        let is_explained = self.cause.is_some() && self.workaround.is_some();
        if is_explained && self.resolved.is_none() {
            self.explained.get_or_insert(happened);
        }
    }

    fn change_by(&mut self, fact: &OutageFact, happened: Timestamp) {
        match fact {
            OutageFact::MaintenancePlanned(maintenance) => self.hear_of(maintenance, happened),
            OutageFact::MaintenanceCancelled(_) => self.cancelled = Some(happened),
            OutageFact::Declared(declared) => self.begin(declared, happened),
            OutageFact::Widened(widened) => {
                self.widen(&widened.councils);
                self.affect(&widened.effects);
            }
            OutageFact::Narrowed(narrowed) => {
                let gone = |effect: &Effect| narrowed.councils.contains(&effect.council);
                self.restore(happened, gone);
                let gone = narrowed.councils.iter().cloned();
                self.gone.extend(gone.map(|council| (council, happened)));
            }
            OutageFact::Affected(affected) => self.affect(&affected.effects),
            OutageFact::UsersAffected(users) => self.users_percent = Some(users.percent),
            OutageFact::WorkedAround(worked) => self.workaround = Some(worked.workaround.clone()),
            OutageFact::ServiceRestored(restored) => {
                self.restore(happened, |effect| is_of(effect, restored));
            }
            OutageFact::Resolved(_) => {
                self.restore(happened, |_| true);
                self.resolved = Some(happened);
            }
            OutageFact::CauseFound(cause) => self.cause = Some(cause.clone()),
            OutageFact::ActionAgreed(agreed) => self.actions.push(Action {
                agreed: agreed.clone(),
                agreed_at: happened,
                completed: None,
            }),
            OutageFact::ActionCompleted(completed) => {
                let named = |action: &&mut Action| action.agreed.action == completed.action;
                if let Some(action) = self.actions.iter_mut().find(named) {
                    action.completed = Some(happened);
                }
            }
            OutageFact::Escalated(escalated) => self.escalations.push(escalated.clone()),
            OutageFact::Reviewed(reviewed) => self.review = Some(reviewed.findings.clone()),
            OutageFact::Linked(linked) => {
                self.linked.insert(linked.cause.clone());
            }
            OutageFact::Closed(_) => self.closed = Some(happened),
            OutageFact::Recurred(recurred) => self.recurred.push(recurred.outage.clone()),
        }
    }

    pub(super) fn hear_of(&mut self, maintenance: &MaintenancePlanned, noticed: Timestamp) {
        if maintenance.cancels_earlier {
            self.notices.clear();
            self.councils.clear();
        }
        self.councils.extend(maintenance.councils.iter().cloned());
        self.notices.push(Notice {
            maintenance: maintenance.clone(),
            noticed,
        });
    }

    fn begin(&mut self, declared: &Declared, at: Timestamp) {
        self.councils.extend(declared.councils.iter().cloned());
        self.begun = Some(Begun {
            declared: declared.clone(),
            at,
        });
        self.affect(&declared.effects);
    }

    /// Hits these councils, too or again.
    pub(super) fn widen(&mut self, councils: &BTreeSet<Code>) {
        self.councils.extend(councils.iter().cloned());
        self.gone.retain(|council, _| !councils.contains(council));
    }
}

fn pair(effect: &Effect) -> (Code, Code) {
    (effect.service.clone(), effect.council.clone())
}

/// Whether a restoration means this effect.
pub(super) fn is_of(effect: &Effect, restored: &ServiceRestored) -> bool {
    effect.service == restored.service
        && (restored.councils.is_empty() || restored.councils.contains(&effect.council))
}
