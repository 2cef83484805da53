//! The agent of Azure Pipelines: the only place that writes what it obeys.
//!
//! Words from outside go through three doors on their way: secrets are masked, what steers is marked ([`escape::terminal`]), and the
//! rest is escaped as the agent decodes it ([`command`]). Issues, outputs and attachments are bounded.

mod command;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use runbook_gate::diagnostic::{Diagnostics, Severity};
use runbook_gate::report::escape;

use crate::door::Door;
use crate::files::{
    CHECKLIST_JSON, CHECKLIST_PAGE, CHECKLIST_SUMMARY, JOURNAL, PAGE, PLAN_JSON, PLAN_PAGE, PLAN_SUMMARY,
    REPORT_JSON, ReportFolder, SUMMARY, VERDICT, shown,
};

/// The agent keeps so many issues of each kind with a step.
const MOST_ISSUES: usize = 10;
/// The longest title of a summary, in characters.
const LONGEST_TITLE: usize = 80;

/// An output variable, as task.json declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    /// `proceed`, `hold`, `rollback` or `error`.
    Decision,
    /// After a rollback: `true` or `false`.
    Recovered,
    /// `enforce`, `advise` or `off`.
    Enforcement,
    /// Why, in one sentence.
    Reason,
    /// The criterion that decided.
    Criterion,
    /// The items of the checklist that hold the deployment.
    OpenItems,
    /// The time of the sample that decided.
    DecidedAt,
    /// The folder of the reports.
    ReportPath,
    /// The journal.
    JournalPath,
    /// The run of the last known good version.
    LastKnownGoodRunId,
    /// The last known good version.
    LastKnownGoodVersion,
    /// Its commit.
    LastKnownGoodCommit,
    /// Whether its artifacts were seen to be there.
    LastKnownGoodArtifactsProved,
    /// Whether going back to it is proved to be safe.
    RollbackSafe,
}

impl Output {
    /// All of them, in task.json's order.
    #[cfg(test)]
    const ALL: [Self; 14] = [
        Self::Decision,
        Self::Recovered,
        Self::Enforcement,
        Self::Reason,
        Self::Criterion,
        Self::OpenItems,
        Self::DecidedAt,
        Self::ReportPath,
        Self::JournalPath,
        Self::LastKnownGoodRunId,
        Self::LastKnownGoodVersion,
        Self::LastKnownGoodCommit,
        Self::LastKnownGoodArtifactsProved,
        Self::RollbackSafe,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Decision => "decision",
            Self::Recovered => "recovered",
            Self::Enforcement => "enforcement",
            Self::Reason => "reason",
            Self::Criterion => "criterion",
            Self::OpenItems => "openItems",
            Self::DecidedAt => "decidedAt",
            Self::ReportPath => "reportPath",
            Self::JournalPath => "journalPath",
            Self::LastKnownGoodRunId => "lastKnownGoodRunId",
            Self::LastKnownGoodVersion => "lastKnownGoodVersion",
            Self::LastKnownGoodCommit => "lastKnownGoodCommit",
            Self::LastKnownGoodArtifactsProved => "lastKnownGoodArtifactsProved",
            Self::RollbackSafe => "rollbackSafe",
        }
    }
}

/// What a step becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Green.
    Succeeded,
    /// Orange: later jobs go on.
    SucceededWithIssues,
    /// Red. The process has to end with a non-zero code as well: that is what no line of output can undo.
    Failed,
}

/// What of a report folder is attached.
#[derive(Clone, Copy, Debug)]
pub struct Attachments {
    /// The file that becomes the summary.
    summary: &'static str,
    /// The types and names of the others.
    others: &'static [(&'static str, &'static str)],
}

impl Attachments {
    /// What a gate leaves.
    pub const GATE: Self = Self {
        summary: SUMMARY,
        others: &[
            ("runbook-gate.page", PAGE),
            ("runbook-gate.report", REPORT_JSON),
            ("runbook-gate.journal", JOURNAL),
            ("runbook-gate.verdict", VERDICT),
        ],
    };
    /// What a checklist leaves.
    pub const CHECKLIST: Self = Self {
        summary: CHECKLIST_SUMMARY,
        others: &[("runbook-gate.page", CHECKLIST_PAGE), ("runbook-gate.checklist", CHECKLIST_JSON)],
    };
    /// What a rollback plan leaves.
    pub const PLAN: Self = Self {
        summary: PLAN_SUMMARY,
        others: &[("runbook-gate.page", PLAN_PAGE), ("runbook-gate.rollback-plan", PLAN_JSON)],
    };
}

/// A text for the agent.
#[derive(Clone, Copy, Debug)]
enum Text<'t> {
    /// Words, wherever they come from: cleaned.
    Words(&'t str),
    /// A file or folder: as it is, or not at all.
    Path(&'t Path),
}

/// The agent. Clones are the same one.
#[derive(Clone)]
pub struct Agent {
    door: Door,
    /// The agent's temporary folder, which it empties after the job.
    temporary: Arc<Path>,
    said: Arc<Mutex<Said>>,
}

#[derive(Debug, Default)]
struct Said {
    errors: usize,
    warnings: usize,
    percent: u8,
    advised: Option<&'static str>,
    recovery: Option<&'static str>,
}

impl Agent {
    /// The agent behind a door.
    pub fn new(door: Door, temporary: &Path) -> Self {
        Self { door, temporary: temporary.into(), said: Arc::default() }
    }

    /// A new folder that stays until the job has ended.
    ///
    /// # Errors
    /// Where none can be made.
    pub fn folder(&self) -> std::io::Result<PathBuf> {
        Ok(tempfile::Builder::new().prefix("runbook-gate-").tempdir_in(&self.temporary)?.keep())
    }

    /// Shows an issue with the step; from the eleventh of a kind on it is a line of the log.
    pub fn issue(&self, severity: Severity, text: &str) {
        self.issue_at(severity, &[], text);
    }

    /// Shows the findings about a file as issues with their places: the first ten of each kind.
    pub fn findings(&self, diagnostics: &Diagnostics) {
        // The agent turns the path of a file of the repository into one that the results page links.
        let file =
            std::path::absolute(diagnostics.file_name()).unwrap_or_else(|_| diagnostics.file_name().into());
        let file = shown(&file);
        for found in diagnostics.iter() {
            let (line, column) = diagnostics.position(found);
            let mut text = found.message().to_owned();
            for help in found.suggestions() {
                text.push_str("; ");
                text.push_str(help);
            }
            let place = [
                ("sourcepath", file.as_str()),
                ("linenumber", &line.to_string()),
                ("columnnumber", &column.to_string()),
                ("code", found.code().as_str()),
            ];
            self.issue_at(found.severity(), &place, &text);
        }
    }

    fn issue_at(&self, severity: Severity, place: &[(&str, &str)], text: &str) {
        let kind = match severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let count = {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            let count = match severity {
                Severity::Error => &mut said.errors,
                Severity::Warning => &mut said.warnings,
            };
            *count += 1;
            *count
        };
        if count > MOST_ISSUES {
            self.door.say(&format!("{kind}: {text}"));
            return;
        }
        let mut properties = vec![("type", kind)];
        properties.extend(place);
        self.send("task.logissue", &properties, Text::Words(text));
    }

    /// Shows how far the step is; said only when it has got on.
    pub fn progress(&self, percent: u8, text: &str) {
        {
            let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if percent <= said.percent {
                return;
            }
            said.percent = percent;
        }
        self.send("task.setprogress", &[("value", &percent.to_string())], Text::Words(text));
    }

    /// Sets an output variable to words.
    pub fn output(&self, output: Output, words: &str) {
        // Where a later step uses the variable, the agent expands what looks like one in its value.
        let words = words.replace("$(", "$ (").replace("$[", "$ [");
        self.set(output, Text::Words(&words));
    }

    /// Sets an output variable to a path.
    pub fn output_path(&self, output: Output, path: &Path) {
        self.set(output, Text::Path(path));
    }

    fn set(&self, output: Output, value: Text<'_>) {
        self.send("task.setvariable", &[("variable", output.name()), ("isOutput", "true")], value);
    }

    /// Remembers what is said of a recovery.
    pub fn recovery(&self, word: &'static str) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).recovery = Some(word);
    }

    /// What is said of the recovery, where it was one.
    pub fn said_of_recovery(&self) -> Option<&'static str> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).recovery
    }

    /// Remembers a decision that only advises.
    pub fn advise(&self, decision: &'static str) {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).advised = Some(decision);
    }

    /// The decision that only advised, where there was one.
    pub fn advised(&self) -> Option<&'static str> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).advised
    }

    /// Attaches what lies in a report folder: the Markdown report as the summary, and the files that programs read.
    ///
    /// The agent reads the files later, by itself: they have to stay.
    pub fn attach(&self, folder: &ReportFolder, attachments: Attachments, title: &str) {
        let summary = folder.path(attachments.summary);
        if summary.is_file() {
            let summary = self.titled(&summary, title).unwrap_or(summary);
            self.send("task.uploadsummary", &[], Text::Path(&summary));
        }
        for (kind, name) in attachments.others {
            let path = folder.path(name);
            // The agent fails the step for a file that is not there.
            if path.is_file() {
                self.send("task.addattachment", &[("type", kind), ("name", name)], Text::Path(&path));
            }
        }
    }

    /// A copy of the summary under the name that the results page shows as its title.
    fn titled(&self, summary: &Path, title: &str) -> Option<PathBuf> {
        let plain = |c: char| if c.is_alphanumeric() || matches!(c, ' ' | '-' | '_') { c } else { '_' };
        let name: String = title.chars().map(plain).take(LONGEST_TITLE).collect();
        let copy = self.folder().ok()?.join(format!("{name}.md"));
        std::fs::copy(summary, &copy).ok()?;
        Some(copy)
    }

    /// Tags the run: later deployments find by it what this gate let proceed.
    pub fn tag(&self, tag: &str) {
        self.send("build.addbuildtag", &[], Text::Words(tag));
    }

    /// Says what the step becomes. Outputs have to be set before.
    pub fn complete(&self, verdict: Verdict, text: &str) {
        let result = match verdict {
            Verdict::Succeeded => "Succeeded",
            Verdict::SucceededWithIssues => "SucceededWithIssues",
            Verdict::Failed => "Failed",
        };
        self.send("task.complete", &[("result", result)], Text::Words(text));
    }

    /// The one way out.
    fn send(&self, name: &str, properties: &[(&str, &str)], data: Text<'_>) {
        let cleaned = |text: &str| escape::terminal(&self.door.redactor().clean(text));
        let data = match data {
            Text::Words(words) => cleaned(words),
            Text::Path(path) => {
                let path = path.to_str().filter(|path| is_plain(path));
                let Some(path) = path else {
                    let kind = name.rsplit('.').next().unwrap_or(name);
                    self.door.say(&format!("warning: {kind} is left out: the path has characters that a pipeline's log cannot carry"));
                    return;
                };
                path.to_owned()
            }
        };
        let properties: Vec<(&str, String)> =
            properties.iter().map(|(key, value)| (*key, cleaned(value))).collect();
        let properties: Vec<(&str, &str)> =
            properties.iter().map(|(key, value)| (*key, value.as_str())).collect();
        self.door.command(&command::encoded(name, &properties, &data));
    }
}

/// A path that can stand in a line of the log as it is.
fn is_plain(path: &str) -> bool {
    !path.contains("##")
        && !path.chars().any(|c| {
            c.is_control()
                || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_json_declares_exactly_the_outputs_that_are_set() {
        let task: serde_json::Value = serde_json::from_str(include_str!("../../task.json")).unwrap();
        let declared = task.get("outputVariables").and_then(serde_json::Value::as_array).unwrap();
        let declared: Vec<&str> = declared.iter().filter_map(|output| output.get("name")?.as_str()).collect();
        assert_eq!(declared, Output::ALL.map(Output::name));
    }

    #[test]
    fn a_path_that_would_be_another_line_or_command_cannot_stand() {
        assert!(is_plain("/tmp/a b/[x];y%25.md"));
        for path in ["/a\n##[error]", "/a\r", "/##vso[x]", "/a\u{2028}b", "/a\u{202e}b"] {
            assert!(!is_plain(path), "{path:?}");
        }
    }
}
