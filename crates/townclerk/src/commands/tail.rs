//! `townclerk tail`: the events of logs as they are recorded.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use futures::StreamExt;
use reqwest::Body;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sse_stream::{Sse, SseStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use townclerk_app::http::kind::Kind;
use townclerk_contract::position::Position;
use townclerk_domain::names::{LogName, Scope};

use super::show::Format;
use super::{Outcome, show};
use crate::cli::{Services, WrongUsage};
use crate::client::{Client, Refused};

#[derive(Debug, Args)]
#[command(after_help = EXAMPLE)]
pub struct Tail {
    /// The logs, such as brent and shared; else all that the token reads
    pub logs: Vec<LogName>,
    /// Begin after a position, such as brent:123, or after a number in each log; may be repeated
    #[arg(long, value_name = "POSITION")]
    pub after: Vec<After>,
    /// Begin with the last so many events of each log that --after does not name
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub last: u64,
    /// End where the log ends now
    #[arg(long)]
    pub once: bool,
    /// Wait for more (what it does unless --once is said)
    #[arg(long, conflicts_with = "once")]
    pub follow: bool,
    #[command(flatten)]
    pub services: Services,
}

const EXAMPLE: &str = "Examples: townclerk tail brent\n          \
                       townclerk tail brent shared --after 0 --once --json";

/// After what to begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum After {
    /// In each log.
    Sequence(u64),
    /// In one.
    Position(Position),
}

impl FromStr for After {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(sequence) = text.parse() {
            return Ok(Self::Sequence(sequence));
        }
        let position = text.parse().map(Self::Position);
        position.map_err(|why: townclerk_contract::position::InvalidPosition| why.to_string())
    }
}

/// Events that may wait to be printed.
const WAITING_MAX: usize = 256;

/// How long to wait before a lost connection is made again: at first, and at most.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_MAX: Duration = Duration::from_secs(30);

pub async fn tail(options: Tail) -> anyhow::Result<Outcome> {
    let services = &options.services;
    let (token, file) = (services.token.clone(), services.token_file.as_ref());
    let client = Arc::new(Client::new(&services.url, token, file)?);
    let (lines, mut heard) = mpsc::channel(WAITING_MAX);
    let mut followers = JoinSet::new();
    let outcome = tokio::select! {
        outcome = print(&client, &options, lines, &mut heard, &mut followers) => outcome,
        interrupted = tokio::signal::ctrl_c() => interrupted.map_err(Into::into),
    };
    followers.shutdown().await;
    outcome.map(|()| Outcome::Good)
}

/// Follows the logs and prints what is heard, until all have ended.
async fn print(
    client: &Arc<Client>,
    options: &Tail,
    lines: mpsc::Sender<Heard>,
    heard: &mut mpsc::Receiver<Heard>,
    followers: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    for (log, begin) in begins(client, options).await? {
        let follower = Follower {
            client: Arc::clone(client),
            log,
            begin,
            last_event: None,
            once: options.once,
            optional: options.logs.is_empty(),
            lines: lines.clone(),
        };
        followers.spawn(follower.follow());
    }
    drop(lines);
    loop {
        tokio::select! {
            Some(ended) = followers.join_next() => ended??,
            line = heard.recv() => {
                let Some(line) = line else {
                    break;
                };
                let text = match options.services.output.format() {
                    Format::Json => line.json()?,
                    Format::Tsv => show::tsv(&line.columns()),
                    Format::Table => line.text(),
                };
                match show::line_at_once(&text) {
                    // Its reader has read enough.
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                    written => written?,
                }
            }
        }
    }
    while let Some(ended) = followers.join_next().await {
        ended??;
    }
    Ok(())
}

/// The logs to follow, and the query by which each begins.
async fn begins(
    client: &Client,
    options: &Tail,
) -> anyhow::Result<BTreeMap<LogName, (&'static str, u64)>> {
    let mut logs = options.logs.clone();
    if logs.is_empty() {
        logs = all_logs(client).await?;
    }
    let mut begins: BTreeMap<LogName, (&'static str, u64)> = BTreeMap::new();
    for log in logs {
        begins.insert(log, ("last", options.last));
    }
    begin_after(&mut begins, &options.after)?;
    Ok(begins)
}

/// A number holds for every log that no position names, in whatever order they are given.
fn begin_after(
    begins: &mut BTreeMap<LogName, (&'static str, u64)>,
    afters: &[After],
) -> Result<(), WrongUsage> {
    let numbers = afters.iter().filter_map(|after| match after {
        After::Sequence(sequence) => Some(*sequence),
        After::Position(_) => None,
    });
    let numbers: Vec<u64> = numbers.collect();
    if let [first, second, ..] = numbers[..] {
        return Err(WrongUsage(format!(
            "--after is given as {first} and as {second}: give one number for all logs"
        )));
    }
    for sequence in numbers {
        for begin in begins.values_mut() {
            *begin = ("after", sequence);
        }
    }
    let mut named: BTreeMap<&LogName, &Position> = BTreeMap::new();
    for after in afters {
        let After::Position(position) = after else {
            continue;
        };
        if let Some(before) = named.insert(&position.log, position) {
            let log = &position.log;
            return Err(WrongUsage(format!(
                "--after is given as {before} and as {position}: give one position of {log}"
            )));
        }
        let Some(begin) = begins.get_mut(&position.log) else {
            return Err(WrongUsage(format!(
                "--after {position}: the log {} is not read",
                position.log
            )));
        };
        *begin = ("after", position.sequence);
    }
    Ok(())
}

/// Every log: those of the councils that have a view, and the shared one.
async fn all_logs(client: &Client) -> anyhow::Result<Vec<LogName>> {
    #[derive(Deserialize)]
    struct Served {
        views: Vec<Scope>,
    }
    let Served { views } = client.get_as("/v1/views", &[]).await?;
    let logs = views.into_iter().filter_map(|scope| match scope {
        Scope::Log(log) => Some(log),
        Scope::Joint => None,
    });
    Ok(logs.chain([LogName::shared()]).collect())
}

/// Reads one log, and goes on where it was when the connection is lost.
struct Follower {
    client: Arc<Client>,
    log: LogName,
    begin: (&'static str, u64),
    /// Where it goes on: after the last event that was read, or where the stream said that it began.
    last_event: Option<String>,
    once: bool,
    /// Whether it may be refused: nobody named this log.
    optional: bool,
    lines: mpsc::Sender<Heard>,
}

impl Follower {
    async fn follow(mut self) -> anyhow::Result<()> {
        let mut pause = PAUSE;
        let mut connected = false;
        loop {
            let answer = self.connect().await;
            let lost = match answer {
                Ok(response) => {
                    connected = true;
                    match self.read(response, &mut pause).await {
                        Read::Lost(why) => why,
                        Read::Done => return Ok(()),
                        Read::Damaged(why) => anyhow::bail!(
                            "{}: the log is damaged: {why}; reading it again does not help before \
                             an operator has restored it",
                            self.log
                        ),
                    }
                }
                Err(error) => match error.downcast_ref::<Refused>() {
                    Some(refused) if refused.status == 403 && self.optional => {
                        show::note(format!("{}: {}", self.log, refused.detail));
                        return Ok(());
                    }
                    Some(refused) if refused.is(Kind::LOG_DAMAGED) => return Err(error),
                    Some(refused) if refused.status < 500 && refused.status != 429 => {
                        return Err(error);
                    }
                    _ if !connected => return Err(error),
                    _ => format!("{error:#}"),
                },
            };
            let log = &self.log;
            show::note(format!("{log}: {lost}; again in {} s", pause.as_secs()));
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    async fn connect(&self) -> anyhow::Result<reqwest::Response> {
        let (name, value) = self.begin;
        let mut query = vec![(name, value.to_string())];
        if self.once {
            query.push(("follow", "false".to_owned()));
        }
        let path = format!("/v1/logs/{}/events", self.log);
        self.client
            .events(&path, &query, self.last_event.as_deref())
            .await
    }

    /// Reads until the stream ends, and says how it did.
    async fn read(&mut self, response: reqwest::Response, pause: &mut Duration) -> Read {
        let mut events = SseStream::new(Body::from(response));
        while let Some(event) = events.next().await {
            let event = match event {
                Ok(event) => event,
                Err(error) => return Read::Lost(error.to_string()),
            };
            // Also where it comes without an event: `--last` again would begin further on.
            if event.id.is_some() {
                self.last_event.clone_from(&event.id);
            }
            let Some(heard) = Heard::of(event) else {
                continue;
            };
            match heard.name.as_str() {
                "end" => return Read::Done,
                "damaged" => return Read::Damaged(heard.reason()),
                _ => {}
            }
            *pause = PAUSE;
            // Nobody prints any more.
            if self.lines.send(heard).await.is_err() {
                return Read::Done;
            }
        }
        Read::Lost("the stream ended".to_owned())
    }
}

/// How a stream ended.
#[derive(Debug, PartialEq, Eq)]
enum Read {
    /// There is nothing more to do.
    Done,
    /// The connection was lost, and why.
    Lost(String),
    /// The log is damaged, and how.
    Damaged(String),
}

/// What was heard of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heard {
    position: String,
    /// The type of the event; `foreign` or `unreadable` where it is none that can be read.
    name: String,
    data: String,
}

impl Heard {
    /// `None` for what only keeps the connection going.
    fn of(event: Sse) -> Option<Self> {
        Some(Self {
            position: event.id?,
            name: event.event?,
            data: event.data?,
        })
    }

    /// Whether this is an event, rather than what is told of another message.
    fn is_event(&self) -> bool {
        self.name.contains('.')
    }

    fn reason(&self) -> String {
        let data: Value = serde_json::from_str(&self.data).unwrap_or_default();
        show::cell(&data["reason"]).replace(char::is_control, "\u{fffd}")
    }

    /// For people: where, when, what happened to what, and who said so.
    fn text(&self) -> String {
        let data: Value = serde_json::from_str(&self.data).unwrap_or_default();
        let of = |member: &str| show::cell(&data[member]);
        let (position, name) = (&self.position, &self.name);
        match self.is_event() {
            true => format!(
                "{position:14} {:22} {:30} {}  {}",
                of("time"),
                short(name),
                of("subject"),
                of("authid"),
            ),
            false => format!("{position:14} {name}: {}", of("reason")),
        }
    }

    /// For spreadsheets: position, time, type, subject, who said so, and the reason of what is no event.
    fn columns(&self) -> [String; 6] {
        let data: Value = serde_json::from_str(&self.data).unwrap_or_default();
        let of = |member: &str| show::cell(&data[member]);
        let (position, name) = (self.position.clone(), short(&self.name).to_owned());
        [
            position,
            of("time"),
            name,
            of("subject"),
            of("authid"),
            of("reason"),
        ]
    }

    /// For programs: the event as the log holds it.
    fn json(&self) -> anyhow::Result<String> {
        let position = &self.position;
        if self.is_event() {
            let event: &RawValue = serde_json::from_str(&self.data)?;
            let position = serde_json::to_string(position)?;
            return Ok(format!("{{\"position\":{position},\"event\":{event}}}"));
        }
        let told: Value = serde_json::from_str(&self.data)?;
        let told = json!({ "position": position, self.name.as_str(): told["reason"] });
        Ok(told.to_string())
    }
}

/// A type without what all types have in common.
fn short(name: &str) -> &str {
    let name = name.strip_prefix("org.townclerk.").unwrap_or(name);
    name.strip_suffix(".v1").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str =
        r#"{"time":"2026-11-20T09:15:00Z","subject":"ticket/7","authid":"desk","data":{"n": 1.0}}"#;

    #[test]
    fn each_log_begins_after_one_place_or_the_doubt_is_named() {
        let begun = |afters: &[&str]| {
            let logs = ["brent", "shared"].map(|log| (log.parse().unwrap(), ("last", 10)));
            let mut begins = BTreeMap::from(logs);
            let afters: Vec<After> = afters.iter().map(|after| after.parse().unwrap()).collect();
            let done = begin_after(&mut begins, &afters).map_err(|why| why.to_string());
            done.map(|()| begins.into_values().collect::<Vec<_>>())
        };
        for both in [["brent:5", "3"], ["3", "brent:5"]] {
            assert_eq!(begun(&both), Ok(vec![("after", 5), ("after", 3)]));
        }
        for (afters, says) in [
            (["brent:1", "brent:5"], "as brent:1 and as brent:5"),
            (["7", "9"], "as 7 and as 9"),
            (["brent:1", "lewisham:2"], "the log lewisham is not read"),
        ] {
            let why = begun(&afters).unwrap_err();
            assert!(why.contains(says), "{why}");
        }
    }

    fn heard(name: &str, data: &str) -> Heard {
        let event = Sse::default().id("brent:7").event(name).data(data);
        Heard::of(event).unwrap()
    }

    #[test]
    fn an_event_is_one_line_for_people_and_its_own_bytes_for_programs() {
        let event = heard("org.townclerk.ticket.logged.v1", EVENT);
        let words: Vec<String> = event.text().split_whitespace().map(str::to_owned).collect();
        let expected = [
            "brent:7",
            "2026-11-20T09:15:00Z",
            "ticket.logged",
            "ticket/7",
            "desk",
        ];
        assert_eq!(words, expected);
        let json = format!(r#"{{"position":"brent:7","event":{EVENT}}}"#);
        assert_eq!(event.json().unwrap(), json);
    }

    #[test]
    fn what_is_no_event_is_told_as_that_and_steers_no_terminal() {
        let told = heard(
            "foreign",
            r#"{"position":"brent:7","reason":"a \u001b[2Jb"}"#,
        );
        assert_eq!(told.text(), r"brent:7        foreign: a \u001b[2Jb");
        let json = r#"{"foreign":"a \u001b[2Jb","position":"brent:7"}"#;
        assert_eq!(told.json().unwrap(), json);
        let kept_alive = Sse::default();
        assert_eq!(Heard::of(kept_alive), None);
    }

    fn follower(lines: mpsc::Sender<Heard>) -> Follower {
        Follower {
            client: Arc::new(Client::new("http://127.0.0.1:9", None, None).unwrap()),
            log: "brent".parse().unwrap(),
            begin: ("last", 0),
            last_event: None,
            once: false,
            optional: false,
            lines,
        }
    }

    #[tokio::test]
    async fn a_follower_that_heard_no_event_goes_on_from_where_the_stream_began() {
        let (lines, _heard) = mpsc::channel(WAITING_MAX);
        let mut follower = follower(lines);
        let body = "retry: 2000\n: brent after 7\nid: brent:7\n\n: keep-alive\n\n";
        let response = axum::http::Response::new(body);
        let lost = follower.read(response.into(), &mut PAUSE.clone()).await;
        assert_eq!(lost, Read::Lost("the stream ended".to_owned()));
        assert_eq!(follower.last_event.as_deref(), Some("brent:7"));
    }

    #[tokio::test]
    async fn a_follower_of_a_damaged_log_ends_and_says_why() {
        let (lines, _heard) = mpsc::channel(WAITING_MAX);
        let mut follower = follower(lines);
        let body = "id: brent:7\nevent: damaged\ndata: {\"reason\":\"message 8 is missing\"}\n\n";
        let response = axum::http::Response::new(body);
        let read = follower.read(response.into(), &mut PAUSE.clone()).await;
        assert_eq!(read, Read::Damaged("message 8 is missing".to_owned()));
    }

    #[test]
    fn where_to_begin_is_a_number_or_a_position() {
        assert_eq!("12".parse(), Ok(After::Sequence(12)));
        let position = After::Position("brent:12".parse().unwrap());
        assert_eq!("brent:12".parse(), Ok(position));
        assert!("brent".parse::<After>().unwrap_err().contains("brent:123"));
    }
}
