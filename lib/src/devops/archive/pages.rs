//! A list that is read page by page, to a bound, side by side with others.

use serde::de::DeserializeOwned;

use crate::devops::call::Call;
use crate::devops::client::{Answer, Page};
use crate::devops::failure::DevOpsError;

/// A list that is being read.
pub(super) struct Pages<T> {
    call: Call,
    most: usize,
    read: usize,
    items: Vec<T>,
    next: Next,
}

enum Next {
    /// Nothing was asked yet.
    First,
    /// This leads to the next page.
    Token(String),
    /// It is whole.
    Nothing,
    Failed(DevOpsError),
}

/// How far a list was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// To its end.
    Whole,
    /// To the bound; more follows.
    Bound,
}

impl<T: DeserializeOwned> Pages<T> {
    /// A list of which so many pages are read at most.
    pub(super) const fn new(call: Call, most: usize) -> Self {
        Self { call, most, read: 0, items: Vec::new(), next: Next::First }
    }

    /// What is to be asked next; `None` where it has been read as far as it is.
    pub(super) fn wanted(&self) -> Option<Call> {
        match &self.next {
            Next::First => Some(self.call.clone()),
            Next::Token(token) if self.read < self.most => {
                Some(self.call.clone().with("continuationToken", token.as_str()))
            }
            Next::Token(_) | Next::Nothing | Next::Failed(_) => None,
        }
    }

    /// Takes the answer to what was wanted.
    pub(super) fn take(&mut self, answer: Result<Answer, DevOpsError>) {
        match answer.and_then(|answer| answer.page()) {
            Ok(Page { items, next }) => {
                self.read += 1;
                self.items.extend(items);
                self.next = next.map_or(Next::Nothing, Next::Token);
            }
            Err(error) => self.next = Next::Failed(error),
        }
    }

    /// What was read, and how far.
    ///
    /// # Errors
    /// Where a page could not be had: what is on it could be the part that matters.
    pub(super) fn result(self) -> Result<(Vec<T>, Reach), DevOpsError> {
        match self.next {
            Next::Failed(error) => Err(error),
            Next::Nothing => Ok((self.items, Reach::Whole)),
            Next::Token(_) => Ok((self.items, Reach::Bound)),
            Next::First => Err(DevOpsError::unreadable(&self.call, "it was not asked")),
        }
    }
}
