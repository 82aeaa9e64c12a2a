//! Which facts a post takes in which state.
//!
//! A post is held by nobody, by an interim or by permanent staff. Nobody's: it may be ringfenced,
//! filled, deleted. An interim's: extended, ended. Permanent staff's: vacated. Deleted is final.

use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::Serialize;

use super::fact::{Appointment, PostCreated, PostFact, PostFilled};
use crate::decider::{Decider, Occasion};
use crate::identity::AggregateKind;
use crate::names::Code;
use crate::period::{end_of_day, london_day};

/// How a post is held, without saying by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Holder {
    pub appointment: Appointment,
    pub since: Timestamp,
    /// Last day, of an interim or of a fixed term.
    pub until: Option<Date>,
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let day = london_day(self.since);
        let appointment = self.appointment.code();
        match (self.appointment.is_permanent(), self.until) {
            (false, Some(until)) => write!(f, "by an interim from {day} until {until}"),
            (_, None) => write!(f, "by {appointment} appointment since {day}"),
            (true, Some(until)) => {
                write!(f, "by {appointment} appointment since {day} until {until}")
            }
        }
    }
}

impl Appointment {
    /// An interim holds a post and leaves it vacant.
    pub fn is_permanent(self) -> bool {
        matches!(self, Self::Internal | Self::External)
    }
}

/// A post as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub created: PostCreated,
    pub created_at: Timestamp,
    pub ringfenced: Option<Code>,
    pub holder: Option<Holder>,
    pub deleted: Option<Timestamp>,
}

impl Post {
    /// In the establishment and without a permanent holder.
    pub fn is_vacant(&self) -> bool {
        let permanent = |holder: Holder| holder.appointment.is_permanent();
        self.deleted.is_none() && !self.holder.is_some_and(permanent)
    }

    /// In the establishment and held by an interim.
    pub fn has_interim(&self) -> bool {
        self.deleted.is_none() && self.interim().is_some()
    }

    /// The interim that holds it.
    pub fn interim(&self) -> Option<Holder> {
        self.holder
            .filter(|holder| !holder.appointment.is_permanent())
    }

    /// The last day of an interim that holds it although that day was over by then.
    pub fn interim_expired(&self, seen: Timestamp) -> Option<Date> {
        let until = self.interim()?.until?;
        (self.deleted.is_none() && end_of_day(until) <= seen).then_some(until)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum Refusal {
    #[error("this post is not created yet")]
    NotCreated,
    #[error("this post is created already")]
    AlreadyCreated,
    #[error("this post was deleted at {at}: it takes nothing more")]
    Deleted { at: Timestamp },
    #[error("this post is held already, {holder}; record first how that ended")]
    AlreadyFilled { holder: Holder },
    #[error("an interim is appointed until a day: name it in `until`")]
    InterimWithoutEnd,
    #[error(
        "an appointment that begins on {day} cannot last until {until}, which had passed by then"
    )]
    AppointmentEndsBeforeItBegins { day: Date, until: Date },
    #[error("this post is held {holder}; only a post that nobody holds is ringfenced")]
    RingfencedWhileHeld { holder: Holder },
    #[error("nobody holds this post: there is no interim to extend or end")]
    NoInterim,
    #[error("this post is held {holder}, not by an interim; if the holder left, vacate it")]
    HeldPermanently { holder: Holder },
    #[error("this interim lasts until {present} already; extended until {until} is not later")]
    NotLater { present: Date, until: Date },
    #[error("this post is held {holder}; an interim is not vacated, it ends: end the interim")]
    VacatedByInterim { holder: Holder },
    #[error("nobody holds this post: there is nothing to vacate")]
    NothingToVacate,
    #[error("this post is held {holder}; only a post that nobody holds is deleted")]
    DeletedWhileFilled { holder: Holder },
}

/// The rules of posts.
pub struct PostRules;

impl Decider for PostRules {
    const KIND: AggregateKind = AggregateKind::Post;

    type Fact = PostFact;
    type State = Option<Post>;
    type Refusal = Refusal;

    fn decide(
        state: &Option<Post>,
        fact: &PostFact,
        occasion: Occasion<'_>,
    ) -> Result<(), Refusal> {
        let Some(post) = state else {
            return match fact {
                PostFact::PostCreated(_) => Ok(()),
                _ => Err(Refusal::NotCreated),
            };
        };
        if let Some(at) = post.deleted {
            return Err(Refusal::Deleted { at });
        }
        match (fact, post.holder) {
            (PostFact::PostCreated(_), _) => Err(Refusal::AlreadyCreated),
            (PostFact::PostRingfenced(_), Some(holder)) => {
                Err(Refusal::RingfencedWhileHeld { holder })
            }
            (PostFact::PostFilled(_), Some(holder)) => Err(Refusal::AlreadyFilled { holder }),
            (PostFact::PostFilled(filled), None) => is_sound(filled, occasion.happened),
            (PostFact::InterimExtended(extended), holder) => {
                is_later(interim(holder)?.until, extended.until)
            }
            (PostFact::InterimEnded(_), holder) => interim(holder).map(|_| ()),
            (PostFact::PostVacated(_), None) => Err(Refusal::NothingToVacate),
            (PostFact::PostVacated(_), Some(holder)) => match holder.appointment.is_permanent() {
                true => Ok(()),
                false => Err(Refusal::VacatedByInterim { holder }),
            },
            (PostFact::PostDeleted(_), Some(holder)) => Err(Refusal::DeletedWhileFilled { holder }),
            (PostFact::PostRingfenced(_) | PostFact::PostDeleted(_), None) => Ok(()),
        }
    }

    fn evolve(state: Option<Post>, fact: &PostFact, happened: Timestamp) -> Option<Post> {
        let Some(mut post) = state else {
            let PostFact::PostCreated(created) = fact else {
                return None;
            };
            return Some(Post {
                created: created.clone(),
                created_at: happened,
                ringfenced: None,
                holder: None,
                deleted: None,
            });
        };
        match fact {
            PostFact::PostCreated(_) => {}
            PostFact::PostRingfenced(ringfenced) => {
                post.ringfenced = Some(ringfenced.group.clone())
            }
            PostFact::PostFilled(filled) => {
                post.ringfenced = None;
                post.holder = Some(Holder {
                    appointment: filled.appointment,
                    since: happened,
                    until: filled.until,
                });
            }
            PostFact::InterimExtended(extended) => {
                if let Some(holder) = &mut post.holder {
                    holder.until = Some(extended.until);
                }
            }
            PostFact::InterimEnded(_) | PostFact::PostVacated(_) => post.holder = None,
            PostFact::PostDeleted(_) => post.deleted = Some(happened),
        }
        Some(post)
    }
}

/// Whether an appointment has an end where it needs one, and not before it begins.
fn is_sound(filled: &PostFilled, happened: Timestamp) -> Result<(), Refusal> {
    let appointment = filled.appointment;
    match (appointment.is_permanent(), filled.until) {
        (true, None) => Ok(()),
        (false, None) => Err(Refusal::InterimWithoutEnd),
        (_, Some(until)) => {
            let day = london_day(happened);
            match until < day {
                true => Err(Refusal::AppointmentEndsBeforeItBegins { day, until }),
                false => Ok(()),
            }
        }
    }
}

/// The interim that holds the post.
fn interim(holder: Option<Holder>) -> Result<Holder, Refusal> {
    match holder {
        None => Err(Refusal::NoInterim),
        Some(holder) if holder.appointment.is_permanent() => {
            Err(Refusal::HeldPermanently { holder })
        }
        Some(holder) => Ok(holder),
    }
}

fn is_later(present: Option<Date>, until: Date) -> Result<(), Refusal> {
    match present {
        Some(present) if until <= present => Err(Refusal::NotLater { present, until }),
        _ => Ok(()),
    }
}
