use super::*;
use crate::source::double::{Answer, Asked, Network, notes, shown, status};

const ID: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/a/providers/Microsoft.Insights/components/orders";

fn source() -> Errors {
    Errors::new(&AzureErrorsSpec {
        signal: "new_errors".parse().unwrap(),
        resource: ID.parse().unwrap(),
        role: Some("orders-api".into()),
        known: Duration::from_secs(86_400),
        ingestion_delay: Duration::from_secs(120),
        timeout: Duration::from_secs(30),
    })
    .unwrap()
}

fn query(asked: &Asked) -> String {
    let body: serde_json::Value =
        serde_json::from_slice(&asked.request.body.as_ref().unwrap().bytes).unwrap();
    body["query"].as_str().unwrap().to_owned()
}

fn table(columns: &[&str], rows: &str) -> Answer {
    let columns: Vec<String> =
        columns.iter().map(|name| format!(r#"{{"name":"{name}","type":"string"}}"#)).collect();
    let body = format!(
        r#"{{"tables":[{{"name":"PrimaryResult","columns":[{}],"rows":[{rows}]}}]}}"#,
        columns.join(",")
    );
    status(200, "application/json", &body)
}

/// A network with these new patterns, and so much telemetry.
fn network(patterns: &'static str, life: &'static str) -> Network {
    Network::new(move |asked| {
        if query(asked).starts_with("union") {
            table(&["value"], life)
        } else {
            table(&["pattern", "before", "after", "first", "message"], patterns)
        }
    })
}

const TWO: &str = r#"["NullReferenceException at Orders.Checkout","0",12,"1970-01-01T00:17:12Z","Object reference\u001b[31m not set"],["SqlException: timeout #",0,"1","1970-01-01T00:18:00Z","timeout 30"]"#;

#[test]
fn each_new_pattern_counts_and_is_told_once() {
    let network = network(TWO, "[420]");
    let mut source = source();
    let polled = network.poll(&mut source, 1330);
    assert_eq!(shown(&polled), ["1200 new_errors 2"]);
    let told = notes(&polled);
    assert_eq!(told.len(), 2, "{told:?}");
    assert_eq!(
        told[0],
        "new error `NullReferenceException at Orders.Checkout`, 12 times since 1970-01-01T00:17:12Z: Object reference [31m not set"
    );
    let asked = network.take_asked();
    assert!(
        query(&asked[0]).contains("TimeGenerated < datetime(1970-01-01T00:16:40Z)"),
        "{}",
        query(&asked[0])
    );
    assert!(query(&asked[0]).contains("AppRoleName == 'orders-api'"));
    assert!(network.poll(&mut source, 1340).observations.is_empty(), "nothing is due");
    let again = network.poll(&mut source, 1380);
    assert_eq!((shown(&again), notes(&again).len()), (vec!["1260 new_errors 2".to_owned()], 0));
}

#[test]
fn no_new_pattern_is_nought_where_telemetry_comes_and_no_data_where_none_does() {
    assert_eq!(shown(&network("", "[420]").poll(&mut source(), 1330)), ["1200 new_errors 0"]);
    assert_eq!(shown(&network("", "[null]").poll(&mut source(), 1330)), ["1200 new_errors no-data"]);
    assert_eq!(shown(&network("", "").poll(&mut source(), 1330)), ["1200 new_errors no-data"]);
}

#[test]
fn a_failure_is_absent_and_asked_for_again() {
    let mut source = source();
    let busy = Network::new(|_| status(429, "application/json", ""));
    assert_eq!(shown(&busy.poll(&mut source, 1330)), ["1200 new_errors throttled"]);
    assert_eq!(shown(&network(TWO, "[1]").poll(&mut source, 1345)), ["1200 new_errors 2"]);
}

#[test]
fn the_portals_link_is_exact_escaped_and_never_cut() {
    let link = |portal: &str, id: &str| place_of_failures(portal, &id.parse().unwrap());
    assert_eq!(
        link("https://portal.azure.com", ID),
        format!("https://portal.azure.com/#resource{ID}/failures")
    );
    assert_eq!(
        link("https://portal.azure.us", &ID.replace("resourceGroups/a/", "resourceGroups/Größe(1)/")),
        format!(
            "https://portal.azure.us/#resource{}/failures",
            ID.replace("resourceGroups/a/", "resourceGroups/Gr%C3%B6%C3%9Fe%281%29/")
        )
    );
    let long = ID.replace("components/orders", &format!("components/{}", "x".repeat(255)));
    let words = link("https://portal.azure.com", &long);
    assert!(
        words.starts_with("https://portal.azure.com, on the page Failures of xxx") && words.len() < 200,
        "{words}"
    );
}
