//! Decision records: found by every form of link, resolved to files, read for their status.

mod home;
mod links;
mod status;

pub use home::Home;
pub use links::{LinkTarget, NoDecision, RecordLink, no_decision, record_links};
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
