//! What each command of the command line does.

mod audit;
mod council;
mod demo;
mod figures;
mod history;
mod list;
mod log;
mod partner;
mod partner_check;
mod replay;
mod send;
mod serve;
mod show;
mod tail;
mod ticket;
mod token;
mod up;

pub use self::audit::Audit;
pub use self::council::Council;
pub use self::history::History;
pub use self::partner::Partner;
pub use self::show::Output;
pub use self::tail::Tail;
pub use self::ticket::TicketStep;
pub use self::token::Token;

use std::process::ExitCode;

use crate::cli::{Cli, Command, WrongUsage};
use crate::client::Refused;

/// Exit codes, as the help names them.
const FAILED: u8 = 1;
const WRONG_USAGE: u8 = 2;
const REFUSED: u8 = 3;
const DIFFERENCES: u8 = 4;

/// Whether a command found what it hoped for.
pub(crate) enum Outcome {
    Good,
    /// `verify` found differences, `partner check` errors.
    Differences,
    /// What was asked does not fit what there is; nothing was done, and why was said.
    Refused,
}

/// Runs one command; errors go to stderr, each cause once.
pub async fn run(cli: Cli) -> ExitCode {
    let outcome = match cli.command {
        Command::Up(options) => up::up(options).await,
        Command::Demo(options) => demo::demo(options).await,
        Command::Serve(options) => serve::serve(options).await,
        Command::Log(options) => log::log(options).await,
        Command::Figures(options) => figures::figures(options).await,
        Command::Ticket(options) => ticket::ticket(options).await,
        Command::List(options) => list::list(options).await,
        Command::Send(options) => send::send(options).await,
        Command::Council(options) => council::council(options).await,
        Command::Partner(options) => partner::partner(options).await,
        Command::Token(options) => token::token(options).await,
        Command::History(options) => history::history(options).await,
        Command::Tail(options) => tail::tail(options).await,
        Command::Audit(options) => audit::audit(&options),
        Command::Rebuild(options) => replay::rebuild(options).await,
        Command::Verify(options) => replay::verify(options).await,
    };
    match outcome {
        Ok(Outcome::Good) => ExitCode::SUCCESS,
        Ok(Outcome::Differences) => ExitCode::from(DIFFERENCES),
        Ok(Outcome::Refused) => ExitCode::from(REFUSED),
        Err(error) => {
            show::error(&error);
            ExitCode::from(code_of(&error))
        }
    }
}

fn code_of(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Refused>() {
        Some(refused) if refused.status < 500 => REFUSED,
        Some(_) => FAILED,
        None if error.is::<WrongUsage>() => WRONG_USAGE,
        None => FAILED,
    }
}
