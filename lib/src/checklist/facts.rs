//! What was found out about a deployment. Facts carry what sources really have, and say what could not be looked at.

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::checklist::{EvidenceRule, Place, RecordIndex, Template, TestReport, Who};

/// Something that was gathered, or why it was not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gathered<T> {
    /// It was.
    Known(T),
    /// It was not.
    Unknown(Gap),
}

/// Why something could not be gathered, and what would change that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// Why, one sentence without a full stop.
    pub why: String,
    /// Who can change it.
    pub who: Who,
    /// How, one sentence without a full stop.
    pub how: String,
}

/// The facts of one deployment.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The time that ages and dates are measured by.
    pub now: Timestamp,
    /// What is being deployed.
    pub deployment: Gathered<Deployment>,
    /// The decision records of the deployed commit.
    pub records: Gathered<RecordIndex>,
    /// Lines that templates of pull requests and commits give.
    pub template: Template,
    /// Whether pull requests and work items could be read: where not, a person's word may stand where nobody looked.
    pub conversations: Gathered<()>,
    /// Test results.
    pub tests: Gathered<Vec<TestFact>>,
    /// Artifacts.
    pub artifacts: Gathered<Vec<ArtifactFact>>,
    /// The documents that the rules name, at the deployed commit, by path; `None` where there is no such file.
    pub documents: BTreeMap<String, Gathered<Option<String>>>,
    /// The texts of changed migrations at the deployed commit, by path; `None` where the file is gone.
    pub migrations: BTreeMap<String, Gathered<Option<String>>>,
    /// Words given to this run: `--attest item=words`, a pipeline variable.
    pub given: Vec<GivenWord>,
    /// Attestation files.
    pub attestation_files: Vec<AttestationFile>,
    /// Linked work items.
    pub work_items: Gathered<Vec<WorkItemFact>>,
    /// The run's earlier stages.
    pub stages: Gathered<Vec<StageFact>>,
    /// What commands, JSON documents and registries answered, each by the rule that asked.
    pub checks: Vec<(EvidenceRule, Gathered<CheckFact>)>,
    /// What telemetry can be read.
    pub telemetry: Gathered<TelemetryFact>,
    /// How the policy that judges compares with the committed one.
    pub policy: Gathered<PolicyFact>,
    /// Who approved each waiver, in the order of the rules.
    pub waivers: Vec<Gathered<WaiverFact>>,
}

/// What is being deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    /// The commit.
    pub commit: CommitFact,
    /// Since when its changes count.
    pub since: Since,
    /// What changed since then: each pull request, and each commit that came without one.
    pub changes: Vec<Change>,
    /// What a reader should know of how that was found out.
    pub notes: Vec<String>,
}

/// A commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitFact {
    /// Its full id.
    pub id: String,
    /// Its message's first line.
    pub title: String,
    /// When it was committed.
    pub when: Option<Timestamp>,
}

/// Since when changes count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Since {
    /// The commit that was last deployed well: in words where that was found, and its id.
    LastGood {
        /// `run 1234 of 2026-11-20`.
        found: String,
        /// The commit.
        commit: String,
    },
    /// A tag.
    Tag {
        /// Its name.
        name: String,
        /// The commit.
        commit: String,
    },
    /// As the caller said.
    Given {
        /// As written.
        reference: String,
        /// The commit.
        commit: String,
    },
    /// The beginning: nothing earlier is known.
    Beginning,
}

/// What brought commits: a pull request, or a commit by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// `pull request 12`, `commit 1a2b3c4`.
    pub name: String,
    /// What brought it.
    pub kind: ChangeKind,
    /// Its title.
    pub title: String,
    /// Where it is.
    pub place: Option<Place>,
    /// Who made it.
    pub author: Option<String>,
    /// What people wrote about it.
    pub texts: Vec<ChangeText>,
    /// The paths that it touches.
    pub paths: Vec<ChangedPath>,
    /// Votes on it.
    pub votes: Gathered<Vec<Vote>>,
}

/// What brought a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeKind {
    /// A pull request.
    PullRequest,
    /// A commit without one.
    Alone,
    /// A commit of which nobody can say whether a pull request brought it.
    NotKnown,
}

/// A text about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeText {
    /// What it is.
    pub source: TextSource,
    /// The text.
    pub text: String,
    /// Who wrote it, where the source says it.
    pub by: Option<String>,
    /// When, where the source says it.
    pub when: Option<Timestamp>,
    /// Where it is.
    pub place: Option<Place>,
}

/// What a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextSource {
    /// A pull request's title and description: the author's word, without a date.
    Description,
    /// A commit's message: likewise.
    CommitMessage,
    /// A comment: has a writer and a time.
    Comment,
    /// A work item's revision: likewise.
    WorkItem,
    /// A label or a link of a pull request or a work item.
    Label,
}

/// A path that a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangedPath {
    /// From the repository's root.
    pub path: String,
    /// How.
    pub how: PathChange,
}

/// How a change touches a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PathChange {
    /// It was not there before.
    Added,
    /// Its content or place changed.
    Modified,
    /// It is gone.
    Deleted,
}

/// A vote on a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vote {
    /// Whose.
    pub by: String,
    /// Groups that they voted for.
    pub groups: Vec<String>,
    /// What.
    pub says: VoteSays,
    /// When, where the source says it.
    pub when: Option<Timestamp>,
    /// Whether it is the author's own.
    pub voter: Voter,
}

/// What a vote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VoteSays {
    /// Approved, also with suggestions.
    Approved,
    /// Not yet.
    Waiting,
    /// Rejected.
    Rejected,
}

/// Whose vote it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voter {
    /// The author of the change.
    Author,
    /// Somebody else.
    SomebodyElse,
}

/// A test result that was read, or could not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TestFact {
    /// It was read.
    Read(TestReport),
    /// It is this product's own report, and counts for nothing.
    Own {
        /// Its place.
        place: String,
    },
    /// No file matches a pattern.
    Unmatched {
        /// The pattern, as the policy or the caller gives it.
        pattern: String,
    },
    /// It could not be read, or is not of this commit.
    Unusable {
        /// Its place.
        place: String,
        /// Why, one sentence without a full stop.
        why: String,
    },
}

/// An artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArtifactFact {
    /// Its name.
    pub name: String,
    /// What is known of it: its size, its checksum.
    pub details: String,
    /// Whether it is there as it should be.
    pub state: ArtifactState,
    /// Where it is.
    pub place: Option<Place>,
}

/// Whether an artifact is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ArtifactState {
    /// It is.
    Stored,
    /// It is empty.
    Empty,
    /// It is not what its checksum says.
    Mismatch,
    /// Its checksum cannot be read.
    Unchecked,
}

/// A word given to this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenWord {
    /// The item's id, as given.
    pub item: String,
    /// The words.
    pub words: String,
    /// How it was given: `--attest`, `the pipeline variable RUNBOOK_ATTEST`.
    pub how: String,
}

/// A file in which people attest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttestationFile {
    /// Its path.
    pub path: String,
    /// Its text at the deployed commit; `None` where there is none.
    pub text: Gathered<Option<String>>,
}

/// A linked work item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkItemFact {
    /// Its number.
    pub id: u64,
    /// Its type.
    pub kind: String,
    /// Its title.
    pub title: String,
    /// Its state.
    pub state: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Who changed it last.
    pub by: Option<String>,
    /// When.
    pub when: Option<Timestamp>,
    /// Where it is.
    pub place: Option<Place>,
}

/// An earlier stage of the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageFact {
    /// Its name.
    pub name: String,
    /// How it ended.
    pub end: StageEnd,
    /// Where it is.
    pub place: Option<Place>,
}

/// How a stage ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StageEnd {
    /// Well, also with issues.
    Succeeded,
    /// It was left out.
    Skipped,
    /// Badly.
    Failed,
    /// It has not ended.
    Running,
}

/// What a command, a JSON document or a registry answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CheckFact {
    /// What was asked for holds; in words what was seen.
    Holds(String),
    /// It does not; in words what was seen.
    Fails(String),
}

/// What telemetry can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TelemetryFact {
    /// Required signals that no source gives.
    pub without_source: Vec<String>,
    /// Required signals that could not be read just now, each with why.
    pub unreadable: Vec<String>,
    /// Required signals that were read just now.
    pub readable: Vec<String>,
    /// Required signals that have a source, which nobody asked yet.
    pub not_asked: Vec<String>,
}

/// How the policy that judges compares with the committed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyFact {
    /// With the deployed commit.
    pub committed: Committed,
    /// The owners that the last good commit's policy names; `None` where it had no policy.
    pub owners_before: Option<Vec<String>>,
}

/// Whether the policy that judges is the deployed commit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Byte for byte.
    Same,
    /// The commit has another.
    Differs,
    /// The commit has none at that path.
    Absent,
}

/// Who approved a waiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaiverFact {
    /// Whom it names approved the change that brought it, and is not its author.
    Approved {
        /// In words, where that was seen.
        seen: String,
    },
    /// It stood in the policy of the last good commit already, word for word.
    StoodBefore {
        /// In words: `in the policy of v1.2.0`.
        seen: String,
    },
    /// It was not approved by whom it names.
    NotApproved {
        /// In words.
        why: String,
    },
}

impl<T> Gathered<T> {
    /// What was gathered.
    pub const fn known(&self) -> Option<&T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unknown(_) => None,
        }
    }
}

impl Gap {
    /// Why something is not known, who can change that, and how.
    #[must_use]
    pub fn new(why: impl Into<String>, who: Who, how: impl Into<String>) -> Self {
        Self { why: why.into(), who, how: how.into() }
    }
}

impl Since {
    /// The commit; `None` for the beginning.
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        match self {
            Self::LastGood { commit, .. } | Self::Tag { commit, .. } | Self::Given { commit, .. } => {
                Some(commit)
            }
            Self::Beginning => None,
        }
    }

    /// In words: `tag v1.2.0`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::LastGood { found, commit } => format!("{found} (commit {})", short(commit)),
            Self::Tag { name, commit } => format!("tag {name} (commit {})", short(commit)),
            Self::Given { reference, commit } if reference.starts_with(short(commit)) => {
                format!("commit {}", short(commit))
            }
            Self::Given { reference, commit } => format!("{reference} (commit {})", short(commit)),
            Self::Beginning => "the beginning of the repository".to_owned(),
        }
    }
}

/// The first seven characters of a commit's id.
pub(crate) fn short(id: &str) -> &str {
    id.get(..7).unwrap_or(id)
}

impl ChangeKind {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::PullRequest, Self::Alone, Self::NotKnown];

    /// The word that the JSON prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PullRequest => "pull-request",
            Self::Alone => "commit",
            Self::NotKnown => "unknown",
        }
    }
}

impl VoteSays {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Approved, Self::Waiting, Self::Rejected];

    /// The word that the JSON prints.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Waiting => "waiting",
            Self::Rejected => "rejected",
        }
    }
}

impl Deployment {
    /// What is being deployed, one sentence.
    #[must_use]
    pub fn words(&self) -> String {
        let mut paths: Vec<&str> =
            self.changes.iter().flat_map(|change| &change.paths).map(|path| path.path.as_str()).collect();
        paths.sort_unstable();
        paths.dedup();
        let count = |number: usize, one: &str| {
            if number == 1 { format!("1 {one}") } else { format!("{number} {one}s") }
        };
        let title =
            if self.commit.title.is_empty() { String::new() } else { format!(" ({})", self.commit.title) };
        format!(
            "commit {}{title}: {} in {} since {}",
            short(&self.commit.id),
            count(self.changes.len(), "change"),
            count(paths.len(), "file"),
            self.since.words()
        )
    }
}

impl Facts {
    /// Facts of which nothing is known but the time, each with the same gap: what a test or a gatherer starts from.
    #[must_use]
    pub fn unknown(now: Timestamp, gap: &Gap) -> Self {
        fn gone<T>(gap: &Gap) -> Gathered<T> {
            Gathered::Unknown(gap.clone())
        }
        Self {
            now,
            deployment: gone(gap),
            records: gone(gap),
            template: Template::default(),
            conversations: gone(gap),
            tests: gone(gap),
            artifacts: gone(gap),
            documents: BTreeMap::new(),
            migrations: BTreeMap::new(),
            given: Vec::new(),
            attestation_files: Vec::new(),
            work_items: gone(gap),
            stages: gone(gap),
            checks: Vec::new(),
            telemetry: gone(gap),
            policy: gone(gap),
            waivers: Vec::new(),
        }
    }
}
