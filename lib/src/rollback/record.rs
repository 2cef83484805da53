//! What a gate decided about a deployment, kept so that a later rollback finds its way back.
//!
//! In a pipeline it is an attachment of the run; on a desk it is a line of the history file (NDJSON, newest last).

use serde::{Deserialize, Serialize};

use crate::gate::{CriterionStatus, Decision, Outcome};
use crate::json;
use crate::policy::Enforcement;
use crate::report::json::disarmed;
use crate::rollback::{MOST_IMAGES, RecordedImage, shortened};
use crate::{Duration, Timestamp, TimestampError};

/// The version of the record's format.
pub const VERSION: u32 = 1;
/// The longest line that is read, in bytes.
const LONGEST_LINE: usize = 64 * 1024;
/// So far may the clocks of two machines differ.
const CLOCKS_DIFFER: Duration = Duration::from_secs(300);
/// The shortest beginning of a commit's id that names it.
const SHORTEST_COMMIT: usize = 7;
/// The longest text that is kept, in characters.
const LONGEST_TEXT: usize = 1000;

/// What is deployed: a version, of a run, of a commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The run that built it, or the one that deployed it where nobody said that another built it; `None` on a desk.
    pub run: Option<u64>,
    /// The version: the build number, or what the policy says must serve. Empty where nobody said it.
    pub version: String,
    /// The commit's full id. Empty where nobody said it.
    pub commit: String,
}

/// What a gate was run for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// A deployment.
    #[default]
    Deployment,
    /// The redeployment of an earlier version.
    Rollback,
}

/// One decision of a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerdictRecord {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// What the gate was run for.
    pub profile: Profile,
    /// What it decided.
    pub decision: Decision,
    /// What the policy made of decisions then.
    pub enforcement: Enforcement,
    /// Why, one sentence.
    pub reason: String,
    /// The criterion that decided, where one did.
    pub criterion: Option<String>,
    /// What the decision is about: after a rollback, the version that was deployed again.
    pub release: Release,
    /// The run in which the gate ran.
    pub judged_in: Option<u64>,
    /// When the gate started.
    pub started_at: Option<Timestamp>,
    /// Since when it went wrong: the start of the window that tripped.
    pub onset: Option<Timestamp>,
    /// When it decided.
    pub decided_at: Option<Timestamp>,
    /// SHA-256 of the policy.
    pub policy_sha256: String,
    /// Criteria that were broken before the deployment already.
    pub pre_existing: Vec<String>,
    /// The images that were deployed; `None` where nobody recorded them, as of records of earlier versions.
    pub images: Option<Vec<RecordedImage>>,
}

/// A record that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// It is no record.
    #[error("it is no record of a decision: {0}")]
    Format(String),
    /// A later version of this program wrote it.
    #[error(
        "it was written in format {0}, and this version reads format {VERSION}; use a newer runbook-gate"
    )]
    Newer(u32),
    /// It is longer than any record.
    #[error("it is longer than {LONGEST_LINE} bytes")]
    TooLong,
}

/// The record as it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    kind: String,
    version: u32,
    service: String,
    environment: String,
    profile: String,
    decision: String,
    enforcement: String,
    reason: String,
    criterion: Option<String>,
    release: WrittenRelease,
    judged_in: Option<u64>,
    started_at: Option<String>,
    onset: Option<String>,
    decided_at: Option<String>,
    policy_sha256: String,
    #[serde(default)]
    pre_existing: Vec<String>,
    #[serde(default)]
    images: Option<Vec<WrittenImage>>,
}

#[derive(Serialize, Deserialize)]
struct WrittenImage {
    image: String,
    digest: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct WrittenRelease {
    run: Option<u64>,
    version: String,
    commit: String,
}

impl Profile {
    /// As records and reports print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Rollback => "rollback",
        }
    }
}

impl Release {
    /// As a sentence names it: `1.4.0 (run 1234, commit 1a2b3c4)`.
    ///
    /// ```
    /// use runbook_gate::rollback::Release;
    /// let release = Release { run: Some(1234), version: "1.4.0".into(), commit: "1a2b3c4d5e".into() };
    /// assert_eq!(release.words(), "1.4.0 (run 1234, commit 1a2b3c4)");
    /// ```
    #[must_use]
    pub fn words(&self) -> String {
        let run = self.run.map(|run| format!("run {run}"));
        let commit = self.commit.get(..7).or((!self.commit.is_empty()).then_some(self.commit.as_str()));
        let commit = commit.map(|commit| format!("commit {commit}"));
        let rest: Vec<String> = run.into_iter().chain(commit).collect();
        match (self.version.as_str(), rest.is_empty()) {
            ("", true) => "a version that nobody named".to_owned(),
            ("", false) => rest.join(", "),
            (version, true) => version.to_owned(),
            (version, false) => format!("{version} ({})", rest.join(", ")),
        }
    }

    /// As a headline names it: `1.4.0`, else `run 1234`, else `commit 1a2b3c4`; nothing where nothing is known of it.
    ///
    /// ```
    /// use runbook_gate::rollback::Release;
    /// let release = Release { run: Some(1234), version: "1.4.0".into(), commit: String::new() };
    /// assert_eq!(release.short().as_deref(), Some("1.4.0"));
    /// assert_eq!(Release::default().short(), None);
    /// ```
    #[must_use]
    pub fn short(&self) -> Option<String> {
        let unversioned = || Self { version: String::new(), ..self.clone() };
        match (self.version.trim(), self.run) {
            ("", Some(run)) => Some(format!("run {run}")),
            ("", None) if self.is_nameless() => None,
            ("", None) => Some(unversioned().words()),
            (version, _) => Some(version.to_owned()),
        }
    }

    /// Whether both are one: of one run, else of one commit, else of one version.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        match (self.run, other.run) {
            (Some(one), Some(two)) => one == two,
            _ if !self.commit.trim().is_empty() && !other.commit.trim().is_empty() => {
                self.is_of_commit(other)
            }
            _ => self.is_of_version(other),
        }
    }

    /// Whether both are of one commit, as far as it is named: in small letters or large, whole or by its beginning.
    pub(crate) fn is_of_commit(&self, other: &Self) -> bool {
        let (one, two) = (self.commit.trim().to_ascii_lowercase(), other.commit.trim().to_ascii_lowercase());
        let shorter = one.len().min(two.len());
        !one.is_empty()
            && (one == two || shorter >= SHORTEST_COMMIT && one.get(..shorter) == two.get(..shorter))
    }

    fn is_of_version(&self, other: &Self) -> bool {
        !self.version.trim().is_empty() && self.version.trim().eq_ignore_ascii_case(other.version.trim())
    }

    /// Whether what was said of one was said of the other, too: by any of their names.
    pub(crate) fn shares_a_name(&self, other: &Self) -> bool {
        self.is(other) || self.is_of_commit(other) || self.is_of_version(other)
    }

    /// Whether nothing is known that could be deployed again.
    pub(crate) fn is_nameless(&self) -> bool {
        self.run.is_none() && self.commit.trim().is_empty() && self.version.trim().is_empty()
    }
}

impl VerdictRecord {
    /// What a gate's outcome leaves behind.
    #[must_use]
    pub fn of(
        outcome: &Outcome,
        service: &str,
        enforcement: Enforcement,
        profile: Profile,
        release: Release,
        judged_in: Option<u64>,
    ) -> Self {
        let tripped = outcome.criteria.iter().find(|row| outcome.criterion.as_ref() == Some(&row.criterion));
        let onset = tripped.and_then(|row| row.explanation.window).map(|(from, _)| from);
        Self {
            service: service.to_owned(),
            environment: outcome.environment.clone(),
            profile,
            decision: outcome.decision,
            enforcement,
            reason: shortened(&outcome.reason, LONGEST_TEXT),
            criterion: outcome.criterion.clone(),
            release,
            judged_in,
            started_at: outcome.started_at,
            onset: onset.filter(|_| outcome.decision == Decision::Rollback),
            decided_at: outcome.decided_at,
            policy_sha256: outcome.policy_sha256.clone(),
            pre_existing: outcome
                .criteria
                .iter()
                .filter(|row| row.status == CriterionStatus::PreExisting)
                .map(|row| row.criterion.clone())
                .collect(),
            images: None,
        }
    }

    /// The same, with the images that were deployed. Of too many none is recorded.
    #[must_use]
    pub fn with_images(mut self, images: Vec<RecordedImage>) -> Self {
        self.images = Some(images).filter(|images| images.len() <= MOST_IMAGES);
        self
    }

    /// One line of JSON, without a line end; safe to print in a pipeline's log.
    #[must_use]
    pub fn to_json(&self) -> String {
        let time = |time: Option<Timestamp>| time.map(|time| time.to_string());
        let written = Written {
            kind: "verdict".to_owned(),
            version: VERSION,
            service: self.service.clone(),
            environment: self.environment.clone(),
            profile: self.profile.as_str().to_owned(),
            decision: self.decision.to_string(),
            enforcement: self.enforcement.as_str().to_owned(),
            reason: shortened(&self.reason, LONGEST_TEXT),
            criterion: self.criterion.clone(),
            release: WrittenRelease {
                run: self.release.run,
                version: self.release.version.clone(),
                commit: self.release.commit.clone(),
            },
            judged_in: self.judged_in,
            started_at: time(self.started_at),
            onset: time(self.onset),
            decided_at: time(self.decided_at),
            policy_sha256: self.policy_sha256.clone(),
            pre_existing: self.pre_existing.clone(),
            images: self.images.as_ref().map(|images| {
                let written = |one: &RecordedImage| WrittenImage {
                    image: one.image.clone(),
                    digest: one.digest.clone(),
                };
                images.iter().map(written).collect()
            }),
        };
        // Texts, numbers and nothing else: it always prints.
        disarmed(&serde_json::to_string(&written).unwrap_or_default())
    }

    /// Reads one record.
    ///
    /// # Errors
    /// Where it is none, or of a later format. A decision, profile or time that is not known is an error: it is never
    /// taken for a good one.
    pub fn read(text: &str) -> Result<Self, RecordError> {
        if text.len() > LONGEST_LINE {
            return Err(RecordError::TooLong);
        }
        let format = |what: String| RecordError::Format(what);
        let value: serde_json::Value =
            json::read(text.as_bytes()).map_err(|error| format(json::why(&error)))?;
        let kind = value.get("kind").and_then(serde_json::Value::as_str);
        if kind != Some("verdict") {
            return Err(format("its `kind` is not `verdict`".into()));
        }
        match value.get("version").and_then(serde_json::Value::as_u64) {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => return Err(RecordError::Newer(u32::try_from(version).unwrap_or(u32::MAX))),
            None => return Err(format("it has no `version`".into())),
        }
        let written: Written = serde_json::from_value(value).map_err(|error| format(error.to_string()))?;
        let time = |time: Option<String>| -> Result<Option<Timestamp>, RecordError> {
            time.map(|time| time.parse().map_err(|error: TimestampError| format(error.to_string())))
                .transpose()
        };
        Ok(Self {
            profile: match written.profile.as_str() {
                "deployment" => Profile::Deployment,
                "rollback" => Profile::Rollback,
                other => return Err(format(format!("its profile is `{}`", other.escape_debug()))),
            },
            decision: match written.decision.as_str() {
                "proceed" => Decision::Proceed,
                "hold" => Decision::Hold,
                "rollback" => Decision::Rollback,
                other => return Err(format(format!("its decision is `{}`", other.escape_debug()))),
            },
            enforcement: match written.enforcement.as_str() {
                "enforce" => Enforcement::Enforce,
                "advise" => Enforcement::Advise,
                "off" => Enforcement::Off,
                other => return Err(format(format!("its enforcement is `{}`", other.escape_debug()))),
            },
            service: written.service,
            environment: written.environment,
            reason: shortened(&written.reason, LONGEST_TEXT),
            criterion: written.criterion,
            release: Release {
                run: written.release.run,
                version: written.release.version,
                commit: written.release.commit,
            },
            judged_in: written.judged_in,
            started_at: time(written.started_at)?,
            onset: time(written.onset)?,
            decided_at: time(written.decided_at)?,
            policy_sha256: written.policy_sha256,
            pre_existing: written.pre_existing,
            images: written.images.filter(|images| images.len() <= MOST_IMAGES).map(|images| {
                let read = |one: WrittenImage| RecordedImage { image: one.image, digest: one.digest };
                images.into_iter().map(read).collect()
            }),
        })
    }

    /// The decision as people read it: of a rollback, whether the service recovered.
    ///
    /// ```
    /// # use runbook_gate::rollback::VerdictRecord;
    /// let line = r#"{"kind":"verdict","version":1,"service":"orders-api","environment":"production","profile":"rollback",
    ///     "decision":"proceed","enforcement":"enforce","reason":"every criterion passed","criterion":null,
    ///     "release":{"run":12,"version":"1.4.0","commit":"1a2b3c4d"},"judged_in":14,"started_at":null,"onset":null,
    ///     "decided_at":"2026-01-01T00:16:00Z","policy_sha256":"48b6"}"#;
    /// assert_eq!(VerdictRecord::read(line)?.word(), "recovered");
    /// # Ok::<(), runbook_gate::rollback::RecordError>(())
    /// ```
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match (self.profile, self.decision) {
            (Profile::Rollback, Decision::Proceed) => "recovered",
            (Profile::Rollback, Decision::Hold | Decision::Rollback) => "not recovered",
            (Profile::Deployment, Decision::Proceed) => "proceed",
            (Profile::Deployment, Decision::Hold) => "hold",
            (Profile::Deployment, Decision::Rollback) => "rollback",
        }
    }

    /// Whether it proves a version good: the gate said `proceed` of it. Where it was switched off it evaluated nothing, whatever a
    /// record says; where it only advised, it evaluated all the same.
    #[must_use]
    pub fn proves_good(&self) -> bool {
        self.decision == Decision::Proceed && self.enforcement != Enforcement::Off
    }
}

/// Whether a time is after another one, further than clocks differ.
pub(crate) fn is_future(at: Timestamp, now: Timestamp) -> bool {
    at.since(now) > CLOCKS_DIFFER
}

/// The records of a history file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Newest first.
    pub records: Vec<VerdictRecord>,
    /// What could not be read, a sentence each: `line 3: it is not JSON`.
    pub notes: Vec<String>,
}

impl History {
    /// Reads a history file: the records of one service in one environment, in the order of their decisions, whatever that of
    /// their lines. Lines that cannot be read are
    /// said, and prove nothing. So are those of the time after `now`, but for what speaks against a version.
    ///
    /// ```
    /// use runbook_gate::rollback::History;
    /// let now = "2026-01-01T00:00:00Z".parse()?;
    /// let history = History::read("not a record\n", "orders-api", "production", now);
    /// assert_eq!(history.notes, ["line 1: it is no record of a decision: it is not JSON"]);
    /// # Ok::<(), runbook_gate::TimestampError>(())
    /// ```
    #[must_use]
    pub fn read(text: &str, service: &str, environment: &str, now: Timestamp) -> Self {
        let mut history = Self::default();
        let mut newest = None;
        let mut dated: Vec<(Option<Timestamp>, VerdictRecord)> = Vec::new();
        for (index, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            match VerdictRecord::read(line) {
                Ok(record) if record.service == service && record.environment == environment => {
                    if let Some(at) = record.decided_at.filter(|at| is_future(*at, now)) {
                        history.notes.push(format!("line {}: it is of {at}, which is not past", index + 1));
                        if record.decision == Decision::Proceed {
                            continue;
                        }
                    }
                    // A record without a time is as old as the line before it.
                    newest = record.decided_at.or(newest);
                    dated.push((newest, record));
                }
                Ok(_) => {}
                Err(error) => history.notes.push(format!("line {}: {error}", index + 1)),
            }
        }
        // Files are merged and restored: what counts is when it was decided, and of one time the later line.
        dated.reverse();
        dated.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        history.records = dated.into_iter().map(|(_, record)| record).collect();
        history
    }
}

#[cfg(test)]
mod tests;
