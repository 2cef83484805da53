//! What may not decide well.

use super::Checker;
use super::criteria::Written;
use super::gate::Watch;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::BaselineRule;
use crate::policy::document::Prometheus;

impl Checker<'_> {
    pub(super) fn doubts(
        &mut self,
        _watch: &Watch,
        _baseline: &BaselineRule,
        _rollback: &[Written],
        _verify: &[Written],
    ) {
    }

    /// A service without one error has no series of errors: an empty answer would make the gate blind.
    pub(super) fn doubt_empty_bad(&mut self, document: &Prometheus, empty: Option<f64>) {
        let Some(bad) = document.bad.get() else { return };
        let words = bad.as_str().to_ascii_lowercase();
        if empty.is_none()
            && document.empty.is_missing()
            && !words.contains("vector(")
            && !words.contains(" or ")
        {
            self.say(
                Diagnostic::new(
                    Code::BadMayBeEmpty,
                    bad.span,
                    "while the service has no error this query may answer nothing, and the gate is blind",
                )
                .help("add `empty: 0` beside it, or `or vector(0)` at its end"),
            );
        }
    }
}
