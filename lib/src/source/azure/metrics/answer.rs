//! What Azure Monitor answers to a question for metrics.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::super::{iso, refusal};
use crate::Duration;
use crate::policy::source_spec::{Aggregation, Resources};
use crate::sample::Absence;
use crate::source::remark::{bounded, plain};
use crate::transport::{AzureApi, Response, TransportError};

/// Numbers in base units, by the end of the time that they span, in milliseconds.
pub(super) type Points = BTreeMap<i64, f64>;

/// The answer of each resource.
#[derive(Debug)]
pub(super) struct Answer(Vec<OfResource>);

#[derive(Debug, Deserialize)]
struct OfResource {
    /// The step that the service really used.
    #[serde(default)]
    interval: Option<String>,
    #[serde(default)]
    resourceid: Option<String>,
    #[serde(default)]
    value: Vec<OfMetric>,
}

#[derive(Deserialize)]
struct Batch {
    #[serde(default)]
    values: Vec<OfResource>,
}

#[derive(Debug, Deserialize)]
struct OfMetric {
    name: Name,
    #[serde(default)]
    unit: Option<String>,
    #[serde(default, rename = "errorCode")]
    error_code: Option<String>,
    #[serde(default, rename = "errorMessage")]
    error_message: Option<String>,
    #[serde(default)]
    timeseries: Vec<Series>,
}

#[derive(Debug, Deserialize)]
struct Name {
    value: String,
}

#[derive(Debug, Deserialize)]
struct Series {
    #[serde(default)]
    metadatavalues: Vec<Label>,
    #[serde(default)]
    data: Vec<Point>,
}

#[derive(Debug, Deserialize)]
struct Label {
    name: Name,
    #[serde(default)]
    value: String,
}

/// A point without one of the aggregates has no data for it: the key is missing, it is not zero.
#[derive(Debug, Deserialize)]
struct Point {
    #[serde(rename = "timeStamp")]
    at: String,
    #[serde(default)]
    average: Option<f64>,
    #[serde(default)]
    total: Option<f64>,
    #[serde(default)]
    maximum: Option<f64>,
    #[serde(default)]
    minimum: Option<f64>,
    #[serde(default)]
    count: Option<f64>,
}

fn fail(text: &str) -> Absence {
    Absence::Error(plain(text))
}

impl Answer {
    /// Reads an answer, or says why it is no result.
    pub(super) fn read(
        answer: &Result<Response, TransportError>,
        resources: &Resources,
    ) -> Result<Self, Absence> {
        let (api, place) = match resources {
            Resources::One(id) => (AzureApi::ResourceManager, id.to_string()),
            Resources::Several { region, ids } => {
                let first = ids.first().map(ToString::to_string).unwrap_or_default();
                (AzureApi::Metrics(region.clone()), format!("{first} and the others in {region}"))
            }
        };
        let body = refusal::success(answer, &api, &place)?;
        let unreadable =
            |error: serde_json::Error| fail(&format!("the answer is not one of Azure Monitor: {error}"));
        match resources {
            Resources::One(_) => Ok(Self(vec![serde_json::from_slice(body).map_err(unreadable)?])),
            Resources::Several { .. } => {
                let batch: Batch = serde_json::from_slice(body).map_err(unreadable)?;
                Ok(Self(batch.values))
            }
        }
    }

    /// The points of one metric; of several resources put together, where every one of them has the point.
    pub(super) fn points(
        &self,
        metric: &str,
        aggregation: Aggregation,
        step: Duration,
        resources: &Resources,
    ) -> Result<Points, Absence> {
        let mut each = Vec::new();
        for id in resources.all() {
            let own = |of: &&OfResource| of.resourceid.as_deref().is_none_or(|own| id.names(own));
            let Some(of) = self.0.iter().find(own) else {
                return Err(fail(&format!("the answer lacks {id}; check its region")));
            };
            each.push(of.points(metric, aggregation, step)?);
        }
        let Some((first, others)) = each.split_first() else { return Ok(Points::new()) };
        let whole = |(at, number): (&i64, &f64)| {
            let mut numbers = vec![*number];
            for points in others {
                numbers.push(*points.get(at)?);
            }
            Some((*at, aggregation.combine(&numbers)))
        };
        Ok(first.iter().filter_map(whole).collect())
    }
}

impl OfResource {
    fn points(&self, metric: &str, aggregation: Aggregation, step: Duration) -> Result<Points, Absence> {
        let used = self.interval.as_deref().unwrap_or_default();
        let used_step = iso::parse_length(used)
            .ok_or_else(|| fail(&format!("the answer has the step `{}`", bounded(used, 20))))?;
        if used_step != step {
            return Err(fail(&format!(
                "the metric `{metric}` comes in steps of {used_step}, not of {step}: write `step: {used_step}`"
            )));
        }
        let found = self.value.iter().find(|of| of.name.value.eq_ignore_ascii_case(metric));
        let found = found.ok_or_else(|| fail(&format!("the answer lacks the metric `{metric}`")))?;
        if let Some(code) = found.error_code.as_deref().filter(|code| !code.eq_ignore_ascii_case("success")) {
            let message = found.error_message.as_deref().unwrap_or("without saying why");
            if code.eq_ignore_ascii_case("Throttled") {
                return Err(Absence::Throttled);
            }
            return Err(fail(&format!("the metric `{metric}`: {}: {message}", bounded(code, 60))));
        }
        let scale = scale_of(found.unit.as_deref().unwrap_or_default());
        let series = match found.timeseries.as_slice() {
            [] => return Ok(Points::new()),
            [series] => series,
            several => return Err(fail(&several_series(metric, several))),
        };
        let length = i64::try_from(step.as_nanos() / 1_000_000).unwrap_or(i64::MAX);
        let mut points = Points::new();
        for point in &series.data {
            let Some(begin) = iso::parse_time(&point.at) else {
                return Err(fail(&format!("the answer has a time that is none: {}", bounded(&point.at, 40))));
            };
            if let Some(number) = point.aggregate(aggregation) {
                points.insert(begin.saturating_add(length), number * scale);
            }
        }
        Ok(points)
    }
}

impl Point {
    const fn aggregate(&self, aggregation: Aggregation) -> Option<f64> {
        match aggregation {
            Aggregation::Average => self.average,
            Aggregation::Total => self.total,
            Aggregation::Maximum => self.maximum,
            Aggregation::Minimum => self.minimum,
            Aggregation::Count => self.count,
        }
    }
}

/// What a unit is of the base unit: a percentage is a ratio, a length of time is in seconds.
fn scale_of(unit: &str) -> f64 {
    match unit.to_ascii_lowercase().as_str() {
        "percent" => 0.01,
        "milliseconds" | "millicores" => 0.001,
        "nanocores" => 1e-9,
        _ => 1.0,
    }
}

fn several_series(metric: &str, series: &[Series]) -> String {
    let named: Vec<String> = series
        .iter()
        .take(5)
        .map(|one| {
            let labels: Vec<String> = one
                .metadatavalues
                .iter()
                .map(|label| format!("{} {}", label.name.value, label.value))
                .collect();
            bounded(&labels.join(" "), 40)
        })
        .collect();
    format!(
        "the metric `{metric}` comes in {} series where one is needed; name one in `filter`, without '*': {}",
        series.len(),
        named.join(", ")
    )
}
