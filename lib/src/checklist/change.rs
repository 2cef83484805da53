//! What git knows of a change, and what an approval of one means for a waiver.

use std::collections::HashMap;

use crate::checklist::checkout::HistoryStep;
use crate::checklist::facts::{
    Change, ChangeKind, ChangeText, ChangedPath, Gathered, PathChange, TextSource, Vote, VoteSays, Voter,
    WaiverFact, short,
};
use crate::checklist::judge::same_person;
use crate::checklist::outcome::Place;
use crate::checklist::rules::Waiver;

impl Change {
    /// A commit that came by itself, with the votes on it; where those are not known, nobody could say how it came.
    #[must_use]
    pub(crate) fn of_step(step: &HistoryStep, votes: Gathered<Vec<Vote>>) -> Self {
        let mut change = Self {
            name: format!("commit {}", short(&step.commit.id)),
            kind: match votes {
                Gathered::Known(_) => ChangeKind::Alone,
                Gathered::Unknown(_) => ChangeKind::NotKnown,
            },
            title: step.commit.title.clone(),
            place: Some(Place::Commit(step.commit.id.clone())),
            author: Some(step.author.clone()).filter(|author| !author.is_empty()),
            texts: Vec::new(),
            paths: Vec::new(),
            votes,
        };
        change.add_step(step);
        change
    }

    /// Adds a step that the change brought: its messages and paths. Steps come newest first: what a path came to in the end
    /// stands already, but for its beginning.
    pub(crate) fn add_step(&mut self, step: &HistoryStep) {
        let place = Some(Place::Commit(step.commit.id.clone()));
        self.texts.extend(step.messages.iter().map(|message| ChangeText {
            source: TextSource::CommitMessage,
            text: message.clone(),
            by: None,
            when: None,
            place: place.clone(),
        }));
        let known: HashMap<String, usize> =
            self.paths.iter().enumerate().map(|(at, path)| (path.path.clone(), at)).collect();
        for path in &step.paths {
            match known.get(&path.path).and_then(|at| self.paths.get_mut(*at)) {
                Some(later) if later.how == PathChange::Modified && path.how == PathChange::Added => {
                    later.how = PathChange::Added;
                }
                Some(_) => {}
                None => self.paths.push(path.clone()),
            }
        }
    }
}

/// A change as reports show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeShown {
    /// `pull request 12`, `commit 1a2b3c4`.
    pub name: String,
    /// What brought it.
    pub kind: ChangeKind,
    /// Its title.
    pub title: String,
    /// Where it is.
    pub place: Option<Place>,
    /// Who made it.
    pub author: Option<String>,
    /// Votes on it.
    pub votes: Gathered<Vec<Vote>>,
}

impl From<&Change> for ChangeShown {
    fn from(change: &Change) -> Self {
        Self {
            name: change.name.clone(),
            kind: change.kind,
            title: change.title.clone(),
            place: change.place.clone(),
            author: change.author.clone(),
            votes: change.votes.clone(),
        }
    }
}

/// Whether whom a waiver names approved what changed the policy. Which of several changes brought the waiver cannot be told
/// here, so each of them must be approved.
pub(crate) fn approval_of_waiver(
    changes: &[Change],
    waiver: &Waiver,
    policy_path: &str,
) -> Gathered<WaiverFact> {
    let touches = |path: &ChangedPath| path.path == policy_path;
    let bringing: Vec<&Change> = changes.iter().filter(|change| change.paths.iter().any(touches)).collect();
    if bringing.is_empty() {
        let why =
            "no change of this deployment brought it, and the last good commit's policy does not have it";
        return Gathered::Known(WaiverFact::NotApproved { why: why.to_owned() });
    }
    for change in &bringing {
        let votes = match &change.votes {
            Gathered::Known(votes) => votes,
            Gathered::Unknown(gap) => return Gathered::Unknown(gap.clone()),
        };
        let approved = votes.iter().any(|vote| {
            vote.says == VoteSays::Approved
                && vote.voter == Voter::SomebodyElse
                && (same_person(&waiver.approved_by, &vote.by)
                    || vote.groups.iter().any(|group| same_person(&waiver.approved_by, group)))
        });
        if !approved {
            return Gathered::Known(WaiverFact::NotApproved {
                why: format!(
                    "{} changed the policy, and {} did not approve it as somebody else than its author",
                    change.name, waiver.approved_by
                ),
            });
        }
    }
    let names: Vec<&str> = bringing.iter().map(|change| change.name.as_str()).collect();
    Gathered::Known(WaiverFact::Approved {
        seen: format!("{} approved {}", waiver.approved_by, names.join(", ")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::facts::CommitFact;

    fn step(id: &str, paths: &[(&str, PathChange)]) -> HistoryStep {
        HistoryStep {
            commit: CommitFact { id: id.into(), title: "T".into(), when: None },
            author: "Ada".into(),
            messages: vec![id.into()],
            merged: Vec::new(),
            paths: paths.iter().map(|(path, how)| ChangedPath { path: (*path).into(), how: *how }).collect(),
        }
    }

    #[test]
    fn a_path_of_several_steps_is_what_they_made_of_it_together() {
        use PathChange::{Added, Deleted, Modified};
        let mut change = Change::of_step(
            &step("2222222", &[("new", Modified), ("gone", Deleted), ("old", Modified)]),
            Gathered::Known(Vec::new()),
        );
        change.add_step(&step(
            "1111111",
            &[("new", Added), ("gone", Added), ("old", Modified), ("other", Added)],
        ));
        let paths: Vec<(&str, PathChange)> =
            change.paths.iter().map(|path| (path.path.as_str(), path.how)).collect();
        assert_eq!(paths, [("new", Added), ("gone", Deleted), ("old", Modified), ("other", Added)]);
        assert_eq!(change.texts.len(), 2);
    }
}
