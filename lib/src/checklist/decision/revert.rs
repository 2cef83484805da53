//! A change that takes another one back quotes it: `Revert "Use x (ADR-12)"`. What is quoted was said of the other change.

use std::borrow::Cow;

use crate::checklist::markdown::content;

/// Whether a title or a line of a text says that something is taken back, and quotes what: `Revert "…"`, `Merged PR 13:
/// Revert "…"`, `fix: revert "…"`, `[main] Revert "…"`, `This reverts commit 1a2b3c4 "…"`, `Back out "…"`, `revert: …`.
pub(crate) fn is_revert(line: &str) -> bool {
    after_revert(line).is_some()
}

/// A text without what it quotes of a change that is taken back: the quoted title, and in a change that takes another one
/// back (`whole`) every quoted line as well. Lines keep their numbers.
///
/// ```text
/// Revert "Use x (ADR-12)" by ADR-13   →   by ADR-13
/// > ADR: 12                           →   (in a change that takes another one back)
/// ```
pub(crate) fn own_words(text: &str, whole: Reverts) -> Cow<'_, str> {
    let quoted = |line: &str| whole == Reverts::Yes && line.trim_start().starts_with('>');
    if !text.lines().any(|line| is_revert(line) || quoted(line)) {
        return Cow::Borrowed(text);
    }
    let own = text.lines().map(|line| match after_revert(line) {
        Some(rest) => rest,
        None if quoted(line) => "",
        None => line,
    });
    Cow::Owned(own.collect::<Vec<_>>().join("\n"))
}

/// Whether a change takes another one back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reverts {
    /// It does: its title says so.
    Yes,
    /// It does not.
    No,
}

impl Reverts {
    /// By a change's title.
    pub(crate) fn of_title(title: &str) -> Self {
        if is_revert(title) { Self::Yes } else { Self::No }
    }
}

/// Words that take a change back, in small letters.
const VERBS: [&str; 13] = [
    "reverted",
    "reverts",
    "revert",
    "backed out",
    "backs out",
    "back out",
    "backout",
    "rolled back",
    "rolls back",
    "roll back",
    "rollback",
    "undoes",
    "undo",
];

/// Words that may stand between the verb and the title.
const BETWEEN: [&str; 9] = ["of", "the", "commit", "change", "pr", "pull", "request", "merge", "merged"];

/// What stands after the quoted title, where a line quotes one.
fn after_revert(line: &str) -> Option<&str> {
    let line = content(line);
    let line = merged(line).unwrap_or(line);
    let line = without_label(line);
    let line = after_word(line, "this").map_or(line, str::trim_start);
    let (verb, rest) = VERBS.iter().find_map(|verb| after_word(line, verb).map(|rest| (*verb, rest)))?;
    // `revert: …`, `revert(api): …`, `revert!: …` say the title without quotes.
    let scope = rest.strip_prefix('(').and_then(|scope| scope.split_once(')')).map_or(rest, |(_, rest)| rest);
    if verb.starts_with("revert") && scope.trim_start_matches('!').starts_with(':') {
        return Some("");
    }
    let mut spaced = rest.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, ':' | '\\'));
    while let Some((_, after)) =
        spaced.split_once(char::is_whitespace).filter(|(word, _)| stands_between(word))
    {
        spaced = after.trim_start_matches(|c: char| c.is_whitespace() || c == '\\');
    }
    let (open, quoted) = spaced.split_at_checked(spaced.chars().next()?.len_utf8())?;
    let close: &[char] = match open {
        "\"" => &['"'],
        "'" => &['\''],
        "`" => &['`'],
        "“" | "„" => &['”', '“'],
        "‘" | "‚" => &['’', '‘'],
        "«" => &['»'],
        "»" => &['«'],
        _ => return None,
    };
    // A title that is quoted may quote another one: the last mark closes. Without one, all of the line is quoted.
    Some(quoted.rfind(close).map_or("", |at| {
        let after = quoted.get(at..).unwrap_or_default();
        after.get(after.chars().next().map_or(0, char::len_utf8)..).unwrap_or_default()
    }))
}

/// What stands after a word at a line's beginning, in any case; the word ends there.
fn after_word<'l>(line: &'l str, word: &str) -> Option<&'l str> {
    let rest = line
        .get(..word.len())
        .filter(|start| start.eq_ignore_ascii_case(word))
        .and(line.get(word.len()..))?;
    (!rest.starts_with(char::is_alphanumeric)).then_some(rest)
}

/// `commit 1a2b3c4`, `PR #12`, `!12`.
fn stands_between(word: &str) -> bool {
    let bare = word.trim_start_matches(['#', '!']).trim_end_matches([',', ':']);
    BETWEEN.iter().any(|between| bare.eq_ignore_ascii_case(between))
        || !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A line without the labels before a title: `[main] …`, `fix: …`, `fix(api)!: …`.
fn without_label(line: &str) -> &str {
    let mut rest = line;
    while let Some((_, after)) = rest.strip_prefix('[').and_then(|label| label.split_once(']')) {
        rest = after.trim_start();
    }
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(rest.len());
    let (kind, after) = rest.split_at(end);
    let after =
        after.strip_prefix('(').and_then(|scope| scope.split_once(')')).map_or(after, |(_, after)| after);
    match after.trim_start_matches('!').strip_prefix(':') {
        Some(title) if !kind.is_empty() && !VERBS.iter().any(|verb| kind.eq_ignore_ascii_case(verb)) => {
            title.trim_start()
        }
        _ => rest,
    }
}

/// What stands after `Merged PR 12: `, which Azure DevOps writes before the title of a pull request.
fn merged(line: &str) -> Option<&str> {
    let rest = line.get(..10).filter(|start| start.eq_ignore_ascii_case("merged pr ")).and(line.get(10..))?;
    let (number, title) = rest.split_once(':')?;
    number.bytes().all(|byte| byte.is_ascii_digit()).then(|| title.trim_start())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_quoted_of_a_change_that_is_taken_back_is_left_out() {
        for (text, expected) in [
            ("Revert \"Use x (ADR-12)\"", ""),
            ("Revert \"Use x (ADR-12)\" as ADR-13 says", " as ADR-13 says"),
            ("Revert \"Revert \"ADR-12\"\" (ADR-13)", " (ADR-13)"),
            ("Merged PR 13: Revert \"ADR-12\"", ""),
            ("revert: use x (ADR-12)", ""),
            ("revert(api)!: use x (ADR-12)", ""),
            ("Reverts 'ADR-12'", ""),
            ("Reverted “ADR-12”.", "."),
            ("- Revert \"ADR-12", ""),
            ("fix: revert \"x (ADR-12)\"", ""),
            ("fix(api)!: Revert \"x (ADR-12)\" by ADR-13", " by ADR-13"),
            ("[main] Revert \"x (ADR-12)\"", ""),
            ("Revert ‘x (ADR-12)’", ""),
            ("Revert \\\"x (ADR-12)\\\"", ""),
            ("This reverts \"x (ADR-12)\"", ""),
            ("This reverts commit 1a2b3c4, \"x (ADR-12)\"", ""),
            ("Revert PR #12 \"x (ADR-12)\"", ""),
            ("Back out \"x (ADR-12)\"", ""),
            ("Rollback of \"x (ADR-12)\"", ""),
            ("Undo: \"x (ADR-12)\"", ""),
            ("fix: revert the colours of ADR-12", "fix: revert the colours of ADR-12"),
            ("Revert to \"ADR-12\"", "Revert to \"ADR-12\""),
            ("ADR: 12", "ADR: 12"),
            ("Undo the \"x\" of ADR-12", " of ADR-12"),
            ("Revert \"x\"\n\nADR: 13", "\n\nADR: 13"),
            ("Revert to ADR-12", "Revert to ADR-12"),
            ("Reverting \"x\" by ADR-12", "Reverting \"x\" by ADR-12"),
            ("Reapply \"Use x (ADR-12)\"", "Reapply \"Use x (ADR-12)\""),
            ("Irrevertible: ADR-12", "Irrevertible: ADR-12"),
        ] {
            assert_eq!(own_words(text, Reverts::No), expected, "{text}");
        }
    }

    #[test]
    fn quotes_count_unless_the_whole_change_takes_another_one_back() {
        let text = "> ADR: 12\nADR: 13";
        assert_eq!(own_words(text, Reverts::No), text);
        assert_eq!(own_words(text, Reverts::Yes), "\nADR: 13");
        assert_eq!(Reverts::of_title("Revert \"Use x\""), Reverts::Yes);
        assert_eq!(Reverts::of_title("Use x"), Reverts::No);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "(?s).{0,60}|(Merged PR 1: |fix: |\\[a\\] |This |Back out|of |Revert|s|ed|\"|“|”|:|\\(|\\)|ä|\n){0,12}") {
            for whole in [Reverts::Yes, Reverts::No] {
                prop_assert!(own_words(&text, whole).lines().count() <= text.lines().count());
            }
        }
    }
}
