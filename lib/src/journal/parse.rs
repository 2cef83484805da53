//! A line of the journal from its text.

use std::borrow::Cow;
use std::fmt;

use serde::de::{IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::text::{self, bounded};
use super::{Line, VERSION, usual};
use crate::gate::{Decision, FailedGate, Recovery};
use crate::sample::{Absence, Counts, Reading, Sample};
use crate::{Baseline, Duration, Finite, SignalName, Timestamp};

/// What is wrong with a line of a journal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// Not JSON, or JSON that was cut.
    #[error("it is not a JSON object: {0}")]
    Json(String),
    /// JSON that is no object, or an object with a key twice.
    #[error("it is not an object of the journal: {0}")]
    Object(String),
    /// No kind.
    #[error("it has no `kind`; kinds are {KINDS}")]
    NoKind,
    /// A kind that journals do not have.
    #[error("`{0}` is not a kind of line; kinds are {KINDS}")]
    UnknownKind(String),
    /// A key that this kind of line needs.
    #[error("a `{kind}` line needs `{key}`")]
    Missing {
        /// The line's kind.
        kind: &'static str,
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong type or out of range.
    #[error("`{key}` is {found}, and must be {expected}")]
    Value {
        /// The key.
        key: &'static str,
        /// What stands there.
        found: String,
        /// What should.
        expected: &'static str,
    },
    /// A journal of another version.
    #[error(
        "the journal's version is {0}, and this program reads version {VERSION}; replay it with the program that wrote it"
    )]
    Version(String),
}

const KINDS: &str = "start, recovery, signal, baseline, sample, absent, tick, note, request, unserved, cancel, decision and end";

/// Reads one line.
///
/// # Errors
/// Where the text is not a JSON object of a known kind with what that kind needs.
///
/// ```
/// use runbook_gate::journal;
///
/// let line = r#"{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"latency_p95","value":0.412}"#;
/// assert!(journal::parse_line(line).is_ok());
/// let error = journal::parse_line(r#"{"kind":"tick"}"#).unwrap_err();
/// assert_eq!(error.to_string(), "a `tick` line needs `t`");
/// ```
pub fn parse_line(text: &str) -> Result<Line, LineError> {
    LineParser::default().parse(text)
}

/// Reads lines and remembers the names of signals, so that equal names share their memory.
#[derive(Debug, Default)]
pub(super) struct LineParser {
    /// In order of the names.
    names: Vec<SignalName>,
}

/// More names than these are not remembered; a policy has far fewer.
const MAX_NAMES: usize = 512;

impl LineParser {
    pub(super) fn parse(&mut self, text: &str) -> Result<Line, LineError> {
        match usual::read(text) {
            Some(usual) => {
                let signal = self.name(usual.signal)?;
                Ok(Line::Sample { t: usual.t, signal, sample: Sample::Known(usual.reading) })
            }
            None => self.parse_any(text),
        }
    }

    /// Reads a line of any shape.
    pub(super) fn parse_any(&mut self, text: &str) -> Result<Line, LineError> {
        // A derived reader would take a list for the values of the keys in order.
        if !text.trim_ascii_start().starts_with('{') {
            return Err(LineError::Json("it does not begin with `{`".to_owned()));
        }
        let flat: Flat<'_> = serde_json::from_str(text).map_err(|error| match error.classify() {
            serde_json::error::Category::Data => LineError::Object(without_line(&error)),
            _ => LineError::Json(without_line(&error)),
        })?;
        let kind = match &flat.kind {
            Some(Value::Text(kind)) => kind.as_ref(),
            Some(other) => return Err(other.wrong("kind", "a text")),
            None => return Err(LineError::NoKind),
        };
        match kind {
            "sample" => self.sample(&flat),
            "tick" => Ok(Line::Tick { t: flat.t("tick")? }),
            "absent" => Ok(Line::Sample {
                t: flat.t("absent")?,
                signal: self.signal("absent", &flat)?,
                sample: Sample::Absent(absence(kept("absent", "reason", &flat.reason)?)),
            }),
            "start" => start(&flat),
            "recovery" => recovery(&flat),
            "signal" => self.step(&flat),
            "baseline" => self.baseline(&flat),
            "note" => Ok(Line::Note {
                t: flat.t("note")?,
                signal: match flat.signal {
                    Some(_) => Some(self.signal("note", &flat)?),
                    None => None,
                },
                text: kept("note", "text", &flat.text)?,
                clears: match flat.clears {
                    Some(_) => Some(kept("note", "clears", &flat.clears)?),
                    None => None,
                },
            }),
            "request" => request(&flat),
            "unserved" => Ok(Line::Unserved {
                t: flat.t("unserved")?,
                reason: kept("unserved", "reason", &flat.reason)?,
            }),
            "cancel" => Ok(Line::Cancel { t: flat.t("cancel")?, by: kept("cancel", "by", &flat.by)? }),
            "decision" => Ok(Line::Decision {
                t: flat.t("decision")?,
                decision: decision("decision", &flat)?,
                reason: kept("decision", "reason", &flat.reason)?,
            }),
            "end" => Ok(Line::End { t: flat.t("end")? }),
            other => Err(LineError::UnknownKind(brief(other))),
        }
    }

    fn sample(&mut self, flat: &Flat<'_>) -> Result<Line, LineError> {
        let (t, signal) = (flat.t("sample")?, self.signal("sample", flat)?);
        let total = optional("total", &flat.total)?;
        let sample = match (optional("value", &flat.value)?, optional("bad", &flat.bad)?) {
            (Some(_), Some(_)) => return Err(wrong("value", "beside `bad`", "alone, or left out")),
            (Some(value), None) => match total {
                Some(total) if total.get() < 0.0 => return Err(wrong("total", "negative", "a count")),
                total => Sample::Known(Reading::Value { value, total }),
            },
            (None, Some(bad)) => {
                let total = total.ok_or(LineError::Missing { kind: "sample", key: "total" })?;
                match counts(bad, total)? {
                    counts if counts.total() > 0.0 => Sample::Known(Reading::Counts(counts)),
                    _ => Sample::Absent(Absence::NoTraffic),
                }
            }
            (None, None) => return Err(LineError::Missing { kind: "sample", key: "value` or `bad" }),
        };
        Ok(Line::Sample { t, signal, sample })
    }

    fn step(&mut self, flat: &Flat<'_>) -> Result<Line, LineError> {
        let signal = self.signal("signal", flat)?;
        let seconds =
            optional("step", &flat.step)?.ok_or(LineError::Missing { kind: "signal", key: "step" })?;
        match Duration::from_seconds_f64(seconds.get()) {
            Some(step) if !step.is_zero() => Ok(Line::Signal { signal, step }),
            _ => Err(wrong(
                "step",
                &brief(&seconds.get().to_string()),
                "a number of seconds above 0, at most ten years",
            )),
        }
    }

    fn baseline(&mut self, flat: &Flat<'_>) -> Result<Line, LineError> {
        let missing = |key: &'static str| LineError::Missing { kind: "baseline", key };
        let baseline = Baseline {
            median: optional("median", &flat.median)?.ok_or(missing("median"))?,
            p95: optional("p95", &flat.p95)?.ok_or(missing("p95"))?,
            worst: optional("worst", &flat.worst)?,
            count: match &flat.count {
                Some(Value::Whole(count)) => *count,
                Some(other) => return Err(other.wrong("count", "a whole number")),
                None => return Err(missing("count")),
            },
            counts: match (optional("bad", &flat.bad)?, optional("total", &flat.total)?) {
                (Some(bad), Some(total)) => Some(counts(bad, total)?),
                (None, None) => None,
                (Some(_), None) => return Err(missing("total")),
                (None, Some(_)) => return Err(missing("bad")),
            },
            window: match &flat.window {
                Some(Value::Texts(from, to)) => Some((time("window", from)?, time("window", to)?)),
                Some(other) => return Err(other.wrong("window", "a list of two times")),
                None => None,
            },
            source: match &flat.source {
                Some(Value::Text(source)) => Some(bounded(source).into_owned()),
                Some(other) => return Err(other.wrong("source", "a text")),
                None => None,
            },
        };
        Ok(Line::Baseline { signal: self.signal("baseline", flat)?, baseline })
    }

    fn signal(&mut self, kind: &'static str, flat: &Flat<'_>) -> Result<SignalName, LineError> {
        self.name(required(kind, "signal", &flat.signal)?)
    }

    fn name(&mut self, text: &str) -> Result<SignalName, LineError> {
        let place = self.names.partition_point(|known| known.as_str() < text);
        if let Some(known) = self.names.get(place).filter(|known| known.as_str() == text) {
            return Ok(known.clone());
        }
        let name: SignalName = text
            .parse()
            .map_err(|_| wrong("signal", &format!("`{}`", brief(text)), "the name of a signal"))?;
        if self.names.len() < MAX_NAMES {
            self.names.insert(place, name.clone());
        }
        Ok(name)
    }
}

fn start(flat: &Flat<'_>) -> Result<Line, LineError> {
    match &flat.version {
        Some(Value::Whole(version)) if *version == u64::from(VERSION) => {}
        Some(other) => return Err(LineError::Version(other.found())),
        None => return Err(LineError::Missing { kind: "start", key: "version" }),
    }
    Ok(Line::Start {
        t: flat.t("start")?,
        environment: kept("start", "environment", &flat.environment)?,
        policy_sha256: match &flat.policy_sha256 {
            Some(Value::Text(hash)) => bounded(hash).into_owned(),
            Some(other) => return Err(other.wrong("policy_sha256", "a text")),
            None => String::new(),
        },
    })
}

fn recovery(flat: &Flat<'_>) -> Result<Line, LineError> {
    let name = |key, value: &Option<Value<'_>>| match value {
        Some(_) => Ok(Some(text::brief(required("recovery", key, value)?).into_owned())),
        None => Ok(None),
    };
    let moment = |key, value: &Option<Value<'_>>| match value {
        Some(_) => time(key, required("recovery", key, value)?).map(Some),
        None => Ok(None),
    };
    let failed = match name("failed", &flat.failed)? {
        Some(release) => Some(FailedGate {
            release,
            reason: match &flat.reason {
                Some(_) => kept("recovery", "reason", &flat.reason)?,
                None => String::new(),
            },
            onset: moment("onset", &flat.onset)?,
            decided_at: moment("decided_at", &flat.decided_at)?,
        }),
        None => None,
    };
    Ok(Line::Recovery(Recovery {
        redeployed: name("redeployed", &flat.redeployed)?.unwrap_or_default(),
        rollback_started: moment("rollback_started", &flat.rollback_started)?,
        failed,
    }))
}

fn request(flat: &Flat<'_>) -> Result<Line, LineError> {
    let decision = decision("request", flat)?;
    if decision == Decision::Proceed {
        // Nobody may ask the gate to let a release through.
        return Err(wrong("decision", "`proceed`", "`hold` or `rollback`"));
    }
    let by = kept("request", "by", &flat.by)?;
    Ok(Line::Request { t: flat.t("request")?, decision, by })
}

/// A reason that this version does not know is an absence all the same.
fn absence(reason: String) -> Absence {
    Absence::parse(&reason).unwrap_or(Absence::Error(reason))
}

fn counts(bad: Finite, total: Finite) -> Result<Counts, LineError> {
    Counts::new(bad.get(), total.get()).ok_or_else(|| {
        wrong(
            "bad",
            &format!("{} of {}", bad.get(), total.get()),
            "a count that is not above `total`, which is at most 1e12",
        )
    })
}

fn decision(kind: &'static str, flat: &Flat<'_>) -> Result<Decision, LineError> {
    match required(kind, "decision", &flat.decision)? {
        "proceed" => Ok(Decision::Proceed),
        "hold" => Ok(Decision::Hold),
        "rollback" => Ok(Decision::Rollback),
        other => Err(wrong("decision", &format!("`{}`", brief(other)), "`proceed`, `hold` or `rollback`")),
    }
}

/// The text of a key that this kind of line needs.
fn required<'v>(
    kind: &'static str,
    key: &'static str,
    value: &'v Option<Value<'_>>,
) -> Result<&'v str, LineError> {
    match value {
        Some(Value::Text(text)) => Ok(text.as_ref()),
        Some(other) => Err(other.wrong(key, "a text")),
        None => Err(LineError::Missing { kind, key }),
    }
}

/// The same, bounded, to keep.
fn kept(kind: &'static str, key: &'static str, value: &Option<Value<'_>>) -> Result<String, LineError> {
    Ok(bounded(required(kind, key, value)?).into_owned())
}

/// The number of a key, where it stands.
fn optional(key: &'static str, value: &Option<Value<'_>>) -> Result<Option<Finite>, LineError> {
    let number = match value {
        None => return Ok(None),
        Some(Value::Number(number)) => *number,
        Some(Value::Whole(number)) => *number as f64,
        Some(other) => return Err(other.wrong(key, "a number")),
    };
    Finite::new(number).map(Some).ok_or_else(|| wrong(key, "not finite", "a number"))
}

fn time(key: &'static str, text: &str) -> Result<Timestamp, LineError> {
    text.parse().map_err(|_| {
        wrong(
            key,
            &format!("`{}`", brief(text)),
            "a time in RFC 3339 between the years 1678 and 2261, such as 2026-01-01T00:00:00Z",
        )
    })
}

fn wrong(key: &'static str, found: &str, expected: &'static str) -> LineError {
    LineError::Value { key, found: found.to_owned(), expected }
}

/// The beginning of an outside text, for a message.
fn brief(text: &str) -> String {
    beginning(text, 60)
}

fn beginning(text: &str, most: usize) -> String {
    text.chars().take(most).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The parser's message without its "at line 1", which would be mistaken for the journal's line.
fn without_line(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        // The parser's own words are short, but for what it repeats.
        Some((what, _)) => format!("{} at column {}", beginning(what, 120), error.column()),
        None => brief(&text),
    }
}

/// Every key that any kind of line has; others are passed over.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Flat<'a> {
    #[serde(borrow)]
    kind: Option<Value<'a>>,
    t: Option<Value<'a>>,
    signal: Option<Value<'a>>,
    value: Option<Value<'a>>,
    bad: Option<Value<'a>>,
    total: Option<Value<'a>>,
    reason: Option<Value<'a>>,
    version: Option<Value<'a>>,
    environment: Option<Value<'a>>,
    policy_sha256: Option<Value<'a>>,
    step: Option<Value<'a>>,
    median: Option<Value<'a>>,
    p95: Option<Value<'a>>,
    worst: Option<Value<'a>>,
    count: Option<Value<'a>>,
    window: Option<Value<'a>>,
    source: Option<Value<'a>>,
    text: Option<Value<'a>>,
    clears: Option<Value<'a>>,
    decision: Option<Value<'a>>,
    by: Option<Value<'a>>,
    redeployed: Option<Value<'a>>,
    rollback_started: Option<Value<'a>>,
    failed: Option<Value<'a>>,
    onset: Option<Value<'a>>,
    decided_at: Option<Value<'a>>,
}

impl Flat<'_> {
    fn t(&self, kind: &'static str) -> Result<Timestamp, LineError> {
        time("t", required(kind, "t", &self.t)?)
    }
}

/// A value of a key, as far as any key needs it.
enum Value<'a> {
    Number(f64),
    Whole(u64),
    Text(Cow<'a, str>),
    Texts(Cow<'a, str>, Cow<'a, str>),
    Other(&'static str),
}

impl Value<'_> {
    fn found(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Whole(number) => number.to_string(),
            Self::Text(text) => format!("`{}`", brief(text)),
            Self::Texts(..) => "a list".to_owned(),
            Self::Other(what) => (*what).to_owned(),
        }
    }

    fn wrong(&self, key: &'static str, expected: &'static str) -> LineError {
        LineError::Value { key, found: self.found(), expected }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Value<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ValueVisitor)
    }
}

struct ValueVisitor;

impl<'de> Visitor<'de> for ValueVisitor {
    type Value = Value<'de>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other("a boolean"))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number as f64))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(Value::Whole(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value<'de>, E> {
        Ok(Value::Number(number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other("null"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value<'de>, A::Error> {
        let first: Option<Value<'de>> = list.next_element()?;
        let second: Option<Value<'de>> = list.next_element()?;
        let mut more = false;
        while list.next_element::<IgnoredAny>()?.is_some() {
            more = true;
        }
        Ok(match (first, second, more) {
            (Some(Value::Text(first)), Some(Value::Text(second)), false) => Value::Texts(first, second),
            _ => Value::Other("a list"),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other("an object"))
    }
}
