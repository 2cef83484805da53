//! A checklist's page, and its sections in a gate's page.

mod changes;

use askama::Template;

use super::markup::Markup;
use super::{MOST_ENTRIES, Page, Tone, Verdict};
use crate::checklist::{
    Evidence, ItemOutcome, ItemStatus, LinkedRecord, Place, Support, Verdict as Finding, When,
};
use crate::report::capital;
use crate::report::checklist::{ChecklistReport, InGate, chosen, standing};

/// Of the facts that speak for an item so many stand open.
const MOST_FACTS: usize = 5;
/// A gate's page shows so many of its checklist's notes.
const MOST_NOTES: usize = 20;

/// How much room a checklist has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// A page of its own.
    Own,
    /// A part of a gate's page, which stays small: what is in doubt, and some of the rest.
    Shared,
}

impl Room {
    /// A list shows at most so many entries.
    const fn entries(self) -> usize {
        match self {
            Self::Own => MOST_ENTRIES,
            Self::Shared => 30,
        }
    }

    /// Where the others are.
    const fn elsewhere(self) -> &'static str {
        match self {
            Self::Own => "in the JSON report",
            Self::Shared => "in the checklist's own report",
        }
    }
}

/// What is shown, and how much of it.
#[derive(Clone, Copy)]
struct View<'r> {
    report: &'r ChecklistReport,
    room: Room,
}

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
            facts: vec![
                ("deploying".to_owned(), Markup::prose(&report.outcome.deploying)),
                ("judged".to_owned(), judged(report)),
            ],
        },
        sections: Vec::new(),
    };
    if !report.context.policy_file.is_empty() {
        page.verdict.facts.push(("policy".to_owned(), Markup::code(&report.context.policy_file)));
    }
    let view = View { report, room: Room::Own };
    page.add("missing", "Missing", missing(view));
    page.add("items", "Checklist", items(view));
    rest(&mut page, view);
    page.add_lines("notes", "Notes", &report.notes);
    page
}

/// The sections that stand below the items, wherever those stand.
fn rest(page: &mut Page, view: View<'_>) {
    page.add("records", "Decision records", records(view));
    let (heading, changes) = changes::section(view);
    page.add("changes", heading, changes);
}

/// The checklist's sections in a gate's page: how it came out, what is missing, its items; or why it cannot be shown.
pub(super) fn in_gate(page: &mut Page, checklist: &InGate) {
    let (report, doubt) = match checklist {
        InGate::Absent => return,
        InGate::Left(why) => {
            let said = format!("The checklist that was given is not shown: {why}.");
            return page.add(
                "items",
                "Checklist",
                Markup::of(&Head { badge: None, lines: vec![Markup::prose(&said)] }),
            );
        }
        InGate::Shown { report, doubt } => (report, doubt),
    };
    let badge = match report.outcome.verdict {
        Finding::Complete => ("good", "complete"),
        Finding::Incomplete => ("open", "incomplete"),
        Finding::NotEvaluated => ("silent", "off"),
    };
    let mut lines = vec![
        Markup::text(&format!("{}; judged ", capital(&report.verdict())))
            .then(&judged(report))
            .then(&Markup::text(". It was decided before the watch, and decides nothing here.")),
    ];
    lines.extend(
        doubt
            .iter()
            .map(|doubt| Markup::text(&format!("Whether it is this deployment's cannot be told: {doubt}."))),
    );
    lines.push(
        Markup::text("Deploying ").then(&Markup::prose(&report.outcome.deploying)).then(&Markup::text(".")),
    );
    lines.extend(report.notes.iter().take(MOST_NOTES).map(|note| Markup::prose(note)));
    let view = View { report, room: Room::Shared };
    let body = Markup::of(&Head { badge: Some(badge), lines }).then(&missing(view)).then(&items(view));
    page.add("items", "Checklist", body);
    rest(page, view);
}

/// When it was judged, and in which run.
fn judged(report: &ChecklistReport) -> Markup {
    let run = report.run().map(|run| format!(" in run {run}")).unwrap_or_default();
    Markup::moment(report.outcome.at).then(&Markup::text(&run))
}

/// What a gate's page says of its checklist first.
#[derive(Template)]
#[template(path = "head.html")]
struct Head {
    badge: Option<(&'static str, &'static str)>,
    lines: Vec<Markup>,
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

fn missing(view: View<'_>) -> Markup {
    let items: Vec<MissingItem> = view
        .report
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
    /// More of what speaks for it, folded away.
    folded: Vec<Fact>,
    /// What is not shown at all.
    left: usize,
    elsewhere: &'static str,
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

fn items(view: View<'_>) -> Markup {
    let all = &view.report.outcome.items;
    let items: Vec<Item> = all.iter().take(MOST_ENTRIES).map(|row| item(view, row)).collect();
    let more = all.len().saturating_sub(items.len());
    if items.is_empty() { Markup::default() } else { Markup::of(&Items { items, more }) }
}

fn item(view: View<'_>, item: &ItemOutcome) -> Item {
    let (open, folded) = chosen(&item.evidence, MOST_FACTS);
    let fact = |evidence: &&Evidence| fact(view.report, evidence);
    let most = view.room.entries();
    let evidence: Vec<Fact> = open.iter().take(most).map(fact).collect();
    let folded: Vec<Fact> = match view.room {
        Room::Own => folded.iter().take(most).map(fact).collect(),
        Room::Shared => Vec::new(),
    };
    Item {
        left: item.evidence.len() - evidence.len() - folded.len(),
        elsewhere: view.room.elsewhere(),
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
        evidence,
        folded,
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

/// A file of the deployed commit, as a link where its repository has pages.
fn file(report: &ChecklistReport, path: &str) -> Markup {
    report.source_page(path).map_or_else(|| Markup::code(path), |page| Markup::link(&page, path))
}

/// A record as its change names it, with its file where that says more.
fn named(report: &ChecklistReport, row: &LinkedRecord) -> Markup {
    let name = if row.record.is_empty() { "no decision record" } else { &row.record };
    match row.path.as_deref() {
        Some(path) if path == name => file(report, path),
        Some(path) => Markup::text(&format!("{name} (")).then(&file(report, path)).then(&Markup::text(")")),
        None => Markup::text(name),
    }
}

/// A commit, likewise.
fn commit(report: &ChecklistReport, id: &str) -> Markup {
    let words = format!("commit {}", id.chars().take(7).collect::<String>());
    report.commit_page(id).map_or_else(|| Markup::text(&words), |page| Markup::link(&page, &words))
}

fn fact(report: &ChecklistReport, evidence: &Evidence) -> Fact {
    let (tone, word) = support(evidence.support);
    let mut around: Vec<Markup> = Vec::new();
    match &evidence.place {
        Some(Place::Path(path)) => around.push(file(report, path)),
        Some(Place::Url(url)) => around.push(Markup::link(url, url)),
        Some(Place::Commit(id)) => around.push(commit(report, id)),
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
    status: String,
    what: Markup,
}

#[derive(Template)]
#[template(path = "records.html")]
struct Records {
    records: Vec<Record>,
    more: usize,
    elsewhere: &'static str,
}

fn records(view: View<'_>) -> Markup {
    let View { report, room } = view;
    let mut rows: Vec<&LinkedRecord> = report.outcome.items.iter().flat_map(|item| &item.records).collect();
    // What does not stand comes first.
    rows.sort_by_key(|row| std::cmp::Reverse(row.support));
    let record = |row: &LinkedRecord| Record {
        tone: support(row.support).0,
        change: row.change.clone(),
        status: row.status.clone(),
        what: named(report, row),
    };
    let records: Vec<Record> = rows.iter().copied().take(room.entries()).map(record).collect();
    let more = rows.len().saturating_sub(records.len());
    let elsewhere = room.elsewhere();
    if records.is_empty() { Markup::default() } else { Markup::of(&Records { records, more, elsewhere }) }
}
