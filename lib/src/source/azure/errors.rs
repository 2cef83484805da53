//! Error patterns that were not there before the deployment: exceptions of Application Insights, grouped by their problem.
//!
//! The value is how many patterns are new since the deployment; what they are stands in notes.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use super::logs::answer::Table;
use super::{logs, refusal};
use crate::azure::ResourceId;
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{AzureErrorsSpec, LogScope};
use crate::sample::{Absence, Sample};
use crate::source::remark::{bounded, note, plain};
use crate::source::{
    Observation, PollWindow, Polled, ShownQuery, Source, SourceError, SourceNote, SourceSignal, World,
};
use crate::transport::{AzureApi, Request};
use crate::{Duration, Timestamp};

/// How often it asks, and the grain of its times.
const STEP: Duration = Duration::from_secs(60);
/// The most new patterns that are counted: beyond, a release is broken whatever their number.
const MOST_PATTERNS: usize = 100;

/// The longest link that a note holds whole.
const LONGEST_LINK: usize = 270;

/// The source.
#[derive(Debug)]
pub(crate) struct Errors {
    spec: AzureErrorsSpec,
    /// Up to when it has answered.
    answered: Option<Timestamp>,
    /// The patterns that were told.
    told: BTreeSet<String>,
}

/// A pattern that is new.
struct Pattern {
    text: String,
    count: f64,
    first: String,
    message: String,
}

impl Errors {
    pub(crate) fn new(spec: &AzureErrorsSpec) -> Result<Self, SourceError> {
        let role = spec.role.as_deref().unwrap_or_default();
        if role.contains(['\'', '\\', '\n', '\r']) {
            return Err(SourceError::Kql {
                signal: spec.signal.clone(),
                why: super::KqlError::Unbalanced("the role has a quote or a backslash in it"),
            });
        }
        Ok(Self { spec: spec.clone(), answered: None, told: BTreeSet::new() })
    }

    /// The newest time that is whole by now.
    fn until(&self, window: &PollWindow) -> Timestamp {
        let step = i64::try_from(STEP.as_nanos()).unwrap_or(i64::MAX);
        let settled = (window.scheduled - self.spec.ingestion_delay).as_nanos();
        Timestamp::from_nanos(settled.div_euclid(step) * step)
    }

    fn look(
        &self,
        window: &PollWindow,
        until: Timestamp,
        world: &World<'_>,
    ) -> Result<Vec<Pattern>, Absence> {
        let scope = LogScope::Resource(self.spec.resource.clone());
        let timeout = self.spec.timeout.min(window.timeout);
        let from = window.start - self.spec.known;
        let timespan = format!("{from}/{until}");
        let ask = |query: &str| -> Request { logs::request(&scope, query, &timespan, timeout) };
        let queries = [self.patterns_query(from, window.start, until), self.life_query(window.start, until)];
        let outcomes = world.transport.send_all(&queries.map(|query| ask(&query)));
        let [patterns, life] = outcomes.as_slice() else { return Err(Absence::NoData) };
        let table = |outcome| {
            refusal::success(outcome, &AzureApi::LogAnalytics, self.spec.resource.as_str())
                .and_then(Table::read)
        };
        // No telemetry at all is no proof that nothing went wrong.
        let life = table(life)?;
        let alive = life.only_row()?.map(|row| row.number("value")).transpose()?.flatten().unwrap_or(0.0);
        if alive <= 0.0 {
            return Err(Absence::NoData);
        }
        let patterns = table(patterns)?;
        let pattern = |row: logs::answer::Cells<'_>| {
            Ok(Pattern {
                text: bounded(&row.text("pattern"), 100),
                count: row.number("after")?.unwrap_or(0.0),
                first: bounded(&row.text("first"), 30),
                message: bounded(&row.text("message"), 120),
            })
        };
        patterns.rows().map(pattern).collect()
    }

    fn role(&self) -> String {
        self.spec.role.as_ref().map_or_else(String::new, |role| format!(" and AppRoleName == '{role}'"))
    }

    fn patterns_query(&self, from: Timestamp, start: Timestamp, until: Timestamp) -> String {
        let role = self.role();
        format!(
            "AppExceptions\n\
             | where TimeGenerated >= datetime({from}) and TimeGenerated < datetime({until}){role}\n\
             | extend words = replace_regex(substring(OuterMessage, 0, 160), @'[0-9a-fA-F-]{{8,}}|[0-9]+', '#')\n\
             | extend pattern = iff(isempty(ProblemId), strcat(ExceptionType, ': ', words), ProblemId)\n\
             | summarize before = sumif(ItemCount, TimeGenerated < datetime({start})), \
             after = sumif(ItemCount, TimeGenerated >= datetime({start})), \
             first = minif(TimeGenerated, TimeGenerated >= datetime({start})), \
             message = take_anyif(OuterMessage, TimeGenerated >= datetime({start})) by pattern\n\
             | where after > 0 and before == 0\n\
             | order by first asc\n\
             | take {MOST_PATTERNS}"
        )
    }

    /// Whether the service sends telemetry at all.
    fn life_query(&self, start: Timestamp, until: Timestamp) -> String {
        let role = self.role();
        format!(
            "union AppRequests, AppDependencies, AppTraces, AppExceptions\n\
             | where TimeGenerated >= datetime({start}) and TimeGenerated < datetime({until}){role}\n\
             | summarize value = sum(ItemCount)"
        )
    }

    /// The evidence: each new pattern once, and where to look on.
    fn tell(&mut self, patterns: &[Pattern], world: &World<'_>) -> Vec<SourceNote> {
        let mut notes = Vec::new();
        if self.told.is_empty() && !patterns.is_empty() {
            let portal = world.transport.azure_identity().map(|identity| identity.portal);
            if let Some(portal) = portal {
                let place = place_of_failures(portal, &self.spec.resource);
                note(&mut notes, Some(&self.spec.signal), &format!("new errors are at {place}"));
            }
        }
        for pattern in patterns {
            if self.told.len() < MOST_PATTERNS && self.told.insert(pattern.text.clone()) {
                let Pattern { text, count, first, message } = pattern;
                let text = format!("new error `{text}`, {count} times since {first}: {message}");
                note(&mut notes, Some(&self.spec.signal), &text);
            }
        }
        notes
    }

    fn observation(&self, at: Timestamp, patterns: &Result<Vec<Pattern>, Absence>) -> Observation {
        let sample = match patterns {
            Ok(patterns) => Sample::from_number(patterns.len() as f64),
            Err(absence) => Sample::Absent(absence.clone()),
        };
        Observation { at, signal: self.spec.signal.clone(), sample }
    }
}

/// Where the portal shows the failures of a resource. A link that is cut off leads nowhere: then the place stands in words.
fn place_of_failures(portal: &str, resource: &ResourceId) -> String {
    let link = format!("{portal}/#resource{}/failures", escaped(resource.as_str()));
    match link.len() <= LONGEST_LINK {
        true => link,
        false => format!("{portal}, on the page Failures of {}", bounded(resource.name(), 100)),
    }
}

/// The id of a resource as it stands in a link: names of groups may have brackets and letters that end one.
fn escaped(id: &str) -> String {
    let mut link = String::new();
    for byte in id.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' => link.push(char::from(byte)),
            byte if byte.is_ascii_alphanumeric() => link.push(char::from(byte)),
            byte => link.push_str(&format!("%{byte:02X}")),
        }
    }
    link
}

impl Source for Errors {
    fn describe(&self) -> String {
        plain(&format!("new errors of {} {}", self.spec.resource.kind(), self.spec.resource.name()))
    }

    fn signals(&self) -> Vec<SourceSignal> {
        vec![SourceSignal {
            signal: self.spec.signal.clone(),
            reading: ReadingKind::Value,
            step: STEP,
            span: Duration::ZERO,
            ingestion_delay: self.spec.ingestion_delay,
        }]
    }

    fn interval(&self) -> Duration {
        STEP
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let until = self.until(window);
        if until <= window.start || self.answered.is_some_and(|answered| answered >= until) {
            return Polled::default();
        }
        let patterns = self.look(window, until, world);
        let observations = vec![self.observation(until, &patterns)];
        let mut notes = Vec::new();
        if let Ok(patterns) = &patterns {
            self.answered = Some(until);
            notes = self.tell(patterns, world);
        }
        Polled { observations, notes }
    }

    fn history(&mut self, window: &PollWindow, world: &World<'_>) -> Option<Polled> {
        let until = self.until(window);
        if until <= window.start {
            return Some(Polled::default());
        }
        let patterns = self.look(window, until, world);
        Some(Polled { observations: vec![self.observation(until, &patterns)], notes: Vec::new() })
    }

    fn queries(&self) -> Vec<ShownQuery> {
        let example = Timestamp::from_secs(1_767_225_600);
        let query = self.patterns_query(example - self.spec.known, example, example + STEP);
        let text = format!("{query}\nin {} (with the deployment at {example})", self.spec.resource);
        vec![ShownQuery { signal: self.spec.signal.clone(), text }]
    }
}
