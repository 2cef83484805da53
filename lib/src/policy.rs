//! The policy: a valid `runbook.yml`.

mod enforcement;
pub mod rules;
pub mod source_spec;

pub use enforcement::Enforcement;
