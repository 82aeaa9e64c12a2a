//! The digest of all rows: the sum, modulo 2^256, of a hash of each. It can be updated row by row,
//! and two stores that agree on it hold the same rows.

use std::fmt;

use sha2::{Digest as _, Sha256};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Digest([u64; 4]);

impl Digest {
    fn of_row(key: &[u8], value: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update((key.len() as u64).to_be_bytes());
        hash.update(key);
        hash.update(value);
        Self::from_bytes(hash.finalize().into())
    }

    pub fn add(&mut self, key: &[u8], value: &[u8]) {
        self.join(Self::of_row(key, value));
    }

    /// Adds all rows of another digest.
    pub fn join(&mut self, other: Self) {
        let mut carry = false;
        for (limb, other) in self.0.iter_mut().zip(other.0) {
            let (sum, over) = limb.overflowing_add(other);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            *limb = sum;
            carry = over || over_again;
        }
    }

    pub fn remove(&mut self, key: &[u8], value: &[u8]) {
        let row = Self::of_row(key, value);
        let mut borrow = false;
        for (limb, other) in self.0.iter_mut().zip(row.0) {
            let (rest, under) = limb.overflowing_sub(other);
            let (rest, under_again) = rest.overflowing_sub(u64::from(borrow));
            *limb = rest;
            borrow = under || under_again;
        }
    }

    /// Little-endian, as it is stored and shown.
    pub fn to_bytes(self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, limb) in bytes.chunks_exact_mut(8).zip(self.0) {
            chunk.copy_from_slice(&limb.to_le_bytes());
        }
        bytes
    }

    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        let mut limbs = [0; 4];
        for (limb, chunk) in limbs.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *limb = u64::from_le_bytes(*chunk);
        }
        Self(limbs)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_and_removing_cancel_in_any_order() {
        let rows: Vec<([u8; 1], [u8; 1])> = (0..200).map(|n| ([n], [n ^ 7])).collect();
        let mut digest = Digest::default();
        for (key, value) in &rows {
            digest.add(key, value);
        }
        let mut backwards = Digest::default();
        for (key, value) in rows.iter().rev() {
            backwards.add(key, value);
        }
        assert_eq!(digest, backwards);
        let mut parts = [Digest::default(); 2];
        for (key, value) in &rows {
            parts[usize::from(key[0] > 60)].add(key, value);
        }
        let [mut joined, other] = parts;
        joined.join(other);
        assert_eq!(digest, joined);
        for (key, value) in &rows {
            digest.remove(key, value);
        }
        assert_eq!(digest, Digest::default());
    }

    #[test]
    fn where_a_key_ends_matters() {
        let mut one = Digest::default();
        one.add(b"ab", b"c");
        let mut other = Digest::default();
        other.add(b"a", b"bc");
        assert_ne!(one, other);
        assert_eq!(Digest::from_bytes(one.to_bytes()), one);
    }
}
