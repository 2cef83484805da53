//! JUnit XML: a family of formats with `testcase` elements in `testsuite` elements.
//!
//! Read leniently, as Ant, Maven Surefire, Gradle, pytest, Jest, GoogleTest, CTest and nextest write it. A suite that says
//! of more failures than its cases show (it crashed before it could write them) has failed.

use super::{Element, TestCounts, keep};
use crate::Timestamp;

#[derive(Default)]
pub(super) struct Junit {
    /// Open suites: what they say of failures, and what was counted before them.
    suites: Vec<(u64, u64)>,
    case: Option<Case>,
    counts: TestCounts,
    failing: Vec<String>,
    when: Option<Timestamp>,
}

struct Case {
    name: String,
    result: CaseResult,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum CaseResult {
    Passed,
    Undecided,
    Skipped,
    Failed,
}

impl Junit {
    pub(super) fn open(&mut self, element: &Element) {
        match element.name.as_str() {
            "testsuites" | "testsuite" => {
                let said = element.count("failures").saturating_add(element.count("errors"));
                self.suites.push((said, self.counts.failed));
                let at = element.get("timestamp").and_then(|text| text.parse::<Timestamp>().ok());
                self.when = self.when.max(at);
            }
            "testcase" if self.case.is_none() => {
                let name = match (element.get("classname"), element.get("name")) {
                    (Some(class), Some(name)) if !class.is_empty() => format!("{class} {name}"),
                    (_, Some(name)) => name.to_owned(),
                    (class, None) => class.unwrap_or("a test without a name").to_owned(),
                };
                self.case = Some(Case { name, result: by_attribute(element) });
            }
            child => {
                if let Some(case) = self.case.as_mut() {
                    let child = child.to_ascii_lowercase();
                    let result = match child.as_str() {
                        "skipped" | "disabled" | "ignored" => CaseResult::Skipped,
                        // `flakyFailure` tells of earlier tries of a case that passed in the end.
                        child if child.starts_with("flaky") => CaseResult::Passed,
                        // Whatever else is called a failure is one: `rerunFailure` is of a case that never passed.
                        child if child.contains("fail") || child.contains("error") => CaseResult::Failed,
                        _ => CaseResult::Passed,
                    };
                    case.result = case.result.max(result);
                }
            }
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        match name {
            "testcase" => {
                if let Some(case) = self.case.take() {
                    match case.result {
                        CaseResult::Passed => self.counts.passed += 1,
                        CaseResult::Undecided => self.counts.undecided += 1,
                        CaseResult::Skipped => self.counts.skipped += 1,
                        CaseResult::Failed => {
                            self.counts.failed += 1;
                            keep(&mut self.failing, &case.name);
                        }
                    }
                }
            }
            "testsuite" | "testsuites" => {
                if let Some((said, before)) = self.suites.pop() {
                    let shown = self.counts.failed.saturating_sub(before);
                    self.counts.failed = self.counts.failed.saturating_add(said.saturating_sub(shown));
                }
            }
            _ => {}
        }
    }

    pub(super) fn finish(self) -> (TestCounts, Vec<String>, Option<Timestamp>) {
        (self.counts, self.failing, self.when)
    }
}

/// GoogleTest and CTest say the outcome in an attribute.
fn by_attribute(element: &Element) -> CaseResult {
    for key in ["status", "result"] {
        let Some(word) = element.get(key) else { continue };
        match word.to_ascii_lowercase().as_str() {
            "notrun" | "disabled" | "skipped" | "suppressed" | "ignored" | "pending" => {
                return CaseResult::Skipped;
            }
            "fail" | "failed" | "failure" | "error" | "timeout" | "aborted" => return CaseResult::Failed,
            "run" | "completed" | "pass" | "passed" | "success" | "ok" => {}
            _ => return CaseResult::Undecided,
        }
    }
    CaseResult::Passed
}
