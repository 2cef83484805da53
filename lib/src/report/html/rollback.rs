//! A rollback plan's page.

use super::markup::Markup;
use super::{Page, Tone, Verdict};
use crate::report::rollback::{facts, next, rehearsed, subject, word};
use crate::rollback::{Plan, Safety};

pub(super) fn page(plan: &Plan) -> Page {
    let target = plan.target.iter().flat_map(facts).map(|(name, value)| (name.to_owned(), value));
    let rehearsed = rehearsed(plan).map(|seen| ("rehearsed".to_owned(), seen));
    let mut page = Page {
        verdict: Verdict {
            tone: match (&plan.target, plan.safety()) {
                (None, _) => Tone::Lost,
                (Some(_), Safety::NotProved) => Tone::Open,
                (Some(_), Safety::Proved) => Tone::Good,
            },
            word: format!("Rollback plan: {}", word(plan)),
            subject: subject(plan),
            reason: Markup::prose(&format!("{}.", plan.headline())),
            warnings: Vec::new(),
            next: Markup::prose(&next(plan)),
            facts: target.chain(rehearsed).map(fact).collect(),
        },
        sections: Vec::new(),
    };
    let doubts: Vec<String> = plan
        .doubts
        .iter()
        .map(|doubt| format!("{}. Who can help: {}: {}.", doubt.what, doubt.who.words(), doubt.how))
        .collect();
    page.add_lines("doubts", "In doubt", &doubts);
    let irreversible: Vec<String> = plan
        .irreversible
        .iter()
        .map(|migration| {
            let plan = migration.data_plan.as_deref().unwrap_or("none");
            format!("{}: {}. Plan for the data: {plan}.", migration.path, migration.reasons.join("; "))
        })
        .collect();
    page.add_lines("irreversible", "Migrations that cannot be undone", &irreversible);
    let passed_over: Vec<String> =
        plan.passed_over.iter().map(|passed| format!("{}: {}", passed.release, passed.why)).collect();
    page.add_lines("passed-over", "Passed over", &passed_over);
    page.add_lines("notes", "Notes", &plan.notes);
    page
}

fn fact((name, value): (String, String)) -> (String, Markup) {
    let shown = if name == "where" { Markup::link(&value, &value) } else { Markup::prose(&value) };
    (name, shown)
}
