//! The checklist's report for a terminal and a pipeline's log.

use anstyle::Style;

use super::page::{Page, Span};
use super::{BAD, GOOD, Layout, OPEN, QUIET, STRONG};
use crate::checklist::{ItemOutcome, ItemStatus, Support, Verdict};
use crate::report::checklist::{ChecklistReport, chosen, circumstances, standing};

/// Where the words of an item begin.
const INDENT: usize = 18;
/// Of the facts that speak for an item so many are listed.
const MOST_FACTS: usize = 5;
/// How many cautions of one item are listed.
const MOST_CAUTIONS: usize = 12;

/// The report as text that ends with a line end.
#[must_use]
pub fn checklist(report: &ChecklistReport, layout: Layout) -> String {
    let mut page = Page::new(layout.width.clamp(40, 160), layout.colour);
    let (word, style) = match report.outcome.verdict {
        Verdict::Complete => ("PROCEED", GOOD),
        Verdict::Incomplete => ("HOLD", OPEN),
        Verdict::NotEvaluated => ("OFF", QUIET),
    };
    page.paragraph(
        0,
        0,
        &[
            Span::new(word, style.bold()),
            Span::blanks(2),
            Span::new(&report.subject(), STRONG),
            Span::new(&format!(": {}", report.verdict()), Style::new()),
        ],
    );
    page.paragraph(0, 0, &[Span::new(&format!("Deploying {}.", report.outcome.deploying), Style::new())]);
    for (item, why) in report.outcome.let_pass() {
        let words = format!("Let pass at run time, against the checklist: {}: {why}", item.id);
        page.paragraph(0, 0, &[Span::new(&words, BAD.bold())]);
    }
    if let Some(words) = report.enforced() {
        page.paragraph(0, 0, &[Span::new(words, STRONG)]);
    }
    missing(&mut page, report);
    if !report.outcome.items.is_empty() {
        page.heading("Items");
        for item in &report.outcome.items {
            one(&mut page, item);
        }
    }
    if !report.notes.is_empty() {
        page.heading("Notes");
        for note in &report.notes {
            page.paragraph(2, 4, &[Span::new(&format!("- {note}"), Style::new())]);
        }
    }
    page.into_text()
}

fn missing(page: &mut Page, report: &ChecklistReport) {
    let open = report.open();
    if open.is_empty() {
        return;
    }
    page.heading("Missing");
    for item in open {
        page.paragraph(
            2,
            4,
            &[Span::new(item.id.as_str(), STRONG), Span::new(&format!(" ({})", item.title), QUIET)],
        );
        for need in &item.needs {
            page.paragraph(4, 6, &[Span::new(&format!("- {}", need.sentence()), Style::new())]);
            page.paragraph(6, 6, &[Span::new(&format!("{}: {}", need.who.words(), need.how), QUIET)]);
        }
    }
}

fn style_of(status: ItemStatus) -> Style {
    match status {
        ItemStatus::Satisfied => GOOD,
        ItemStatus::Unsatisfied => BAD,
        ItemStatus::Waived | ItemStatus::Unknown => OPEN,
        ItemStatus::NotApplicable => QUIET,
    }
}

fn one(page: &mut Page, item: &ItemOutcome) {
    let (facts, others) = chosen(&item.evidence, MOST_FACTS);
    let left_out = others.len();
    // What stands above, or in the facts below, is not said again.
    let above =
        matches!(item.status, ItemStatus::Unsatisfied | ItemStatus::Unknown) && !item.needs.is_empty();
    let (why, facts) = match facts.as_slice() {
        _ if above => (": see above".to_owned(), facts),
        [fact] if fact.what == item.because => {
            let there = circumstances(fact);
            let there = if there.is_empty() { there } else { format!(" ({there})") };
            (format!(": {}{there}", item.because), Vec::new())
        }
        [_, _, ..] if item.status == ItemStatus::Satisfied => (String::new(), facts),
        _ => (format!(": {}", item.because), facts),
    };
    page.paragraph(
        2,
        INDENT,
        &[
            Span::padded(item.status.as_str(), INDENT - 2, style_of(item.status)),
            Span::new(item.id.as_str(), STRONG),
            Span::new(&why, Style::new()),
        ],
    );
    for fact in facts {
        let mark = match fact.support {
            Support::For => "+",
            Support::Against => "!",
            Support::Missing | Support::Unknown => "?",
        };
        let where_when = circumstances(fact);
        let suffix = if where_when.is_empty() { String::new() } else { format!(" ({where_when})") };
        page.paragraph(INDENT, INDENT + 2, &[Span::new(&format!("{mark} {}{suffix}", fact.what), QUIET)]);
    }
    if left_out > 0 {
        let more = format!("and {left_out} more of the same");
        page.paragraph(INDENT, INDENT, &[Span::new(&more, QUIET)]);
    }
    for waiver in &item.waivers {
        let words = format!(
            "waiver by {} until {} ({}) {}",
            waiver.approved_by,
            waiver.expires,
            waiver.reason,
            standing(&waiver.standing)
        );
        page.paragraph(INDENT, INDENT + 2, &[Span::new(&words, OPEN)]);
    }
    for caution in item.cautions.iter().take(MOST_CAUTIONS) {
        page.paragraph(INDENT, INDENT + 2, &[Span::new(&format!("note: {caution}"), OPEN)]);
    }
}
