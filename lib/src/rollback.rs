//! Rolling back: the last known good version with proof, whether going back to it is safe, who is told, and the ticket.
//!
//! ```text
//! policy ─▶ RollbackRules ─┐
//!                          ├─▶ plan ─▶ Plan ─▶ report, outputs
//! Archive ─▶ PlanFacts ────┘
//! VerdictRecord ─▶ Announcement ─▶ Teams, Slack, comments
//!               └▶ Incident ─────▶ ticket
//! ```
//!
//! Planning is pure. A version counts as good where this gate is recorded to have said so, and nothing else counts: the
//! deployment record of a bad release says `succeeded` too.

mod announcement;
mod channel;
mod deliver;
mod facts;
mod gather;
mod images;
mod incident;
mod plan;
mod plan_summary;
mod record;
mod rules;
mod telling;
mod ticket;

pub use announcement::{Announcement, Event, Fact, comment, marker, slack, teams};
pub use facts::{Candidate, Kept, Migrations, PlanFacts, Rehearsal, Unseen};
pub use gather::{Archive, Desk, Questions, gather, migrations_between};
pub use images::{ImageFact, ImageState, MOST_IMAGES, RecordedImage, images_now, images_of, record_images};
pub use incident::{Incident, Times};
pub use plan::{Doubt, PassedOver, Plan, Proof, Safety, Target, plan, target};
pub use plan_summary::{PlanSummary, PlanSummaryError, SummaryOfDoubt};
pub use record::{History, Profile, RecordError, Release, VERSION, VerdictRecord};
pub use rules::{Notice, RollbackRules, TicketRules};
pub use telling::{Forgetful, Memory, Telling, Told, tell};
pub use ticket::{TextIs, Ticket, ticket};

/// At most so many characters of a text, and `…` where it was longer.
fn shortened(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
