//! Instants as they are told to us: RFC 3339 with an offset, and nothing else.
//!
//! Commands, facts, corrections and queries are read by [`parse`]. What is recorded already is read
//! as serde reads a timestamp, which takes more forms: nothing that was recorded becomes unreadable.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

/// An instant as RFC 3339 has it.
pub const EXAMPLE: &str = "2021-03-01T09:30:00Z";

/// How much of a text is repeated, in characters.
const FOUND_CHARS_MAX: usize = 80;

/// Digits of a fraction of a second that an instant can keep.
const FRACTION_DIGITS_MAX: usize = 9;

/// A text that is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no instant: {why}; write RFC 3339 with an offset, such as {EXAMPLE}")]
pub struct NotAnInstant {
    pub found: String,
    pub why: &'static str,
}

/// Reads an instant: `2021-03-01T09:30:00Z`, with up to nine digits of a fraction of a second, and
/// `Z` or an offset such as `+01:00`. `t` and `z` may be small, as RFC 3339 allows; `-00:00` is UTC.
///
/// RFC 3339 also has what cannot be kept, and is refused by name: a leap second, more than nine
/// digits of a fraction, and what lies after 9999-12-30T22:00:00.999999999Z.
///
/// # Errors
/// What is wrong with the text.
pub fn parse(text: &str) -> Result<Timestamp, NotAnInstant> {
    read(text.as_bytes()).map_err(|why| NotAnInstant {
        found: text.chars().take(FOUND_CHARS_MAX).collect(),
        why,
    })
}

fn read(text: &[u8]) -> Result<Timestamp, &'static str> {
    let (date, rest) = text.split_at_checked(10).ok_or("it is too short")?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1] = *date else {
        return Err("it begins with no date such as 2021-03-01");
    };
    let year = number(&[y0, y1, y2, y3]).ok_or("its year has not four digits")?;
    let date = two(m0, m1).zip(two(d0, d1));
    let date = date.and_then(|(month, day)| Date::new(year, month, day).ok());
    let date = date.ok_or("there is no such day")?;
    let rest = match rest {
        [b'T' | b't', rest @ ..] => rest,
        _ => return Err("no T comes between day and time"),
    };
    let (time, rest) = rest
        .split_at_checked(8)
        .ok_or("its time has not hours, minutes and seconds")?;
    let [h0, h1, b':', n0, n1, b':', s0, s1] = *time else {
        return Err("its time has not hours, minutes and seconds such as 09:30:00");
    };
    let (fraction, rest) = nanoseconds(rest)?;
    let second = two(s0, s1);
    if second == Some(60) {
        return Err("a leap second cannot be kept");
    }
    let time = two(h0, h1).zip(two(n0, n1)).zip(second);
    let time =
        time.and_then(|((hour, minute), second)| Time::new(hour, minute, second, fraction).ok());
    let time = time.ok_or("there is no such time of day")?;
    let instant = offset(rest)?.to_timestamp(date.to_datetime(time));
    instant
        .map_err(|_| "it lies after the year 9999, or so close to its end that it cannot be kept")
}

/// The fraction of a second with which `text` begins, and what follows it.
fn nanoseconds(text: &[u8]) -> Result<(i32, &[u8]), &'static str> {
    let [b'.', rest @ ..] = text else {
        return Ok((0, text));
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (digits, rest) = rest.split_at(digits);
    match digits.len() {
        0 => Err("no digits follow the point"),
        1..=FRACTION_DIGITS_MAX => {
            let filled = digits.iter().copied().chain(std::iter::repeat(b'0'));
            let nanoseconds = filled.take(FRACTION_DIGITS_MAX);
            let add = |sum: i32, digit: u8| sum * 10 + i32::from(digit - b'0');
            Ok((nanoseconds.fold(0, add), rest))
        }
        _ => Err("a fraction of a second has at most nine digits"),
    }
}

fn offset(text: &[u8]) -> Result<Offset, &'static str> {
    let (sign, parts) = match *text {
        [b'Z' | b'z'] => return Ok(Offset::UTC),
        [sign @ (b'+' | b'-'), h0, h1, b':', m0, m1] => (sign, two(h0, h1).zip(two(m0, m1))),
        [] => return Err("its offset is missing"),
        _ if text.contains(&b'[') => return Err("it names a time zone"),
        [b'0'..=b'9' | b'.' | b',' | b':', ..] => {
            return Err("its seconds do not end where they must");
        }
        _ => return Err("its offset is neither Z nor such as +01:00"),
    };
    let (hours, minutes) = parts.ok_or("its offset is neither Z nor such as +01:00")?;
    if hours > 23 || minutes > 59 {
        return Err("an offset is at most 23:59");
    }
    let seconds = (i32::from(hours) * 60 + i32::from(minutes)) * 60;
    let seconds = if sign == b'-' { -seconds } else { seconds };
    Offset::from_seconds(seconds).map_err(|_| "an offset is at most 23:59")
}

fn two(tens: u8, ones: u8) -> Option<i8> {
    number(&[tens, ones]).and_then(|number| i8::try_from(number).ok())
}

/// At most four digits.
fn number(digits: &[u8]) -> Option<i16> {
    let only = digits.iter().all(u8::is_ascii_digit);
    let add = |sum: i16, digit: &u8| sum * 10 + i16::from(digit - b'0');
    only.then(|| digits.iter().fold(0, add))
}

#[cfg(test)]
mod tests;
