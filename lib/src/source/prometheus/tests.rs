use super::*;
use crate::Secret;
use crate::source::double::{Answer, Asked, Network, NoCommands, notes, ok, shown, status, timeout, window};
use crate::transport::{Address, Header, Retry, Sensitivity};

fn value(query: &str) -> PrometheusRead {
    PrometheusRead::Value { query: query.into(), total: None, empty: None }
}

fn ratio(empty: Option<f64>) -> PrometheusRead {
    PrometheusRead::Ratio { bad: "bad[$window]".into(), total: "total[$window]".into(), empty }
}

fn spec(signals: Vec<(&str, PrometheusRead)>) -> PrometheusSpec {
    PrometheusSpec {
        address: Address::Url("http://prometheus:9090/base/".parse().unwrap()),
        step: Duration::from_secs(15),
        scrape_interval: Duration::from_secs(15),
        timeout: Duration::from_secs(10),
        ingestion_delay: Duration::ZERO,
        signals: signals.into_iter().map(|(name, read)| (name.parse().unwrap(), read)).collect(),
        headers: vec![],
    }
}

fn source(signals: Vec<(&str, PrometheusRead)>) -> Prometheus {
    Prometheus::new(&spec(signals)).unwrap()
}

fn json(body: &str) -> Answer {
    status(200, "application/json", body)
}

/// An answer of one series with these values.
fn matrix(values: &[(f64, &str)]) -> Answer {
    let values: Vec<String> = values.iter().map(|(at, value)| format!("[{at},\"{value}\"]")).collect();
    json(&format!(
        r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[{}]}}]}}}}"#,
        values.join(",")
    ))
}

const EMPTY: &str = r#"{"status":"success","data":{"resultType":"matrix","result":[]}}"#;

/// Answers every point that is asked for with its time in seconds.
fn clock(asked: &Asked) -> Answer {
    let (start, end, step): (f64, f64, f64) = (
        asked.field("start").parse().unwrap(),
        asked.field("end").parse().unwrap(),
        asked.field("step").parse().unwrap(),
    );
    let points = ((end - start) / step).round() as usize;
    let times: Vec<f64> = (0..=points).map(|index| start + index as f64 * step).collect();
    let texts: Vec<String> = times.iter().map(f64::to_string).collect();
    matrix(&times.iter().zip(&texts).map(|(at, text)| (*at, text.as_str())).collect::<Vec<_>>())
}

/// What one poll at 1015 s says of a value query.
fn said(answer: fn() -> Answer) -> String {
    let polled = Network::new(move |_| answer()).poll(&mut source(vec![("x", value("q"))]), 1015);
    shown(&polled)[0].replace("1015 x ", "")
}

#[test]
fn asks_by_form_for_what_is_new_with_an_overlap() {
    let network = Network::new(clock);
    let mut source = source(vec![("x", value("up # all\n"))]);
    assert_eq!(shown(&network.poll(&mut source, 1047)), ["1015 x 1015", "1030 x 1030", "1045 x 1045"]);
    let asked = &network.take_asked()[0];
    assert_eq!(asked.url, "http://prometheus:9090/base/api/v1/query_range");
    let fields = ["query", "start", "end", "step", "timeout", "lookback_delta"].map(|name| asked.field(name));
    assert_eq!(fields, ["up", "1015.000", "1045.000", "15.000", "10s", "120s"]);
    assert_eq!((asked.request.method, asked.request.retry), (Method::Post, Retry::WithinTimeout));

    assert_eq!(shown(&network.poll(&mut source, 1060)), ["1060 x 1060"]);
    let asked = &network.take_asked()[0];
    assert_eq!([asked.field("start"), asked.field("end")], ["1030.000", "1060.000"]);
    assert!(network.poll(&mut source, 1060).observations.is_empty());
    assert!(network.take_asked().is_empty(), "nothing is due");
}

#[test]
fn a_late_point_and_a_changed_one_are_given_again() {
    let mut source = source(vec![("x", value("q"))]);
    let first = Network::new(|_| matrix(&[(1015.0, "1")])).poll(&mut source, 1030);
    assert_eq!(shown(&first), ["1015 x 1", "1030 x no-data"]);
    let late =
        Network::new(|_| matrix(&[(1015.0, "2"), (1030.0, "3"), (1045.0, "4")])).poll(&mut source, 1045);
    assert_eq!(shown(&late), ["1015 x 2", "1030 x 3", "1045 x 4"]);
}

#[test]
fn after_a_failure_the_points_are_asked_for_again() {
    let mut source = source(vec![("x", value("q"))]);
    assert_eq!(shown(&Network::new(|_| timeout()).poll(&mut source, 1030)), ["1030 x timeout"]);
    assert_eq!(
        shown(&Network::new(clock).poll(&mut source, 1045)),
        ["1015 x 1015", "1030 x 1030", "1045 x 1045"]
    );
}

#[test]
fn counts_are_windows_that_do_not_overlap_and_span_four_scrapes() {
    let network = Network::new(clock);
    let mut source = source(vec![("error_rate", ratio(None)), ("x", value("q"))]);
    let steps: Vec<_> = source.signals().iter().map(|signal| (signal.reading, signal.step)).collect();
    assert_eq!(
        steps,
        [(ReadingKind::Counts, Duration::from_secs(60)), (ReadingKind::Value, Duration::from_secs(15))]
    );
    assert_eq!(source.interval(), Duration::from_secs(15));
    // The watch begins at 1090: one window ends there, and none reaches before 1000.
    network.poll_in(&mut source, &window(1000, 1090, 1212));
    let asked: Vec<[String; 4]> = network
        .take_asked()
        .iter()
        .map(|asked| ["query", "start", "end", "step"].map(|name| asked.field(name).to_owned()))
        .collect();
    assert_eq!(asked[0], ["bad[60s]", "1090.000", "1210.000", "60.000"]);
    assert_eq!(asked[2], ["total[60s]", "1090.000", "1210.000", "60.000"]);
}

#[test]
fn a_value_over_a_window_tells_nothing_that_straddles_the_start_of_the_watch() {
    let network = Network::new(clock);
    let mut source = source(vec![("x", value("rate(y[$window])"))]);
    let polled = network.poll_in(&mut source, &window(1000, 1090, 1165));
    let times: Vec<f64> = polled.observations.iter().map(|one| one.at.as_seconds_f64()).collect();
    assert_eq!(times, [1060.0, 1075.0, 1090.0, 1150.0, 1165.0]);
}

#[test]
fn ingestion_delay_leaves_the_newest_points_alone() {
    let network = Network::new(clock);
    let late = PrometheusSpec { ingestion_delay: Duration::from_secs(30), ..spec(vec![("x", value("q"))]) };
    let mut source = Prometheus::new(&late).unwrap();
    assert_eq!(source.signals()[0].ingestion_delay, Duration::from_secs(30));
    assert!(shown(&network.poll(&mut source, 1044)).is_empty());
    assert_eq!(shown(&network.poll(&mut source, 1045)), ["1015 x 1015"]);
}

#[test]
fn what_is_no_number_is_no_data() {
    assert_eq!(said(|| matrix(&[(1015.0, "NaN")])), "no-data");
    assert_eq!(said(|| matrix(&[(1015.0, "+Inf")])), "no-data");
    assert_eq!(said(|| matrix(&[(1015.0, "-Inf")])), "no-data");
    assert_eq!(said(|| matrix(&[(1015.0, "many")])), "no-data");
    assert_eq!(said(|| matrix(&[(1014.0, "1")])), "no-data", "a point that was not asked for");
    assert_eq!(said(|| json(EMPTY)), "no-data");
    assert_eq!(said(|| matrix(&[(1015.0, "-0")])), "0");
    assert_eq!(said(|| matrix(&[(1015.0, "1e3")])), "1000");
}

#[test]
fn an_empty_answer_is_what_the_policy_says() {
    let read = PrometheusRead::Value { query: "q".into(), total: None, empty: Some(0.0) };
    assert_eq!(
        shown(&Network::new(|_| json(EMPTY)).poll(&mut source(vec![("x", read)]), 1015)),
        ["1015 x 0"]
    );
}

/// What one poll at 1060 s says of counts, by the answers for bad and total.
fn counted(empty: Option<f64>, bad: fn() -> Answer, total: fn() -> Answer) -> String {
    let network =
        Network::new(move |asked| if asked.field("query").starts_with("bad") { bad() } else { total() });
    shown(&network.poll(&mut source(vec![("x", ratio(empty))]), 1060))[0].replace("1060 x ", "")
}

#[test]
fn counts_come_from_two_answers() {
    let one = |text: &'static str| matrix(&[(1060.0, text)]);
    assert_eq!(counted(None, || matrix(&[(1060.0, "3.2")]), || matrix(&[(1060.0, "250")])), "3.2 of 250");
    assert_eq!(counted(None, || json(EMPTY), || matrix(&[(1060.0, "250")])), "no-data");
    assert_eq!(counted(Some(0.0), || json(EMPTY), || matrix(&[(1060.0, "250")])), "0 of 250");
    assert_eq!(counted(Some(0.0), || json(EMPTY), || json(EMPTY)), "no-data");
    assert_eq!(counted(Some(0.0), || matrix(&[(1060.0, "3")]), || json(EMPTY)), "no-data");
    assert_eq!(counted(None, || json(EMPTY), || matrix(&[(1060.0, "0")])), "no-traffic");
    assert_eq!(counted(None, || matrix(&[(1060.0, "0")]), || matrix(&[(1060.0, "0")])), "no-traffic");
    assert_eq!(counted(None, || matrix(&[(1060.0, "NaN")]), || matrix(&[(1060.0, "3")])), "no-data");
    assert_eq!(counted(None, timeout, || matrix(&[(1060.0, "3")])), "timeout");
    assert_eq!(counted(Some(0.0), || matrix(&[(1060.0, "9")]), timeout), "timeout");
    assert!(one("1").is_ok());
}

#[test]
fn a_quantile_tells_the_requests_behind_it() {
    let read = || PrometheusRead::Value { query: "p95".into(), total: Some("total".into()), empty: None };
    let say = |p95: &'static str, total: &'static str| {
        let network = Network::new(move |asked| {
            matrix(&[(1015.0, if asked.field("query") == "p95" { p95 } else { total })])
        });
        shown(&network.poll(&mut source(vec![("x", read())]), 1015))[0].replace("1015 x ", "")
    };
    assert_eq!(say("0.25", "120"), "0.25 behind 120");
    assert_eq!(say("NaN", "0"), "no-traffic");
    assert_eq!(say("NaN", "3"), "no-data");
    let no_total =
        Network::new(
            |asked| {
                if asked.field("query") == "p95" { matrix(&[(1015.0, "1")]) } else { json(EMPTY) }
            },
        );
    assert_eq!(shown(&no_total.poll(&mut source(vec![("x", read())]), 1015)), ["1015 x no-data"]);
}

#[test]
fn several_series_are_an_error_that_names_five() {
    let series: Vec<String> = (0..7)
        .map(|code| format!(r#"{{"metric":{{"__name__":"m","code":"50{code}"}},"values":[[1015,"1"]]}}"#))
        .collect();
    let body =
        format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{}]}}}}"#, series.join(","));
    let polled = Network::new(move |_| json(&body)).poll(&mut source(vec![("x", value("m"))]), 1015);
    assert_eq!(
        shown(&polled),
        [
            r#"1015 x error: the query gives 7 series where one is needed; add them up, sum(…): {code="500"}, {code="501"}, {code="502"}, {code="503"}, {code="504"}, …"#
        ]
    );
}

#[test]
fn partial_and_doubtful_answers_are_no_results() {
    let partial = || {
        json(
            r#"{"status":"success","warnings":["store sidecar-1: deadline exceeded"],"data":{"resultType":"matrix","result":[{"values":[[1015,"1"]]}]}}"#,
        )
    };
    assert_eq!(
        said(partial),
        "error: the answer is partial or doubtful: the server warns: store sidecar-1: deadline exceeded"
    );
    let victoria =
        || json(r#"{"status":"success","isPartial":true,"data":{"resultType":"matrix","result":[]}}"#);
    assert_eq!(said(victoria), "error: the answer is partial: a part of the server's storage did not answer");
}

#[test]
fn a_servers_infos_are_passed_on_once() {
    let info = r#"{"status":"success","warnings":["PromQL info: a"],"infos":["PromQL info: metric might not be a counter"],"data":{"resultType":"matrix","result":[{"values":[[1015,"1"],[1030,"2"]]}]}}"#;
    let network = Network::new(move |_| json(info));
    let mut source = source(vec![("x", value("q"))]);
    let polled = network.poll(&mut source, 1015);
    assert_eq!(shown(&polled), ["1015 x 1"]);
    assert_eq!(
        notes(&polled),
        [
            "http://prometheus:9090/base: PromQL info: a",
            "http://prometheus:9090/base: PromQL info: metric might not be a counter"
        ]
    );
    assert!(network.poll(&mut source, 1030).notes.is_empty());
}

#[test]
fn a_servers_refusal_says_what_to_change() {
    let refusal = |kind: &str, code: u16| {
        let body = format!(r#"{{"status":"error","errorType":"{kind}","error":"1:5: parse error\n"}}"#);
        let network = Network::new(move |_| status(code, "application/json", &body));
        shown(&network.poll(&mut source(vec![("x", value("q"))]), 1015))[0].replace("1015 x ", "")
    };
    assert_eq!(refusal("bad_data", 400), "error: the server cannot read the query: 1:5: parse error");
    assert_eq!(refusal("execution", 422), "error: the server cannot evaluate the query: 1:5: parse error");
    assert_eq!(refusal("timeout", 503), "timeout");
    assert_eq!(refusal("internal", 500), "error: the server answered status 500, internal: 1:5: parse error");
    assert_eq!(refusal("bad_data", 200), "error: the server cannot read the query: 1:5: parse error");
    assert_eq!(refusal("anything", 429), "throttled");
}

#[test]
fn what_is_not_a_prometheus_server_is_told_apart() {
    assert_eq!(
        said(|| status(404, "text/plain", "404 page not found\n")),
        "error: the server answered status 404; the URL must be the server's base, without /api/v1: 404 page not found"
    );
    assert_eq!(
        said(|| status(401, "text/html", "<html>login</html>")),
        "error: the server answered status 401; check the credentials"
    );
    assert!(said(|| ok("<html>")).starts_with("error: the answer is not one of a Prometheus server"));
    assert!(said(|| json("{}")).contains("missing field `status`"));
    assert_eq!(said(|| json(r#"{"status":"success"}"#)), "error: the server answered without data");
    assert_eq!(
        said(|| json(r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#)),
        "error: the server answered a vector where points over time were asked for"
    );
    assert!(
        said(|| json(
            r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"histograms":[[1015,{}]]}]}}"#
        ))
        .contains("native histograms")
    );
}

#[test]
fn a_range_of_its_own_reaches_back_before_the_deployment_which_is_said_once() {
    let network = Network::new(clock);
    let mut source = source(vec![("x", value("sum(rate(y[5m]))")), ("z", value("sum(rate(y[$window]))"))]);
    assert_eq!(
        notes(&network.poll(&mut source, 1015)),
        ["`x` reads [5m], which for that long after the deployment reaches back before it; write [$window]"]
    );
    assert!(network.poll(&mut source, 1030).notes.is_empty());
}

#[test]
fn signals_that_ask_the_same_share_one_query() {
    let network = Network::new(clock);
    let read =
        |query: &str| PrometheusRead::Value { query: query.into(), total: Some("n".into()), empty: None };
    let mut source = source(vec![("a", read("p50")), ("b", read("p95")), ("c", read("p99"))]);
    assert_eq!(network.poll(&mut source, 1015).observations.len(), 3);
    assert_eq!(network.take_asked().len(), 4);
}

#[test]
fn one_bad_query_leaves_the_other_signals_alone() {
    let network = Network::new(|asked| if asked.field("query") == "bad" { timeout() } else { clock(asked) });
    let mut source = source(vec![("a", value("bad")), ("b", value("good"))]);
    assert_eq!(shown(&network.poll(&mut source, 1015)), ["1015 a timeout", "1015 b 1015"]);
}

#[test]
fn a_past_is_read_at_once_and_in_pieces_where_it_is_long() {
    let network = Network::new(clock);
    let mut source = source(vec![("x", value("q")), ("r", ratio(None))]);
    let world = World { transport: &network, commands: &NoCommands };
    let past = source.history(&window(1000, 1125, 1125), &world).unwrap();
    let times = |name: &str| -> Vec<f64> {
        let of = past.observations.iter().filter(|one| one.signal.as_str() == name);
        of.map(|one| one.at.as_seconds_f64()).collect()
    };
    assert_eq!(times("x"), [1005.0, 1020.0, 1035.0, 1050.0, 1065.0, 1080.0, 1095.0, 1110.0, 1125.0]);
    assert_eq!(times("r"), [1065.0, 1125.0]);
    assert_eq!(shown(&network.poll(&mut source, 1030)), ["1015 x 1015", "1030 x 1030"], "polls begin anew");
    network.take_asked();
    let long = source.history(&window(0, 0, 300_000), &World { transport: &network, commands: &NoCommands });
    assert_eq!(network.take_asked().len(), 4);
    assert_eq!(long.unwrap().observations.len(), 20_000 + 5_000);
}

#[test]
fn a_past_that_cannot_be_read_says_why_and_ends() {
    let network = Network::new(|_| timeout());
    let mut source = source(vec![("x", value("q"))]);
    let world = World { transport: &network, commands: &NoCommands };
    assert_eq!(shown(&source.history(&window(1000, 1300, 1300), &world).unwrap()), ["1300 x timeout"]);
}

#[test]
fn nothing_that_a_server_echoes_of_a_secret_is_repeated() {
    let headers = vec![Header {
        name: "authorization".into(),
        value: Secret::new("Bearer t0ken-1"),
        sensitivity: Sensitivity::Secret,
    }];
    let address = Address::Url("http://user:pa55word@prometheus:9090?key=quer1".parse().unwrap());
    let spec = PrometheusSpec { headers, address, ..spec(vec![("x", value("q"))]) };
    let mut source = Prometheus::new(&spec).unwrap();
    let body = r#"{"status":"error","errorType":"bad_data","error":"t0ken-1 pa55word quer1"}"#;
    let polled = Network::new(move |_| status(400, "application/json", body)).poll(&mut source, 1015);
    assert_eq!(shown(&polled), ["1015 x error: the server cannot read the query: *** *** ***"]);
    assert_eq!(source.describe(), "prometheus http://prometheus:9090");
}

#[test]
fn queries_that_would_mislead_are_refused() {
    let build = |bad: &str, total: &str| {
        let read = PrometheusRead::Ratio { bad: bad.into(), total: total.into(), empty: None };
        Prometheus::new(&spec(vec![("e", read)])).map(|_| ()).unwrap_err().to_string()
    };
    assert_eq!(
        build("increase(a[5m])", "increase(b[5m])"),
        "the query of `e` cannot be asked: counts are read window after window, so their range must be [$window], not \
         `[5m]`: with another range events count twice or not at all"
    );
    assert!(build("increase(a[$window])", "count(b)").contains("must both use [$window], or neither"));
    let gauges =
        PrometheusRead::Ratio { bad: "count(up == 0)".into(), total: "count(up)".into(), empty: None };
    assert_eq!(source(vec![("e", gauges)]).signals()[0].step, Duration::from_secs(15));
    assert!(matches!(Prometheus::new(&spec(vec![])), Err(SourceError::NoSignals { .. })));
    let pauseless = PrometheusSpec { step: Duration::ZERO, ..spec(vec![("x", value("q"))]) };
    assert!(matches!(Prometheus::new(&pauseless), Err(SourceError::NoInterval { .. })));
}
