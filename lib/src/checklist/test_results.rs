//! Test results: JUnit and TRX files, counted by outcome.
//!
//! Files come from builds, and so from anybody: they are read as a stream, with a bound on their size and depth; entities
//! other than XML's own five, and with them every expansion, are refused.

mod began;
mod junit;
mod trx;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};

use crate::checklist::{Support, text_in};

pub use began::Began;

/// Results of one place: a file, or a run's summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestReport {
    /// The file's path, or `the run's test results`.
    pub place: String,
    /// How many tests ended how.
    pub counts: TestCounts,
    /// The names of tests that failed, at most [`TestReport::MOST_NAMES`].
    pub failing: Vec<String>,
    /// When it was made, RFC 3339, where the file says it with an offset.
    pub when: Option<crate::Timestamp>,
    /// When its tests began, as far as the file says it.
    pub began: Began,
    /// Why these may not be all results, one sentence part each after the place: `says of 100 tests, and shows 1`.
    pub doubts: Vec<String>,
    /// What a reader should know, one sentence part each after the place.
    pub cautions: Vec<String>,
}

/// Tests by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TestCounts {
    /// Ended well.
    pub passed: u64,
    /// Ended badly: failed, error, timed out, aborted.
    pub failed: u64,
    /// Left out.
    pub skipped: u64,
    /// Ended without saying whether well or badly: inconclusive, unfinished, an outcome that is not known here.
    pub undecided: u64,
}

/// Why a file is no test result.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TestResultError {
    /// Not well-formed, or cut off.
    #[error("not whole XML (byte {at}): {why}; write the results again, and wait until the tests have ended")]
    Malformed {
        /// Where.
        at: u64,
        /// In words.
        why: String,
    },
    /// A document type with entities, which could expand without end.
    #[error("it declares XML entities, which no test result needs; it is not read")]
    Entities,
    /// Some other XML.
    #[error("`<{root}>` is neither JUnit (`<testsuites>`, `<testsuite>`) nor TRX (`<TestRun>`)")]
    OtherFormat {
        /// Its first element.
        root: String,
    },
    /// Nested deeper than results are.
    #[error("its elements are nested deeper than {0}; it is not read")]
    TooDeep(usize),
    /// Larger than read.
    #[error("it is larger than {0} bytes; split the results into several files")]
    TooLarge(usize),
    /// Not text.
    #[error("it is neither UTF-8 nor UTF-16 text")]
    NotText,
    /// This product's own report.
    #[error("it is a report of runbook-gate itself, which is no test of the build")]
    OwnReport,
}

/// The largest file that is read, in bytes.
const LARGEST: usize = 64 * 1024 * 1024;
/// The deepest nesting.
const DEEPEST: usize = 64;
/// At most so many doubts of one file are kept.
const MOST_DOUBTS: usize = 5;
/// The name of the results that this product publishes.
const OWN: &str = "runbook-gate";

impl TestCounts {
    /// All of them.
    #[must_use]
    pub const fn total(self) -> u64 {
        self.passed.saturating_add(self.failed).saturating_add(self.skipped).saturating_add(self.undecided)
    }

    /// Both together.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            passed: self.passed.saturating_add(other.passed),
            failed: self.failed.saturating_add(other.failed),
            skipped: self.skipped.saturating_add(other.skipped),
            undecided: self.undecided.saturating_add(other.undecided),
        }
    }

    /// What they say of "all tests are passing": a failure speaks against it; no test, or none that passed, is not
    /// passing; fewer than `at_least` neither.
    ///
    /// ```
    /// use runbook_gate::checklist::{Support, TestCounts};
    /// assert_eq!(TestCounts { passed: 3, ..TestCounts::default() }.support(1), Support::For);
    /// assert_eq!(TestCounts::default().support(1), Support::Missing);
    /// ```
    #[must_use]
    pub const fn support(self, at_least: u64) -> Support {
        let asked = if at_least == 0 { 1 } else { at_least };
        if self.failed > 0 {
            Support::Against
        } else if self.passed < asked {
            Support::Missing
        } else if self.undecided > 0 {
            Support::Unknown
        } else {
            Support::For
        }
    }

    /// `212 passed, 1 failed, 3 skipped`; `no tests`.
    #[must_use]
    pub fn words(self) -> String {
        let parts: Vec<String> = [
            (self.passed, "passed"),
            (self.failed, "failed"),
            (self.skipped, "skipped"),
            (self.undecided, "undecided"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
        if parts.is_empty() { "no tests".to_owned() } else { parts.join(", ") }
    }
}

impl TestReport {
    /// At most so many names of failing tests are kept.
    pub const MOST_NAMES: usize = 20;

    /// Of a place of which nothing was read yet.
    fn empty(place: &str) -> Self {
        Self {
            place: place.to_owned(),
            counts: TestCounts::default(),
            failing: Vec::new(),
            when: None,
            began: Began::default(),
            doubts: Vec::new(),
            cautions: Vec::new(),
        }
    }

    /// Reads a JUnit or TRX file.
    ///
    /// ```
    /// use runbook_gate::checklist::TestReport;
    /// let xml = br#"<testsuite><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>"#;
    /// let report = TestReport::read("results.xml", xml)?;
    /// assert_eq!(report.counts.words(), "1 passed, 1 failed");
    /// assert_eq!(report.failing, ["b"]);
    /// # Ok::<(), runbook_gate::checklist::TestResultError>(())
    /// ```
    ///
    /// # Errors
    /// When it is no such file, not whole, too large, or this product's own report.
    pub fn read(place: &str, bytes: &[u8]) -> Result<Self, TestResultError> {
        if bytes.len() > LARGEST {
            return Err(TestResultError::TooLarge(LARGEST));
        }
        let text = text_in(bytes).ok_or(TestResultError::NotText)?;
        let mut reader = Reader::from_str(&text);
        let mut counter = None;
        let mut open: Vec<String> = Vec::new();
        let mut empty = false;
        loop {
            let at = reader.buffer_position();
            let malformed =
                |why: String| TestResultError::Malformed { at, why: why.chars().take(200).collect() };
            let event = reader.read_event().map_err(|error| malformed(error.to_string()))?;
            if open.is_empty() {
                // What a crash, or another report, left before or after this one.
                let outside = match &event {
                    Event::Text(text) if !text.trim().is_empty() => {
                        Some("text stands outside of its root element")
                    }
                    Event::CData(_) | Event::GeneralRef(_) => Some("text stands outside of its root element"),
                    Event::Start(_) | Event::Empty(_) if counter.is_some() => {
                        Some("another report begins after its end")
                    }
                    _ => None,
                };
                if let Some(why) = outside {
                    return Err(malformed(why.to_owned()));
                }
            }
            let tag = match &event {
                Event::Start(tag) => Some(tag),
                Event::Empty(tag) => {
                    empty = true;
                    Some(tag)
                }
                Event::End(_) => {
                    if let Some(counter) = counter.as_mut() {
                        Counter::close(counter, open.last().map_or("", String::as_str));
                    }
                    open.pop();
                    None
                }
                Event::DocType(text) if text.contains("ENTITY") => return Err(TestResultError::Entities),
                Event::Eof => break,
                _ => None,
            };
            if let Some(tag) = tag {
                let element = Element::read(tag).map_err(malformed)?;
                if open.len() >= DEEPEST {
                    return Err(TestResultError::TooDeep(DEEPEST));
                }
                if counter.is_none() {
                    counter = Some(Counter::for_root(&element, place)?);
                }
                if let Some(counter) = counter.as_mut() {
                    counter.open(&element, &open);
                    if empty {
                        counter.close(&element.name);
                    }
                }
                if !empty {
                    open.push(element.name);
                }
                empty = false;
            }
        }
        if !open.is_empty() {
            let why = format!("it ends inside `<{}>`", open.last().map_or("", String::as_str));
            return Err(TestResultError::Malformed { at: reader.buffer_position(), why });
        }
        match counter {
            Some(counter) => Ok(counter.finish()),
            None => Err(TestResultError::Malformed { at: 0, why: "it is empty".to_owned() }),
        }
    }
}

/// A start tag with its attributes.
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Element {
    fn read(tag: &BytesStart<'_>) -> Result<Self, String> {
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            // Entities other than XML's own are an error here: nothing is ever expanded.
            let value =
                attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| error.to_string())?;
            // With its prefix: `x:failures` is not `failures`.
            attributes.push((attribute.key.as_ref().to_owned(), value.into_owned()));
        }
        Ok(Self { name: tag.local_name().as_ref().to_owned(), attributes })
    }

    fn get(&self, key: &str) -> Option<&str> {
        self.attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// A count, 0 where it is not said; what cannot be read as one is a doubt.
    fn count(&self, key: &str, doubts: &mut Vec<String>) -> u64 {
        let Some(value) = self.get(key) else { return 0 };
        value.trim().parse().unwrap_or_else(|_| {
            let said: String = value.chars().take(40).collect();
            doubt(doubts, format!("says `{key}=\"{said}\"` in `<{}>`, which is no count", self.name));
            0
        })
    }
}

/// Keeps a doubt, while there is room: the first are enough.
fn doubt(doubts: &mut Vec<String>, what: String) {
    if doubts.len() < MOST_DOUBTS && !doubts.contains(&what) {
        doubts.push(what);
    }
}

enum Counter {
    Junit(junit::Junit),
    Trx(trx::Trx),
}

impl Counter {
    fn for_root(root: &Element, place: &str) -> Result<Self, TestResultError> {
        match root.name.as_str() {
            "testsuites" | "testsuite" if root.get("name") == Some(OWN) && root.name == "testsuites" => {
                Err(TestResultError::OwnReport)
            }
            "testsuites" | "testsuite" => Ok(Self::Junit(junit::Junit::new(TestReport::empty(place)))),
            "TestRun" => Ok(Self::Trx(trx::Trx::new(TestReport::empty(place)))),
            other => Err(TestResultError::OtherFormat { root: other.chars().take(60).collect() }),
        }
    }

    fn open(&mut self, element: &Element, parents: &[String]) {
        match self {
            Self::Junit(junit) => junit.open(element),
            Self::Trx(trx) => trx.open(element, parents),
        }
    }

    fn close(&mut self, name: &str) {
        match self {
            Self::Junit(junit) => junit.close(name),
            Self::Trx(_) => {}
        }
    }

    fn finish(self) -> TestReport {
        match self {
            Self::Junit(junit) => junit.finish(),
            Self::Trx(trx) => trx.finish(),
        }
    }
}

/// Keeps a failing test's name, while there is room.
fn keep(failing: &mut Vec<String>, name: &str) {
    if failing.len() < TestReport::MOST_NAMES {
        failing.push(name.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect());
    }
}

#[cfg(test)]
mod tests;
