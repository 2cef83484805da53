//! A checklist's JSON report, read back: for the report of the gate that comes after it.

use serde::Deserialize;

use super::ChecklistReport;
use crate::Timestamp;
use crate::checklist::{
    ChangeKind, ChangeShown, ChecklistOutcome, Evidence, Gap, Gathered, Home, Irreversible, ItemOutcome,
    ItemStatus, LinkedRecord, Need, Place, Support, Verdict, Vote, VoteSays, Voter, WaiverGiven, WaiverShown,
    WaiverState, When, Who,
};
use crate::json;
use crate::policy::Enforcement;
use crate::report::{ReportContext, VERSION};

/// The longest report that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;

/// A report that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// It is none.
    #[error("it is no checklist's JSON report: {0}")]
    Format(String),
    /// It says something that cannot be.
    #[error("it contradicts itself: {0}")]
    Contradiction(String),
    /// A later version of this program wrote it.
    #[error(
        "it was written in format {0}, and this version reads format {VERSION}; use a newer runbook-gate"
    )]
    Newer(u32),
    /// It is longer than any report.
    #[error("it is longer than {LARGEST} bytes")]
    TooLong,
}

/// Reads what [`json`](super::json) wrote. Keys that are not known are passed over.
///
/// # Errors
/// Where it is no such report, or calls complete what has an open item.
///
/// ```
/// use runbook_gate::checklist::{ChecklistRules, Facts, Gap, Who, judge};
/// use runbook_gate::report::ReportContext;
/// use runbook_gate::report::checklist::{ChecklistReport, json, read};
///
/// let gap = Gap::new("nothing was looked at", Who::Caller, "look");
/// let facts = Facts::unknown("2026-01-01T00:00:00Z".parse()?, &gap);
/// let outcome = judge(&ChecklistRules::runbook("production"), &facts);
/// let text = json(&ChecklistReport::new(outcome, ReportContext::default(), Vec::new()));
/// assert_eq!(json(&read(&text)?), text);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read(text: &str) -> Result<ChecklistReport, ReadError> {
    if text.len() > LARGEST {
        return Err(ReadError::TooLong);
    }
    let format = |error: serde_json::Error| ReadError::Format(error.to_string());
    json::read(text.as_bytes()).map_err(format)?;
    let heading: Heading = serde_json::from_str(text).map_err(format)?;
    if heading.version > VERSION {
        return Err(ReadError::Newer(heading.version));
    }
    if heading.kind != "checklist" {
        return Err(ReadError::Format(format!("its kind is `{}`", heading.kind)));
    }
    serde_json::from_str::<Written>(text).map_err(format)?.report()
}

#[derive(Deserialize)]
struct Heading {
    version: u32,
    #[serde(default)]
    kind: String,
}

#[derive(Deserialize)]
struct Written {
    verdict: String,
    service: String,
    environment: String,
    enforcement: String,
    deploying: String,
    at: Timestamp,
    commit: Option<String>,
    run: Option<u64>,
    repository: Option<String>,
    items: Vec<WrittenItem>,
    changes: Option<Vec<WrittenChange>>,
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct WrittenItem {
    id: String,
    title: String,
    status: String,
    because: String,
    evidence: Vec<WrittenEvidence>,
    needs: Vec<WrittenNeed>,
    waivers: Vec<WrittenWaiver>,
    cautions: Vec<String>,
    records: Vec<WrittenRecord>,
    irreversible: Vec<WrittenMigration>,
}

#[derive(Deserialize)]
struct WrittenEvidence {
    support: String,
    what: String,
    path: Option<String>,
    url: Option<String>,
    commit: Option<String>,
    when: Option<String>,
    by: Option<String>,
}

#[derive(Deserialize)]
struct WrittenNeed {
    about: Vec<String>,
    what: String,
    who: String,
    how: String,
}

#[derive(Deserialize)]
struct WrittenWaiver {
    reason: String,
    approved_by: String,
    expires: String,
    standing: String,
    words: Option<String>,
    given: String,
}

#[derive(Deserialize)]
struct WrittenRecord {
    change: String,
    record: String,
    status: String,
    path: Option<String>,
    support: String,
}

#[derive(Deserialize)]
struct WrittenMigration {
    path: String,
    reasons: Vec<String>,
    data_plan: Option<String>,
}

#[derive(Deserialize)]
struct WrittenChange {
    name: String,
    kind: String,
    title: String,
    url: Option<String>,
    commit: Option<String>,
    author: Option<String>,
    votes: Option<Vec<WrittenVote>>,
    votes_unknown: Option<String>,
}

#[derive(Deserialize)]
struct WrittenVote {
    by: String,
    says: String,
    when: Option<Timestamp>,
    own: bool,
}

/// The value that a word stands for.
fn named<T: Copy>(all: &[T], of: impl Fn(T) -> &'static str, word: &str) -> Result<T, ReadError> {
    let found = all.iter().copied().find(|value| of(*value) == word);
    found.ok_or_else(|| {
        let words: Vec<&str> = all.iter().copied().map(of).collect();
        ReadError::Format(format!("`{word}` is none of {}", words.join(", ")))
    })
}

fn support(word: &str) -> Result<Support, ReadError> {
    named(&Support::EVERY, Support::as_str, word)
}

/// Where something is; of several places the first counts.
fn place(path: Option<String>, url: Option<String>, commit: Option<String>) -> Option<Place> {
    path.map(Place::Path).or(url.map(Place::Url)).or(commit.map(Place::Commit))
}

impl Written {
    fn report(self) -> Result<ChecklistReport, ReadError> {
        let verdict = named(&Verdict::ALL, Verdict::as_str, &self.verdict)?;
        let items: Vec<ItemOutcome> =
            self.items.into_iter().map(WrittenItem::outcome).collect::<Result<_, _>>()?;
        let open = items.iter().find(|item| !item.status.lets_pass());
        match (verdict, open) {
            (Verdict::Complete, Some(item)) => {
                return Err(ReadError::Contradiction(format!(
                    "it is complete, and {} is {}",
                    item.id,
                    item.status.as_str()
                )));
            }
            (Verdict::Complete, None) if items.is_empty() => {
                return Err(ReadError::Contradiction("it is complete, and has no items".to_owned()));
            }
            _ => {}
        }
        let changes = match self.changes {
            Some(changes) => Some(changes.into_iter().map(WrittenChange::change).collect::<Result<_, _>>()?),
            None => None,
        };
        let outcome = ChecklistOutcome {
            at: self.at,
            environment: self.environment,
            verdict,
            deploying: self.deploying,
            commit: self.commit.clone(),
            changes,
            items,
        };
        const ENFORCEMENTS: [Enforcement; 3] = [Enforcement::Enforce, Enforcement::Advise, Enforcement::Off];
        let context = ReportContext {
            service: self.service,
            enforcement: named(&ENFORCEMENTS, Enforcement::as_str, &self.enforcement)?,
            ..ReportContext::default()
        };
        let mut report = ChecklistReport::new(outcome, context, self.notes);
        report.run = self.run;
        let home = self.repository.as_deref().and_then(Home::of_remote);
        Ok(match (home, self.commit) {
            (Some(home), Some(commit)) => report.with_source(home, commit),
            _ => report,
        })
    }
}

impl WrittenItem {
    fn outcome(self) -> Result<ItemOutcome, ReadError> {
        let id = self.id.parse().map_err(|error| ReadError::Format(format!("{error}")))?;
        Ok(ItemOutcome {
            id,
            title: self.title,
            status: named(&ItemStatus::ALL, ItemStatus::as_str, &self.status)?,
            because: self.because,
            evidence: self.evidence.into_iter().map(WrittenEvidence::evidence).collect::<Result<_, _>>()?,
            needs: self.needs.into_iter().map(WrittenNeed::need).collect(),
            waivers: self.waivers.into_iter().map(WrittenWaiver::waiver).collect::<Result<_, _>>()?,
            cautions: self.cautions,
            records: self.records.into_iter().map(WrittenRecord::record).collect::<Result<_, _>>()?,
            irreversible: self
                .irreversible
                .into_iter()
                .map(|WrittenMigration { path, reasons, data_plan }| Irreversible {
                    path,
                    reasons,
                    data_plan,
                })
                .collect(),
        })
    }
}

impl WrittenEvidence {
    fn evidence(self) -> Result<Evidence, ReadError> {
        // A day has no time of day, and is no timestamp.
        let when = self.when.map(|text| text.parse().map_or(When::On(text), When::At));
        Ok(Evidence {
            support: support(&self.support)?,
            what: self.what,
            place: place(self.path, self.url, self.commit),
            when,
            by: self.by,
        })
    }
}

impl WrittenNeed {
    fn need(self) -> Need {
        // In words already, and nothing else asks who it is.
        Need { about: self.about, what: self.what, who: Who::OneOf(vec![self.who]), how: self.how }
    }
}

impl WrittenWaiver {
    fn waiver(self) -> Result<WaiverShown, ReadError> {
        let words = self.words.unwrap_or_default();
        let standing = match self.standing.as_str() {
            "counts" => WaiverState::Counts(words),
            "expired" => WaiverState::Expired,
            "not-approved" => WaiverState::NotApproved(words),
            "unknown" => WaiverState::Unknown(words),
            "not-needed" => WaiverState::NotNeeded,
            other => return Err(ReadError::Format(format!("`{other}` is no standing of a waiver"))),
        };
        let given = match self.given.as_str() {
            "in-the-policy" => WaiverGiven::InThePolicy,
            "at-run-time" => WaiverGiven::AtRunTime,
            other => return Err(ReadError::Format(format!("no waiver is given `{other}`"))),
        };
        Ok(WaiverShown {
            reason: self.reason,
            approved_by: self.approved_by,
            expires: self.expires,
            given,
            standing,
        })
    }
}

impl WrittenRecord {
    fn record(self) -> Result<LinkedRecord, ReadError> {
        Ok(LinkedRecord {
            change: self.change,
            record: self.record,
            status: self.status,
            path: self.path,
            support: support(&self.support)?,
        })
    }
}

impl WrittenChange {
    fn change(self) -> Result<ChangeShown, ReadError> {
        let votes = match (self.votes, self.votes_unknown) {
            (Some(votes), _) => {
                Gathered::Known(votes.into_iter().map(WrittenVote::vote).collect::<Result<_, _>>()?)
            }
            (None, why) => {
                let why = why.unwrap_or_else(|| "the report does not say why".to_owned());
                Gathered::Unknown(Gap::new(why, Who::Caller, "look at the checklist's own report"))
            }
        };
        Ok(ChangeShown {
            name: self.name,
            kind: named(&ChangeKind::ALL, ChangeKind::as_str, &self.kind)?,
            title: self.title,
            place: place(None, self.url, self.commit),
            author: self.author,
            votes,
        })
    }
}

impl WrittenVote {
    fn vote(self) -> Result<Vote, ReadError> {
        Ok(Vote {
            by: self.by,
            groups: Vec::new(),
            says: named(&VoteSays::ALL, VoteSays::as_str, &self.says)?,
            when: self.when,
            voter: if self.own { Voter::Author } else { Voter::SomebodyElse },
        })
    }
}
