//! How GitHub writes things. Any value may be null, and what a token may not see is left out.

use serde::Deserialize;

use crate::Timestamp;

/// The login of accounts that were deleted, where they are not null.
const DELETED: &str = "ghost";

/// An account; deleted ones are null.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct User {
    pub login: Option<String>,
    #[serde(rename = "type")]
    pub kind: Option<String>,
}

/// A pull request, as lists have it: whole, with its text.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct PullRequest {
    pub number: u64,
    #[serde(default)]
    pub title: Option<String>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub user: Option<User>,
    #[serde(default)]
    pub merged_at: Option<Timestamp>,
    #[serde(default)]
    pub merge_commit_sha: Option<String>,
    #[serde(default)]
    pub base: Option<Base>,
    #[serde(default)]
    pub labels: Option<Vec<Option<Label>>>,
}

/// The branch that a pull request goes into.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Base {
    #[serde(rename = "ref", default)]
    pub branch: Option<String>,
    #[serde(default)]
    pub repo: Option<BaseRepository>,
}

/// The repository of that branch.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct BaseRepository {
    pub full_name: String,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Label {
    #[serde(default)]
    pub name: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Review {
    #[serde(default)]
    pub user: Option<User>,
    #[serde(default)]
    pub state: Option<String>,
    #[serde(default)]
    pub submitted_at: Option<String>,
    #[serde(default)]
    pub author_association: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct Comment {
    #[serde(default)]
    pub user: Option<User>,
    #[serde(default)]
    pub body: Option<String>,
    #[serde(default)]
    pub created_at: Option<String>,
    #[serde(default)]
    pub updated_at: Option<String>,
    #[serde(default)]
    pub author_association: Option<String>,
    #[serde(default)]
    pub id: Option<u64>,
}

/// What an account may do with the repository.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Permission {
    #[serde(default)]
    pub permission: Option<String>,
}

/// What a failure says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ErrorBody {
    pub message: Option<String>,
}

impl User {
    /// The login of an account. GitHub gives all deleted ones one name, so that it says nothing of who it was: nobody.
    pub(super) fn known(&self) -> Option<&str> {
        self.login.as_deref().filter(|login| !login.is_empty() && !login.eq_ignore_ascii_case(DELETED))
    }

    /// The login of an account that is a person's: no app's, no organisation's, and nobody's who was imported from elsewhere.
    pub(super) fn person(&self) -> Option<&str> {
        let login = self.known()?;
        let person = self.kind.as_deref() == Some("User") && !login.ends_with("[bot]");
        person.then_some(login)
    }
}
