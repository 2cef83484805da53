//! Reads what stands where a status stands, entry by entry. What is not understood there is noted, and holds.

use super::front::Entry;
use super::head::{self, Label, indent, is_quote, labels};
use super::items::{Item, items, tick};
use super::labelled::{self, is_status};
use super::region::{Names, Part, Place};
use super::remark::{DOUBTS, year};
use super::words::{
    BY, LONGEST, after_any, begins_with_doubt, begins_with_status, first_status, is_plain, plain_words, read,
    stands_beside, word_status,
};
use super::{Declared, RecordStatus, day, empty, short};
use crate::checklist::markdown::{Line, content};

/// A text that stands where a status stands.
struct Said {
    raw: String,
    status: RecordStatus,
    line: usize,
}

/// So many texts are kept: who says more is not understood.
const MOST_SAID: usize = 100;
/// So many of them are quoted.
const MOST_QUOTED: usize = 5;

/// What has been found so far.
#[derive(Default)]
pub(super) struct Reading {
    said: Vec<Said>,
    /// What looks like a status, and is somebody else's or stands elsewhere.
    foreign: Option<(String, usize)>,
    found: Declared,
}

/// What begins a text on another record.
const RELATIONS: [&str; 7] =
    ["supersedes", "replaces", "amends", "amended", "clarifies", "clarified", "related"];

impl Reading {
    /// An entry of the front matter.
    pub(super) fn front(&mut self, entry: &Entry) {
        let value = &entry.value;
        let found = &mut self.found;
        match entry.key.as_str() {
            "status" | "state" | "decision status" | "decision_status" | "decision-status" => {
                self.note(value, entry.line)
            }
            "superseded_by" | "superseded-by" | "superseded by" | "supersededby" | "superceded_by"
            | "superceded-by" | "replaced_by" | "replaced-by" | "replaced by" | "replacedby"
            | "superseded" | "superceded"
                if !empty(value) =>
            {
                found.superseded_by.push(value.chars().take(LONGEST).collect());
            }
            "supersedes" | "replaces" if !empty(value) => {
                found.supersedes.push(value.chars().take(LONGEST).collect())
            }
            "date" => found.date = found.date.take().or_else(|| day(value)),
            "decision-makers" | "deciders" | "decision_makers" | "approvers" | "approved_by"
                if !empty(value) =>
            {
                found.deciders = Some(value.clone());
            }
            "id" | "number" | "adr" => found.id = Some(value.clone()),
            key => self.other_key(key, entry),
        }
    }

    /// A key that speaks of a status: `deprecated: true`, `rejected_on: 2026-01-02`, `condition: …`.
    fn other_key(&mut self, key: &str, entry: &Entry) {
        let words: Vec<&str> = key.split(|c: char| !c.is_alphanumeric()).collect();
        let value = &entry.value;
        if empty(value) {
            return;
        }
        let raw = || format!("{}: {value}", entry.key);
        let first = words.first().copied().unwrap_or_default();
        if matches!(first, "valid" | "effective") {
            self.comes_into_force(value);
            return;
        }
        // `status_note: waits for legal`
        if matches!(first, "status" | "state") && day(value).is_none() {
            self.hold(&raw(), entry.line);
            return;
        }
        match word_status(first) {
            // When it was drafted, proposed or accepted.
            Some(RecordStatus::Draft | RecordStatus::Proposed | RecordStatus::Accepted)
                if day(value).is_some() => {}
            Some(RecordStatus::Accepted) if words.get(1) == Some(&"by") => {}
            Some(RecordStatus::Accepted) if value == "true" => {}
            Some(RecordStatus::Accepted) => self.hold(&raw(), entry.line),
            Some(status) => self.say(raw(), status, entry.line),
            None if DOUBTS.contains(&first) => self.hold(&raw(), entry.line),
            None => {}
        }
    }

    /// What stands in a record, part by part.
    pub(super) fn parts(&mut self, parts: &[(Place, Part<'_, '_>)]) {
        let mut section: Option<&Part<'_, '_>> = None;
        for (place, part) in parts {
            let names = part.names();
            match (place, names) {
                (Place::Head, _) => {
                    self.marked(part);
                    self.head(part.lines);
                }
                (Place::Section, Names::Status) => {
                    section = Some(part);
                    self.title(part);
                    self.section(part.lines);
                }
                (Place::Section, _) => {
                    section = None;
                    match names {
                        Names::About => self.ended(part.lines),
                        Names::End => self.ending(part),
                        Names::Status | Names::Nothing => {}
                    }
                }
                // Within the status' section: an end of the decision counts, another status does not.
                (Place::Within, _) if section.is_some_and(|section| part.is_within(section)) => {
                    if first_status(part.title).is_some_and(|status| status != RecordStatus::Accepted)
                        && let Some(line) = &part.line
                    {
                        self.note(part.title, line.number);
                    }
                    self.ended(part.lines);
                    self.not_here(part);
                }
                (Place::Within, Names::Status) => self.not_here(part),
                (Place::Within, _) => {}
                (Place::Before, _) => part.line.iter().chain(part.lines).for_each(|line| self.before(line)),
            }
        }
    }

    /// `## Status: Accepted`
    fn title(&mut self, part: &Part<'_, '_>) {
        let Some(line) = &part.line else { return };
        for label in labels(part.title) {
            self.label(label, part.title, line.number);
        }
    }

    /// `## Superseded by`, unless nothing stands in it.
    fn ending(&mut self, part: &Part<'_, '_>) {
        let Some(line) = part.lines.iter().find(|line| !empty(content(line.text))) else { return };
        let text = content(line.text);
        match first_status(part.title) {
            Some(RecordStatus::Superseded) => {
                self.found.superseded_by.push(text.chars().take(LONGEST).collect())
            }
            Some(status) => self.say(format!("{} {text}", part.title), status, line.number),
            None => {}
        }
    }

    /// `# [Superseded] Use x`, `# DRAFT: Use x`, `# ~~Use x~~`
    fn marked(&mut self, part: &Part<'_, '_>) {
        let Some(line) = &part.line else { return };
        if part.title.contains("~~") {
            self.hold(part.title, line.number);
        }
        let mut marks = part.title.split_inclusive(['[', ']', '(', ')', ':']);
        let other = |mark: &str| {
            let word = mark.trim_end_matches([']', ')', ':']).trim().to_lowercase();
            mark.ends_with([']', ')', ':'])
                .then(|| word_status(&word))
                .flatten()
                .filter(|status| *status != RecordStatus::Accepted)
        };
        if let Some(status) = marks.find_map(other) {
            self.say(part.title.to_owned(), status, line.number);
        }
    }

    fn not_here(&mut self, part: &Part<'_, '_>) {
        let words = part
            .lines
            .iter()
            .map(|line| content(line.text))
            .find(|text| !text.is_empty())
            .unwrap_or_default();
        if let (Some(line), None) = (&part.line, &self.foreign) {
            self.foreign = Some((format!("{} {words}", line.text.trim()), line.number));
        }
    }

    /// A line that is not of the record's own place: whether it looks like a status.
    pub(super) fn elsewhere(&mut self, line: &Line<'_>) {
        let text = content(line.text);
        let bare = text.trim_start_matches('#').trim();
        if self.foreign.is_none() && labels(bare).iter().any(|label| is_status(&label.key)) {
            self.foreign = Some((text.to_owned(), line.number));
        }
    }

    /// A line before the title: a status there makes no decision, and may say that there is none.
    fn before(&mut self, line: &Line<'_>) {
        let text = content(line.text).trim_start_matches('#').trim();
        for label in labels(text).into_iter().filter(|label| is_status(&label.key)) {
            if read(&label.value).is_some_and(|status| status != RecordStatus::Accepted) {
                self.note(&label.value, line.number);
            }
        }
        self.elsewhere(line);
    }

    /// The lines under the title: labels, then what the record begins with.
    fn head(&mut self, lines: &[Line<'_>]) {
        let own_quote =
            lines.get(..head::own_quote(lines).end).and_then(<[Line<'_>]>::last).map(|line| line.number);
        let quoted = |line: &Line<'_>| is_quote(line) && own_quote.is_none_or(|last| line.number > last);
        // What is not understood beside a status that may follow.
        let mut doubts: Vec<(String, usize)> = Vec::new();
        let mut prose: Option<(String, usize)> = None;
        let mut decided = false;
        let mut before: Option<(usize, usize)> = None;
        let mut open: Option<usize> = None;
        for item in items(lines) {
            if item.text.is_empty() || item.is_empty() {
                continue;
            }
            let (number, far) = (item.line.number, indent(item.line.text));
            let beneath = before.is_some_and(|(above, _)| item.is_listed() && far > above);
            let adjoins = before.is_some_and(|(_, last)| number <= last + 1);
            let in_list = open.is_some_and(|above| item.is_listed() && far > above);
            if !in_list {
                open = None;
            }
            before = Some((far, item.last));
            if quoted(&item.line) {
                self.quote(&item);
                continue;
            }
            let found = labels(&item.text);
            if found.iter().any(|label| is_status(&label.key)) {
                match &prose {
                    _ if beneath && !decided => self.elsewhere(&item.line),
                    Some((words, at)) if !decided => {
                        let raw = format!("{words} {}", item.text);
                        self.foreign.get_or_insert((raw, *at));
                    }
                    _ => {
                        decided = true;
                        found.into_iter().for_each(|label| self.label(label, &item.text, number));
                    }
                }
            } else if !found.is_empty() && found.iter().all(|label| labelled::is_known(&label.key)) {
                let understood = found.iter().all(|label| labelled::is_understood(&label.key, &label.value));
                if found.iter().all(|label| label.value.is_empty()) {
                    open = Some(far);
                }
                found.into_iter().for_each(|label| self.labelled(label));
                if !understood && prose.is_none() {
                    doubts.push((item.text, number));
                }
            } else if in_list && labelled::is_understood("tags", &item.text) {
                // `- Deciders: ⏎  - Ada`
            } else if decided && prose.is_none() && (adjoins || item.is_listed()) {
                self.beside(&item);
            } else if prose.is_none() && !begins_with_status(&item.text) && stands_beside(&item.text) {
                self.relation(&item.text);
            } else {
                if decided {
                    self.opening(&item, prose.is_none());
                }
                prose.get_or_insert((item.text, number));
            }
        }
        if decided {
            doubts.iter().for_each(|(raw, line)| self.hold(raw, *line));
        }
    }

    /// A paragraph that a record begins with: the first may end the decision or put it off, a later one may end it.
    fn opening(&mut self, item: &Item<'_>, is_first: bool) {
        let text = item.text.as_str();
        self.superseded(text);
        let speaks = |label: &Label| {
            let mut words = label.key.split(|c: char| !c.is_alphanumeric());
            words.any(|word| {
                matches!(word, "status" | "state" | "decision")
                    || word_status(word).is_some()
                    || DOUBTS.contains(&word)
            })
        };
        // `Update: rejected in May`
        let ends =
            |label: &Label| first_status(&label.value).is_some_and(|status| status != RecordStatus::Accepted);
        if labels(text).iter().any(|label| (speaks(label) && !label.value.is_empty()) || ends(label)) {
            self.hold(text, item.line.number);
            return;
        }
        let doubtful = match first_status(text) {
            Some(RecordStatus::Accepted) => false,
            Some(RecordStatus::Draft | RecordStatus::Proposed) => is_first,
            // `Rejected by the board`, and not `Rejected choices were these`
            Some(_) => {
                const AFTER: [&str; 9] = ["as", "at", "because", "by", "for", "from", "in", "on", "since"];
                is_first || plain_words(text).get(1).is_none_or(|second| AFTER.contains(&second.as_str()))
            }
            None => is_first && (begins_with_doubt(text) || text.starts_with(char::is_lowercase)),
        };
        if doubtful {
            self.note(text, item.line.number);
        }
    }

    fn superseded(&mut self, text: &str) {
        if text.len() > LONGEST {
            return;
        }
        if let Some(target) = after_any(&text.to_lowercase(), text, &BY) {
            self.found.superseded_by.push(target.to_owned());
        }
    }

    /// What is quoted is somebody else's word: it may end a decision, and makes none.
    fn quote(&mut self, item: &Item<'_>) {
        for label in labels(item.line.text) {
            if is_status(&label.key) {
                let raw = format!("> {}", content(item.line.text));
                self.foreign.get_or_insert((raw, item.line.number));
            } else {
                self.labelled(label);
            }
        }
    }

    /// A status, or a label beside one. `raw` is what is quoted where it is not understood.
    fn label(&mut self, label: Label, raw: &str, line: usize) {
        if is_status(&label.key) {
            self.note(&label.value, line);
            return;
        }
        if !labelled::is_understood(&label.key, &label.value) {
            self.hold(raw, line);
        }
        self.labelled(label);
    }

    /// A label that is no status.
    fn labelled(&mut self, Label { key, value }: Label) {
        let found = &mut self.found;
        let value: String = value.chars().take(LONGEST).collect();
        match key.as_str() {
            "date" | "decided" | "decision date" => found.date = found.date.take().or_else(|| day(&value)),
            "deciders" | "decision-makers" | "decision makers" | "decided by" | "approvers"
                if !empty(&value) =>
            {
                found.deciders = found.deciders.take().or(Some(value));
            }
            "superseded by" | "replaced by" if !empty(&value) => found.superseded_by.push(value),
            "supersedes" | "replaces" if !empty(&value) => found.supersedes.push(value),
            _ => {}
        }
    }

    /// Takes one text that stands where a status stands.
    fn note(&mut self, text: &str, line: usize) {
        let Some(status) = read(text) else { return };
        if text.len() <= LONGEST {
            if status == RecordStatus::Superseded {
                let lower = text.to_lowercase();
                if let Some(target) = after_any(&lower, text, &BY).filter(|target| !empty(target)) {
                    self.found.superseded_by.push(target.to_owned());
                }
            }
            if status == RecordStatus::Accepted {
                self.comes_into_force(text);
            }
            self.relation(text);
        }
        self.say(text.trim().to_owned(), status, line);
    }

    fn relation(&mut self, text: &str) {
        if text.len() <= LONGEST
            && let Some(target) =
                after_any(&text.to_lowercase(), text, &["supersedes ", "supersedes:", "replaces "])
        {
            self.found.supersedes.push(target.to_owned());
        }
    }

    /// Keeps the last day or year that an acceptance names.
    fn comes_into_force(&mut self, text: &str) {
        let words = plain_words(text);
        let last = words.iter().filter_map(|word| day(word).or_else(|| year(word).map(str::to_owned))).max();
        if last > self.found.from {
            self.found.from = last;
        }
    }

    fn hold(&mut self, raw: &str, line: usize) {
        self.say(raw.trim().to_owned(), RecordStatus::Unknown(short(raw)), line);
    }

    fn say(&mut self, raw: String, status: RecordStatus, line: usize) {
        if self.said.len() < MOST_SAID {
            self.said.push(Said { raw: short(&raw), status, line });
        } else if self.said.len() == MOST_SAID {
            let status = RecordStatus::Unknown(short(&raw));
            self.said.push(Said { raw: short(&raw), status, line });
        }
    }

    /// The lines under a `Status` heading, all of which have to be understood.
    fn section(&mut self, lines: &[Line<'_>]) {
        let (quoted, own): (Vec<Line<'_>>, Vec<Line<'_>>) = lines
            .iter()
            .copied()
            .filter(|line| !content(line.text).is_empty())
            .partition(|line| is_quote(line));
        for quote in &quoted {
            self.superseded(content(quote.text));
            self.hold(&format!("> {}", content(quote.text)), quote.number);
        }
        let all = items(&own);
        let boxes: Vec<(bool, &str, usize)> = all
            .iter()
            .filter_map(|item| tick(&item.text).map(|(on, text)| (on, text, item.line.number)))
            .collect();
        self.boxes(&boxes);
        let mut open: Option<usize> = None;
        for item in all.iter().filter(|item| tick(&item.text).is_none() && !item.is_empty()) {
            let far = indent(item.line.text);
            let in_list = open.is_some_and(|above| item.is_listed() && far > above);
            if in_list && labelled::is_understood("tags", &item.text) {
                continue;
            }
            let found = labels(&item.text);
            open = (!found.is_empty()
                && found.iter().all(|label| label.value.is_empty() && !is_status(&label.key)))
            .then_some(far);
            self.beside(item);
        }
    }

    /// An entry in the place of a status: a status, a label that is known, or what is understood by itself.
    fn beside(&mut self, item: &Item<'_>) {
        let (text, line) = (item.text.as_str(), item.line.number);
        let found = labels(text);
        if !found.is_empty() && found.iter().all(|label| labelled::is_known(&label.key)) {
            found.into_iter().for_each(|label| self.label(label, text, line));
            return;
        }
        let lower = text.get(..text.len().min(20)).unwrap_or(text).to_lowercase();
        let about_others = RELATIONS.iter().any(|word| lower.starts_with(word));
        if begins_with_status(text) {
            self.note(text, line);
        } else if stands_beside(text) {
            self.relation(text);
        } else if !is_plain(text) || about_others {
            self.relation(text);
            self.hold(text, line);
        } else {
            self.note(text, line);
        }
    }

    /// The choices of a template, one of which is ticked. A box that is not may be one that is still to come.
    fn boxes(&mut self, boxes: &[(bool, &str, usize)]) {
        let ticked: Vec<&(bool, &str, usize)> = boxes.iter().filter(|(on, ..)| *on).collect();
        match ticked.as_slice() {
            [] => return,
            [(_, one, line)] => self.note(one, *line),
            [(_, _, line), ..] => {
                let all: Vec<&str> = ticked.iter().map(|(_, label, _)| *label).collect();
                self.hold(&all.join(", "), *line);
            }
        }
        let accepted = ticked.iter().any(|(_, label, _)| read(label) == Some(RecordStatus::Accepted));
        for (_, label, line) in boxes.iter().filter(|(on, ..)| !*on) {
            let choice = match first_status(label) {
                Some(RecordStatus::Accepted) => !accepted,
                Some(_) => true,
                None => false,
            };
            if !choice {
                self.hold(&format!("[ ] {label}"), *line);
            }
        }
    }

    /// Lines about the status: what ends the decision counts.
    fn ended(&mut self, lines: &[Line<'_>]) {
        for line in lines {
            let text = content(line.text);
            let of_label =
                labels(text).into_iter().find(|label| is_status(&label.key)).map(|label| label.value);
            let text = of_label.as_deref().unwrap_or(text);
            let words: Vec<String> = plain_words(text);
            let status = words
                .iter()
                .find(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
                .and_then(|word| word_status(word));
            if let Some(
                status @ (RecordStatus::Rejected | RecordStatus::Deprecated | RecordStatus::Superseded),
            ) = status
            {
                self.superseded(text);
                self.say(text.to_owned(), status, line.number);
            }
        }
    }

    pub(super) fn settle(mut self) -> Declared {
        let mut statuses: Vec<&RecordStatus> = Vec::new();
        for said in &self.said {
            if !statuses.contains(&&said.status) {
                statuses.push(&said.status);
            }
        }
        let unknown = self.said.iter().find(|said| matches!(said.status, RecordStatus::Unknown(_)));
        let decided =
            |status: &&RecordStatus| !matches!(status, RecordStatus::Accepted | RecordStatus::Unknown(_));
        self.found.line = self.said.first().map(|said| said.line);
        self.found.status = match statuses.as_slice() {
            // A record that names its successor is superseded, whatever else it says.
            _ if !self.found.superseded_by.is_empty() => RecordStatus::Superseded,
            [] => match &self.foreign {
                Some((words, line)) => {
                    self.found.line = Some(*line);
                    RecordStatus::Unknown(short(words))
                }
                None => RecordStatus::Absent,
            },
            [one] => (*one).clone(),
            _ => match unknown {
                // What is not understood beside an acceptance.
                Some(unknown) if !statuses.iter().any(decided) => {
                    self.found.line = Some(unknown.line);
                    unknown.status.clone()
                }
                _ => {
                    let mut words: Vec<String> = self
                        .said
                        .iter()
                        .take(MOST_QUOTED)
                        .map(|said| format!("{} (line {})", said.raw, said.line))
                        .collect();
                    if self.said.len() > MOST_QUOTED {
                        words.push("…".to_owned());
                    }
                    RecordStatus::Contradictory(words.join("; "))
                }
            },
        };
        self.found
    }
}
