//! TRX: Visual Studio's and `dotnet test`'s results.
//!
//! `UnitTestResult` elements carry outcomes; `ResultSummary` and its `Counters` may know of more (a test host that crashed).

use super::{Element, TestCounts, keep};
use crate::Timestamp;

#[derive(Default)]
pub(super) struct Trx {
    counts: TestCounts,
    failing: Vec<String>,
    /// Failures that the counters say.
    said_failed: u64,
    /// The run itself ended badly.
    run_failed: bool,
    when: Option<Timestamp>,
}

impl Trx {
    pub(super) fn open(&mut self, element: &Element, parents: &[String]) {
        match element.name.as_str() {
            // Results inside a result (data rows) are counted by the result that holds them.
            "UnitTestResult" | "GenericTestResult" | "WebTestResult" | "ManualTestResult" | "TestResult"
                if !parents.iter().any(|parent| parent == "InnerResults") =>
            {
                self.count(element);
            }
            "Counters" => {
                self.said_failed =
                    ["failed", "error", "timeout", "aborted", "passedButRunAborted", "disconnected"]
                        .iter()
                        .fold(0, |sum: u64, key| sum.saturating_add(element.count(key)));
            }
            "ResultSummary" => {
                let word = element.get("outcome").unwrap_or("").to_ascii_lowercase();
                self.run_failed =
                    matches!(word.as_str(), "failed" | "error" | "aborted" | "timeout" | "disconnected");
            }
            "Times" => self.when = element.get("finish").and_then(|text| text.parse().ok()),
            _ => {}
        }
    }

    fn count(&mut self, element: &Element) {
        // No outcome at all is the schema's default: the test's end is not known.
        match element.get("outcome").unwrap_or("").to_ascii_lowercase().as_str() {
            "passed" | "warning" | "completed" => self.counts.passed += 1,
            "failed"
            | "error"
            | "timeout"
            | "aborted"
            | "passedbutrunaborted"
            | "disconnected"
            | "notrunnable" => {
                self.counts.failed += 1;
                keep(&mut self.failing, element.get("testName").unwrap_or("a test without a name"));
            }
            "notexecuted" => self.counts.skipped += 1,
            _ => self.counts.undecided += 1,
        }
    }

    pub(super) fn finish(mut self) -> (TestCounts, Vec<String>, Option<Timestamp>) {
        self.counts.failed = self.counts.failed.max(self.said_failed);
        if self.run_failed && self.counts.failed == 0 {
            self.counts.failed = 1;
            keep(&mut self.failing, "the run itself");
        }
        (self.counts, self.failing, self.when)
    }
}
