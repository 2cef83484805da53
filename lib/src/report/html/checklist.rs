//! A checklist's page, and its sections in a gate's page.

use askama::Template;

use super::markup::Markup;
use super::{MOST_ENTRIES, Page, Tone, Verdict};
use crate::checklist::{
    Evidence, ItemOutcome, ItemStatus, LinkedRecord, Place, Support, Verdict as Finding, When,
};
use crate::report::capital;
use crate::report::checklist::{ChecklistReport, standing};

pub(super) fn page(report: &ChecklistReport) -> Page {
    let (tone, word) = match report.outcome.verdict {
        Finding::Complete => (Tone::Good, "Proceed"),
        Finding::Incomplete => (Tone::Open, "Hold"),
        Finding::NotEvaluated => (Tone::Silent, "Off"),
    };
    let waived = report.outcome.with_status(ItemStatus::Waived);
    let waived =
        waived.map(|item| Markup::prose(&format!("Waived: `{}`, {}", item.id.as_str(), item.because)));
    let mut page = Page {
        verdict: Verdict {
            tone,
            word: word.to_owned(),
            subject: report.subject(),
            reason: Markup::prose(&format!("{}.", capital(&report.verdict()))),
            warnings: report
                .enforced()
                .map(Markup::text)
                .into_iter()
                .chain(waived.take(MOST_ENTRIES))
                .collect(),
            next: Markup::default(),
            facts: vec![("deploying".to_owned(), Markup::prose(&report.outcome.deploying))],
        },
        sections: Vec::new(),
    };
    if !report.context.policy_file.is_empty() {
        page.verdict.facts.push(("policy".to_owned(), Markup::code(&report.context.policy_file)));
    }
    sections(&mut page, report);
    page.add_lines("notes", "Notes", &report.notes);
    page
}

/// What is missing, the items with their evidence, and the decision records.
pub(super) fn sections(page: &mut Page, report: &ChecklistReport) {
    page.add("missing", "Missing", missing(report));
    page.add("items", "Checklist", items(report));
    page.add("records", "Decision records", records(report));
}

struct MissingItem {
    id: Markup,
    title: String,
    needs: Vec<(Markup, String, Markup)>,
}

#[derive(Template)]
#[template(path = "missing.html")]
struct Missing {
    items: Vec<MissingItem>,
}

fn missing(report: &ChecklistReport) -> Markup {
    let items: Vec<MissingItem> = report
        .open()
        .into_iter()
        .take(MOST_ENTRIES)
        .map(|item| MissingItem {
            id: Markup::code(item.id.as_str()),
            title: item.title.clone(),
            needs: item
                .needs
                .iter()
                .take(MOST_ENTRIES)
                .map(|need| {
                    (Markup::prose(&need.sentence()), capital(&need.who.words()), Markup::prose(&need.how))
                })
                .collect(),
        })
        .collect();
    if items.is_empty() { Markup::default() } else { Markup::of(&Missing { items }) }
}

struct Item {
    tone: &'static str,
    status: &'static str,
    id: Markup,
    title: String,
    because: Markup,
    evidence: Vec<Fact>,
    waivers: Vec<Markup>,
    cautions: Vec<Markup>,
    irreversible: Vec<Markup>,
}

struct Fact {
    tone: &'static str,
    word: &'static str,
    what: Markup,
    around: Markup,
}

#[derive(Template)]
#[template(path = "items.html")]
struct Items {
    items: Vec<Item>,
    more: usize,
}

fn items(report: &ChecklistReport) -> Markup {
    let items: Vec<Item> = report.outcome.items.iter().take(MOST_ENTRIES).map(item).collect();
    let more = report.outcome.items.len().saturating_sub(items.len());
    if items.is_empty() { Markup::default() } else { Markup::of(&Items { items, more }) }
}

fn item(item: &ItemOutcome) -> Item {
    Item {
        tone: match item.status {
            ItemStatus::Satisfied => "good",
            ItemStatus::Unsatisfied => "bad",
            ItemStatus::NotApplicable => "silent",
            ItemStatus::Waived => "caveat",
            ItemStatus::Unknown => "open",
        },
        status: item.status.as_str(),
        id: Markup::code(item.id.as_str()),
        title: item.title.clone(),
        because: Markup::prose(&item.because),
        evidence: item.evidence.iter().take(MOST_ENTRIES).map(fact).collect(),
        waivers: item
            .waivers
            .iter()
            .take(MOST_ENTRIES)
            .map(|waiver| {
                Markup::text(&format!("Waiver by {} until {}: ", waiver.approved_by, waiver.expires))
                    .then(&Markup::text(&waiver.reason))
                    .then(&Markup::text(&format!(" ({})", standing(&waiver.standing))))
            })
            .collect(),
        cautions: item.cautions.iter().take(MOST_ENTRIES).map(|caution| Markup::prose(caution)).collect(),
        irreversible: item
            .irreversible
            .iter()
            .take(MOST_ENTRIES)
            .map(|migration| {
                let plan = match &migration.data_plan {
                    Some(plan) => format!(" The plan for the data: {plan}."),
                    None => " No plan for the data is known.".to_owned(),
                };
                Markup::code(&migration.path).then(&Markup::text(&format!(
                    " cannot be undone: {}.{plan}",
                    migration.reasons.join(", ")
                )))
            })
            .collect(),
    }
}

fn support(support: Support) -> (&'static str, &'static str) {
    match support {
        Support::For => ("good", "for"),
        Support::Against => ("bad", "against"),
        Support::Missing => ("open", "missing"),
        Support::Unknown => ("open", "unknown"),
    }
}

fn fact(evidence: &Evidence) -> Fact {
    let (tone, word) = support(evidence.support);
    let mut around: Vec<Markup> = Vec::new();
    match &evidence.place {
        Some(Place::Path(path)) => around.push(Markup::code(path)),
        Some(Place::Url(url)) => around.push(Markup::link(url, url)),
        Some(Place::Commit(id)) => {
            around.push(Markup::text("commit ").then(&Markup::code(&id.chars().take(7).collect::<String>())));
        }
        None => {}
    }
    match &evidence.when {
        Some(When::At(at)) => around.push(Markup::text("at ").then(&Markup::moment(*at))),
        Some(When::On(day)) => around.push(Markup::text(&format!("on {day}"))),
        None => {}
    }
    if let Some(by) = &evidence.by {
        around.push(Markup::text(&format!("by {by}")));
    }
    Fact {
        tone,
        word,
        what: Markup::prose(&evidence.what),
        around: around.iter().enumerate().fold(Markup::default(), |whole, (place, part)| {
            if place == 0 { whole.then(part) } else { whole.then(&Markup::text(", ")).then(part) }
        }),
    }
}

struct Record {
    tone: &'static str,
    change: String,
    record: String,
    status: String,
    file: Markup,
}

#[derive(Template)]
#[template(path = "records.html")]
struct Records {
    records: Vec<Record>,
    more: usize,
}

fn records(report: &ChecklistReport) -> Markup {
    let rows = || report.outcome.items.iter().flat_map(|item| &item.records);
    let record = |row: &LinkedRecord| Record {
        tone: support(row.support).0,
        change: row.change.clone(),
        record: if row.record.is_empty() { "none".to_owned() } else { row.record.clone() },
        status: row.status.clone(),
        file: row.path.as_deref().map(Markup::code).unwrap_or_default(),
    };
    let records: Vec<Record> = rows().take(MOST_ENTRIES).map(record).collect();
    let more = rows().count().saturating_sub(records.len());
    if records.is_empty() { Markup::default() } else { Markup::of(&Records { records, more }) }
}
