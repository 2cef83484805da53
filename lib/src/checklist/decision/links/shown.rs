//! What a text's lines say for themselves: without what is struck out, and without what a link to another place shows.
//!
//! `[ADR-12](https://…)` names the other place's record, and not the one that has its number here. Which words a link shows is
//! found by a Markdown parser, a paragraph at a time: it reads each text once, whatever brackets stand in it.

use std::collections::HashMap;
use std::ops::Range;

use pulldown_cmark::{BrokenLink, CowStr, Event, LinkType, Options, Parser, Tag};
use url::Url;

use super::{LONGEST_LINK, LinkTarget, MOST, RecordLink, elsewhere, of_url, shows_a_record, target_of};
use crate::checklist::decision::Home;
use crate::checklist::markdown::{Line, heading, inner, strikes};

/// Lines of one paragraph, heading or list item.
struct Passage {
    text: String,
    /// The numbers of its lines.
    numbers: Vec<usize>,
}

/// The lines with their numbers. What links show that lead elsewhere is found as such a link, and left out.
pub(super) fn lines(lines: &[Line<'_>], homes: &[Home], found: &mut Vec<RecordLink>) -> Vec<(usize, String)> {
    let passages = passages(lines);
    let mut defined: HashMap<String, String> = HashMap::new();
    for passage in &passages {
        for (label, definition) in parser(&passage.text).reference_definitions().iter() {
            defined.entry(folded(label)).or_insert_with(|| definition.dest.to_string());
        }
    }
    let mut own = Vec::new();
    for passage in &passages {
        let mut hidden = Hidden { passage, homes, ranges: Vec::new(), tag: None, found };
        hidden.read(&defined);
        let text = without(&passage.text, hidden.ranges);
        own.extend(passage.numbers.iter().copied().zip(text.split('\n').map(str::to_owned)));
    }
    own
}

/// Cuts lines into passages, without the marks before their contents: no link reaches from one into the next.
fn passages(lines: &[Line<'_>]) -> Vec<Passage> {
    let mut passages: Vec<Passage> = Vec::new();
    let mut before = None;
    for line in lines {
        let own = inner(line.text);
        if own.text.is_empty() {
            before = None;
            continue;
        }
        let begins =
            own.item || heading(own.text).is_some() || own.text.starts_with('[') && own.text.contains("]:");
        // With a mark before it a tag stands within the line, and does not make a block of HTML in which nothing is read.
        let mark = if own.text.starts_with('<') { "." } else { "" };
        match passages.last_mut() {
            Some(last) if !begins && before.is_some_and(|before| line.number <= before + 1) => {
                last.text.extend(["\n", mark, own.text]);
                last.numbers.push(line.number);
            }
            _ => passages.push(Passage { text: format!("{mark}{}", own.text), numbers: vec![line.number] }),
        }
        before = Some(line.number);
    }
    passages
}

fn parser(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_STRIKETHROUGH)
}

/// A label as two of them are compared.
fn folded(label: &str) -> String {
    label.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

/// Finds what is left out of a passage.
struct Hidden<'p> {
    passage: &'p Passage,
    homes: &'p [Home],
    ranges: Vec<Range<usize>>,
    /// An HTML tag that was opened and hides what stands in it.
    tag: Option<OpenTag>,
    found: &'p mut Vec<RecordLink>,
}

struct OpenTag {
    name: String,
    start: usize,
    /// Where it leads to, of a link.
    address: Option<String>,
}

impl Hidden<'_> {
    fn read(&mut self, defined: &HashMap<String, String>) {
        let text = &self.passage.text;
        let known = |link: BrokenLink<'_>| {
            defined
                .get(&folded(&link.reference))
                .map(|dest| (CowStr::Borrowed(dest.as_str()), CowStr::Borrowed("")))
        };
        let parser = Parser::new_with_broken_link_callback(text, Options::ENABLE_STRIKETHROUGH, Some(known));
        let mut definitions: Vec<(String, String, Range<usize>)> = parser
            .reference_definitions()
            .iter()
            .map(|(label, found)| (label.to_owned(), found.dest.to_string(), found.span.clone()))
            .collect();
        definitions.sort_by_key(|(.., span)| span.start);
        for (label, dest, span) in definitions {
            self.definition(&label, &dest, span);
        }
        let mut shown_to = 0;
        for (event, range) in parser.into_offset_iter() {
            // What stands in something that is left out is left out with it.
            if range.start < shown_to {
                continue;
            }
            let before = self.ranges.len();
            match event {
                Event::InlineHtml(tag) => self.html(&tag, &range),
                _ if self.tag.is_some() => {}
                Event::Start(Tag::Strikethrough | Tag::CodeBlock(_) | Tag::HtmlBlock) => {
                    self.ranges.push(range)
                }
                // Code within a line may name a record; a link in it is the example of one.
                Event::Code(code) if code.contains("](") || code.contains("][") => self.ranges.push(range),
                Event::Start(Tag::Link { link_type: LinkType::Autolink | LinkType::Email, .. }) => {}
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. })
                    if is_foreign(&dest_url, self.homes) =>
                {
                    let whole = text.get(range.clone()).unwrap_or_default();
                    let label = whole.strip_suffix(')').and_then(|link| link.rsplit_once("]("));
                    self.elsewhere(&dest_url, label.map_or(whole, |(label, _)| label), range.start);
                    self.ranges.push(range);
                }
                _ => {}
            }
            if let Some(added) = self.ranges.get(before) {
                shown_to = added.end;
            }
        }
        if let Some(open) = self.tag.take()
            && open.name != "s"
        {
            self.close(open, text.len());
        }
    }

    /// `[ADR-12]: https://…`, and `[//]: # (ADR-12)`, which nobody sees.
    fn definition(&mut self, label: &str, dest: &str, span: Range<usize>) {
        let foreign = is_foreign(dest, self.homes);
        if foreign {
            self.elsewhere(dest, label, span.start);
        } else if let Some(target) = target_of(dest, self.homes) {
            self.push(dest, span.start, target);
        } else if !dest.is_empty() && !dest.starts_with('#') {
            // `[ADR-12]: refactor` is a title.
            return;
        }
        self.ranges.push(span);
    }

    fn html(&mut self, tag: &str, range: &Range<usize>) {
        let inside = tag.trim_start_matches('<');
        let (closing, inside) = inside.strip_prefix('/').map_or((false, inside), |inside| (true, inside));
        let name: String =
            inside.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
        match self.tag.take() {
            Some(open) if closing && open.name == name => self.close(open, range.end),
            Some(open) => self.tag = Some(open),
            None if closing => {}
            None => {
                let address = (name == "a").then(|| href(inside)).flatten();
                let address = address.filter(|address| is_foreign(address, self.homes)).map(str::to_owned);
                if address.is_some() || strikes(&name) {
                    self.tag = Some(OpenTag { name, start: range.start, address });
                }
            }
        }
    }

    fn close(&mut self, open: OpenTag, end: usize) {
        if let Some(address) = &open.address {
            let shown = self.passage.text.get(open.start..end).unwrap_or_default();
            let label = shown.split_once('>').map_or(shown, |(_, label)| label);
            self.elsewhere(address, label, open.start);
        }
        self.ranges.push(open.start..end);
    }

    /// A link to another place, where it names a record or seems to lead to one.
    fn elsewhere(&mut self, address: &str, label: &str, at: usize) {
        let url = absolute(address).and_then(|whole| Url::parse(&whole).ok());
        let record = url.as_ref().and_then(|url| of_url(url, self.homes));
        let target = match record {
            Some(target @ LinkTarget::Elsewhere(_)) => target,
            _ if !shows_a_record(label) => return,
            _ => url
                .and_then(|url| elsewhere(&url, ""))
                .unwrap_or_else(|| LinkTarget::Elsewhere("an address that names no page".to_owned())),
        };
        self.push(address, at, target);
    }

    fn push(&mut self, written: &str, at: usize, target: LinkTarget) {
        if self.found.len() < MOST {
            let line = self.passage.text.get(..at).unwrap_or_default().matches('\n').count();
            self.found.push(RecordLink {
                written: written.trim().chars().take(200).collect(),
                line: self.passage.numbers.get(line).copied().unwrap_or_default(),
                target,
            });
        }
    }
}

/// Whether an address leads out of this repository and its wiki: a path never does.
fn is_foreign(address: &str, homes: &[Home]) -> bool {
    let Some(whole) = absolute(address) else { return false };
    let ours = |url: &Url| {
        matches!(url.scheme(), "http" | "https")
            && homes.iter().any(|home| home.has(url) || home.has_wiki(url))
    };
    whole.len() > LONGEST_LINK || !Url::parse(&whole).is_ok_and(|url| ours(&url))
}

/// An address with its scheme, where it has one or leaves it to the page (`//github.com/…`).
fn absolute(address: &str) -> Option<String> {
    let address = address.trim();
    if address.starts_with("//") || address.starts_with("\\\\") || address.starts_with("/\\") {
        return Some(format!("https:{address}"));
    }
    let (scheme, _) = address.split_once(':')?;
    let named = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    named.then(|| address.to_owned())
}

/// The address of an `a` tag.
fn href(tag: &str) -> Option<&str> {
    let at = tag.to_ascii_lowercase().find("href")?;
    let value = tag.get(at + 4..)?.trim_start().strip_prefix('=')?.trim_start();
    match value.strip_prefix(['"', '\'']) {
        Some(quoted) => quoted.split(['"', '\'']).next(),
        None => value.split(|c: char| c.is_whitespace() || c == '>').next(),
    }
}

/// A text without some parts of it. What stood on both sides does not grow together, and its lines stay as many.
fn without(text: &str, mut ranges: Vec<Range<usize>>) -> String {
    ranges.sort_by_key(|range| range.start);
    let mut own = String::with_capacity(text.len());
    let mut at = 0;
    for range in ranges {
        if range.end <= at {
            continue;
        }
        own.push_str(text.get(at..range.start).unwrap_or_default());
        let left_out = text.get(range.start.max(at)..range.end).unwrap_or_default();
        own.push('|');
        own.extend(left_out.chars().filter(|c| *c == '\n'));
        at = range.end;
    }
    own.push_str(text.get(at..).unwrap_or_default());
    own
}
