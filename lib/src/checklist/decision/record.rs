//! The decision records of a commit, and what a link to one comes to.

mod chain;

use std::collections::BTreeMap;

pub use self::chain::{ChainEnd, Standing};

use super::home::Home;
use super::links::{LinkTarget, RecordLink, decoded, has_document_ending, record_links, record_number};
use super::status::{RecordStatus, declared};
use super::{RecordKind, RecordRules};
use crate::checklist::Template;
use crate::checklist::markdown::{Fences, LONGEST_TEXT, bounded, heading, visible};

/// One decision record: a file at the deployed commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecisionRecord {
    /// ADR or BDR.
    pub kind: RecordKind,
    /// Its path from the repository's root.
    pub path: String,
    /// Its number, where its name, its front matter or its title has one.
    pub number: Option<u32>,
    /// Its title.
    pub title: String,
    /// What it declares.
    pub status: RecordStatus,
    /// The line on which it declares that, from 1; `None` where it declares nothing.
    pub status_line: Option<usize>,
    /// Its day, `2026-11-23`.
    pub date: Option<String>,
    /// The last day, or year, that its acceptance names: `2026-11-23`, `2026`.
    from: Option<String>,
    /// Who decided, as it says.
    pub deciders: Option<String>,
    /// Its text.
    pub(crate) text: String,
    /// What it says it is superseded by.
    successors: Vec<LinkTarget>,
    /// What it says it supersedes.
    replaced: Vec<LinkTarget>,
}

/// The records of a commit.
#[derive(Clone, Debug, Default)]
pub struct RecordIndex {
    records: Vec<DecisionRecord>,
    by_path: BTreeMap<String, usize>,
    by_number: BTreeMap<u32, Vec<usize>>,
    /// By the name of the file, without its ending.
    by_stem: BTreeMap<String, Vec<usize>>,
    /// By which record each is superseded that does not say so itself.
    replaced: BTreeMap<usize, usize>,
    /// Lines that the repository's own record templates give.
    pub(crate) template: Template,
    /// Patterns of records, to tell a path that should be one.
    rules: Option<RecordRules>,
    homes: Vec<Home>,
}

/// What is in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordContent<'f> {
    /// Its bytes.
    Bytes(&'f [u8]),
    /// More than is read: so many bytes.
    TooLarge(u64),
}

impl<'f> From<&'f [u8]> for RecordContent<'f> {
    fn from(bytes: &'f [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

/// What a link comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolved<'i> {
    /// A record.
    Record(&'i DecisionRecord),
    /// Several records fit: their paths.
    Ambiguous(Vec<&'i str>),
    /// It names a record that the deployed commit does not have.
    Missing,
    /// It lies where this checkout cannot look; in words.
    Elsewhere(String),
    /// It names no record at all: any other link.
    NotARecord,
}

/// A branch's name and a path in a link's address have together at most so many parts; a link with more leads to no record.
const DEEPEST: usize = 40;

/// More files than this are not read as records.
const MOST: usize = 10_000;

impl DecisionRecord {
    /// Where it declares its status: `docs/adr/0012-use-x.md:3`.
    #[must_use]
    pub fn status_place(&self) -> String {
        self.status_line.map_or_else(|| self.path.clone(), |line| format!("{}:{line}", self.path))
    }
}

impl RecordIndex {
    /// Reads the records among a commit's files: their paths and what is in them. Indexes, readmes and templates are no records;
    /// the templates' lines are kept, to tell what nobody wrote. A record that is no UTF-8, or too large, is there, and of no
    /// status that is known.
    #[must_use]
    pub fn read<'f, C: Into<RecordContent<'f>>>(
        rules: &RecordRules,
        homes: &[Home],
        files: impl IntoIterator<Item = (&'f str, C)>,
    ) -> Self {
        let mut index = Self { rules: Some(rules.clone()), homes: homes.to_vec(), ..Self::default() };
        let mut templates = Vec::new();
        for (path, content) in files {
            let Some(kind) = rules.kind_of(path) else { continue };
            let (text, unread) = match content.into() {
                RecordContent::Bytes(bytes) if bytes.len() > LONGEST_TEXT => {
                    ("".into(), Some(RecordStatus::TooLarge(bytes.len() as u64)))
                }
                RecordContent::Bytes(bytes) => {
                    let text = String::from_utf8_lossy(bytes);
                    let unread = std::str::from_utf8(bytes).is_err().then_some(RecordStatus::Unreadable);
                    (text, unread)
                }
                RecordContent::TooLarge(size) => ("".into(), Some(RecordStatus::TooLarge(size))),
            };
            match role(path) {
                Role::Template => templates.push(bounded(&text).to_owned()),
                Role::Index => {}
                Role::Record if index.records.len() < MOST => {
                    index.by_path.insert(path.to_owned(), index.records.len());
                    let mut record = record(kind, path, &text, homes);
                    if let Some(unread) = unread {
                        (record.status, record.status_line) = (unread, None);
                    }
                    index.add(record);
                }
                Role::Record => {}
            }
        }
        index.template = Template::of(templates);
        index.replaced = index.replaced_by_others();
        index
    }

    fn add(&mut self, record: DecisionRecord) {
        let at = self.records.len();
        if let Some(number) = record.number {
            self.by_number.entry(number).or_default().push(at);
        }
        self.by_stem.entry(stem(name(&record.path)).to_owned()).or_default().push(at);
        self.records.push(record);
    }

    /// The records, in the order of their paths as given.
    #[must_use]
    pub fn records(&self) -> &[DecisionRecord] {
        &self.records
    }

    /// The record at a path from the repository's root.
    #[must_use]
    pub fn at(&self, path: &str) -> Option<&DecisionRecord> {
        self.by_path.get(path).and_then(|at| self.records.get(*at))
    }

    /// The links of a text, by this repository's own addresses.
    #[must_use]
    pub fn links(&self, text: &str, template: &Template) -> Vec<RecordLink> {
        record_links(text, template, &self.homes)
    }

    /// What a link comes to.
    #[must_use]
    pub fn resolve(&self, target: &LinkTarget) -> Resolved<'_> {
        self.resolve_from("", target)
    }

    fn resolve_from(&self, folder: &str, target: &LinkTarget) -> Resolved<'_> {
        match target {
            LinkTarget::Number(kind, number) => {
                self.only(self.by_number.get(number), |record| kind.is_none_or(|kind| kind == record.kind))
            }
            LinkTarget::Path(path) => self.path(folder, path),
            LinkTarget::PathTail(tail) => self.tail(tail),
            LinkTarget::WikiPage(page) => self.page(page),
            LinkTarget::Elsewhere(_) => {
                Resolved::Elsewhere("a link elsewhere, not counted: it is not of this repository".to_owned())
            }
        }
    }

    fn only(&self, among: Option<&Vec<usize>>, fits: impl Fn(&DecisionRecord) -> bool) -> Resolved<'_> {
        let among = among.into_iter().flatten().filter_map(|at| self.records.get(*at));
        let found: Vec<&DecisionRecord> = among.filter(|record| fits(record)).collect();
        match found.as_slice() {
            [] => Resolved::Missing,
            [one] => Resolved::Record(one),
            many => Resolved::Ambiguous(many.iter().map(|record| record.path.as_str()).collect()),
        }
    }

    fn path(&self, folder: &str, path: &str) -> Resolved<'_> {
        // `docs/adr/0012-use-x`, as pages of generated sites are named.
        let whole = || format!("{}.md", path.trim_end_matches('/'));
        match self.path_with_ending(folder, path) {
            Resolved::NotARecord if !has_document_ending(path) => self.path_with_ending(folder, &whole()),
            other => other,
        }
    }

    fn path_with_ending(&self, folder: &str, path: &str) -> Resolved<'_> {
        // From the root, or beside the file that links it.
        for base in ["", folder] {
            let Some(whole) = joined(base, path) else { continue };
            if let Some(record) = self.at(&whole) {
                return Resolved::Record(record);
            }
        }
        let Some(whole) = joined("", path.trim_start_matches("../")) else { return Resolved::NotARecord };
        if let Some(record) = self.at(&whole) {
            return Resolved::Record(record);
        }
        if !whole.contains('/') {
            // A file's name alone.
            return match self.only(self.by_stem.get(stem(&whole)), |_| true) {
                Resolved::Missing if !looks_numbered(&whole) => Resolved::NotARecord,
                other => other,
            };
        }
        let end = format!("/{whole}");
        match self.only(self.by_stem.get(stem(name(&whole))), |record| record.path.ends_with(&end)) {
            Resolved::Missing => {
                let meant = self.rules.as_ref().is_some_and(|rules| rules.kind_of(&whole).is_some());
                if meant && role(&whole) == Role::Record { Resolved::Missing } else { Resolved::NotARecord }
            }
            other => other,
        }
    }

    fn tail(&self, tail: &str) -> Resolved<'_> {
        // No page shows a path that goes up.
        if tail.split('/').any(|part| matches!(part, "." | "..")) {
            return Resolved::Missing;
        }
        let ends = || tail.match_indices('/').take(DEEPEST).filter_map(|(at, _)| tail.get(at + 1..));
        if let Some(record) = ends().find_map(|end| self.at(end)) {
            return Resolved::Record(record);
        }
        // A branch's name has no length: an end that should be a record is one that is missing.
        let meant = |end: &str| self.rules.as_ref().is_some_and(|rules| rules.kind_of(end).is_some());
        if ends().any(|end| meant(end) && role(end) == Role::Record) {
            return Resolved::Missing;
        }
        Resolved::NotARecord
    }

    /// A wiki page is not at the deployed commit; its name may say which record it shows.
    fn page(&self, page: &str) -> Resolved<'_> {
        let last = page.rsplit('/').next().unwrap_or(page);
        let words = decoded(last).replace(['-', '_'], " ");
        let links = record_links(&words, &Template::default(), &[]);
        match links.first() {
            Some(link) => match self.resolve_from("", &link.target) {
                Resolved::Missing => {
                    Resolved::Elsewhere(format!("the wiki page {last} names no record of this repository"))
                }
                other => other,
            },
            None if page.to_lowercase().contains("decision") => {
                Resolved::Elsewhere(format!("the wiki page {last} names no record of this repository"))
            }
            None => Resolved::NotARecord,
        }
    }
}

fn record(kind: RecordKind, path: &str, text: &str, homes: &[Home]) -> DecisionRecord {
    let text = bounded(text);
    let found = declared(text);
    let lines = visible(text, &Template::default(), Fences::Hidden);
    let title = lines
        .iter()
        .find_map(|line| {
            heading(line.text).filter(|(level, _)| *level == 1).map(|(_, title)| title.to_owned())
        })
        .unwrap_or_else(|| stem(name(path)).to_owned());
    let targets = |texts: &[String]| -> Vec<LinkTarget> {
        texts.iter().flat_map(|text| references(text, kind, homes)).collect()
    };
    DecisionRecord {
        kind,
        path: path.to_owned(),
        number: number_of(path, found.id.as_deref(), &title),
        title: title.chars().take(200).collect(),
        status: found.status,
        status_line: found.line,
        from: found.from.max(found.date.clone()),
        date: found.date,
        deciders: found.deciders.map(|names| names.chars().take(200).collect()),
        successors: targets(&found.superseded_by),
        replaced: targets(&found.supersedes),
        text: text.to_owned(),
    }
}

/// What `Superseded by …` names: a link of any form, a bare number, or words that name nothing.
fn references(text: &str, kind: RecordKind, homes: &[Home]) -> Vec<LinkTarget> {
    let links = record_links(text, &Template::default(), homes);
    // `[ADR-0010](0010-x.md)` is one reference twice: the file is the better one.
    let paths: Vec<LinkTarget> = links
        .iter()
        .map(|link| link.target.clone())
        .filter(|target| !matches!(target, LinkTarget::Number(..)))
        .collect();
    if !paths.is_empty() {
        return paths;
    }
    if !links.is_empty() {
        return links.into_iter().map(|link| link.target).collect();
    }
    let bare = text.trim().trim_start_matches(['[', '#', ' ', '"']);
    let digits = bare.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    match record_number(digits) {
        Some(number) => vec![LinkTarget::Number(Some(kind), number)],
        // `superseded by [20200102-use-y]`: a name without its ending.
        None => match bare.split(|c: char| c.is_whitespace() || matches!(c, ']' | ',' | '.' | '(')).next() {
            Some(word) if word.contains('-') || word.contains('_') => {
                vec![LinkTarget::Path(format!("{word}.md"))]
            }
            _ => vec![LinkTarget::Elsewhere(bare.chars().take(80).collect())],
        },
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Record,
    Index,
    Template,
}

fn role(path: &str) -> Role {
    let stem = stem(name(path)).to_lowercase();
    if stem.contains("template") {
        return Role::Template;
    }
    let index = matches!(
        stem.as_str(),
        "readme" | "index" | "_index" | "contributing" | "toc" | "summary" | "changelog"
    );
    if index || !has_document_ending(path) { Role::Index } else { Role::Record }
}

/// `0012-use-x.md`, `adr-012.md`, `ADR0012_use_x.md`; a day in front (`20200101-use-x.md`) is no number.
fn number_of(path: &str, id: Option<&str>, title: &str) -> Option<u32> {
    let stem = stem(name(path)).to_lowercase();
    numbered(&stem).or_else(|| id.and_then(|id| numbered(&id.to_lowercase()))).or_else(|| {
        let title = title.to_lowercase();
        let prefixed = ["adr", "bdr"].iter().any(|kind| title.starts_with(kind));
        // `# 9. Title`, `# ADR-9: Title`; not `# 3 ways to fail`
        let digits = title.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
        let dotted = title.get(digits.len()..).is_some_and(|rest| rest.starts_with(['.', ':', ')']));
        (prefixed || (!digits.is_empty() && dotted)).then(|| numbered(&title)).flatten()
    })
}

fn numbered(text: &str) -> Option<u32> {
    let rest = ["adr", "bdr", "decision"].iter().find_map(|kind| text.strip_prefix(kind)).unwrap_or(text);
    let rest = rest.trim_start_matches([' ', '-', '_', '#', '.']);
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next().unwrap_or("");
    let ends = !rest.get(digits.len()..).is_some_and(|after| after.starts_with(char::is_alphanumeric));
    // 2020-01-01-use-x.md begins with a day.
    let day = digits.len() == 4
        && rest.get(4..).is_some_and(|after| {
            after.starts_with('-')
                && after.bytes().skip(1).take(2).filter(u8::is_ascii_digit).count() == 2
                && after.as_bytes().get(3) == Some(&b'-')
        });
    if ends && !day { record_number(digits) } else { None }
}

fn looks_numbered(file: &str) -> bool {
    numbered(&stem(file).to_lowercase()).is_some() && has_document_ending(file)
}

fn name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn stem(name: &str) -> &str {
    name.rsplit_once('.').map_or(name, |(stem, _)| stem)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from the root, with `.` and `..` resolved; `None` where it leaves the repository.
fn joined(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = if path.starts_with('/') { Vec::new() } else { folder.split('/').collect() };
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop().filter(|part| !part.is_empty())?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("/"))
}

#[cfg(test)]
mod tests;
