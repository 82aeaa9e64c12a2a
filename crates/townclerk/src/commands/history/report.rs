//! What `history check` and `history import` say in the end.

use serde::Serialize;
use townclerk_contract::position::Position;
use townclerk_domain::names::LogName;
use townclerk_event_log::import::Refusal;

use super::trust;
use crate::commands::show::{self, Output};
use crate::history::{Comparison, Fault, Imported, LogFile, Manifest, PublicKey, Signed};

/// What an export came to.
#[derive(Serialize)]
pub(super) struct ExportReport {
    #[serde(flatten)]
    pub manifest: Manifest,
    pub signed_by: PublicKey,
}

/// What a check came to.
#[derive(Default, Serialize)]
pub(super) struct CheckReport {
    pub ok: bool,
    /// None where nobody signed it, or where that could not be told.
    signed_by: Option<PublicKey>,
    /// Whether that is the key that was given with `--key`.
    trusted: bool,
    #[serde(skip)]
    signed: String,
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

    /// Adds who signed it, and compares that with who must have.
    pub fn judge(&mut self, signed: &Signed, trusted: Option<&PublicKey>) {
        self.signed_by = signed.key().cloned();
        match trust::compared(signed, trusted) {
            Ok(said) => {
                self.signed = said;
                self.trusted = trusted.is_some();
            }
            Err(fault) => {
                self.faults.push(fault);
                self.ok = false;
            }
        }
    }

    pub fn show(&self, output: Output) -> anyhow::Result<()> {
        if show::for_programs(output, self)? {
            return Ok(());
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
        if !self.signed.is_empty() {
            show::line(&self.signed);
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
    /// None where nobody signed it, or where that could not be told.
    signed_by: Option<PublicKey>,
    faults: Vec<Fault>,
    logs: Vec<LogReport>,
}

#[derive(Serialize)]
pub(super) struct LogReport {
    log: LogName,
    outcome: LogOutcome,
    /// Messages of the file that the log held before.
    held: u64,
    /// Messages of the file that were appended now.
    imported: u64,
    /// Where the log ends now; of one whose import was refused or failed in the middle, up to where
    /// it is known to be that of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    now_at: Option<Position>,
    /// The chain over the log, where it holds all of the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    head: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failed: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
enum LogOutcome {
    Imported,
    AlreadyThere,
    Refused,
    /// Something broke down in the middle: the import goes on from there when it is repeated.
    Failed,
    /// It fits, but another log was refused or failed.
    LeftAsItIs,
}

impl Report {
    pub fn of(logs: Vec<LogReport>) -> Self {
        Self {
            ok: logs
                .iter()
                .all(|log| matches!(log.outcome, LogOutcome::Imported | LogOutcome::AlreadyThere)),
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

    /// With who signed what was to be imported.
    pub fn signed(self, signed: &Signed) -> Self {
        Self {
            signed_by: signed.key().cloned(),
            ..self
        }
    }

    pub fn show(&self, output: Output) -> anyhow::Result<()> {
        if show::for_programs(output, self)? {
            return Ok(());
        }
        for report in &self.logs {
            show::line(report.text());
        }
        // Why nothing was done is no data.
        for fault in &self.faults {
            show::error(&anyhow::anyhow!("{fault}"));
        }
        if let Some(why) = &self.refused {
            show::error(&anyhow::anyhow!("{why}"));
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

    /// Refused after the log was found to hold `held` messages of the file.
    pub fn refused_at(entry: &LogFile, held: u64, why: &Refusal) -> Self {
        let report = Self::refused(entry, why);
        match why {
            Refusal::Contended { after, .. } => report.reached(entry, held, *after),
            Refusal::Differs { .. } | Refusal::Longer { .. } => report,
        }
    }

    pub fn failed(entry: &LogFile, held: u64, reached: u64, why: &anyhow::Error) -> Self {
        let report = Self {
            failed: Some(format!("{why:#}")),
            ..Self::new(entry, LogOutcome::Failed)
        };
        report.reached(entry, held, reached)
    }

    fn reached(self, entry: &LogFile, held: u64, reached: u64) -> Self {
        Self {
            held,
            imported: reached.saturating_sub(held),
            now_at: Some(position(entry, reached)),
            ..self
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
            failed: None,
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
        let failed = self.failed.as_deref().unwrap_or_default();
        let now_at = now_at.as_ref().map(Position::to_string).unwrap_or_default();
        let so_far = format!("{held} were there, {imported} imported, up to {now_at}");
        match self.outcome {
            LogOutcome::Imported => {
                format!("{log}: {held} were there, {imported} imported, now at {now_at}")
            }
            LogOutcome::AlreadyThere => format!("{log}: all {held} were there already"),
            LogOutcome::Refused if now_at.is_empty() => format!("{log}: refused: {refused}"),
            LogOutcome::Refused => format!("{log}: refused: {refused} ({so_far})"),
            LogOutcome::Failed => {
                format!("{log}: failed: {failed} ({so_far}; import again, it goes on there)")
            }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn entry(log: &str) -> LogFile {
        let log = LogName::new(log).unwrap();
        LogFile {
            file: format!("{log}.ndjson"),
            log,
            messages: 9_000,
            head: "0".repeat(64),
            sha256: "0".repeat(64),
            bytes: 1,
        }
    }

    #[test]
    fn an_import_that_is_refused_in_the_middle_says_what_it_appended() {
        let contended = Refusal::Contended {
            log: "brent".to_owned(),
            after: 5_000,
        };
        let report = LogReport::refused_at(&entry("brent"), 2_000, &contended);
        let said = report.text();
        let so_far = "(2000 were there, 3000 imported, up to brent:5000)";
        assert!(
            said.starts_with("brent: refused: somebody else wrote"),
            "{said}"
        );
        assert!(said.ends_with(so_far), "{said}");
        let said = serde_json::to_value(&report).unwrap();
        assert_eq!(said["outcome"], "refused");
        assert_eq!(said["imported"], 3_000);
        assert_eq!(said["now_at"], "brent:5000");
        assert!(!Report::of(vec![report]).ok);
    }

    #[test]
    fn a_log_that_fails_is_reported_beside_those_that_were_done_before_it() {
        let done = Imported {
            held: 0,
            imported: 9_000,
            now_at: 9_000,
        };
        let why = anyhow::anyhow!("the log did not take a batch");
        let logs = vec![
            LogReport::imported(&entry("brent"), done),
            LogReport::failed(&entry("lewisham"), 0, 1_000, &why),
        ];
        let said = logs[1].text();
        assert!(
            said.contains("did not take a batch (0 were there, 1000 imported"),
            "{said}"
        );
        let report = Report::of(logs);
        assert!(!report.ok);
        let said = serde_json::to_value(&report).unwrap();
        assert_eq!(said["logs"][0]["outcome"], "imported");
        assert_eq!(said["logs"][1]["outcome"], "failed");
        assert_eq!(said["logs"][1]["imported"], 1_000);
        assert_eq!(
            said["logs"][1]["failed"],
            json!("the log did not take a batch")
        );
    }
}
