//! KQL to Log Analytics and Application Insights.
//!
//! A query that bins gives a row for each step; one that does not is asked once for each step, for that step's time alone.

pub(super) mod answer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use self::answer::{Cells, Table};
use super::kql::{Kql, Shape};
use super::{OVERLAP, grid, iso, refusal};
use crate::Duration;
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{AzureLogsSpec, LogColumns, LogRead, LogScope};
use crate::sample::{Absence, Sample};
use crate::source::due::Due;
use crate::source::remark::plain;
use crate::source::track::{self, Asked, Samples, Track};
use crate::source::{PollWindow, Polled, ShownQuery, Source, SourceError, SourceSignal, World};
use crate::transport::{Address, AzureApi, Body, Header, Method, Request, Response, TransportError};

/// A query that does not bin is asked once for each step: of a long past, the newest so many.
const MOST_WHOLE: u64 = 60;

/// The source.
#[derive(Debug)]
pub(crate) struct Logs {
    spec: AzureLogsSpec,
    lanes: Vec<Lane>,
    tracks: Vec<Track>,
}

/// What one signal reads.
#[derive(Debug)]
struct Lane {
    kql: Kql,
    columns: LogColumns,
    empty: Option<f64>,
}

/// One question: a query and the time that it is for. Signals that ask the same share it.
type Question = (String, String);

/// What came of each question.
type Answers = BTreeMap<Question, Result<Table, Absence>>;

impl Logs {
    pub(crate) fn new(spec: &AzureLogsSpec) -> Result<Self, SourceError> {
        if spec.signals.is_empty() {
            return Err(SourceError::NoSignals { kind: "log-analytics" });
        }
        let (mut lanes, mut tracks) = (Vec::new(), Vec::new());
        for (signal, LogRead { query, step, columns, empty }) in &spec.signals {
            let kql =
                Kql::parse(query, *step).map_err(|why| SourceError::Kql { signal: signal.clone(), why })?;
            if kql.step().is_zero() {
                return Err(SourceError::NoInterval { kind: "log-analytics" });
            }
            let overlap = match kql.shape() {
                Shape::Binned => OVERLAP,
                Shape::Whole => 0,
            };
            tracks.push(Track::new(signal.clone(), grid(kql.step(), spec.ingestion_delay), overlap));
            lanes.push(Lane { kql, columns: columns.clone(), empty: *empty });
        }
        Ok(Self { spec: spec.clone(), lanes, tracks })
    }

    fn ask(&self, asked: &Asked, window: &PollWindow, world: &World<'_>) -> Vec<Samples> {
        let lane = |(index, due): &(usize, Due)| Some((self.lanes.get(*index)?, *due));
        let questions: BTreeSet<Question> =
            asked.iter().filter_map(lane).flat_map(|(lane, due)| lane.questions(due)).collect();
        let timeout = self.spec.timeout.min(window.timeout);
        let questions: Vec<Question> = questions.into_iter().collect();
        let requests: Vec<Request> = questions
            .iter()
            .map(|(query, timespan)| request(&self.spec.scope, query, timespan, timeout))
            .collect();
        let outcomes = world.transport.send_all(&requests);
        let read = |outcome: &Result<Response, TransportError>| read(outcome, &self.spec.scope);
        let answers: Answers = questions.into_iter().zip(outcomes.iter().map(read)).collect();
        asked.iter().filter_map(lane).map(|(lane, due)| lane.samples(due, &answers)).collect()
    }
}

/// A query to a scope, for a time.
pub(super) fn request(scope: &LogScope, query: &str, timespan: &str, timeout: Duration) -> Request {
    let (api, path) = match scope {
        LogScope::Workspace(id) => (AzureApi::LogAnalytics, format!("/v1/workspaces/{id}/query")),
        LogScope::Resource(id) => (AzureApi::LogAnalytics, format!("/v1{id}/query")),
        LogScope::Application(id) => (AzureApi::ApplicationInsights, format!("/v1/apps/{id}/query")),
    };
    let body = serde_json::json!({ "query": query, "timespan": timespan }).to_string().into_bytes();
    // The service gives up when nobody waits any more.
    let wait = timeout.as_nanos().div_ceil(1_000_000_000).clamp(1, 600);
    Request {
        method: Method::Post,
        headers: vec![Header::plain("Prefer", format!("wait={wait}"))],
        body: Some(Body { content_type: "application/json", bytes: body }),
        ..Request::get(Address::Azure(api), path, timeout)
    }
}

/// Reads an answer, or says why it is no result.
pub(super) fn read(outcome: &Result<Response, TransportError>, scope: &LogScope) -> Result<Table, Absence> {
    let (api, place) = match scope {
        LogScope::Workspace(id) => (AzureApi::LogAnalytics, format!("the workspace {id}")),
        LogScope::Resource(id) => (AzureApi::LogAnalytics, id.to_string()),
        LogScope::Application(id) => (AzureApi::ApplicationInsights, format!("the application {id}")),
    };
    Table::read(refusal::success(outcome, &api, &place)?)
}

impl Lane {
    /// What is asked for some points.
    fn questions(&self, due: Due) -> Vec<Question> {
        let text = self.kql.text();
        match self.kql.shape() {
            Shape::Binned => vec![(text, iso::timespan(due.first - due.step, due.last))],
            Shape::Whole => {
                due.times().map(|at| (text.clone(), iso::timespan_before(at - due.step, at))).collect()
            }
        }
    }

    fn samples(&self, due: Due, answers: &Answers) -> Samples {
        let mut rows: BTreeMap<i64, Cells<'_>> = BTreeMap::new();
        for (question, at) in self.questions(due).into_iter().zip(due.times()) {
            let table = match answers.get(&question) {
                Some(Ok(table)) => table,
                Some(Err(absence)) => return Err(absence.clone()),
                None => return Err(Absence::NoData),
            };
            match self.kql.shape() {
                Shape::Binned => rows.extend(table.binned(due.step)?),
                Shape::Whole => rows.extend(table.only_row()?.map(|row| (at, row))),
            }
        }
        due.times().map(|at| Ok((at, self.sample(rows.get(&at))?))).collect()
    }

    fn sample(&self, row: Option<&Cells<'_>>) -> Result<Sample, Absence> {
        let Some(row) = row else {
            return Ok(match (&self.columns, self.empty) {
                (LogColumns::Value { total: None, .. }, Some(empty)) => Sample::from_number(empty),
                _ => Sample::Absent(Absence::NoData),
            });
        };
        Ok(match &self.columns {
            LogColumns::Value { value, total } => {
                let number = row.number(value)?.or(self.empty);
                match (number, total) {
                    (Some(number), None) => Sample::from_number(number),
                    (None, None) => Sample::Absent(Absence::NoData),
                    (number, Some(total)) => match row.number(total)? {
                        Some(total) => Sample::from_quantile(number.unwrap_or(f64::NAN), total),
                        None => Sample::Absent(Absence::NoData),
                    },
                }
            }
            LogColumns::Ratio { bad, total } => match (row.number(bad)?.or(self.empty), row.number(total)?) {
                (Some(bad), Some(total)) => Sample::from_counts(bad, total),
                _ => Sample::Absent(Absence::NoData),
            },
        })
    }
}

impl Source for Logs {
    fn describe(&self) -> String {
        plain(&describe(&self.spec.scope))
    }

    fn signals(&self) -> Vec<SourceSignal> {
        let signal = |(track, lane): (&Track, &Lane)| SourceSignal {
            signal: track.signal.clone(),
            reading: match lane.columns {
                LogColumns::Value { .. } => ReadingKind::Value,
                LogColumns::Ratio { .. } => ReadingKind::Counts,
            },
            step: track.grid.step,
            span: track.grid.span,
            ingestion_delay: track.grid.delay,
        };
        self.tracks.iter().zip(&self.lanes).map(signal).collect()
    }

    fn interval(&self) -> Duration {
        self.tracks.iter().map(|track| track.grid.step).min().unwrap_or_default()
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let ask = |source: &Self, asked: &Asked| source.ask(asked, window, world);
        track::poll(self, |source| &mut source.tracks, window, ask)
    }

    fn history(&mut self, window: &PollWindow, world: &World<'_>) -> Option<Polled> {
        let mut polled = Polled::default();
        for shape in [Shape::Binned, Shape::Whole] {
            let of_shape = |(_, lane): &(&Track, &Lane)| lane.kql.shape() == shape;
            let chosen: Vec<usize> = self
                .tracks
                .iter()
                .zip(&self.lanes)
                .enumerate()
                .filter(|(_, pair)| of_shape(pair))
                .map(|(at, _)| at)
                .collect();
            let tracks: Vec<Track> = chosen
                .iter()
                .filter_map(|index| self.tracks.get(*index))
                .map(|track| Track::new(track.signal.clone(), track.grid, 0))
                .collect();
            let longest = tracks.iter().map(|track| track.grid.step).max().unwrap_or_default();
            let back = longest.times(MOST_WHOLE).plus(self.spec.ingestion_delay);
            let start = match shape {
                Shape::Binned => window.start,
                Shape::Whole => window.start.max(window.scheduled - back),
            };
            let window = PollWindow { start, ..*window };
            let observations = track::read_past(&tracks, &window, |asked| {
                let own: Asked =
                    asked.iter().filter_map(|(at, due)| Some((*chosen.get(*at)?, *due))).collect();
                self.ask(&own, &window, world)
            });
            polled.observations.extend(observations);
        }
        Some(polled)
    }

    fn queries(&self) -> Vec<ShownQuery> {
        let shown = |(track, lane): (&Track, &Lane)| ShownQuery {
            signal: track.signal.clone(),
            text: format!("{}\nin {}", lane.kql.text(), describe(&self.spec.scope)),
        };
        self.tracks.iter().zip(&self.lanes).map(shown).collect()
    }
}

/// Where it reads, in words.
pub(crate) fn describe(scope: &LogScope) -> String {
    match scope {
        LogScope::Workspace(id) => format!("log-analytics workspace {id}"),
        LogScope::Resource(id) => format!("logs of {} {}", id.kind(), id.name()),
        LogScope::Application(id) => format!("application-insights {id}"),
    }
}

/// What a query of a policy gives, by the columns that it names.
pub(crate) fn columns_of(query: &str) -> LogColumns {
    let assigns = |name: &str| Kql::parse(query, None).is_ok_and(|kql| kql.assigns(name));
    let total = assigns("total").then(|| "total".to_owned());
    match (assigns("bad"), total) {
        (true, Some(total)) => LogColumns::Ratio { bad: "bad".to_owned(), total },
        (_, total) => LogColumns::Value { value: "value".to_owned(), total },
    }
}

/// The grain of a query's rows, where it can be asked at all.
pub(crate) fn step_of(query: &str, step: Option<Duration>) -> Option<Duration> {
    Kql::parse(query, step).ok().map(|kql| kql.step())
}
