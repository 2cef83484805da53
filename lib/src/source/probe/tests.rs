use super::*;
use crate::Secret;
use crate::policy::source_spec::Degraded;
use crate::source::double::{Answer, NoCommands};
use crate::source::double::{Network, notes, ok, refused, shown, status, timeout, window};
use crate::transport::{Header, Sensitivity, TransportError};

fn check(path: &str) -> ProbeCheck {
    ProbeCheck { path: path.into(), expect: vec![200], degraded: Degraded::Passing }
}

fn spec(targets: &[&str], quorum: usize) -> ProbeSpec {
    ProbeSpec {
        targets: targets.iter().map(|url| url.parse().unwrap()).collect(),
        quorum,
        health: Some(check("/health")),
        ready: Some(check("/ready")),
        version: None,
        timeout: Duration::from_secs(5),
        interval: Duration::from_secs(15),
        headers: vec![],
    }
}

fn versioned(targets: &[&str], quorum: usize, pointer: Option<&str>) -> ProbeSpec {
    let version = VersionCheck {
        path: "/version".into(),
        pointer: pointer.map(str::to_owned),
        equals: "1.4.2".into(),
        variables: Vec::new(),
    };
    ProbeSpec { health: None, ready: None, version: Some(version), ..spec(targets, quorum) }
}

const ONE: &[&str] = &["https://orders.example"];
const THREE: &[&str] = &["https://a.example", "https://b.example/", "https://c.example/base/"];

fn probe(spec: &ProbeSpec) -> Probe {
    Probe::new(spec).unwrap()
}

/// A network that gives one answer to a path and 200 to any other.
fn at(path: &'static str, answer: fn() -> Answer) -> Network {
    Network::new(move |asked| if asked.url.ends_with(path) { answer() } else { ok("") })
}

#[test]
fn a_healthy_service_passes_and_its_latency_is_measured() {
    let network = Network::new(|_| ok("Healthy"));
    let mut probe = probe(&spec(ONE, 1));
    let polled = network.poll(&mut probe, 1015);
    assert_eq!(
        shown(&polled),
        ["1015 health 1", "1015 ready 1", "1015 probe_latency 0.02", "1015 availability 2 of 2"]
    );
    assert!(polled.notes.is_empty());
    let asked = network.take_asked();
    let urls: Vec<&str> = asked.iter().map(|asked| asked.url.as_str()).collect();
    assert_eq!(urls, ["https://orders.example/health", "https://orders.example/ready"]);
    assert!(asked.iter().all(|asked| asked.request.retry == Retry::Never), "a failed probe is a fact");
}

#[test]
fn health_is_liveness_and_readiness() {
    let network = at("/ready", || status(503, "text/plain", "Unhealthy"));
    let polled = network.poll(&mut probe(&spec(ONE, 1)), 1015);
    assert_eq!(
        shown(&polled),
        ["1015 health 0", "1015 ready 0", "1015 probe_latency 0.02", "1015 availability 1 of 2"]
    );
    assert_eq!(notes(&polled), ["https://orders.example/ready: status 503"]);
}

#[test]
fn the_body_decides_where_it_says_more_than_the_status() {
    let unhealthy =
        || ok(r#"{"status":"Unhealthy","entries":{"db":{"status":"Unhealthy","description":"no route"}}}"#);
    let polled = at("/health", unhealthy).poll(&mut probe(&spec(ONE, 1)), 1015);
    assert_eq!(shown(&polled)[0], "1015 health 0");
    assert_eq!(
        notes(&polled),
        ["https://orders.example/health: status 200, but its body says Unhealthy: db Unhealthy (no route)"]
    );
}

#[test]
fn degraded_passes_and_is_said_once_unless_the_policy_says_otherwise() {
    let degraded = || ok(r#"{"status":"warn","checks":{"queue":[{"status":"warn","output":"slow"}]}}"#);
    let network = at("/health", degraded);
    let mut tolerant = probe(&spec(ONE, 1));
    let first = network.poll(&mut tolerant, 1015);
    assert_eq!(shown(&first)[0], "1015 health 1");
    assert_eq!(notes(&first), ["https://orders.example/health: Degraded: queue warn (slow)"]);
    assert!(network.poll(&mut tolerant, 1030).notes.is_empty(), "the same remark is made once");
    let healed = Network::new(|_| ok("Healthy")).poll(&mut tolerant, 1045);
    assert_eq!(notes(&healed), ["https://orders.example/health: passes again"]);
    assert_eq!(healed.notes[0].clears.as_deref(), Some("https://orders.example/health"));

    let health = Some(ProbeCheck { degraded: Degraded::Failing, ..check("/health") });
    let mut strict = probe(&ProbeSpec { health, ..spec(ONE, 1) });
    assert_eq!(shown(&network.poll(&mut strict, 1015))[0], "1015 health 0");
}

#[test]
fn a_target_that_never_answered_is_absent_and_one_that_did_is_failing() {
    let mut probe = probe(&spec(ONE, 1));
    let silent = Network::new(|_| timeout());
    let polled = silent.poll(&mut probe, 1015);
    assert_eq!(
        shown(&polled),
        [
            "1015 health timeout",
            "1015 ready timeout",
            "1015 probe_latency timeout",
            "1015 availability timeout"
        ]
    );
    assert!(notes(&polled)[0].contains("it has never answered, so this is not counted as failing"));
    Network::new(|_| ok("")).poll(&mut probe, 1030);
    assert_eq!(shown(&silent.poll(&mut probe, 1045))[0], "1045 health 0");
    let refusing = Network::new(|_| refused());
    assert_eq!(shown(&refusing.poll(&mut probe, 1060))[0], "1060 health 0");
}

#[test]
fn a_refused_connection_before_any_answer_names_the_way_there() {
    let polled = Network::new(|_| refused()).poll(&mut probe(&spec(ONE, 1)), 1015);
    assert_eq!(
        shown(&polled)[0],
        "1015 health error: it has never answered, so this is not counted as failing: \
         cannot connect to orders.example: connection refused"
    );
}

#[test]
fn an_answer_to_one_check_makes_the_silence_of_another_a_failure() {
    let polled = at("/ready", timeout).poll(&mut probe(&spec(ONE, 1)), 1015);
    assert_eq!(shown(&polled)[..2], ["1015 health 0", "1015 ready 0"]);
}

#[test]
fn a_recorded_baseline_counts_as_an_answer() {
    let mut probe = probe(&spec(ONE, 1));
    probe.answered_in_baseline();
    assert_eq!(shown(&Network::new(|_| refused()).poll(&mut probe, 1015))[0], "1015 health 0");
}

#[test]
fn what_speaks_of_the_gates_own_set_up_is_never_a_failure() {
    for (answer, expected) in [
        (status(429, "text/plain", ""), "throttled"),
        (
            Err(TransportError::TooLarge { host: "o".into(), limit: 9 }),
            "error: the answer of o is larger than 9 bytes",
        ),
        (
            Err(TransportError::Refused { host: "o".into(), why: "it is link-local".into() }),
            "error: o is not asked: it is link-local",
        ),
        (
            Err(TransportError::Proxy {
                host: "o".into(),
                setting: "HTTPS_PROXY".into(),
                cause: Box::new(TransportError::Connect { host: "p:1".into(), why: "gone".into() }),
            }),
            "error: o is asked through the proxy of HTTPS_PROXY: cannot connect to p:1: gone",
        ),
    ] {
        let network = Network::new(move |_| answer.clone());
        let mut probe = probe(&spec(ONE, 1));
        probe.answered_in_baseline();
        assert_eq!(shown(&network.poll(&mut probe, 1015))[0], format!("1015 health {expected}"));
    }
}

#[test]
fn a_redirect_is_not_what_was_expected_once_the_check_has_passed() {
    let network = Network::new(|_| status(302, "", ""));
    let mut probe = probe(&spec(ONE, 1));
    Network::new(|_| ok("")).poll(&mut probe, 1000);
    let polled = network.poll(&mut probe, 1015);
    assert_eq!(shown(&polled)[0], "1015 health 0");
    assert_eq!(notes(&polled)[0], "https://orders.example/health: status 302");
    assert!(network.take_asked().iter().all(|asked| asked.request.redirects == Redirects::AsAnswer));
    let elsewhere = || Err(TransportError::Redirect { host: "orders.example".into() });
    assert_eq!(shown(&Network::new(move |_| elsewhere()).poll(&mut probe, 1030))[0], "1030 health 0");
}

#[test]
fn a_check_that_never_passed_is_not_held_against_the_service_where_its_path_may_be_wrong() {
    for code in [301, 302, 303, 307, 308, 401, 403, 404, 405] {
        let wrong =
            Network::new(
                move |asked| {
                    if asked.url.contains("/health") { status(code, "text/plain", "") } else { ok("") }
                },
            );
        let mut probe = probe(&ProbeSpec { health: Some(check("/health?key=s3cr")), ..spec(ONE, 1) });
        let polled = wrong.poll(&mut probe, 1015);
        let why = format!(
            "HTTP {code} from https://orders.example/health: this check has never passed; is its path right?"
        );
        assert_eq!(shown(&polled)[0], format!("1015 health error: {why}"));
        assert_eq!(shown(&polled)[3], "1015 availability 1 of 1");
        assert_eq!(notes(&polled), [why]);
        Network::new(|_| ok("")).poll(&mut probe, 1030);
        assert_eq!(shown(&wrong.poll(&mut probe, 1045))[0], "1045 health 0", "{code} after it passed");
    }
    let elsewhere = || Err(TransportError::Redirect { host: "orders.example".into() });
    let polled = Network::new(move |_| elsewhere()).poll(&mut probe(&spec(ONE, 1)), 1015);
    assert!(
        shown(&polled)[0].starts_with("1015 health error: a redirect from https://orders.example/health")
    );
    let mut recorded = probe(&spec(ONE, 1));
    recorded.answered_in_baseline();
    let polled = at("/health", || status(404, "", "")).poll(&mut recorded, 1015);
    assert_eq!(shown(&polled)[0], "1015 health 0", "it passed in the baseline");
}

#[test]
fn what_no_wrong_path_answers_fails_from_the_first_probe_and_is_said() {
    for code in [400, 404, 410, 500, 503] {
        let body = if code == 404 { "Unhealthy" } else { "" };
        let network = Network::new(move |_| status(code, "text/plain", body));
        let polled = network.poll(&mut probe(&spec(ONE, 1)), 1015);
        assert_eq!(shown(&polled)[0], "1015 health 0", "{code}");
        assert_eq!(notes(&polled)[0], format!("https://orders.example/health: status {code}"));
    }
}

#[test]
fn a_version_that_was_found_proves_its_path() {
    let mut probe = probe(&versioned(ONE, 1, None));
    let gone = Network::new(|_| status(404, "", ""));
    assert!(shown(&gone.poll(&mut probe, 1015))[0].contains("is its path right?"));
    Network::new(|_| ok("1.4.1")).poll(&mut probe, 1030);
    let polled = gone.poll(&mut probe, 1045);
    assert_eq!(shown(&polled), ["1045 version 0"]);
    assert_eq!(notes(&polled), ["https://orders.example/version: status 404"]);
}

#[test]
fn a_quorum_of_targets_decides() {
    // Of the three targets a, b, c: p passes, f answers 500, n never answered.
    for (states, quorum, expected) in [
        ("ppp", 3, "1"),
        ("ppf", 2, "1"),
        ("ppf", 3, "0"),
        ("pff", 2, "0"),
        ("ppn", 2, "1"),
        ("ppn", 3, "timeout"),
        ("pfn", 2, "timeout"),
        ("ffn", 2, "0"),
        ("nnn", 1, "timeout"),
        ("fnn", 1, "timeout"),
    ] {
        let network = Network::new(move |asked| {
            let index = ["a.", "b.", "c."].iter().position(|host| asked.url.contains(host)).unwrap();
            match states.as_bytes()[index] {
                b'p' => ok(""),
                b'f' => status(500, "text/plain", ""),
                _ => timeout(),
            }
        });
        let polled = network.poll(&mut probe(&spec(THREE, quorum)), 1015);
        assert_eq!(
            shown(&polled)[0],
            format!("1015 health {expected}"),
            "{states} with a quorum of {quorum}"
        );
    }
}

#[test]
fn paths_go_under_each_target() {
    let network = Network::new(|_| ok(""));
    network.poll(&mut probe(&spec(THREE, 1)), 1015);
    let asked = network.take_asked();
    let urls: Vec<&str> = asked.iter().map(|asked| asked.url.as_str()).collect();
    assert_eq!(urls[2], "https://b.example/health");
    assert_eq!(urls[5], "https://c.example/base/ready");
}

#[test]
fn two_hundred_failing_targets_say_a_few_things_only() {
    let targets: Vec<String> = (0..200).map(|index| format!("https://t{index}.example")).collect();
    let targets: Vec<&str> = targets.iter().map(String::as_str).collect();
    let polled = Network::new(|_| status(500, "", "")).poll(&mut probe(&spec(&targets, 100)), 1015);
    assert_eq!(polled.notes.len(), 11);
    assert_eq!(shown(&polled)[3], "1015 availability 0 of 400");
}

#[test]
fn the_version_is_a_state_and_what_serves_is_said() {
    let network = Network::new(|_| status(200, "application/json", r#"{"version":"1.4.1"}"#));
    let mut probe = probe(&versioned(ONE, 1, Some("/version")));
    let polled = network.poll(&mut probe, 1015);
    assert_eq!(shown(&polled), ["1015 version 0"]);
    assert_eq!(notes(&polled), ["https://orders.example/version: version 1.4.1 serves, not 1.4.2"]);
    let polled = Network::new(|_| ok(r#"{"version":"1.4.2"}"#)).poll(&mut probe, 1030);
    assert_eq!(shown(&polled), ["1030 version 1"]);
    assert_eq!(notes(&polled), ["https://orders.example/version: version 1.4.2 serves"]);
}

#[test]
fn a_gate_can_wait_for_the_deployed_version() {
    let serving = |answer: fn() -> Answer, spec: &ProbeSpec| {
        let network = Network::new(move |_| answer());
        let world = World { transport: &network, commands: &NoCommands };
        probe(spec).serving(&window(1000, 1000, 1000), &world)
    };
    let plain = versioned(ONE, 1, None);
    assert_eq!(serving(|| ok("1.4.2\n"), &plain), Serving::Deployed);
    assert_eq!(serving(|| ok("\"1.4.2\""), &plain), Serving::Deployed);
    assert_eq!(serving(|| ok("1.4.20"), &plain), Serving::Other { found: vec!["1.4.20".into()] });
    assert_eq!(
        serving(|| ok(""), &plain),
        Serving::Unknown { why: "an empty or unreadable body instead of a version".into() }
    );
    assert!(matches!(serving(refused, &plain), Serving::Unknown { .. }));
    assert_eq!(serving(|| status(503, "", ""), &plain), Serving::Unknown { why: "status 503".into() });
    assert_eq!(serving(|| ok(""), &spec(ONE, 1)), Serving::NotConfigured);
    let pointed = versioned(ONE, 1, Some("/build/version"));
    assert_eq!(serving(|| ok(r#"{"build":{"version":"1.4.2"}}"#), &pointed), Serving::Deployed);
    assert!(matches!(serving(|| ok("1.4.2"), &pointed), Serving::Unknown { .. }));
}

#[test]
fn a_version_serves_where_a_quorum_serves_it() {
    let network = Network::new(|asked| ok(if asked.url.contains("a.") { "1.4.1" } else { "1.4.2" }));
    let world = World { transport: &network, commands: &NoCommands };
    let window = window(1000, 1000, 1000);
    assert_eq!(probe(&versioned(THREE, 2, None)).serving(&window, &world), Serving::Deployed);
    assert_eq!(
        probe(&versioned(THREE, 3, None)).serving(&window, &world),
        Serving::Other { found: vec!["1.4.1".into(), "1.4.2".into()] }
    );
}

#[test]
fn nothing_that_a_server_echoes_of_a_secret_is_repeated() {
    let headers = vec![Header {
        name: "x-key".into(),
        value: Secret::new("t0p-secret"),
        sensitivity: Sensitivity::Secret,
    }];
    let spec = ProbeSpec { headers, ..spec(&["https://user:pa55word@orders.example"], 1) };
    let echo = r#"{"status":"fail","output":"denied t0p-secret for pa55word\n##vso[task.complete]"}"#;
    let network = Network::new(move |_| status(500, "application/json", echo));
    let mut probe = probe(&spec);
    let polled = network.poll(&mut probe, 1015);
    assert_eq!(
        notes(&polled)[0],
        "https://orders.example/health: status 500: denied *** for *** ##vso[task.complete]"
    );
    let all = format!("{polled:?} {probe:?} {}", probe.describe());
    assert!(!all.contains("t0p-secret") && !polled.notes.iter().any(|note| note.text.contains("pa55word")));
}

#[test]
fn a_probe_that_cannot_work_is_refused() {
    let quorum = |quorum| Probe::new(&spec(THREE, quorum)).unwrap_err().to_string();
    assert_eq!(quorum(4), "a quorum of 4 cannot be reached with 3 targets; use 1 to 3");
    assert_eq!(quorum(0), "a quorum of 0 cannot be reached with 3 targets; use 1 to 3");
    assert!(matches!(Probe::new(&spec(&[], 1)), Err(SourceError::NoTargets { .. })));
    let nothing = ProbeSpec { health: None, ready: None, ..spec(ONE, 1) };
    assert!(matches!(Probe::new(&nothing), Err(SourceError::NoChecks)));
    assert!(matches!(Probe::new(&versioned(ONE, 1, Some("version"))), Err(SourceError::Pointer { .. })));
}

#[test]
fn a_transport_that_loses_answers_makes_nothing_pass() {
    struct Mute;
    impl crate::transport::Transport for Mute {
        fn send(&self, _: &Request) -> Answer {
            timeout()
        }
        fn send_all(&self, _: &[Request]) -> Vec<Answer> {
            vec![]
        }
    }
    let world = World { transport: &Mute, commands: &NoCommands };
    let polled = probe(&spec(THREE, 1)).poll(&window(1000, 1000, 1015), &world);
    assert_eq!(shown(&polled)[0], "1015 health no-data");
}
