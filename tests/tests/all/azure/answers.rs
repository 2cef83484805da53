//! Answers that are no results, over TLS, from the first look to the decision: each has a name, and none is ever a pass.

use runbook_gate_tests::azure::service::{self, GROUP};
use runbook_gate_tests::azure::{Answer, Call};
use serde_json::{Value, json};

use super::Desk;

/// A deployment of which everything is past.
const DEPLOYED: &str = "2026-01-01T00:00:00Z";
/// A day later, in seconds: what is asked for after it is asked for by the first look.
const LATER: i64 = 1_767_312_000;

/// What a service's answer is made into.
type Spoil = fn(&Call, Answer) -> Answer;

struct Trouble {
    what: &'static str,
    spoil: Spoil,
    /// Why the watch has no samples, as the journal says.
    absent: &'static str,
    /// What the first look makes of it.
    at_first: AtFirst,
}

enum AtFirst {
    /// A mistake that ends it with 2.
    Mistake,
    /// It may pass: said, and held in the end.
    Doubt,
}

use AtFirst::{Doubt, Mistake};

fn edited(answer: &Answer, edit: impl Fn(&mut Value)) -> Answer {
    let mut body: Value = serde_json::from_str(&answer.body).unwrap();
    edit(&mut body);
    Answer::json(&body)
}

fn each_metric(answer: &Answer, edit: impl Fn(&mut Value)) -> Answer {
    edited(answer, |body| body["value"].as_array_mut().unwrap().iter_mut().for_each(&edit))
}

fn status(status: u16, headers: &[&str]) -> Answer {
    Answer { status, headers: headers.iter().map(|line| (*line).to_owned()).collect(), body: String::new() }
}

const METRICS: &[Trouble] = &[
    Trouble {
        what: "points without the aggregate",
        spoil: |_, answer| {
            each_metric(&answer, |metric| {
                for point in metric["timeseries"][0]["data"].as_array_mut().unwrap() {
                    point.as_object_mut().unwrap().retain(|key, _| key == "timeStamp");
                }
            })
        },
        absent: "no-data",
        at_first: Doubt,
    },
    Trouble {
        what: "no series",
        spoil: |_, answer| each_metric(&answer, |metric| metric["timeseries"] = json!([])),
        absent: "no-data",
        at_first: Doubt,
    },
    Trouble {
        what: "another interval than was asked for",
        spoil: |_, answer| edited(&answer, |body| body["interval"] = json!("PT5M")),
        absent: "comes in steps of 5m, not of 1m: write `step: 5m`",
        at_first: Mistake,
    },
    Trouble {
        what: "an error of each metric inside a 200",
        spoil: |_, answer| {
            each_metric(&answer, |metric| {
                metric["errorCode"] = json!("InternalServerError");
                metric["errorMessage"] = json!("the backend gave nothing");
                metric["timeseries"] = json!([]);
            })
        },
        absent: "InternalServerError: the backend gave nothing",
        at_first: Mistake,
    },
    Trouble {
        what: "a throttled metric inside a 200",
        spoil: |_, answer| each_metric(&answer, |metric| metric["errorCode"] = json!("Throttled")),
        absent: "throttled",
        at_first: Doubt,
    },
    Trouble {
        what: "throttling",
        spoil: |_, _| status(429, &["Retry-After: 60"]),
        absent: "throttled",
        at_first: Doubt,
    },
    Trouble {
        what: "a token that no renewal mends",
        spoil: |_, _| Answer::error(401, "ExpiredAuthenticationToken", "The access token has expired."),
        absent: "ExpiredAuthenticationToken",
        at_first: Mistake,
    },
    Trouble {
        what: "two series where one was meant",
        spoil: |_, answer| {
            each_metric(&answer, |metric| {
                let series = metric["timeseries"][0].clone();
                metric["timeseries"].as_array_mut().unwrap().push(series);
            })
        },
        absent: "comes in 2 series where one is needed",
        at_first: Mistake,
    },
];

const LOGS: &[Trouble] = &[
    Trouble {
        what: "a part of a result",
        spoil: |_, answer| {
            edited(&answer, |body| {
                body["error"] = json!({
                    "code": "PartialError", "message": "There were some errors when processing your query.",
                    "details": [{ "code": "EngineError", "message": "The results exceed the set limit." }],
                });
            })
        },
        absent: "the result is partial, and no result: PartialError",
        at_first: Mistake,
    },
    Trouble {
        what: "no rows",
        spoil: |_, answer| edited(&answer, |body| body["tables"][0]["rows"] = json!([])),
        absent: "no-data",
        at_first: Doubt,
    },
    Trouble {
        what: "numbers that are none",
        spoil: |_, answer| {
            edited(&answer, |body| {
                for row in body["tables"][0]["rows"].as_array_mut().unwrap() {
                    row.as_array_mut().unwrap().iter_mut().skip(1).for_each(|cell| *cell = json!("NaN"));
                }
            })
        },
        absent: "no-data",
        at_first: Doubt,
    },
    Trouble {
        what: "throttling",
        spoil: |_, _| status(429, &["Retry-After: 60"]),
        absent: "throttled",
        at_first: Doubt,
    },
    Trouble {
        what: "a server that gave up",
        spoil: |_, _| Answer::error(504, "GatewayTimeout", "Gateway timeout"),
        absent: "timeout",
        at_first: Doubt,
    },
];

fn of_metrics() -> String {
    format!(
        "azure-monitor: {{ resource: \"{GROUP}/Microsoft.Web/sites/orders\", bad: Http5xx, total: Requests }}"
    )
}

fn of_logs() -> String {
    format!(
        "application-insights: {{ resource: \"{GROUP}/Microsoft.Insights/components/orders\", query: \"AppRequests \
         | summarize failed = sumif(ItemCount, Success == false), requests = sum(ItemCount), p95 = percentilew(DurationMs, ItemCount, 95) by bin(TimeGenerated, $step) \
         | extend bad = failed, total = requests\" }}"
    )
}

/// Ten minutes of watch over one signal.
fn policy(signal: &str) -> String {
    format!(
        "version: 1\nservice: orders-api\nsignals:\n  error_rate:\n    {signal}\n\
         gate: {{ observe: 10m, baseline: none, rollback_when: [\"error_rate > 5% for 5m\"], verify: [\"error_rate < 1%\"] }}\n"
    )
}

/// What a service that is well answers; logs with the columns that the policy's query gives.
fn well(call: &Call) -> Answer {
    let answer = service::well(call);
    if call.host != "api.loganalytics.io" {
        return answer;
    }
    edited(&answer, |body| {
        let table = &mut body["tables"][0];
        table["columns"] = ["TimeGenerated", "total", "bad"]
            .map(|name| json!({ "name": name, "type": if name == "TimeGenerated" { "datetime" } else { "long" } }))
            .into();
        table["rows"]
            .as_array_mut()
            .unwrap()
            .iter_mut()
            .for_each(|row| row.as_array_mut().unwrap().truncate(3));
    })
}

fn verify(desk: &Desk) -> super::Ended {
    desk.run(&["verify", "--deployed-at", DEPLOYED, "--report-dir", "out", "--format", "json"])
}

#[test]
fn without_trouble_both_proceed() {
    for signal in [of_metrics(), of_logs()] {
        let desk = Desk::new(&policy(&signal), well);
        let ended = verify(&desk).with_code(0);
        assert_eq!(ended.json()["decision"], "proceed");
        assert!(!desk.gate.read("out/journal.ndjson").contains("\"absent\""), "{signal}");
        assert!(desk.double.refusals().is_empty(), "{:?}", desk.double.refusals());
    }
}

#[test]
fn trouble_in_the_watch_is_absent_by_its_name_and_holds() {
    for (signal, troubles) in [(of_metrics(), METRICS), (of_logs(), LOGS)] {
        for Trouble { what, spoil, absent, .. } in troubles {
            let desk = Desk::new(&policy(&signal), |call| {
                let watched = service::asked_from(call).is_some_and(|from| from < LATER);
                if watched { spoil(call, well(call)) } else { well(call) }
            });
            let ended = verify(&desk);
            assert_eq!(ended.code, Some(10), "{what}: {}{}", ended.out, ended.err);
            assert_eq!(ended.json()["decision"], "hold", "{what}");
            let journal = desk.gate.read("out/journal.ndjson");
            let lost: Vec<&str> = journal.lines().filter(|line| line.contains("\"absent\"")).collect();
            assert!(!lost.is_empty() && lost.iter().all(|line| line.contains(absent)), "{what}: {lost:#?}");
            assert!(!journal.contains("\"sample\""), "{what} is never a number: {journal}");
            assert!(desk.double.refusals().is_empty(), "{:?}", desk.double.refusals());
        }
    }
}

#[test]
fn trouble_at_the_first_look_is_a_mistake_or_a_doubt_and_never_a_pass() {
    for (signal, troubles) in [(of_metrics(), METRICS), (of_logs(), LOGS)] {
        for Trouble { what, spoil, absent, at_first } in troubles {
            let spoil = *spoil;
            let desk = Desk::new(&policy(&signal), move |call| spoil(call, well(call)));
            let (verified, telemetry) = match at_first {
                Mistake => (2, 2),
                Doubt => (10, 0),
            };
            let ended = verify(&desk);
            assert_eq!(ended.code, Some(verified), "{what}: {}{}", ended.out, ended.err);
            let ended = desk.run(&["telemetry", "--format", "json"]);
            assert_eq!(ended.code, Some(telemetry), "{what}: {}{}", ended.out, ended.err);
            assert!(
                ended.err.contains(absent) || ended.out.contains(absent),
                "{what}: {}{}",
                ended.out,
                ended.err
            );
            let json = ended.json();
            let blind = json["telemetry"]["blind"].as_array().unwrap();
            assert!(blind.contains(&json!("error_rate")), "{what}: {json}");
        }
    }
}

#[test]
fn a_service_whose_clock_is_ahead_is_not_watched() {
    for signal in [of_metrics(), of_logs()] {
        let desk = Desk::new(&policy(&signal), |call| {
            let answer = well(call);
            Answer { headers: vec!["Date: Fri, 01 Jan 2100 00:00:00 GMT".to_owned()], ..answer }
        });
        for ended in [verify(&desk), desk.run(&["telemetry"])] {
            assert_eq!(ended.code, Some(2), "{}{}", ended.out, ended.err);
            assert!(ended.err.contains("ahead of this machine's"), "{}", ended.err);
            assert!(ended.err.contains("set this machine's clock"), "{}", ended.err);
        }
    }
}

#[test]
fn what_can_be_read_is_told_with_its_age_and_its_density() {
    let desk = Desk::new(&policy(&of_metrics()), well);
    let json = desk.run(&["telemetry", "--format", "json"]).with_code(0).json();
    let signals = json["telemetry"]["signals"].as_array().unwrap();
    let seen = signals.iter().find(|signal| signal["signal"] == "error_rate").unwrap();
    assert!(seen["readable"]["now"]["age"].is_string(), "{seen}");
    assert_eq!((&seen["cadence"], &seen["absent"]), (&json!("1m"), &json!(0)), "{seen}");
}
