//! What a checklist costs in Azure DevOps and on GitHub: calls and time by the size of a deployment and the services' latency.
//!
//! The trips are those that follow each other: how often a question came while none was being answered. The first trip finds the
//! last good commit.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::{Duration, Instant};

use runbook_gate_tests::devops::scene::Scene;
use runbook_gate_tests::github::GitHub;

/// The sizes, in pull requests.
const SIZES: [u64; 3] = [1, 10, 200];
const LATENCY: Duration = Duration::from_millis(50);
/// The shortest of so many runs is taken: what else the machine does only adds to it.
const RUNS: usize = 5;
const TOKEN: &str = "ghp_benchmark";

fn main() {
    println!("The repository in Azure Repos:\n");
    println!(
        "| pull requests | calls | of these before the last good commit is known | trips | of these after | 0 ms | 50 ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for size in SIZES {
        let (quick, _) = measured(size, Duration::ZERO, None);
        let (slow, seen) = measured(size, LATENCY, None);
        println!(
            "| {size} | {} | {} | {} | {} | {} ms | {} ms |",
            seen.calls,
            seen.early,
            seen.trips,
            seen.trips - 1,
            quick.as_millis(),
            slow.as_millis()
        );
    }
    println!("\nThe repository on GitHub, whose pull requests link work items (`AB#12`):\n");
    println!(
        "| pull requests | calls to GitHub | to Azure DevOps | trips to GitHub | to Azure DevOps after the first | 0 ms | 50 ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for size in SIZES {
        let quick = on_github(size, Duration::ZERO);
        let slow = on_github(size, LATENCY);
        println!(
            "| {size} | {} | {} | {} | {} | {} ms | {} ms |",
            slow.api.calls,
            slow.devops.calls,
            slow.api.trips,
            slow.devops.trips - 1,
            quick.shortest.as_millis(),
            slow.shortest.as_millis()
        );
    }
}

/// What a service saw of one checklist.
#[derive(Clone, Copy, Default)]
struct Seen {
    calls: usize,
    early: usize,
    trips: usize,
}

/// What both services saw of one checklist, and its shortest time.
struct Beside {
    api: Seen,
    devops: Seen,
    shortest: Duration,
}

fn on_github(size: u64, latency: Duration) -> Beside {
    let api = GitHub::slow(Some(TOKEN), latency);
    let (shortest, devops) = measured(size, latency, Some(&api));
    let api = Seen { calls: api.asked().len(), early: 0, trips: api.rounds() };
    Beside { api, devops, shortest }
}

/// The shortest time of a checklist, and what one of them asked of Azure DevOps.
fn measured(size: u64, latency: Duration, api: Option<&GitHub>) -> (Duration, Seen) {
    let mut scene = Scene::of(size, latency);
    let address = api.map(|api| {
        api.takes_over(&mut scene, TOKEN);
        api.url()
    });
    let arguments: Vec<&str> =
        address.as_ref().map_or(Vec::new(), |address| vec!["--github-api", address.as_str()]);
    let mut shortest = Duration::MAX;
    let mut seen = Seen::default();
    for _ in 0..RUNS {
        {
            let mut state = scene.fake.state();
            state.asked.clear();
            state.rounds = 0;
        }
        api.iter().for_each(|api| api.forget());
        let begun = Instant::now();
        let ended = scene.judge(&arguments);
        shortest = shortest.min(begun.elapsed());
        // Reviewers on GitHub belong to no group of Azure DevOps: one item stays open there.
        let _ = ended.with_code(if api.is_some() { 10 } else { 0 });
        let state = scene.fake.state();
        let early = state.asked.iter().position(|asked| asked.line.contains("pullrequestquery"));
        seen = Seen { calls: state.asked.len(), early: early.unwrap_or_default(), trips: state.rounds };
    }
    (shortest, seen)
}
