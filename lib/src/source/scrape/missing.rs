//! Why a signal of a page has no reading: which name, label or bucket is not there, and what is near.

use std::collections::{BTreeMap, BTreeSet};

use super::exposition::{self, Dialect, Item};
use super::histogram::Bound;
use super::lane::{Lane, Scraped, Shown};
use crate::source::remark::bounded;
use crate::source::selector::Selector;
use crate::spelling;

/// The most names that are looked at.
const MOST_NAMES: usize = 50_000;

/// The most labels of one metric that are remembered.
const MOST_LABELS: usize = 50;

/// So many names that are near are said.
const MOST_NEAR: usize = 3;

/// The longest name, label or series that is shown.
const LONGEST: usize = 80;

/// The names on the pages of a scrape, and the labels of those that are asked for.
#[derive(Debug, Default)]
pub(super) struct Pages {
    names: BTreeSet<String>,
    asked: BTreeMap<String, Metric>,
}

/// What a metric shows.
#[derive(Debug, Default)]
struct Metric {
    labels: BTreeSet<String>,
    /// Its first series.
    example: String,
}

/// Why a selector chooses nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Missing {
    /// There is no such metric, or no series of it with such values: it may come.
    SoFar(String),
    /// No series of the metric has a label that is asked for.
    Label(String),
}

impl Missing {
    pub(super) fn words(&self) -> &str {
        match self {
            Self::SoFar(words) | Self::Label(words) => words,
        }
    }
}

impl Pages {
    /// Takes a page that was read before, with what lanes ask for.
    pub(super) fn add(&mut self, lanes: &[Lane], body: &[u8], dialect: Dialect) {
        let asked: BTreeSet<&str> = lanes.iter().filter_map(|lane| lane.selector().name()).collect();
        // A page that cannot be read is an error of its own.
        let _ = exposition::read(body, dialect, |item| {
            let Item::Sample { name, labels, .. } = item else { return };
            if !self.names.contains(name) && self.names.len() < MOST_NAMES {
                self.names.insert(name.to_owned());
            }
            if !asked.contains(name) {
                return;
            }
            let metric = self.asked.entry(name.to_owned()).or_default();
            if metric.example.is_empty() {
                metric.example = exposition::written(name, labels);
            }
            for (label, _) in labels {
                if metric.labels.len() < MOST_LABELS && !metric.labels.contains(label.as_ref()) {
                    metric.labels.insert(label.to_string());
                }
            }
        });
    }

    /// Why a lane that shows nothing does so.
    pub(super) fn why(&self, lane: &Lane) -> Missing {
        let selector = lane.selector();
        let Some(name) = selector.name() else {
            return Missing::SoFar("no metric on the page has such a name".to_owned());
        };
        match (self.asked.get(name), lane) {
            (None, Lane::Histogram { name: base, .. }) => Missing::SoFar(format!(
                "the page has no histogram `{}` (no `{}`){}",
                bounded(base, LONGEST),
                bounded(name, LONGEST),
                self.near_histograms(base)
            )),
            (None, Lane::Counter(_) | Lane::Gauge(_)) => Missing::SoFar(format!(
                "the page has no metric `{}`{}",
                bounded(name, LONGEST),
                self.near(name)
            )),
            (Some(metric), _) => metric.without(name, selector),
        }
    }

    fn near(&self, name: &str) -> String {
        let total = match name.strip_suffix("_total") {
            Some(bare) => bare.to_owned(),
            None => format!("{name}_total"),
        };
        if self.names.contains(&total) {
            return did_you_mean(&[&total]);
        }
        let known = self.names.iter().map(String::as_str);
        did_you_mean(&spelling::nearest_few(name, known, MOST_NEAR))
    }

    fn near_histograms(&self, base: &str) -> String {
        let bare = base.strip_suffix("_bucket").unwrap_or(base);
        let known = self.names.iter().filter_map(|name| name.strip_suffix("_bucket"));
        did_you_mean(&spelling::nearest_few(bare, known, MOST_NEAR))
    }
}

impl Metric {
    fn without(&self, name: &str, selector: &Selector) -> Missing {
        let lacking = selector.labels().find(|label| !self.labels.contains(*label));
        let name = bounded(name, LONGEST);
        match lacking {
            Some(label) if self.labels.is_empty() => {
                Missing::Label(format!("`{name}` has no label `{}`, nor any other", bounded(label, LONGEST)))
            }
            Some(label) => {
                let known: Vec<&str> = self.labels.iter().map(String::as_str).take(8).collect();
                Missing::Label(format!(
                    "no series of `{name}` has the label `{}`; there are {}",
                    bounded(label, LONGEST),
                    bounded(&spelling::listed(known), LONGEST)
                ))
            }
            None => Missing::SoFar(format!(
                "the page has `{name}`, and no series of it that the selector chooses; one is `{}`",
                bounded(&self.example, LONGEST)
            )),
        }
    }
}

fn did_you_mean(near: &[&str]) -> String {
    match near {
        [] => "; nor one with a similar name".to_owned(),
        near => format!("; did you mean {}?", bounded(&spelling::listed(near.iter().copied()), 2 * LONGEST)),
    }
}

/// What a lane's histograms lack so that no quantile can be told; `None` where they are whole or there are none.
pub(super) fn incomplete(lane: usize, name: &str, scrapes: &[&Scraped]) -> Option<String> {
    let mut histograms = scrapes
        .iter()
        .filter_map(|scraped| match scraped.shown.get(lane) {
            Some(Shown::Histograms(series)) => Some(series.values()),
            _ => None,
        })
        .flatten();
    let top = Bound(f64::INFINITY);
    histograms.find_map(|buckets| {
        let name = bounded(name, LONGEST);
        match (buckets.contains_key(&top), buckets.len()) {
            (false, _) => Some(format!(
                "the histogram `{name}` has no bucket `+Inf`, so that how much it has counted is not known"
            )),
            (true, 1) => Some(format!(
                "the histogram `{name}` has no bucket but `+Inf`, which tells of no length of time"
            )),
            (true, _) => None,
        }
    })
}
