//! A service that Azure watches: what each of its APIs answers about it, minute by minute.

use std::collections::BTreeMap;

use runbook_gate::Timestamp;
use serde_json::{Value, json};

use super::{Answer, Call, server};

/// Where its resources are.
pub const GROUP: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers";

/// What the APIs answer about it. `fails` tells of a minute, by its begin in seconds, whether a fifth of the requests failed.
pub fn answer(call: &Call, fails: impl Fn(i64) -> bool) -> Answer {
    if call.host == "api.loganalytics.io" {
        return logs(call, fails);
    }
    if call.host.ends_with("prometheus.monitor.azure.com") {
        return prometheus(call);
    }
    let of_metrics = |timespan: &str| {
        metrics(call.parameter("metricnames"), call.parameter("aggregation"), timespan, &fails)
    };
    if call.path.ends_with("/metrics:getBatch") {
        let value = of_metrics(&format!("{}/{}", call.parameter("starttime"), call.parameter("endtime")));
        let body: Value = serde_json::from_str(&call.body).expect("a JSON body");
        let of = |id: &Value| json!({ "interval": "PT1M", "resourceid": id, "value": value });
        let values: Vec<Value> = body["resourceids"].as_array().expect("ids").iter().map(of).collect();
        return Answer::json(&json!({ "values": values }));
    }
    if call.path.ends_with("/metrics") {
        let value = of_metrics(call.parameter("timespan"));
        return Answer::json(&json!({ "cost": 1, "interval": "PT1M", "value": value }));
    }
    if call.path.ends_with("/metricAlerts") {
        let scope = format!("{GROUP}/Microsoft.Web/sites/orders");
        return Answer::json(
            &json!({ "value": [{ "name": "http-5xx", "properties": { "enabled": true, "scopes": [scope] } }] }),
        );
    }
    Answer::json(&json!({ "value": [] }))
}

/// What they answer while it is well.
pub fn well(call: &Call) -> Answer {
    answer(call, |_| false)
}

/// A table as Log Analytics gives it.
pub fn table(columns: &[&str], rows: Vec<Value>) -> Answer {
    let kind = |name: &str| if name == "TimeGenerated" { "datetime" } else { "real" };
    let columns: Vec<Value> =
        columns.iter().map(|name| json!({ "name": name, "type": kind(name) })).collect();
    Answer::json(&json!({ "tables": [{ "name": "PrimaryResult", "columns": columns, "rows": rows }] }))
}

/// The first moment that a request is about, in seconds; nothing where it is about none.
pub fn asked_from(call: &Call) -> Option<i64> {
    let timespan = match call.parameter("timespan") {
        "" => call.field("timespan"),
        text => text.to_owned(),
    };
    let begin = timespan.split('/').next().filter(|text| !text.is_empty());
    begin.or_else(|| call.query.get("starttime").map(String::as_str)).map(seconds)
}

fn seconds(text: &str) -> i64 {
    text.parse::<Timestamp>().expect("a time").as_nanos() / 1_000_000_000
}

/// The whole minutes of a time, by their begin.
fn minutes(timespan: &str) -> impl Iterator<Item = i64> {
    let (from, to) = timespan.split_once('/').expect("two times");
    (seconds(from).div_euclid(60)..seconds(to).div_euclid(60)).map(|minute| minute * 60)
}

fn logs(call: &Call, fails: impl Fn(i64) -> bool) -> Answer {
    let query = call.field("query");
    let timespan = call.field("timespan");
    let each = |columns: &[&str], row: &dyn Fn(i64) -> Vec<Value>| {
        let rows = minutes(&timespan).map(|at| {
            let mut cells = vec![json!(Timestamp::from_secs(at).to_string())];
            cells.extend(row(at));
            Value::Array(cells)
        });
        table(&[&["TimeGenerated"], columns].concat(), rows.collect())
    };
    if query.contains("percentilew") {
        return each(&["requests", "failed", "p50", "p95", "p99", "rate"], &|at| {
            let failed = if fails(at) { 120 } else { 1 };
            // Microsoft's own examples have numbers as texts.
            vec![json!(600), json!(failed), json!("0.02"), json!(0.2), json!(0.4), json!(10.0)]
        });
    }
    if query.contains("before == 0") {
        return table(&["pattern", "before", "after", "first", "message"], Vec::new());
    }
    match query.split('|').next().unwrap_or_default().trim() {
        "AppDependencies" => each(&["failed", "calls"], &|_| vec![json!(1), json!(300)]),
        "union AppRequests, AppExceptions" => each(&["value"], &|_| vec![json!(0)]),
        "AppAvailabilityResults" => each(&["passed", "runs"], &|_| vec![json!(5), json!(5)]),
        "union AppRequests, AppDependencies, AppTraces, AppExceptions" if query.contains("carrying") => {
            each(&["carrying", "items"], &|_| vec![json!(990), json!(1000)])
        }
        "union AppRequests, AppDependencies, AppTraces, AppExceptions" => {
            table(&["value"], vec![json!([4000])])
        }
        "union AppRequests, AppDependencies" => each(&["value"], &|_| vec![json!(900)]),
        "OrdersAudit" => table(&["value"], vec![json!([0])]),
        other => panic!("no answer to {other}: {query}"),
    }
}

fn metrics(names: &str, aggregation: &str, timespan: &str, fails: &impl Fn(i64) -> bool) -> Value {
    let of = |name: &str| {
        let percent = name.to_ascii_lowercase().contains("percent");
        let number = |at: i64| match name {
            "Requests" => 600.0,
            "Http5xx" => {
                if fails(at) {
                    120.0
                } else {
                    1.0
                }
            }
            _ if percent => 40.0,
            _ => 12.0,
        };
        let point =
            |at: i64| json!({ "timeStamp": Timestamp::from_secs(at).to_string(), aggregation: number(at) });
        json!({
            "name": { "value": name }, "unit": if percent { "Percent" } else { "Count" }, "errorCode": "Success",
            "timeseries": [{ "metadatavalues": [], "data": minutes(timespan).map(point).collect::<Vec<_>>() }],
        })
    };
    names.split(',').map(of).collect()
}

fn prometheus(call: &Call) -> Answer {
    let form: BTreeMap<String, String> = server::pairs(&call.body).collect();
    let number = |name: &str| form.get(name).and_then(|text| text.parse::<f64>().ok()).expect("a number");
    let (from, to, step) = (number("start"), number("end"), number("step"));
    let count = ((to - from) / step).round() as i64;
    let query = form.get("query").map_or("", String::as_str);
    let number = match query {
        query if query.contains("histogram_quantile") => "0.2",
        query if query.contains("=~\"5") => "0",
        query if query.contains("increase(") => "600",
        _ => "3",
    };
    let values: Vec<Value> = (0..=count).map(|at| json!([from + at as f64 * step, number])).collect();
    Answer::json(&json!({
        "status": "success", "data": { "resultType": "matrix", "result": [{ "metric": {}, "values": values }] },
    }))
}
