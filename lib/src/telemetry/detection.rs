//! How long a criterion needs: a regression at the traffic that was seen, judged by the gate itself.

use serde::Serialize;

use super::trial::{Release, Trial};
use super::{Before, seen, whole};
use crate::gate::{CriterionKind, CriterionStatus, Outcome};
use crate::policy::rules::{GateCriterion, SignalRules};
use crate::sample::Sample;
use crate::{Duration, SignalName, Timestamp};

/// What a criterion can do at some traffic.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Detection {
    /// Requests in a second, where the criterion depends on them.
    pub requests_per_second: Option<f64>,
    /// How long until as many requests were seen as a ratio is judged on.
    pub data_after: Option<Duration>,
    /// Rollback criteria: a regression of twice the threshold (half, for `<`), or a failing state, from the start of the
    /// watch on would be found after so long; `None` where the watch, with its extension, is too short.
    pub found_after: Option<Duration>,
    /// Rollback criteria on a ratio: the smallest error rate that the watch would find.
    pub smallest: Option<f64>,
    /// The signals that are compared with their baseline, and have none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without_baseline: Vec<SignalName>,
    /// Whether a good release could be told from nothing: whether the criterion comes to a decision at all.
    pub decides: Decides,
}

/// Whether a criterion comes to a decision on a good release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decides {
    /// It does.
    Yes,
    /// It stays unknown, and holds the release.
    No {
        /// Why, in the gate's words.
        why: String,
    },
}

/// Shares of the usual traffic at which criteria are tried: all of it, and, where the past is long enough, what came in its
/// quietest time as long as the watch.
pub(super) fn shares(past: &Before<'_>) -> Vec<f64> {
    let rules = past.rules;
    let rates = rates(past).unwrap_or_default();
    let mean = |rates: &[(Timestamp, f64)]| {
        let sum: f64 = rates.iter().map(|(_, rate)| rate).sum();
        (!rates.is_empty()).then(|| sum / rates.len() as f64)
    };
    let mut shares = vec![1.0];
    let (Some((first, _)), Some((last, _)), Some(usual)) = (rates.first(), rates.last(), mean(&rates)) else {
        return shares;
    };
    if last.since(*first) >= rules.observe().times(2) && usual > 0.0 {
        let beginning = |(index, (from, _)): (usize, &(Timestamp, f64))| {
            let to = *from + rules.observe();
            let end = rates.partition_point(|(at, _)| *at < to);
            // Only whole times as long as the watch count.
            if to > *last { None } else { mean(rates.get(index..end)?) }
        };
        let quietest = rates.iter().enumerate().filter_map(beginning).min_by(f64::total_cmp);
        shares.extend(quietest.map(|rate| rate / usual));
    }
    shares
}

/// Requests in a second over time, from the best signal that tells of them, in order.
fn rates(past: &Before<'_>) -> Option<Vec<(Timestamp, f64)>> {
    let of = |(name, signal): (&SignalName, &SignalRules)| {
        let samples = past.observed.get(name)?;
        let window = seen::window(name, samples, signal, past.windows).observed;
        let rate = |(at, sample): &(Timestamp, Sample)| {
            Some((*at, seen::requests(signal.reading, name, window, sample)?))
        };
        let mut rates: Vec<(Timestamp, f64)> = samples.iter().filter_map(rate).collect();
        rates.sort_by_key(|(at, _)| *at);
        (!rates.is_empty()).then_some(rates)
    };
    // `availability` counts the gate's own probes.
    let named =
        |wanted: &str| past.rules.signals().iter().find(|(name, _)| name.as_str() == wanted).and_then(of);
    named("error_rate").or_else(|| named("request_rate"))
}

impl Detection {
    /// What a criterion can do at this traffic; `None` where a signal of it was never seen.
    pub(super) fn of(
        past: &Before<'_>,
        criterion: &GateCriterion,
        kind: CriterionKind,
        share: f64,
    ) -> Option<Self> {
        let trial = Trial::new(past, criterion, kind, share)?;
        let rate = trial.requests_per_second();
        let needed = f64::from(past.rules.min_requests());
        let data_after = rate.filter(|rate| trial.is_counted() && *rate > 0.0).map(|rate| needed / rate);
        let found = |release| if kind == CriterionKind::Rollback { trial.found(release) } else { None };
        Some(Self {
            requests_per_second: rate,
            data_after: data_after.and_then(Duration::from_seconds_f64).map(whole),
            found_after: found(Release::Bad(2.0)).map(whole),
            smallest: if kind == CriterionKind::Rollback { trial.smallest() } else { None },
            without_baseline: trial.without_baseline(criterion),
            decides: decides(&trial.run(Release::Good)),
        })
    }
}

fn decides(outcome: &Outcome) -> Decides {
    let undecided = outcome.criteria.iter().find_map(|one| {
        let explanation = &one.explanation;
        match one.status {
            CriterionStatus::Unknown => Some(explanation.summary.clone()),
            // Not the summary: it names the times of a trial, at which nothing was.
            CriterionStatus::PreExisting => Some(format!(
                "it is so before any deployment already, and rolling back cannot help. {}",
                explanation.otherwise
            )),
            _ => None,
        }
    });
    undecided.map_or(Decides::Yes, |why| Decides::No { why })
}
