//! Metrics of Azure resources: one resource by Azure Resource Manager, several of one region by the batch API.

mod answer;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use url::form_urlencoded;

use self::answer::{Answer, Points};
use super::{OVERLAP, grid, iso};
use crate::azure::ResourceId;
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::{Aggregation, AzureMonitorSpec, Metric, MetricRead, Resources};
use crate::sample::{Absence, Sample};
use crate::source::due::Due;
use crate::source::track::{self, Asked, Samples, Track};
use crate::source::{PollWindow, Polled, ShownQuery, Source, SourceError, SourceSignal, World, interval_of};
use crate::transport::{Address, AzureApi, Body, Method, Request};
use crate::{Duration, SignalName};

const VERSION: &str = "2024-02-01";
/// The most metrics that one request names.
const MOST_METRICS: usize = 20;
/// The most resources that one request of the batch API names.
pub(crate) const MOST_RESOURCES: usize = 50;

/// The source of one resource's metrics, or of the same metrics of several.
#[derive(Debug)]
pub(crate) struct Metrics {
    spec: AzureMonitorSpec,
    reads: Vec<MetricRead>,
    tracks: Vec<Track>,
}

/// Metrics that one request can ask for together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Group {
    aggregation: Aggregation,
    filter: Option<String>,
    namespace: Option<String>,
    due: Due,
}

/// What came of each metric of each group.
type Answers = BTreeMap<(Group, String), Result<Points, Absence>>;

impl Metrics {
    pub(crate) fn new(spec: &AzureMonitorSpec) -> Result<Self, SourceError> {
        if spec.signals.is_empty() {
            return Err(SourceError::NoSignals { kind: "azure-monitor" });
        }
        let step = interval_of("azure-monitor", spec.step)?;
        if iso::length(step).is_none() {
            return Err(SourceError::Step { step });
        }
        let all = spec.resources.all();
        if all.is_empty() || all.len() > MOST_RESOURCES {
            return Err(SourceError::Resources { most: MOST_RESOURCES });
        }
        let alike = |id: &ResourceId| id.subscription() == all[0].subscription() && id.is_a(all[0].kind());
        if !all.iter().all(alike) {
            return Err(SourceError::UnlikeResources);
        }
        let grid = grid(step, spec.ingestion_delay);
        let track = |(signal, _): &(SignalName, MetricRead)| Track::new(signal.clone(), grid, OVERLAP);
        Ok(Self {
            tracks: spec.signals.iter().map(track).collect(),
            reads: spec.signals.iter().map(|(_, read)| read.clone()).collect(),
            spec: spec.clone(),
        })
    }

    /// Sends as few requests as possible: metrics of one aggregation, filter and time share one.
    fn ask(&self, asked: &Asked, window: &PollWindow, world: &World<'_>) -> Vec<Samples> {
        let mut wanted: BTreeMap<Group, BTreeSet<&str>> = BTreeMap::new();
        for (index, due) in asked {
            for metric in self.reads.get(*index).into_iter().flat_map(MetricRead::metrics) {
                wanted.entry(Group::of(metric, *due)).or_default().insert(&metric.name);
            }
        }
        let timeout = self.spec.timeout.min(window.timeout);
        let mut requests = Vec::new();
        let mut questions: Vec<(Group, Vec<&str>)> = Vec::new();
        for (group, names) in wanted {
            let names: Vec<&str> = names.into_iter().collect();
            for names in names.chunks(MOST_METRICS) {
                requests.push(self.request(&group, names, timeout));
                questions.push((group.clone(), names.to_vec()));
            }
        }
        let outcomes = world.transport.send_all(&requests);
        let mut answers = Answers::new();
        for ((group, names), outcome) in questions.into_iter().zip(&outcomes) {
            let answer = Answer::read(outcome, &self.spec.resources);
            for name in names {
                let points = answer.as_ref().map_err(Clone::clone).and_then(|answer| {
                    answer.points(name, group.aggregation, self.spec.step, &self.spec.resources)
                });
                answers.insert((group.clone(), name.to_owned()), points);
            }
        }
        asked.iter().map(|(index, due)| self.samples(*index, *due, &answers)).collect()
    }

    fn request(&self, group: &Group, names: &[&str], timeout: Duration) -> Request {
        let (from, to) = (group.due.first - group.due.step, group.due.last);
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("api-version", VERSION);
        query.append_pair("interval", iso::length(self.spec.step).unwrap_or_default());
        query.append_pair("metricnames", &names.join(","));
        query.append_pair("aggregation", group.aggregation.parameter());
        match &self.spec.resources {
            Resources::One(resource) => {
                query.append_pair("timespan", &iso::timespan(from, to));
                if let Some(namespace) = &group.namespace {
                    query.append_pair("metricnamespace", namespace);
                }
                if let Some(filter) = &group.filter {
                    query.append_pair("$filter", filter);
                }
                let path = format!("{resource}/providers/Microsoft.Insights/metrics?{}", encoded(&mut query));
                Request::get(Address::Azure(AzureApi::ResourceManager), path, timeout)
            }
            Resources::Several { region, ids } => {
                let first = ids.first();
                let kind = first.map(ResourceId::kind).unwrap_or_default();
                let subscription = first.map(ResourceId::subscription).unwrap_or_default();
                query.append_pair("starttime", &crate::source::due::timestamp(from).to_string());
                query.append_pair("endtime", &crate::source::due::timestamp(to).to_string());
                query.append_pair("metricnamespace", group.namespace.as_deref().unwrap_or(kind));
                if let Some(filter) = &group.filter {
                    query.append_pair("filter", filter);
                }
                let path = format!("/subscriptions/{subscription}/metrics:getBatch?{}", encoded(&mut query));
                let ids: Vec<&str> = ids.iter().map(ResourceId::as_str).collect();
                let body = serde_json::json!({ "resourceids": ids }).to_string().into_bytes();
                Request {
                    method: Method::Post,
                    body: Some(Body { content_type: "application/json", bytes: body }),
                    ..Request::get(Address::Azure(AzureApi::Metrics(region.clone())), path, timeout)
                }
            }
        }
    }

    fn samples(&self, index: usize, due: Due, answers: &Answers) -> Samples {
        let points = |metric: &Metric| match answers.get(&(Group::of(metric, due), metric.name.clone())) {
            Some(Ok(points)) => Ok(points),
            Some(Err(absence)) => Err(absence.clone()),
            None => Err(Absence::NoData),
        };
        let sample: Box<dyn Fn(i64) -> Sample + '_> = match self.reads.get(index) {
            None => return Err(Absence::NoData),
            Some(MetricRead::Value { metric, empty }) => {
                let value = points(metric)?;
                Box::new(move |at| match value.get(&at).copied().or(*empty) {
                    Some(number) => Sample::from_number(number),
                    None => Sample::Absent(Absence::NoData),
                })
            }
            Some(MetricRead::Ratio { bad, total, empty }) => {
                let (bad, total) = (points(bad)?, points(total)?);
                Box::new(move |at| match (bad.get(&at).copied().or(*empty), total.get(&at)) {
                    (Some(bad), Some(total)) => Sample::from_counts(bad, *total),
                    (None, Some(total)) if *total == 0.0 => Sample::Absent(Absence::NoTraffic),
                    _ => Sample::Absent(Absence::NoData),
                })
            }
        };
        Ok(due.times().map(|at| (at, sample(at))).collect())
    }
}

/// The query, with the signs that Azure's own examples leave as they are.
fn encoded(query: &mut form_urlencoded::Serializer<'_, String>) -> String {
    query.finish().replace('+', "%20")
}

impl Group {
    fn of(metric: &Metric, due: Due) -> Self {
        Self {
            aggregation: metric.aggregation,
            filter: metric.filter.clone(),
            namespace: metric.namespace.clone(),
            due,
        }
    }
}

impl Source for Metrics {
    fn describe(&self) -> String {
        let all = self.spec.resources.all();
        match all {
            [one] => format!("azure-monitor {} {}", one.kind(), one.name()),
            [first, ..] => {
                format!("azure-monitor {} {} and {} more", first.kind(), first.name(), all.len() - 1)
            }
            [] => "azure-monitor".to_owned(),
        }
    }

    fn signals(&self) -> Vec<SourceSignal> {
        let signal = |(track, read): (&Track, &MetricRead)| SourceSignal {
            signal: track.signal.clone(),
            reading: match read {
                MetricRead::Value { .. } => ReadingKind::Value,
                MetricRead::Ratio { .. } => ReadingKind::Counts,
            },
            step: track.grid.step,
            span: track.grid.span,
            ingestion_delay: track.grid.delay,
        };
        self.tracks.iter().zip(&self.reads).map(signal).collect()
    }

    fn interval(&self) -> Duration {
        self.spec.step
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let ask = |source: &Self, asked: &Asked| source.ask(asked, window, world);
        track::poll(self, |source| &mut source.tracks, window, ask)
    }

    fn history(&mut self, window: &PollWindow, world: &World<'_>) -> Option<Polled> {
        let observations = track::read_past(&self.tracks, window, |asked| self.ask(asked, window, world));
        Some(Polled { observations, notes: Vec::new() })
    }

    fn queries(&self) -> Vec<ShownQuery> {
        let shown = |metric: &Metric| {
            let filter = metric.filter.as_ref().map_or_else(String::new, |filter| format!(" where {filter}"));
            format!("{} of {}{filter}", metric.aggregation.parameter(), metric.name)
        };
        let text = |read: &MetricRead| match read {
            MetricRead::Value { metric, .. } => shown(metric),
            MetricRead::Ratio { bad, total, .. } => format!("bad: {}\ntotal: {}", shown(bad), shown(total)),
        };
        let place: Vec<&str> = self.spec.resources.all().iter().map(ResourceId::as_str).collect();
        self.tracks
            .iter()
            .zip(&self.reads)
            .map(|(track, read)| ShownQuery {
                signal: track.signal.clone(),
                text: format!("{}\nfrom {}", text(read), place.join("\n     ")),
            })
            .collect()
    }
}
