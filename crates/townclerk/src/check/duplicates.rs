//! Which facts were there before: the same source and id is the same fact, if it says the same.

use std::collections::HashMap;

use sha2::{Digest, Sha256};
use townclerk_contract::fact::Fact;

use super::finding::Place;

/// Enough of a digest to tell a feed's facts apart.
type Short = [u8; 16];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    First,
    /// The same fact stands there.
    Same(Place),
    /// Another fact has its id there.
    Other(Place),
}

/// The ids of a feed, with what was said under each.
#[derive(Debug, Default)]
pub struct SeenIds {
    said: HashMap<Short, (Short, Place)>,
}

impl SeenIds {
    pub fn look(&mut self, fact: &Fact, place: Place) -> Seen {
        let id = short(&format!("{}\n{}", fact.source(), fact.id));
        let content = short(&format!(
            "{}\n{}\n{:?}",
            fact.aggregate(),
            fact.happened,
            fact.event
        ));
        let (said, earlier) = *self.said.entry(id).or_insert((content, place));
        match (earlier == place, said == content) {
            (true, _) => Seen::First,
            (false, true) => Seen::Same(earlier),
            (false, false) => Seen::Other(earlier),
        }
    }
}

fn short(text: &str) -> Short {
    let mut short = Short::default();
    let digest = Sha256::digest(text.as_bytes());
    short.copy_from_slice(&digest[..16]);
    short
}
