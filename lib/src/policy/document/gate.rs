//! The `gate` section as it is written.

use crate::policy::decode::{
    CriterionText, Entries, Length, Placed, Scalar, Share, Whole, Words, choice, document,
};

document! {
    /// How long the gate watches, and what it judges.
    Gate, "the gate" {
        /// How long samples count for nothing after the deployment. Default: 1m.
        "warmup" => warmup: Length;
        /// How long the gate watches after the warm-up. Default: 15m.
        "observe" => observe: Length;
        /// How often it polls. Default: 15s.
        "interval" => interval: Length;
        /// The fewest requests that a ratio is judged on. Default: 30.
        "min_requests" => min_requests: Whole;
        /// The share of the watch that a signal must cover. Default: 50%.
        "min_coverage" => min_coverage: Share;
        /// How long probes must have passed at the end. Default: 2m.
        "steady" => steady: Length;
        /// What the signals were before the deployment. Default: { before: 30m }.
        "baseline" => baseline: Baseline;
        /// Criteria of which any one decides `rollback`. Default: the runbook's.
        "rollback_when" => rollback_when: Vec<Placed<CriterionText>>;
        /// Criteria that must all be true at the end. Default: the runbook's.
        "verify" => verify: Vec<Placed<CriterionText>>;
        /// Signals that have to be readable before a deployment, beside the runbook's: [correlation_ids, traces].
        "require" => require: Vec<Placed<Words>>;
    }
}

choice! {
    /// Where the baseline comes from.
    Baseline, "a baseline" {
        /// No baseline: criteria relative to one cannot be decided.
        word "none" => None;
        /// The same queries over the time that ended when the deployment began: 30m.
        one "before" => Before(Length);
        /// The same time of an earlier day: 1d or 7d.
        one "offset" => Offset(Length);
        /// A file that `runbook-gate baseline` wrote before the deployment.
        one "recorded" => Recorded(Words);
        /// Numbers by signal: { latency_p95: 200ms, error_rate: 0.2% }.
        one "fixed" => Fixed(Entries<Scalar>);
    }
}
