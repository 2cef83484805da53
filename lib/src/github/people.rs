//! What people said of a pull request, and whose word counts.
//!
//! Anybody may review and comment in a public repository. A word counts where its writer belongs to the repository: GitHub
//! says so beside it, or says that the account may write.

use std::collections::{BTreeMap, BTreeSet};

use super::client::Question;
use super::failure::{GitHubError, Needs};
use super::wire::{Comment, Permission, PullRequest, Review};
use crate::Timestamp;
use crate::checklist::{ChangeText, Gap, Gathered, Place, TextSource, Vote, VoteSays, Voter, Who};

/// A pull request with what was said of it.
pub(super) struct Told {
    pub request: PullRequest,
    pub reviews: Vec<Review>,
    pub comments: Vec<Comment>,
}

/// Whether accounts may write to the repository, by their logins in small letters.
pub(super) type Writers = BTreeMap<String, Result<bool, GitHubError>>;

/// Whether GitHub says that an account belongs to the repository.
fn belongs(association: Option<&str>) -> bool {
    matches!(association, Some("OWNER" | "MEMBER" | "COLLABORATOR"))
}

/// Whether a login can stand in a path.
fn is_login(login: &str) -> bool {
    login.len() <= 64 && login.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

fn time(text: Option<&str>) -> Option<Timestamp> {
    text.and_then(|text| text.parse().ok())
}

impl Told {
    pub(super) fn author(&self) -> Option<&str> {
        self.request.user.as_ref()?.known()
    }

    /// The last word of each reviewer that is one: a comment takes no approval back, a dismissal does. What is none that is
    /// known may be either.
    fn last_words(&self) -> BTreeMap<String, (Says, &Review)> {
        let mut last = BTreeMap::new();
        for review in &self.reviews {
            let says = Says::of(review.state.as_deref());
            let login = review.user.as_ref().and_then(|user| user.known());
            if let (Some(says), Some(login)) = (says, login) {
                last.insert(login.to_ascii_lowercase(), (says, review));
            }
        }
        last.retain(|_, (_, review)| review.user.as_ref().and_then(|user| user.person()).is_some());
        last
    }

    /// The reviewers of whom GitHub does not say that they belong to the repository: a private membership, or a stranger.
    pub(super) fn doubtful(&self) -> BTreeSet<String> {
        self.last_words()
            .into_iter()
            .filter(|(login, (_, review))| is_login(login) && !belongs(review.author_association.as_deref()))
            .map(|(login, _)| login)
            .collect()
    }

    /// The votes that count. Not known where an approval may count and whether it does could not be found out: whether its
    /// writer belongs here, what a later review of theirs says, or whether it is the author's own.
    pub(super) fn votes(&self, writers: &Writers, repository: &str) -> Gathered<Vec<Vote>> {
        let mut votes = Vec::new();
        let mut gap: Option<Gap> = None;
        for (login, (says, review)) in self.last_words() {
            if says == Says::TakenBack {
                continue;
            }
            if !belongs(review.author_association.as_deref()) {
                match writers.get(&login) {
                    Some(Ok(true)) => {}
                    Some(Ok(false)) | None => continue,
                    Some(Err(error)) => {
                        gap = gap.or_else(|| Some(error.gap(repository)));
                        continue;
                    }
                }
            }
            let by = review.user.as_ref().and_then(|user| user.login.clone()).unwrap_or(login);
            let says = match says {
                Says::Vote(says) => says,
                Says::TakenBack => continue,
                Says::Unknown => {
                    gap = gap.or_else(|| Some(self.unclear(&by)));
                    continue;
                }
            };
            let Some(author) = self.author() else {
                // An author's objection counts as anybody's.
                if says == VoteSays::Approved {
                    gap = gap.or_else(|| Some(self.authorless()));
                }
                continue;
            };
            let own = author.eq_ignore_ascii_case(&by);
            votes.push(Vote {
                by,
                groups: Vec::new(),
                says,
                when: time(review.submitted_at.as_deref()),
                voter: if own { Voter::Author } else { Voter::SomebodyElse },
            });
        }
        match gap {
            Some(gap) => Gathered::Unknown(gap),
            None => Gathered::Known(votes),
        }
    }

    /// What a review says is not known.
    fn unclear(&self, reviewer: &str) -> Gap {
        Gap::new(
            format!(
                "the last review of {reviewer} on pull request {} has a state that is not known",
                self.request.number
            ),
            Who::OneOf(vec![reviewer.to_owned()]),
            "review it again",
        )
    }

    /// Whose approval it is cannot be told from the author's.
    fn authorless(&self) -> Gap {
        Gap::new(
            format!(
                "GitHub does not say who opened pull request {}, and an approval may be their own",
                self.request.number
            ),
            Who::PipelineOwner,
            "waive the item for this deployment",
        )
    }

    /// What people wrote: the title and description, the labels, and the comments of people who belong here.
    pub(super) fn texts(&self, page: &str) -> Vec<ChangeText> {
        let request = &self.request;
        let author = self.author().map(str::to_owned);
        let description = format!(
            "{}\n\n{}",
            request.title.as_deref().unwrap_or_default(),
            request.body.as_deref().unwrap_or_default()
        );
        let place = Some(Place::Url(page.to_owned()));
        let mut texts = vec![ChangeText {
            source: TextSource::Description,
            text: description,
            by: author.clone(),
            when: None,
            place: place.clone(),
        }];
        let labels = request.labels.iter().flatten().flatten().filter_map(|label| label.name.clone());
        texts.extend(labels.map(|text| ChangeText {
            source: TextSource::Label,
            text,
            by: None,
            when: None,
            place: place.clone(),
        }));
        for comment in &self.comments {
            let Some(writer) = comment.user.as_ref().and_then(|user| user.person()) else { continue };
            let own = author.as_deref().is_some_and(|author| author.eq_ignore_ascii_case(writer));
            if !own && !belongs(comment.author_association.as_deref()) {
                continue;
            }
            let page = comment.id.map_or_else(|| page.to_owned(), |id| format!("{page}#issuecomment-{id}"));
            texts.push(ChangeText {
                source: TextSource::Comment,
                text: comment.body.clone().unwrap_or_default(),
                // Whoever may write here may change another's comment, and GitHub does not say who did.
                by: (!edited(comment)).then(|| writer.to_owned()),
                when: time(comment.updated_at.as_deref()).or_else(|| time(comment.created_at.as_deref())),
                place: Some(Place::Url(page)),
            });
        }
        texts
    }
}

/// What a review says of approval.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Vote(VoteSays),
    /// An approval or objection no longer counts.
    TakenBack,
    /// A word that is none of GitHub's, or none at all.
    Unknown,
}

impl Says {
    /// Nothing of a review that only comments, or is not sent yet.
    fn of(state: Option<&str>) -> Option<Self> {
        match state {
            Some("APPROVED") => Some(Self::Vote(VoteSays::Approved)),
            Some("CHANGES_REQUESTED") => Some(Self::Vote(VoteSays::Rejected)),
            Some("DISMISSED") => Some(Self::TakenBack),
            Some("COMMENTED" | "PENDING") => None,
            Some(_) | None => Some(Self::Unknown),
        }
    }
}

/// Whether a comment is not as it was first written.
fn edited(comment: &Comment) -> bool {
    comment.updated_at.is_some() && comment.updated_at != comment.created_at
}

/// The question whether an account may write to the repository.
pub(super) fn permission_of(login: &str) -> Question {
    Question::new(
        format!("what {login} may do with the repository"),
        Needs::Collaborators,
        format!("/collaborators/{login}/permission"),
    )
}

/// Whether a permission lets an account write, and so approve.
pub(super) fn may_write(permission: &Permission) -> bool {
    matches!(permission.permission.as_deref(), Some("admin" | "maintain" | "write"))
}
