//! Values as they are given on the command line, and what is said of those that cannot be used.

use std::num::NonZeroU32;
use std::str::FromStr;

use jiff::civil::Date;
use townclerk_domain::instant::{self, NotAnInstant};

/// What was given on the command line cannot be used, which only a look at more than one option, or
/// into a file, could tell. Nothing was done.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct WrongUsage(pub String);

/// An instant, sent as it was given: the services read it by the same rule.
pub(crate) fn instant(text: &str) -> Result<String, NotAnInstant> {
    instant::parse(text).map(|_| text.to_owned())
}

/// A number of facts that lets at least one through.
pub(crate) fn at_least_one(text: &str) -> Result<NonZeroU32, String> {
    let most = u32::MAX;
    let number = text.parse().ok();
    number.ok_or_else(|| format!("write a whole number from 1 to {most}"))
}

/// A day as people write it in ISO 8601, and no other form.
pub(crate) fn day(text: &str) -> Result<Date, &'static str> {
    let day = text.parse::<Date>().ok();
    day.filter(|day| day.to_string() == text)
        .ok_or("there is no such day; write one such as 2027-04-01")
}

/// Only records whose dimension has this value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    pub dimension: String,
    pub value: String,
}

impl FromStr for Filter {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (dimension, value) = text
            .split_once('=')
            .ok_or("write DIMENSION=VALUE, such as priority=p1")?;
        Ok(Self {
            dimension: dimension.to_owned(),
            value: value.to_owned(),
        })
    }
}

/// An address that can be asked at all. TLS is a proxy's, and nothing here speaks it.
pub(super) fn service_url(text: &str) -> Result<String, &'static str> {
    let read = reqwest::Url::parse(text).ok();
    let usable = read.filter(|url| url.scheme() == "http" && url.has_host());
    match usable {
        Some(_) => Ok(text.to_owned()),
        None => Err("write an address such as http://127.0.0.1:8600"),
    }
}

/// Only commands are sent: a mistyped path asks for nothing else.
pub(super) fn command_path(text: &str) -> Result<String, String> {
    match text.starts_with("/v1/logs/") {
        true => Ok(text.to_owned()),
        false => Err("a command has a path such as /v1/logs/shared/outages".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use crate::cli::{Cli, Command, Ticket};

    fn read(line: &str) -> Result<Command, String> {
        let words = ["townclerk"].into_iter().chain(line.split_whitespace());
        let read = Cli::try_parse_from(words);
        read.map(|cli| cli.command).map_err(|why| why.to_string())
    }

    #[test]
    fn what_cannot_be_an_instant_an_address_or_a_filter_is_wrong_usage() {
        let ticket = "ticket log brent --kind incident --priority p1 --service email --category x";
        for (line, says) in [
            (format!("{ticket} --at 08Z"), "\"08Z\" is no instant"),
            (format!("{ticket} --happened 08Z"), "'--at <TIME>'"),
            ("ticket close brent T --at 08Z".to_owned(), "no instant"),
            ("figures joint --as-at yesterday".to_owned(), "no instant"),
            (
                "list posts --scope joint --known-at now".to_owned(),
                "no instant",
            ),
            (
                "figures joint --where service".to_owned(),
                "write DIMENSION=VALUE, such as priority=p1",
            ),
            (
                "verify --url foo".to_owned(),
                "write an address such as http://127.0.0.1:8600",
            ),
            ("verify --url https://x".to_owned(), "write an address"),
            (
                "council add camden --joined 2027-04-31".to_owned(),
                "there is no such day; write one such as 2027-04-01",
            ),
            (
                "partner add hornbill --council brent --per-minute 0".to_owned(),
                "write a whole number from 1 to 4294967295",
            ),
        ] {
            let refused = read(&line).unwrap_err();
            assert!(refused.contains(says), "{refused}");
        }
        let at = "2026-11-20T09:00:00.5+01:00";
        let Ok(Command::Ticket(Ticket::Log(log))) = read(&format!("{ticket} --happened {at}"))
        else {
            panic!("it is not taken");
        };
        assert_eq!(log.at.as_deref(), Some(at), "as it was given");
    }
}
