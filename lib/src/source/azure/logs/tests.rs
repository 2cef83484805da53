use super::*;
use crate::source::double::{Answer, Asked, Network, NoCommands, shown, status, window};

const WORKSPACE: &str = "11111111-2222-3333-4444-555555555555";

fn read(query: &str, empty: Option<f64>) -> LogRead {
    LogRead { query: query.into(), step: None, columns: columns_of(query), empty }
}

fn source(signals: Vec<(&str, LogRead)>) -> Logs {
    Logs::new(&AzureLogsSpec {
        scope: LogScope::Workspace(WORKSPACE.parse().unwrap()),
        ingestion_delay: Duration::from_secs(120),
        timeout: Duration::from_secs(30),
        signals: signals.into_iter().map(|(name, read)| (name.parse().unwrap(), read)).collect(),
    })
    .unwrap()
}

fn table(columns: &str, rows: &str) -> Answer {
    let columns: Vec<String> = columns
        .split(' ')
        .map(|column| {
            let (name, kind) = column.split_once(':').unwrap();
            format!(r#"{{"name":"{name}","type":"{kind}"}}"#)
        })
        .collect();
    let body = format!(
        r#"{{"tables":[{{"name":"PrimaryResult","columns":[{}],"rows":[{rows}]}}]}}"#,
        columns.join(",")
    );
    status(200, "application/json", &body)
}

fn body(asked: &Asked) -> serde_json::Value {
    serde_json::from_slice(&asked.request.body.as_ref().unwrap().bytes).unwrap()
}

const BINNED: &str = "AppExceptions | summarize value=count() by bin(TimeGenerated, 1m)";
const COUNTS: &str =
    "T | summarize bad=countif(Success == false), total=count() by bin(TimeGenerated, $step)";

#[test]
fn a_query_that_bins_is_asked_for_whole_steps_and_its_rows_end_where_the_next_begins() {
    let network = Network::new(|_| {
        table(
            "TimeGenerated:datetime value:long",
            r#"["1970-01-01T00:18:00Z",5],["1970-01-01T00:17:00Z","2"],["1970-01-01T00:19:00Z",null]"#,
        )
    });
    let mut source = source(vec![("errors", read(BINNED, Some(0.0)))]);
    let polled = network.poll(&mut source, 1330);
    assert_eq!(shown(&polled), ["1080 errors 2", "1140 errors 5", "1200 errors 0"]);
    let asked = network.take_asked().remove(0);
    assert_eq!(asked.url, format!("azure:Log Analytics/v1/workspaces/{WORKSPACE}/query"));
    assert_eq!(body(&asked)["timespan"], "1970-01-01T00:17:00Z/1970-01-01T00:20:00Z");
    assert_eq!(body(&asked)["query"], BINNED);
}

#[test]
fn a_missing_row_is_no_data_unless_the_policy_says_otherwise() {
    let network = Network::new(|_| table("TimeGenerated:datetime value:long", ""));
    assert_eq!(shown(&network.poll(&mut source(vec![("e", read(BINNED, None))]), 1200)), ["1080 e no-data"]);
    assert_eq!(shown(&network.poll(&mut source(vec![("e", read(BINNED, Some(0.0)))]), 1200)), ["1080 e 0"]);
    // Of counts the total has to be known.
    assert_eq!(
        shown(&network.poll(&mut source(vec![("r", read(COUNTS, Some(0.0)))]), 1200)),
        ["1080 r no-data"]
    );
}

#[test]
fn counts_are_read_from_their_columns_and_share_one_query() {
    let network = Network::new(|_| {
        table("TimeGenerated:datetime bad:long total:long", r#"["1970-01-01T00:17:00.0000000Z","3","40"]"#)
    });
    let mut source = source(vec![("a", read(COUNTS, None)), ("b", read(COUNTS, None))]);
    assert_eq!(source.signals()[0].reading, ReadingKind::Counts);
    assert_eq!(shown(&network.poll(&mut source, 1200)), ["1080 a 3 of 40", "1080 b 3 of 40"]);
    assert_eq!(network.take_asked().len(), 1);
}

#[test]
fn a_query_that_does_not_bin_is_asked_for_each_step_alone() {
    let network = Network::new(|_| table("value:long", "[4]"));
    let mut source =
        source(vec![("x", read("OrdersAudit | where Mismatch | summarize value=count()", None))]);
    assert_eq!(shown(&network.poll(&mut source, 1270)), ["1080 x 4", "1140 x 4"]);
    let spans: Vec<String> = network
        .take_asked()
        .iter()
        .map(|asked| body(asked)["timespan"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        spans,
        [
            "1970-01-01T00:17:00Z/1970-01-01T00:17:59.9999999Z",
            "1970-01-01T00:18:00Z/1970-01-01T00:18:59.9999999Z"
        ]
    );
    assert_eq!(shown(&network.poll(&mut source, 1320)), ["1200 x 4"], "no step is counted twice");
    // Of a whole day only the newest hour is asked for, a query a step.
    let world = World { transport: &network, commands: &NoCommands };
    network.take_asked();
    source.history(&window(0, 86_400, 86_400), &world).unwrap();
    assert_eq!(network.take_asked().len(), 60);
}

fn said(answer: Answer) -> String {
    let answer = std::sync::Mutex::new(Some(answer));
    let network = Network::new(move |_| answer.lock().unwrap().take().unwrap());
    shown(&network.poll(&mut source(vec![("e", read(BINNED, None))]), 1200))[0].replace("1080 e ", "")
}

#[test]
fn a_part_of_a_result_is_no_result() {
    let partial = r#"{"tables":[{"name":"PrimaryResult","columns":[{"name":"TimeGenerated","type":"datetime"},{"name":"value","type":"long"}],"rows":[["1970-01-01T00:17:00Z",1]]}],"error":{"code":"PartialError","message":"There were some errors when processing your query.","details":[{"code":"EngineError","message":"Something went wrong processing your query on the server.","innererror":{"code":"-2133196797","message":"The results of this query exceed the set limit of 64000000 bytes."}}]}}"#;
    assert_eq!(
        said(status(200, "application/json", partial)),
        "error: the result is partial, and no result: PartialError: The results of this query exceed the set limit of 64000000 bytes."
    );
}

#[test]
fn what_is_no_number_is_no_data_and_what_does_not_fit_is_an_error() {
    let time = "1970-01-01T00:17:00Z";
    for text in ["NaN", "Infinity", "-Infinity"] {
        assert_eq!(
            said(table("TimeGenerated:datetime value:real", &format!(r#"["{time}","{text}"]"#))),
            "no-data"
        );
    }
    assert_eq!(
        said(table("TimeGenerated:datetime count_:long", &format!(r#"["{time}",7]"#))),
        "7",
        "the only other column"
    );
    assert!(
        said(table("TimeGenerated:datetime a:long b:long", &format!(r#"["{time}",7,8]"#)))
            .contains("no column `value`")
    );
    assert!(
        said(table("TimeGenerated:datetime value:string", &format!(r#"["{time}","x"]"#)))
            .contains("has no number")
    );
    assert!(said(table("value:long", "[7]")).contains("has no column of times"));
    assert!(
        said(table("TimeGenerated:datetime value:long", r#"["1970-01-01T00:17:13Z",7]"#))
            .contains("no whole step")
    );
    let twice = format!(r#"["{time}",7],["{time}",8]"#);
    assert!(said(table("TimeGenerated:datetime value:long", &twice)).contains("several rows"));
    assert_eq!(said(status(200, "application/json", "{}")), "error: the answer has no table");
    assert!(said(status(200, "application/json", "<html>")).contains("not one of Azure's logs"));
}

#[test]
fn the_service_says_what_is_wrong_with_a_query_or_a_workspace() {
    let wrong = r#"{"error":{"message":"The request had some invalid properties","code":"BadArgumentError","innererror":{"code":"SemanticError","message":"A semantic error occurred.","innererror":{"code":"SEM0100","message":"Failed to resolve table named 'AppException'"}}}}"#;
    assert_eq!(
        said(status(400, "application/json", wrong)),
        "error: status 400: BadArgumentError: Failed to resolve table named 'AppException'"
    );
    let missing =
        r#"{"error":{"code":"WorkspaceNotFoundError","message":"The workspace could not be found"}}"#;
    assert!(
        said(status(404, "application/json", missing))
            .contains(&format!("check that the workspace {WORKSPACE} exists"))
    );
}

#[test]
fn each_scope_has_an_address_of_its_own() {
    let resource = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Insights/components/b";
    let path = |scope| request(&scope, "T", "a/b", Duration::from_secs(1)).path_and_query;
    assert_eq!(path(LogScope::Resource(resource.parse().unwrap())), format!("/v1{resource}/query"));
    let app = LogScope::Application(WORKSPACE.parse().unwrap());
    assert_eq!(path(app.clone()), format!("/v1/apps/{WORKSPACE}/query"));
    assert_eq!(
        request(&app, "T", "a/b", Duration::from_secs(1)).address,
        Address::Azure(AzureApi::ApplicationInsights)
    );
}
