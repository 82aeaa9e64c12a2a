//! How much room the disk of the record has, and what that means for appends. JetStream must never
//! meet a full disk: a write that fails there freezes a log until its server is started again.

use std::fmt;
use std::path::Path;

use rustix::fs::statvfs;
use townclerk_domain::names::LogName;

const MEBIBYTE: u64 = 1024 * 1024;
const GIBIBYTE: u64 = 1024 * MEBIBYTE;

/// What is kept free of the disk that holds the record: below it nothing is appended. Of a small disk
/// it is a twentieth.
const KEPT_FREE: u64 = 256 * MEBIBYTE;
const KEPT_FREE_PART: u64 = 20;

/// Below a tenth of the disk it is said that the room runs low; of a large disk, below 20 GiB. It is
/// always said before nothing is appended any more.
const LOW_PART: u64 = 10;
const LOW_MOST: u64 = 20 * GIBIBYTE;
const LOW_TIMES_KEPT: u64 = 4;

/// The room on a disk, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// What can be by any writer has no special rights.
    pub free: u64,
    pub total: u64,
}

/// What the room allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RoomLevel {
    Enough,
    /// An operator should make room.
    Low,
    /// Nothing is appended.
    Full,
}

impl Room {
    /// The room on the disk that holds `path`; `None` where that cannot be found out.
    pub fn at(path: &Path) -> Option<Self> {
        let found = statvfs(path).ok()?;
        Some(Self {
            free: found.f_bavail.saturating_mul(found.f_frsize),
            total: found.f_blocks.saturating_mul(found.f_frsize),
        })
    }

    pub fn level(self) -> RoomLevel {
        if self.free < self.kept_free() {
            RoomLevel::Full
        } else if self.free < self.low_below() {
            RoomLevel::Low
        } else {
            RoomLevel::Enough
        }
    }

    /// Bytes that appends leave free.
    pub fn kept_free(self) -> u64 {
        KEPT_FREE.min(self.total / KEPT_FREE_PART)
    }

    /// Bytes below which the room is low.
    pub fn low_below(self) -> u64 {
        let part = LOW_MOST.min(self.total / LOW_PART);
        part.max(self.kept_free() * LOW_TIMES_KEPT)
    }
}

impl fmt::Display for Room {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (free, total) = (self.free / MEBIBYTE, self.total / MEBIBYTE);
        write!(formatter, "{free} MiB of {total} MiB free")
    }
}

/// The disk of the record has no room for what was to be appended.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the disk that holds the log {log} has {room}, and {} MiB are kept free: nothing is recorded until there is room",
    room.kept_free() / MEBIBYTE
)]
pub struct DiskFull {
    pub log: LogName,
    pub room: Room,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(free: u64, total: u64) -> RoomLevel {
        Room { free, total }.level()
    }

    #[test]
    fn room_is_low_below_a_tenth_and_full_below_what_is_kept_free() {
        let total = 100 * GIBIBYTE;
        assert_eq!(level(10 * GIBIBYTE, total), RoomLevel::Enough);
        assert_eq!(level(10 * GIBIBYTE - 1, total), RoomLevel::Low);
        assert_eq!(level(KEPT_FREE, total), RoomLevel::Low);
        assert_eq!(level(KEPT_FREE - 1, total), RoomLevel::Full);
        assert_eq!(level(0, total), RoomLevel::Full);
    }

    #[test]
    fn of_a_large_disk_the_tenth_would_be_too_much_and_of_a_small_one_what_is_kept_free() {
        let large = 10 * 1024 * GIBIBYTE;
        assert_eq!(level(20 * GIBIBYTE, large), RoomLevel::Enough);
        assert_eq!(level(20 * GIBIBYTE - 1, large), RoomLevel::Low);
        let small = 200 * MEBIBYTE;
        assert_eq!(level(40 * MEBIBYTE, small), RoomLevel::Enough);
        assert_eq!(level(40 * MEBIBYTE - 1, small), RoomLevel::Low);
        assert_eq!(level(10 * MEBIBYTE, small), RoomLevel::Low);
        assert_eq!(level(10 * MEBIBYTE - 1, small), RoomLevel::Full);
    }

    #[test]
    fn it_is_low_before_it_is_full_on_every_disk() {
        for shift in 0..50 {
            let total = 1 << shift;
            let room = Room { free: 0, total };
            assert!(room.low_below() >= room.kept_free(), "{total}");
            assert!(room.kept_free() <= total, "{total}");
        }
    }
}
