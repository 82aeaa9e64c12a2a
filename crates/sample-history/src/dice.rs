//! Randomness from the seed alone.
//!
//! Draws are made here from the cipher's words, so that no release of a library changes them.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

pub struct Dice(ChaCha8Rng);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// 0 to `bound` - 1; 0 where the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        let product = u128::from(self.0.next_u64()) * u128::from(bound);
        u64::try_from(product >> 64).unwrap_or(0)
    }

    /// `least` to `most`, both inclusive; `least` where they are not in order.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let width = u64::try_from(most - least).map_or(0, |width| width + 1);
        least + i64::try_from(self.below(width)).unwrap_or(0)
    }

    pub fn per_mille(&mut self, chance: u64) -> bool {
        self.below(1_000) < chance
    }

    pub fn percent(&mut self, chance: u64) -> bool {
        self.per_mille(10 * chance)
    }
}

/// Things to choose from, some more often than others.
#[derive(Clone, Debug)]
pub struct Weighted<T> {
    /// Each with the sum of the weights up to and including its own.
    items: Vec<(T, u64)>,
}

impl<T> Weighted<T> {
    /// At least one item, and at least one weight above 0.
    pub fn new(items: impl IntoIterator<Item = (T, u32)>) -> Self {
        let mut total = 0;
        let items = items
            .into_iter()
            .map(|(item, weight)| {
                total += u64::from(weight);
                (item, total)
            })
            .collect();
        Self { items }
    }

    pub fn items(&self) -> impl Iterator<Item = &T> {
        self.items.iter().map(|(item, _)| item)
    }

    pub fn pick(&self, dice: &mut Dice) -> &T {
        let total = self.items.last().map_or(0, |(_, total)| *total);
        let drawn = dice.below(total);
        let place = self.items.partition_point(|(_, upto)| *upto <= drawn);
        &self.items[place].0
    }
}
