//! The policy: a valid `runbook.yml`.

pub mod rules;
pub mod source_spec;
