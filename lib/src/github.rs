//! GitHub: the pull requests that brought a deployment, what people wrote in them, and who approved them.
//!
//! ```text
//! commits ─▶ their pull requests ─▶ reviews and comments ─▶ Change
//! ```
//!
//! With a token each arrow is one batch of questions in GraphQL, for many commits or pull requests each; without one, or where the
//! server does not take GraphQL, it is a question by REST for each commit and two for each pull request. Longer lists cost one
//! more, and so do reviewers of whom GitHub does not say that they belong to the repository. The token goes to the API alone:
//! links in answers are read for their page numbers and never followed.

mod boards;
mod client;
mod failure;
mod forge;
mod graphql;
mod people;
mod rest;
mod way;
mod wire;

pub use client::{Client, Repository, RepositoryError};
pub use failure::{GitHubError, Needs, Why};
pub use forge::{GitHubForge, Standpoint};

#[cfg(test)]
mod tests;
