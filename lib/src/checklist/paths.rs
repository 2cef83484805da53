//! Path patterns of a policy, matched against paths of the repository.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

/// A set of path patterns: `infra/**`, `**/*.sql`, `docs/adr/*.md`.
///
/// `*` and `?` stay inside a folder, `**` crosses folders, `{a,b}` gives alternatives. Patterns start at the
/// repository's root. Those of a policy tell upper from lower case; the runbook's own, which nobody wrote for this repository, do
/// not ([`PathPatterns::in_any_case`]).
///
/// ```
/// use runbook_gate::checklist::PathPatterns;
/// let patterns = PathPatterns::new(["infra/**", "**/*.sql"])?;
/// assert!(patterns.matches("infra/main.bicep"));
/// assert!(patterns.matches("db/001.sql"));
/// assert!(!patterns.matches("src/infra.rs"));
/// # Ok::<(), runbook_gate::checklist::PathPatternError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PathPatterns {
    written: Vec<String>,
    letters: Letters,
    set: GlobSet,
}

/// Whether `A` is `a`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Letters {
    AsWritten,
    InAnyCase,
}

/// A pattern that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` is not a path pattern: {why}")]
pub struct PathPatternError {
    /// As written.
    pub pattern: String,
    /// What is wrong with it.
    pub why: String,
}

/// The longest pattern, in characters.
const LONGEST: usize = 500;

impl PathPatterns {
    /// Reads patterns.
    ///
    /// # Errors
    /// When one of them is empty, too long, malformed, or has a `..` part, which no path of a repository has.
    pub fn new<P: AsRef<str>>(patterns: impl IntoIterator<Item = P>) -> Result<Self, PathPatternError> {
        Self::read(patterns, Letters::AsWritten)
    }

    /// Reads patterns that match in capital and small letters.
    ///
    /// ```
    /// use runbook_gate::checklist::PathPatterns;
    /// assert!(PathPatterns::in_any_case(["**/*.sql"])?.matches("db/V2__drop.SQL"));
    /// # Ok::<(), runbook_gate::checklist::PathPatternError>(())
    /// ```
    ///
    /// # Errors
    /// As of [`PathPatterns::new`].
    pub fn in_any_case<P: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
    ) -> Result<Self, PathPatternError> {
        Self::read(patterns, Letters::InAnyCase)
    }

    fn read<P: AsRef<str>>(
        patterns: impl IntoIterator<Item = P>,
        letters: Letters,
    ) -> Result<Self, PathPatternError> {
        let mut builder = GlobSetBuilder::new();
        let mut written = Vec::new();
        for pattern in patterns {
            let pattern = pattern.as_ref();
            let wrong = |why: &str| PathPatternError {
                pattern: pattern.chars().take(80).collect(),
                why: why.to_owned(),
            };
            let rooted = pattern.trim_start_matches("./").trim_start_matches('/');
            if rooted.is_empty() {
                return Err(wrong("it is empty"));
            }
            if pattern.len() > LONGEST {
                return Err(wrong("it is longer than 500 characters"));
            }
            if rooted.split('/').any(|part| part == "..") {
                return Err(wrong("paths start at the repository's root and never have `..`"));
            }
            // `infra/` means everything under it, as it does in other tools' patterns.
            let whole = if rooted.ends_with('/') { format!("{rooted}**") } else { rooted.to_owned() };
            let glob = GlobBuilder::new(&whole)
                .literal_separator(true)
                .backslash_escape(true)
                .case_insensitive(letters == Letters::InAnyCase)
                .build()
                .map_err(|error| wrong(&error.kind().to_string()))?;
            builder.add(glob);
            written.push(pattern.to_owned());
        }
        let set = builder.build().map_err(|error| PathPatternError {
            pattern: written.join(", "),
            why: error.kind().to_string(),
        })?;
        Ok(Self { written, letters, set })
    }

    /// No pattern at all: matches nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { written: Vec::new(), letters: Letters::AsWritten, set: GlobSet::empty() }
    }

    /// Whether a path matches any of them.
    #[must_use]
    pub fn matches(&self, path: &str) -> bool {
        self.set.is_match(path)
    }

    /// Whether there is no pattern.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.written.is_empty()
    }

    /// The patterns as written.
    #[must_use]
    pub fn written(&self) -> &[String] {
        &self.written
    }
}

impl PartialEq for PathPatterns {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written && self.letters == other.letters
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_documented() {
        for (pattern, path, matches) in [
            ("infra/**", "infra/a/b.tf", true),
            ("infra/**", "infra", false),
            ("infra/", "infra/a.tf", true),
            ("./infra/*", "infra/a.tf", true),
            ("/infra/*", "infra/a.tf", true),
            ("infra/*", "infra/a/b.tf", false),
            ("**/Migrations/**", "src/Orders/Migrations/1.cs", true),
            ("**/Migrations/**", "Migrations/1.cs", true),
            ("**/Migrations/**", "src/migrations/1.cs", false),
            ("**/*.sql", "a.sql", true),
            ("db/{up,down}/*.sql", "db/down/1.sql", true),
            ("docs/adr/*.md", "docs/adr/old/1.md", false),
        ] {
            assert_eq!(PathPatterns::new([pattern]).unwrap().matches(path), matches, "{pattern} {path}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_said() {
        for pattern in ["", "/", "a/../b", "a{b", "a[", &"x".repeat(600)] {
            assert!(PathPatterns::new([pattern]).is_err(), "{pattern}");
        }
    }

    #[test]
    fn no_pattern_matches_nothing() {
        assert!(!PathPatterns::none().matches("a"));
    }
}
