//! Files of a repository that is not checked out here.

use serde::Deserialize;

use crate::devops::call::Call;
use crate::devops::client::Client;
use crate::devops::failure::DevOpsError;
use crate::devops::permission::Permission;
use crate::devops::wire::or_default;

/// What a file is asked of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Version {
    /// A commit, by its id.
    Commit(String),
    /// A branch, by its name without `refs/heads/`.
    Branch(String),
}

impl Client<'_> {
    /// The text of a file; `None` where there is none, or the repository may not be read: the service answers both alike.
    ///
    /// # Errors
    /// Where it could not be asked for, or is no text.
    pub fn file(
        &self,
        repository: &str,
        path: &str,
        version: &Version,
    ) -> Result<Option<String>, DevOpsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct File {
            #[serde(default)]
            content: Option<String>,
            #[serde(default, deserialize_with = "or_default")]
            content_metadata: Metadata,
        }
        #[derive(Deserialize, Default)]
        #[serde(default, rename_all = "camelCase")]
        struct Metadata {
            #[serde(deserialize_with = "or_default")]
            is_binary: bool,
        }
        let (kind, name) = match version {
            Version::Commit(id) => ("commit", id),
            Version::Branch(name) => ("branch", name),
        };
        let call = Call::get(
            format!("{path} at {kind} {name}"),
            Permission::ReadRepository(repository.to_owned()),
            &["git", "repositories", repository, "items"],
        )
        .with("path", format!("/{}", path.trim_start_matches('/')))
        .with("includeContent", "true")
        .with("$format", "json")
        .with("versionDescriptor.versionType", kind)
        .with("versionDescriptor.version", name.as_str());
        let answer = match self.send(&call) {
            Ok(answer) => answer,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let file: File = answer.read()?;
        match file.content {
            Some(content) if !file.content_metadata.is_binary => Ok(Some(content)),
            _ => Err(answer.failed("it is no text".to_owned())),
        }
    }
}
