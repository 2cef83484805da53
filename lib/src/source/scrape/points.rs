//! The samples of a point: what the targets show now, and what grew since the point before.

use std::collections::BTreeMap;

use super::Scrape;
use super::histogram::{self, Buckets, quantile};
use super::lane::{Growth, Lane, Scraped, Shown};
use super::missing::Missing;
use super::reading::Reading;
use super::target::{Advance, Target};
use crate::Timestamp;
use crate::sample::{Absence, Sample};

impl Scrape {
    /// A signal's sample; `None` while there is nothing to compare with.
    pub(super) fn sample(
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

    fn grown(&self, lane: usize) -> impl Iterator<Item = &Growth> {
        self.targets.iter().filter_map(move |target| target.grown.get(lane))
    }

    pub(super) fn buckets(&self, lane: usize) -> Buckets {
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
}

fn count_of(growth: &Growth) -> f64 {
    match growth {
        Growth::Count(count) => *count,
        Growth::Nothing | Growth::Buckets(_) => 0.0,
    }
}
