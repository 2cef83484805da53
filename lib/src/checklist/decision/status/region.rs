//! Where a record's status stands: under its title, and in its own section. What stands elsewhere is of another record, or nothing.

use super::head::labels;
use super::labelled::is_status;
use crate::checklist::markdown::{Line, content, heading, heading_words};

/// A heading, and the lines under it up to the next one.
pub(super) struct Part<'l, 't> {
    /// The line of the heading; `None` for what stands before the first one.
    pub(super) line: Option<Line<'t>>,
    level: usize,
    /// As written.
    pub(super) title: &'t str,
    pub(super) lines: &'l [Line<'t>],
}

/// Where a part stands in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Under the title, or before any heading of a record that has none.
    Head,
    /// A section of the first level below the title.
    Section,
    /// A section within a section, or under a second title.
    Within,
    /// Before the title.
    Before,
}

/// How a heading speaks of the status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// `## Status`, `## Status: Accepted`.
    Status,
    /// `## Status history`: it may end what the record decided, and decides nothing.
    About,
    /// `## Superseded by`, `## Deprecated`.
    End,
    Nothing,
}

impl Part<'_, '_> {
    pub(super) fn names(&self) -> Names {
        let words = heading_words(self.title);
        let labelled = || labels(self.title).iter().any(|label| is_status(&label.key));
        if matches!(words.as_str(), "status" | "state" | "decision status") || labelled() {
            Names::Status
        } else if words.starts_with("status") || words.ends_with(" status") {
            Names::About
        } else if matches!(
            words.as_str(),
            "superseded" | "superseded by" | "replaced by" | "deprecated" | "withdrawn" | "revoked"
        ) {
            Names::End
        } else {
            Names::Nothing
        }
    }

    pub(super) fn is_within(&self, section: &Self) -> bool {
        self.level > section.level
    }
}

/// The parts of a record, each with its place. Headings are `#` lines or underlined ones.
pub(super) fn parts<'l, 't>(lines: &'l [Line<'t>]) -> Vec<(Place, Part<'l, 't>)> {
    let mut found: Vec<Part<'l, 't>> = vec![Part { line: None, level: 0, title: "", lines: &[] }];
    let mut begin = 0;
    let mut at = 0;
    while let Some(line) = lines.get(at) {
        let under = lines
            .get(at + 1)
            .filter(|next| next.number == line.number + 1)
            .and_then(|next| underlined(line, next));
        let title =
            heading(line.text).map(|found| (found, 1)).or(under.map(|level| ((level, line.text.trim()), 2)));
        let Some(((level, title), length)) = title else {
            at += 1;
            continue;
        };
        if let Some(last) = found.last_mut() {
            last.lines = lines.get(begin..at).unwrap_or_default();
        }
        found.push(Part { line: Some(*line), level, title, lines: &[] });
        at += length;
        begin = at;
    }
    if let Some(last) = found.last_mut() {
        last.lines = lines.get(begin..).unwrap_or_default();
    }
    placed(found)
}

fn placed<'l, 't>(found: Vec<Part<'l, 't>>) -> Vec<(Place, Part<'l, 't>)> {
    let title = found.iter().position(|part| part.level == 1 && part.names() == Names::Nothing);
    let mut placed = Vec::new();
    // The levels of the headings that a part stands under, without the title.
    let mut above: Vec<usize> = Vec::new();
    let mut second_title = false;
    for (index, part) in found.into_iter().enumerate() {
        let place = match index {
            _ if title.is_some_and(|title| index < title) => Place::Before,
            _ if index == title.unwrap_or(0) => Place::Head,
            _ => {
                while above.last().is_some_and(|level| *level >= part.level) {
                    above.pop();
                }
                let place = if above.is_empty() && !second_title { Place::Section } else { Place::Within };
                // A second title begins something else, unless it is the status' own: `# T ⏎ # Status`.
                second_title |= part.level == 1 && title.is_some() && part.names() == Names::Nothing;
                above.push(part.level);
                place
            }
        };
        placed.push((place, part));
    }
    placed
}

fn underlined(line: &Line<'_>, next: &Line<'_>) -> Option<usize> {
    let mark = next.text.trim();
    let text = line.text.trim();
    let plain =
        !text.is_empty() && !text.starts_with(['-', '=', '|', '>', '*', '+']) && heading(text).is_none();
    let all = |c: char| !mark.is_empty() && mark.chars().all(|other| other == c);
    match () {
        () if plain && all('=') => Some(1),
        () if plain && all('-') => Some(2),
        () => None,
    }
}

/// What HTML may hide, strike through or fold away.
const WRAPPERS: [&str; 26] = [
    "article",
    "aside",
    "blockquote",
    "del",
    "details",
    "dialog",
    "div",
    "figure",
    "footer",
    "head",
    "iframe",
    "noscript",
    "object",
    "pre",
    "s",
    "script",
    "section",
    "span",
    "strike",
    "style",
    "svg",
    "table",
    "template",
    "textarea",
    "title",
    "xmp",
];

/// The lines that stand in no HTML element, and those that do. The line that opens an element stands among the first, since a
/// reader has to be told of it.
pub(super) fn unwrapped<'t>(lines: &[Line<'t>]) -> (Vec<Line<'t>>, Vec<Line<'t>>) {
    let (mut outside, mut inside) = (Vec::new(), Vec::new());
    let mut depth = 0_usize;
    for line in lines {
        let opened = depth > 0;
        let text = content(line.text);
        if opened || text.starts_with('<') {
            depth = after(text, depth);
        }
        if opened { inside.push(*line) } else { outside.push(*line) }
    }
    (outside, inside)
}

fn after(text: &str, before: usize) -> usize {
    text.split('<').skip(1).fold(before, |depth, tag| {
        let (closing, tag) = tag.strip_prefix('/').map_or((false, tag), |tag| (true, tag));
        let name =
            tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_ascii_lowercase();
        match closing {
            _ if !WRAPPERS.contains(&name.as_str()) => depth,
            true => depth.saturating_sub(1),
            false => depth + 1,
        }
    })
}
