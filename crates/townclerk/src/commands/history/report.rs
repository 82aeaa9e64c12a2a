//! What `history check` and `history import` say in the end.

use serde::Serialize;
use townclerk_contract::position::Position;
use townclerk_domain::names::LogName;
use townclerk_event_log::import::Refusal;

use crate::commands::show;
use crate::history::{Comparison, Fault, Imported, LogFile};

/// What a check came to.
#[derive(Default, Serialize)]
pub(super) struct CheckReport {
    pub ok: bool,
    pub faults: Vec<Fault>,
    /// The files that are as they were exported.
    pub right: Vec<LogFile>,
}

impl CheckReport {
    pub fn faulty(fault: Fault) -> Self {
        Self {
            faults: vec![fault],
            ..Self::default()
        }
    }

    pub fn show(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return show::json(self);
        }
        for LogFile {
            file,
            log,
            messages,
            ..
        } in &self.right
        {
            show::line(format!(
                "{file}: as it was exported, up to {log}:{messages}"
            ));
        }
        for fault in &self.faults {
            show::line(fault.to_string());
        }
        Ok(())
    }
}

/// What an import came to.
#[derive(Default, Serialize)]
pub(super) struct Report {
    pub ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    faults: Vec<Fault>,
    logs: Vec<LogReport>,
}

#[derive(Serialize)]
pub(super) struct LogReport {
    log: LogName,
    outcome: LogOutcome,
    /// Messages of the file that the log held before.
    held: u64,
    imported: u64,
    /// Where the log ends now; not said of one that was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    now_at: Option<Position>,
    /// The chain over the log, where it holds all of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum LogOutcome {
    Imported,
    AlreadyThere,
    Refused,
    /// It fits, but another log was refused.
    LeftAsItIs,
}

impl Report {
    pub fn of(logs: Vec<LogReport>) -> Self {
        Self {
            ok: !logs.iter().any(|log| log.outcome == LogOutcome::Refused),
            logs,
            ..Self::default()
        }
    }

    pub fn refused(why: String) -> Self {
        Self {
            refused: Some(why),
            ..Self::default()
        }
    }

    pub fn faulty(faults: Vec<Fault>) -> Self {
        Self {
            faults,
            ..Self::default()
        }
    }

    pub fn show(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return show::json(self);
        }
        for report in &self.logs {
            show::line(report.text());
        }
        for fault in &self.faults {
            show::line(fault.to_string());
        }
        if let Some(why) = &self.refused {
            show::line(why);
        }
        Ok(())
    }
}

impl LogReport {
    pub fn imported(entry: &LogFile, imported: Imported) -> Self {
        let outcome = match imported.imported {
            0 => LogOutcome::AlreadyThere,
            _ => LogOutcome::Imported,
        };
        Self {
            held: imported.held,
            imported: imported.imported,
            now_at: Some(position(entry, imported.now_at)),
            head: Some(entry.head.clone()),
            ..Self::new(entry, outcome)
        }
    }

    pub fn refused(entry: &LogFile, why: &Refusal) -> Self {
        Self {
            refused: Some(why.to_string()),
            ..Self::new(entry, LogOutcome::Refused)
        }
    }

    pub fn left_as_it_is(entry: &LogFile, comparison: &Comparison) -> Self {
        Self {
            held: comparison.held(),
            now_at: Some(position(entry, comparison.held())),
            ..Self::new(entry, LogOutcome::LeftAsItIs)
        }
    }

    fn new(entry: &LogFile, outcome: LogOutcome) -> Self {
        Self {
            log: entry.log.clone(),
            outcome,
            held: 0,
            imported: 0,
            now_at: None,
            head: None,
            refused: None,
        }
    }

    fn text(&self) -> String {
        let Self {
            log,
            held,
            imported,
            now_at,
            ..
        } = self;
        let refused = self.refused.as_deref().unwrap_or_default();
        let now_at = now_at.as_ref().map(Position::to_string).unwrap_or_default();
        match self.outcome {
            LogOutcome::Imported => {
                format!("{log}: {held} were there, {imported} imported, now at {now_at}")
            }
            LogOutcome::AlreadyThere => format!("{log}: all {held} were there already"),
            LogOutcome::Refused => format!("{log}: refused: {refused}"),
            LogOutcome::LeftAsItIs => format!("{log}: left as it is, at {now_at}"),
        }
    }
}

fn position(entry: &LogFile, sequence: u64) -> Position {
    Position {
        log: entry.log.clone(),
        sequence,
    }
}
