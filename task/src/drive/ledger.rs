//! The journal and the gate together: whatever is written is fed, and nothing else.

use std::io::Write;

use runbook_gate::Timestamp;
use runbook_gate::gate::{FailedGate, Gate, GateError, Outcome, Progress, Step};
use runbook_gate::journal::{self, Line, LineError};
use runbook_gate::sample::{Absence, Sample};

use crate::redact::Redactor;

/// Why a line did not get into the journal.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// The file could not be written.
    #[error(
        "cannot write the journal: {0}; check that the report folder's disk has space and can be written"
    )]
    Write(#[from] std::io::Error),
    /// The gate does not take the line where it stands.
    #[error("the gate refuses its own line: {0}; this is a defect of runbook-gate")]
    Gate(#[from] GateError),
    /// The line does not read back as it was written.
    #[error("a line of the journal does not read back: {0}; this is a defect of runbook-gate")]
    Unreadable(#[from] LineError),
}

/// Writes lines and feeds them.
pub struct Ledger<'f> {
    gate: Gate,
    file: &'f mut (dyn Write + Send),
    redactor: Redactor,
    decided: Step,
}

impl<'f> Ledger<'f> {
    /// A ledger without a line.
    pub fn new(gate: Gate, file: &'f mut (dyn Write + Send), redactor: Redactor) -> Self {
        Self { gate, file, redactor, decided: Step::Watching }
    }

    /// Writes a line, whole and flushed, and feeds the gate with what a reader of the journal would read.
    ///
    /// # Errors
    /// Where the file cannot be written, or the gate does not take the line.
    pub fn record(&mut self, line: Line) -> Result<Step, LedgerError> {
        let text = journal::write(&self.without_secrets(line));
        self.append(&text)?;
        if self.decided == Step::Watching {
            self.decided = self.gate.apply(&journal::parse_line(&text)?)?;
        }
        Ok(self.decided.clone())
    }

    /// Writes the decision and the end, and gives the outcome.
    ///
    /// # Errors
    /// Where the file cannot be written, or the gate does not take the end.
    pub fn close(mut self, now: Timestamp) -> Result<Outcome, LedgerError> {
        let end = match (&self.decided, self.gate.end()) {
            (Step::Watching, Some(end)) => end,
            _ => now,
        };
        let last = Line::End { t: end };
        let text = journal::write(&last);
        if self.decided == Step::Watching {
            self.gate.apply(&journal::parse_line(&text)?)?;
        }
        let outcome = self.gate.finish();
        let decision = Line::Decision {
            t: outcome.decided_at.unwrap_or(end),
            decision: outcome.decision,
            reason: outcome.reason.clone(),
        };
        let mut whole = journal::write(&decision);
        whole.push('\n');
        whole.push_str(&text);
        whole.push('\n');
        self.file.write_all(whole.as_bytes())?;
        self.file.flush()?;
        Ok(outcome)
    }

    /// The end of the watch as known now.
    pub fn end(&self) -> Option<Timestamp> {
        self.gate.end()
    }

    /// How things stand.
    pub fn progress(&self) -> Progress {
        self.gate.progress()
    }

    fn append(&mut self, text: &str) -> Result<(), LedgerError> {
        // One write, so that a killed process leaves whole lines.
        self.file.write_all(format!("{text}\n").as_bytes())?;
        self.file.flush()?;
        Ok(())
    }

    /// Every text of a line that comes from outside.
    fn without_secrets(&self, line: Line) -> Line {
        let clean = |text: String| self.redactor.clean(&text).into_owned();
        match line {
            Line::Sample { t, signal, sample: Sample::Absent(Absence::Error(why)) } => {
                Line::Sample { t, signal, sample: Sample::Absent(Absence::Error(clean(why))) }
            }
            Line::Note { t, signal, text, clears } => {
                Line::Note { t, signal, text: clean(text), clears: clears.map(clean) }
            }
            Line::Request { t, decision, by } => Line::Request { t, decision, by: clean(by) },
            Line::Unserved { t, reason } => Line::Unserved { t, reason: clean(reason) },
            Line::Recovery(mut recovery) => {
                recovery.redeployed = clean(recovery.redeployed);
                recovery.failed = recovery.failed.map(|failed| FailedGate {
                    release: clean(failed.release),
                    reason: clean(failed.reason),
                    ..failed
                });
                Line::Recovery(recovery)
            }
            Line::Cancel { t, by } => Line::Cancel { t, by: clean(by) },
            Line::Baseline { signal, mut baseline } => {
                baseline.source = baseline.source.map(clean);
                Line::Baseline { signal, baseline }
            }
            line => line,
        }
    }
}
