//! This repository's own checklist, as `scripts/try` shows it: complete where its history is there, and in words where not.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runbook_gate_tests::binary::{Ended, Gate, binary};
use runbook_gate_tests::repository::git;
use serde_json::Value;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().canonicalize().unwrap()
}

/// What git says in a folder; `None` where it does not end well.
fn asked(folder: &Path, arguments: &[&str]) -> Option<String> {
    let output = Command::new("git").args(arguments).current_dir(folder).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a folder is the root of a repository of its own.
fn is_repository(folder: &Path) -> bool {
    asked(folder, &["rev-parse", "--show-toplevel"]).is_some_and(|top| Path::new(&top) == folder)
}

/// The dry run, with the results of so many passing tests.
fn dry_run(folder: &Path, since: Option<&str>) -> Ended {
    let cases = "<testcase name='a'/>".repeat(300);
    let gate = Gate::default().with_file("tests.xml", &format!("<testsuite>{cases}</testsuite>"));
    let tests = gate.path("tests.xml").display().to_string();
    let artifact = format!("runbook-gate={}", binary().display());
    let mut arguments =
        vec!["checklist", "-e", "desk", "--format", "json", "--tests", &tests, "--artifact", &artifact];
    arguments.extend(since.iter().flat_map(|since| ["--since", *since]));
    gate.run_in(folder, &arguments)
}

fn statuses(ended: &Ended) -> Vec<(String, String)> {
    let report = ended.json();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| (text(&item["id"]), text(&item["status"])))
        .collect()
}

#[test]
fn this_repository_satisfies_its_own_checklist_or_it_is_said_what_cannot_be_seen() {
    let root = root();
    let shallow =
        asked(&root, &["rev-parse", "--is-shallow-repository"]).is_none_or(|shallow| shallow == "true");
    if !is_repository(&root) || shallow {
        let ended = dry_run(&root, None).with_code(10);
        let words = if is_repository(&root) { "shallow" } else { "git" };
        assert!(ended.json()["missing"].to_string().contains(words), "{}", ended.out);
        return;
    }
    let tagged = asked(&root, &["describe", "--tags", "--abbrev=0", "HEAD^"]).is_some();
    let brought = asked(&root, &["log", "--diff-filter=A", "--format=%H", "--", "runbook.yml"]).unwrap();
    let first = brought.lines().last().filter(|_| !tagged);
    let ended = dry_run(&root, first);
    let report = ended.json();
    assert_eq!(
        ended.code,
        Some(0),
        "a commit names no record, or one that is not accepted: {}",
        report["missing"]
    );
    for (id, status) in statuses(&ended) {
        let expected = match id.as_str() {
            "tests-passing" | "artifacts-stored" | "rollback-plan" | "change-communicated" => "satisfied",
            // Since the checklist is there, or since the last release, nothing may have changed that needs a record.
            "decisions-linked" if status == "satisfied" => "satisfied",
            _ => "not-applicable",
        };
        assert_eq!(status, expected, "{id}");
    }
}

#[test]
fn a_shallow_clone_holds_and_says_that_it_is_shallow() {
    let root = root();
    if !is_repository(&root) {
        // A copy without git: the test above sees that this is said.
        return assert!(dry_run(&root, None).with_code(10).out.contains("git"));
    }
    let folder = tempfile::tempdir().unwrap();
    let from = format!("file://{}", root.display());
    git(folder.path(), &["clone", "-q", "--depth", "1", "--no-tags", &from, "clone"]);
    let clone = folder.path().join("clone").canonicalize().unwrap();
    let ended = dry_run(&clone, None).with_code(10);
    let missing = ended.json()["missing"].to_string();
    assert!(missing.contains("shallow") && missing.contains("--unshallow"), "{missing}");
    let known: Vec<_> = statuses(&ended).into_iter().filter(|(_, status)| status == "satisfied").collect();
    let known: Vec<&str> = known.iter().map(|(id, _)| id.as_str()).collect();
    assert_eq!(known, ["tests-passing", "artifacts-stored", "change-communicated", "rollback-plan"]);
}

#[test]
fn a_copy_without_git_holds_and_says_that_it_has_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(root().join("runbook.yml"), folder.path().join("runbook.yml")).unwrap();
    let ended = dry_run(folder.path(), None).with_code(10);
    let missing = ended.json()["missing"].to_string();
    assert!(missing.contains("run the checklist in a git checkout"), "{missing}");
}

/// The report that `scripts/test-report` makes of a log.
fn report(code: &str, log: &str) -> String {
    let mut script = Command::new(root().join("scripts/test-report"))
        .arg(code)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash and awk");
    script.stdin.take().unwrap().write_all(log.as_bytes()).unwrap();
    let output = script.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_report_of_the_tests_passes_only_where_they_did() {
    use runbook_gate::checklist::TestReport;
    let read =
        |code: &str, log: &str| TestReport::read("r.xml", report(code, log).as_bytes()).unwrap().counts;
    let good = "     Running unittests src/lib.rs (target/a)\ntest a::b ... ok\ntest c<'\"&> - should panic ... ok\n\
                test d ... ignored, why\n\ntest result: ok. 2 passed; 0 failed; 1 ignored; 0 measured\n";
    let counts = read("0", good);
    assert_eq!((counts.passed, counts.failed, counts.skipped), (2, 0, 1));
    for (why, code, log) in [
        ("a test failed", "101", "test a ... FAILED\ntest result: FAILED. 0 passed; 1 failed; 0 ignored\n"),
        ("it did not compile", "101", "error: could not compile\n"),
        ("a test binary crashed", "101", "test a ... ok\n"),
        ("a result is missing", "0", "test a ... ok\n"),
        ("a test is missing", "0", "test a ... ok\ntest result: ok. 2 passed; 0 failed; 0 ignored\n"),
    ] {
        assert!(read(code, log).failed > 0, "{why}");
    }
}
