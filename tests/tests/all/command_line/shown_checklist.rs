//! The checklist in a gate's page: that of this deployment, and no other; whatever it is, the gate decides by itself.

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::repository::commit;
use runbook_gate_tests::service::{Behaviour, Service};

use super::quick;

const OTHERS: &str = "environments: { production: {}, staging: {} }
checklist:
  tests-passing: { evidence: [{ tests: { files: [\"results/*.xml\"] } }] }
";

/// A repository with one commit, whose checklist lies in `out`, before a gate that watches this service.
fn judged(service: &Service) -> Gate {
    let policy = format!("{}{OTHERS}", quick(service));
    let gate = Gate::default().with_file("runbook.yml", &policy).with_file(".gitignore", "out*/\n");
    commit(&gate, "Widen <b>the</b> cache");
    gate.run(&["checklist", "-e", "production", "--report-dir", "out"]).with_code(10);
    gate
}

fn verify(gate: &Gate, more: &[&str]) -> String {
    let mut arguments = vec!["verify", "-e", "production", "--report-dir", "out"];
    arguments.extend(more);
    gate.run(&arguments).with_code(0).err
}

#[test]
fn the_one_in_the_report_folder_is_shown_and_the_report_of_the_journal_shows_it_too() {
    let service = Service::start(Behaviour::default());
    let gate = judged(&service);
    verify(&gate, &[]);
    let page = gate.read("out/report.html");
    for words in
        ["<section id=\"items\"", "tests-passing", ">incomplete</span>", "Widen &lt;b&gt;the&lt;/b&gt; cache"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(page.contains("Which pull requests brought these commits is not known"), "{page}");
    let decided = gate.read("out/verdict.json");
    gate.run(&["report", "-e", "production", "out/journal.ndjson"]).with_code(0);
    assert!(gate.read("out/report.html") == page, "to the byte");
    assert_eq!(gate.read("out/verdict.json"), decided, "what was decided then stays");
    // Elsewhere nothing tells any more what the gate watched: then one that is given is shown with the doubt.
    let elsewhere = Gate::default()
        .with_file("runbook.yml", &gate.read("runbook.yml"))
        .with_file("journal.ndjson", &gate.read("out/journal.ndjson"))
        .with_file("checklist.json", &gate.read("out/checklist.json"));
    let report = ["report", "-e", "production", "journal.ndjson", "--checklist-report", "checklist.json"];
    elsewhere.run(&report[..4]).with_code(0);
    assert!(!elsewhere.read("report.html").contains("id=\"items\""));
    elsewhere.run(&report).with_code(0);
    let page = elsewhere.read("report.html");
    assert!(page.contains("which commit this gate watches is not known here"), "{page}");
}

#[test]
fn one_of_another_commit_is_not_shown_by_itself_and_said_where_it_was_given() {
    let service = Service::start(Behaviour::default());
    let gate = judged(&service);
    let gate = gate.with_file("src.txt", "x");
    commit(&gate, "Another");
    verify(&gate, &[]);
    assert!(!gate.read("out/report.html").contains("id=\"items\""));
    let said = verify(&gate, &["--checklist-report", "out/checklist.json"]);
    assert!(
        said.contains("warning: the page will not show the checklist: out/checklist.json: it is of commit"),
        "{said}"
    );
    assert!(gate.read("out/report.html").contains("is not shown: out/checklist.json: it is of commit"));
}

#[test]
fn one_that_cannot_be_read_is_said_and_stops_no_watch() {
    let service = Service::start(Behaviour::default());
    let gate = judged(&service).with_file("bad/checklist.json", "{\"version\":1,\"decision\":\"proceed\"}");
    for (file, why) in
        [("none.json", "there is no such file"), ("bad/checklist.json", "no checklist&apos;s JSON report")]
    {
        let said = verify(&gate, &["--checklist-report", file]);
        assert!(said.contains("warning: the page will not show the checklist"), "{said}");
        let page = gate.read("out/report.html");
        assert!(page.contains("is not shown") && page.contains(why), "{page}");
    }
}

#[test]
fn an_incomplete_checklist_changes_no_decision() {
    let service = Service::start(Behaviour::default());
    let gate = judged(&service);
    let run = |more: &[&str]| {
        let mut arguments = vec!["verify", "-e", "production", "--report-dir", "out"];
        arguments.extend(more);
        gate.run(&arguments).with_code(0);
        gate.read("out/report.json")
    };
    assert!(
        run(&["--checklist-report", "out/checklist.json"])
            .starts_with("{\"version\":1,\"decision\":\"proceed\"")
    );
}
