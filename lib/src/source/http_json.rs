//! A number in a JSON document over HTTP.

#[cfg(test)]
mod tests;

use serde_json::Value;

use super::remark::{self, Secrets};
use super::{
    Observation, PollWindow, Polled, Source, SourceError, SourceSignal, World, interval_of, unanswered,
};
use crate::criterion::{Cmp, Quantity};
use crate::json;
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{HttpJsonRead, HttpJsonSpec};
use crate::sample::{Absence, Sample, State};
use crate::transport::{Request, Response};
use crate::{Duration, SignalName};

/// The largest document, in bytes.
const LARGEST_ANSWER: usize = 1024 * 1024;

/// The http-json source.
#[derive(Debug)]
pub(super) struct HttpJson {
    spec: HttpJsonSpec,
    secrets: Secrets,
}

/// What stands at a pointer.
enum Found {
    Number(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// Nothing stands there, or `null`.
    Nothing,
}

impl HttpJson {
    pub(super) fn new(spec: &HttpJsonSpec) -> Result<Self, SourceError> {
        interval_of("http-json", spec.interval)?;
        let pointers = match &spec.read {
            HttpJsonRead::Value { pointer, .. } => [Some(pointer), None],
            HttpJsonRead::Ratio { bad, total } => [Some(bad), Some(total)],
        };
        for pointer in pointers.into_iter().flatten() {
            check_pointer(spec.signal.as_str(), pointer)?;
        }
        Ok(Self { spec: spec.clone(), secrets: Secrets::of(&spec.headers, [&spec.address]) })
    }

    fn read(&self, response: &Response) -> Sample {
        if !matches!(response.status, 200..=299) {
            return Sample::Absent(unanswered::refused(response, "; check the path", &self.secrets));
        }
        let document = match response.body.trim_ascii() {
            // An empty body, as of status 204, is an empty answer.
            [] => Value::Null,
            body => match json::read(body) {
                Ok(document) => document,
                Err(error) => return self.fail(&format!("the answer is not JSON: {error}")),
            },
        };
        let sample = match &self.spec.read {
            HttpJsonRead::Value { pointer, expect } => {
                find(&document, pointer).map(|found| self.value(&found, expect.as_ref()))
            }
            HttpJsonRead::Ratio { bad, total } => {
                find(&document, bad).and_then(|bad| Ok(self.counts(&bad, &find(&document, total)?)))
            }
        };
        sample.unwrap_or_else(|why| self.fail(&why))
    }

    fn value(&self, found: &Found, expect: Option<&(Cmp, Quantity)>) -> Sample {
        let number = match (found, &self.spec.empty) {
            (Found::Boolean(boolean), _) => match self.spec.amount {
                Some(amount) => return self.fail(&format!("{boolean} is no {}", amount.words())),
                None => f64::from(u8::from(*boolean)),
            },
            (Found::Number(number), _) | (Found::Nothing, Some(number)) => *number,
            (Found::Nothing, None) => return Sample::Absent(Absence::NoData),
        };
        match expect {
            None => Sample::from_number(number),
            Some(_) if !number.is_finite() => Sample::Absent(Absence::NoData),
            Some((cmp, wanted)) => Sample::from_state(match cmp.holds(number, wanted.base()) {
                true => State::Passing,
                false => State::Failing,
            }),
        }
    }

    fn counts(&self, bad: &Found, total: &Found) -> Sample {
        match (bad, total, &self.spec.empty) {
            (Found::Number(bad), Found::Number(total), _)
            | (Found::Nothing, Found::Number(total), Some(bad)) => Sample::from_counts(*bad, *total),
            (Found::Boolean(boolean), ..) | (_, Found::Boolean(boolean), _) => {
                self.fail(&format!("{boolean} is no number of events"))
            }
            _ => Sample::Absent(Absence::NoData),
        }
    }

    fn fail(&self, why: &str) -> Sample {
        Sample::Absent(Absence::Error(self.secrets.plain(why)))
    }
}

impl Source for HttpJson {
    fn describe(&self) -> String {
        format!("http-json {}", remark::place(&self.spec.address))
    }

    fn signals(&self) -> Vec<SourceSignal> {
        vec![SourceSignal {
            signal: self.spec.signal.clone(),
            reading: match &self.spec.read {
                HttpJsonRead::Value { expect: Some(_), .. } => ReadingKind::State,
                HttpJsonRead::Value { expect: None, .. } => ReadingKind::Value,
                HttpJsonRead::Ratio { .. } => ReadingKind::Counts,
            },
            step: self.spec.interval,
            span: match &self.spec.read {
                HttpJsonRead::Value { .. } => Duration::ZERO,
                HttpJsonRead::Ratio { .. } => self.spec.interval,
            },
            ingestion_delay: Duration::ZERO,
        }]
    }

    fn interval(&self) -> Duration {
        self.spec.interval
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let timeout = self.spec.timeout.min(window.timeout);
        let request = Request {
            headers: self.spec.headers.clone(),
            max_bytes: LARGEST_ANSWER,
            ..Request::get(self.spec.address.clone(), String::new(), timeout)
        };
        let sample = match world.transport.send(&request) {
            Ok(response) => self.read(&response),
            Err(error) => Sample::Absent(unanswered::failed(&error, &self.secrets)),
        };
        let observation = Observation { at: window.scheduled, signal: self.spec.signal.clone(), sample };
        Polled { observations: vec![observation], notes: Vec::new() }
    }

    fn history(&mut self, _: &PollWindow, _: &World<'_>) -> Option<Polled> {
        None
    }
}

/// What stands at a pointer, where a text is read as the number that it writes.
fn find(document: &Value, pointer: &str) -> Result<Found, String> {
    let is = |what: &str| Err(format!("at `{pointer}` stands {what}, not a number"));
    match document.pointer(pointer) {
        None | Some(Value::Null) => Ok(Found::Nothing),
        Some(Value::Bool(boolean)) => Ok(Found::Boolean(*boolean)),
        Some(Value::Number(number)) => Ok(Found::Number(number.as_f64().unwrap_or(f64::NAN))),
        Some(Value::String(text)) => match text.trim().parse() {
            Ok(number) => Ok(Found::Number(number)),
            Err(_) => is(&format!("the text `{}`", remark::bounded(text, 40))),
        },
        Some(Value::Array(_)) => is("a list"),
        Some(Value::Object(_)) => is("an object"),
    }
}

/// Whether a text is a JSON pointer (RFC 6901).
pub(super) fn check_pointer(signal: &str, pointer: &str) -> Result<(), SourceError> {
    let escaped = |text: &str| text.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
    if (pointer.is_empty() || pointer.starts_with('/')) && escaped(pointer) {
        return Ok(());
    }
    let signal: SignalName = super::named(signal)?;
    Err(SourceError::Pointer { signal, pointer: remark::bounded(pointer, 80) })
}
