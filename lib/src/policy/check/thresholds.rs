//! Thresholds that cannot be meant.

use super::Checker;
use super::criteria::Written;

impl Checker<'_> {
    pub(super) fn thresholds(&mut self, _rollback: &[Written], _verify: &[Written]) {}
}
