//! A line of the journal as text.

use std::fmt::{Display, Write as _};

use super::text::{bounded, brief};
use super::{Line, VERSION};
use crate::gate::Recovery;
use crate::sample::{Reading, Sample};
use crate::steering::steers;
use crate::{Baseline, Duration, Finite, Timestamp};

/// One line of the journal, without its line end.
///
/// Numbers are the shortest that read back as the same number. A text above 4,000 bytes is cut and ends in `…`.
/// Characters that would steer a terminal or a pipeline's log (escapes, `##vso[`) are written as `\u` escapes.
///
/// ```
/// use runbook_gate::journal;
///
/// let line = journal::parse_line(r#"{"kind":"tick","t":"2026-01-01T01:00:00+01:00"}"#)?;
/// assert_eq!(journal::write(&line), r#"{"kind":"tick","t":"2026-01-01T00:00:00Z"}"#);
/// # Ok::<(), journal::LineError>(())
/// ```
#[must_use]
pub fn write(line: &Line) -> String {
    match line {
        Line::Start { t, environment, policy_sha256 } => {
            let mut object = Object::new("start");
            object.plain("version", VERSION);
            object.quoted("t", t);
            object.text("environment", environment);
            object.text("policy_sha256", policy_sha256);
            object.close()
        }
        Line::Recovery(recovery) => {
            let mut object = Object::new("recovery");
            object.recovery(recovery);
            object.close()
        }
        Line::Signal { signal, step } => {
            let mut object = Object::new("signal");
            object.quoted("signal", signal);
            object.plain("step", seconds(*step));
            object.close()
        }
        Line::Baseline { signal, baseline } => {
            let mut object = Object::new("baseline");
            object.quoted("signal", signal);
            object.baseline(baseline);
            object.close()
        }
        Line::Sample { t, signal, sample } => {
            let mut object =
                Object::new(if matches!(sample, Sample::Known(_)) { "sample" } else { "absent" });
            object.quoted("t", t);
            object.quoted("signal", signal);
            match sample {
                Sample::Known(Reading::Value { value, total }) => {
                    object.number("value", value.get());
                    object.optional("total", *total);
                }
                Sample::Known(Reading::Counts(counts)) => {
                    object.number("bad", counts.bad());
                    object.number("total", counts.total());
                }
                Sample::Absent(reason) => object.text("reason", &reason.to_string()),
            }
            object.close()
        }
        Line::Tick { t } => Object::at("tick", t).close(),
        Line::Note { t, signal, text, clears } => {
            let mut object = Object::at("note", t);
            if let Some(signal) = signal {
                object.quoted("signal", signal);
            }
            object.text("text", text);
            if let Some(clears) = clears {
                object.text("clears", clears);
            }
            object.close()
        }
        Line::Request { t, decision, by } => {
            let mut object = Object::at("request", t);
            object.quoted("decision", decision);
            object.text("by", by);
            object.close()
        }
        Line::Unserved { t, reason } => {
            let mut object = Object::at("unserved", t);
            object.text("reason", reason);
            object.close()
        }
        Line::Cancel { t, by } => {
            let mut object = Object::at("cancel", t);
            object.text("by", by);
            object.close()
        }
        Line::Decision { t, decision, reason } => {
            let mut object = Object::at("decision", t);
            object.quoted("decision", decision);
            object.text("reason", reason);
            object.close()
        }
        Line::End { t } => Object::at("end", t).close(),
    }
}

/// A JSON object that is being written.
struct Object(String);

impl Object {
    fn new(kind: &'static str) -> Self {
        let mut text = String::with_capacity(120);
        text.push_str("{\"kind\":\"");
        text.push_str(kind);
        text.push('"');
        Self(text)
    }

    fn at(kind: &'static str, t: &crate::Timestamp) -> Self {
        let mut object = Self::new(kind);
        object.quoted("t", t);
        object
    }

    fn close(mut self) -> String {
        self.0.push('}');
        self.0
    }

    fn key(&mut self, key: &'static str) {
        self.0.push_str(",\"");
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    /// A value that is JSON as it prints.
    fn plain(&mut self, key: &'static str, value: impl Display) {
        self.key(key);
        let _ = write!(self.0, "{value}");
    }

    /// A value that prints without anything to escape: a time, a signal's name, a decision.
    fn quoted(&mut self, key: &'static str, value: &impl Display) {
        self.key(key);
        let _ = write!(self.0, "\"{value}\"");
    }

    fn number(&mut self, key: &'static str, number: f64) {
        self.key(key);
        push_number(&mut self.0, number);
    }

    fn optional(&mut self, key: &'static str, number: Option<Finite>) {
        if let Some(number) = number {
            self.number(key, number.get());
        }
    }

    fn text(&mut self, key: &'static str, text: &str) {
        self.key(key);
        push_text(&mut self.0, text);
    }

    fn recovery(&mut self, recovery: &Recovery) {
        self.text("redeployed", &brief(&recovery.redeployed));
        self.time("rollback_started", recovery.rollback_started);
        if let Some(failed) = &recovery.failed {
            self.text("failed", &brief(&failed.release));
            self.text("reason", &failed.reason);
            self.time("onset", failed.onset);
            self.time("decided_at", failed.decided_at);
        }
    }

    fn time(&mut self, key: &'static str, time: Option<Timestamp>) {
        if let Some(time) = time {
            self.quoted(key, &time);
        }
    }

    fn baseline(&mut self, baseline: &Baseline) {
        self.number("median", baseline.median.get());
        self.number("p95", baseline.p95.get());
        self.optional("worst", baseline.worst);
        self.plain("count", baseline.count);
        if let Some(counts) = baseline.counts {
            self.number("bad", counts.bad());
            self.number("total", counts.total());
        }
        if let Some((from, to)) = baseline.window {
            self.key("window");
            let _ = write!(self.0, "[\"{from}\",\"{to}\"]");
        }
        if let Some(source) = &baseline.source {
            self.text("source", source);
        }
    }
}

/// The shortest digits that read back as the same number; an exponent where plain digits would be long.
fn push_number(out: &mut String, number: f64) {
    let size = number.abs();
    let _ = if size == 0.0 || (1e-7..1e17).contains(&size) {
        write!(out, "{number}")
    } else {
        write!(out, "{number:e}")
    };
}

/// Whole seconds, or as many decimals as the nanoseconds need.
fn seconds(step: Duration) -> String {
    let (whole, fraction) = (step.as_nanos() / 1_000_000_000, step.as_nanos() % 1_000_000_000);
    if fraction == 0 {
        return whole.to_string();
    }
    format!("{whole}.{fraction:09}").trim_end_matches('0').to_owned()
}

/// A JSON string with everything escaped that is not plainly printable.
fn push_text(out: &mut String, text: &str) {
    out.push('"');
    let mut after_hash = false;
    for character in bounded(text).chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            // `##vso[` and `##[` in a log are commands to a pipeline's agent.
            '#' if after_hash => out.push_str("\\u0023"),
            _ if steers(character) => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            _ => out.push(character),
        }
        after_hash = character == '#';
    }
    out.push('"');
}
