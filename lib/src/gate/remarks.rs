//! What the source of a signal remarked: what the service itself said.

use std::collections::VecDeque;

use super::series::Nanos;

/// So many are quoted: the newest.
pub(super) const MOST: usize = 3;
/// So many are remembered: what came after a decision must not push out what came before it.
const REMEMBERED: usize = 32;
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
    /// Whose earlier remarks hold no more, where it is good news.
    clears: Option<String>,
}

impl Remarks {
    pub(super) fn push(&mut self, at: Nanos, text: &str, clears: Option<&str>) {
        if self.0.len() == REMEMBERED {
            self.0.pop_front();
        }
        let short = |text: &str| text.chars().take(LONGEST).collect();
        self.0.push_back(Remark { at, text: short(text), clears: clears.map(short) });
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

impl Remark {
    /// Whether it says that what an earlier one spoke of is well again.
    fn clears(&self, earlier: &Self) -> bool {
        let Some(place) = self.clears.as_deref().filter(|place| !place.is_empty()) else { return false };
        // `/health` is not `/healthz`.
        let ends =
            |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || "/-_.~%".contains(next));
        earlier
            .text
            .match_indices(place)
            .any(|(start, _)| earlier.text.get(start + place.len()..).is_some_and(ends))
    }
}

/// The newest that a decision of `at` is told by, of remarks in order of time: what was wrong then. Where nothing was said
/// of that, what was said at all: an answer comes later than its question.
pub(super) fn quoted<'r>(remarks: &[&'r Remark], at: Nanos) -> Vec<&'r Remark> {
    let then = remarks.partition_point(|remark| remark.at <= at);
    let (before, _) = remarks.split_at(then);
    let wrong = still_wrong(before);
    let wrong = if wrong.is_empty() { still_wrong(remarks) } else { wrong };
    let mut all = if wrong.is_empty() { remarks.to_vec() } else { wrong };
    all.split_off(all.len().saturating_sub(MOST))
}

/// Those that are no good news, and that no good news took back.
fn still_wrong<'r>(remarks: &[&'r Remark]) -> Vec<&'r Remark> {
    let mut wrong: Vec<&Remark> = Vec::new();
    for remark in remarks {
        match remark.clears {
            Some(_) => wrong.retain(|earlier| !remark.clears(earlier)),
            None => wrong.push(remark),
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(lines: &[(Nanos, &str, Option<&str>)], at: Nanos) -> Vec<String> {
        let mut remarks = Remarks::default();
        for (at, text, clears) in lines {
            remarks.push(*at, text, *clears);
        }
        let all: Vec<&Remark> = remarks.iter().collect();
        quoted(&all, at).into_iter().map(|remark| remark.text.clone()).collect()
    }

    #[test]
    fn a_check_that_passes_again_speaks_no_more() {
        let lines = [
            (1, "x/ready: no answer within 5s", None),
            (2, "x/health: status 503", None),
            (3, "x/healthz: status 500", None),
            (4, "x/health: passes again", Some("x/health")),
        ];
        assert_eq!(said(&lines, 9), ["x/ready: no answer within 5s", "x/healthz: status 500"]);
        let again = [&lines[..], &[(5, "x/health: status 502", None)]].concat();
        assert_eq!(said(&again, 9).last().map(String::as_str), Some("x/health: status 502"));
        let inside = [(1, "no answer from x/health in 5s", None), (2, "y: 503", None), lines[3]];
        assert_eq!(said(&inside, 9), ["y: 503"]);
    }

    #[test]
    fn what_came_after_the_decision_neither_speaks_nor_takes_back() {
        let lines = [
            (1, "x/ready: status 503", None),
            (6, "x/health: status 500", None),
            (7, "x/ready: passes again", Some("x/ready")),
        ];
        assert_eq!(said(&lines, 5), ["x/ready: status 503"]);
        let many: Vec<_> = (6..30).map(|at| (at, "x/health: status 500", None)).collect();
        assert_eq!(said(&[&lines[..1], &many].concat(), 5), ["x/ready: status 503"]);
    }

    #[test]
    fn where_nothing_else_is_left_whatever_was_said_is() {
        let good = (2, "x: passes again", Some("x"));
        assert_eq!(said(&[(1, "x: status 503", None), good], 5), ["x: status 503", "x: passes again"]);
        assert_eq!(said(&[(6, "sh: exit code 3", None)], 5), ["sh: exit code 3"]);
        assert_eq!(
            said(&[(1, "x: status 503", None), good, (6, "x: status 500", None)], 5),
            ["x: status 500"]
        );
        assert!(said(&[], 5).is_empty());
    }
}
