//! What the documented APIs take: method, path, version, parameters and audience.

use serde_json::Value;

use super::{Call, kql, schema};

/// Whom tokens for a host are made out to.
pub fn audience(host: &str) -> &str {
    for shared in ["metrics.monitor.azure.com", "prometheus.monitor.azure.com"] {
        if host.ends_with(shared) {
            return shared;
        }
    }
    host
}

/// Whether the documented API takes a request.
///
/// # Errors
/// What is wrong with it.
pub fn check(call: &Call) -> Result<(), String> {
    if call.host == "management.azure.com" {
        return management(call);
    }
    if call.host.ends_with(".metrics.monitor.azure.com") {
        return batch(call);
    }
    if call.host.ends_with(".prometheus.monitor.azure.com") {
        let good = call.method == "POST" && call.path == "/api/v1/query_range";
        return if good { Ok(()) } else { Err("no such path of Prometheus".to_owned()) };
    }
    match call.host.as_str() {
        "api.loganalytics.io" | "api.applicationinsights.io" => query(call),
        host => Err(format!("nobody knows {host}")),
    }
}

fn management(call: &Call) -> Result<(), String> {
    wants(call, "GET")?;
    let lower = call.path.to_ascii_lowercase();
    let kinds: [(&str, &str, &[&str]); 6] = [
        (
            "/providers/microsoft.insights/metrics",
            "2024-02-01",
            &[
                "timespan",
                "interval",
                "metricnames",
                "metricnamespace",
                "aggregation",
                "$filter",
                "top",
                "orderby",
            ],
        ),
        (
            "/providers/microsoft.alertsmanagement/alerts",
            "2019-03-01",
            &["targetResource", "monitorCondition", "customTimeRange", "pageCount", "sortBy", "sortOrder"],
        ),
        ("/providers/microsoft.insights/metricalerts", "2018-03-01", &[]),
        ("/providers/microsoft.insights/scheduledqueryrules", "2023-12-01", &[]),
        ("/providers/microsoft.insights/activitylogalerts", "2020-10-01", &[]),
        ("/providers/microsoft.alertsmanagement/actionrules", "2021-08-08", &[]),
    ];
    let (kind, version, parameters) = kinds
        .into_iter()
        .find(|(kind, ..)| lower.ends_with(kind))
        .ok_or_else(|| format!("no such path: {}", call.path))?;
    has_version(call, version)?;
    knows_parameters(call, parameters)?;
    if kind.ends_with("/metrics") {
        metrics(call, "timespan")?;
        let resource = call.path.get(..lower.len() - kind.len()).unwrap_or_default();
        are_documented(call, resource, "$filter")?;
        let (from, to) = call.parameter("timespan").split_once('/').ok_or("timespan is START/END")?;
        is_time(from)?;
        is_time(to)?;
    }
    if kind.ends_with("/alerts") {
        let (from, to) =
            call.parameter("customTimeRange").split_once('/').ok_or("customTimeRange is START/END")?;
        is_time(from)?;
        is_time(to)?;
    }
    Ok(())
}

fn batch(call: &Call) -> Result<(), String> {
    wants(call, "POST")?;
    has_version(call, "2024-02-01")?;
    knows_parameters(
        call,
        &[
            "starttime",
            "endtime",
            "interval",
            "metricnames",
            "metricnamespace",
            "aggregation",
            "filter",
            "top",
        ],
    )?;
    if !call.path.starts_with("/subscriptions/") || !call.path.ends_with("/metrics:getBatch") {
        return Err(format!("no such path: {}", call.path));
    }
    metrics(call, "starttime")?;
    is_time(call.parameter("starttime"))?;
    is_time(call.parameter("endtime"))?;
    if call.parameter("metricnamespace").is_empty() {
        return Err("metricnamespace is required".to_owned());
    }
    let body: Value = serde_json::from_str(&call.body).map_err(|error| error.to_string())?;
    let ids: Vec<&str> =
        body["resourceids"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if ids.is_empty() || ids.len() > 50 {
        return Err("resourceids lists 1 to 50 resources".to_owned());
    }
    for id in ids {
        if !id.starts_with(call.path.trim_end_matches("/metrics:getBatch")) {
            return Err(format!("{id} is of another subscription"));
        }
        if !type_of(id).eq_ignore_ascii_case(call.parameter("metricnamespace")) {
            return Err(format!("{id} has no such namespace"));
        }
        are_documented(call, id, "filter")?;
    }
    Ok(())
}

/// The type in the id of a resource.
fn type_of(id: &str) -> String {
    let (_, behind) = id.split_once("/providers/").unwrap_or_default();
    let mut parts = behind.split('/');
    let space = parts.next().unwrap_or_default();
    let kinds: Vec<&str> = parts.step_by(2).collect();
    format!("{space}/{}", kinds.join("/"))
}

/// Whether the resource has the metrics, with the aggregations and the dimensions that are asked for, as the reference says.
fn are_documented(call: &Call, resource: &str, filter: &str) -> Result<(), String> {
    let kind = type_of(resource);
    let known = schema::metrics(&kind).ok_or_else(|| format!("the tests know no metrics of {kind}"))?;
    for wanted in call.parameter("metricnames").split(',') {
        let Some((_, aggregations, dimensions)) = known.iter().find(|(name, ..)| *name == wanted) else {
            let valid: Vec<&str> = known.iter().map(|(name, ..)| *name).collect();
            return Err(format!(
                "Failed to find metric configuration for provider: {kind}, metric: {wanted}, Valid metrics: {}",
                valid.join(",")
            ));
        };
        for aggregation in call.parameter("aggregation").split(',') {
            if !aggregations.contains(&aggregation) {
                return Err(format!("{wanted} has no {aggregation}"));
            }
        }
        let (dimension, _) = call.parameter(filter).split_once(' ').unwrap_or_default();
        if !dimension.is_empty() && !dimensions.contains(&dimension) {
            return Err(format!("{wanted} has no dimension {dimension}"));
        }
    }
    Ok(())
}

fn metrics(call: &Call, time: &str) -> Result<(), String> {
    if call.parameter(time).is_empty() {
        return Err(format!("{time} is missing"));
    }
    let interval = call.parameter("interval");
    if !["PT1M", "PT5M", "PT15M", "PT30M", "PT1H", "PT6H", "PT12H", "P1D"].contains(&interval) {
        return Err(format!("no such interval: {interval}"));
    }
    let names = call.parameter("metricnames").split(',').filter(|name| !name.is_empty()).count();
    if !(1..=20).contains(&names) {
        return Err("metricnames lists 1 to 20 metrics".to_owned());
    }
    for aggregation in call.parameter("aggregation").split(',') {
        if !["average", "total", "maximum", "minimum", "count"].contains(&aggregation) {
            return Err(format!("no such aggregation: {aggregation}"));
        }
    }
    Ok(())
}

fn query(call: &Call) -> Result<(), String> {
    wants(call, "POST")?;
    let path =
        call.path.strip_prefix("/v1/").and_then(|path| path.strip_suffix("/query")).ok_or("no such path")?;
    let app = call.host == "api.applicationinsights.io";
    let known = match path.split_once('/') {
        Some(("apps", _)) => app,
        Some(("workspaces" | "subscriptions", _)) => !app,
        _ => false,
    };
    if !known {
        return Err(format!("no such path: {}", call.path));
    }
    if call.headers.get("content-type").is_none_or(|kind| kind != "application/json") {
        return Err("the body is JSON".to_owned());
    }
    let body: Value = serde_json::from_str(&call.body).map_err(|error| error.to_string())?;
    let fields = body.as_object().ok_or("the body is an object")?;
    if let Some(other) = fields.keys().find(|key| !["query", "timespan"].contains(&key.as_str())) {
        return Err(format!("no such field: {other}"));
    }
    let (from, to) =
        body["timespan"].as_str().and_then(|text| text.split_once('/')).ok_or("timespan is START/END")?;
    is_time(from)?;
    is_time(to)?;
    kql::check(body["query"].as_str().ok_or("query is a text")?)
}

fn wants(call: &Call, method: &str) -> Result<(), String> {
    if call.method == method { Ok(()) } else { Err(format!("the method is {method}")) }
}

fn has_version(call: &Call, version: &str) -> Result<(), String> {
    if call.parameter("api-version") == version { Ok(()) } else { Err(format!("api-version is {version}")) }
}

fn knows_parameters(call: &Call, known: &[&str]) -> Result<(), String> {
    let unknown = call.query.keys().find(|name| *name != "api-version" && !known.contains(&name.as_str()));
    unknown.map_or(Ok(()), |name| Err(format!("no such parameter: {name}")))
}

fn is_time(text: &str) -> Result<(), String> {
    let good = text.parse::<runbook_gate::Timestamp>().is_ok() && text.ends_with('Z');
    if good { Ok(()) } else { Err(format!("no time: {text}")) }
}
