use super::*;
use crate::Finite;
use crate::criterion::Unit;
use crate::policy::rules::Amount;
use crate::source::double::{Network, ok, shown, status, timeout};
use crate::transport::Address;

fn spec(read: HttpJsonRead, empty: Option<f64>) -> HttpJsonSpec {
    HttpJsonSpec {
        signal: "sign_ins".parse().unwrap(),
        address: Address::Url("https://kpi.example/signins?code=s3cret-key".parse().unwrap()),
        read,
        amount: None,
        empty,
        interval: Duration::from_secs(15),
        timeout: Duration::from_secs(5),
        headers: vec![],
    }
}

fn value(pointer: &str) -> HttpJsonRead {
    HttpJsonRead::Value { pointer: pointer.into(), expect: None }
}

fn below(number: f64, unit: Option<Unit>) -> HttpJsonRead {
    let expect = Some((Cmp::Less, Quantity::new(Finite::new(number).unwrap(), unit)));
    HttpJsonRead::Value { pointer: "/v".into(), expect }
}

fn ratio() -> HttpJsonRead {
    HttpJsonRead::Ratio { bad: "/bad".into(), total: "/all/0".into() }
}

fn read(read: HttpJsonRead, empty: Option<f64>, body: &'static str) -> String {
    let mut source = HttpJson::new(&spec(read, empty)).unwrap();
    let polled = Network::new(move |_| ok(body)).poll(&mut source, 1015);
    shown(&polled)[0].replace("1015 sign_ins ", "")
}

#[test]
fn reads_what_stands_at_a_pointer() {
    for (what, pointer, body, expected) in [
        ("a number", "/v", r#"{"v":12.5}"#, "12.5"),
        ("a nested number", "/a/1/b~1c", r#"{"a":[0,{"b/c":3}]}"#, "3"),
        ("the document itself", "", "7", "7"),
        ("true is 1", "/v", r#"{"v":true}"#, "1"),
        ("false is 0", "/v", r#"{"v":false}"#, "0"),
        ("a numeric text", "/v", r#"{"v":" 1e3 "}"#, "1000"),
        ("a text NaN", "/v", r#"{"v":"NaN"}"#, "no-data"),
        ("null", "/v", r#"{"v":null}"#, "no-data"),
        ("nothing", "/w", r#"{"v":1}"#, "no-data"),
        ("an empty body", "/v", " \n", "no-data"),
        ("a text", "/v", r#"{"v":"many\n"}"#, "error: at `/v` stands the text `many`, not a number"),
        ("a list", "/v", r#"{"v":[1]}"#, "error: at `/v` stands a list, not a number"),
        ("an object", "", r#"{"v":1}"#, "error: at `` stands an object, not a number"),
        (
            "too large a number",
            "/v",
            r#"{"v":1e999}"#,
            "error: the answer is not JSON: number out of range at line 1 column 10",
        ),
        ("no JSON", "/v", "<html>", "error: the answer is not JSON: expected value at line 1 column 1"),
    ] {
        assert_eq!(read(value(pointer), None, body), expected, "{what}");
    }
}

#[test]
fn a_boolean_is_no_amount_and_no_count() {
    let amount = |amount, body: &'static str| {
        let spec = HttpJsonSpec { amount: Some(amount), ..spec(value("/v"), Some(0.0)) };
        let polled = Network::new(move |_| ok(body)).poll(&mut HttpJson::new(&spec).unwrap(), 1015);
        shown(&polled)[0].replace("1015 sign_ins ", "")
    };
    assert_eq!(amount(Amount::Seconds, r#"{"v":true}"#), "error: true is no number of seconds");
    assert_eq!(amount(Amount::Ratio, r#"{"v":false}"#), "error: false is no ratio");
    assert_eq!(amount(Amount::Seconds, r#"{"v":1}"#), "1");
    assert_eq!(read(ratio(), None, r#"{"bad":false,"all":[250]}"#), "error: false is no number of events");
    assert_eq!(read(ratio(), None, r#"{"bad":0,"all":[true]}"#), "error: true is no number of events");
}

#[test]
fn an_empty_answer_is_what_the_policy_says() {
    assert_eq!(read(value("/v"), Some(0.0), "{}"), "0");
    assert_eq!(read(value("/v"), Some(0.0), ""), "0");
    assert_eq!(
        read(value("/v"), Some(0.0), "{"),
        "error: the answer is not JSON: EOF while parsing an object at line 1 column 1"
    );
    assert_eq!(read(below(24.0, None), Some(24.0), "{}"), "0");
}

#[test]
fn expect_makes_a_state() {
    assert_eq!(read(below(24.0, None), None, r#"{"v":23.9}"#), "1");
    assert_eq!(read(below(24.0, None), None, r#"{"v":24}"#), "0");
    assert_eq!(read(below(1.0, Some(Unit::Hours)), None, r#"{"v":3599}"#), "1");
    assert_eq!(read(below(24.0, None), None, r#"{"v":"inf"}"#), "no-data");
    assert_eq!(
        HttpJson::new(&spec(below(1.0, None), None)).unwrap().signals()[0].reading,
        ReadingKind::State
    );
}

#[test]
fn counts_are_counts() {
    assert_eq!(read(ratio(), None, r#"{"bad":3,"all":[250]}"#), "3 of 250");
    assert_eq!(read(ratio(), None, r#"{"bad":0,"all":[0]}"#), "no-traffic");
    assert_eq!(read(ratio(), None, r#"{"all":[250]}"#), "no-data");
    assert_eq!(read(ratio(), Some(0.0), r#"{"all":[250]}"#), "0 of 250");
    assert_eq!(read(ratio(), Some(0.0), r#"{"bad":1}"#), "no-data");
    assert_eq!(read(ratio(), None, r#"{"bad":9,"all":[3]}"#), "error: counts that cannot be: 9 bad of 3");
}

#[test]
fn another_status_is_no_answer_and_secrets_are_not_repeated() {
    let ask = |answer: fn() -> crate::source::double::Answer| {
        let mut source = HttpJson::new(&spec(value("/v"), Some(0.0))).unwrap();
        shown(&Network::new(move |_| answer()).poll(&mut source, 1015))[0].replace("1015 sign_ins ", "")
    };
    assert_eq!(
        ask(|| status(403, "application/json", r#"{"error":"key s3cret-key is wrong"}"#)),
        "error: the server answered status 403; check the credentials: {\"error\":\"key *** is wrong\"}"
    );
    assert_eq!(ask(|| status(500, "text/html", "<html>")), "error: the server answered status 500");
    assert_eq!(ask(|| status(429, "", "")), "throttled");
    assert_eq!(ask(timeout), "timeout");
    assert_eq!(
        HttpJson::new(&spec(value(""), None)).unwrap().describe(),
        "http-json https://kpi.example/signins"
    );
}

#[test]
fn a_pointer_that_is_none_is_refused() {
    for pointer in ["v", "$.v", "/a~2", "/a~"] {
        assert!(
            matches!(HttpJson::new(&spec(value(pointer), None)), Err(SourceError::Pointer { .. })),
            "{pointer}"
        );
    }
}
