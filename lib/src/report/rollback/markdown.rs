//! The plan as Markdown: the summary of a run.

use std::fmt::Write as _;

use super::{facts, next, rehearsed, subject, word};
use crate::report::escape::{code, markdown, prose};
use crate::rollback::{Plan, Safety};

/// The report as Markdown.
#[must_use]
pub fn render(plan: &Plan) -> String {
    let mut out = String::new();
    let mark = match (&plan.target, plan.safety()) {
        (None, _) => "⛔",
        (Some(_), Safety::NotProved) => "✋",
        (Some(_), Safety::Proved) => "↩️",
    };
    // Writing into a String cannot fail.
    let _ = writeln!(out, "## {mark} Rollback plan of {}: {}\n", markdown(&subject(plan)), word(plan));
    let _ = writeln!(out, "**{}.**\n", prose(&plan.headline()));
    let _ = writeln!(out, "**What to do:** {}", prose(&next(plan)));
    if let Some(target) = &plan.target {
        out.push_str("\n### Last known good version\n\n");
        for (name, value) in facts(target) {
            let _ = writeln!(out, "- {name}: {}", prose(&value));
        }
        if let Some(rehearsed) = rehearsed(plan) {
            let _ = writeln!(out, "- rehearsed: {}", prose(&rehearsed));
        }
    }
    if !plan.doubts.is_empty() {
        out.push_str("\n### In doubt\n\n");
        for doubt in &plan.doubts {
            let _ = writeln!(
                out,
                "- ❗ {}. Who can help: {}: {}.",
                prose(&doubt.what),
                markdown(&doubt.who.words()),
                prose(&doubt.how)
            );
        }
    }
    if !plan.irreversible.is_empty() {
        out.push_str("\n### Migrations that cannot be undone\n\n| migration | why | plan for the data |\n|---|---|---|\n");
        for migration in &plan.irreversible {
            let plan = migration.data_plan.as_deref().map_or("**none**".to_owned(), prose);
            let _ = writeln!(
                out,
                "| {} | {} | {plan} |",
                code(&migration.path),
                prose(&migration.reasons.join("; "))
            );
        }
    }
    if !plan.passed_over.is_empty() {
        out.push_str("\n### Passed over\n\n| version | why |\n|---|---|\n");
        for passed in &plan.passed_over {
            let _ = writeln!(out, "| {} | {} |", markdown(&passed.release), prose(&passed.why));
        }
    }
    if !plan.notes.is_empty() {
        out.push_str("\n### Notes\n\n");
        for note in &plan.notes {
            let _ = writeln!(out, "- {}", prose(note));
        }
    }
    out
}
