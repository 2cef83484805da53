//! A gate's page.

use askama::Template;

use super::markup::Markup;
use super::{MOST_ENTRIES, Page, Tone, Verdict, checklist};
use crate::gate::CriterionKind;
use crate::report::checklist::InGate;
use crate::report::gate::{EventKind, PhaseKind, Timeline};
use crate::report::plot::{Plot, Role, svg};
use crate::report::{CriterionRow, Report, Standing, capital, numbers};

pub(super) fn page(report: &Report, checklist: &InGate) -> Page {
    let plots = report.plots();
    let timeline = report.timeline(&plots);
    let mut page = Page { verdict: verdict(report), sections: Vec::new() };
    page.add("why", "Why", why(report));
    page.add_lines("also", "Also", report.gate().also());
    page.add_lines("incident", "Incident", &report.incident());
    page.add("timeline", "Timeline", timeline_of(&timeline));
    page.add("signals", "Signals", signals(&plots));
    page.add("criteria", "Criteria", criteria(report));
    checklist::in_gate(&mut page, checklist);
    page.add_lines("unknown", "Not known", report.gate().unknown());
    page.add_lines("notes", "Notes", report.gate().notes());
    page.add("replay", "Replay", replay(report));
    page
}

fn verdict(report: &Report) -> Verdict {
    let word = capital(report.word());
    let ended = report.gate().ended().map(|ended| format!(" ({ended})")).unwrap_or_default();
    let mut facts: Vec<(String, Markup)> = report
        .gate()
        .facts()
        .iter()
        .map(|fact| match (fact.name, report.outcome.decided_at) {
            ("decided", Some(at)) => (fact.name.to_owned(), Markup::moment(at)),
            _ => (fact.name.to_owned(), Markup::prose(&fact.text)),
        })
        .collect();
    facts.extend(report.release().map(|release| ("release".to_owned(), Markup::text(&release))));
    let hash: String = report.outcome.policy_sha256.chars().take(12).collect();
    let policy =
        Markup::code(&report.context.policy_file).then(&Markup::text(" ")).then(&Markup::code(&hash));
    if !policy.is_empty() {
        facts.push(("policy".to_owned(), policy));
    }
    Verdict {
        tone: Tone::of(report.decision()),
        word: format!("{word}{ended}"),
        subject: report.headline(),
        reason: Markup::prose(&report.outcome.reason),
        warnings: report.enforcement().map(Markup::text).into_iter().collect(),
        next: Markup::prose(&report.next()),
        facts,
    }
}

/// A criterion as the page shows it.
struct Row {
    tone: &'static str,
    status: &'static str,
    criterion: Markup,
    seen: String,
    against: String,
    covered: String,
    sentences: Vec<Markup>,
    facts: Vec<(&'static str, Markup)>,
}

impl Row {
    fn new(row: &CriterionRow) -> Self {
        Self {
            tone: match row.standing {
                Standing::For => "good",
                Standing::ForWithCaveat => "caveat",
                Standing::Open => "open",
                Standing::Against => "bad",
                Standing::Skipped => "silent",
            },
            status: row.word,
            criterion: Markup::code(&row.criterion),
            seen: row.seen.clone(),
            against: row.against.clone(),
            covered: row.covered.clone(),
            sentences: Vec::new(),
            facts: Vec::new(),
        }
    }

    /// With all that explains its status.
    fn explained(row: &CriterionRow) -> Self {
        let sentences = row.sentences().chain([row.otherwise.as_str()]).filter(|text| !text.is_empty());
        Self {
            sentences: sentences.map(Markup::prose).collect(),
            facts: row.facts.iter().map(|fact| (fact.name, Markup::prose(&fact.text))).collect(),
            ..Self::new(row)
        }
    }
}

#[derive(Template)]
#[template(path = "why.html")]
struct Why {
    rows: Vec<Row>,
    more: usize,
}

fn why(report: &Report) -> Markup {
    let rows: Vec<Row> = report.gate().deciding().take(MOST_ENTRIES).map(Row::explained).collect();
    let more = report.gate().deciding().count().saturating_sub(rows.len());
    if rows.is_empty() { Markup::default() } else { Markup::of(&Why { rows, more }) }
}

#[derive(Template)]
#[template(path = "criteria.html")]
struct Criteria {
    groups: Vec<(&'static str, Vec<Row>, usize)>,
}

fn criteria(report: &Report) -> Markup {
    let group = |kind: CriterionKind| {
        let rows = || report.gate().rows().iter().filter(|row| row.kind == kind);
        let shown: Vec<Row> = rows().take(MOST_ENTRIES).map(Row::new).collect();
        let more = rows().count().saturating_sub(shown.len());
        (shown, more)
    };
    let (rollback, verify) = (group(CriterionKind::Rollback), group(CriterionKind::Verify));
    let groups: Vec<_> = [("Rolls back when", rollback), ("Verifies", verify)]
        .into_iter()
        .filter(|(_, (rows, _))| !rows.is_empty())
        .map(|(heading, (rows, more))| (heading, rows, more))
        .collect();
    if groups.is_empty() { Markup::default() } else { Markup::of(&Criteria { groups }) }
}

/// A stretch of the timeline's picture, in percent of its width.
struct Stretch {
    class: &'static str,
    x: String,
    width: String,
    title: String,
}

struct Moment {
    class: &'static str,
    x: String,
    at: Markup,
    what: Markup,
}

#[derive(Template)]
#[template(path = "timeline.html")]
struct TimelineView {
    description: String,
    stretches: Vec<Stretch>,
    moments: Vec<Moment>,
    /// What the signs mean, of those that it has.
    legend: Vec<(&'static str, &'static str)>,
}

fn timeline_of(timeline: &Timeline) -> Markup {
    let (Some(from), Some(to)) = (
        timeline.phases.iter().map(|phase| phase.from).min(),
        timeline.phases.iter().map(|phase| phase.to).max(),
    ) else {
        return Markup::default();
    };
    let whole = to.since(from).as_nanos().max(1) as f64;
    let share = |at: crate::Timestamp| at.since(from).as_nanos() as f64 / whole * 100.0;
    let mut legend: Vec<(&'static str, &'static str)> = Vec::new();
    let stretches = timeline
        .phases
        .iter()
        .map(|phase| {
            let (class, word) = match phase.kind {
                PhaseKind::WarmUp => ("warmup", "warm-up"),
                PhaseKind::Watch => ("watched", "watched"),
                PhaseKind::Extension => ("extended", "extension"),
                PhaseKind::NotWatched => ("left", "not watched"),
                PhaseKind::Breach => ("breach", "breach"),
            };
            if !legend.contains(&(class, word)) {
                legend.push((class, word));
            }
            Stretch {
                class,
                x: svg::percent(share(phase.from)),
                width: svg::percent(share(phase.to) - share(phase.from)),
                title: format!("{} to {}: {word}", numbers::clock(phase.from), numbers::clock(phase.to)),
            }
        })
        .collect::<Vec<_>>();
    let moments = timeline
        .events
        .iter()
        .map(|event| Moment {
            class: match event.kind {
                EventKind::Course => "course",
                EventKind::Breach => "onset",
                EventKind::Word => "word",
                EventKind::Decision => "decision",
            },
            x: svg::percent(share(event.at)),
            at: Markup::clock(event.at),
            what: Markup::prose(&event.what),
        })
        .collect();
    let description = stretches.iter().map(|stretch| stretch.title.as_str()).collect::<Vec<_>>().join("; ");
    Markup::of(&TimelineView { description, stretches, moments, legend })
}

/// A signal as the page shows it.
struct Signal {
    name: Markup,
    plain: String,
    description: String,
    svg: Markup,
    legend: Vec<(&'static str, &'static str)>,
    grouped: Option<String>,
    counted: bool,
    rows: Vec<DataRow>,
}

struct DataRow {
    time: String,
    value: String,
    counts: String,
    note: String,
}

#[derive(Template)]
#[template(path = "signal.html")]
struct OneSignal {
    signal: Signal,
}

#[derive(Template)]
#[template(path = "signals.html")]
struct Signals {
    judged: Vec<Markup>,
    /// Read by no criterion.
    shown: Vec<Markup>,
}

fn signals(plots: &[Plot]) -> Markup {
    if plots.is_empty() {
        return Markup::default();
    }
    let of_role = |role: Role| {
        let plots = plots.iter().enumerate().filter(move |(_, plot)| plot.role() == role);
        plots.map(|(number, plot)| Markup::of(&OneSignal { signal: signal(plot, number) })).collect()
    };
    Markup::of(&Signals { judged: of_role(Role::Judged), shown: of_role(Role::Shown) })
}

fn signal(plot: &Plot, number: usize) -> Signal {
    let rows: Vec<DataRow> = plot
        .rows()
        .map(|row| DataRow {
            time: match row.from == row.to {
                true => numbers::clock(row.from),
                false => format!("{} to {}", numbers::clock(row.from), numbers::clock(row.to)),
            },
            value: row.value,
            counts: row.counts.unwrap_or_default(),
            note: row.note,
        })
        .collect();
    Signal {
        name: Markup::code(plot.signal().as_str()),
        plain: plot.signal().to_string(),
        description: plot.description(),
        svg: Markup::svg(svg::render(plot, number)),
        legend: plot.legend(),
        grouped: plot.grouped().map(|grouped| {
            format!(
                "{} samples stand in {} columns, each from the lowest to the highest of them.",
                numbers::count(grouped.samples as f64),
                grouped.columns
            )
        }),
        counted: rows.iter().any(|row| !row.counts.is_empty()),
        rows,
    }
}

#[derive(Template)]
#[template(path = "replay.html")]
struct Replay<'r> {
    command: &'r str,
}

fn replay(report: &Report) -> Markup {
    match report.context.replay_command.as_str() {
        "" => Markup::default(),
        command => Markup::of(&Replay { command }),
    }
}
