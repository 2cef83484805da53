//! Decision records: found by every form of link, resolved to files, read for their status.

mod home;
mod links;
mod record;
pub(crate) mod revert;
mod status;

use crate::checklist::{PathPatternError, PathPatterns};

pub use home::Home;
pub use links::{LinkTarget, NoDecision, RecordLink, no_decision, record_links};
pub use record::{ChainEnd, DecisionRecord, RecordContent, RecordIndex, Resolved, Standing};
pub use status::RecordStatus;

/// Which kind of decision a record holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordKind {
    /// An architecture decision record.
    Adr,
    /// A business decision record.
    Bdr,
}

impl RecordKind {
    /// `ADR` or `BDR`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Adr => "ADR",
            Self::Bdr => "BDR",
        }
    }
}

/// Where decision records are.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordRules {
    adr: PathPatterns,
    bdr: PathPatterns,
}

/// Where records are where the policy says nothing: the folders that the known tools write to.
const ADR_FOLDERS: [&str; 8] = [
    "docs/adr/**/*.md",
    "docs/adrs/**/*.md",
    "doc/adr/**/*.md",
    "docs/decisions/**/*.md",
    "docs/architecture/decisions/**/*.md",
    "docs/architecture/adr/**/*.md",
    "adr/**/*.md",
    "**/docs/adr/*.md",
];
const BDR_FOLDERS: [&str; 4] = ["docs/bdr/**/*.md", "docs/bdrs/**/*.md", "doc/bdr/**/*.md", "bdr/**/*.md"];

impl RecordRules {
    /// Records at these paths. A path that fits both is a BDR.
    #[must_use]
    pub const fn new(adr: PathPatterns, bdr: PathPatterns) -> Self {
        Self { adr, bdr }
    }

    /// Records where the known tools write them: `docs/adr`, `docs/decisions`, `doc/adr`, `docs/bdr` and their like.
    ///
    /// ```
    /// use runbook_gate::checklist::{RecordKind, RecordRules};
    /// let rules = RecordRules::runbook();
    /// assert_eq!(rules.kind_of("docs/decisions/0001-x.md"), Some(RecordKind::Adr));
    /// assert_eq!(rules.kind_of("docs/bdr/0001-x.md"), Some(RecordKind::Bdr));
    /// assert_eq!(rules.kind_of("docs/setup.md"), None);
    /// ```
    #[must_use]
    pub fn runbook() -> Self {
        let patterns =
            |folders: &[&str]| -> Result<PathPatterns, PathPatternError> { PathPatterns::new(folders) };
        Self {
            adr: patterns(&ADR_FOLDERS).unwrap_or_else(|_| PathPatterns::none()),
            bdr: patterns(&BDR_FOLDERS).unwrap_or_else(|_| PathPatterns::none()),
        }
    }

    /// The kind of record that a path is, by its place.
    #[must_use]
    pub fn kind_of(&self, path: &str) -> Option<RecordKind> {
        if self.bdr.matches(path) {
            Some(RecordKind::Bdr)
        } else if self.adr.matches(path) {
            Some(RecordKind::Adr)
        } else {
            None
        }
    }
}
