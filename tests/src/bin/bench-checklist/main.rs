//! What a checklist costs in Azure DevOps: calls and time by the size of a deployment and the service's latency.
//!
//! The trips are those that follow each other: what 50 ms of latency add to the whole, divided by them.

#![allow(clippy::expect_used, clippy::print_stdout, reason = "a benchmark")]

use std::time::{Duration, Instant};

use runbook_gate_tests::devops::scene::Scene;

/// The sizes, in pull requests.
const SIZES: [u64; 3] = [1, 10, 200];
const LATENCY: Duration = Duration::from_millis(50);
/// The median of so many runs is taken.
const RUNS: usize = 5;

fn main() {
    println!(
        "| pull requests | calls | before the last good commit is known | after | 0 ms | 50 ms | trips |"
    );
    println!("|---|---|---|---|---|---|---|");
    for size in SIZES {
        let (quick, lines) = measured(size, Duration::ZERO);
        let (slow, _) = measured(size, LATENCY);
        let first = lines.iter().position(|line| line.contains("pullrequestquery")).expect("the query");
        let trips = slow.saturating_sub(quick).as_secs_f64() / LATENCY.as_secs_f64();
        println!(
            "| {size} | {} | {first} | {} | {} ms | {} ms | {trips:.1} |",
            lines.len(),
            lines.len() - first,
            quick.as_millis(),
            slow.as_millis()
        );
    }
}

/// The median time of a checklist, and what one of them asked.
fn measured(size: u64, latency: Duration) -> (Duration, Vec<String>) {
    let scene = Scene::of(size, latency);
    let mut times = Vec::new();
    let mut lines = Vec::new();
    for _ in 0..RUNS {
        scene.fake.state().asked.clear();
        let begun = Instant::now();
        let _ = scene.judge(&[]).with_code(0);
        times.push(begun.elapsed());
        lines = scene.fake.lines();
    }
    times.sort_unstable();
    (times.get(RUNS / 2).copied().expect("a median"), lines)
}
