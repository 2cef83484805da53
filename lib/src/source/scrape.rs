//! A `/metrics` endpoint, read without a server in between.
//!
//! The first scrape of a target only primes: from then on each point tells how much counters grew since the point before.
//! Several targets are added up; while one of them is missing there is no sum, and what the others grew is kept for the
//! point at which all are back.

mod exposition;
mod histogram;
mod lane;
mod missing;
mod target;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::remark::{self, Secrets};
use super::selector::{Selector, SelectorError};
use super::{
    Observation, PollWindow, Polled, Source, SourceError, SourceNote, SourceSignal, World, interval_of,
    unanswered,
};
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{ScrapeRead, ScrapeSpec};
use crate::sample::{Absence, Sample};
use crate::transport::{Header, Request, Response, Sensitivity, TransportError};
use crate::{Duration, Secret, SignalName, Timestamp};
use exposition::Dialect;
use histogram::{Buckets, Place, quantile};
use lane::{Growth, Lane, Scraped, Shown, scrape};
use missing::{Missing, Pages, incomplete};
use target::{Advance, Target};

/// What is asked for: both formats, the stricter one first.
const ACCEPT: &str =
    "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// The scrape source.
#[derive(Debug)]
pub(super) struct Scrape {
    spec: ScrapeSpec,
    lanes: Vec<Lane>,
    signals: Vec<(SignalName, Reading)>,
    targets: Vec<Target>,
    secrets: Secrets,
    said: BTreeSet<String>,
    /// Lanes whose labels were seen: that they choose nothing is then no mistake.
    able: BTreeSet<usize>,
}

/// How a signal is made of lanes.
#[derive(Clone, Copy, Debug)]
enum Reading {
    Ratio { bad: usize, total: usize },
    Rate(usize),
    Increase(usize),
    Gauge(usize),
    Quantile { lane: usize, quantile: f64 },
}

impl Scrape {
    pub(super) fn new(spec: &ScrapeSpec) -> Result<Self, SourceError> {
        interval_of("scrape", spec.interval)?;
        if spec.targets.is_empty() {
            return Err(SourceError::NoTargets { kind: "scrape" });
        }
        if spec.signals.is_empty() {
            return Err(SourceError::NoSignals { kind: "scrape" });
        }
        let mut lanes = Lanes::default();
        let mut signals = Vec::new();
        for (signal, read) in &spec.signals {
            let wrong = |why| SourceError::Selector { signal: signal.clone(), why };
            let reading = match read {
                ScrapeRead::Ratio { bad, total } => Reading::Ratio {
                    bad: lanes.counter(bad).map_err(wrong)?,
                    total: lanes.counter(total).map_err(wrong)?,
                },
                ScrapeRead::Rate { counter } => Reading::Rate(lanes.counter(counter).map_err(wrong)?),
                ScrapeRead::Increase { counter } => Reading::Increase(lanes.counter(counter).map_err(wrong)?),
                ScrapeRead::Gauge { gauge } => Reading::Gauge(lanes.gauge(gauge).map_err(wrong)?),
                ScrapeRead::Quantile { quantile, .. } if !(0.0..=1.0).contains(quantile) => {
                    return Err(SourceError::Quantile { signal: signal.clone() });
                }
                ScrapeRead::Quantile { histogram, quantile } => Reading::Quantile {
                    lane: lanes
                        .histogram(histogram)
                        .map_err(wrong)?
                        .ok_or_else(|| SourceError::UnnamedHistogram { signal: signal.clone() })?,
                    quantile: *quantile,
                },
            };
            signals.push((signal.clone(), reading));
        }
        let target = |address: &_| Target::new(Clone::clone(address), lanes.lanes.len());
        let targets = spec.targets.iter().map(target).collect();
        let secrets = Secrets::of(&spec.headers, &spec.targets);
        Ok(Self {
            spec: spec.clone(),
            targets,
            lanes: lanes.lanes,
            signals,
            secrets,
            said: BTreeSet::new(),
            able: BTreeSet::new(),
        })
    }

    fn request(&self, target: &Target, timeout: Duration) -> Request {
        let mut headers = self.spec.headers.clone();
        headers.push(Header {
            name: "accept".to_owned(),
            value: Secret::new(ACCEPT),
            sensitivity: Sensitivity::Plain,
        });
        Request { headers, ..Request::get(target.address.clone(), String::new(), timeout) }
    }

    fn read(&self, answer: &Result<Response, TransportError>) -> Result<Scraped, Absence> {
        let response = answer.as_ref().map_err(|error| unanswered::failed(error, &self.secrets))?;
        if response.status != 200 {
            return Err(unanswered::refused(response, "; check the path", &self.secrets));
        }
        scrape(&self.lanes, &response.body, dialect_of(response))
            .map_err(|why| Absence::Error(self.secrets.plain(&why)))
    }

    /// Says something once.
    fn say(&mut self, notes: &mut Vec<SourceNote>, signal: Option<&SignalName>, text: String) {
        if self.said.len() < 100 && self.said.insert(text.clone()) {
            remark::note(notes, signal, &text);
        }
    }

    /// What every target showed, or why there is no sum.
    fn take(
        &mut self,
        answers: &[Result<Response, TransportError>],
        at: Timestamp,
        notes: &mut Vec<SourceNote>,
    ) -> Result<Vec<(Scraped, Advance)>, Absence> {
        let mut scrapes = Vec::new();
        let mut missing: Option<(String, Absence)> = None;
        for index in 0..self.targets.len() {
            let read = answers.get(index).map_or(Err(Absence::NoData), |answer| self.read(answer));
            let Some(target) = self.targets.get_mut(index) else { continue };
            let place = remark::place(&target.address);
            match read {
                Ok(scraped) => match target.advance(&scraped, at) {
                    Advance::SeveralProcesses => {
                        let why = "several processes answer at this address in turn (or one restarts again and again), so that counters cannot be \
                                   compared; name each of them as a target";
                        missing.get_or_insert((place, Absence::Error(why.to_owned())));
                    }
                    advance => {
                        if advance == Advance::Restarted {
                            remark::note(
                                notes,
                                None,
                                &format!("{place}: its counters began anew (a restart)"),
                            );
                        }
                        scrapes.push((scraped, advance));
                    }
                },
                Err(absence) => {
                    missing.get_or_insert((place, absence));
                }
            }
        }
        match missing {
            None => Ok(scrapes),
            Some((place, Absence::Error(why))) => {
                Err(Absence::Error(self.secrets.plain(&format!("{place}: {why}"))))
            }
            Some((_, absence)) => Err(absence),
        }
    }

    /// Why lanes that choose nothing do so, as long as it is not known that they could.
    fn missing(
        &mut self,
        answers: &[Result<Response, TransportError>],
        scrapes: &[(Scraped, Advance)],
    ) -> BTreeMap<usize, Missing> {
        let is_empty = |lane: &usize| {
            scrapes
                .iter()
                .all(|(scraped, _)| scraped.shown.get(*lane).is_none_or(|shown| shown.series() == 0))
        };
        let empty: Vec<usize> = (0..self.lanes.len())
            .filter(|lane| !self.able.contains(lane) && !scrapes.is_empty())
            .filter(is_empty)
            .collect();
        if empty.is_empty() {
            return BTreeMap::new();
        }
        let mut pages = Pages::default();
        for response in answers.iter().flatten() {
            pages.add(&self.lanes, &response.body, dialect_of(response));
        }
        let why = |lane: usize| Some((lane, pages.why(self.lanes.get(lane)?)));
        empty.into_iter().filter_map(why).collect()
    }

    /// A signal's sample; `None` while there is nothing to compare with.
    fn sample(
        &self,
        reading: Reading,
        at: Timestamp,
        scrapes: &[(Scraped, Advance)],
        missing: &BTreeMap<usize, Missing>,
    ) -> Option<Sample> {
        let shown = |lane: usize| scrapes.iter().filter_map(move |(scraped, _)| scraped.shown.get(lane));
        let series = |lane: usize| shown(lane).map(Shown::series).sum::<usize>();
        let no_data = Some(Sample::Absent(Absence::NoData));
        if let Reading::Gauge(lane) = reading {
            let values = shown(lane).filter_map(|shown| match shown {
                Shown::Gauges(series) => Some(series.values().sum::<f64>()),
                _ => None,
            });
            return if series(lane) == 0 { no_data } else { Some(Sample::from_number(values.sum())) };
        }
        if scrapes.iter().any(|(_, advance)| *advance == Advance::Primed) {
            return None;
        }
        let count = |lane: usize| -> f64 { self.grown(lane).map(count_of).sum() };
        Some(match reading {
            Reading::Ratio { total, .. } if series(total) == 0 => Sample::Absent(Absence::NoData),
            // What can choose nothing shows no error either.
            Reading::Ratio { bad, .. } if matches!(missing.get(&bad), Some(Missing::Label(_))) => {
                Sample::Absent(Absence::NoData)
            }
            Reading::Ratio { bad, total } => Sample::from_counts(count(bad), count(total)),
            Reading::Rate(lane) | Reading::Increase(lane) if series(lane) == 0 => {
                Sample::Absent(Absence::NoData)
            }
            Reading::Increase(lane) => Sample::from_number(count(lane)),
            Reading::Rate(lane) => {
                // Each target has its own time since its last point.
                let rate = |target: &Target| {
                    let seconds = target.since.map_or(0.0, |since| at.since(since).as_seconds_f64());
                    target.grown.get(lane).map_or(0.0, count_of) / seconds
                };
                Sample::from_number(self.targets.iter().map(rate).sum())
            }
            Reading::Quantile { lane, quantile: q } => {
                if series(lane) == 0 {
                    return Some(Sample::Absent(self.no_histogram(lane, scrapes)));
                }
                let found = quantile(q, &self.buckets(lane));
                Sample::from_quantile(found.value, found.total)
            }
            Reading::Gauge(_) => Sample::Absent(Absence::NoData),
        })
    }

    /// Whether errors are counted by another metric than all requests.
    fn is_of_another_metric(&self, total: usize, bad: Option<usize>) -> bool {
        let name = |lane: usize| self.lanes.get(lane).and_then(|lane| lane.selector().name());
        bad.is_some_and(|bad| name(bad) != name(total))
    }

    fn grown(&self, lane: usize) -> impl Iterator<Item = &Growth> {
        self.targets.iter().filter_map(move |target| target.grown.get(lane))
    }

    fn buckets(&self, lane: usize) -> Buckets {
        let mut sum = Buckets::new();
        for growth in self.grown(lane) {
            if let Growth::Buckets(buckets) = growth {
                histogram::add(&mut sum, buckets);
            }
        }
        sum
    }

    /// Why a lane has no histogram.
    fn no_histogram(&self, lane: usize, scrapes: &[(Scraped, Advance)]) -> Absence {
        let Some(Lane::Histogram { name, .. }) = self.lanes.get(lane) else { return Absence::NoData };
        let is_summary = scrapes.iter().any(|(scraped, _)| scraped.summaries.contains(name));
        if is_summary {
            let why = "is a summary, whose quantiles cannot be added up; expose a histogram, or read one as a gauge";
            return Absence::Error(format!("{name} {why}"));
        }
        Absence::NoData
    }

    /// What a reader should know of the samples.
    fn remark_on(
        &mut self,
        scrapes: &[(Scraped, Advance)],
        missing: &BTreeMap<usize, Missing>,
        notes: &mut Vec<SourceNote>,
    ) {
        if scrapes.iter().any(|(scraped, _)| scraped.native > 0) {
            self.say(notes, None, "native histograms are exposed, which are not read".to_owned());
        }
        for (signal, reading) in self.signals.clone() {
            let (lane, bad) = match reading {
                Reading::Ratio { bad, total } => (total, Some(bad)),
                Reading::Rate(lane)
                | Reading::Increase(lane)
                | Reading::Gauge(lane)
                | Reading::Quantile { lane, .. } => (lane, None),
            };
            let words = match (missing.get(&lane), bad.and_then(|bad| missing.get(&bad))) {
                (Some(missing), _) => Some(missing.words().to_owned()),
                (None, Some(missing @ Missing::Label(_))) => {
                    Some(format!("`bad` can choose nothing: {}", missing.words()))
                }
                // Some services show no series of errors before there is one.
                (None, Some(Missing::SoFar(words))) if self.is_of_another_metric(lane, bad) => {
                    Some(format!("`bad` chooses nothing, which is taken for no errors: {words}"))
                }
                (None, _) => None,
            };
            if let Some(words) = words {
                self.say(notes, Some(&signal), format!("{signal}: {words}"));
            }
            if let (Reading::Quantile { .. }, Some(Lane::Histogram { name, .. })) =
                (reading, self.lanes.get(lane))
            {
                let shown: Vec<&Scraped> = scrapes.iter().map(|(scraped, _)| scraped).collect();
                if let Some(words) = incomplete(lane, name, &shown) {
                    self.say(notes, Some(&signal), format!("{signal}: {words}"));
                }
            }
            if let Reading::Quantile { lane, quantile: q } = reading
                && quantile(q, &self.buckets(lane)).place == Place::Beyond
            {
                let text = format!(
                    "`{signal}` lies above the histogram's highest bound; that bound is given, and the truth is higher"
                );
                self.say(notes, Some(&signal), text);
            }
        }
    }
}

fn dialect_of(response: &Response) -> Dialect {
    match response.content_type.as_str() {
        "application/openmetrics-text" => Dialect::OpenMetrics,
        _ => Dialect::Text,
    }
}

fn count_of(growth: &Growth) -> f64 {
    match growth {
        Growth::Count(count) => *count,
        Growth::Nothing | Growth::Buckets(_) => 0.0,
    }
}

impl Source for Scrape {
    fn describe(&self) -> String {
        let first = self.targets.first().map(|target| remark::place(&target.address)).unwrap_or_default();
        match self.targets.len() {
            0 | 1 => format!("scrape {first}"),
            targets => format!("scrape {first} and {} more", targets - 1),
        }
    }

    fn signals(&self) -> Vec<SourceSignal> {
        let signal = |(signal, reading): &(SignalName, Reading)| SourceSignal {
            signal: signal.clone(),
            reading: match reading {
                Reading::Ratio { .. } => ReadingKind::Counts,
                _ => ReadingKind::Value,
            },
            step: self.spec.interval,
            span: match reading {
                Reading::Gauge(_) => Duration::ZERO,
                _ => self.spec.interval,
            },
            ingestion_delay: Duration::ZERO,
        };
        self.signals.iter().map(signal).collect()
    }

    fn interval(&self) -> Duration {
        self.spec.interval
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let at = window.scheduled;
        let timeout = self.spec.timeout.min(window.timeout);
        let requests: Vec<Request> =
            self.targets.iter().map(|target| self.request(target, timeout)).collect();
        let answers = world.transport.send_all(&requests);
        let mut polled = Polled::default();
        let scrapes = match self.take(&answers, at, &mut polled.notes) {
            Ok(scrapes) => scrapes,
            Err(absence) => {
                let give = |(signal, _): &(SignalName, Reading)| Observation {
                    at,
                    signal: signal.clone(),
                    sample: Sample::Absent(absence.clone()),
                };
                polled.observations = self.signals.iter().map(give).collect();
                return polled;
            }
        };
        // What grew from before the watch until after its start is neither of the warm-up nor of the watch.
        let straddles = self
            .targets
            .iter()
            .any(|target| target.since.is_some_and(|since| since < window.anchor && window.anchor < at));
        let missing = self.missing(&answers, &scrapes);
        self.able.extend((0..self.lanes.len()).filter(|lane| !missing.contains_key(lane)));
        for (signal, reading) in &self.signals {
            let spans = !matches!(reading, Reading::Gauge(_));
            if let Some(sample) = self.sample(*reading, at, &scrapes, &missing)
                && !(spans && straddles)
            {
                polled.observations.push(Observation { at, signal: signal.clone(), sample });
            }
        }
        self.remark_on(&scrapes, &missing, &mut polled.notes);
        if scrapes.iter().all(|(_, advance)| *advance != Advance::Primed) {
            self.targets.iter_mut().for_each(|target| target.begin_again(at));
        }
        polled
    }

    fn history(&mut self, _: &PollWindow, _: &World<'_>) -> Option<Polled> {
        None
    }
}

/// The lanes of all signals, each once.
#[derive(Default)]
struct Lanes {
    lanes: Vec<Lane>,
    /// What each lane was written as.
    written: Vec<(&'static str, String)>,
}

impl Lanes {
    fn counter(&mut self, text: &str) -> Result<usize, SelectorError> {
        let selector = Selector::parse(text)?;
        Ok(self.lane("counter", text, Lane::Counter(selector)))
    }

    fn gauge(&mut self, text: &str) -> Result<usize, SelectorError> {
        let selector = Selector::parse(text)?;
        Ok(self.lane("gauge", text, Lane::Gauge(selector)))
    }

    /// `None` where the selector names no metric.
    fn histogram(&mut self, text: &str) -> Result<Option<usize>, SelectorError> {
        let selector = Selector::parse(text)?;
        let (Some(name), Some(buckets)) = (selector.name(), selector.with_suffix("_bucket")) else {
            return Ok(None);
        };
        let lane = Lane::Histogram { buckets, name: name.to_owned() };
        Ok(Some(self.lane("histogram", text, lane)))
    }

    fn lane(&mut self, kind: &'static str, text: &str, lane: Lane) -> usize {
        let written = (kind, text.to_owned());
        if let Some(known) = self.written.iter().position(|other| *other == written) {
            return known;
        }
        self.lanes.push(lane);
        self.written.push(written);
        self.lanes.len() - 1
    }
}
