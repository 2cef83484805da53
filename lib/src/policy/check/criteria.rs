//! Criteria: as written, or the runbook's.

use super::Checker;
use super::values::{at_word, word_place};
use crate::SignalName;
use crate::criterion::{Comparison, Criterion, Form};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::policy::decode::{CriterionText, Field, Placed};
use crate::policy::defaults::Line;
use crate::policy::node::Text;
use crate::policy::rules::{Configured, ReadingKind};
use crate::spelling;

/// The most criteria of a list.
const MOST_CRITERIA: usize = 200;

/// A criterion and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Written {
    pub(super) criterion: Criterion,
    pub(super) configured: Configured,
    /// Its text in the file; `None` for one of the runbook's.
    pub(super) text: Option<Text>,
}

impl Written {
    /// Where to point at a word of it; at the file's beginning for one of the runbook's.
    pub(super) fn place(&self, word: &str) -> Span {
        self.text.as_ref().map_or_else(Span::default, |text| word_place(text, word))
    }

    /// Where to point at its number; at the whole where the file writes it in another way.
    pub(super) fn place_of_number(&self, number: &str) -> Span {
        let Some(text) = &self.text else { return Span::default() };
        match text.as_str().find(number) {
            Some(at) => text.place(at..at + number.len()),
            None => text.span,
        }
    }

    /// Where it stands.
    pub(super) fn span(&self) -> Span {
        self.text.as_ref().map_or_else(Span::default, |text| text.span)
    }

    /// Whether the author wrote it.
    pub(super) const fn is_explicit(&self) -> bool {
        self.text.is_some()
    }
}

impl Checker<'_> {
    /// A list of criteria: as written, else the runbook's.
    pub(super) fn criteria(
        &mut self,
        field: &Field<Vec<Placed<CriterionText>>>,
        runbook: &[Line],
    ) -> Vec<Written> {
        match field {
            Field::Given(list, span) => {
                if list.len() > MOST_CRITERIA {
                    let message = format!("a list has at most {MOST_CRITERIA} criteria");
                    self.say(Diagnostic::new(Code::PolicyTooLarge, *span, message));
                }
                let written: Vec<Written> =
                    list.iter().take(MOST_CRITERIA).filter_map(|text| self.criterion(&text.value)).collect();
                if written.len() == list.len() {
                    self.dropped_lines(&written, *span, runbook);
                }
                written
            }
            Field::Invalid => Vec::new(),
            Field::Missing => runbook.iter().flat_map(|line| self.runbook_line(line)).collect(),
        }
    }

    fn criterion(&mut self, text: &Text) -> Option<Written> {
        let known = self.known(text)?;
        match known.parse::<Criterion>() {
            Ok(criterion) => {
                let written = Written { criterion, configured: Configured::Yes, text: Some(text.clone()) };
                self.has_sources(&written);
                Some(written)
            }
            Err(error) => {
                // `healthy == false`: the signal is told its name in the same breath.
                let error = match self.with_its_signal(&known).map(|renamed| renamed.parse::<Criterion>()) {
                    Some(Err(renamed)) => error.advised_by(renamed),
                    _ => error,
                };
                self.say(at_word(Code::InvalidCriterion, text, &known, &error));
                None
            }
        }
    }

    /// A criterion whose first word is no signal, with the signal that was meant in its place.
    fn with_its_signal(&self, criterion: &str) -> Option<String> {
        let criterion = criterion.trim_start();
        let length = criterion.find(|c: char| !c.is_ascii_alphanumeric() && c != '_')?;
        let (word, rest) = criterion.split_at_checked(length)?;
        let signal: SignalName = word.parse().ok()?;
        if self.catalogue.get(&signal).is_some() || self.declares(&signal) {
            return None;
        }
        let near = spelling::nearest(word, self.catalogue.names())?;
        Some(format!("{near}{rest}"))
    }

    /// An explicit criterion on a signal without a source can never be decided: it holds every release.
    fn has_sources(&mut self, written: &Written) {
        for signal in written.criterion.signals() {
            if self.catalogue.get(signal).is_some() || self.declares(signal) {
                continue;
            }
            let message =
                format!("no source gives `{signal}`, so this criterion is never known and the gate holds");
            let found =
                Diagnostic::new(Code::CriterionWithoutSource, written.place(signal.as_str()), message);
            let declared = self
                .document
                .signals
                .get()
                .into_iter()
                .flat_map(|s| s.0.iter().map(|(name, _)| name.as_str()));
            let names = || self.catalogue.names().chain(declared.clone());
            // `p95` is `latency_p95`, however unlike they are as words.
            let part = || names().find(|name| name.split('_').any(|part| part == signal.as_str()));
            let near = spelling::nearest(signal.as_str(), names()).or_else(part).map(str::to_owned);
            self.say(match near {
                Some(near) => found.label(format!("did you mean `{near}`?")),
                None if self.catalogue.is_empty() => {
                    found.help("give it a source in `signals`, or remove the criterion")
                }
                None => {
                    let names = spelling::listed(self.catalogue.names().take(12));
                    found.help(format!(
                        "give it a source in `signals`, or remove the criterion; the policy reads {names}"
                    ))
                }
            });
        }
    }

    /// Whether the policy writes a signal, be it in a way that was refused.
    pub(super) fn declares(&self, signal: &SignalName) -> bool {
        let document = self.document;
        let written = document
            .signals
            .get()
            .is_some_and(|s| s.0.iter().any(|(name, _)| name.as_str() == signal.as_str()));
        written || matches!(document.signals, Field::Invalid) || matches!(document.presets, Field::Invalid)
    }

    /// The criteria of a line of the runbook: those whose signals have sources, else the usual one as not configured.
    fn runbook_line(&self, line: &Line) -> Vec<Written> {
        let parsed = |text: &&str| text.parse::<Criterion>().ok();
        let missing = |criterion: &Criterion| -> Vec<SignalName> {
            let signals = criterion.signals().into_iter();
            signals.filter(|signal| self.catalogue.get(signal).is_none()).cloned().collect()
        };
        let configured: Vec<Written> = line
            .criteria
            .iter()
            .filter_map(parsed)
            .filter(|criterion| missing(criterion).is_empty())
            .map(|criterion| Written { criterion, configured: Configured::Yes, text: None })
            .collect();
        if !configured.is_empty() {
            return configured;
        }
        let usual = line.criteria.get(line.usual).and_then(parsed);
        usual
            .map(|criterion| Written {
                configured: Configured::No { missing: missing(&criterion) },
                criterion,
                text: None,
            })
            .into_iter()
            .collect()
    }

    /// A written list replaces the runbook's: says which of its lines are gone although their signals have sources.
    fn dropped_lines(&mut self, written: &[Written], span: Span, runbook: &[Line]) {
        let judged = |signal: &&SignalName| written.iter().any(|w| w.criterion.signals().contains(signal));
        let mut lines = Vec::new();
        let mut criteria = Vec::new();
        for line in runbook {
            let usual: Vec<Written> = self.runbook_line(line);
            let configured: Vec<&Written> =
                usual.iter().filter(|w| w.configured == Configured::Yes).collect();
            let mut signals = configured.iter().flat_map(|written| written.criterion.signals());
            if !configured.is_empty() && !signals.any(|signal| judged(&signal)) {
                lines.push(format!("\"{}\"", line.runbook));
                criteria.extend(configured.iter().map(|written| written.criterion.text().to_owned()));
            }
        }
        let message = match lines.as_slice() {
            [] => return,
            [line] => format!("this list leaves out the runbook's line {line}"),
            lines => {
                format!("this list leaves out {} lines of the runbook: {}", lines.len(), lines.join(", "))
            }
        };
        let criteria = spelling::listed(criteria.iter().map(String::as_str));
        self.say(
            Diagnostic::new(Code::RunbookLineDropped, Span::new(span.start, span.start), message)
                .help(format!("a written list replaces the default one: add {criteria}")),
        );
    }

    /// States are judged as `failing` and `passing`, numbers by thresholds.
    pub(super) fn judge_states(&mut self, rollback: &[Written], verify: &[Written]) {
        let all: Vec<&Written> =
            rollback.iter().chain(verify).filter(|written| written.is_explicit()).collect();
        for (written, comparison) in
            all.iter().flat_map(|w| w.criterion.comparisons().iter().map(move |c| (*w, c)))
        {
            let signal = comparison.signal();
            let Some(entry) = self.catalogue.get(signal) else { continue };
            let place = written.place(signal.as_str());
            let found = match comparison {
                Comparison::State { .. } if !entry.is_state() => {
                    if entry.rules.reading == ReadingKind::Value && self.may_be_boolean(signal) {
                        if let Some(entry) = self.catalogue.get_mut(signal) {
                            entry.rules.reading = ReadingKind::State;
                        }
                        continue;
                    }
                    Diagnostic::new(
                        Code::StateOrNumber,
                        place,
                        format!("`{signal}` is a number, and says not what failing means"),
                    )
                    .help("add `failing: \"> 0\"` to the signal's source, or compare it: `> 0`")
                }
                Comparison::Threshold { .. } if entry.rules.reading == ReadingKind::State => Diagnostic::new(
                    Code::StateOrNumber,
                    place,
                    format!("`{signal}` is passing or failing, not a number"),
                )
                .help(match written.criterion.form() {
                    Form::Instant => format!("write `{signal} failing for 2m`, or `{signal} passing`"),
                    form => format!("write `{signal} failing {form}`, or `{signal} passing`"),
                }),
                _ => continue,
            };
            self.say(found);
        }
    }

    /// An `http-json` value may be a boolean, which is a state.
    fn may_be_boolean(&self, signal: &SignalName) -> bool {
        self.document.signals.get().is_some_and(|signals| {
            signals.0.iter().any(|(name, signal_document)| {
                name.as_str() == signal.as_str()
                    && signal_document.value.http_json.get().is_some_and(|json| !json.value.is_missing())
            })
        })
    }
}
