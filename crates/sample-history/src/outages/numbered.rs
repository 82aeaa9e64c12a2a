//! Numbers for ordinary outages, and what they have to do with each other and with changes.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use townclerk_domain::names::{Code, LogName};
use townclerk_domain::outage::{Linked, OutageFact, Recurred};
use townclerk_domain::reference::{Reference, ReferenceKind};

use super::{Recorded, Story};
use crate::chronicle::Recorder;
use crate::spelling::Spelt;

/// So soon an outage of the same component is taken for the same one again.
const AGAIN: SignedDuration = SignedDuration::from_hours(90 * 24);

/// A change that an outage was caused by.
pub struct Culprit {
    pub log: LogName,
    pub name: String,
    pub services: BTreeSet<Code>,
    /// As a change names them.
    pub councils: BTreeSet<Code>,
    /// When the outage began: in the midst of the change.
    pub at: Timestamp,
    pub outage: Reference,
}

/// Gives each a name that is unique in its log, and links some.
pub fn numbered(stories: &mut [Story], recorder: &Recorder) -> Spelt<Vec<Culprit>> {
    stories.sort_by(|one, other| (one.begins, &one.log).cmp(&(other.begins, &other.log)));
    let mut numbers: BTreeMap<LogName, usize> = BTreeMap::new();
    for story in stories.iter_mut() {
        let number = numbers.entry(story.log.clone()).or_default();
        *number += 1;
        story.name = format!("outage-{number:04}");
    }
    recurrences(stories, recorder)?;
    culprits(stories, recorder)
}

/// Some came back: what was done about them was not enough.
fn recurrences(stories: &mut [Story], recorder: &Recorder) -> Spelt<()> {
    for first in (0..stories.len()).step_by(8) {
        let again = |later: &&Story| {
            let story = &stories[first];
            let component = |story: &Story| story.failure.as_ref().map(|one| one.component.clone());
            later.log == story.log
                && component(story).is_some()
                && component(later) == component(story)
                && later.recorded != Recorded::InError
                && story.recorded != Recorded::InError
                && later.begins.duration_since(story.ends) < AGAIN
        };
        let Some(later) = stories[first + 1..].iter().find(again) else {
            continue;
        };
        let outage = recorder.reference(&later.log, ReferenceKind::Outage, &later.name)?;
        let at = later.ends.max(stories[first].ends) + SignedDuration::from_hours(26);
        let fact = OutageFact::Recurred(Recurred { outage });
        stories[first].more.push((at, fact));
    }
    Ok(())
}

fn culprits(stories: &mut [Story], recorder: &Recorder) -> Spelt<Vec<Culprit>> {
    let mut culprits = Vec::new();
    for story in stories {
        let failure = story.failure.as_ref();
        if failure.is_none_or(|failure| failure.class.as_str() != "change") {
            continue;
        }
        let name = format!("change-before-{}", story.name);
        let cause = recorder.reference(&story.log, ReferenceKind::Change, &name)?;
        let at = story.ends + SignedDuration::from_mins(95);
        story.more.push((at, OutageFact::Linked(Linked { cause })));
        culprits.push(Culprit {
            log: story.log.clone(),
            name,
            services: story.hits.iter().map(|hit| hit.service.clone()).collect(),
            councils: if story.log.is_shared() {
                story.councils.clone()
            } else {
                BTreeSet::new()
            },
            at: story.begins,
            outage: recorder.reference(&story.log, ReferenceKind::Outage, &story.name)?,
        });
    }
    Ok(culprits)
}
