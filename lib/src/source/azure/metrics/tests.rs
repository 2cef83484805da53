use super::*;
use crate::source::double::{Answer, Asked, Network, NoCommands, ok, shown, status, window};

const ID: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers/Microsoft.Web/sites/orders";

fn metric(name: &str, aggregation: Aggregation) -> Metric {
    Metric { name: name.into(), aggregation, filter: None, namespace: None }
}

fn value(name: &str) -> MetricRead {
    MetricRead::Value { metric: metric(name, Aggregation::Average), empty: None }
}

fn spec(signals: Vec<(&str, MetricRead)>) -> AzureMonitorSpec {
    AzureMonitorSpec {
        resources: Resources::One(ID.parse().unwrap()),
        step: Duration::from_secs(60),
        ingestion_delay: Duration::from_secs(180),
        timeout: Duration::from_secs(30),
        signals: signals.into_iter().map(|(name, read)| (name.parse().unwrap(), read)).collect(),
    }
}

fn source(signals: Vec<(&str, MetricRead)>) -> Metrics {
    Metrics::new(&spec(signals)).unwrap()
}

/// A metric with points at these minutes after 1000 s, rounded down to a whole one: 960 s.
fn of(name: &str, unit: &str, points: &[(i64, &str)]) -> String {
    let data: Vec<String> = points
        .iter()
        .map(|(minute, rest)| {
            let at = crate::Timestamp::from_secs(960 + minute * 60);
            let comma = if rest.is_empty() { "" } else { "," };
            format!(r#"{{"timeStamp":"{at}"{comma}{rest}}}"#)
        })
        .collect();
    format!(
        r#"{{"name":{{"value":"{name}"}},"unit":"{unit}","errorCode":"Success","timeseries":[{{"metadatavalues":[],"data":[{}]}}]}}"#,
        data.join(",")
    )
}

fn answer(interval: &str, metrics: &[String]) -> Answer {
    status(
        200,
        "application/json",
        &format!(r#"{{"cost":1,"interval":"{interval}","value":[{}]}}"#, metrics.join(",")),
    )
}

fn parameters(asked: &Asked) -> BTreeMap<String, String> {
    let query = asked.url.split_once('?').map(|(_, query)| query.to_owned()).unwrap_or_default();
    form_urlencoded::parse(query.as_bytes()).into_owned().collect()
}

#[test]
fn metrics_of_one_aggregation_share_a_request_for_whole_minutes_that_are_old_enough() {
    let network = Network::new(|_| {
        let points = [(1, r#""average":40"#), (2, r#""average":50"#)];
        answer("PT1M", &[of("CpuPercentage", "Percent", &points), of("memorypercentage", "Percent", &points)])
    });
    let mut source = source(vec![("cpu", value("CpuPercentage")), ("memory", value("MemoryPercentage"))]);
    assert_eq!(source.describe(), "azure-monitor Microsoft.Web/sites orders");
    // At 1330 s, what ends at 1140 s is three minutes old; the minute that ends at 1020 s begins before the start.
    let polled = network.poll(&mut source, 1330);
    assert_eq!(shown(&polled), ["1080 cpu 0.4", "1140 cpu 0.5", "1080 memory 0.4", "1140 memory 0.5"]);
    let asked = network.take_asked();
    assert_eq!(asked.len(), 1);
    let sent = parameters(&asked[0]);
    assert!(
        asked[0].url.contains(&format!("{ID}/providers/Microsoft.Insights/metrics?")),
        "{}",
        asked[0].url
    );
    assert_eq!(sent["api-version"], "2024-02-01");
    assert_eq!(sent["timespan"], "1970-01-01T00:17:00Z/1970-01-01T00:19:00Z");
    assert_eq!(
        (sent["metricnames"].as_str(), sent["interval"].as_str()),
        ("CpuPercentage,MemoryPercentage", "PT1M")
    );
    assert_eq!(sent["aggregation"], "average");
    assert!(network.poll(&mut source, 1340).observations.is_empty(), "nothing is due");
}

#[test]
fn a_point_without_the_aggregate_is_no_data_and_no_zero() {
    let network = Network::new(|_| {
        answer("PT1M", &[of("M", "Count", &[(1, ""), (2, r#""total":3"#), (3, r#""average":7"#)])])
    });
    let mut source = source(vec![("m", value("M"))]);
    assert_eq!(shown(&network.poll(&mut source, 1390)), ["1080 m no-data", "1140 m no-data", "1200 m 7"]);
}

#[test]
fn no_series_at_all_is_no_data_or_what_the_policy_says() {
    let empty = r#"{"name":{"value":"M"},"unit":"Count","errorCode":"Success","timeseries":[]}"#;
    let network = Network::new(move |_| answer("PT1M", &[empty.to_owned()]));
    assert_eq!(shown(&network.poll(&mut source(vec![("m", value("M"))]), 1330))[0], "1080 m no-data");
    let zero = MetricRead::Value { metric: metric("M", Aggregation::Total), empty: Some(0.0) };
    assert_eq!(shown(&network.poll(&mut source(vec![("m", zero)]), 1330))[0], "1080 m 0");
}

#[test]
fn counts_need_both_metrics_and_a_missing_total_is_no_data() {
    let network = Network::new(|_| {
        answer(
            "PT1M",
            &[
                of("Http5xx", "Count", &[(1, r#""total":3"#), (3, r#""total":1"#)]),
                of("Requests", "Count", &[(1, r#""total":100"#), (2, r#""total":50"#)]),
            ],
        )
    });
    let ratio = |empty| MetricRead::Ratio {
        bad: metric("Http5xx", Aggregation::Total),
        total: metric("Requests", Aggregation::Total),
        empty,
    };
    let mut source = source(vec![("error_rate", ratio(None)), ("with_zero", ratio(Some(0.0)))]);
    assert_eq!(
        shown(&network.poll(&mut source, 1390)),
        [
            "1080 error_rate 3 of 100",
            "1140 error_rate no-data",
            "1200 error_rate no-data",
            "1080 with_zero 3 of 100",
            "1140 with_zero 0 of 50",
            "1200 with_zero no-data"
        ]
    );
}

/// What one poll says of a value.
fn said(answer: Answer) -> String {
    let answer = std::sync::Mutex::new(Some(answer));
    let network = Network::new(move |_| answer.lock().unwrap().take().unwrap());
    shown(&network.poll(&mut source(vec![("m", value("M"))]), 1330))[0].replace("1140 m ", "")
}

#[test]
fn what_is_no_result_is_said_with_what_to_do() {
    let good = || of("M", "Count", &[(1, r#""average":1"#)]);
    assert_eq!(
        said(answer("PT5M", &[good()])),
        "error: the metric `M` comes in steps of 5m, not of 1m: write `step: 5m`"
    );
    let failed = r#"{"name":{"value":"M"},"errorCode":"InvalidSeries","errorMessage":"no such dimension","timeseries":[]}"#;
    assert_eq!(
        said(answer("PT1M", &[failed.to_owned()])),
        "error: the metric `M`: InvalidSeries: no such dimension"
    );
    assert_eq!(said(answer("PT1M", &[])), "error: the answer lacks the metric `M`");
    let two = good().replace(
        r#""timeseries":[{"metadatavalues":[]"#,
        r#""timeseries":[{"metadatavalues":[{"name":{"value":"instance"},"value":"a"}],"data":[]},{"metadatavalues":[]"#,
    );
    assert!(said(answer("PT1M", &[two])).contains("comes in 2 series where one is needed"));
    let unknown = r#"{"code":"BadRequest","message":"x"}"#;
    assert_eq!(said(status(400, "application/json", unknown)), "error: status 400");
    let unknown = r#"{"error":{"code":"BadRequest","message":"Failed to find metric configuration for metric: M. Valid metrics: CpuTime,Requests"}}"#;
    assert_eq!(
        said(status(400, "application/json", unknown)),
        "error: status 400: BadRequest: Failed to find metric configuration for metric: M. Valid metrics: CpuTime,Requests"
    );
    let denied =
        r#"{"error":{"code":"AuthorizationFailed","message":"The client 'x' does not have authorization"}}"#;
    assert!(said(status(403, "application/json", denied)).contains("`Monitoring Reader` on the resource"));
    assert_eq!(said(status(429, "application/json", "")), "throttled");
    assert!(said(ok("<html>")).starts_with("error: the answer is not one of Azure Monitor"));
}

#[test]
fn after_throttling_the_same_points_are_asked_for_again() {
    let mut source = source(vec![("m", value("M"))]);
    let busy = Network::new(|_| status(429, "application/json", ""));
    assert_eq!(shown(&busy.poll(&mut source, 1330)), ["1140 m throttled"]);
    let points = [(1, r#""average":1"#), (2, r#""average":2"#), (3, r#""average":3"#)];
    let calm = Network::new(move |_| answer("PT1M", &[of("M", "Count", &points)]));
    assert_eq!(shown(&calm.poll(&mut source, 1390)), ["1080 m 1", "1140 m 2", "1200 m 3"]);
}

#[test]
fn several_resources_are_asked_at_once_and_put_together_where_all_have_a_point() {
    let other = ID.replace("sites/orders", "sites/orders-2");
    let resources = Resources::Several {
        region: "westeurope".parse().unwrap(),
        ids: vec![ID.parse().unwrap(), other.parse().unwrap()],
    };
    let signals = vec![(
        "requests".parse().unwrap(),
        MetricRead::Value { metric: metric("M", Aggregation::Total), empty: None },
    )];
    let spec = AzureMonitorSpec { resources, signals, ..spec(vec![]) };
    let network = Network::new(move |_| {
        let first = of("M", "Count", &[(1, r#""total":3"#), (2, r#""total":1"#)]);
        let second = of("M", "Count", &[(1, r#""total":4"#), (2, "")]);
        status(
            200,
            "application/json",
            &format!(
                r#"{{"values":[{{"interval":"PT1M","resourceid":"{}","value":[{second}]}},{{"interval":"PT1M","resourceid":"{}","value":[{first}]}}]}}"#,
                other.to_uppercase(),
                ID
            ),
        )
    });
    let mut source = Metrics::new(&spec).unwrap();
    assert_eq!(shown(&network.poll(&mut source, 1330)), ["1080 requests 7", "1140 requests no-data"]);
    let asked = network.take_asked().remove(0);
    assert!(asked.url.starts_with("azure:Azure Monitor metrics/subscriptions/11111111-"), "{}", asked.url);
    let sent = parameters(&asked);
    assert_eq!(
        (sent["starttime"].as_str(), sent["endtime"].as_str()),
        ("1970-01-01T00:17:00Z", "1970-01-01T00:19:00Z")
    );
    assert_eq!(sent["metricnamespace"], "Microsoft.Web/sites");
    let body: serde_json::Value =
        serde_json::from_slice(&asked.request.body.as_ref().unwrap().bytes).unwrap();
    assert_eq!(body["resourceids"].as_array().unwrap().len(), 2);
}

#[test]
fn a_past_is_read_at_once() {
    let network = Network::new(|_| answer("PT1M", &[of("M", "Count", &[(1, r#""average":1"#)])]));
    let mut source = source(vec![("m", value("M"))]);
    let world = World { transport: &network, commands: &NoCommands };
    let past = source.history(&window(960, 1200, 1380), &world).unwrap();
    assert_eq!(shown(&past), ["1020 m no-data", "1080 m 1", "1140 m no-data", "1200 m no-data"]);
}

#[test]
fn what_cannot_be_asked_is_refused() {
    let step =
        |seconds| AzureMonitorSpec { step: Duration::from_secs(seconds), ..spec(vec![("m", value("M"))]) };
    assert!(matches!(Metrics::new(&step(15)), Err(SourceError::Step { .. })));
    assert!(Metrics::new(&step(300)).is_ok());
    let unlike = Resources::Several {
        region: "westeurope".parse().unwrap(),
        ids: vec![
            ID.parse().unwrap(),
            ID.replace("Microsoft.Web/sites", "Microsoft.Web/serverfarms").parse().unwrap(),
        ],
    };
    let unlike = AzureMonitorSpec { resources: unlike, ..spec(vec![("m", value("M"))]) };
    assert!(matches!(Metrics::new(&unlike), Err(SourceError::UnlikeResources)));
    assert!(matches!(Metrics::new(&spec(vec![])), Err(SourceError::NoSignals { .. })));
}
