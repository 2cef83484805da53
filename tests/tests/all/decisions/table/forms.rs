//! Instant, strict and flapping criteria.

use super::scene::{check, row};

#[test]
fn instant() {
    check(&[
        row(
            "a failing smoke test decides at once",
            "rollback smoke failing",
            "smoke every 5m: 5m of up, 10m of down",
            "rollback 10m",
            "tripped",
            "smoke failed 1 of 1 probes at 00:10:00 UTC",
        ),
        row(
            "a smoke test that times out decides nothing",
            "rollback smoke failing",
            "smoke every 1m: 15m of (up timeout up)",
            "proceed 15m",
            "clear",
            "",
        ),
        row(
            "a value beyond the threshold decides at once",
            "rollback queue_depth > 1000",
            "queue_depth: 4m of 10, 10m of 1001",
            "rollback 4m15s",
            "tripped",
            "queue_depth was 1,001 at 00:04:15 UTC, above 1,000",
        ),
        row(
            "a value at the threshold does not",
            "rollback queue_depth > 1000",
            "queue_depth: 15m of 1000",
            "proceed 15m",
            "clear",
            "never above 1,000",
        ),
        row(
            "a ratio needs more confidence than a glance gives",
            "rollback error_rate > 5%",
            "error_rate: 5m of 0/300, 15s of 24/300, 10m of 0/300",
            "proceed 15m",
            "clear",
            "",
        ),
        row(
            "a ratio that is far beyond has it",
            "rollback error_rate > 5%",
            "error_rate: 5m of 0/300, 15s of 60/300, 10m of 0/300",
            "rollback 5m15s",
            "tripped",
            "error_rate was 20% (60 of 300 requests) at 00:05:15 UTC, above 5%; over 99.99% sure, 99.98% needed",
        ),
        row(
            "a ratio of fewer requests than needed has not, however bad",
            "rollback error_rate > 5%",
            "error_rate: 5m of 0/300, 15s of 29/29, 10m of 0/300",
            "proceed 15m",
            "clear",
            "",
        ),
        row(
            "the first true sample may come long after the start",
            "rollback crashes > 0",
            "crashes: 14m45s of 0, 15s of 1",
            "rollback 15m",
            "tripped",
            "",
        ),
        row(
            "a sample after the end decides nothing",
            "rollback crashes > 0",
            "crashes: 15m of 0, 15s of 1",
            "proceed 15m",
            "clear",
            "",
        ),
        row(
            "`and` at one moment",
            "rollback queue_depth > 10 and workers < 1",
            "queue_depth: 15m of 50; workers: 5m of 2, 10m of 0",
            "rollback 5m15s",
            "tripped",
            "queue_depth was 50 and workers was 0",
        ),
        row(
            "`and` with a stale signal is unknown",
            "rollback queue_depth > 10 and workers < 1",
            "queue_depth: 15m of (no-data no-data no-data no-data no-data no-data no-data 5 50); workers: 15s of 0, 15m of no-data",
            "hold 15m",
            "unknown",
            "",
        ),
        row(
            "an aggregate without a duration is of the watch so far",
            "rollback avg(queue_depth) > 100",
            "queue_depth: 1m of 0, 5m of 150",
            "rollback 3m15s",
            "tripped",
            "avg(queue_depth) was 104",
        ),
    ]);
}

#[test]
fn strict() {
    check(&[
        row(
            "every sample for the duration: trips at the sample that completes it",
            "rollback error_rate > 5% for 5m strict",
            "error_rate: 3m of 0/300, 10m of 75/300",
            "rollback 8m15s",
            "tripped",
            "above 5% at every sample for 5m",
        ),
        row(
            "one clean sample starts it anew",
            "rollback error_rate > 5% for 5m strict",
            "error_rate: 3m of 0/300, 3m of 75/300, 15s of 0/300, 10m of 75/300",
            "rollback 11m30s",
            "tripped",
            "",
        ),
        row(
            "absent samples neither add nor reset: a short gap counts",
            "rollback error_rate > 5% for 5m strict",
            "error_rate: 3m of 0/300, 2m of 75/300, 30s of no-data, 10m of 75/300",
            "rollback 8m15s",
            "tripped",
            "",
        ),
        row(
            "a gap longer than staleness adds nothing and resets nothing",
            "watch 20m; rollback error_rate > 5% for 5m strict",
            "error_rate: 3m of 0/300, 2m of 75/300, 2m of no-data, 10m of 75/300",
            "rollback 10m30s",
            "tripped",
            "",
        ),
        row(
            "it asks for no confidence and no number of requests",
            "rollback error_rate > 5% for 5m strict",
            "error_rate: 15m of 1/10",
            "rollback 5m15s",
            "tripped",
            "",
        ),
        row(
            "the threshold itself is not above it",
            "rollback latency_p95 > 500ms for 5m strict",
            "latency_p95: 15m of 0.5",
            "proceed 15m",
            "clear",
            "",
        ),
        row(
            "a signal that alternates never completes it",
            "rollback latency_p95 > 500ms for 5m strict",
            "latency_p95: 25m of (0.9 0.9 0.9 0.9 0.9 0.9 0.9 0.9 0.1)",
            "proceed 15m45s",
            "clear",
            "at most 1m45s of 5m",
        ),
        row(
            "strict on probes",
            "rollback health failing for 1m strict",
            "health: 3m of up, 10m of down",
            "rollback 4m15s",
            "tripped",
            "at every sample for 1m",
        ),
        row(
            "strict is still running at the end, and trips in the extension",
            "rollback latency_p95 > 500ms for 5m strict",
            "latency_p95: 12m of 0.1, 10m of 0.9",
            "rollback 17m15s",
            "tripped",
            "",
        ),
        row(
            "strict that ends in the extension",
            "rollback latency_p95 > 500ms for 5m strict",
            "latency_p95: 12m of 0.1, 4m of 0.9, 6m of 0.1",
            "proceed 16m15s",
            "clear",
            "at most 3m45s of 5m",
        ),
    ]);
}

#[test]
fn flapping() {
    check(&[
        row(
            "half of the time for a while: trips when so much has gathered",
            "watch 25m; rollback error_rate > 5% for 5m in 15m",
            "error_rate: 2m of 0/300, 1m of 75/300, 1m of 0/300, 1m of 75/300, 1m of 0/300, 1m of 75/300, 1m of 0/300, 1m of 75/300, 1m of 0/300, 1m of 75/300, 9m of 0/300",
            "rollback 11m",
            "tripped",
            "above 5% for 5m of 15m",
        ),
        row(
            "less than so much in any window: clear",
            "watch 25m; rollback error_rate > 5% for 5m in 15m",
            "error_rate: 2m of 0/300, 4m of 75/300, 11m of 0/300, 4m of 75/300, 9m of 0/300",
            "proceed 25m",
            "clear",
            "",
        ),
        row(
            "without pause it needs no step more than the duration",
            "watch 25m; rollback latency_p95 > 500ms for 5m in 15m",
            "latency_p95: 5m of 0.1, 20m of 0.9",
            "rollback 10m",
            "tripped",
            "",
        ),
        row(
            "each sample counts its own step",
            "watch 25m; rollback latency_p95 > 500ms for 5m in 15m; step latency_p95 1m",
            "latency_p95 every 1m: 5m of 0.1, 20m of (0.9 0.1)",
            "rollback 14m",
            "tripped",
            "",
        ),
        row(
            "absent samples count nothing",
            "watch 25m; rollback latency_p95 > 500ms for 5m in 15m",
            "latency_p95: 5m of 0.1, 20m of (0.9 no-data)",
            "rollback 14m45s",
            "tripped",
            "",
        ),
        row(
            "samples of two signals count the time between them once",
            "watch 25m; rollback latency_p95 > 500ms and queue_depth > 10 for 5m in 15m; step queue_depth 20s",
            "latency_p95: 25m of 0.9; queue_depth every 20s: 25m of 50",
            "rollback 5m15s",
            "tripped",
            "",
        ),
    ]);
}
