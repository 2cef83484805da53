//! The reports as pages: one HTML file that asks for nothing.
//!
//! A page has no script and makes no request; its Content-Security-Policy allows its own style sheet and nothing else. What it says stands in
//! this order: the decision, why, what to do; then what that rests on. `Page` is the frame of every page, whatever it reports:
//! a gate, a checklist, and what else joins them. Each brings its verdict and its sections.

mod checklist;
mod gate;
mod markup;
mod rollback;

use askama::Template;
use base64::Engine as _;
use sha2::{Digest as _, Sha256};

use super::Report;
use super::checklist::{ChecklistReport, InGate};
use crate::gate::Decision;
use crate::rollback::Plan;

use markup::Markup;

/// The one style sheet.
const STYLE: &str = include_str!("html/page.css");

/// A list shows at most so many entries.
const MOST_ENTRIES: usize = 200;

/// A gate's page, with its checklist where there is one.
///
/// ```
/// use runbook_gate::gate::Outcome;
/// use runbook_gate::report::checklist::InGate;
/// use runbook_gate::report::{Report, ReportContext, html};
///
/// let report = Report::of_gate(&Outcome::default(), &ReportContext::default());
/// let page = html::gate(&report, &InGate::Absent);
/// assert!(page.starts_with("<!doctype html>"));
/// assert!(!page.contains("<script"));
/// ```
#[must_use]
pub fn gate(report: &Report, checklist: &InGate) -> String {
    gate::page(report, checklist).render()
}

/// A checklist's page.
#[must_use]
pub fn checklist(report: &ChecklistReport) -> String {
    checklist::page(report).render()
}

/// A rollback plan's page.
#[must_use]
pub fn rollback(plan: &Plan) -> String {
    rollback::page(plan).render()
}

/// A page: its verdict, and its sections in order.
struct Page {
    verdict: Verdict,
    sections: Vec<Section>,
}

/// What a page says first.
struct Verdict {
    tone: Tone,
    /// `Rollback`, `Hold (cancelled)`.
    word: String,
    /// `orders-api in production`.
    subject: String,
    /// One sentence with the numbers.
    reason: Markup,
    /// What has to be known at once: that it only advises, who waived what.
    warnings: Vec<Markup>,
    /// What a person has to do now; empty where that stands below.
    next: Markup,
    /// A word and what it is.
    facts: Vec<(String, Markup)>,
}

/// What a verdict asks of its reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    /// Nothing.
    Good,
    /// A decision.
    Open,
    /// To see that the release is undone.
    Bad,
    /// A decision that nothing here helps with.
    Lost,
    /// Nothing was evaluated.
    Silent,
}

/// A part of a page.
struct Section {
    /// Its name in the page, and in links to it.
    id: &'static str,
    heading: &'static str,
    body: Markup,
}

#[derive(Template)]
#[template(path = "page.html")]
struct Frame<'p> {
    policy: String,
    style: &'static str,
    page: &'p Page,
}

/// Sentences, one below the other.
#[derive(Template)]
#[template(path = "lines.html")]
struct Lines {
    lines: Vec<Markup>,
    more: usize,
}

impl Page {
    fn render(&self) -> String {
        let hash = base64::engine::general_purpose::STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
        let policy = format!(
            "default-src 'none'; style-src 'sha256-{hash}'; img-src 'none'; base-uri 'none'; form-action 'none'"
        );
        // Writing into a String cannot fail.
        Frame { policy, style: STYLE, page: self }.render().unwrap_or_default()
    }

    /// Adds a section that says something.
    fn add(&mut self, id: &'static str, heading: &'static str, body: Markup) {
        if !body.is_empty() {
            self.sections.push(Section { id, heading, body });
        }
    }

    /// Adds sentences, where there are any.
    fn add_lines(&mut self, id: &'static str, heading: &'static str, lines: &[String]) {
        if !lines.is_empty() {
            let shown = lines.iter().take(MOST_ENTRIES).map(|line| Markup::prose(line.trim_start()));
            let lines = Lines { lines: shown.collect(), more: lines.len().saturating_sub(MOST_ENTRIES) };
            self.add(id, heading, Markup::of(&lines));
        }
    }
}

impl Tone {
    const fn of(decision: Decision) -> Self {
        match decision {
            Decision::Proceed => Self::Good,
            Decision::Hold => Self::Open,
            Decision::Rollback => Self::Bad,
        }
    }

    /// The class that colours it.
    const fn class(self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Open => "open",
            Self::Bad | Self::Lost => "bad",
            Self::Silent => "silent",
        }
    }

    /// What its sign is drawn of, in a square of 24: a tick, a pause, an arrow back, a cross, a bar. Shapes, as colour alone is no sign.
    const fn sign(self) -> &'static str {
        match self {
            Self::Good => "M5 13l5 5L20 6",
            Self::Open => "M8 5v14M16 5v14",
            Self::Bad => "M9 5L4 10l5 5M4 10h10a5 5 0 0 1 0 10h-3",
            Self::Lost => "M6 6l12 12M18 6L6 18",
            Self::Silent => "M5 12h14",
        }
    }
}
