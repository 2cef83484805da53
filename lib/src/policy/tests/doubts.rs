//! Warnings of what may not decide well.

use super::{parse, with};
use crate::diagnostic::Code;

fn reversed(gate: &str) -> bool {
    parse(&with(gate)).warnings.iter().any(|found| found.code() == Code::CriterionReversed)
}

#[test]
fn a_threshold_on_the_wrong_side_is_doubted_and_a_guard_is_not() {
    for gate in [
        "gate: { rollback_when: [error_rate < 5% for 5m] }",
        "gate: { rollback_when: [request_rate > 1 for 5m] }",
        "gate: { verify: [error_rate > 1%] }",
        "gate: { verify: [request_rate < 1] }",
    ] {
        assert!(reversed(gate), "{gate}");
    }
    for gate in [
        "gate: { rollback_when: [error_rate > 5% and request_rate > 1 for 5m] }",
        "gate: { rollback_when: [request_rate < 1 for 5m] }",
        "gate: { verify: [error_rate < 1%] }",
        "gate: { verify: [kpi > 1] }",
    ] {
        assert!(!reversed(gate), "{gate}");
    }
}
