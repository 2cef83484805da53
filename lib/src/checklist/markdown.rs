//! What a person wrote in a Markdown text: without HTML comments, code and the lines of a template.

mod indented;

use std::collections::HashSet;

use indented::Indents;

/// A line that a reader sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Line<'t> {
    /// Counted from 1 in the whole text.
    pub(crate) number: usize,
    /// Without its line break; comments are cut out.
    pub(crate) text: &'t str,
}

/// Lines that a template gives: who leaves them as they are has said nothing.
///
/// ```
/// use runbook_gate::checklist::Template;
/// let template = Template::of(["## Decision\nADR-0000\n"]);
/// assert!(template.has("  ADR-0000 "));
/// assert!(!template.has("ADR-0012"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    lines: HashSet<String>,
}

/// How much of a text is read, in bytes: what comes after it is as if it were not there.
pub(crate) const LONGEST_TEXT: usize = 1024 * 1024;

impl Template {
    /// The lines of template texts.
    #[must_use]
    pub fn of<T: AsRef<str>>(texts: impl IntoIterator<Item = T>) -> Self {
        let mut lines = HashSet::new();
        for text in texts {
            for line in bounded(text.as_ref()).lines() {
                if !line.trim().is_empty() {
                    lines.insert(plain(line));
                }
            }
        }
        Self { lines }
    }

    /// Whether a line stands in the template, whatever the spaces around it.
    #[must_use]
    pub fn has(&self, line: &str) -> bool {
        !self.lines.is_empty() && self.lines.contains(&plain(line))
    }
}

fn plain(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The part of a text that is read.
pub(crate) fn bounded(text: &str) -> &str {
    let mut end = text.len().min(LONGEST_TEXT);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or("")
}

/// What code counts as, fenced or indented.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fences {
    /// Not there: an example is no statement.
    Hidden,
    /// There: a plan's commands are a part of it.
    Shown,
}

/// The lines that a reader sees: no HTML comments, no lines of the template, and no code unless asked for. A comment or a
/// fence that never ends hides the rest.
pub(crate) fn visible<'t>(text: &'t str, template: &Template, fences: Fences) -> Vec<Line<'t>> {
    let mut lines = Vec::new();
    let mut in_comment = false;
    let mut fence: Option<(char, usize)> = None;
    let mut indents = Indents::default();
    for (index, whole) in bounded(text).lines().enumerate() {
        if let (Some((mark, length)), false) = (fence, in_comment) {
            if closes(whole, mark, length) {
                fence = None;
            } else if fences == Fences::Shown {
                lines.push(Line { number: index + 1, text: whole });
            }
            continue;
        }
        if !in_comment && indents.is_code(whole) {
            // A comment or a fence does not begin in code.
            if fences == Fences::Shown {
                lines.push(Line { number: index + 1, text: whole });
            }
            continue;
        }
        let was_in_comment = in_comment;
        let parts = outside_comments(whole, &mut in_comment);
        if !was_in_comment && let Some(opened) = opens(whole) {
            // A comment sign after a fence's backticks is part of the fence's own line.
            in_comment = false;
            fence = Some(opened);
            continue;
        }
        if template.has(whole) {
            continue;
        }
        for part in parts {
            if !part.trim().is_empty() {
                lines.push(Line { number: index + 1, text: part });
            }
        }
    }
    lines
}

/// The parts of a line that stand outside `<!-- … -->`.
fn outside_comments<'t>(line: &'t str, in_comment: &mut bool) -> Vec<&'t str> {
    let mut parts = Vec::new();
    let mut rest = line;
    loop {
        if *in_comment {
            match rest.split_once("-->") {
                Some((_, after)) => {
                    *in_comment = false;
                    rest = after;
                }
                None => return parts,
            }
        } else {
            match rest.split_once("<!--") {
                Some((before, after)) => {
                    parts.push(before);
                    *in_comment = true;
                    // `<!-->` and `<!--->` are whole comments.
                    rest = after;
                    for whole in [">", "->"] {
                        if let Some(next) = after.strip_prefix(whole) {
                            *in_comment = false;
                            rest = next;
                            break;
                        }
                    }
                }
                None => {
                    parts.push(rest);
                    return parts;
                }
            }
        }
    }
}

/// A line without the marks of quotes and list items before its content.
pub(crate) fn content(line: &str) -> &str {
    let mut rest = line.trim_start();
    loop {
        let next = rest
            .strip_prefix('>')
            .or_else(|| rest.strip_prefix("- "))
            .or_else(|| rest.strip_prefix("* "))
            .or_else(|| rest.strip_prefix("+ "));
        match next {
            Some(after) => rest = after.trim_start(),
            None => return rest.trim_end(),
        }
    }
}

/// A line's own text, and what it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inner<'t> {
    /// Without the marks of quotes, list items and numbers before it.
    pub(crate) text: &'t str,
    /// Whether it is a quote: somebody else's words.
    pub(crate) quoted: bool,
    /// Whether a list item begins with it.
    pub(crate) item: bool,
}

/// Takes the marks of quotes, list items and numbers off a line.
pub(crate) fn inner(line: &str) -> Inner<'_> {
    let mut found = Inner { text: line.trim(), quoted: false, item: false };
    loop {
        let digits = found.text.bytes().take_while(u8::is_ascii_digit).take(10).count();
        let after = found.text.get(digits..).unwrap_or_default();
        let next = if let Some(after) = after.strip_prefix('>').filter(|_| digits == 0) {
            found.quoted = true;
            after
        } else {
            let marks: &[char] = if digits == 0 { &['-', '*', '+'] } else { &['.', ')'] };
            let item =
                after.strip_prefix(marks).filter(|rest| digits < 10 && rest.starts_with(char::is_whitespace));
            let Some(after) = item else { return found };
            found.item = true;
            after
        };
        found.text = next.trim_start();
    }
}

fn opens(line: &str) -> Option<(char, usize)> {
    let start = content(line);
    let mark = start.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let length = start.chars().take_while(|c| *c == mark).count();
    // Three backticks with another backtick on the line are code within the line.
    let inline = mark == '`' && start.chars().skip(length).any(|c| c == '`');
    (length >= 3 && !inline).then_some((mark, length))
}

fn closes(line: &str, mark: char, length: usize) -> bool {
    let text = line.trim_start_matches(|c: char| c.is_whitespace() || c == '>').trim_end();
    text.chars().count() >= length && text.chars().all(|c| c == mark)
}

/// Whether an element of HTML strikes out what stands in it: its writer no longer says it.
pub(crate) fn strikes(element: &str) -> bool {
    ["del", "s", "strike"].iter().any(|name| element.eq_ignore_ascii_case(name))
}

/// The level and text of a heading: `## 3. Status ##` is level 2, `3. Status`.
pub(crate) fn heading(line: &str) -> Option<(usize, &str)> {
    let trimmed = line.trim();
    let level = trimmed.chars().take_while(|c| *c == '#').count();
    let rest = trimmed.get(level..)?;
    let spaced = rest.starts_with(char::is_whitespace);
    ((1..=6).contains(&level) && spaced).then(|| (level, rest.trim().trim_end_matches('#').trim_end()))
}

/// A heading's words as they are compared: no number, no emphasis, no closing colon, small letters.
pub(crate) fn heading_words(text: &str) -> String {
    let start = text.trim_start_matches(|c: char| c.is_ascii_digit() || matches!(c, '.' | ')' | ' '));
    let chosen = if start.is_empty() { text } else { start };
    let bare: String = chosen.chars().filter(|c| !matches!(c, '*' | '_' | '`')).collect();
    bare.trim_matches(|c: char| c.is_whitespace() || c == ':').to_lowercase()
}

/// A section of a document: its heading and the lines under it, those of its sub-sections too.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Section<'t> {
    /// The heading as written.
    pub(crate) heading: &'t str,
    /// Its lines.
    pub(crate) lines: Vec<Line<'t>>,
}

/// The first sections whose heading fits, with everything under them. Headings may be `#` lines or underlined ones.
pub(crate) fn sections<'t>(lines: &[Line<'t>], fits: impl Fn(&str) -> bool) -> Vec<Section<'t>> {
    let mut found: Vec<(usize, Section<'t>)> = Vec::new();
    let mut open: Option<(usize, Section<'t>)> = None;
    let mut index = 0;
    while let Some(line) = lines.get(index) {
        let underline = lines
            .get(index + 1)
            .filter(|next| next.number == line.number + 1)
            .and_then(|next| underlined(line, next));
        let title = heading(line.text).or(underline.map(|level| (level, line.text.trim())));
        if let Some((level, text)) = title {
            if open.as_ref().is_some_and(|(open_level, _)| level <= *open_level) {
                found.extend(open.take());
            }
            if open.is_none() && fits(&heading_words(text)) {
                open = Some((level, Section { heading: text, lines: Vec::new() }));
            }
            index += if underline.is_some() { 2 } else { 1 };
            continue;
        }
        if let Some((_, section)) = open.as_mut() {
            section.lines.push(*line);
        }
        index += 1;
    }
    found.extend(open);
    found.into_iter().map(|(_, section)| section).collect()
}

fn underlined(line: &Line<'_>, next: &Line<'_>) -> Option<usize> {
    let mark = next.text.trim();
    let all = |c: char| mark.len() >= 3 && mark.chars().all(|other| other == c);
    let plain_text = !line.text.trim().is_empty()
        && heading(line.text).is_none()
        && !line.text.trim().starts_with(['-', '=', '|', '>']);
    match () {
        () if plain_text && all('=') => Some(1),
        () if plain_text && all('-') => Some(2),
        () => None,
    }
}

/// How many words there are: runs of characters with a letter or a digit among them.
pub(crate) fn words(lines: &[Line<'_>]) -> usize {
    lines
        .iter()
        .flat_map(|line| line.text.split_whitespace())
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seen(text: &str) -> Vec<&str> {
        visible(text, &Template::default(), Fences::Hidden).into_iter().map(|line| line.text.trim()).collect()
    }

    #[test]
    fn comments_and_fences_are_not_seen() {
        for (text, expected) in [
            ("a\n<!-- b -->\nc", vec!["a", "c"]),
            ("a <!-- b --> c", vec!["a", "c"]),
            ("a <!-- b\nc\nd --> e", vec!["a", "e"]),
            ("a\n<!-- never closed\nb", vec!["a"]),
            ("a\n<!--> b", vec!["a", "b"]),
            ("a\n```\nb\n```\nc", vec!["a", "c"]),
            ("a\n```text\nb\n``\n````\nc", vec!["a", "c"]),
            ("a\n~~~~\nb\n~~~\nc", vec!["a"]),
            ("a\n> ```\n> b\n> ```\nc", vec!["a", "c"]),
            ("- ```\n  b\n  ```\nc", vec!["c"]),
            ("``` b ``` c", vec!["``` b ``` c"]),
            ("<!-- ``` -->\na", vec!["a"]),
            ("```\n<!--\n```\na", vec!["a"]),
            ("<!-- x\n```\n-->\na", vec!["a"]),
            ("a\n\n    b\n\n    c\nd", vec!["a", "d"]),
            ("    a", vec![]),
            ("a\n\n\tb", vec!["a"]),
            ("# a\n    b\nc", vec!["# a", "c"]),
            ("a\n    b", vec!["a", "b"]),
            ("a\n\n   b", vec!["a", "b"]),
            ("- a\n\n    b", vec!["- a", "b"]),
            ("- a\n  - b\n\n    c\n    - d", vec!["- a", "- b", "c", "- d"]),
            ("- a\n\n      b\n  c", vec!["- a", "c"]),
            ("1. a\n\n       b\n\n   c", vec!["1. a", "c"]),
            ("- a\n\nb\n\n    c", vec!["- a", "b"]),
            ("> a\n>\n>     b\n> c", vec!["> a", ">", "> c"]),
            ("```\n    a\n```\n    b\nc", vec!["c"]),
            ("a\n\n    <!-- b\nc", vec!["a", "c"]),
            ("<!-- a\n\n    b -->\nc", vec!["c"]),
            ("<details>\n    a", vec!["<details>", "a"]),
        ] {
            assert_eq!(seen(text), expected, "{text:?}");
        }
    }

    #[test]
    fn lines_left_as_the_template_has_them_are_not_seen() {
        let template = Template::of(["## Decisions\n- ADR-0000\n"]);
        let text = "## Decisions\n-   ADR-0000\n- ADR-0012";
        let lines = visible(text, &template, Fences::Hidden);
        assert_eq!(lines, [Line { number: 3, text: "- ADR-0012" }]);
    }

    #[test]
    fn sections_end_at_a_heading_of_their_level() {
        let text = "# T\n## 3. Rollback\na\n### Data\nb\n## Next\nc\nRollback\n--------\nd";
        let lines = visible(text, &Template::default(), Fences::Shown);
        let found = sections(&lines, |heading| heading == "rollback");
        let contents: Vec<Vec<&str>> =
            found.iter().map(|section| section.lines.iter().map(|line| line.text).collect()).collect();
        assert_eq!(contents, [vec!["a", "b"], vec!["d"]]);
    }

    #[test]
    fn words_have_letters_or_digits() {
        let lines = visible("- run `x` -- now !", &Template::default(), Fences::Shown);
        assert_eq!(words(&lines), 3);
    }

    proptest! {
        #[test]
        fn no_text_breaks_it(text in "(?s).{0,200}|[-`~<>!# \n*ab]{0,80}") {
            let lines = visible(&text, &Template::of([&text]), Fences::Hidden);
            prop_assert!(lines.iter().all(|line| !line.text.is_empty() || text.is_empty()));
            let shown = visible(&text, &Template::default(), Fences::Shown);
            let _ = (sections(&shown, |_| true), words(&shown));
        }
    }
}
