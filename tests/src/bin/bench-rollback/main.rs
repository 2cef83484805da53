//! What a rollback plan costs in Azure DevOps: calls and time by what was deployed since the last known good version.
//!
//! The trips are those that follow each other: how often a question came while none was being answered.

#![allow(clippy::print_stdout, reason = "a benchmark")]

use std::time::{Duration, Instant};

use runbook_gate_tests::devops::releases::Releases;

/// So many deployments the environment records.
const DEPLOYMENTS: u64 = 500;
const LATENCY: Duration = Duration::from_millis(50);
/// The shortest of so many runs is taken: what else the machine does only adds to it.
const RUNS: usize = 5;

/// What became of the deployments since the last known good one.
#[derive(Clone, Copy)]
enum Since {
    /// There is none but the bad one.
    Nothing,
    /// Nobody judged them.
    Unjudged(u64),
    /// They proceeded, and their artifacts are gone.
    Gone(u64),
}

impl Since {
    const fn count(self) -> u64 {
        match self {
            Self::Nothing => 0,
            Self::Unjudged(count) | Self::Gone(count) => count,
        }
    }

    fn words(self) -> String {
        match self {
            Self::Nothing => "the last deployment but one is good".to_owned(),
            Self::Unjudged(count) => format!("{count} deployments since then that nobody judged"),
            Self::Gone(count) => format!("{count} since then that proceeded, and whose artifacts are gone"),
        }
    }
}

fn main() {
    println!("| of {DEPLOYMENTS} deployments | calls | trips | 0 ms | 50 ms |");
    println!("|---|---|---|---|---|");
    for since in [Since::Nothing, Since::Unjudged(400), Since::Gone(40)] {
        let (quick, _, _) = measured(since, Duration::ZERO);
        let (slow, calls, trips) = measured(since, LATENCY);
        println!(
            "| {} | {calls} | {trips} | {} ms | {} ms |",
            since.words(),
            quick.as_millis(),
            slow.as_millis()
        );
    }
}

/// The shortest time of a plan, and the calls and trips of one.
fn measured(since: Since, latency: Duration) -> (Duration, usize, usize) {
    let releases = past(since, latency);
    let mut shortest = Duration::MAX;
    let mut seen = (0, 0);
    for _ in 0..RUNS {
        {
            let mut state = releases.fake.state();
            state.asked.clear();
            state.rounds = 0;
        }
        let begun = Instant::now();
        let _ = releases.plan(&[]).with_code(0);
        shortest = shortest.min(begun.elapsed());
        let state = releases.fake.state();
        seen = (state.asked.len(), state.rounds);
    }
    (shortest, seen.0, seen.1)
}

fn past(since: Since, latency: Duration) -> Releases {
    let mut releases = Releases::none(latency);
    let bad = 1000 + DEPLOYMENTS;
    let good = bad - 1 - since.count();
    for run in 1001..bad {
        if run == good {
            releases.deploy(run);
        } else {
            releases.deploy_commit(run, &format!("{run:040x}"));
        }
        match since {
            Since::Gone(_) if run > good => {
                releases.judge(run, "proceed");
                releases.change(run, |build| build.artifacts.clear());
            }
            Since::Unjudged(_) if run > good => {}
            _ => releases.judge(run, "proceed"),
        }
    }
    releases.deploy(bad);
    releases.judge(bad, "rollback");
    releases.ask_from(bad);
    releases
}
