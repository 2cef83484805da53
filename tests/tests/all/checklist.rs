//! `checklist` on a desk: the binary, a real repository, and nothing else.

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::repository::{commit, git};
use serde_json::Value;

const POLICY: &str = "version: 1
service: orders
owners: [\"Release Managers\"]
environments: { desk: {}, advised: { enforcement: advise }, silent: { enforcement: off }, production: { enforcement: advise } }
probe: { url: \"http://127.0.0.1:9\" }
checklist:
  tests-passing: { evidence: [{ tests: { files: [\"out/*.xml\"] } }] }
  decisions-linked: { required_when: { changed: [\"infra/**\"] } }
  artifacts-stored: { evidence: [{ artifact: drop }] }
  config-reviewed: { evidence: [attested] }
  infrastructure-reviewed: { environments: [production], required_when: { changed: [\"infra/**\"] }, evidence: [approval] }
  rollback-plan: { evidence: [{ document: { path: docs/rollback.md, section: Rollback, min_words: 3 } }] }
  pipeline-green: { environments: [production] }
";
const PASSED: &str = "<testsuite><testcase name='a'/><testcase name='b'/></testsuite>";
const ACCEPTED: &str = "---\nstatus: accepted\n---\n# Use x\n";

/// A repository with one released commit.
fn released() -> Gate {
    let gate = Gate::default()
        .with_file("runbook.yml", POLICY)
        .with_file(".gitignore", "out/\n")
        .with_file("docs/rollback.md", "# Runbook\n\n## Rollback\n\nRedeploy the last version.\n")
        .with_file("docs/adr/0001-use-x.md", ACCEPTED)
        .with_file("drop.zip", "bytes");
    commit(&gate, "Release");
    git(gate.folder(), &["tag", "v1"]);
    gate
}

/// The same, with a change of its infrastructure and test results of it.
fn changed(message: &str) -> Gate {
    let gate = released().with_file("infra/main.tf", "resource");
    commit(&gate, message);
    gate.with_file("out/r.xml", PASSED)
}

const GIVEN: [&str; 6] = ["checklist", "--format", "json", "--artifact", "drop=drop.zip", "--attest"];

fn desk(gate: &Gate, more: &[&str]) -> Ended {
    let mut arguments = GIVEN.to_vec();
    arguments.extend(["config-reviewed=looked through", "--environment", "desk"]);
    arguments.extend(more);
    gate.run(&arguments)
}

fn status(ended: &Ended, id: &str) -> String {
    item(ended, id)["status"].as_str().unwrap().to_owned()
}

fn item(ended: &Ended, id: &str) -> Value {
    let items = ended.json()["items"].as_array().unwrap().clone();
    items.into_iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("no item {id}"))
}

#[test]
fn a_complete_checklist_proceeds() {
    let gate = changed("Change the network\n\nADR: 1\n");
    let ended = desk(&gate, &[]).with_code(0);
    let report = ended.json();
    assert_eq!((&report["decision"], &report["verdict"]), (&"proceed".into(), &"complete".into()));
    for id in ["tests-passing", "decisions-linked", "artifacts-stored", "config-reviewed", "rollback-plan"] {
        assert_eq!(status(&ended, id), "satisfied", "{id}");
    }
    assert_eq!(status(&ended, "policy-reviewed"), "not-applicable");
    assert_eq!(item(&ended, "decisions-linked")["records"][0]["path"], "docs/adr/0001-use-x.md");
    let deploying = report["deploying"].as_str().unwrap();
    assert!(deploying.contains("Change the network") && deploying.contains("since tag v1"), "{deploying}");
}

#[test]
fn an_incomplete_checklist_holds_and_says_what_is_missing_and_who_can_provide_it() {
    let gate = changed("Change the network");
    let ended = desk(&gate, &[]).with_code(10);
    let report = ended.json();
    assert_eq!(report["decision"], "hold");
    let missing = &report["missing"][0];
    assert_eq!(missing["item"], "decisions-linked");
    assert!(missing["who"].as_str().unwrap().contains("the author of the change"));
    assert!(missing["how"].as_str().unwrap().contains("ADR: 12"));
    assert_eq!(missing["about"].as_array().unwrap().len(), 1);
}

#[test]
fn what_needs_azure_devops_is_unknown_and_never_satisfied() {
    let gate = changed("Change the network\n\nADR: 1\n");
    let ended = gate.run(&["checklist", "--format", "json", "--environment", "production"]).with_code(10);
    for id in [
        "artifacts-stored",
        "config-reviewed",
        "change-communicated",
        "pipeline-green",
        "infrastructure-reviewed",
    ] {
        assert_eq!(status(&ended, id), "unknown", "{id}");
        let needs = item(&ended, id)["needs"].to_string();
        assert!(needs.contains("Azure DevOps") && needs.contains("pipeline"), "{needs}");
    }
    assert_eq!(status(&ended, "telemetry-ready"), "unsatisfied", "a probe alone is blind to latency");
}

#[test]
fn production_holds_whatever_its_enforcement_and_others_as_they_say() {
    let gate = changed("Change the network");
    for (environment, code, decision) in
        [("desk", 10, "hold"), ("advised", 0, "hold"), ("production", 10, "hold"), ("silent", 0, "proceed")]
    {
        let ended =
            gate.run(&["checklist", "--format", "json", "--environment", environment]).with_code(code);
        assert_eq!(ended.json()["decision"], decision, "{environment}");
    }
    let ended = gate.run(&["checklist", "--environment", "silent"]).with_code(0);
    assert!(ended.out.contains("off in this environment"), "{}", ended.out);
}

#[test]
fn tests_are_those_of_the_commit() {
    for (results, expected, code) in [
        (PASSED, "satisfied", 0),
        ("<testsuite><testcase name='a'><failure/></testcase></testsuite>", "unsatisfied", 10),
        ("<testsuite/>", "unsatisfied", 10),
        ("<testsuite><testcase name='a'/>", "unknown", 10),
        (
            "<testsuites name='runbook-gate'><testsuite><testcase name='a'/></testsuite></testsuites>",
            "unsatisfied",
            10,
        ),
    ] {
        let gate = changed("Change\n\nADR: 1").with_file("out/r.xml", results);
        let ended = desk(&gate, &[]).with_code(code);
        assert_eq!(status(&ended, "tests-passing"), expected, "{results}");
    }
    let gate = released().with_file("out/r.xml", PASSED).with_file("infra/a.tf", "a");
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    std::fs::File::options().write(true).open(gate.path("out/r.xml")).unwrap().set_modified(old).unwrap();
    commit(&gate, "Change\n\nADR: 1");
    let ended = desk(&gate, &[]).with_code(10);
    assert_eq!(status(&ended, "tests-passing"), "unknown");
    let because = |ended: &Ended| item(ended, "tests-passing")["because"].as_str().unwrap().to_owned();
    let said = because(&ended);
    assert!(said.contains("before the deployed commit"), "{said}");
    // In whole seconds, and by its path in the repository, however it is given.
    let whole = gate.path("out/r.xml");
    let args = ["checklist", "--format", "json", "--environment", "desk", "--tests", whole.to_str().unwrap()];
    let given = because(&gate.run(&args).with_code(10));
    assert!(given.starts_with("out/r.xml was written at 2"), "{given}");
    let seconds = given.split(" at ").nth(1).unwrap().split(',').next().unwrap();
    assert_eq!(seconds.len(), "2026-11-25T06:27:44Z".len(), "{given}");
}

#[test]
fn a_pattern_of_the_policy_that_no_file_matches_is_named() {
    let policy = POLICY.replace("out/*.xml", "results/*.xml");
    let gate = changed("Change\n\nADR: 1").with_file("runbook.yml", &policy);
    let ended = gate.run(&["checklist", "--format", "json", "--environment", "desk"]).with_code(10);
    let needs = item(&ended, "tests-passing")["needs"].to_string();
    assert!(needs.contains("no test ran: no file matches `results/*.xml`"), "{needs}");
    assert!(needs.contains("`--tests`"), "{needs}");
}

#[test]
fn artifacts_have_a_size_and_a_checksum() {
    let gate = changed("Change\n\nADR: 1");
    let stored = |gate: &Gate| status(&desk(gate, &[]), "artifacts-stored");
    assert_eq!(stored(&gate), "satisfied");
    let sum = "277089d91c0bdf4f2e6862ba7e4a07605119431f5d13f726dd352b06f1b206a9";
    let gate = gate.with_file("drop.zip.sha256", &format!("{sum}  drop.zip\n"));
    assert_eq!(stored(&gate), "satisfied");
    let other = "0".repeat(64);
    let gate = gate.with_file("drop.zip.sha256", &format!("{sum}  other.zip\n{other}  drop.zip\n"));
    assert_eq!(stored(&gate), "unsatisfied", "another file has its sum");
    for (why, bytes) in [("no text", vec![0xe4]), ("no sum", b"404: not found".to_vec())] {
        std::fs::write(gate.path("drop.zip.sha256"), bytes).unwrap();
        assert_eq!(stored(&gate), "unknown", "{why}");
    }
    std::fs::remove_file(gate.path("drop.zip.sha256")).unwrap();
    std::fs::create_dir(gate.path("drop.zip.sha256")).unwrap();
    assert_eq!(stored(&gate), "unknown", "a folder");
    std::fs::remove_dir(gate.path("drop.zip.sha256")).unwrap();
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("nowhere", gate.path("drop.zip.sha256")).unwrap();
        assert_eq!(stored(&gate), "unknown", "a link that leads nowhere");
        std::fs::remove_file(gate.path("drop.zip.sha256")).unwrap();
    }
    let gate = gate.with_file("drop.zip.sha256", &format!("{sum}  drop.zip\n"));
    let gate = gate.with_file("drop.zip", "other bytes");
    assert_eq!(stored(&gate), "unsatisfied");
    std::fs::remove_file(gate.path("drop.zip")).unwrap();
    assert_eq!(stored(&gate), "unsatisfied");
}

#[test]
fn the_commit_is_judged_and_not_the_folder() {
    let gate = changed("Change\n\nADR: 1").with_file("docs/rollback.md", "nothing");
    let ended = desk(&gate, &[]).with_code(0);
    assert_eq!(status(&ended, "rollback-plan"), "satisfied");
    assert!(ended.json()["notes"][0].as_str().unwrap().contains("docs/rollback.md"));
    let gate = gate.with_file("runbook.yml", &format!("{POLICY}# changed\n"));
    let ended = desk(&gate, &[]).with_code(10);
    assert_eq!(status(&ended, "policy-reviewed"), "unsatisfied");
    commit(&gate, "Change the policy");
    let gate = gate.with_file("out/r.xml", PASSED);
    assert_eq!(status(&desk(&gate, &[]), "policy-reviewed"), "unknown", "who approved it is not known here");
}

#[test]
fn a_record_counts_by_its_status_at_the_commit() {
    for (text, expected) in [
        (ACCEPTED, "satisfied"),
        ("# Use x\n\n## Status\n\nProposed\n", "unsatisfied"),
        ("# Use x\n\n## Status\n\nSuperseded by [2. Use y](0002-use-y.md)\n", "unsatisfied"),
        ("# Use x\n", "unsatisfied"),
    ] {
        let gate = released().with_file("docs/adr/0001-use-x.md", text).with_file("infra/a.tf", "a");
        commit(&gate, "Change\n\nSee docs/adr/0001-use-x.md");
        assert_eq!(status(&desk(&gate, &[]), "decisions-linked"), expected, "{text}");
    }
}

#[test]
fn a_waiver_stands_where_it_stood_before() {
    let waived = format!(
        "{POLICY}waivers: [{{ item: decisions-linked, reason: legacy, approved_by: rm@contoso.com, expires: 2099-12-31 }}]\n"
    );
    let gate = released().with_file("runbook.yml", &waived);
    commit(&gate, "Waive");
    git(gate.folder(), &["tag", "v2"]);
    let gate = gate.with_file("infra/a.tf", "a");
    commit(&gate, "Change");
    let gate = gate.with_file("out/r.xml", PASSED);
    let ended = desk(&gate, &[]).with_code(0);
    assert_eq!(status(&ended, "decisions-linked"), "waived");
    assert_eq!(item(&ended, "decisions-linked")["waivers"][0]["standing"], "counts");
    let ended = desk(&gate, &["--since", "v1"]).with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unknown", "this deployment brings the waiver");
}

#[test]
fn without_a_repository_nothing_is_satisfied_by_it() {
    let gate = Gate::default().with_file("runbook.yml", POLICY);
    let ended = desk(&gate, &[]).with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unknown");
    assert!(item(&ended, "decisions-linked")["needs"].to_string().contains("git checkout"));
}

#[test]
fn bad_input_ends_with_2_and_says_what_to_change() {
    let gate = changed("Change");
    for (arguments, words) in [
        (vec!["checklist", "--environment", "desk", "--attest", "backup-taken=x"], "backups-taken"),
        (vec!["checklist", "--environment", "desk", "--attest", "config-reviewed="], "says nothing"),
        (vec!["checklist", "--environment", "desk", "--tests", "a{"], "pattern"),
        (vec!["checklist", "--environment", "nowhere"], "nowhere"),
        (vec!["checklist"], "desk"),
    ] {
        let ended = gate.run(&arguments).with_code(2);
        assert!(ended.err.contains(words), "{arguments:?}: {}", ended.err);
    }
    let ended = desk(&gate, &["--since", "--output=leak"]);
    assert!(ended.code != Some(0) && !gate.path("leak").exists());
}

#[test]
fn what_is_given_and_not_used_is_said() {
    let gate = changed("Change");
    let ended = gate.run(&[
        "checklist",
        "--format",
        "json",
        "--environment",
        "desk",
        "--attest",
        "decisions-linked=see above",
        "--attest",
        "config-reviewed=looked",
        "--tests",
        "none*.xml",
        "--artifact",
        "drop=nope/x.zip",
    ]);
    let json = ended.json();
    for words in [
        "--attest decisions-linked is not used: this item takes no words",
        "--tests none*.xml: no file here matches it",
        "--artifact drop=nope/x.zip: there is no such file that can be read",
    ] {
        let notes = json["notes"].as_array().unwrap();
        assert!(notes.iter().any(|note| note.as_str().unwrap().starts_with(words)), "{words} in {notes:?}");
        assert!(ended.err.contains(&format!("warning: {words}")), "{words} in {}", ended.err);
    }
    assert!(!ended.err.contains("--attest config-reviewed"), "{}", ended.err);
}

#[test]
fn a_since_that_git_does_not_know_is_mistyped() {
    let gate = changed("Change");
    let ended = desk(&gate, &["--since", "nope"]).with_code(2);
    for words in ["--since: git knows no commit `nope` here", "name a tag, a branch or a commit"] {
        assert!(ended.err.contains(words), "{words} in {}", ended.err);
    }
}

#[test]
fn reports_are_written_and_commit_texts_steer_nothing() {
    let gate = changed("##vso[task.setvariable variable=a]b | </td> ](https://evil.example)\n\nADR: 2\n");
    let ended = gate.run(&["checklist", "--environment", "desk", "--report-dir", "reports"]).with_code(10);
    assert!(ended.out.starts_with("HOLD  orders in desk"), "{}", ended.out);
    assert_eq!(gate.files("reports"), ["checklist.html", "checklist.json", "checklist.md"]);
    for text in [
        ended.out.clone(),
        gate.read("reports/checklist.md"),
        gate.read("reports/checklist.json"),
        gate.read("reports/checklist.html"),
    ] {
        assert!(!text.contains("##vso"), "{text}");
    }
    let page = gate.read("reports/checklist.md");
    assert!(!page.contains("](https://evil") && !page.contains("</td>"), "{page}");
}

#[test]
fn the_same_facts_give_the_same_report() {
    let gate = changed("Change\n\nADR: 1");
    let report = || {
        let mut report = desk(&gate, &[]).json();
        // When it was judged is no fact of the deployment.
        let at = report["at"].take();
        assert!(at.as_str().unwrap().ends_with('Z'), "{at}");
        report
    };
    assert_eq!(report(), report());
    assert_eq!(report()["commit"].as_str().unwrap().len(), 40);
    assert_eq!(report()["changes"][0]["title"], "Change");
}

#[test]
fn many_changes_are_one_need() {
    let gate = released();
    for number in 0..30 {
        let gate = &gate;
        std::fs::create_dir_all(gate.path("infra")).unwrap();
        std::fs::write(gate.path(&format!("infra/{number}.tf")), "a").unwrap();
        commit(gate, &format!("Change {number}"));
    }
    let ended = desk(&gate, &[]).with_code(10);
    let needs = item(&ended, "decisions-linked")["needs"].as_array().unwrap().clone();
    assert_eq!(needs.len(), 1);
    assert_eq!(needs[0]["about"].as_array().unwrap().len(), 30);
    assert!(item(&ended, "decisions-linked")["because"].as_str().unwrap().contains("and 25 more"));
}
