//! Whether effects of an outage, and their ends, fit what is known of it.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::fact::{Effect, ServiceRestored};
use super::refusal::{EFFECTS_MAX, Refusal};
use super::state::{Outage, is_of};
use crate::decider::{FUTURE_TOLERANCE, Occasion};
use crate::names::Code;

/// May these effects be added, one after the other, to an outage that has begun?
pub(super) fn effects_fit(
    mut outage: Outage,
    effects: &[Effect],
    occasion: Occasion<'_>,
) -> Result<(), Refusal> {
    let found = outage.effects.len() + effects.len();
    if found > EFFECTS_MAX {
        return Err(Refusal::TooManyEffects { found });
    }
    for effect in effects {
        lies_behind(effect, occasion.now)?;
        effect_fits(&outage, effect)?;
        outage.affect(std::slice::from_ref(effect));
    }
    Ok(())
}

/// Nobody knows yet that something will have been down.
fn lies_behind(effect: &Effect, now: Timestamp) -> Result<(), Refusal> {
    let ahead = |time: &Timestamp| time.duration_since(now) > FUTURE_TOLERANCE;
    let mut times = effect.from.into_iter().chain(effect.to);
    match times.find(ahead) {
        Some(time) => Err(Refusal::LiesAhead {
            service: effect.service.clone(),
            council: effect.council.clone(),
            time,
        }),
        None => Ok(()),
    }
}

fn effect_fits(outage: &Outage, effect: &Effect) -> Result<(), Refusal> {
    let (service, council) = (effect.service.clone(), effect.council.clone());
    if !outage.councils.contains(&council) {
        return Err(Refusal::EffectOnAnotherCouncil {
            service,
            council,
            councils: outage.councils.clone(),
        });
    }
    // A council that was hit earlier may turn out to have been hit in more ways, but not for longer.
    let gone = outage.gone.get(&council);
    if gone.is_some_and(|gone| effect.to.is_none_or(|to| to > *gone)) {
        return Err(Refusal::NotHit {
            councils: BTreeSet::from([council]),
            hit: outage.hit(),
        });
    }
    let taken = if outage.is_imprecise() {
        if effect.from.is_some() || effect.to.is_some() {
            return Err(Refusal::EffectTimeUnknown { service, council });
        }
        outage.open_effects().any(|earlier| same(earlier, effect))
    } else {
        let timed = times_fit(outage, effect)?;
        let mut earlier = outage.effects.iter();
        earlier.any(|earlier| same(earlier, &timed) && overlap_openly(earlier, &timed))
    };
    if taken {
        let severity = effect.severity;
        return Err(Refusal::AlreadyAffected {
            service,
            council,
            severity,
        });
    }
    Ok(())
}

/// The effect with the time at which it began, where its times fit the outage's.
fn times_fit(outage: &Outage, effect: &Effect) -> Result<Effect, Refusal> {
    let began = outage.begun.as_ref().map(|begun| begun.at);
    let (service, council) = (effect.service.clone(), effect.council.clone());
    if let (Some(from), Some(began)) = (effect.from, began)
        && from < began
    {
        return Err(Refusal::EffectBeforeOutage {
            service,
            council,
            from,
            began,
        });
    }
    let from = effect.from.or(began);
    if let (Some(from), Some(to)) = (from, effect.to)
        && to <= from
    {
        return Err(Refusal::EffectEndsBeforeItBegins {
            service,
            council,
            from,
            to,
        });
    }
    Ok(Effect {
        from,
        ..effect.clone()
    })
}

fn same(one: &Effect, other: &Effect) -> bool {
    one.service == other.service && one.council == other.council && one.severity == other.severity
}

/// Whether two effects, of which one is not restored, are at the same time. Two that have ended may
/// overlap, because what overlaps counts once; but what is still so cannot be so twice, or begin
/// before the end that was recorded of it.
fn overlap_openly(one: &Effect, other: &Effect) -> bool {
    let begins_before_end = |one: &Effect, other: &Effect| match (one.from, other.to) {
        (Some(from), Some(to)) => from < to,
        _ => true,
    };
    (one.to.is_none() || other.to.is_none())
        && begins_before_end(one, other)
        && begins_before_end(other, one)
}

/// Was the service down or degraded there, and since before `at`?
pub(super) fn restoration_fits(
    outage: &Outage,
    restored: &ServiceRestored,
    at: Timestamp,
) -> Result<(), Refusal> {
    let hit = outage.hit();
    let elsewhere: BTreeSet<Code> = &restored.councils - &hit;
    if !elsewhere.is_empty() {
        return Err(Refusal::NotHit {
            councils: elsewhere,
            hit,
        });
    }
    let meant = outage
        .open_effects()
        .filter(|effect| is_of(effect, restored));
    let down: BTreeSet<Code> = meant.clone().map(|effect| effect.council.clone()).collect();
    // Where no council is named, one that it is down for is enough.
    let councils = match (restored.councils.is_empty(), down.is_empty()) {
        (true, true) => hit,
        (true, false) => BTreeSet::new(),
        (false, _) => &restored.councils - &down,
    };
    if !councils.is_empty() {
        let there = outage.open_effects();
        let there = there.filter(|effect| councils.contains(&effect.council));
        return Err(Refusal::NothingToRestore {
            service: restored.service.clone(),
            affected: there.map(|effect| effect.service.clone()).collect(),
            councils,
        });
    }
    over_by(at, meant)
}

/// Can all of these have ended by `at`, where an open one ends then?
pub(super) fn over_by<'a>(
    at: Timestamp,
    effects: impl Iterator<Item = &'a Effect>,
) -> Result<(), Refusal> {
    for effect in effects {
        let (service, council) = (effect.service.clone(), effect.council.clone());
        match (effect.from, effect.to) {
            (Some(from), None) if from > at => {
                return Err(Refusal::EndsBeforeEffect {
                    service,
                    council,
                    from,
                });
            }
            (_, Some(to)) if to > at => {
                return Err(Refusal::EffectLastsLonger {
                    service,
                    council,
                    to,
                });
            }
            _ => {}
        }
    }
    Ok(())
}
