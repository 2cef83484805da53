//! Every mistake that a user makes ends with 2 and a message that says what to change, before anybody waits.

use std::io::{Read, Write};
use std::time::Instant;

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::service::{Behaviour, Service};

use super::{gate_of, quick};

/// Ends with 2, says all of `words` on standard error, prints nothing else, and within seconds.
fn refuses(gate: &Gate, arguments: &[&str], words: &[&str]) -> Ended {
    let begun = Instant::now();
    let ended = gate.run(arguments).with_code(2);
    for word in words {
        assert!(ended.err.contains(word), "{word} in {}", ended.err);
    }
    assert_eq!(ended.out, "");
    assert!(begun.elapsed().as_secs() < 30, "nobody waits for a mistake");
    ended
}

#[test]
fn arguments_that_are_none() {
    let gate = Gate::default();
    refuses(&gate, &[], &["Usage: runbook-gate"]);
    refuses(&gate, &["verifi"], &["unrecognized subcommand 'verifi'", "verify"]);
    refuses(&gate, &["verify", "--deployed-at", "yesterday"], &["`yesterday` is not a time", "RFC 3339"]);
    refuses(&gate, &["verify", "--var", "NAME"], &["write NAME=VALUE"]);
    refuses(&gate, &["verify", "--format", "xml"], &["human", "json"]);
    refuses(&gate, &["verify", "--junit"], &["--report-dir"]);
    refuses(&gate, &["replay"], &["--journal"]);
    refuses(&gate, &["baseline", "--for", "5"], &["5s, 5m or 5h"]);
}

#[test]
fn a_policy_that_is_not_there() {
    let gate = Gate::default();
    for command in ["validate", "verify", "telemetry", "baseline"] {
        refuses(
            &gate,
            &[command],
            &["cannot read runbook.yml", "there is no such file", "runbook-gate init"],
        );
    }
    refuses(&gate, &["validate", "--policy", "."], &["it is a folder"]);
}

#[test]
fn a_policy_that_is_broken() {
    for (text, words) in [
        ("", "the policy is empty"),
        ("version: 1\n\tservice: x\n", "a tab indents this line"),
        ("version: 2\nservice: x\nprobe: { url: \"http://x\" }\n", "version"),
        ("version: 1\nservice: x\n", "source"),
        ("version: 1\nservice: x\nprobe: { url: \"ftp://x\" }\n", "http"),
        ("version: 1\nservice: x\nprobe: { url: \"http://169.254.169.254\" }\n", "link-local"),
    ] {
        let gate = Gate::default().with_file("runbook.yml", text);
        let ended = gate.run(&["verify"]).with_code(2);
        assert!(ended.err.contains(words), "{words} in {}", ended.err);
    }
    let binary = Gate::default();
    std::fs::write(binary.path("runbook.yml"), [0xff, 0xfe, 0]).unwrap();
    refuses(&binary, &["validate"], &["not UTF-8"]);
}

#[test]
fn an_environment_that_the_policy_does_not_list() {
    let policy = "version: 1\nservice: x\nenvironments: { staging: {}, production: {} }\nprobe: { url: \"http://127.0.0.1:1\" }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    refuses(&gate, &["verify"], &["which environment", "staging", "production"]);
    refuses(&gate, &["verify", "-e", "stagin"], &["did you mean `staging`?"]);
}

#[test]
fn a_failure_is_one_json_object_too() {
    let json = Gate::default().run(&["verify", "--format", "json"]).with_code(2).json();
    assert_eq!(json["decision"], "error");
    assert!(json["reason"].as_str().unwrap().contains("cannot read runbook.yml"), "{json}");
}

#[test]
fn a_report_folder_that_cannot_be_one() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service).with_file("taken", "a file");
    refuses(&gate, &["verify", "--report-dir", "taken"], &["the report folder taken", "--report-dir"]);
    refuses(&gate, &["verify", "--report-dir", "taken/below"], &["the report folder taken/below"]);
    refuses(&gate, &["verify", "--dry-run", "--report-dir", "taken/below"], &["the report folder"]);
    assert!(service.asked().is_empty(), "nothing is asked before the folder is known to be good");
}

#[test]
fn a_deployment_in_the_future() {
    let service = Service::start(Behaviour::default());
    refuses(
        &gate_of(&service),
        &["verify", "--deployed-at", "2199-01-01T00:00:00Z"],
        &["--deployed-at", "is in the future"],
    );
}

#[test]
fn a_host_that_does_not_exist() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace(&service.url(), "http://no-such-host.invalid");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = refuses(
        &gate,
        &["verify", "--report-dir", "out"],
        &["cannot find the host no-such-host.invalid", "spelling"],
    );
    assert!(ended.err.contains("probe http://no-such-host.invalid"), "{}", ended.err);
    assert!(gate.files("out").is_empty(), "{:?}", gate.files("out"));
}

#[test]
fn a_path_that_does_not_exist() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("/metrics", "/metricks");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    refuses(&gate, &["verify"], &["/metricks answers 404", "check the URL and the path"]);
}

#[test]
fn telemetry_says_mistakes_beside_what_can_be_read() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("/metrics", "/metricks");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = gate.run(&["telemetry"]).with_code(2);
    assert!(ended.err.contains("/metricks answers 404") && ended.out.contains("health"), "{ended:?}");
}

#[test]
fn a_mistake_that_several_signals_share_is_said_once() {
    let service = Service::start(Behaviour::default());
    let url = service.url();
    let policy = format!(
        "version: 1\nservice: x\nprometheus: {{ url: \"{url}/health\" }}\nsignals:\n  \
         one: {{ prometheus: {{ query: a }} }}\n  two: {{ prometheus: {{ query: b }} }}\n\
         gate: {{ verify: [one < 1, two < 1] }}\n"
    );
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = refuses(&gate, &["verify", "--dry-run"], &["one, two: "]);
    assert_eq!(ended.err.matches("one").count(), 1, "{}", ended.err);
}

#[test]
fn https_to_a_port_that_speaks_plain_http() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
            let _ = stream.read(&mut [0; 1024]);
        }
    });
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace(&service.url(), &format!("https://{address}"));
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = gate.run(&["verify", "--dry-run"]);
    assert!(ended.err.contains("does not speak TLS: write http://"), "{}", ended.err);
}

#[test]
fn credentials_that_are_missing() {
    let wants = Some(("X-Api-Key".to_owned(), "right".to_owned()));
    let service = Service::start(Behaviour { wants, ..Behaviour::default() });
    refuses(&gate_of(&service), &["verify"], &["answers 401", "--connection-token"]);
}

#[test]
fn a_document_that_is_not_json() {
    let service = Service::start(Behaviour::default());
    let signal =
        format!("  sign_ins: {{ http-json: {{ url: \"{}/health\", value: /last_hour }} }}\n", service.url());
    let policy = quick(&service).replace("gate:\n", &format!("{signal}gate:\n"));
    let gate = Gate::default().with_file("runbook.yml", &policy);
    refuses(&gate, &["verify"], &["sign_ins", "JSON"]);
}

#[test]
fn a_json_document_without_the_value_is_said() {
    let service = Service::start(Behaviour::default());
    let signal =
        format!("  sign_ins: {{ http-json: {{ url: \"{}/kpi\", value: /last_hour }} }}\n", service.url());
    let policy = quick(&service).replace("gate:\n", &format!("{signal}gate:\n"));
    let gate = Gate::default().with_file("runbook.yml", &policy);
    let ended = gate.run(&["verify", "--dry-run"]).with_code(0);
    assert!(ended.err.contains("sign_ins: no-data now"), "{}", ended.err);
}

#[test]
fn a_connection_that_is_not_defined_or_not_usable() {
    let policy = "version: 1\nservice: x\nsignals: { up: { prometheus: { connection: prom, query: up } } }\ngate: { rollback_when: [\"up < 1 for 2m\"], verify: [\"up >= 1\"] }\n";
    let gate = Gate::default().with_file("runbook.yml", policy);
    refuses(&gate, &["verify"], &["no connection is named `prom`", "--connection prom=https://"]);
    refuses(
        &gate,
        &["verify", "--connection", "prom=prometheus:9090"],
        &["connection `prom`", "https://host"],
    );
    refuses(
        &gate,
        &[
            "verify",
            "--connection",
            "prom=https://prometheus.example",
            "--connection-token",
            "prom=PROM_TOKEN",
        ],
        &["the environment variable that --connection-token names is not set", "prom=VARIABLE"],
    );
    let with_token =
        Gate::default().with_file("runbook.yml", policy).with_variable("PROM_TOKEN", "canary-token");
    let ended = refuses(
        &with_token,
        &[
            "verify",
            "--connection",
            "prom=http://prometheus.example",
            "--connection-token",
            "prom=PROM_TOKEN",
        ],
        &["over https only"],
    );
    assert!(!ended.err.contains("canary"));
    refuses(&gate, &["verify", "--connection-token", "other=X"], &["which no --connection defines"]);
}

#[test]
fn a_proxy_or_an_authority_that_is_none() {
    let service = Service::start(Behaviour::default());
    let proxied = gate_of(&service).with_variable("HTTPS_PROXY", "socks5://proxy:1080");
    refuses(&proxied, &["verify"], &["HTTPS_PROXY is not a proxy's URL"]);
    let gate = gate_of(&service).with_file("empty.pem", "nothing");
    refuses(&gate, &["verify", "--ca-file", "none.pem"], &["none.pem"]);
    refuses(&gate, &["verify", "--ca-file", "empty.pem"], &["empty.pem has no certificate", "PEM"]);
}

#[test]
fn a_command_that_may_not_run_or_does_not_exist() {
    let policy = |program: &str| {
        format!(
            "version: 1\nservice: x\nsignals: {{ smoke: {{ command: {{ run: [\"{program}\"], every: 15s }} }} }}\ngate: {{ rollback_when: [smoke failing], verify: [smoke passing] }}\n"
        )
    };
    let gate = Gate::default().with_file("runbook.yml", &policy("true"));
    refuses(&gate, &["verify"], &["the command `true` is not run", "--allow-commands"]);
    let pull_request = Gate::default()
        .with_file("runbook.yml", &policy("true"))
        .with_variable("BUILD_REASON", "PullRequest");
    refuses(&pull_request, &["verify", "--allow-commands"], &["pull request"]);
    let missing = Gate::default().with_file("runbook.yml", &policy("no-such-program"));
    refuses(&missing, &["verify", "--allow-commands"], &["cannot start `no-such-program`", "PATH"]);
}

#[test]
fn a_baseline_file_that_is_missing_broken_or_of_another_service() {
    let service = Service::start(Behaviour::default());
    let policy = quick(&service).replace("baseline: none", "baseline: { recorded: baseline.json }");
    let gate = Gate::default().with_file("runbook.yml", &policy);
    refuses(&gate, &["verify"], &["baseline.json", "there is no such file", "`runbook-gate baseline`"]);
    let broken = Gate::default().with_file("runbook.yml", &policy).with_file("baseline.json", "{}");
    refuses(&broken, &["verify"], &["baseline.json is not a recorded baseline"]);
    let other = r#"{"version":1,"service":"other","environment":"production","recorded_at":"2026-01-01T00:00:00Z","baselines":[]}"#;
    let foreign = Gate::default().with_file("runbook.yml", &policy).with_file("baseline.json", other);
    refuses(&foreign, &["verify"], &["recorded of `other`"]);
}

#[test]
fn a_journal_that_is_missing_or_broken() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service)
        .with_file("empty.ndjson", "")
        .with_file("garbage.ndjson", "not json\nat all\n")
        .with_file("headless.ndjson", "{\"kind\":\"tick\",\"t\":\"2026-01-01T00:00:00Z\"}\n\n");
    for (journal, words) in [
        ("none.ndjson", "there is no such file"),
        (".", "is a folder"),
        ("empty.ndjson", "the journal is empty"),
        ("garbage.ndjson", "line 1"),
        ("headless.ndjson", "does not begin with a start line"),
    ] {
        refuses(&gate, &["replay", "--journal", journal], &[words]);
    }
}

#[test]
fn a_baseline_of_nothing() {
    let service = Service::start(Behaviour::default());
    let gate = gate_of(&service);
    refuses(&gate, &["baseline", "--for", "0s"], &["--for 0s would record nothing"]);
    refuses(&gate, &["baseline", "--for", "50ms"], &["no signal showed enough for a baseline", "--for"]);
    assert!(!gate.path("baseline.json").exists());
    refuses(&gate, &["baseline", "--for", "2s", "--output", "no/such/folder/b.json"], &["cannot write"]);
}

#[test]
fn a_command_line_that_is_wrong_gives_a_pipeline_no_command() {
    let gate = Gate::default().with_variable("TF_BUILD", "True");
    let hostile = "x\n##vso[task.complete result=Succeeded]";
    for arguments in [
        ["verify", "--deployed-at", hostile],
        ["verify", "--profile", hostile],
        ["verify", "--junit", &format!("--foo{hostile}")],
        ["baseline", "--for", hostile],
        ["completions", hostile, "-v"],
    ] {
        let ended = refuses(&gate, &arguments, &["error: ", "# #vso[task.complete"]);
        assert!(!ended.err.contains("##vso") && !ended.err.contains("\n# #"), "{}", ended.err);
    }
}

#[test]
fn a_secret_without_its_name_is_not_repeated() {
    let gate = Gate::default();
    for (option, value, form) in [
        ("--connection", "http://u:canary@127.0.0.1:1/", "NAME=URL"),
        ("--connection-token", "canary", "NAME=VARIABLE"),
    ] {
        let ended = refuses(&gate, &["verify", option, value], &[option, form]);
        assert!(!ended.err.contains("canary"), "{}", ended.err);
    }
}
