//! The command line.

mod given;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use townclerk_domain::names::{Code, LogName, Scope};

pub use self::given::{Filter, WrongUsage};
pub(crate) use self::given::{at_least_one, day, instant};
use self::given::{command_path, service_url};
use crate::commands::{Audit, Council, History, Output, Partner, Tail, TicketStep, Token};
use crate::system::Reach;

/// Keeps the record of a shared council IT service: every event once, every figure explained.
#[derive(Debug, Parser)]
#[command(version, after_help = EXIT_CODES)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused by the service, \
                          4 verify or rebuild found differences, partner check errors, \
                          history check a fault.";

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run everything in one process: nats-server, all services, all views
    Up(Up),
    /// Run the whole system on a throw-away folder with the demonstration history
    Demo(Demo),
    /// Run one role as a process of its own, on a NATS given by URL
    Serve(Serve),
    /// Make streams, and decide on a log that has lost its end (records no event)
    #[command(subcommand)]
    Log(Log),
    /// Read figures of a council, of shared, or of joint
    Figures(Figures),
    /// Log tickets, record what happens to them, look at them
    #[command(subcommand)]
    Ticket(Ticket),
    /// List records of a council, of shared, or of joint
    List(List),
    /// Send any command as JSON
    Send(Send),
    /// Let councils in, and list them
    #[command(subcommand)]
    Council(Council),
    /// Deal with the tools of partner councils
    #[command(subcommand)]
    Partner(Partner),
    /// Give out tokens, list who has one, take them away
    #[command(subcommand)]
    Token(Token),
    /// Export logs into files, check files, import them
    #[command(subcommand)]
    History(History),
    /// Print the events of logs as they are recorded
    Tail(Tail),
    /// Show who was refused, and what operators did
    Audit(Audit),
    /// Make the rows of a view again from the logs, compare, and serve them
    Rebuild(Rebuild),
    /// Compare every view with a fresh replay of its logs
    Verify(Verify),
}

#[derive(Debug, Args)]
pub struct Up {
    /// Holds the logs, credentials, tokens and views; made if absent
    #[arg(long, env = "TOWNCLERK_DATA", default_value = "townclerk-data")]
    pub data: PathBuf,
    /// The councils of a first start; else brent,lewisham,southwark. Later they stand in town.json;
    /// may be repeated
    #[arg(long, value_delimiter = ',')]
    pub councils: Option<Vec<Code>>,
    /// Where to serve HTTP
    #[arg(long, default_value = "127.0.0.1:8600")]
    pub listen: SocketAddr,
    /// The nats-server to run (2.12.5 or newer); else the one on PATH
    #[arg(long, env = "TOWNCLERK_NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
    /// The port of nats-server on 127.0.0.1; else a free one
    #[arg(long)]
    pub nats_port: Option<u16>,
    /// A nats-server that somebody else runs, instead of one of its own
    #[arg(long, env = "TOWNCLERK_NATS_URL", requires = "credentials")]
    pub nats_url: Option<String>,
    /// The folder that holds <log>/<role>.nk for it
    #[arg(long, env = "TOWNCLERK_CREDENTIALS", requires = "nats_url")]
    pub credentials: Option<PathBuf>,
    /// Log to stderr as JSON
    #[arg(long)]
    pub log_json: bool,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// Print every figure as one JSON array when all views have caught up, and exit
    #[arg(long)]
    pub once: bool,
    /// Where to serve HTTP; with --once a free port is taken
    #[arg(long, default_value = "127.0.0.1:8600")]
    pub listen: SocketAddr,
    /// The nats-server to run (2.12.5 or newer); else the one on PATH
    #[arg(long, env = "TOWNCLERK_NATS_SERVER")]
    pub nats_server: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ServedRole {
    TicketService,
    ChangeService,
    OutageService,
    RegistryService,
    RestructureService,
    PartnerGateway,
    ViewService,
}

/// How to reach NATS.
#[derive(Debug, Args)]
pub struct Nats {
    /// Where the nats-server is, such as nats://nats.example:4222
    #[arg(long, env = "TOWNCLERK_NATS_URL")]
    pub nats_url: String,
    /// The folder that holds <log>/<role>.nk
    #[arg(long, env = "TOWNCLERK_CREDENTIALS")]
    pub credentials: PathBuf,
    /// The logs that may be used; each needs a credential; may be repeated
    #[arg(long, value_delimiter = ',', required = true)]
    pub logs: Vec<LogName>,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// What this process does
    pub role: ServedRole,
    #[command(flatten)]
    pub nats: Nats,
    /// The scope of a view-service: a council or joint
    #[arg(long, required_if_eq("role", "view-service"))]
    pub scope: Option<Scope>,
    /// Holds the rows of a view-service
    #[arg(long, env = "TOWNCLERK_DATA", default_value = "townclerk-data")]
    pub data: PathBuf,
    /// The token book, as `townclerk up` makes it
    #[arg(long, env = "TOWNCLERK_TOKENS")]
    pub tokens: PathBuf,
    /// Where to serve HTTP, such as 127.0.0.1:8601
    #[arg(long)]
    pub listen: SocketAddr,
    /// Log to stderr as JSON
    #[arg(long)]
    pub log_json: bool,
}

#[derive(Debug, Subcommand)]
pub enum Log {
    /// Make the stream of each log, with the operator's credential
    Init(Nats),
    /// Let a log that has lost its end go on from where it ends now: what is lost stays lost, and
    /// new events take its positions (with everything stopped)
    AcceptShortened(AcceptShortened),
}

#[derive(Debug, Args)]
pub struct AcceptShortened {
    /// The log that is closed for writing
    pub log: LogName,
    /// Where it ends now, as the refusal says: this confirms that all after it is given up
    #[arg(long, value_name = "SEQUENCE")]
    pub ends_at: u64,
    #[command(flatten)]
    pub reach: Reach,
}

/// How to reach running services.
#[derive(Debug, Args)]
pub struct Services {
    /// Where the services are
    #[arg(long, env = "TOWNCLERK_URL", default_value = "http://127.0.0.1:8600", value_parser = service_url)]
    pub url: String,
    /// A token; better in the environment or in a file
    #[arg(long, env = "TOWNCLERK_TOKEN", hide_env_values = true)]
    pub token: Option<String>,
    /// A file with a token, such as operator.token in the data directory
    #[arg(long, env = "TOWNCLERK_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    #[command(flatten)]
    pub output: Output,
}

#[derive(Debug, Args)]
pub struct Figures {
    /// The view to ask: a council's code, shared or joint
    pub scope: Scope,
    /// Such as tickets_logged; may be repeated
    #[arg(long)]
    pub measure: Vec<String>,
    /// 2019-07, 19/20 Q4, 2018-06-04 or 2019-07/2020-07; may be repeated
    #[arg(long)]
    pub period: Vec<String>,
    /// Split by a dimension that the measure has, such as priority, service, component or home
    #[arg(long)]
    pub breakdown: Option<String>,
    /// Only records with a value, such as priority=p1; may be repeated for other
    /// dimensions
    #[arg(long = "where", value_name = "DIMENSION=VALUE")]
    pub filters: Vec<Filter>,
    /// Of joint: in every period only the councils that were members throughout all of them
    #[arg(long)]
    pub like_for_like: bool,
    /// What happened at this time or later does not count
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_at: Option<String>,
    /// What became known after this time does not count
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub known_at: Option<String>,
    /// Wait until this position is read, such as brent:123; may be repeated
    #[arg(long)]
    pub min_position: Vec<String>,
    #[command(flatten)]
    pub services: Services,
}

#[derive(Debug, Subcommand)]
pub enum Ticket {
    /// Log a ticket
    Log(TicketLog),
    /// Show a ticket with its events
    Show(TicketShow),
    /// Show how a ticket stands against what was agreed, and how that came about
    ServiceLevel(TicketShow),
    #[command(flatten)]
    Step(TicketStep),
}

#[derive(Debug, Args)]
pub struct TicketLog {
    /// The council whose log it belongs to, or shared
    pub log: LogName,
    /// incident or request
    #[arg(long)]
    pub kind: String,
    /// p1 to p5
    #[arg(long)]
    pub priority: String,
    /// The code of the service that it is about, such as email
    #[arg(long)]
    pub service: String,
    /// The code of what it is about, such as software-error
    #[arg(long)]
    pub category: String,
    /// phone, web, email, walk-in or third-party
    #[arg(long, default_value = "web")]
    pub channel: String,
    /// standard or vip
    #[arg(long, default_value = "standard")]
    pub user_class: String,
    /// The code of the directorate whose work it touches
    #[arg(long)]
    pub directorate: Option<String>,
    /// A council's own application team deals with it, not the shared service
    #[arg(long)]
    pub local_team: bool,
    /// The councils that it hits, for a ticket in shared; may be repeated
    #[arg(long, value_delimiter = ',')]
    pub councils: Vec<String>,
    /// When it happened, such as 2026-11-20T09:00:00Z; else now
    #[arg(long, value_name = "TIME", visible_alias = "happened", value_parser = instant)]
    pub at: Option<String>,
    /// The idempotency key: repeat the command with it and it is still recorded once
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    pub services: Services,
}

#[derive(Debug, Args)]
pub struct TicketShow {
    /// The council whose log it is in, or shared
    pub log: LogName,
    /// Its id
    pub id: String,
    /// What happened at this time or later does not count
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_at: Option<String>,
    /// What became known after this time does not count
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub known_at: Option<String>,
    #[command(flatten)]
    pub services: Services,
}

/// The sorts of records that a view lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Sort {
    Tickets,
    Changes,
    Outages,
    Freezes,
    Gates,
    Programmes,
    Posts,
    RecoveryTests,
    Interims,
    Agreements,
    Findings,
    /// Published figures, each with whether it agrees with ours
    Claims,
    /// Open tickets beside what was agreed, the most urgent first
    ServiceLevels,
}

#[derive(Debug, Args)]
#[command(after_help = LIST_EXAMPLE)]
pub struct List {
    /// What to list
    pub sort: Sort,
    /// The view to ask: a council's code, shared or joint; tickets are not listed for joint
    #[arg(long)]
    pub scope: Scope,
    /// What happened at this time or later does not count
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub as_at: Option<String>,
    /// What became known after this time does not count
    #[arg(long, value_name = "TIME", value_parser = instant)]
    pub known_at: Option<String>,
    /// Of tickets, changes and outages only the open ones; else all are listed
    #[arg(long)]
    pub open: bool,
    /// Of service levels: only those in this band: overdue, 95, 85, 75, 50, none, paused,
    /// no-target, no-agreement
    #[arg(long)]
    pub band: Option<String>,
    /// Of service levels: only those of this priority, p1 to p5
    #[arg(long)]
    pub priority: Option<String>,
    /// Of tickets and service levels: only those with a value, such as service=email; may be repeated
    /// for other dimensions
    #[arg(long = "where", value_name = "DIMENSION=VALUE")]
    pub filters: Vec<Filter>,
    /// Of outages: only those of this nature: failure, known-error, maintenance
    #[arg(long)]
    pub nature: Option<String>,
    /// Of interims: only those whose last day is that near, or over
    #[arg(long)]
    pub within_days: Option<u32>,
    /// How many at most; else 50, of findings and service levels 100
    #[arg(long)]
    pub limit: Option<u32>,
    /// Where the page before ended, as it said
    #[arg(long)]
    pub after: Option<String>,
    #[command(flatten)]
    pub services: Services,
}

const LIST_EXAMPLE: &str = "Example: townclerk list outages --scope lewisham --open";

#[derive(Debug, Args)]
#[command(after_help = SEND_EXAMPLE)]
pub struct Send {
    /// The path of a command, such as /v1/logs/shared/outages
    #[arg(value_parser = command_path)]
    pub path: String,
    /// Its body as JSON, or @FILE to read it from a file, or - for the standard input
    #[arg(long, default_value = "{}")]
    pub body: String,
    /// The idempotency key: repeat the command with it and it is still recorded once
    #[arg(long)]
    pub key: Option<String>,
    #[command(flatten)]
    pub services: Services,
}

const SEND_EXAMPLE: &str = "Example: townclerk send /v1/logs/brent/coverages --body \
    '{\"selector\": {\"family\": \"outage\"}, \"from\": \"2021-01-01\"}'";

#[derive(Debug, Args)]
pub struct Rebuild {
    /// A council's code, or joint
    pub view: Scope,
    #[command(flatten)]
    pub services: Services,
}

#[derive(Debug, Args)]
pub struct Verify {
    /// The views; else all that are served there
    pub views: Vec<Scope>,
    #[command(flatten)]
    pub services: Services,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory, Parser};

    use super::*;

    fn read(line: &[&str]) -> Result<Command, String> {
        let words = std::iter::once("townclerk").chain(line.iter().copied());
        let read = Cli::try_parse_from(words);
        read.map(|cli| cli.command).map_err(|why| why.to_string())
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    /// All commands with all below them.
    fn all(command: &clap::Command) -> Vec<&clap::Command> {
        let below = command.get_subcommands().flat_map(all);
        std::iter::once(command).chain(below).collect()
    }

    #[test]
    fn an_option_that_is_taken_twice_says_so_and_no_other_is() {
        let mut repeated = 0;
        for command in all(&Cli::command()) {
            assert!(!command.is_args_override_self(), "{}", command.get_name());
            for option in command.get_arguments().filter(|arg| !arg.is_positional()) {
                let several = matches!(option.get_action(), clap::ArgAction::Append);
                let help = option
                    .get_help()
                    .map(ToString::to_string)
                    .unwrap_or_default();
                let id = option.get_id();
                assert_eq!(several, help.contains("may be repeated"), "{id}: {help}");
                repeated += usize::from(several);
            }
        }
        assert!(repeated >= 5);
        for line in [
            ["list", "tickets", "--limit", "1", "--limit", "2"],
            [
                "figures",
                "joint",
                "--breakdown",
                "kind",
                "--breakdown",
                "home",
            ],
        ] {
            let refused = read(&line).unwrap_err();
            assert!(
                refused.contains("cannot be used multiple times"),
                "{refused}"
            );
            assert!(refused.contains(line[2]), "{refused}");
        }
    }

    #[test]
    fn every_argument_says_what_it_is() {
        for command in all(&Cli::command()) {
            for argument in command.get_arguments() {
                let (of, id) = (command.get_name(), argument.get_id());
                assert!(argument.get_help().is_some(), "{of}: {id}");
            }
        }
    }

    #[test]
    fn every_sort_of_record_is_listed_by_its_name() {
        for sort in Sort::value_variants() {
            let name = sort.to_possible_value().unwrap();
            let list = read(&["list", name.get_name(), "--scope", "joint"]);
            assert!(matches!(list, Ok(Command::List(list)) if list.sort == *sort));
        }
        let unknown = read(&["list", "people", "--scope", "joint"]).unwrap_err();
        assert!(unknown.contains("possible values: tickets"), "{unknown}");
    }

    #[test]
    fn only_the_path_of_a_command_is_sent_to() {
        let sent = read(&["send", "/v1/logs/brent/tickets/1/start"]);
        assert!(matches!(sent, Ok(Command::Send(send)) if send.body == "{}"));
        for path in ["/v1/views/brent/rebuild", "v1/logs/brent/tickets"] {
            let refused = read(&["send", path]).unwrap_err();
            assert!(
                refused.contains("a command has a path such as"),
                "{refused}"
            );
        }
    }
}
