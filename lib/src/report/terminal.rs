//! The report for a terminal and a pipeline's log.

mod checklist;
mod page;
mod plan;
mod table;

use anstyle::{AnsiColor, Style};

use self::page::{Page, Span};
use self::table::Column;
use super::{CriterionRow, Mark, Report, Side, Standing};
use crate::gate::{CriterionKind, CriterionStatus, Decision};

pub use self::checklist::checklist;
pub use self::plan::plan;
pub use crate::diagnostic::Colour;

/// How a report is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Columns of the terminal; taken as at least 40 and at most 160.
    pub width: usize,
    /// Whether it may be coloured.
    pub colour: Colour,
}

impl Default for Layout {
    /// 80 columns without colours.
    fn default() -> Self {
        Self { width: 80, colour: Colour::Plain }
    }
}

const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default();
const OPEN: Style = AnsiColor::Yellow.on_default();
const QUIET: Style = Style::new().dimmed();
const STRONG: Style = Style::new().bold();

/// How many sentences of one kind are listed.
const MOST_LINES: usize = 50;
/// From this width on, the criteria stand in a table; below it, one under the other.
const TABLE_WIDTH: usize = 76;

/// The report as text that ends with a line end.
///
/// ```
/// use runbook_gate::gate::Outcome;
/// use runbook_gate::report::{Report, ReportContext, terminal};
///
/// let report = Report::of_gate(&Outcome::default(), &ReportContext::default());
/// let text = terminal::render(&report, terminal::Layout::default());
/// assert!(text.starts_with("HOLD  a service\n"));
/// ```
#[must_use]
pub fn render(report: &Report, layout: Layout) -> String {
    let mut page = Page::new(layout.width.clamp(40, 160), layout.colour);
    decision(&mut page, report);
    why(&mut page, report);
    criteria(&mut page, report);
    list(&mut page, "Incident", &report.incident());
    list(&mut page, "Not known", report.gate.unknown());
    list(&mut page, "Notes", report.gate.notes());
    if !report.context.replay_command.is_empty() {
        page.heading("Replay");
        // Not wrapped, so that it can be copied.
        page.line(2, &[Span::new(&report.context.replay_command, Style::new())]);
    }
    page.into_text()
}

fn decision(page: &mut Page, report: &Report) {
    let style = match report.decision() {
        Decision::Proceed => GOOD,
        Decision::Hold => OPEN,
        Decision::Rollback => BAD,
    };
    page.paragraph(
        0,
        0,
        &[
            Span::new(&report.title().to_uppercase(), style.bold()),
            Span::blanks(2),
            Span::new(&report.headline(), STRONG),
        ],
    );
    let mut facts: Vec<String> =
        report.gate.facts().iter().map(|fact| format!("{} {}", fact.name, fact.text)).collect();
    facts.extend(report.release().map(|release| format!("release {release}")));
    if !report.context.policy_file.is_empty() {
        facts.push(format!("policy {}", report.context.policy_file));
    }
    if !facts.is_empty() {
        page.paragraph(0, 0, &[Span::new(&facts.join(" · "), QUIET)]);
    }
    if !report.outcome.reason.is_empty() {
        page.gap();
        page.paragraph(0, 0, &[Span::new(&report.outcome.reason, Style::new())]);
    }
    if let Some(enforcement) = report.enforcement() {
        page.gap();
        page.paragraph(0, 0, &[Span::new(enforcement, OPEN)]);
    }
    page.gap();
    page.paragraph(0, 2, &[Span::new("What to do: ", STRONG), Span::new(&report.next(), Style::new())]);
    for also in report.gate.also().iter().take(MOST_LINES) {
        page.paragraph(0, 2, &[Span::new("Also: ", QUIET), Span::new(also, Style::new())]);
    }
}

fn why(page: &mut Page, report: &Report) {
    let mut rows = report.gate.deciding().peekable();
    if rows.peek().is_none() {
        return;
    }
    page.heading("Why");
    for row in rows.by_ref().take(MOST_LINES) {
        let status = Span::new(row.word, style_of(row.standing));
        page.paragraph(2, 4, &[Span::new(&row.criterion, STRONG), Span::new(": ", Style::new()), status]);
        for sentence in row.sentences() {
            page.paragraph(4, 4, &[Span::new(sentence, Style::new())]);
        }
        for fact in &row.facts {
            page.paragraph(4, 15, &[Span::padded(fact.name, 11, QUIET), Span::new(&fact.text, Style::new())]);
        }
        if !row.otherwise.is_empty() {
            page.paragraph(4, 4, &[Span::new(&row.otherwise, QUIET)]);
        }
    }
    let left = rows.count();
    if left > 0 {
        page.paragraph(2, 4, &[Span::new(&format!("and {left} more, below"), QUIET)]);
    }
}

fn criteria(page: &mut Page, report: &Report) {
    if report.gate.rows().is_empty() {
        return;
    }
    for (kind, heading) in
        [(CriterionKind::Rollback, "Rollback criteria"), (CriterionKind::Verify, "Verification criteria")]
    {
        let mut rows = report.gate.rows().iter().filter(|row| row.kind == kind).peekable();
        if rows.peek().is_none() {
            continue;
        }
        page.heading(heading);
        for row in rows {
            if page.width() < TABLE_WIDTH { stacked(page, row) } else { in_columns(page, row) }
        }
    }
    page.paragraph(2, 2, &[Span::new(&super::course::legend("?"), QUIET)]);
}

/// A criterion in a row: status, criterion, what was seen, and the course.
fn in_columns(page: &mut Page, row: &CriterionRow) {
    let rest = page.width().saturating_sub(TABLE_WIDTH);
    let (status_width, seen, course) = (14, 19 + (rest / 6).min(6), 14 + (rest / 3).min(26));
    let criterion = page.width().saturating_sub(2 + status_width + 2 + 2 + seen + 2 + course);
    let columns = [status_width, criterion, seen, course].map(|width| Column { width });
    let cells = [
        vec![status(row)],
        vec![Span::new(&row.criterion, Style::new())],
        seen_and_covered(row).collect::<Vec<_>>(),
        drawn(&row.course.draw(course)),
    ];
    table::row(page, 2, &columns, &cells);
}

/// What was seen, and how much of the watch was covered, where that was not nearly all.
fn seen_and_covered(row: &CriterionRow) -> impl Iterator<Item = Span> + '_ {
    let between = if row.poorly_covered && !row.seen.is_empty() { ", " } else { "" };
    let covered = if row.poorly_covered { format!("covered {}", row.covered) } else { String::new() };
    [Span::new(&row.seen, Style::new()), Span::new(between, Style::new()), Span::new(&covered, OPEN)]
        .into_iter()
}

/// A criterion in a narrow terminal: its parts one under the other.
fn stacked(page: &mut Page, row: &CriterionRow) {
    page.paragraph(2, 4, &[status(row), Span::blanks(2), Span::new(&row.criterion, Style::new())]);
    if !row.seen.is_empty() || row.poorly_covered {
        page.paragraph(4, 4, &seen_and_covered(row).collect::<Vec<_>>());
    }
    if !row.course.is_empty() {
        page.line(4, &drawn(&row.course.draw(page.width().saturating_sub(4).min(60))));
    }
}

fn status(row: &CriterionRow) -> Span {
    let mark = match row.standing {
        Standing::For => '✔',
        Standing::ForWithCaveat => '~',
        Standing::Open => '?',
        Standing::Against => '✘',
        Standing::Skipped => '-',
    };
    let word = match row.status {
        // The longest of them would take a fifth of the line.
        CriterionStatus::NotConfigured => "no source",
        _ => row.word,
    };
    Span::new(&format!("{mark} {word}"), style_of(row.standing))
}

const fn style_of(standing: Standing) -> Style {
    match standing {
        Standing::For => GOOD,
        Standing::ForWithCaveat | Standing::Open => OPEN,
        Standing::Against => BAD,
        Standing::Skipped => QUIET,
    }
}

/// A drawn course, each stretch in the colour of its side.
fn drawn(marks: &[Mark]) -> Vec<Span> {
    marks
        .chunk_by(|one, other| one.side == other.side)
        .map(|stretch| {
            let text: String = stretch.iter().map(|mark| mark.character).collect();
            let style = match stretch.first().map(|mark| mark.side) {
                Some(Side::Beyond) => BAD,
                Some(Side::Unknown) | None => OPEN,
                Some(Side::Within) => GOOD,
            };
            Span::new(&text, style)
        })
        .collect()
}

fn list(page: &mut Page, heading: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    page.heading(heading);
    for line in lines.iter().take(MOST_LINES) {
        page.paragraph(2, 4, &[Span::new(line, Style::new())]);
    }
    if lines.len() > MOST_LINES {
        page.paragraph(2, 4, &[Span::new(&format!("and {} more", lines.len() - MOST_LINES), QUIET)]);
    }
}
