//! One comment on each of many pull requests, found again by its mark: two rounds of calls, however many they are.

use crate::devops::call::Call;
use crate::devops::client::Client;
use crate::devops::failure::DevOpsError;
use crate::devops::pull_requests::{
    Comment, CommentKind, Thread, ThreadState, new_thread, rewritten_comment, threads,
};

/// What became of the comment on a pull request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commented {
    /// It was written.
    Written,
    /// It was there, and was changed.
    Changed,
    /// It was there as it is.
    Unchanged,
}

impl Thread {
    /// The comment that the thread begins with, where it is a program's or a person's and begins with this mark.
    pub(super) fn begun_with(&self, mark: &str) -> Option<&Comment> {
        let first = self.comments.first().filter(|_| !self.is_deleted)?;
        let marked =
            first.comment_type == CommentKind::Text && !first.is_deleted && first.content.starts_with(mark);
        marked.then_some(first)
    }
}

impl Client<'_> {
    /// Writes a comment on each of these pull requests, in a thread of its own that is open or settled from the start. One
    /// whose first line is the text's own is changed instead.
    ///
    /// Gives what became of each, in their order.
    pub fn comment_on_each(
        &self,
        repository: &str,
        numbers: &[u64],
        text: &str,
        state: ThreadState,
    ) -> Vec<(u64, Result<Commented, DevOpsError>)> {
        let mark = text.lines().next().unwrap_or_default();
        let looks: Vec<Call> = numbers.iter().map(|number| threads(repository, *number)).collect();
        let mut results: Vec<(u64, Result<Commented, DevOpsError>)> = Vec::new();
        let mut writes: Vec<Call> = Vec::new();
        let mut written: Vec<usize> = Vec::new();
        for (number, answer) in numbers.iter().zip(self.send_all(&looks)) {
            let (call, becomes) = match answer.and_then(|answer| answer.page::<Thread>()) {
                Err(error) => (None, Err(error)),
                Ok(known) => {
                    let own =
                        known.items.iter().find_map(|thread| Some((thread.id, thread.begun_with(mark)?)));
                    match own {
                        Some((_, comment)) if comment.content == text => (None, Ok(Commented::Unchanged)),
                        Some((thread, comment)) => (
                            Some(rewritten_comment(repository, *number, (thread, comment.id), text)),
                            Ok(Commented::Changed),
                        ),
                        None => (Some(new_thread(repository, *number, text, state)), Ok(Commented::Written)),
                    }
                }
            };
            if let Some(call) = call {
                writes.push(call);
                written.push(results.len());
            }
            results.push((*number, becomes));
        }
        for (index, answer) in written.into_iter().zip(self.send_all(&writes)) {
            if let (Err(error), Some((_, result))) = (answer, results.get_mut(index)) {
                *result = Err(error);
            }
        }
        results
    }
}
