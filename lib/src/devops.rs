//! Azure DevOps over REST: typed questions and changes, each failure named with the permission that is missing.
//!
//! ```text
//! Call ─▶ Client ─▶ Transport ─▶ Answer ─▶ a type of this folder, or a DevOpsError ─▶ Gap
//! ```
//!
//! The wire is read leniently where leniency is safe: nulls are absent, unknown words are `Other`. Where a list or an id
//! should stand and does not, that is an error: an answer that is not understood is never an empty one.

mod archive;
mod artifacts;
mod call;
mod client;
mod comments;
mod deployment;
#[cfg(test)]
mod double;
pub mod environments;
mod failure;
mod forge;
mod permission;
pub mod pull_requests;
pub mod repositories;
pub mod runs;
pub mod test_results;
mod tickets;
mod told;
pub mod verdict;
mod wire;
pub mod work_items;

pub use archive::{AzureDevOpsArchive, Retention};
pub use call::{Call, Effect};
pub use client::{Allowance, Answer, Client, Page, Project, ProjectError};
pub use comments::Commented;
pub use deployment::Deployment;
pub use failure::{DevOpsError, Said, Why};
pub use forge::{AzureDevOpsForge, BuildRun, MARK, Standpoint, ThisRun};
pub use permission::Permission;
pub use tickets::{Filed, Trial};
pub use told::RunMemory;
pub use wire::Identity;

#[cfg(test)]
mod tests;
