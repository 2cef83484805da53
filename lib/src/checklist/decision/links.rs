//! Links to decision records in what people write: the forms, and what each points to.
//!
//! Finding is one thing, resolving another: a link says what was written; [`RecordIndex`](super::RecordIndex) says which
//! file that is at the deployed commit.

mod shown;

use url::Url;

use super::RecordKind;
use super::home::Home;
use crate::checklist::Template;
use crate::checklist::markdown::{Fences, content, visible};

/// A link as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordLink {
    /// As written, shortened.
    pub written: String,
    /// The line of the text, from 1.
    pub line: usize,
    /// What it points to.
    pub target: LinkTarget,
}

/// What a link points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkTarget {
    /// A path, from the repository's root or relative to it.
    Path(String),
    /// The end of a path, whose beginning may be a branch's name: `main/docs/adr/0012-x.md`.
    PathTail(String),
    /// A page of a wiki, by its name: `ADR-0012-Use-x`.
    WikiPage(String),
    /// A number: `ADR-12`, `BDR 0007`; without a kind in `Decision-Record: 12`.
    Number(Option<RecordKind>, u32),
    /// A file or a wiki page of another repository, host or organisation that seems to be a record: where.
    Elsewhere(String),
}

/// What stands for "no record is needed".
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoDecision {
    /// With its reason.
    Because(String),
    /// Without one, or with a placeholder's.
    WithoutReason,
}

/// The most links that are taken from one text.
const MOST: usize = 200;

/// The longest address or path that is read, in bytes: a longer one is no link.
const LONGEST_LINK: usize = 1024;

/// The links in a text. Comments, code, lines of the template and what is struck out are not looked at, nor what a link to
/// another place shows.
///
/// ```
/// use runbook_gate::checklist::{LinkTarget, RecordKind, Template, record_links};
/// let links = record_links("Implements ADR-12.\n<!-- ADR-13 -->", &Template::default(), &[]);
/// assert_eq!(links.len(), 1);
/// assert_eq!(links[0].target, LinkTarget::Number(Some(RecordKind::Adr), 12));
/// ```
#[must_use]
pub fn record_links(text: &str, template: &Template, homes: &[Home]) -> Vec<RecordLink> {
    let mut found = Vec::new();
    for (number, line) in shown::lines(&visible(text, template, Fences::Hidden), homes, &mut found) {
        if found.len() >= MOST {
            break;
        }
        in_line(&line, number, homes, &mut found);
    }
    found.truncate(MOST);
    let mut unique: Vec<RecordLink> = Vec::new();
    for link in found {
        if !unique.iter().any(|other| other.target == link.target) {
            unique.push(link);
        }
    }
    unique
}

/// `Decision: none (reason)` in a text; a reason wins over none.
///
/// ```
/// use runbook_gate::checklist::{NoDecision, Template, no_decision};
/// let found = no_decision("Decision: none (typo in a log text)", &Template::default());
/// assert_eq!(found, Some(NoDecision::Because("typo in a log text".into())));
/// ```
#[must_use]
pub fn no_decision(text: &str, template: &Template) -> Option<NoDecision> {
    let mut found = None;
    for line in visible(text, template, Fences::Hidden) {
        let bare: String = content(line.text).chars().filter(|c| !matches!(c, '*' | '_' | '`')).collect();
        let Some((key, value)) = bare.split_once(':') else { continue };
        let key = key.trim().to_lowercase();
        if !matches!(
            key.as_str(),
            "decision" | "decisions" | "decision record" | "decision-record" | "adr" | "bdr"
        ) {
            continue;
        }
        let value = value.trim();
        let Some(rest) = value.get(..4).filter(|word| word.eq_ignore_ascii_case("none")).and(value.get(4..))
        else {
            continue;
        };
        if rest.starts_with(char::is_alphanumeric) {
            continue;
        }
        let reason = rest
            .trim_matches(|c: char| {
                c.is_whitespace() || matches!(c, '(' | ')' | '-' | '–' | '—' | ':' | ',' | ';' | '.')
            })
            .to_owned();
        if is_reason(&reason) {
            return Some(NoDecision::Because(reason.chars().take(200).collect()));
        }
        found = Some(NoDecision::WithoutReason);
    }
    found
}

fn is_reason(text: &str) -> bool {
    let lower =
        text.trim_matches(|c: char| matches!(c, '<' | '>' | '[' | ']' | '{' | '}')).trim().to_lowercase();
    let placeholder = matches!(
        lower.as_str(),
        "reason" | "why" | "your reason" | "the reason" | "todo" | "tbd" | "n/a" | "none" | "fixme"
    );
    !placeholder && !text.contains('<') && lower.chars().filter(|c| c.is_alphabetic()).count() >= 4
}

/// Keys of commit trailers and of lines in descriptions whose value names records by number alone.
const TRAILERS: [(&str, Option<RecordKind>); 12] = [
    ("adr", Some(RecordKind::Adr)),
    ("adrs", Some(RecordKind::Adr)),
    ("implements-adr", Some(RecordKind::Adr)),
    ("architecture-decision", Some(RecordKind::Adr)),
    ("architecture-decision-record", Some(RecordKind::Adr)),
    ("bdr", Some(RecordKind::Bdr)),
    ("bdrs", Some(RecordKind::Bdr)),
    ("business-decision", Some(RecordKind::Bdr)),
    ("business-decision-record", Some(RecordKind::Bdr)),
    ("decision-record", None),
    ("decision-records", None),
    ("decision", None),
];

fn in_line(line: &str, number: usize, homes: &[Home], found: &mut Vec<RecordLink>) {
    let mut push = |written: &str, target: LinkTarget| {
        if found.len() < MOST {
            found.push(RecordLink {
                written: written.trim().chars().take(200).collect(),
                line: number,
                target,
            });
        }
    };
    trailer(line, &mut push);
    // A word that was read as an address or a path is not read again as a number.
    let mut rest = String::with_capacity(line.len());
    for word in words(line) {
        match word {
            Word::Link(text) => {
                let target = target_of(text, homes);
                // `ADR-12/ADR-13` looks like a path, and holds a number all the same.
                let page = text.contains("://") || text.contains('@');
                rest.push_str(if page || has_document_ending(text) { " " } else { text });
                if let Some(target) = target {
                    push(text, target);
                }
            }
            Word::Between(text) => rest.push_str(text),
        }
    }
    numbers(&rest, &mut push);
}

/// `ADR: 0012, 14`, `Decision-Record: #7`.
fn trailer(line: &str, push: &mut impl FnMut(&str, LinkTarget)) {
    let bare: String = content(line).chars().filter(|c| !matches!(c, '*' | '`')).collect();
    let Some((key, value)) = bare.split_once(':') else { return };
    let key = key.trim().to_lowercase().replace([' ', '_'], "-");
    let Some((_, kind)) = TRAILERS.iter().find(|(name, _)| *name == key) else { return };
    for part in value.split([',', ';', '&']).flat_map(|part| part.split(" and ")) {
        let part = part.trim().trim_start_matches('#');
        let digits = part.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
        let after = part.get(digits.len()..).unwrap_or("");
        // `12`, `12 (accepted)`, `0012-use-x`; not `3 alternatives`, not `2026-01-01`.
        let alone = after.trim().is_empty()
            || after.trim_start().starts_with('(')
            || after.strip_prefix('-').is_some_and(|slug| slug.starts_with(|c: char| c.is_alphabetic()));
        if let (true, Some(number)) = (alone && !part.contains(".md"), record_number(digits)) {
            push(part, LinkTarget::Number(*kind, number));
        }
    }
}

/// A record's number: up to six digits.
pub(crate) fn record_number(digits: &str) -> Option<u32> {
    (!digits.is_empty() && digits.len() <= 6).then(|| digits.parse().ok()).flatten()
}

enum Word<'l> {
    /// Something that may be an address or a path.
    Link(&'l str),
    /// What stands between.
    Between(&'l str),
}

/// Cuts a line at white space and at the brackets and quotes of Markdown.
fn words(line: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = line;
    while !rest.is_empty() {
        // `<docs/adr/0012 use x.md>` and `](docs/adr/0012 use x.md)` may hold spaces.
        if let Some((inner, after)) = bracketed(rest) {
            words.push(Word::Link(inner));
            rest = after;
            continue;
        }
        let cut = |c: char| {
            c.is_whitespace()
                || matches!(c, '<' | '>' | '"' | '\'' | '`' | '[' | ']' | '(' | ')' | '|' | '*' | '“' | '”')
        };
        let end = rest.find(cut).unwrap_or(rest.len());
        if end == 0 {
            let step = rest.chars().next().map_or(1, char::len_utf8);
            words.push(Word::Between(rest.get(..step).unwrap_or("")));
            rest = rest.get(step..).unwrap_or("");
            continue;
        }
        let (word, after) = rest.split_at(end);
        let trimmed = word.trim_end_matches(['.', ',', ';', ':', '!', '?']);
        if word.len() > LONGEST_LINK {
            // Nothing is made of it, neither an address nor a number.
            words.push(Word::Between(" "));
        } else if trimmed.contains(['/', '\\', '@']) || has_document_ending(trimmed) {
            words.push(Word::Link(trimmed));
        } else {
            words.push(Word::Between(word));
        }
        rest = after;
    }
    words
}

/// An address in brackets at the beginning of a text. It is looked for only so far as an address may be long, and never across
/// another opening bracket, so that a line of brackets is read once.
fn bracketed(rest: &str) -> Option<(&str, &str)> {
    let angled = |open: &'_ str| match open.bytes().take(LONGEST_LINK).position(|b| matches!(b, b'<' | b'>'))
    {
        Some(at) if open.as_bytes().get(at) == Some(&b'>') => Some(at),
        _ => None,
    };
    let (open, end) = if let Some(open) = rest.strip_prefix('<') {
        // `<a href="docs/adr/0012-x.md">` holds its address between quotes.
        let end = angled(open)?;
        (
            open,
            Some(end)
                .filter(|end| !open.get(..*end).is_some_and(|inner| inner.contains(['"', '\'', '='])))?,
        )
    } else {
        let open = rest.strip_prefix("](")?;
        match open.strip_prefix('<') {
            Some(open) => (open, angled(open)?),
            None => (open, balanced(open)?),
        }
    };
    let (inner, after) = open.get(..end).zip(open.get(end + 1..))?;
    // `](path "title")`
    let path = inner.split(" \"").next().unwrap_or(inner).trim();
    (!path.is_empty() && !path.contains('<')).then_some((path, after))
}

/// Parentheses within an address stand in one another at most so deep.
const DEEPEST: usize = 32;

/// Where the parenthesis is closed that was opened before the text.
fn balanced(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().take(LONGEST_LINK).enumerate() {
        match byte {
            b'(' if depth == DEEPEST => return None,
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(at),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

pub(crate) fn has_document_ending(path: &str) -> bool {
    let end = path.split(['#', '?']).next().unwrap_or(path).to_ascii_lowercase();
    [".md", ".markdown", ".adoc", ".rst", ".txt"].iter().any(|ending| end.ends_with(ending))
}

/// What an address or a path points to; `None` where it is neither.
fn target_of(text: &str, homes: &[Home]) -> Option<LinkTarget> {
    let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
    if lower.starts_with("http://") || lower.starts_with("https://") {
        let url = Url::parse(text).ok()?;
        return of_url(&url, homes);
    }
    if text.contains("://") || text.contains('@') || text.starts_with('#') {
        return None;
    }
    let path = text.split(['#', '?']).next().unwrap_or(text);
    let path = decoded(path).replace('\\', "/");
    (has_document_ending(&path) || path.contains('/')).then_some(LinkTarget::Path(path))
}

fn of_url(url: &Url, homes: &[Home]) -> Option<LinkTarget> {
    let segments: Vec<String> =
        url.path_segments().into_iter().flatten().map(decoded).filter(|s| !s.is_empty()).collect();
    let query =
        |key: &str| url.query_pairs().find(|(name, _)| name == key).map(|(_, value)| value.into_owned());
    let ours = homes.iter().any(|home| home.has(url));
    let our_wiki = homes.iter().any(|home| home.has_wiki(url));
    let file = |path: String, own: fn(String) -> LinkTarget| {
        if ours {
            Some(own(path))
        } else {
            elsewhere(url, &path).filter(|_| is_document_of_records(url, &path))
        }
    };
    let page = |name: String| {
        if our_wiki {
            Some(LinkTarget::WikiPage(name))
        } else {
            elsewhere(url, &name).filter(|_| names_a_record(&name))
        }
    };
    let place = |segments: &[String]| segments.join("/");
    // Azure Repos: …/_git/repository?path=/docs/adr/0012-x.md&version=GBmain
    if segments.iter().any(|segment| segment == "_git") {
        return file(query("path")?, LinkTarget::Path);
    }
    // Azure wiki: …/_wiki/wikis/name/12/ADR-0012-Use-x and ?pagePath=/Decisions/ADR-0012
    if let Some(at) = segments.iter().position(|segment| segment == "_wiki") {
        let last = || segments.get(at + 3..).and_then(|rest| rest.last().cloned());
        return page(query("pagePath").or_else(last)?);
    }
    // GitHub and its like: …/owner/repository/{blob,tree,raw,edit}/branch/docs/adr/0012-x.md, GitLab with `-` before
    if let Some(at) =
        segments.iter().position(|s| matches!(s.as_str(), "blob" | "tree" | "raw" | "edit" | "blame" | "src"))
    {
        return file(place(segments.get(at + 1..)?), LinkTarget::PathTail);
    }
    if url.host_str() == Some("raw.githubusercontent.com") {
        return file(place(segments.get(2..)?), LinkTarget::PathTail);
    }
    // GitHub wiki: …/owner/repository/wiki/ADR-0012-Use-x, GitLab: …/-/wikis/ADR-0012-Use-x
    let at = segments.iter().position(|segment| matches!(segment.as_str(), "wiki" | "wikis"))?;
    page(segments.get(at + 1..).and_then(|rest| rest.last().cloned())?)
}

/// Whether the file of another repository seems to be a record.
fn is_document_of_records(url: &Url, path: &str) -> bool {
    let place = format!("{}/{path}", decoded(url.path())).to_lowercase();
    has_document_ending(path) && ["adr", "bdr", "decision"].iter().any(|word| place.contains(word))
}

/// Whether the name of a wiki's page names a record.
fn names_a_record(page: &str) -> bool {
    let last = page.rsplit('/').next().unwrap_or(page).replace(['-', '_'], " ");
    shows_a_record(&last) || page.to_lowercase().contains("decision")
}

/// Whether words name a record: by its number, or by a file that seems to be one.
fn shows_a_record(words: &str) -> bool {
    let mut found = Vec::new();
    in_line(words, 0, &[], &mut found);
    found.iter().any(|link| match &link.target {
        LinkTarget::Path(path) => {
            let lower = path.to_lowercase();
            has_document_ending(path) && ["adr", "bdr", "decision"].iter().any(|word| lower.contains(word))
        }
        LinkTarget::Number(..) => true,
        _ => false,
    })
}

/// What lies elsewhere, as reports name it: the page without user info and query, and the file's path.
fn elsewhere(url: &Url, path: &str) -> Option<LinkTarget> {
    let page = decoded(url.path());
    let file = if page.ends_with(path) { String::new() } else { format!(":{path}") };
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    Some(LinkTarget::Elsewhere(format!("{}{port}{page}{file}", url.host_str()?)))
}

/// Percent-decoding; what is not valid stays as it is.
pub(crate) fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        let byte = hex.filter(|_| *first == b'%').and_then(|pair| u8::from_str_radix(pair, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or(&[]) } else { after };
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_owned())
}

/// `ADR-12`, `ADR 0012`, `ADR#12`, `adr_12`, `BDR no. 7`, `ADRs 12 and 13`.
fn numbers(text: &str, push: &mut impl FnMut(&str, LinkTarget)) {
    let lower = text.to_ascii_lowercase();
    let mut at = 0;
    while let Some(found) = lower.get(at..).and_then(|rest| rest.find("dr")) {
        let end = at + found + 2;
        at = end;
        let Some(start) = end.checked_sub(3) else { continue };
        let kind = match lower.get(start..end) {
            Some("adr") => RecordKind::Adr,
            Some("bdr") => RecordKind::Bdr,
            _ => continue,
        };
        let before = lower.get(..start).and_then(|head| head.chars().next_back());
        if before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '/' | '.')) {
            continue;
        }
        // `owner/repository#ADR-12` is of that repository; `#ADR-12` is a label.
        let anchored = lower.get(..start).and_then(|head| head.strip_suffix('#'));
        if anchored.is_some_and(|head| head.ends_with(|c: char| c.is_alphanumeric() || c == '/')) {
            continue;
        }
        let mut rest = lower.get(end..).unwrap_or("");
        let plural = rest.strip_prefix('s').is_some_and(|more| more.starts_with(' '));
        if plural {
            rest = rest.get(1..).unwrap_or("");
        }
        while let Some((number, length)) = number_after(rest) {
            let consumed_to = lower.len() - rest.len() + length;
            push(text.get(start..consumed_to).unwrap_or(""), LinkTarget::Number(Some(kind), number));
            at = consumed_to;
            rest = lower.get(consumed_to..).unwrap_or("");
            let next = [", and ", " and ", ", ", " & "].iter().find_map(|joint| rest.strip_prefix(joint));
            match next {
                Some(more)
                    if plural && more.trim_start_matches('#').starts_with(|c: char| c.is_ascii_digit()) =>
                {
                    rest = more
                }
                _ => break,
            }
        }
    }
}

/// The number after at most three separators, and how many bytes that took.
fn number_after(text: &str) -> Option<(u32, usize)> {
    let mut separators = text.trim_start_matches([' ', '-', '_', '#', '–', '—', '\u{a0}', '‑']);
    for word in ["no. ", "no.", "nr. ", "nr.", "number ", "№ ", "№"] {
        separators = separators.strip_prefix(word).unwrap_or(separators);
    }
    let skipped = text.len() - separators.len();
    if skipped > 12 {
        return None;
    }
    let digits = separators.len() - separators.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let number = record_number(separators.get(..digits)?)?;
    let mut after = separators.get(digits..)?.chars();
    match (after.next(), after.next()) {
        (Some(c), _) if c.is_alphanumeric() || c == '_' => None,
        // `ADR 2024-01-01`, `ADR 1.5`, `ADR 12%`
        (Some('-' | '.' | ','), Some(d)) if d.is_ascii_digit() => None,
        (Some('%'), _) => None,
        _ => Some((number, skipped + digits)),
    }
}

#[cfg(test)]
mod tests;
