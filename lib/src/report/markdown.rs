//! The report as Markdown, for the summary of a pipeline's run: read on a phone first.

use std::fmt::Write as _;

use super::escape::{code, markdown, prose};
use super::{CriterionRow, Report, Standing, capital};
use crate::gate::{CriterionKind, Decision};

/// The longest report, in bytes; a longer one is cut, and says so.
pub const LONGEST: usize = 100 * 1024;

/// What stands at the end of a report that was cut.
const CUT: &str = "\n\n*This report was cut at 100 KB. The JSON report has everything.*\n";

/// How many blocks the course of a signal has in a table: a phone shows about so many.
const COURSE_WIDTH: usize = 20;

/// How many sentences of one kind are listed.
const MOST_LINES: usize = 50;

const TABLE_HEAD: &str =
    "| status | criterion | seen | against | covered | course |\n|---|---|---|---|---|---|";

/// The report as Markdown, at most [`LONGEST`] bytes.
///
/// ```
/// use runbook_gate::gate::Outcome;
/// use runbook_gate::report::{Report, ReportContext, markdown};
///
/// let text = markdown::render(&Report::of_gate(&Outcome::default(), &ReportContext::default()));
/// assert!(text.starts_with("## ✋ Hold: a service"));
/// ```
#[must_use]
pub fn render(report: &Report) -> String {
    let mut page = Page(String::new());
    page.decision(report);
    page.why(report);
    page.criteria(report);
    page.list("Incident", &report.incident());
    page.list("Not known", report.gate.unknown());
    page.list("Notes", report.gate.notes());
    page.replay(report);
    page.close()
}

struct Page(String);

impl Page {
    /// A block of its own, with an empty line before it.
    fn block(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.0.push_str(text);
        self.0.push('\n');
    }

    fn decision(&mut self, report: &Report) {
        let mark = match report.decision() {
            Decision::Proceed => "✅",
            Decision::Hold => "✋",
            Decision::Rollback => "⛔",
        };
        let word = capital(report.word());
        let ended = report.gate.ended().map(|ended| format!(" ({ended})")).unwrap_or_default();
        self.block(&format!("## {mark} {word}{ended}: {}", markdown(&report.headline())));
        if !report.outcome.reason.is_empty() {
            self.block(&format!("**Why:** {}", prose(&report.outcome.reason)));
        }
        if let Some(enforcement) = report.enforcement() {
            self.block(&format!("**{}**", markdown(enforcement)));
        }
        self.block(&format!("**What to do:** {}", prose(&report.next())));
        let facts: Vec<String> = report
            .gate
            .facts()
            .iter()
            .map(|fact| format!("{} {}", fact.name, prose(&fact.text)))
            .chain(report.release().map(|release| format!("release {}", markdown(&release))))
            .chain(policy(report))
            .collect();
        if !facts.is_empty() {
            self.block(&facts.join(" · "));
        }
        self.list("Also", report.gate.also());
    }

    fn why(&mut self, report: &Report) {
        let mut rows = report.gate.deciding().peekable();
        if rows.peek().is_none() {
            return;
        }
        self.block("### Why");
        for row in rows.by_ref().take(MOST_LINES) {
            let mut text = format!("**{}** {}", code(&row.criterion), row.word);
            for sentence in row.sentences().chain([row.otherwise.as_str()]).filter(|text| !text.is_empty()) {
                let _ = write!(text, "\n\n  {}", prose(sentence));
            }
            // A list, as a table of two columns is wide on a phone.
            for (index, fact) in row.facts.iter().enumerate() {
                text.push_str(if index == 0 { "\n" } else { "" });
                let _ = write!(text, "\n  - {}: {}", fact.name, prose(&fact.text));
            }
            self.block(&format!("- {text}"));
        }
        let left = rows.count();
        if left > 0 {
            self.block(&format!("- and {left} more, in the table below"));
        }
    }

    fn criteria(&mut self, report: &Report) {
        if report.gate.rows().is_empty() {
            return;
        }
        for (kind, heading) in
            [(CriterionKind::Rollback, "Rollback criteria"), (CriterionKind::Verify, "Verification criteria")]
        {
            let rows: Vec<String> =
                report.gate.rows().iter().filter(|row| row.kind == kind).map(line).collect();
            if !rows.is_empty() {
                self.block(&format!("### {heading}"));
                self.block(&format!("{TABLE_HEAD}\n{}", rows.join("\n")));
            }
        }
        self.block(&super::course::legend("`?`"));
    }

    fn list(&mut self, heading: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.block(&format!("### {heading}"));
        let shown: Vec<String> =
            lines.iter().take(MOST_LINES).map(|line| format!("- {}", prose(line.trim_start()))).collect();
        self.block(&shown.join("\n"));
        if lines.len() > MOST_LINES {
            self.block(&format!("- and {} more", lines.len() - MOST_LINES));
        }
    }

    fn replay(&mut self, report: &Report) {
        if report.context.replay_command.is_empty() {
            return;
        }
        self.block("### Replay");
        self.block(&format!("The same decision from the journal: {}", code(&report.context.replay_command)));
    }

    fn close(mut self) -> String {
        if self.0.len() <= LONGEST {
            return self.0;
        }
        let room = LONGEST - CUT.len();
        let mut end = 0;
        // Whole lines only: half an entity or half a row would read wrong.
        for (place, _) in self.0.match_indices('\n') {
            if place > room {
                break;
            }
            end = place;
        }
        self.0.truncate(end);
        self.0.push_str(CUT);
        self.0
    }
}

fn policy(report: &Report) -> Option<String> {
    let hash: String = report.outcome.policy_sha256.chars().take(12).collect();
    let file = &report.context.policy_file;
    match (file.is_empty(), hash.is_empty()) {
        (true, true) => None,
        (true, false) => Some(format!("policy {}", code(&hash))),
        (false, true) => Some(format!("policy {}", code(file))),
        (false, false) => Some(format!("policy {} {}", code(file), code(&hash))),
    }
}

/// A row of the table of criteria.
fn line(row: &CriterionRow) -> String {
    let mark = match row.standing {
        Standing::For => "✅",
        Standing::ForWithCaveat => "☑️",
        Standing::Open => "❔",
        Standing::Against => "❌",
        Standing::Skipped => "➖",
    };
    let course: String = row.course.draw(COURSE_WIDTH).iter().map(|mark| mark.character).collect();
    format!(
        "| {mark} {} | {} | {} | {} | {} | {course} |",
        row.word,
        code(&row.criterion),
        markdown(&row.seen),
        markdown(&row.against),
        markdown(&row.covered),
    )
}
