//! What holds for whatever servers and policies write.

use proptest::prelude::*;

use super::double::{Network, status};
use super::{Source, build};
use crate::Duration;
use crate::policy::source_spec::{
    Degraded, HttpJsonRead, HttpJsonSpec, ProbeCheck, ProbeSpec, PrometheusRead, PrometheusSpec, SourceSpec,
    VersionCheck,
};
use crate::sample::{Reading, Sample};
use crate::transport::Address;

const SECONDS: Duration = Duration::from_secs(15);

fn address() -> Address {
    Address::Url("http://orders.example/".parse().unwrap())
}

/// One source of each kind that reads an answer's body.
fn sources() -> Vec<Box<dyn Source>> {
    let check = |path: &str| ProbeCheck { path: path.into(), expect: vec![200], degraded: Degraded::Passing };
    let version = VersionCheck {
        path: "/v".into(),
        pointer: Some("/status".into()),
        equals: "1".into(),
        variables: Vec::new(),
    };
    let probe = ProbeSpec {
        targets: vec!["http://orders.example/".parse().unwrap()],
        quorum: 1,
        health: Some(check("/health")),
        ready: Some(check("/ready")),
        version: Some(version),
        timeout: SECONDS,
        interval: SECONDS,
        headers: vec![],
    };
    let document = HttpJsonSpec {
        signal: "x".parse().unwrap(),
        address: address(),
        read: HttpJsonRead::Value { pointer: "/status".into(), expect: None },
        amount: None,
        empty: None,
        interval: SECONDS,
        timeout: SECONDS,
        headers: vec![],
    };
    let prometheus = PrometheusSpec {
        address: address(),
        step: SECONDS,
        scrape_interval: SECONDS,
        timeout: SECONDS,
        ingestion_delay: Duration::ZERO,
        signals: vec![
            ("v".parse().unwrap(), PrometheusRead::Value { query: "q".into(), total: None, empty: None }),
            (
                "r".parse().unwrap(),
                PrometheusRead::Ratio { bad: "b[$window]".into(), total: "t[$window]".into(), empty: None },
            ),
        ],
        headers: vec![],
    };
    let specs =
        [SourceSpec::Probe(probe), SourceSpec::HttpJson(document), SourceSpec::Prometheus(prometheus)];
    specs.iter().map(|spec| build(spec).unwrap()).collect()
}

/// Bodies that look like what is read, and such as do not.
fn body() -> impl Strategy<Value = String> {
    let json = r#"(\{|\}|\[|\]|:|,|"status"|"success"|"error"|"data"|"resultType"|"matrix"|"result"|"metric"|"values"|"NaN"|"1"|null|true|-?[0-9]{1,20}(\.[0-9]{1,3})?|1e[0-9]{1,3}){0,40}"#;
    let matrix = (any::<f64>(), ".{0,12}").prop_map(|(at, value)| {
        let value = serde_json::Value::String(value);
        format!(
            r#"{{"status":"success","data":{{"resultType":"matrix","result":[{{"metric":{{}},"values":[[{at:e},{value}],[1060,{value}]]}}]}}}}"#
        )
    });
    prop_oneof![json, matrix, ".{0,200}"]
}

proptest! {
    #[test]
    fn no_answer_makes_a_source_panic_or_give_a_number_that_is_none(
        body in body(),
        code in prop_oneof![Just(200_u16), 100_u16..600],
    ) {
        for mut source in sources() {
            let body = body.clone();
            let network = Network::new(move |_| status(code, "application/json", &body));
            for at in [1060, 1075] {
                let polled = network.poll(source.as_mut(), at);
                for observation in polled.observations {
                    match observation.sample {
                        Sample::Known(Reading::Value { value, .. }) => prop_assert!(value.get().is_finite()),
                        Sample::Known(Reading::Counts(counts)) => prop_assert!(counts.total() > 0.0),
                        Sample::Absent(absence) => {
                            let text = absence.to_string();
                            prop_assert!(text.chars().count() <= 320 && !text.chars().any(char::is_control), "{}", text);
                        }
                    }
                }
                for note in polled.notes {
                    prop_assert!(note.text.chars().count() <= 300 && !note.text.chars().any(char::is_control));
                }
            }
        }
    }

    #[test]
    fn no_query_makes_a_source_panic(
        query in r#"([a-z_$\{\}\[\]()"'`\\# \n:0-9]|\$window|ä){0,60}"#
    ) {
        let read = PrometheusRead::Ratio { bad: query.clone(), total: query, empty: None };
        let spec = PrometheusSpec {
            address: address(),
            step: SECONDS,
            scrape_interval: SECONDS,
            timeout: SECONDS,
            ingestion_delay: Duration::ZERO,
            signals: vec![("x".parse().unwrap(), read)],
            headers: vec![],
        };
        let _ = build(&SourceSpec::Prometheus(spec));
    }
}
