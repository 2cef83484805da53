//! JUnit XML: a family of formats with `testcase` elements in `testsuite` elements.
//!
//! Read leniently, as Ant, Maven Surefire, Gradle, pytest, Jest, GoogleTest, CTest, Catch2 and nextest write it. A suite that
//! says of more failures than its cases show (it crashed before it could write them) has failed; one that says of more tests
//! than it shows leaves them unknown.

use super::began::with_offset;
use super::{Element, TestReport, doubt, keep};

pub(super) struct Junit {
    report: TestReport,
    suites: Vec<Suite>,
    /// Open cases: some writers nest them.
    cases: Vec<Case>,
    /// Cases that ended.
    shown: u64,
    /// Tests that suites say of, and no case shows.
    missing: u64,
}

/// An open suite: what it says, and what was counted before it.
struct Suite {
    name: String,
    failures: u64,
    tests: u64,
    /// Who wrote it counts more than cases as tests.
    counts_parts: Option<&'static str>,
    failed_before: u64,
    shown_before: u64,
    missing_before: u64,
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
    pub(super) const fn new(report: TestReport) -> Self {
        Self { report, suites: Vec::new(), cases: Vec::new(), shown: 0, missing: 0 }
    }

    pub(super) fn open(&mut self, element: &Element) {
        match element.name.to_ascii_lowercase().as_str() {
            "testsuites" | "testsuite" => self.open_suite(element),
            "testcase" => {
                let name = match (element.get("classname"), element.get("name")) {
                    (Some(class), Some(name)) if !class.is_empty() => format!("{class} {name}"),
                    (_, Some(name)) => name.to_owned(),
                    (class, None) => class.unwrap_or("a test without a name").to_owned(),
                };
                self.cases.push(Case { name, result: by_attribute(element) });
            }
            child => {
                let result = by_child(child);
                if let Some(case) = self.cases.last_mut() {
                    case.result = case.result.max(result);
                } else if result == CaseResult::Failed {
                    // Of the suite itself: its set-up, or a process that crashed.
                    self.report.counts.failed += 1;
                    let suite = self.suites.last().map_or("", |suite| suite.name.as_str());
                    keep(
                        &mut self.report.failing,
                        format!("the suite {suite} itself").replace("  ", " ").as_str(),
                    );
                }
            }
        }
    }

    fn open_suite(&mut self, element: &Element) {
        let doubts = &mut self.report.doubts;
        let failures = element.count("failures", doubts).saturating_add(element.count("errors", doubts));
        self.suites.push(Suite {
            name: element.get("name").unwrap_or("").to_owned(),
            failures: failures.max(element.count("failed", doubts)),
            tests: element.count("tests", doubts),
            counts_parts: counts_parts(element),
            failed_before: self.report.counts.failed,
            shown_before: self.shown,
            missing_before: self.missing,
        });
        if let Some(said) = element.get("timestamp") {
            self.report.when = self.report.when.max(with_offset(said));
            self.report.began.note(said);
        }
    }

    pub(super) fn close(&mut self, name: &str) {
        match name.to_ascii_lowercase().as_str() {
            "testcase" => {
                if let Some(case) = self.cases.pop() {
                    self.shown += 1;
                    match case.result {
                        CaseResult::Passed => self.report.counts.passed += 1,
                        CaseResult::Undecided => self.report.counts.undecided += 1,
                        CaseResult::Skipped => self.report.counts.skipped += 1,
                        CaseResult::Failed => {
                            self.report.counts.failed += 1;
                            keep(&mut self.report.failing, &case.name);
                        }
                    }
                }
            }
            "testsuite" | "testsuites" => {
                if let Some(suite) = self.suites.pop() {
                    self.close_suite(&suite);
                }
            }
            _ => {}
        }
    }

    fn close_suite(&mut self, suite: &Suite) {
        let failed = self.report.counts.failed.saturating_sub(suite.failed_before);
        self.report.counts.failed =
            self.report.counts.failed.saturating_add(suite.failures.saturating_sub(failed));
        let shown = self.shown.saturating_sub(suite.shown_before);
        // What a suite inside lacks is not lacking twice.
        let known = shown.saturating_add(self.missing.saturating_sub(suite.missing_before));
        if suite.tests <= known {
            return;
        }
        self.missing = self.missing.saturating_add(suite.tests - known);
        let what = format!("says of {} tests, and shows {shown}", suite.tests);
        match suite.counts_parts {
            Some(writer) => doubt(&mut self.report.cautions, format!("{what}; {writer}")),
            None => doubt(&mut self.report.doubts, what),
        }
    }

    pub(super) fn finish(self) -> TestReport {
        self.report
    }
}

/// Writers whose `tests` counts more than the cases that they show.
fn counts_parts(suite: &Element) -> Option<&'static str> {
    if suite.get("name") == Some("pytest") {
        Some("pytest counts subtests there")
    } else if suite.get("hostname") == Some("tbd") {
        Some("Catch2 counts assertions there")
    } else {
        None
    }
}

/// What an element in a case says of it, by its name in small letters.
fn by_child(child: &str) -> CaseResult {
    match child {
        "skipped" | "disabled" | "ignored" => CaseResult::Skipped,
        // `flakyFailure` tells of earlier tries of a case that passed in the end.
        child if child.starts_with("flaky") => CaseResult::Passed,
        // Whatever else is called a failure is one: `rerunFailure` is of a case that never passed.
        child if child.contains("fail") || child.contains("error") => CaseResult::Failed,
        _ => CaseResult::Passed,
    }
}

/// GoogleTest and CTest say the outcome in an attribute; of two the worse counts.
fn by_attribute(element: &Element) -> CaseResult {
    let words = ["status", "result"].into_iter().filter_map(|key| element.get(key));
    words.map(by_word).max().unwrap_or(CaseResult::Passed)
}

fn by_word(word: &str) -> CaseResult {
    match word.to_ascii_lowercase().as_str() {
        "notrun" | "disabled" | "skipped" | "suppressed" | "ignored" | "pending" => CaseResult::Skipped,
        "fail" | "failed" | "failure" | "error" | "timeout" | "aborted" => CaseResult::Failed,
        "run" | "completed" | "pass" | "passed" | "success" | "ok" => CaseResult::Passed,
        _ => CaseResult::Undecided,
    }
}
