//! What the policy asks of a target: which lanes are read, and how signals are made of them.

use super::lane::Lane;
use crate::SignalName;
use crate::policy::source_spec::ScrapeRead;
use crate::source::SourceError;
use crate::source::selector::{Selector, SelectorError};

/// How a signal is made of lanes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reading {
    Ratio { bad: usize, total: usize },
    Rate(usize),
    Increase(usize),
    Gauge(usize),
    Quantile { lane: usize, quantile: f64 },
}

/// How each signal is made.
pub(super) type Readings = Vec<(SignalName, Reading)>;

/// The lanes of all signals, and how each signal is made of them.
pub(super) fn of(asked: &[(SignalName, ScrapeRead)]) -> Result<(Vec<Lane>, Readings), SourceError> {
    let mut lanes = Lanes::default();
    let mut signals = Vec::new();
    for (signal, read) in asked {
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
    Ok((lanes.lanes, signals))
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
