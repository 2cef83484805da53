//! An Azure DevOps in this process: stateful, over real HTTP on loopback, with the wire's own habits.
//!
//! Lists are `{count, value}` and may hold nulls, ids of linked work items are texts, descriptions in lists are cut off,
//! a token that is not known gets a sign-in page, and what may not be seen is not there.

mod answers;
pub mod incident;
pub mod releases;
pub mod scene;
mod server;
mod state;

pub use server::Fake;
pub use state::{
    Approval, Build, Comment, DeploymentRecord, Fault, Lease, PullRequest, Reviewer, Stage, State, Status,
    TestSet, Thread, Update, WorkItem,
};

/// The organisation.
pub const ORGANISATION: &str = "contoso";
/// The project's name.
pub const PROJECT: &str = "orders";
/// The project's id.
pub const PROJECT_ID: &str = "6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c";
/// The token that opens it.
pub const TOKEN: &str = "canary-token-7f3b";
