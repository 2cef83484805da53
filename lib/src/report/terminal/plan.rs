//! The report of a rollback plan for a terminal and a pipeline's log.

use anstyle::Style;

use super::page::{Page, Span};
use super::{BAD, GOOD, Layout, OPEN, QUIET, STRONG};
use crate::report::rollback::{facts, next, rehearsed, subject, word};
use crate::rollback::{Plan, Safety};

/// Where the values of facts begin.
const INDENT: usize = 15;

/// The report as text that ends with a line end.
#[must_use]
pub fn plan(plan: &Plan, layout: Layout) -> String {
    let mut page = Page::new(layout.width.clamp(40, 160), layout.colour);
    let style = match (&plan.target, plan.safety()) {
        (None, _) => BAD,
        (Some(_), Safety::NotProved) => OPEN,
        (Some(_), Safety::Proved) => GOOD,
    };
    page.paragraph(
        0,
        0,
        &[
            Span::new("ROLLBACK PLAN", style.bold()),
            Span::blanks(2),
            Span::new(&subject(plan), STRONG),
            Span::new(&format!(": {}", word(plan)), style),
        ],
    );
    page.paragraph(0, 0, &[Span::new(&format!("{}.", plan.headline()), Style::new())]);
    page.paragraph(0, 2, &[Span::new("What to do: ", STRONG), Span::new(&next(plan), Style::new())]);
    if let Some(target) = &plan.target {
        page.heading("Last known good version");
        let rehearsed = rehearsed(plan).map(|words| ("rehearsed", words));
        for (name, value) in facts(target).into_iter().chain(rehearsed) {
            page.paragraph(
                2,
                INDENT,
                &[Span::padded(name, INDENT - 2, QUIET), Span::new(&value, Style::new())],
            );
        }
    }
    if !plan.doubts.is_empty() {
        page.heading("In doubt");
        for doubt in &plan.doubts {
            page.paragraph(2, 4, &[Span::new(&format!("- {}", doubt.what), OPEN)]);
            page.paragraph(4, 4, &[Span::new(&format!("{}: {}", doubt.who.words(), doubt.how), QUIET)]);
        }
    }
    if !plan.irreversible.is_empty() {
        page.heading("Migrations that cannot be undone");
        for migration in &plan.irreversible {
            page.paragraph(
                2,
                4,
                &[
                    Span::new(&migration.path, BAD),
                    Span::new(&format!(": {}", migration.reasons.join("; ")), Style::new()),
                ],
            );
            let (words, style) = match &migration.data_plan {
                Some(place) => (format!("the plan for its data is in {place}"), QUIET),
                None => ("no plan for its data was found".to_owned(), BAD),
            };
            page.paragraph(4, 4, &[Span::new(&words, style)]);
        }
    }
    if !plan.passed_over.is_empty() {
        page.heading("Passed over");
        for passed in &plan.passed_over {
            page.paragraph(
                2,
                4,
                &[Span::new(&passed.release, STRONG), Span::new(&format!(": {}", passed.why), Style::new())],
            );
        }
    }
    if !plan.notes.is_empty() {
        page.heading("Notes");
        for note in &plan.notes {
            page.paragraph(2, 4, &[Span::new(&format!("- {note}"), Style::new())]);
        }
    }
    page.into_text()
}
