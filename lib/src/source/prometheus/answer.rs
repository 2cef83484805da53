//! What a Prometheus server answers to a range query.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::sample::Absence;
use crate::source::remark::{Secrets, bounded};
use crate::source::unanswered;
use crate::transport::{Response, TransportError};

/// One series, or a part of the answer that is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Answer {
    /// Numbers by time in milliseconds; NaN and infinities as they came.
    pub(super) points: BTreeMap<i64, f64>,
    /// What the server remarks, printable.
    pub(super) infos: Vec<String>,
}

#[derive(Deserialize)]
struct Document {
    status: String,
    #[serde(default)]
    data: Option<Data>,
    #[serde(default, rename = "errorType")]
    error_type: Option<String>,
    #[serde(default)]
    error: Option<String>,
    #[serde(default)]
    warnings: Option<Vec<String>>,
    #[serde(default)]
    infos: Option<Vec<String>>,
    /// VictoriaMetrics' word for an answer of which a part is missing.
    #[serde(default, rename = "isPartial")]
    is_partial: Option<bool>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    result_type: String,
    #[serde(default)]
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    #[serde(default)]
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<(f64, String)>,
    #[serde(default)]
    histograms: Option<IgnoredAny>,
}

/// What a 404 means.
const NOT_FOUND: &str = "; the URL must be the server's base, without /api/v1";

/// The most series that an error names.
const MOST_NAMED: usize = 5;

/// Reads an answer, or says why it is no result.
pub(super) fn read(answer: &Result<Response, TransportError>, secrets: &Secrets) -> Result<Answer, Absence> {
    let response = match answer {
        Ok(response) => response,
        Err(error) => return Err(unanswered::failed(error, secrets)),
    };
    if response.status == 429 {
        return Err(Absence::Throttled);
    }
    let document: Document = match serde_json::from_slice(&response.body) {
        Ok(document) => document,
        Err(error) if response.status == 200 => {
            return Err(fail(
                secrets,
                &format!(
                    "the answer is not one of a Prometheus server ({error}); the URL must be the server's base, without /api/v1"
                ),
            ));
        }
        // No JSON: of a proxy, mostly.
        Err(_) => return Err(unanswered::refused(response, NOT_FOUND, secrets)),
    };
    if document.status != "success" || response.status != 200 {
        return Err(refusal(&document, response, secrets));
    }
    let (infos, warnings): (Vec<String>, Vec<String>) =
        document.warnings.unwrap_or_default().into_iter().partition(|text| text.starts_with("PromQL info"));
    if let Some(warning) = warnings.first() {
        return Err(fail(
            secrets,
            &format!("the answer is partial or doubtful: the server warns: {warning}"),
        ));
    }
    if document.is_partial == Some(true) {
        return Err(fail(secrets, "the answer is partial: a part of the server's storage did not answer"));
    }
    let data = document.data.ok_or_else(|| fail(secrets, "the server answered without data"))?;
    if data.result_type != "matrix" {
        let kind = bounded(&data.result_type, 40);
        return Err(fail(
            secrets,
            &format!("the server answered a {kind} where points over time were asked for"),
        ));
    }
    let infos = infos.into_iter().chain(document.infos.unwrap_or_default());
    let mut result =
        Answer { infos: infos.take(3).map(|text| secrets.plain(&text)).collect(), ..Answer::default() };
    match data.result.as_slice() {
        [] => {}
        [series] if series.values.is_empty() && series.histograms.is_some() => {
            return Err(fail(
                secrets,
                "the query gives native histograms, not numbers; wrap it in histogram_quantile(…) or histogram_count(…)",
            ));
        }
        [series] => {
            for (at, text) in &series.values {
                result.points.insert((at * 1e3).round() as i64, number(text));
            }
        }
        several => return Err(fail(secrets, &several_series(several))),
    }
    Ok(result)
}

/// A number as Prometheus writes it; what is none is NaN.
fn number(text: &str) -> f64 {
    match text {
        "+Inf" => f64::INFINITY,
        "-Inf" => f64::NEG_INFINITY,
        text => text.parse().unwrap_or(f64::NAN),
    }
}

fn fail(secrets: &Secrets, text: &str) -> Absence {
    Absence::Error(secrets.plain(text))
}

fn refusal(document: &Document, response: &Response, secrets: &Secrets) -> Absence {
    let kind = document.error_type.as_deref().unwrap_or("error");
    let error = document.error.as_deref().unwrap_or("without saying why");
    let status = response.status;
    match (kind, status) {
        ("timeout" | "canceled", _) => Absence::Timeout,
        ("too_many_requests", _) => Absence::Throttled,
        ("bad_data", _) => fail(secrets, &format!("the server cannot read the query: {error}")),
        ("execution", _) => fail(secrets, &format!("the server cannot evaluate the query: {error}")),
        (kind, status) => {
            fail(secrets, &format!("the server answered status {status}, {}: {error}", bounded(kind, 40)))
        }
    }
}

/// `3 series where one is needed: {code="200"}, {code="500"}…`
fn several_series(series: &[Series]) -> String {
    let named: Vec<String> = series
        .iter()
        .take(MOST_NAMED)
        .map(|one| {
            let labels = one.metric.iter().filter(|(label, _)| *label != "__name__");
            let labels: Vec<String> = labels
                .map(|(label, value)| format!("{}=\"{}\"", bounded(label, 20), bounded(value, 20)))
                .collect();
            bounded(&format!("{{{}}}", labels.join(", ")), 45)
        })
        .collect();
    let more = if series.len() > MOST_NAMED { ", …" } else { "" };
    let count = series.len();
    format!(
        "the query gives {count} series where one is needed; add them up, sum(…): {}{more}",
        named.join(", ")
    )
}
