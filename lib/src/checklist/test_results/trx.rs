//! TRX: Visual Studio's and `dotnet test`'s results.
//!
//! `UnitTestResult` elements carry outcomes; `ResultSummary`, its `Counters` and its `RunInfo` may know of more (a test host
//! that crashed, a run that was broken off).

use super::began::with_offset;
use super::{Element, TestReport, doubt, keep};

/// Counters of tests that ended badly.
const BAD: [&str; 6] = ["failed", "error", "timeout", "aborted", "passedButRunAborted", "disconnected"];
/// Counters of tests, whatever became of them.
const ANY: [&str; 11] = [
    "total",
    "executed",
    "passed",
    "inconclusive",
    "notRunnable",
    "notExecuted",
    "warning",
    "completed",
    "inProgress",
    "pending",
    "failed",
];

pub(super) struct Trx {
    report: TestReport,
    /// Results, those inside of others too, as the counters count them.
    shown: u64,
    /// Tests that the counters say.
    said: u64,
    /// Failures that the counters say.
    said_failed: u64,
    /// The run itself ended badly.
    run_failed: bool,
}

impl Trx {
    pub(super) const fn new(report: TestReport) -> Self {
        Self { report, shown: 0, said: 0, said_failed: 0, run_failed: false }
    }

    pub(super) fn open(&mut self, element: &Element, parents: &[String]) {
        match element.name.as_str() {
            "UnitTestResult" | "GenericTestResult" | "WebTestResult" | "ManualTestResult" | "TestResult" => {
                self.shown += 1;
                // Results inside a result (data rows) are counted by the result that holds them.
                if !parents.iter().any(|parent| parent == "InnerResults") {
                    self.count(element);
                }
            }
            "Counters" => {
                let mut count = |key: &str| element.count(key, &mut self.report.doubts);
                let failed = BAD.iter().fold(0, |sum: u64, key| sum.saturating_add(count(key)));
                let said = ANY.iter().map(|key| count(key)).max().unwrap_or(0);
                self.said_failed = self.said_failed.max(failed);
                self.said = self.said.max(said).max(failed);
            }
            "ResultSummary" => match run_end(element) {
                RunEnd::Well => {}
                RunEnd::Badly => self.run_failed = true,
                RunEnd::Unknown(word) => {
                    doubt(&mut self.report.doubts, format!("says that its run is {word}, not completed"));
                }
            },
            // The test host's own errors; of its other words none is about the outcome.
            "RunInfo" => self.run_failed |= matches!(run_end(element), RunEnd::Badly),
            "Times" => {
                self.report.when = self.report.when.max(element.get("finish").and_then(with_offset));
                for key in ["start", "finish"] {
                    if let Some(said) = element.get(key) {
                        self.report.began.note(said);
                    }
                }
            }
            _ => {}
        }
    }

    fn count(&mut self, element: &Element) {
        // No outcome at all is the schema's default: the test's end is not known.
        match element.get("outcome").unwrap_or("").to_ascii_lowercase().as_str() {
            "passed" | "warning" | "completed" => self.report.counts.passed += 1,
            "failed"
            | "error"
            | "timeout"
            | "aborted"
            | "passedbutrunaborted"
            | "disconnected"
            | "notrunnable" => {
                self.report.counts.failed += 1;
                keep(&mut self.report.failing, element.get("testName").unwrap_or("a test without a name"));
            }
            "notexecuted" => self.report.counts.skipped += 1,
            _ => self.report.counts.undecided += 1,
        }
    }

    pub(super) fn finish(mut self) -> TestReport {
        self.report.counts.failed = self.report.counts.failed.max(self.said_failed);
        if self.run_failed && self.report.counts.failed == 0 {
            self.report.counts.failed = 1;
            keep(&mut self.report.failing, "the run itself");
        }
        if self.said > self.shown {
            doubt(&mut self.report.doubts, format!("says of {} tests, and shows {}", self.said, self.shown));
        }
        self.report
    }
}

enum RunEnd {
    Well,
    Badly,
    Unknown(String),
}

fn run_end(element: &Element) -> RunEnd {
    let word = element.get("outcome").unwrap_or("");
    match word.to_ascii_lowercase().as_str() {
        "" | "completed" | "passed" | "warning" => RunEnd::Well,
        "failed" | "error" | "aborted" | "timeout" | "disconnected" | "passedbutrunaborted" => RunEnd::Badly,
        _ => RunEnd::Unknown(word.chars().take(40).collect()),
    }
}
