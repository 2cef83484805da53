//! How long a page takes, how large it becomes, and what the samples behind its plots need.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use runbook_gate::checklist::{
    ChangeKind, ChangeShown, ChecklistOutcome, Evidence, Gathered, ItemOutcome, ItemStatus, LinkedRecord,
    Place, RunbookItem, Support, Verdict, Vote, VoteSays, Voter,
};
use runbook_gate::gate::Outcome;
use runbook_gate::gate::trace::Stretch;
use runbook_gate::policy::Enforcement;
use runbook_gate::report::checklist::{ChecklistReport, InGate};
use runbook_gate::report::{Report, ReportContext, html};

use crate::{Failure, NOW, replayed};

/// Signals of every gate here: a third are counts, with a strip of bars each.
const SIGNALS: usize = 12;
/// Each page is made so many times.
const RUNS: usize = 21;

/// Prints the table.
pub fn run() -> Result<(), Failure> {
    println!("| what | wanted | page | time, median of {RUNS} | samples kept for the plots |");
    println!("|---|---|---|---|---|");
    for (what, wanted, samples, pull_requests) in [
        ("40 minutes, 12 signals, a sample every 15 s", "under 300 KB", 160, None),
        ("the same with a checklist of 30 pull requests", "under 300 KB", 160, Some(30)),
        ("the same with one of 200 pull requests", "", 160, Some(200)),
        ("10 000 samples of each of 12 signals", "under 200 ms", 10_000, None),
    ] {
        let outcome = outcome(samples)?;
        let checklist = match pull_requests {
            Some(count) => InGate::Shown { report: Box::new(checklist(count)), doubt: None },
            None => InGate::Absent,
        };
        let (size, time) = measured(|| html::gate(&Report::of_gate(&outcome, &context()), &checklist));
        println!(
            "| a gate's page: {what} | {wanted} | {} | {} | {} |",
            kilobytes(size),
            millis(time),
            kept(&outcome)
        );
    }
    let report = checklist(30);
    let (size, time) = measured(|| html::checklist(&report));
    println!("| a checklist's page: 30 pull requests | | {} | {} | |", kilobytes(size), millis(time));
    Ok(())
}

/// The length of a page, and the median time that it takes.
fn measured(make: impl Fn() -> String) -> (usize, Duration) {
    let mut size = 0;
    let mut times: Vec<Duration> = (0..RUNS)
        .map(|_| {
            let begun = Instant::now();
            size = make().len();
            begun.elapsed()
        })
        .collect();
    times.sort_unstable();
    (size, times.get(RUNS / 2).copied().unwrap_or_default())
}

fn kept(outcome: &Outcome) -> String {
    let stretches: usize = outcome.signals.iter().map(|signal| signal.trace.stretches.len()).sum();
    let bytes = stretches * size_of::<Stretch>();
    format!("{stretches} stretches, {:.2} MiB", bytes as f64 / f64::from(1 << 20))
}

fn kilobytes(bytes: usize) -> String {
    format!("{:.1} KB", bytes as f64 / 1000.0)
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn context() -> ReportContext {
    ReportContext {
        service: "orders-api".to_owned(),
        policy_file: "runbook.yml".to_owned(),
        enforcement: Enforcement::Enforce,
        replay_command: "runbook-gate replay --policy runbook.yml --journal gate/journal.ndjson".to_owned(),
        ..ReportContext::default()
    }
}

/// A gate whose every signal has so many samples, with a gap, a peak, and numbers that look like chance.
fn outcome(samples: usize) -> Result<Outcome, Failure> {
    let mut policy = String::from("version: 1\nservice: orders-api\nsignals:\n");
    let mut criteria = String::new();
    for signal in 0..SIGNALS {
        if signal % 3 == 0 {
            // Writing to a String cannot fail.
            let _ = writeln!(
                policy,
                "  s{signal}: {{ unit: ratio, scrape: {{ url: \"http://orders.example/metrics\", bad: bad{signal}, total: all{signal} }} }}"
            );
        } else {
            let _ = writeln!(
                policy,
                "  s{signal}: {{ unit: seconds, scrape: {{ url: \"http://orders.example/metrics\", gauge: s{signal} }} }}"
            );
        }
        let (unit, threshold) = if signal % 3 == 0 { ("%", 20) } else { ("s", 5) };
        let _ = writeln!(criteria, "    - s{signal} < {threshold}{unit}");
    }
    let seconds = samples * 15;
    let _ = write!(
        policy,
        "gate:\n  warmup: 0s\n  observe: {seconds}s\n  interval: 15s\n  baseline: none\n  rollback_when: [\"s0 > 90% for 5m\"]\n  verify:\n{criteria}"
    );
    let mut journal = format!(
        "{{\"kind\":\"start\",\"version\":1,\"t\":\"{NOW}\",\"environment\":\"production\",\"policy_sha256\":\"\"}}\n"
    );
    for step in 1..=samples {
        let t = NOW + runbook_gate::Duration::from_secs(step as u64 * 15);
        for signal in 0..SIGNALS {
            let number = (step * 7919 + signal * 104_729) % 1000;
            let _ = match (signal % 3, step) {
                (_, step) if step % 97 == 96 => writeln!(
                    journal,
                    "{{\"kind\":\"absent\",\"t\":\"{t}\",\"signal\":\"s{signal}\",\"reason\":\"timeout\"}}"
                ),
                (0, _) => writeln!(
                    journal,
                    "{{\"kind\":\"sample\",\"t\":\"{t}\",\"signal\":\"s{signal}\",\"bad\":{},\"total\":{}}}",
                    number / 50,
                    800 + number
                ),
                _ => writeln!(
                    journal,
                    "{{\"kind\":\"sample\",\"t\":\"{t}\",\"signal\":\"s{signal}\",\"value\":{}}}",
                    0.2 + number as f64 / 2341.0
                ),
            };
        }
        let _ = writeln!(journal, "{{\"kind\":\"tick\",\"t\":\"{t}\"}}");
    }
    let _ = writeln!(
        journal,
        "{{\"kind\":\"end\",\"t\":\"{}\"}}",
        NOW + runbook_gate::Duration::from_secs(seconds as u64)
    );
    replayed(&policy, journal.as_bytes())
}

/// A checklist of a deployment of so many pull requests, with a record and an approval each.
fn checklist(pull_requests: usize) -> ChecklistReport {
    let page = |number: usize| {
        Place::Url(format!("https://dev.azure.com/contoso/orders/_git/orders/pullrequest/{number}"))
    };
    let name = |number: usize| format!("pull request {number}");
    let changes = (1..=pull_requests).map(|number| ChangeShown {
        name: name(number),
        kind: ChangeKind::PullRequest,
        title: format!("Change the retry policy of the payment client, part {number}"),
        place: Some(page(number)),
        author: Some("Ada Lovelace".to_owned()),
        votes: Gathered::Known(vec![Vote {
            by: "Grace Hopper".to_owned(),
            groups: Vec::new(),
            says: VoteSays::Approved,
            when: Some(NOW),
            voter: Voter::SomebodyElse,
        }]),
    });
    let items = RunbookItem::ALL.into_iter().map(|item| {
        let of_changes = matches!(item, RunbookItem::DecisionsLinked | RunbookItem::InfrastructureReviewed);
        let facts = if of_changes { pull_requests } else { 2 };
        let records = (1..=pull_requests).filter(|_| item == RunbookItem::DecisionsLinked);
        ItemOutcome {
            id: item.id(),
            title: item.title().to_owned(),
            status: ItemStatus::Satisfied,
            because: "pull request 1 links docs/adr/0001-retries.md (Retries), which is accepted".to_owned(),
            evidence: (1..=facts)
                .map(|number| Evidence {
                    by: Some("Grace Hopper".to_owned()),
                    ..Evidence::new(Support::For, format!("{} was approved by Grace Hopper", name(number)))
                        .at(page(number))
                })
                .collect(),
            needs: Vec::new(),
            waivers: Vec::new(),
            cautions: Vec::new(),
            records: records
                .map(|number| LinkedRecord {
                    change: name(number),
                    record: "ADR-1".to_owned(),
                    status: "accepted".to_owned(),
                    path: Some("docs/adr/0001-retries.md".to_owned()),
                    support: Support::For,
                })
                .collect(),
            irreversible: Vec::new(),
        }
    });
    let outcome = ChecklistOutcome {
        at: NOW,
        environment: "production".to_owned(),
        verdict: Verdict::Complete,
        deploying: format!("commit 1a2b3c4 (Release): {pull_requests} changes in 80 files since tag v1"),
        commit: Some("1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b".to_owned()),
        changes: Some(changes.collect()),
        items: items.collect(),
    };
    ChecklistReport::new(outcome, context(), Vec::new()).judged_in(41)
}
