//! A result that could not be written is not taken for success, and changes no decision.

use std::io::pipe;

use runbook_gate_tests::binary::Gate;

const SMOKE: &str = "version: 1
service: orders
signals: { smoke: { command: { run: [\"true\"], every: 15s } } }
gate: { warmup: 0s, observe: 1m, rollback_when: [smoke failing], verify: [smoke passing], baseline: none }
";

/// The journal of a smoke test that passes or fails four times.
fn journal(value: u8, end: &str) -> String {
    let start = r#"{"kind":"start","version":1,"t":"2026-01-01T00:00:00Z","environment":"production","policy_sha256":""}"#;
    let sample = |second: u8| {
        let t = format!("2026-01-01T00:{:02}:{:02}Z", second / 60, second % 60);
        format!(r#"{{"kind":"sample","t":"{t}","signal":"smoke","value":{value}}}"#)
    };
    let samples = [15, 30, 45, 60].map(sample).join("\n");
    format!("{start}\n{samples}\n{{\"kind\":\"end\",\"t\":\"{end}\"}}\n")
}

fn gate() -> Gate {
    Gate::default()
        .with_file("runbook.yml", SMOKE)
        .with_file("good.ndjson", &journal(1, "2026-01-01T00:01:00Z"))
        .with_file("bad.ndjson", &journal(0, "2026-01-01T00:01:00Z"))
        .with_file(
            "short.ndjson",
            &journal(1, "2026-01-01T00:00:20Z").lines().take(2).collect::<Vec<_>>().join("\n"),
        )
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_under_standard_output_is_an_error_and_a_decision_stays_one() {
    let gate = gate();
    let commands: [(&[&str], i32, i32); 9] = [
        (&["replay", "--journal", "good.ndjson"], 0, 2),
        (&["replay", "--journal", "good.ndjson", "--format", "json"], 0, 2),
        (&["replay", "--journal", "short.ndjson"], 10, 10),
        (&["replay", "--journal", "bad.ndjson"], 20, 20),
        (&["validate"], 0, 2),
        (&["schema"], 0, 2),
        (&["explain"], 0, 2),
        (&["completions", "bash"], 0, 2),
        (&["--help"], 0, 2),
    ];
    for (arguments, whole, lost) in commands {
        gate.run(arguments).with_code(whole);
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let ended = gate.run_into(full, arguments).with_code(lost);
        let said = "standard output is not whole: the disk is full";
        assert!(ended.err.contains(said), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn a_reader_that_reads_no_further_has_lost_nothing() {
    let gate = gate();
    for arguments in [&["schema"][..], &["replay", "--journal", "good.ndjson"]] {
        let (reader, writer) = pipe().unwrap();
        drop(reader);
        let ended = gate.run_into(writer, arguments).with_code(0);
        assert!(!ended.err.contains("error"), "{}", ended.err);
    }
}

#[cfg(unix)]
#[test]
fn a_report_file_that_cannot_be_written_whole_is_an_error_with_the_decision_in_words() {
    let gate = gate();
    for (journal, word) in [("good.ndjson", "proceed"), ("bad.ndjson", "rollback")] {
        // A limit of the system stands for the full disk: no file may be longer than a block.
        let replay =
            format!("trap '' XFSZ; ulimit -f 1; \"$GATE\" replay --journal {journal} --report-dir out");
        let ended = gate.run_in_shell(&replay).with_code(2);
        let said =
            format!("error: the decision is {word}, but its report is not whole: cannot write out/report.");
        assert!(ended.err.contains(&said), "{}", ended.err);
        assert!(ended.out.to_lowercase().starts_with(word), "{}", ended.out);
        assert!(
            gate.files("out").iter().all(|name| gate.read(&format!("out/{name}")).ends_with(['\n', '}'])),
            "no file is cut"
        );
    }
}
