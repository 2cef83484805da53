//! Lists that come page by page, each page with a mark of the next one.

use serde_json::Value;

use super::answer::Connection;
use super::ask::{Batch, failed, unreadable};
use crate::github::client::{MOST_PAGES, PER_PAGE};
use crate::github::failure::{GitHubError, Why};

/// A list of which some pages are read.
pub(super) struct List<T> {
    entries: Vec<T>,
    pages: u32,
    next: Next,
}

/// What is still to be read of a list.
enum Next {
    /// All.
    First,
    /// What comes after this mark.
    After(String),
    /// Nothing.
    End,
}

impl<T> Default for List<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), pages: 0, next: Next::First }
    }
}

impl<T> List<T> {
    pub(super) const fn is_open(&self) -> bool {
        !matches!(self.next, Next::End)
    }

    /// There is no such list. One that was there a moment ago is not whole.
    pub(super) fn none(&mut self, asked: &str) -> Result<(), GitHubError> {
        if self.pages > 0 {
            return Err(unreadable(asked, "its next page is missing"));
        }
        self.next = Next::End;
        Ok(())
    }

    pub(super) fn whole(self) -> Vec<T> {
        self.entries
    }

    /// The list's next page as a question has it; nothing where it is read.
    pub(super) fn selected(&self, batch: &mut Batch, name: &str, filter: &str, fields: &str) -> String {
        let after = match &self.next {
            Next::End => return String::new(),
            Next::First => String::new(),
            Next::After(mark) => format!(",after:${}", batch.variable(mark)),
        };
        format!(
            "{name}(first:{PER_PAGE}{after}{filter}){{nodes{{{fields}}} pageInfo{{hasNextPage endCursor}}}} "
        )
    }

    /// Takes in the page that was asked for. What GitHub leaves out of it leaves the list unknown.
    pub(super) fn take<N: Into<T>>(&mut self, page: Connection<N>, asked: &str) -> Result<(), GitHubError> {
        let nodes = page.nodes.ok_or_else(|| unreadable(asked, "its entries are missing"))?;
        for node in nodes {
            self.entries.push(node.ok_or_else(|| unreadable(asked, "an entry of it is missing"))?.into());
        }
        self.pages += 1;
        self.next = match (page.page.has_next, page.page.end) {
            (false, _) => Next::End,
            (true, _) if self.pages >= MOST_PAGES => {
                return Err(failed(asked, Why::TooMany(self.entries.len())));
            }
            (true, Some(mark)) if !mark.is_empty() => Next::After(mark),
            (true, _) => return Err(unreadable(asked, "its next page has no mark")),
        };
        Ok(())
    }

    /// The same, of a list that may have been read before the others of its pull request.
    pub(super) fn take_if_open<N: Into<T> + serde::de::DeserializeOwned>(
        &mut self,
        page: Option<Value>,
        asked: &str,
    ) -> Result<(), GitHubError> {
        if !self.is_open() {
            return Ok(());
        }
        let page = page.filter(|page| !page.is_null()).ok_or_else(|| unreadable(asked, "it is missing"))?;
        let page: Connection<N> = serde_json::from_value(page)
            .map_err(|_| unreadable(asked, "an entry of it is of another form"))?;
        self.take(page, asked)
    }
}
