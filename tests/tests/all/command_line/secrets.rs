//! No secret stands in anything that is printed or written.

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::service::{Behaviour, Service};

use super::quick;

const CANARY: &str = "canary-8f2c/+=x";

/// Nothing that a run left behind has the canary, in any form.
fn is_silent(gate: &Gate, ended: &Ended) {
    let mut texts = vec![
        ("standard output".to_owned(), ended.out.clone()),
        ("standard error".to_owned(), ended.err.clone()),
    ];
    for name in gate.files("out") {
        texts.push((name.clone(), gate.read(&format!("out/{name}"))));
    }
    for (name, text) in texts {
        for form in [CANARY, "canary-8f2c", "canary-8f2c%2F%2B%3Dx", "Y2FuYXJ5LThmMmMvKz14"] {
            assert!(!text.contains(form), "{form} in {name}: {text}");
        }
    }
}

fn headed(service: &Service) -> String {
    quick(service).replace(
        "      total: requests_total\n",
        "      total: requests_total\n      headers: { X-Api-Key: { secret: \"${TOKEN}\" } }\n",
    )
}

#[test]
fn a_secret_header_is_sent_and_nowhere_else() {
    let wants = Some(("X-Api-Key".to_owned(), CANARY.to_owned()));
    let service = Service::start(Behaviour { wants, ..Behaviour::default() });
    let gate = Gate::default().with_file("runbook.yml", &headed(&service)).with_variable("TOKEN", CANARY);
    let arguments =
        ["-vv", "verify", "--secret-var", "TOKEN", "--report-dir", "out", "--junit", "--format", "json"];
    let ended = gate.run(&arguments).with_code(0);
    is_silent(&gate, &ended);
    assert!(service.asked().iter().any(|head| head.contains(CANARY)), "the header was sent");
}

#[test]
fn a_secret_is_in_no_trace_whatever_the_log_is_told() {
    let wants = Some(("X-Api-Key".to_owned(), CANARY.to_owned()));
    let service = Service::start(Behaviour { wants, ..Behaviour::default() });
    let connected = "version: 1\nservice: x\nsignals: { up: { prometheus: { connection: prom, query: up } } }\ngate: { rollback_when: [\"up < 1 for 2m\"], verify: [\"up >= 1\"] }\n";
    let connection = format!("prom=http://ann:canary-8f2c%2F%2B%3Dx@127.0.0.1:{}", service.port());
    for place in ["False", "True"] {
        let gate = |policy: &str| {
            Gate::default()
                .with_file("runbook.yml", policy)
                .with_variable("TOKEN", CANARY)
                .with_variable("TF_BUILD", place)
                .with_variable("RUST_LOG", "trace")
        };
        for (gate, code, arguments) in [
            (gate(&headed(&service)), 0, ["--secret-var", "TOKEN"]),
            (gate(connected), 2, ["--connection", &connection]),
        ] {
            let ended =
                gate.run(&[&["verify", "--report-dir", "out"], &arguments[..]].concat()).with_code(code);
            assert!(ended.err.contains("Request {"), "the libraries' log was on: {}", ended.err);
            is_silent(&gate, &ended);
        }
    }
}

#[test]
fn a_refused_secret_is_not_repeated() {
    let wants = Some(("X-Api-Key".to_owned(), "another".to_owned()));
    let service = Service::start(Behaviour { wants, ..Behaviour::default() });
    let gate = Gate::default().with_file("runbook.yml", &headed(&service)).with_variable("TOKEN", CANARY);
    let ended = gate.run(&["-vv", "verify", "--secret-var", "TOKEN", "--report-dir", "out"]).with_code(2);
    is_silent(&gate, &ended);
}

#[test]
fn user_info_of_a_connection_is_a_secret() {
    let policy = "version: 1\nservice: x\nsignals: { up: { prometheus: { connection: prom, query: up } } }\ngate: { rollback_when: [\"up < 1 for 2m\"], verify: [\"up >= 1\"] }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    let service = Service::start(Behaviour::default());
    let encoded = "canary-8f2c%2F%2B%3Dx";
    let connection = format!("prom=http://ann:{encoded}@127.0.0.1:{}", service.port());
    let ended = gate.run(&["-vv", "verify", "--connection", &connection]).with_code(2);
    is_silent(&gate, &ended);
    let basic = service.asked().iter().any(|head| head.contains("Basic YW5uOmNhbmFyeS04ZjJjLys9eA=="));
    assert!(basic, "the credential was sent: {:?}", service.asked());
}

#[test]
fn a_connections_token_is_a_secret() {
    let policy = "version: 1\nservice: x\nsignals: { up: { prometheus: { connection: prom, query: up } } }\ngate: { rollback_when: [\"up < 1 for 2m\"], verify: [\"up >= 1\"] }\n";
    let service = Service::start(Behaviour::default());
    let gate = Gate::default().with_file("runbook.yml", policy).with_variable("PROM_TOKEN", CANARY);
    let connection = format!("prom={}", service.url());
    let arguments = ["-vv", "verify", "--connection", &connection, "--connection-token", "prom=PROM_TOKEN"];
    let ended = gate.run(&arguments).with_code(2);
    is_silent(&gate, &ended);
    assert!(service.asked().iter().any(|head| head.contains(&format!("Bearer {CANARY}"))), "it was sent");
}

#[test]
fn a_secret_variable_may_stand_in_no_field_that_is_printed() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("service: orders", "service: orders # ${TOKEN}").replace(
        &format!("probe: {{ url: \"{}\"", service.url()),
        "probe: { url: \"http://${TOKEN}.example.com\"",
    );
    let gate = Gate::default().with_file("runbook.yml", &policy).with_variable("TOKEN", CANARY);
    let ended = gate.run(&["verify", "--secret-var", "TOKEN"]).with_code(2);
    assert!(ended.err.contains("TOKEN"), "{}", ended.err);
    is_silent(&gate, &ended);
}

#[test]
fn secrets_of_the_job_are_masked_wherever_they_come_from() {
    let service = Service::start(Behaviour::default());
    service.behave(|behaviour| behaviour.version = format!("built with {CANARY}"));
    let version = "version: { path: /version, json: /version, equals: \"2.0.0\" }";
    let policy = quick(&service).replace("timeout: 1s", &format!("timeout: 1s, {version}"));
    let gate = Gate::default()
        .with_file("runbook.yml", &policy)
        .with_variable("SECRET_DEPLOY_KEY", CANARY)
        .with_variable("TF_BUILD", "True");
    let ended = gate.run(&["-vv", "verify", "--serve-within", "0s", "--report-dir", "out"]).with_code(10);
    assert!(ended.out.contains("***"), "{}", ended.out);
    is_silent(&gate, &ended);
}

#[test]
fn a_token_or_an_address_in_the_wrong_place_is_not_repeated() {
    let policy = "version: 1\nservice: x\nsignals: { up: { prometheus: { connection: prom, query: up } } }\ngate: { rollback_when: [\"up < 1 for 2m\"], verify: [\"up >= 1\"] }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    let connection = "prom=https://prometheus.example";
    let token = format!("prom={CANARY}");
    let ended = gate.run(&["verify", "--connection", connection, "--connection-token", &token]).with_code(2);
    assert!(ended.err.contains("prom=VARIABLE"), "{}", ended.err);
    is_silent(&gate, &ended);
}

#[test]
fn the_query_of_a_connection_is_a_secret_where_a_server_repeats_it() {
    let policy = "version: 1\nservice: x\nsignals: { up: { prometheus: { connection: prom, query: up } } }\ngate: { rollback_when: [\"up < 1 for 2m\"], verify: [\"up >= 1\"] }\n";
    let body =
        format!("{{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"/state?sig={CANARY}\"}}");
    let answer = format!(
        "HTTP/1.1 400 Bad Request\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let connection = format!("prom=http://{}/?sig=canary-8f2c%2F%2B%3Dx", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = std::io::Read::read(&mut stream, &mut [0; 4096]);
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    let gate = Gate::default().with_file("runbook.yml", policy);
    let ended = gate.run(&["verify", "--connection", &connection, "--report-dir", "out"]);
    assert!(ended.err.contains("sig=***"), "{}", ended.err);
    is_silent(&gate, &ended);
}
