//! A `/metrics` endpoint, read without a server in between.
//!
//! The first scrape of a target only primes: from then on each point tells how much counters grew since the point before.
//! Several targets are added up; while one of them is missing there is no sum, and what the others grew is kept for the
//! point at which all are back.

mod exposition;
mod histogram;
mod lane;
mod missing;
mod points;
mod reading;
mod remarks;
mod target;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use super::remark::{self, Secrets};
use super::{
    Observation, PollWindow, Polled, Source, SourceError, SourceNote, SourceSignal, World, interval_of,
    unanswered,
};
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::ScrapeSpec;
use crate::sample::{Absence, Sample};
use crate::transport::{Header, Request, Response, Sensitivity, TransportError};
use crate::{Duration, Secret, SignalName, Timestamp};
use exposition::Dialect;
use lane::{Lane, Scraped, scrape};
use missing::{Missing, Pages};
use reading::{Reading, Readings};
use target::{Advance, Target};

/// What is asked for: both formats, the stricter one first.
const ACCEPT: &str =
    "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";

/// The scrape source.
#[derive(Debug)]
pub(super) struct Scrape {
    spec: ScrapeSpec,
    lanes: Vec<Lane>,
    signals: Readings,
    targets: Vec<Target>,
    secrets: Secrets,
    said: BTreeSet<String>,
    /// Lanes whose labels were seen: that they choose nothing is then no mistake.
    able: BTreeSet<usize>,
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
        let (lanes, signals) = reading::of(&spec.signals)?;
        let target = |address: &_| Target::new(Clone::clone(address), lanes.len());
        let targets = spec.targets.iter().map(target).collect();
        let secrets = Secrets::of(&spec.headers, &spec.targets);
        Ok(Self {
            spec: spec.clone(),
            targets,
            lanes,
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
}

fn dialect_of(response: &Response) -> Dialect {
    match response.content_type.as_str() {
        "application/openmetrics-text" => Dialect::OpenMetrics,
        _ => Dialect::Text,
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
