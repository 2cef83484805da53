//! What the source of a signal remarked: what the service itself said.

use std::collections::VecDeque;

use super::series::Nanos;

/// So many are remembered: the newest.
pub(super) const MOST: usize = 3;
/// The longest that is remembered, in characters.
const LONGEST: usize = 300;

/// The newest remarks, oldest first.
#[derive(Debug, Default)]
pub(super) struct Remarks(VecDeque<Remark>);

/// One remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Remark {
    pub at: Nanos,
    pub text: String,
}

impl Remarks {
    pub(super) fn push(&mut self, at: Nanos, text: &str) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(Remark { at, text: text.chars().take(LONGEST).collect() });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Remark> {
        self.0.iter()
    }

    pub(super) fn newest(&self) -> Option<&Remark> {
        self.0.back()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
