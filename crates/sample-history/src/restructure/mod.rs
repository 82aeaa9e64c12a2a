//! The restructure of 2018 and what came after it. How many posts were vacant and how many were
//! filled internally is published; the establishment, the roles and the rest are sample data.

mod posts;
mod programmes;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use townclerk_domain::period::london_midnight;

use crate::chronicle::Recorder;
use crate::dice::Dice;
use crate::message::Entry;
use crate::spelling::Spelt;

/// The system that posts are kept in.
const SYSTEM: &str = "establishment";

/// All programmes and posts.
pub fn entries(recorder: &Recorder, dice: &mut Dice) -> Spelt<Vec<Entry>> {
    let mut entries = Vec::new();
    for programme in programmes::tell(recorder)? {
        entries.extend(programme.entries()?);
    }
    for post in posts::tell(recorder, dice)? {
        entries.extend(post.entries()?);
    }
    Ok(entries)
}

/// The hour at which such things are decided.
fn working(day: Date) -> Timestamp {
    london_midnight(day) + SignedDuration::from_hours(9)
}
