//! The checklist's report as Markdown: the summary of a run, a pull request's comment.

use std::cmp::Reverse;
use std::collections::HashSet;
use std::fmt::Write as _;

use super::changes::{self, Approval};
use super::{ChecklistReport, chosen, place, standing};
use crate::checklist::{ChangeKind, ItemStatus, LinkedRecord, Support, Verdict, Who};
use crate::report::capital;
use crate::report::escape::{code, markdown, prose};

/// The longest report, in bytes; a longer one is cut, and says so.
const LONGEST: usize = 100 * 1024;
/// Of the facts that speak for an item so many are listed, and of the changes that are in order: a reader at night needs the others.
const MOST_FACTS: usize = 5;
const MOST_IN_ORDER: usize = 12;
/// Of those that are not, so many.
const MOST_TROUBLES: usize = 100;
const CUT: &str = "\n\n*This report was cut at 100 KB. The JSON report has everything.*\n";

/// The report as Markdown.
#[must_use]
pub fn render(report: &ChecklistReport) -> String {
    let mut out = String::new();
    let (mark, word) = match report.outcome.verdict {
        Verdict::Complete => ("✅", "Proceed"),
        Verdict::Incomplete => ("✋", "Hold"),
        Verdict::NotEvaluated => ("⚪", "Off"),
    };
    // Writing into a String cannot fail.
    let _ = writeln!(out, "## {mark} {word}: {}\n", markdown(&report.subject()));
    let _ = writeln!(out, "**{}.**\n", markdown(&capital(&report.verdict())));
    let _ = writeln!(out, "Deploying {}.", prose(&report.outcome.deploying));
    for (item, why) in report.outcome.let_pass() {
        let _ = writeln!(
            out,
            "\n**Let pass at run time, against the checklist:** {}: {}",
            code(item.id.as_str()),
            prose(&why)
        );
    }
    if let Some(words) = report.enforced() {
        let _ = writeln!(out, "\n**{}**", markdown(words));
    }
    missing(&mut out, report);
    items(&mut out, report);
    changes(&mut out, report);
    details(&mut out, report);
    if !report.notes.is_empty() {
        out.push_str("\n### Notes\n\n");
        for note in &report.notes {
            let _ = writeln!(out, "- {}", prose(note));
        }
    }
    cut(out)
}

fn missing(out: &mut String, report: &ChecklistReport) {
    let open = report.open();
    if open.is_empty() {
        return;
    }
    out.push_str("\n### Missing\n\n");
    for item in open {
        let _ = writeln!(
            out,
            "- {} **{}** ({})",
            mark_of(item.status),
            code(item.id.as_str()),
            markdown(&item.title)
        );
        for need in &item.needs {
            let _ = writeln!(
                out,
                "  - {}. **{}:** {}.",
                prose(&need.sentence()),
                markdown(&subject(&need.who)),
                prose(&need.how)
            );
        }
    }
}

fn items(out: &mut String, report: &ChecklistReport) {
    if report.outcome.items.is_empty() {
        return;
    }
    out.push_str("\n### Items\n\n| status | item | why |\n|---|---|---|\n");
    for item in &report.outcome.items {
        let _ = writeln!(
            out,
            "| {} {} | {} | {} |",
            mark_of(item.status),
            item.status.as_str(),
            code(item.id.as_str()),
            prose(&item.because)
        );
    }
}

const fn mark_of(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::Satisfied => "✅",
        ItemStatus::Unsatisfied => "❌",
        ItemStatus::NotApplicable => "➖",
        ItemStatus::Waived => "⚠️",
        ItemStatus::Unknown => "❔",
    }
}

/// A line of the table of changes: a change with one record that it links, or with none.
struct Row<'r> {
    change: String,
    approval: &'static str,
    record: Option<&'r LinkedRecord>,
    standing: RowStanding,
}

/// What a reader needs first comes first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum RowStanding {
    Trouble(Reverse<Support>),
    InOrder,
}

impl<'r> Row<'r> {
    fn of(change: String, approval: Option<Approval>, record: Option<&'r LinkedRecord>) -> Self {
        let approved = matches!(approval, None | Some(Approval::Approved | Approval::NotKnown));
        let standing = match record.map(|record| record.support) {
            Some(Support::For) | None if approved => RowStanding::InOrder,
            Some(support) => RowStanding::Trouble(Reverse(support)),
            None => RowStanding::Trouble(Reverse(Support::For)),
        };
        Self { change, approval: approval.map_or("", Approval::word), record, standing }
    }
}

/// Each pull request, whether it was approved, and the decision records that it links: their status and their file.
fn changes(out: &mut String, report: &ChecklistReport) {
    let changes = report.outcome.changes.as_deref().unwrap_or_default();
    let mut rows: Vec<Row<'_>> = Vec::new();
    for change in changes {
        let approval = Approval::of(change);
        let mut linked = changes::records(report, change).peekable();
        // A commit whose pull request is not known, and that links nothing, says nothing.
        if linked.peek().is_none() && change.kind != ChangeKind::NotKnown {
            rows.push(Row::of(place::change(report, change), Some(approval), None));
        }
        rows.extend(
            linked.map(|record| Row::of(place::change(report, change), Some(approval), Some(record))),
        );
    }
    // Of changes that the outcome does not list.
    let known: HashSet<&str> = changes.iter().map(|change| change.name.as_str()).collect();
    let records = report.outcome.items.iter().flat_map(|item| &item.records);
    rows.extend(
        records
            .filter(|record| !known.contains(record.change.as_str()))
            .map(|record| Row::of(markdown(&record.change), None, Some(record))),
    );
    rows.sort_by_key(|row| row.standing);
    let troubles = rows.iter().filter(|row| row.standing != RowStanding::InOrder).count();
    let shown = troubles.min(MOST_TROUBLES) + MOST_IN_ORDER.min(rows.len() - troubles);
    let (more_troubles, left_out) = (troubles.saturating_sub(MOST_TROUBLES), rows.len() - shown);
    rows.drain(troubles.min(MOST_TROUBLES)..troubles);
    rows.truncate(shown);
    if rows.is_empty() {
        return;
    }
    let heading = changes::heading(changes);
    let _ = writeln!(
        out,
        "\n### {heading}\n\n| change | approval | record | status | file |\n|---|---|---|---|---|"
    );
    for Row { change, approval, record, .. } in rows {
        let file = record.and_then(|record| record.path.as_deref()).map(|path| place::path(report, path));
        let (name, status) =
            record.map_or(("", ""), |record| (record.record.as_str(), record.status.as_str()));
        let file = file.unwrap_or_default();
        let _ =
            writeln!(out, "| {change} | {approval} | {} | {} | {file} |", markdown(name), markdown(status),);
    }
    if more_troubles > 0 {
        let _ = writeln!(
            out,
            "\nand {left_out} more, of which {more_troubles} are not in order, in the JSON report"
        );
    } else if left_out > 0 {
        let _ = writeln!(out, "\nand {left_out} more that stand, in the JSON report");
    }
}

fn details(out: &mut String, report: &ChecklistReport) {
    let mut begun = false;
    for item in &report.outcome.items {
        if item.evidence.is_empty() && item.waivers.is_empty() && item.cautions.is_empty() {
            continue;
        }
        if !begun {
            out.push_str("\n### Evidence\n");
            begun = true;
        }
        let _ = writeln!(out, "\n**{}**\n", code(item.id.as_str()));
        // What stands is in the table of records already.
        let most = if item.records.is_empty() { MOST_FACTS } else { 0 };
        let (facts, others) = chosen(&item.evidence, most);
        let left_out = others.len();
        for fact in facts {
            let mark = match fact.support {
                Support::For => "✅",
                Support::Against => "❌",
                Support::Missing | Support::Unknown => "❔",
            };
            let place = place::linked(report, fact);
            let place = if place.is_empty() { String::new() } else { format!(" ({place})") };
            let _ = writeln!(out, "- {mark} {}{place}", prose(&fact.what));
        }
        if left_out > 0 && item.records.is_empty() {
            let _ = writeln!(out, "- and {left_out} more of the same, in the JSON report");
        } else if left_out > 0 {
            let _ = writeln!(out, "- ✅ {left_out} that stand, by the table above");
        }
        for waiver in &item.waivers {
            let _ = writeln!(
                out,
                "- ⚠️ waiver by {} until {} ({}) {}",
                markdown(&waiver.approved_by),
                markdown(&waiver.expires),
                markdown(&waiver.reason),
                markdown(&standing(&waiver.standing))
            );
        }
        for caution in &item.cautions {
            let _ = writeln!(out, "- ⚠️ {}", prose(caution));
        }
    }
}

/// Who can act, as the beginning of a sentence; a name stays as it is written.
fn subject(who: &Who) -> String {
    match who {
        Who::OneOf(names) if !names.is_empty() => who.words(),
        _ => capital(&who.words()),
    }
}

fn cut(mut out: String) -> String {
    if out.len() <= LONGEST {
        return out;
    }
    let mut end = LONGEST - CUT.len();
    while !out.is_char_boundary(end) {
        end -= 1;
    }
    // A whole line is the last one: half an entity would show.
    let end = out.get(..end).and_then(|text| text.rfind('\n')).unwrap_or(0);
    out.truncate(end);
    out.push_str(CUT);
    out
}
