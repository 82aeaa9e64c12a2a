//! The posts of the service, before the restructure, through it and after it.

use jiff::civil::{Date, date};
use jiff::{SignedDuration, ToSpan};
use townclerk_domain::identity::AggregateKind;
use townclerk_domain::names::LogName;
use townclerk_domain::period::london_midnight;
use townclerk_domain::post::{
    Appointment, InterimEnded, InterimExtended, PostCreated, PostDeleted, PostFact, PostFilled,
    PostRingfenced, PostRules, PostVacated, Under,
};

use super::programmes::{FIRST, LEADERSHIP, NEW_STRUCTURE, PHASE_1, RECRUITMENT, SECOND};
use super::{SYSTEM, working};
use crate::calendar::FIRST_DAY;
use crate::chronicle::{Chronicle, Recorder};
use crate::dice::Dice;
use crate::spelling::{Spelt, code};
use crate::targets::{
    FILLED_INTERNALLY, FILLED_INTERNALLY_IN, STRUCTURE_EFFECTIVE, VACANCIES_AFTER, VACANCIES_BEFORE,
};

/// Posts before the restructure.
const ESTABLISHMENT: usize = 120;

/// Posts that it created: every appointee left a post that was then deleted, so these and what was
/// vacant before are what was filled and what is vacant after.
const CREATED: usize = VACANCIES_AFTER + FILLED_INTERNALLY - VACANCIES_BEFORE;

const FOUNDED: Date = date(2016, 4, 1);

/// Role and team of posts, over and over.
const ROLES: [(&str, &str); 12] = [
    ("service-desk-analyst", "service-desk"),
    ("service-desk-analyst", "service-desk"),
    ("field-engineer", "field-support"),
    ("field-engineer", "field-support"),
    ("second-line-engineer", "second-line"),
    ("network-engineer", "networks"),
    ("server-engineer", "servers"),
    ("application-analyst", "applications"),
    ("application-analyst", "applications"),
    ("database-administrator", "applications"),
    ("project-manager", "projects"),
    ("security-analyst", "security"),
];

/// Of the posts that the restructure left vacant, by their number: those that interims hold for a
/// time in 2018, and those that nobody is appointed to.
const INTERIMS: [usize; 5] = [3, 5, 8, 11, 14];
const LEFT_VACANT: usize = 6;
const LATE_INTERIM: usize = 13;
const DELETED_LATER: usize = 20;

/// The leaders of 2020, and when each was appointed.
const LEADERS: [(&str, Date); 3] = [
    ("head-of-operations", date(2020, 1, 27)),
    ("head-of-change", date(2020, 2, 10)),
    ("head-of-design", date(2020, 3, 2)),
];

pub fn tell<'a>(recorder: &'a Recorder, dice: &mut Dice) -> Spelt<Vec<Post<'a>>> {
    Staff { recorder, dice }.posts()
}

pub type Post<'a> = Chronicle<'a, PostRules>;

struct Staff<'a, 'd> {
    recorder: &'a Recorder,
    dice: &'d mut Dice,
}

impl<'a> Staff<'a, '_> {
    fn posts(mut self) -> Spelt<Vec<Post<'a>>> {
        let mut held = Vec::new();
        let mut vacant = Vec::new();
        for number in 1..=ESTABLISHMENT {
            let mut post = self.founded(number)?;
            // Vacant and held posts are mixed over all teams.
            if number * VACANCIES_BEFORE / ESTABLISHMENT
                > (number - 1) * VACANCIES_BEFORE / ESTABLISHMENT
            {
                vacant.push(post);
            } else {
                self.filled_early(&mut post)?;
                held.push(post);
            }
        }
        for number in 1..=CREATED {
            vacant.push(self.created(number)?);
        }
        let taken = self.restructured(&mut held, &mut vacant)?;
        self.recruited(&mut vacant)?;
        self.left(&mut held)?;
        let later = self.of_2020()?;
        Ok(held
            .into_iter()
            .chain(vacant)
            .chain(taken)
            .chain(later)
            .collect())
    }

    fn under(&self, programme: &str, phase: &str) -> Spelt<Option<Under>> {
        let (shared, kind) = (LogName::shared(), AggregateKind::Programme);
        Ok(Some(Under {
            programme: self.recorder.aggregate(&shared, kind, programme)?.id,
            phase: code(phase)?,
        }))
    }

    fn post(&self, number: usize) -> Spelt<Post<'a>> {
        let name = format!("post-{number:03}");
        Chronicle::new(self.recorder, SYSTEM, &LogName::shared(), &name)
    }

    /// A post of the first day of the partnership, recorded when the record began.
    fn founded(&mut self, number: usize) -> Spelt<Post<'a>> {
        let mut post = self.post(number)?;
        let (role, team) = ROLES[number % ROLES.len()];
        let fact = PostFact::PostCreated(PostCreated {
            role: code(role)?,
            team: code(team)?,
            under: None,
        });
        let begins = london_midnight(FIRST_DAY) + SignedDuration::from_hours(9);
        post.recorded_after(begins.duration_since(london_midnight(FOUNDED)));
        post.then(london_midnight(FOUNDED), fact);
        Ok(post)
    }

    fn filled_early(&mut self, post: &mut Post<'a>) -> Spelt<()> {
        let appointment = if self.dice.percent(70) {
            Appointment::Internal
        } else {
            Appointment::External
        };
        let day = FOUNDED.saturating_add(self.dice.between(0, 580).days());
        let begins = london_midnight(FIRST_DAY) + SignedDuration::from_hours(9);
        post.recorded_after(begins.duration_since(working(day)));
        post.then(working(day), filled(appointment, None, None));
        post.recorded_after(SignedDuration::from_mins(30));
        Ok(())
    }

    fn created(&mut self, number: usize) -> Spelt<Post<'a>> {
        let mut post = self.post(ESTABLISHMENT + number)?;
        let (role, team) = match number {
            1..=4 => ("team-manager", ROLES[3 * number - 1].1),
            _ => ROLES[number % ROLES.len()],
        };
        let under = self.under(FIRST, PHASE_1)?;
        let fact = PostFact::PostCreated(PostCreated {
            role: code(role)?,
            team: code(team)?,
            under,
        });
        let created = working(FILLED_INTERNALLY_IN) + SignedDuration::from_mins(30);
        post.then(created, fact);
        let group = code("affected-staff")?;
        let ringfenced = PostFact::PostRingfenced(PostRingfenced { group });
        post.then(created + SignedDuration::from_hours(26), ringfenced);
        Ok(post)
    }

    /// In May staff are appointed to new and to vacant posts; with the new structure the posts go
    /// that they held. In between they hold two. Gives back what is at rest after that.
    fn restructured(
        &mut self,
        held: &mut Vec<Post<'a>>,
        vacant: &mut Vec<Post<'a>>,
    ) -> Spelt<Vec<Post<'a>>> {
        let mut at_rest = Vec::new();
        // The new posts are the last ones of the vacant.
        let new = vacant.len() - CREATED;
        let old = FILLED_INTERNALLY - CREATED;
        for (number, mut post) in vacant.drain(new - old..).enumerate() {
            let day = FILLED_INTERNALLY_IN.saturating_add(self.appointed_after(number).days());
            let under = self.under(FIRST, PHASE_1)?;
            post.recorded_after(SignedDuration::from_mins(40));
            post.then(
                working(day) + SignedDuration::from_hours(4),
                filled(Appointment::Internal, None, under),
            );
            at_rest.push(post);
        }
        let rest = held.split_off(FILLED_INTERNALLY);
        let left = working(STRUCTURE_EFFECTIVE) - SignedDuration::from_hours(1);
        for mut post in std::mem::replace(held, rest) {
            let reason = code("moved-to-new-post")?;
            let under = self.under(FIRST, PHASE_1)?;
            post.then(left, PostFact::PostVacated(PostVacated { reason }));
            post.then(
                left + SignedDuration::from_mins(15),
                PostFact::PostDeleted(PostDeleted { under }),
            );
            at_rest.push(post);
        }
        Ok(at_rest)
    }

    /// Interviews take three weeks from the second one of May on.
    fn appointed_after(&mut self, number: usize) -> i64 {
        let week = i64::try_from(number % 3).unwrap_or(0);
        7 + 7 * week + self.dice.between(0, 3)
    }

    /// What remained vacant is filled from outside in the next two years, most of it.
    fn recruited(&mut self, vacant: &mut [Post<'a>]) -> Spelt<()> {
        for (number, post) in vacant.iter_mut().enumerate() {
            post.recorded_after(SignedDuration::from_mins(55));
            if INTERIMS.contains(&number) {
                interim_of_2018(post);
            }
            match number {
                LEFT_VACANT => {}
                LATE_INTERIM => interim_of_2020(post),
                DELETED_LATER => {
                    let under = self.under(SECOND, NEW_STRUCTURE)?;
                    let deleted = PostFact::PostDeleted(PostDeleted { under });
                    post.then(working(date(2020, 8, 5)), deleted);
                }
                _ => self.appointed(number, post)?,
            }
        }
        Ok(())
    }

    fn appointed(&mut self, number: usize, post: &mut Post<'a>) -> Spelt<()> {
        let weeks = 4 * i64::try_from(number).unwrap_or(0) + self.dice.between(0, 3);
        let drawn = date(2018, 7, 16).saturating_add((7 * weeks).days());
        // Nobody was appointed while the programme was paused.
        let paused = date(2018, 11, 1)..date(2019, 1, 14);
        let day = match paused.contains(&drawn) {
            true => date(2019, 1, 21),
            false => drawn,
        };
        let recruiting = day < date(2019, 9, 30);
        let under = match recruiting {
            true => self.under(FIRST, RECRUITMENT)?,
            false => None,
        };
        post.then(working(day), filled(Appointment::External, None, under));
        Ok(())
    }

    /// Some who were there from the beginning leave, and most of their posts are filled again.
    fn left(&mut self, held: &mut [Post<'a>]) -> Spelt<()> {
        for (number, post) in held
            .iter_mut()
            .enumerate()
            .filter(|(place, _)| place % 4 == 1)
        {
            let reason = code(if number % 8 == 1 {
                "resigned"
            } else {
                "retired"
            })?;
            let day = date(2018, 9, 3).saturating_add(self.dice.between(0, 640).days());
            post.then(working(day), PostFact::PostVacated(PostVacated { reason }));
            if self.dice.percent(75) {
                let again = day.saturating_add(self.dice.between(40, 160).days());
                let appointment = if self.dice.percent(25) {
                    Appointment::Internal
                } else {
                    Appointment::External
                };
                post.then(working(again), filled(appointment, None, None));
            }
        }
        Ok(())
    }

    /// The leaders' posts, under the second programme.
    fn of_2020(&mut self) -> Spelt<Vec<Post<'a>>> {
        let mut posts = Vec::new();
        for (number, (role, day)) in (1..).zip(LEADERS) {
            let mut post = self.post(ESTABLISHMENT + CREATED + number)?;
            let under = self.under(SECOND, LEADERSHIP)?;
            let fact = PostFact::PostCreated(PostCreated {
                role: code(role)?,
                team: code("leadership")?,
                under: under.clone(),
            });
            post.then(working(date(2020, 1, 7)), fact);
            post.then(working(day), filled(Appointment::External, None, under));
            posts.push(post);
        }
        Ok(posts)
    }
}

fn filled(appointment: Appointment, until: Option<Date>, under: Option<Under>) -> PostFact {
    PostFact::PostFilled(PostFilled {
        appointment,
        until,
        under,
    })
}

/// Appointed until July, extended by two months, ended with September.
fn interim_of_2018(post: &mut Post<'_>) {
    let until = Some(date(2018, 7, 31));
    let appointed = filled(Appointment::Interim, until, None);
    post.then(working(date(2018, 2, 5)), appointed);
    extended(post, date(2018, 7, 2), date(2018, 9, 30));
    let ended = PostFact::InterimEnded(InterimEnded {});
    post.then(working(date(2018, 9, 28)), ended);
}

/// Extended once, and still there when the history ends.
fn interim_of_2020(post: &mut Post<'_>) {
    let until = Some(date(2020, 6, 30));
    let appointed = filled(Appointment::Interim, until, None);
    post.then(working(date(2020, 1, 13)), appointed);
    extended(post, date(2020, 6, 22), date(2020, 8, 31));
}

fn extended(post: &mut Post<'_>, on: Date, until: Date) {
    let fact = PostFact::InterimExtended(InterimExtended { until });
    post.then(working(on), fact);
}
