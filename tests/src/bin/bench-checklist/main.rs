//! What a checklist costs in Azure DevOps: calls and time by the size of a deployment and the service's latency.
//!
//! The trips are those that follow each other: how often a question came while none was being answered. The first trip finds the
//! last good commit.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::{Duration, Instant};

use runbook_gate_tests::devops::scene::Scene;

/// The sizes, in pull requests.
const SIZES: [u64; 3] = [1, 10, 200];
const LATENCY: Duration = Duration::from_millis(50);
/// The shortest of so many runs is taken: what else the machine does only adds to it.
const RUNS: usize = 5;

fn main() {
    println!(
        "| pull requests | calls | of these before the last good commit is known | trips | of these after | 0 ms | 50 ms |"
    );
    println!("|---|---|---|---|---|---|---|");
    for size in SIZES {
        let (quick, _) = measured(size, Duration::ZERO);
        let (slow, seen) = measured(size, LATENCY);
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
}

/// What the service saw of one checklist.
#[derive(Clone, Copy, Default)]
struct Seen {
    calls: usize,
    early: usize,
    trips: usize,
}

/// The shortest time of a checklist, and what one of them asked.
fn measured(size: u64, latency: Duration) -> (Duration, Seen) {
    let scene = Scene::of(size, latency);
    let mut shortest = Duration::MAX;
    let mut seen = Seen::default();
    for _ in 0..RUNS {
        {
            let mut state = scene.fake.state();
            state.asked.clear();
            state.rounds = 0;
        }
        let begun = Instant::now();
        let _ = scene.judge(&[]).with_code(0);
        shortest = shortest.min(begun.elapsed());
        let state = scene.fake.state();
        let early = state.asked.iter().position(|asked| asked.line.contains("pullrequestquery"));
        seen = Seen { calls: state.asked.len(), early: early.expect("the query"), trips: state.rounds };
    }
    (shortest, seen)
}
