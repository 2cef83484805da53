//! What Azure calls its things: ids of resources, workspaces and applications, checked where they are read.

use std::fmt;
use std::str::FromStr;

/// The id of a resource: `/subscriptions/…/resourceGroups/…/providers/Microsoft.Web/sites/orders`.
///
/// ```
/// use runbook_gate::azure::ResourceId;
///
/// let id = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers/Microsoft.Web/sites/orders";
/// let id: ResourceId = id.parse()?;
/// assert_eq!((id.kind(), id.name()), ("Microsoft.Web/sites", "orders"));
/// assert!("orders".parse::<ResourceId>().is_err());
/// # Ok::<(), runbook_gate::azure::IdError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ResourceId {
    text: String,
    /// `Microsoft.Sql/servers/databases`.
    kind: String,
}

/// A GUID: the id of a workspace or of an application.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Guid(String);

/// A text that is no such id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// Not the id of a resource.
    #[error(
        "`{0}` is not the id of a resource; copy it from the resource's page (JSON view): \
         /subscriptions/…/resourceGroups/…/providers/…"
    )]
    Resource(String),
    /// Not a GUID.
    #[error("`{0}` is not an id such as 6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f")]
    Guid(String),
}

impl ResourceId {
    /// As it stands in a path, starting with `/`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What kind of resource it is, as written: `Microsoft.Web/sites`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Whether it is of a kind, whatever its case.
    #[must_use]
    pub fn is_a(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// Its own name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.text.rsplit('/').next().unwrap_or_default()
    }

    /// The id of its subscription.
    #[must_use]
    pub fn subscription(&self) -> &str {
        self.text.split('/').nth(2).unwrap_or_default()
    }

    /// Whether another text names the same resource: Azure's own answers change the case.
    #[must_use]
    pub fn names(&self, other: &str) -> bool {
        self.text.eq_ignore_ascii_case(other.trim_end_matches('/'))
    }

    /// Whether it is, or lies inside, what another text names: a resource, its group or its subscription.
    #[must_use]
    pub fn lies_in(&self, scope: &str) -> bool {
        let scope = scope.trim_end_matches('/');
        let front = self.text.get(..scope.len()).unwrap_or_default();
        let behind = self.text.get(scope.len()..).unwrap_or("x");
        front.eq_ignore_ascii_case(scope)
            && !scope.is_empty()
            && (behind.is_empty() || behind.starts_with('/'))
    }
}

impl FromStr for ResourceId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let wrong = || IdError::Resource(text.chars().filter(|c| !c.is_control()).take(120).collect());
        let trimmed = text.trim().trim_end_matches('/');
        let parts: Vec<&str> = trimmed.split('/').collect();
        let fits = |part: &str| {
            !part.is_empty()
                && !matches!(part, "." | "..")
                && part.chars().all(|c| c.is_alphanumeric() || "-._()".contains(c))
        };
        let [root, subscriptions, subscription, groups, _, providers, space, rest @ ..] = parts.as_slice()
        else {
            return Err(wrong());
        };
        let shaped = root.is_empty()
            && subscriptions.eq_ignore_ascii_case("subscriptions")
            && subscription.parse::<Guid>().is_ok()
            && groups.eq_ignore_ascii_case("resourceGroups")
            && providers.eq_ignore_ascii_case("providers")
            && !rest.is_empty()
            && rest.len().is_multiple_of(2)
            && trimmed.len() <= 1000;
        if !shaped || !parts.iter().skip(1).all(|part| fits(part)) {
            return Err(wrong());
        }
        let kinds: Vec<&str> = rest.iter().step_by(2).copied().collect();
        Ok(Self { text: trimmed.to_owned(), kind: format!("{space}/{}", kinds.join("/")) })
    }
}

impl fmt::Display for ResourceId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Guid {
    /// In lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Guid {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let lower = text.trim().to_ascii_lowercase();
        let lengths: Vec<usize> = lower.split('-').map(str::len).collect();
        let digits = lower.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if digits && lengths == [8, 4, 4, 4, 12] {
            Ok(Self(lower))
        } else {
            Err(IdError::Guid(text.chars().filter(|c| !c.is_control()).take(60).collect()))
        }
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GROUP: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders";

    fn id(rest: &str) -> Result<ResourceId, IdError> {
        format!("{GROUP}{rest}").parse()
    }

    #[test]
    fn an_id_cannot_leave_its_path() {
        assert!(id("/providers/Microsoft.Sql/servers/a/databases/b").is_ok());
        for rest in [
            "",
            "/providers/Microsoft.Web/sites",
            "/providers/Microsoft.Web/sites/a/../b",
            "/providers/Microsoft.Web/sites/a?api-version=1",
            "/providers/Microsoft.Web/sites/a#b",
            "/providers/Microsoft.Web/sites/a%2f",
            "/providers/Microsoft.Web/sites/a b",
            "/providers/Microsoft.Web//a",
        ] {
            assert!(id(rest).is_err(), "{rest}");
        }
    }

    #[test]
    fn scopes_are_compared_whole_and_whatever_their_case() {
        let database = id("/providers/Microsoft.Sql/servers/a/databases/b").unwrap();
        assert_eq!(database.kind(), "Microsoft.Sql/servers/databases");
        assert!(database.names(&database.as_str().to_uppercase()));
        assert!(database.lies_in(&GROUP.to_uppercase()));
        assert!(database.lies_in("/subscriptions/11111111-2222-3333-4444-555555555555/"));
        assert!(!database.lies_in(&format!("{GROUP}-2")));
        assert!(!database.lies_in(&GROUP[..GROUP.len() - 1]));
        assert!(!database.lies_in(""));
    }
}
