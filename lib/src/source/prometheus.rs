//! Range queries to a Prometheus server, or to one that speaks its HTTP API.
//!
//! Each poll asks only for what is new, with an overlap for late points. Counts are read window after window, so that no
//! event counts twice; `$window` is their step. What is partial, doubtful, or several series is no result.

mod answer;
mod names;
mod query;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use url::form_urlencoded;

use super::due::{self, Align, Due, Grid};
use super::remark::{self, Secrets};
use super::track::{self, Asked as DuePoints, Samples, Track};
use super::{
    PollWindow, Polled, ShownQuery, Source, SourceError, SourceNote, SourceSignal, World, interval_of,
};
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{PrometheusRead, PrometheusSpec};
use crate::sample::{Absence, Sample};
use crate::transport::{Body, Method, Request};
use crate::{Duration, SignalName};
use answer::Answer;
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
    tracks: Vec<Track>,
    /// What each signal reads, in the order of the tracks.
    lanes: Vec<Lane>,
    secrets: Secrets,
    said: BTreeSet<String>,
}

/// What one signal reads.
#[derive(Debug)]
struct Lane {
    signal: SignalName,
    read: Read,
    /// What `$window` spans.
    span: Duration,
}

#[derive(Debug)]
enum Read {
    Value { query: Query, total: Option<Query>, empty: Option<f64> },
    Ratio { bad: Query, total: Query, empty: Option<f64> },
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
        let (mut tracks, mut lanes) = (Vec::new(), Vec::new());
        for (signal, read) in &spec.signals {
            let wrong = |why| SourceError::Query { signal: signal.clone(), why };
            let read = Read::parse(read).map_err(wrong)?;
            let span = if read.spans_window() { window } else { Duration::ZERO };
            let step = match read {
                Read::Ratio { .. } => step.max(span),
                Read::Value { .. } => step,
            };
            let grid = Grid { step, span, delay: spec.ingestion_delay, align: Align::Watch };
            tracks.push(Track::new(signal.clone(), grid, OVERLAP));
            lanes.push(Lane { signal: signal.clone(), read, span });
        }
        let secrets = Secrets::of(&spec.headers, [&spec.address]);
        Ok(Self { spec: spec.clone(), tracks, lanes, secrets, said: BTreeSet::new() })
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

    /// The samples of the signals that have points due.
    fn answer(
        &mut self,
        due: &DuePoints,
        window: &PollWindow,
        world: &World<'_>,
        notes: &mut Vec<SourceNote>,
    ) -> Vec<Samples> {
        let lane = |(index, due): &(usize, Due)| Some((self.lanes.get(*index)?, *due));
        let asked = due.iter().filter_map(lane).flat_map(|(lane, due)| lane.asked(due)).collect();
        let answers = self.ask(asked, window, world);
        let samples = due.iter().filter_map(lane).map(|(lane, due)| lane.samples(due, &answers)).collect();
        notes.extend(self.notes(&answers));
        samples
    }

    /// What should be known of the queries and what the server remarked, once each.
    fn notes(&mut self, answers: &Answers) -> Vec<SourceNote> {
        let mut notes = Vec::new();
        for lane in &self.lanes {
            if let Some(range) = lane.read.queries().find_map(Query::own_range) {
                let text = format!(
                    "`{}` reads [{range}], which for that long after the deployment reaches back before it; write [$window]",
                    lane.signal
                );
                if self.said.len() < MOST_INFOS && self.said.insert(text.clone()) {
                    remark::note(&mut notes, Some(&lane.signal), &text);
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
        let signal = |(track, lane): (&Track, &Lane)| SourceSignal {
            signal: track.signal.clone(),
            reading: match lane.read {
                Read::Value { .. } => ReadingKind::Value,
                Read::Ratio { .. } => ReadingKind::Counts,
            },
            step: track.grid.step,
            span: track.grid.span,
            ingestion_delay: track.grid.delay,
        };
        self.tracks.iter().zip(&self.lanes).map(signal).collect()
    }

    fn interval(&self) -> Duration {
        self.tracks.iter().map(|track| track.grid.step).min().unwrap_or(self.spec.step)
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let mut notes = Vec::new();
        let mut tracks = std::mem::take(&mut self.tracks);
        let observations =
            track::read_new(&mut tracks, window, |due| self.answer(due, window, world, &mut notes));
        self.tracks = tracks;
        Polled { observations, notes }
    }

    fn history(&mut self, window: &PollWindow, world: &World<'_>) -> Option<Polled> {
        let mut notes = Vec::new();
        let tracks = std::mem::take(&mut self.tracks);
        let observations =
            track::read_past(&tracks, window, |due| self.answer(due, window, world, &mut notes));
        self.tracks = tracks;
        Some(Polled { observations, notes })
    }

    fn queries(&self) -> Vec<ShownQuery> {
        let shown = |lane: &Lane| {
            let queries: Vec<String> = lane.read.queries().map(|query| query.text(lane.span)).collect();
            ShownQuery { signal: lane.signal.clone(), text: queries.join("\n") }
        };
        self.lanes.iter().map(shown).collect()
    }
}

impl Lane {
    /// The queries for some points.
    fn asked(&self, due: Due) -> impl Iterator<Item = Asked> + '_ {
        self.read.queries().map(move |query| (query.text(self.span), due))
    }

    /// A sample for each point that was asked for.
    fn samples(&self, due: Due, answers: &Answers) -> Samples {
        let answer = |query: &Query| match answers.get(&(query.text(self.span), due)) {
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

/// Whether a query can be asked.
pub(crate) fn check_query(text: &str) -> Result<(), QueryError> {
    Query::parse(text).map(drop)
}

/// Whether a query of counts can be asked.
pub(crate) fn check_query_of_counts(text: &str) -> Result<(), QueryError> {
    Query::parse(text)?.check_counts()
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
