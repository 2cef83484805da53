//! Range queries to a Prometheus server, or to one that speaks its HTTP API.
//!
//! Each poll asks only for what is new, with an overlap for late points. Counts are read window after window, so that no
//! event counts twice; `$window` is their step. What is partial, doubtful, or several series is no result.

mod answer;
mod due;
mod names;
mod query;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use url::form_urlencoded;

use super::remark::{self, Secrets};
use super::{
    Observation, PollWindow, Polled, Source, SourceError, SourceNote, SourceSignal, World, interval_of,
};
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{PrometheusRead, PrometheusSpec};
use crate::sample::{Absence, Sample};
use crate::transport::{Body, Method, Request};
use crate::{Duration, SignalName};
use answer::Answer;
use due::{Due, Grid, timestamp};
use query::{Query, seconds};

pub(super) use names::why_silent;
pub use query::QueryError;

/// How many points before the newest are asked for again, for late data.
const OVERLAP: u32 = 2;

/// `$window` spans at least so many scrapes: fewer leave an increase to chance.
const SCRAPES: u64 = 4;

/// How long a series that stopped is still taken for its last value, at least. Servers would do so for five minutes,
/// which is long enough to call a dead service healthy. Prometheus heeds it from 2.44 on; what does not, ignores it.
const SHORTEST_LOOKBACK: Duration = Duration::from_secs(120);

/// The most different remarks that are made or passed on.
const MOST_INFOS: usize = 20;

/// The Prometheus source.
#[derive(Debug)]
pub(super) struct Prometheus {
    spec: PrometheusSpec,
    series: Vec<Series>,
    secrets: Secrets,
    said: BTreeSet<String>,
}

/// One signal.
#[derive(Debug)]
struct Series {
    signal: SignalName,
    read: Read,
    grid: Grid,
    /// The newest point that a query has answered for.
    answered: Option<i64>,
    /// What was given for the points that are still asked for again.
    given: BTreeMap<i64, Sample>,
}

#[derive(Debug)]
enum Read {
    Value { query: Query, total: Option<Query>, empty: Option<f64> },
    Ratio { bad: Query, total: Query, empty: Option<f64> },
}

/// How far a signal's past has been read.
#[derive(Clone, Copy, Debug)]
enum Reached {
    Start,
    Point(i64),
    GivenUp,
}

/// One query of a poll; signals that ask the same share it.
type Asked = (String, Due);

/// What came of each query.
type Answers = BTreeMap<Asked, Result<Answer, Absence>>;

impl Prometheus {
    pub(super) fn new(spec: &PrometheusSpec) -> Result<Self, SourceError> {
        if spec.signals.is_empty() {
            return Err(SourceError::NoSignals { kind: "prometheus" });
        }
        let step = interval_of("prometheus", spec.step)?;
        let window = step.max(spec.scrape_interval.times(SCRAPES));
        let mut series = Vec::new();
        for (signal, read) in &spec.signals {
            let wrong = |why| SourceError::Query { signal: signal.clone(), why };
            let read = Read::parse(read).map_err(wrong)?;
            let span = if read.spans_window() { window } else { Duration::ZERO };
            let step = match read {
                Read::Ratio { .. } => step.max(span),
                Read::Value { .. } => step,
            };
            let grid = Grid { step, span, delay: spec.ingestion_delay };
            series.push(Series {
                signal: signal.clone(),
                read,
                grid,
                answered: None,
                given: BTreeMap::new(),
            });
        }
        let secrets = Secrets::of(&spec.headers, [&spec.address]);
        Ok(Self { spec: spec.clone(), series, secrets, said: BTreeSet::new() })
    }

    /// Sends each query once.
    fn ask(&self, asked: BTreeSet<Asked>, window: &PollWindow, world: &World<'_>) -> Answers {
        let timeout = self.spec.timeout.min(window.timeout);
        let asked: Vec<Asked> = asked.into_iter().collect();
        let requests: Vec<Request> =
            asked.iter().map(|(query, due)| self.request(query, *due, timeout)).collect();
        let answers = world.transport.send_all(&requests);
        let answers = answers.iter().map(|answer| answer::read(answer, &self.secrets));
        // A transport that gives fewer answers than requests has not answered.
        asked.into_iter().zip(answers.chain(std::iter::repeat(Err(Absence::NoData)))).collect()
    }

    fn request(&self, query: &str, due: Due, timeout: Duration) -> Request {
        let lookback = self.spec.scrape_interval.times(SCRAPES).max(SHORTEST_LOOKBACK);
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("query", query)
            .append_pair("start", &due::seconds(due.first))
            .append_pair("end", &due::seconds(due.last))
            .append_pair("step", &due::seconds(due.step))
            .append_pair("timeout", &seconds(timeout))
            .append_pair("lookback_delta", &seconds(lookback))
            .finish();
        Request {
            method: Method::Post,
            headers: self.spec.headers.clone(),
            body: Some(Body { content_type: "application/x-www-form-urlencoded", bytes: form.into_bytes() }),
            ..Request::get(self.spec.address.clone(), "/api/v1/query_range".to_owned(), timeout)
        }
    }

    /// What should be known of the queries and what the server remarked, once each.
    fn notes(&mut self, answers: &Answers) -> Vec<SourceNote> {
        let mut notes = Vec::new();
        for series in &self.series {
            if let Some(range) = series.read.queries().find_map(Query::own_range) {
                let text = format!(
                    "`{}` reads [{range}], which for that long after the deployment reaches back before it; write [$window]",
                    series.signal
                );
                if self.said.len() < MOST_INFOS && self.said.insert(text.clone()) {
                    remark::note(&mut notes, Some(&series.signal), &text);
                }
            }
        }
        for info in answers.values().flatten().flat_map(|answer| &answer.infos) {
            if self.said.len() < MOST_INFOS && self.said.insert(info.clone()) {
                remark::note(&mut notes, None, &format!("{}: {info}", remark::place(&self.spec.address)));
            }
        }
        notes
    }
}

impl Source for Prometheus {
    fn describe(&self) -> String {
        format!("prometheus {}", remark::place(&self.spec.address))
    }

    fn signals(&self) -> Vec<SourceSignal> {
        let signal = |series: &Series| SourceSignal {
            signal: series.signal.clone(),
            reading: match series.read {
                Read::Value { .. } => ReadingKind::Value,
                Read::Ratio { .. } => ReadingKind::Counts,
            },
            step: series.grid.step,
            ingestion_delay: series.grid.delay,
        };
        self.series.iter().map(signal).collect()
    }

    fn interval(&self) -> Duration {
        self.series.iter().map(|series| series.grid.step).min().unwrap_or(self.spec.step)
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let due: Vec<Option<Due>> =
            self.series.iter().map(|series| series.grid.due(window, series.answered, OVERLAP)).collect();
        let asked = self.series.iter().zip(&due).filter_map(|(series, due)| Some(series.asked((*due)?)));
        let answers = self.ask(asked.flatten().collect(), window, world);
        let mut observations = Vec::new();
        for (series, due) in self.series.iter_mut().zip(due) {
            if let Some(due) = due {
                series.take(due, window, &answers, &mut observations);
            }
        }
        let notes = self.notes(&answers);
        Polled { observations, notes }
    }

    fn history(&mut self, window: &PollWindow, world: &World<'_>) -> Option<Polled> {
        let mut polled = Polled::default();
        let mut reached: Vec<Reached> = vec![Reached::Start; self.series.len()];
        // Each round reads a piece of every signal, until nothing is left or nothing comes.
        loop {
            let due = |(series, reached): (&Series, &Reached)| match reached {
                Reached::Start => series.grid.due(window, None, 0),
                Reached::Point(at) => series.grid.due(window, Some(*at), 0),
                Reached::GivenUp => None,
            };
            let due: Vec<Option<Due>> = self.series.iter().zip(&reached).map(due).collect();
            let asked = self.series.iter().zip(&due).filter_map(|(series, due)| Some(series.asked((*due)?)));
            let asked: BTreeSet<Asked> = asked.flatten().collect();
            if asked.is_empty() {
                return Some(polled);
            }
            let answers = self.ask(asked, window, world);
            polled.notes.extend(self.notes(&answers));
            for ((series, due), reached) in self.series.iter().zip(due).zip(&mut reached) {
                let Some(due) = due else { continue };
                let give =
                    |at, sample| Observation { at: timestamp(at), signal: series.signal.clone(), sample };
                match series.samples(due, &answers) {
                    Ok(samples) => {
                        *reached = Reached::Point(due.last);
                        polled.observations.extend(samples.into_iter().map(|(at, sample)| give(at, sample)));
                    }
                    Err(absence) => {
                        *reached = Reached::GivenUp;
                        polled.observations.push(give(due.last, Sample::Absent(absence)));
                    }
                }
            }
        }
    }
}

impl Series {
    /// The queries for some points.
    fn asked(&self, due: Due) -> Vec<Asked> {
        self.read.queries().map(|query| (query.text(self.grid.span), due)).collect()
    }

    /// Turns answers into observations of what is new or has changed.
    fn take(
        &mut self,
        due: Due,
        window: &PollWindow,
        answers: &Answers,
        observations: &mut Vec<Observation>,
    ) {
        let mut give = |at, sample| {
            observations.push(Observation { at: timestamp(at), signal: self.signal.clone(), sample });
        };
        match self.samples(due, answers) {
            Ok(samples) => {
                self.answered = Some(due.last);
                self.given.retain(|at, _| *at >= due.first);
                for (at, sample) in samples {
                    if self.grid.straddles(at, window) || self.given.get(&at) == Some(&sample) {
                        continue;
                    }
                    give(at, sample.clone());
                    self.given.insert(at, sample);
                }
            }
            // The points stay due: the next poll asks for them again.
            Err(absence) => give(due.last, Sample::Absent(absence)),
        }
    }

    /// A sample for each point that was asked for.
    fn samples(&self, due: Due, answers: &Answers) -> Result<Vec<(i64, Sample)>, Absence> {
        let answer = |query: &Query| match answers.get(&(query.text(self.grid.span), due)) {
            Some(Ok(answer)) => Ok(answer),
            Some(Err(absence)) => Err(absence.clone()),
            None => Err(Absence::NoData),
        };
        let or_empty =
            |answer: &Answer, at: i64, empty: Option<f64>| answer.points.get(&at).copied().or(empty);
        let sample: Box<dyn Fn(i64) -> Sample + '_> = match &self.read {
            Read::Value { query, total: None, empty } => {
                let value = answer(query)?;
                Box::new(move |at| number(or_empty(value, at, *empty)))
            }
            Read::Value { query, total: Some(total), empty } => {
                let (value, total) = (answer(query)?, answer(total)?);
                Box::new(move |at| match (or_empty(value, at, *empty), total.points.get(&at)) {
                    // Without a quantile, a total of nothing says why.
                    (value, Some(total)) => Sample::from_quantile(value.unwrap_or(f64::NAN), *total),
                    (_, None) => Sample::Absent(Absence::NoData),
                })
            }
            Read::Ratio { bad, total, empty } => {
                let (bad, total) = (answer(bad)?, answer(total)?);
                Box::new(move |at| match (or_empty(bad, at, *empty), total.points.get(&at)) {
                    (Some(bad), Some(total)) => Sample::from_counts(bad, *total),
                    (None, Some(total)) if *total == 0.0 => Sample::Absent(Absence::NoTraffic),
                    _ => Sample::Absent(Absence::NoData),
                })
            }
        };
        Ok(due.times().map(|at| (at, sample(at))).collect())
    }
}

fn number(value: Option<f64>) -> Sample {
    value.map_or(Sample::Absent(Absence::NoData), Sample::from_number)
}

impl Read {
    fn parse(read: &PrometheusRead) -> Result<Self, QueryError> {
        match read {
            PrometheusRead::Value { query, total, empty } => Ok(Self::Value {
                query: Query::parse(query)?,
                total: total.as_deref().map(Query::parse).transpose()?,
                empty: *empty,
            }),
            PrometheusRead::Ratio { bad, total, empty } => {
                let (bad, total) = (Query::parse(bad)?, Query::parse(total)?);
                bad.check_counts()?;
                total.check_counts()?;
                if bad.spans_window() != total.spans_window() {
                    return Err(QueryError::MixedWindows);
                }
                Ok(Self::Ratio { bad, total, empty: *empty })
            }
        }
    }

    fn queries(&self) -> impl Iterator<Item = &Query> {
        let (first, second) = match self {
            Self::Value { query, total, .. } => (query, total.as_ref()),
            Self::Ratio { bad, total, .. } => (bad, Some(total)),
        };
        std::iter::once(first).chain(second)
    }

    fn spans_window(&self) -> bool {
        self.queries().any(Query::spans_window)
    }
}
