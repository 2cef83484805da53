//! Gates over a redeployment.

use super::scene::{check, row};

#[test]
fn rows() {
    check(&[
        row(
            "errors and latency back at the baseline are a recovery",
            "after a rollback; rollback error_rate > 5% for 5m; rollback latency_p95 > 2x baseline for 5m; \
             baseline error_rate 60/30000; baseline latency_p95 0.2",
            "error_rate: 15m of (0/300 1/300); latency_p95: 15m of 0.24; health: 15m of up",
            "proceed 15m",
            "passed passed passed not-configured",
            "latency_p95 was 240ms over the watch, at or below 250ms",
        ),
        row(
            "errors that are fewer than what rolled back, and more than before, are none",
            "after a rollback; rollback error_rate > 5% for 5m; baseline error_rate 60/30000",
            "error_rate: 15m of 3/300; health: 15m of up",
            "hold 15m",
            "failed not-configured passed not-configured",
            "error_rate was 1% (180 of 18,000 requests) over the watch",
        ),
        row(
            "a few errors more than before are no proof against it, and are said",
            "after a rollback; baseline error_rate 6/3000",
            "error_rate: 15m of (0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 0/4 1/4); health: 15m of up",
            "proceed 15m",
            "passed not-configured passed not-configured",
            "weak evidence",
        ),
        row(
            "latency a third above what it was is none",
            "after a rollback; verify latency_p95 < 500ms; baseline latency_p95 0.3",
            "latency_p95: 15m of 0.4; health: 15m of up",
            "hold 15m",
            "passed not-configured failed passed not-configured",
            "latency_p95 was 400ms over the watch, not at or below 375ms",
        ),
        row(
            "a baseline that nobody knows is unknown, and never passes",
            "after a rollback; rollback error_rate > 5% for 5m",
            "error_rate: 15m of 0/300; health: 15m of up",
            "hold 15m",
            "unknown not-configured passed not-configured",
            "there is no baseline of error_rate",
        ),
        row(
            "a baseline of too few requests is unknown too",
            "after a rollback; baseline error_rate 0/20",
            "error_rate: 15m of 0/300; health: 15m of up",
            "hold 15m",
            "unknown not-configured passed not-configured",
            "the baseline has 20 requests, and 30 are needed",
        ),
        row(
            "bare error rates without an error before may have none after",
            "after a rollback; baseline error_rate 0",
            "error_rate: 15m of (0 0 0.002); health: 15m of up",
            "proceed 15m",
            "passed not-configured passed not-configured",
            "",
        ),
        row(
            "bare error rates clearly above what they were are none",
            "after a rollback; baseline error_rate 0.001",
            "error_rate: 15m of 0.007; health: 15m of up",
            "hold 15m",
            "failed not-configured passed not-configured",
            "",
        ),
        row(
            "what rolls a release back does not decide here: it fails at the end, for a person to look",
            "after a rollback; rollback health failing for 2m; rollback error_rate > 5% for 5m; baseline error_rate 60/30000",
            "health: 15m of down; error_rate: 15m of 200/300",
            "hold 15m",
            "failed not-configured failed not-configured",
            "error_rate was 66.7%",
        ),
        row(
            "whatever a release is rolled back for when it fails has to pass",
            "after a rollback; rollback data_integrity failing; baseline error_rate 60/30000",
            "data_integrity: 15m of down; error_rate: 15m of 0/300; health: 15m of up",
            "hold 15m",
            "passed not-configured passed not-configured failed",
            "data_integrity",
        ),
        row(
            "telemetry that stops before the end is unknown",
            "after a rollback; baseline error_rate 60/30000",
            "error_rate: 12m of 0/300, 3m of no-data; health: 15m of up",
            "hold 15m",
            "unknown not-configured passed not-configured",
            "error_rate is known for",
        ),
        row(
            "a person who asks for a rollback of the rollback gets a hold",
            "after a rollback; baseline error_rate 60/30000; request 5m rollback",
            "error_rate: 15m of 0/300; health: 15m of up",
            "hold 5m",
            "passed not-configured passed not-configured",
            "Ada asked for a rollback",
        ),
        row(
            "nothing to judge is no recovery",
            "after a rollback",
            "queue_depth: 15m of 3",
            "hold 15m",
            "not-configured not-configured not-configured not-configured",
            "nothing was judged",
        ),
    ]);
}
