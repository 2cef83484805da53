//! Azure: who signs in, to which cloud, and how requests to its APIs get their tokens.
//!
//! `azure_identity` knows the ways to a token; it sends by the gate's own transport, so that there is one proxy rule, one
//! set of trusted roots and one limit on sizes.

mod assertion;
mod cli;
mod client;
mod cloud;
mod identity;
mod metadata;
mod refusal;
#[cfg(test)]
mod tests;
mod tokens;
mod transport;
mod turnstile;

pub use cloud::Cloud;
pub use identity::{Account, Identity};
pub use tokens::Tokens;
pub use transport::AzureTransport;
