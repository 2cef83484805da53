//! What a scrape is read for: series chosen by a selector, and how their counters grow.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::exposition::{self, Dialect, Item};
use super::histogram::{Bound, Buckets, add};
use crate::source::remark::bounded;
use crate::source::selector::Selector;

/// Series that are read together.
#[derive(Clone, Debug)]
pub(super) enum Lane {
    /// Counters: their growth is added up.
    Counter(Selector),
    /// Gauges: their values are added up.
    Gauge(Selector),
    /// The buckets of histograms: their growth is added up, bound by bound.
    Histogram {
        /// The series `…_bucket`.
        buckets: Selector,
        /// The metric without its suffix, to tell a summary.
        name: String,
    },
}

/// What one scrape of a target showed in a lane, by series. Ordered, so that sums come out alike everywhere.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Shown {
    Counters(BTreeMap<String, f64>),
    Gauges(BTreeMap<String, f64>),
    Histograms(BTreeMap<String, Buckets>),
}

/// How much a lane's counters grew.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Growth {
    Nothing,
    Count(f64),
    Buckets(Buckets),
}

/// What one scrape of a target showed.
#[derive(Clone, Debug)]
pub(super) struct Scraped {
    /// One for each lane.
    pub(super) shown: Vec<Shown>,
    /// `process_start_time_seconds`, where it is exposed.
    pub(super) started: Option<f64>,
    /// Metrics that are summaries, of those that a lane takes for a histogram.
    pub(super) summaries: Vec<String>,
    /// Samples that are native histograms.
    pub(super) native: usize,
}

/// The most series of one lane.
const MOST_SERIES: usize = 50_000;

/// Reads an exposition for some lanes.
pub(super) fn scrape(lanes: &[Lane], body: &[u8], dialect: Dialect) -> Result<Scraped, String> {
    let mut scraped = Scraped {
        shown: lanes.iter().map(Lane::empty).collect(),
        started: None,
        summaries: Vec::new(),
        native: 0,
    };
    let mut wrong: Option<String> = None;
    exposition::read(body, dialect, |item| match item {
        Item::Sample { name, labels, value } => {
            if name == "process_start_time_seconds" && labels.is_empty() {
                scraped.started = Some(value);
            }
            for (lane, shown) in lanes.iter().zip(&mut scraped.shown) {
                if let Err(why) = lane.take(shown, name, labels, value) {
                    wrong.get_or_insert(why);
                }
            }
        }
        Item::Summary { name } => {
            let taken = |lane: &Lane| matches!(lane, Lane::Histogram { name: wanted, .. } if wanted == name);
            if lanes.iter().any(taken) {
                scraped.summaries.push(name.to_owned());
            }
        }
        Item::NotANumber => scraped.native += 1,
    })
    .map_err(|error| format!("what it exposes cannot be read: {error}"))?;
    match wrong {
        Some(why) => Err(why),
        None => Ok(scraped),
    }
}

type Labels<'l> = [(Cow<'l, str>, Cow<'l, str>)];

impl Lane {
    /// What chooses its series.
    pub(super) const fn selector(&self) -> &Selector {
        let (Self::Counter(selector) | Self::Gauge(selector) | Self::Histogram { buckets: selector, .. }) =
            self;
        selector
    }

    fn empty(&self) -> Shown {
        match self {
            Self::Counter(_) => Shown::Counters(BTreeMap::new()),
            Self::Gauge(_) => Shown::Gauges(BTreeMap::new()),
            Self::Histogram { .. } => Shown::Histograms(BTreeMap::new()),
        }
    }

    /// Takes a sample if it is of this lane. A series that stands twice counts once, as its first line says.
    fn take(&self, shown: &mut Shown, name: &str, labels: &Labels<'_>, value: f64) -> Result<(), String> {
        if !self.selector().chooses(name, labels) {
            return Ok(());
        }
        let is_gauge = matches!(self, Self::Gauge(_));
        let counts = value.is_finite() && value >= 0.0;
        if !is_gauge && !counts {
            return Err(format!("the counter {} is {value}, which no counter can be", bounded(name, 80)));
        }
        let size = match shown {
            Shown::Counters(series) | Shown::Gauges(series) => {
                series.entry(key(name, labels, "")).or_insert(value);
                series.len()
            }
            Shown::Histograms(series) => {
                let bound = labels.iter().find(|(label, _)| label == "le").map(|(_, bound)| bound);
                let bound = bound.and_then(|bound| bound.parse::<f64>().ok()).filter(|bound| !bound.is_nan());
                let Some(bound) = bound else {
                    return Err(format!("a bucket of {} has no number as its `le`", bounded(name, 80)));
                };
                series.entry(key(name, labels, "le")).or_default().entry(Bound(bound)).or_insert(value);
                series.len()
            }
        };
        if size > MOST_SERIES {
            return Err(format!("more than {MOST_SERIES} series of {} are chosen", bounded(name, 80)));
        }
        Ok(())
    }
}

/// A series' name and labels, in order, without one label.
fn key(name: &str, labels: &Labels<'_>, without: &str) -> String {
    let mut sorted: Vec<&(Cow<'_, str>, Cow<'_, str>)> =
        labels.iter().filter(|(label, _)| label != without).collect();
    sorted.sort();
    let mut key = name.to_owned();
    for (label, value) in sorted {
        // The length keeps two series apart whose values hold each other's labels.
        key.push_str(&format!("\u{0}{label}={}:{value}", value.len()));
    }
    key
}

impl Shown {
    /// How much it grew since `before`, and how many series began anew. A series that was not there before grew from
    /// nothing; one that fell began anew at nothing.
    pub(super) fn growth(&self, before: &Self) -> (Growth, usize) {
        match (self, before) {
            (Self::Counters(now), Self::Counters(before)) => {
                let (mut sum, mut resets) = (0.0, 0);
                for (key, now) in now {
                    match before.get(key) {
                        Some(before) if before <= now => sum += now - before,
                        Some(_) => {
                            resets += 1;
                            sum += now;
                        }
                        None => sum += now,
                    }
                }
                (Growth::Count(sum), resets)
            }
            (Self::Histograms(now), Self::Histograms(before)) => {
                let (mut sum, mut resets) = (Buckets::new(), 0);
                for (key, now) in now {
                    let Some(before) = before.get(key) else {
                        add(&mut sum, now);
                        continue;
                    };
                    // A histogram begins anew as a whole: one bucket that fell shows it.
                    let fell = |(bound, count): (&Bound, &f64)| {
                        before.get(bound).is_some_and(|before| before > count)
                    };
                    if now.iter().any(fell) {
                        resets += 1;
                        add(&mut sum, now);
                    } else {
                        let grown = |(bound, count): (&Bound, &f64)| {
                            (*bound, count - before.get(bound).copied().unwrap_or(0.0))
                        };
                        add(&mut sum, &now.iter().map(grown).collect());
                    }
                }
                (Growth::Buckets(sum), resets)
            }
            _ => (Growth::Nothing, 0),
        }
    }

    /// Nothing of the same kind: what a restarted target had before.
    pub(super) fn cleared(&self) -> Self {
        match self {
            Self::Counters(_) => Self::Counters(BTreeMap::new()),
            Self::Gauges(_) => Self::Gauges(BTreeMap::new()),
            Self::Histograms(_) => Self::Histograms(BTreeMap::new()),
        }
    }

    /// How many series it has.
    pub(super) fn series(&self) -> usize {
        match self {
            Self::Counters(series) | Self::Gauges(series) => series.len(),
            Self::Histograms(series) => series.len(),
        }
    }
}

impl Growth {
    /// Adds another growth of the same lane.
    pub(super) fn join(&mut self, more: Self) {
        match (&mut *self, more) {
            (_, Self::Nothing) => {}
            (Self::Count(sum), Self::Count(more)) => *sum += more,
            (Self::Buckets(sum), Self::Buckets(more)) => add(sum, &more),
            (growth, more) => *growth = more,
        }
    }
}
