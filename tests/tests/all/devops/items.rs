//! Each item with its evidence from Azure DevOps: satisfied, unsatisfied, not applicable, unknown.

use runbook_gate_tests::devops::scene::{RUN, Scene, item, status, thread};
use runbook_gate_tests::devops::{Fault, State, TestSet};
use serde_json::json;

const ITEMS: [&str; 8] = [
    "tests-passing",
    "decisions-linked",
    "artifacts-stored",
    "backups-taken",
    "config-reviewed",
    "change-communicated",
    "rollback-plan",
    "pipeline-green",
];

#[test]
fn a_deployment_in_order_proceeds() {
    let scene = Scene::in_order();
    let ended = scene.judge(&[]).with_code(0);
    for id in ITEMS {
        assert_eq!(status(&ended, id), "satisfied", "{id}: {}", item(&ended, id));
    }
    for id in ["migrations-reviewed", "infrastructure-reviewed", "policy-reviewed"] {
        assert_eq!(status(&ended, id), "not-applicable", "{id}");
    }
    let deploying = ended.json()["deploying"].as_str().unwrap().to_owned();
    assert!(deploying.contains("since run 20261120.1 of this gate's last `proceed`"), "{deploying}");
    let evidence = item(&ended, "config-reviewed")["evidence"][0].clone();
    assert_eq!(
        (&evidence["by"], &evidence["when"]),
        (&json!("Grace"), &json!("2026-11-24T09:00:00.1234567Z"))
    );
    assert!(evidence["url"].as_str().unwrap().ends_with("/contoso/orders/_git/orders/pullrequest/12"));
    let word = item(&ended, "rollback-plan")["evidence"][0].clone();
    assert_eq!((&word["when"], &word["by"]), (&json!(null), &json!("Ada")), "a description has no date");
}

/// What is changed of a deployment in order, the item that it concerns, and what becomes of it.
type Row = (&'static str, &'static str, fn(&mut State), &'static str);

fn request(state: &mut State) -> &mut runbook_gate_tests::devops::PullRequest {
    state.pull_requests.get_mut(&12).unwrap()
}

fn run(state: &mut State) -> &mut runbook_gate_tests::devops::Build {
    state.builds.get_mut(&RUN).unwrap()
}

fn tests(state: &mut State, name: &str, outcomes: &[(&str, u64)], class: &str) {
    run(state).tests = vec![TestSet {
        name: name.into(),
        state: "Completed".into(),
        outcomes: outcomes.iter().map(|(outcome, count)| ((*outcome).to_owned(), *count)).collect(),
        class: class.into(),
    }];
}

const UNSATISFIED: &str = "unsatisfied";
const UNKNOWN: &str = "unknown";
const SATISFIED: &str = "satisfied";

const TABLE: &[Row] = &[
    (
        "a failed test",
        "tests-passing",
        |s| tests(s, "unit", &[("Passed", 9), ("Failed", 1)], "a.b"),
        UNSATISFIED,
    ),
    ("no tests", "tests-passing", |s| run(s).tests.clear(), UNSATISFIED),
    ("only skipped tests", "tests-passing", |s| tests(s, "unit", &[("NotExecuted", 3)], "a.b"), UNSATISFIED),
    (
        "only the gate's own results",
        "tests-passing",
        |s| tests(s, "Release gate", &[("Passed", 3)], "runbook-gate.criterion"),
        UNSATISFIED,
    ),
    (
        "an outcome that nobody knows",
        "tests-passing",
        |s| tests(s, "unit", &[("Passed", 1), ("Exploded", 1)], "a.b"),
        UNKNOWN,
    ),
    ("results that still come", "tests-passing", |s| run(s).tests[0].state = "InProgress".into(), UNKNOWN),
    ("results that were broken off", "tests-passing", |s| run(s).tests[0].state = "Aborted".into(), UNKNOWN),
    ("tests that are not listed", "tests-passing", |s| run(s).unlisted_tests = 3, UNKNOWN),
    (
        "no right to see tests",
        "tests-passing",
        |s| s.faults.push(Fault::error("/test/runs", 403, "AccessDeniedException", "no")),
        UNKNOWN,
    ),
    (
        "no record",
        "decisions-linked",
        |s| request(s).description = Some("- [x] rollback-plan: x".into()),
        UNSATISFIED,
    ),
    (
        "a record that is not there",
        "decisions-linked",
        |s| request(s).description = Some("ADR: 99\n- [x] rollback-plan: x".into()),
        UNSATISFIED,
    ),
    (
        "a record in a comment",
        "decisions-linked",
        |s| {
            request(s).description = None;
            request(s).threads.push(thread("Ada", "See ADR-1", "text"));
        },
        SATISFIED,
    ),
    (
        "a record in a work item's link",
        "decisions-linked",
        |s| {
            request(s).description = None;
            s.work_items
                .get_mut(&7)
                .unwrap()
                .links
                .push("https://dev.azure.com/contoso/orders/_git/orders?path=/docs/adr/0001-use-x.md".into());
        },
        SATISFIED,
    ),
    (
        "no decision needed, approved",
        "decisions-linked",
        |s| request(s).description = Some("Decision: none (a typo)\n".into()),
        SATISFIED,
    ),
    (
        "no decision needed, by the author alone",
        "decisions-linked",
        |s| {
            request(s).description = Some("Decision: none (a typo)\n".into());
            request(s).reviewers.clear();
        },
        UNSATISFIED,
    ),
    ("no artifact", "artifacts-stored", |s| run(s).artifacts.clear(), UNSATISFIED),
    ("an empty artifact", "artifacts-stored", |s| run(s).artifacts[0].1 = 0, UNSATISFIED),
    ("another artifact", "artifacts-stored", |s| run(s).artifacts[0].0 = "other".into(), UNSATISFIED),
    (
        "artifacts that cannot be asked",
        "artifacts-stored",
        |s| s.faults.push(Fault::error("/artifacts", 409, "", "boom")),
        UNKNOWN,
    ),
    (
        "the author's own word",
        "backups-taken",
        |s| request(s).threads[0].comments[0].author = "Ada".into(),
        UNSATISFIED,
    ),
    (
        "a word in the description alone",
        "backups-taken",
        |s| {
            request(s).threads.clear();
            request(s).description = Some("ADR: 1\n- [x] backups-taken: x".into());
        },
        UNSATISFIED,
    ),
    (
        "a word in a system comment",
        "backups-taken",
        |s| request(s).threads[0].comments[0].kind = "system".into(),
        UNSATISFIED,
    ),
    (
        "comments that cannot be read",
        "backups-taken",
        |s| s.faults.push(Fault::error("/threads", 403, "GitNeedsPermissionException", "TF401027")),
        UNKNOWN,
    ),
    (
        "a word in a work item",
        "backups-taken",
        |s| {
            request(s).threads.clear();
            ticked(s, "Linus", "Linus");
        },
        SATISFIED,
    ),
    (
        "a word in a work item that was changed often since",
        "backups-taken",
        |s| {
            request(s).threads.clear();
            ticked(s, "Ada", "Linus");
            let updates = &mut s.work_items.get_mut(&7).unwrap().updates;
            let word = updates[0].clone();
            let moved = updates[1].clone();
            updates.extend(std::iter::repeat_n(moved, 250));
            updates.push(runbook_gate_tests::devops::Update { by: "Grace".into(), ..word });
        },
        SATISFIED,
    ),
    (
        "a word in a work item, which the author wrote and somebody else moved on",
        "backups-taken",
        |s| {
            request(s).threads.clear();
            ticked(s, "Ada", "Linus");
        },
        UNSATISFIED,
    ),
    ("no vote", "config-reviewed", |s| request(s).reviewers.clear(), UNSATISFIED),
    (
        "a vote of somebody else's group",
        "config-reviewed",
        |s| request(s).reviewers[0].groups.clear(),
        UNSATISFIED,
    ),
    ("the author's vote", "config-reviewed", |s| request(s).reviewers[0].name = "Ada".into(), UNSATISFIED),
    ("a vote with suggestions", "config-reviewed", |s| request(s).reviewers[0].vote = 5, SATISFIED),
    ("a vote that waits", "config-reviewed", |s| request(s).reviewers[0].vote = -5, UNSATISFIED),
    ("a rejection", "config-reviewed", |s| request(s).reviewers[0].vote = -10, UNSATISFIED),
    ("no work item", "change-communicated", |s| request(s).work_items.clear(), UNSATISFIED),
    (
        "a work item in another state",
        "change-communicated",
        |s| field(s, "System.State", "Proposed"),
        UNSATISFIED,
    ),
    (
        "a work item without the tag",
        "change-communicated",
        |s| field(s, "System.Tags", "network"),
        UNSATISFIED,
    ),
    (
        "a work item of another type",
        "change-communicated",
        |s| field(s, "System.WorkItemType", "Bug"),
        UNSATISFIED,
    ),
    (
        "a work item that may not be seen",
        "change-communicated",
        |s| {
            s.work_items.clear();
        },
        UNKNOWN,
    ),
    (
        "work items that cannot be asked",
        "change-communicated",
        |s| s.faults.push(Fault::page("workitemsbatch", 203, &[])),
        UNKNOWN,
    ),
    ("nobody's word", "rollback-plan", |s| request(s).description = Some("ADR: 1".into()), UNSATISFIED),
    ("a failed stage", "pipeline-green", |s| stage(s, "completed", Some("failed")), UNSATISFIED),
    ("a cancelled stage", "pipeline-green", |s| stage(s, "completed", Some("canceled")), UNSATISFIED),
    ("a stage that runs", "pipeline-green", |s| stage(s, "inProgress", None), UNSATISFIED),
    ("a skipped stage", "pipeline-green", |s| stage(s, "completed", Some("skipped")), SATISFIED),
    (
        "a stage with warnings",
        "pipeline-green",
        |s| stage(s, "completed", Some("succeededWithIssues")),
        SATISFIED,
    ),
    ("a result that nobody knows", "pipeline-green", |s| stage(s, "completed", Some("melted")), UNSATISFIED),
    (
        "stages that cannot be asked",
        "pipeline-green",
        |s| {
            s.faults.push(Fault::page(
                "/timeline",
                302,
                &[("Location", "https://spsprodweu1.vssps.visualstudio.com/_signin")],
            ))
        },
        UNKNOWN,
    ),
];

fn stage(state: &mut State, now: &str, result: Option<&str>) {
    let stage = &mut run(state).stages[0];
    stage.state = now.into();
    stage.result = result.map(str::to_owned);
}

fn field(state: &mut State, name: &str, value: &str) {
    state.work_items.get_mut(&7).unwrap().fields.insert(name.into(), json!(value));
}

/// A work item whose text is ticked by one, and whose state is changed by another later.
fn ticked(state: &mut State, by: &str, later: &str) {
    let text = "<ul><li>[x] backups-taken: snapshot 42</li></ul>";
    field(state, "System.Description", text);
    let update = |by: &str, name: &str, value: &str| runbook_gate_tests::devops::Update {
        by: by.into(),
        when: "2026-11-24T08:00:00Z".into(),
        fields: [(name.to_owned(), value.to_owned())].into_iter().collect(),
    };
    state.work_items.get_mut(&7).unwrap().updates =
        vec![update(by, "System.Description", text), update(later, "System.State", "Approved")];
}

#[test]
fn each_item_stands_or_falls_with_its_evidence() {
    for (what, id, change, expected) in TABLE {
        let scene = Scene::in_order();
        change(&mut scene.fake.state());
        let ended = scene.judge(&[]);
        assert_eq!(status(&ended, id), *expected, "{what}: {}", item(&ended, id));
        if *expected != SATISFIED {
            assert_eq!(ended.code, Some(10), "{what} holds");
        }
        if *expected == UNKNOWN {
            let needs = item(&ended, id)["needs"].to_string();
            assert!(needs.contains("\"how\""), "{what} says what would help: {needs}");
        }
    }
}

#[test]
fn what_may_not_be_seen_names_the_permission() {
    for (line, id, words) in [
        ("/test/runs", "tests-passing", "*View test runs* in the project"),
        ("/artifacts", "artifacts-stored", "*View builds* on the pipeline"),
        ("/threads", "config-reviewed", "*Read* on the repository orders"),
        ("/workitemsbatch", "change-communicated", "*View work items in this node* on the area path"),
    ] {
        let scene = Scene::in_order();
        scene.fake.state().faults.push(Fault::error(line, 403, "AccessDeniedException", "TF400813: denied"));
        let ended = scene.judge(&[]).with_code(10);
        let needs = item(&ended, id)["needs"].to_string();
        assert!(needs.contains(&format!("the build identity needs {words}")), "{line}: {needs}");
        assert!(needs.contains("activity a1b2c3d4"), "{needs}");
    }
}

#[test]
fn migrations_need_an_approval_and_a_plan() {
    let plan = "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty twenty-one";
    let record = format!("---\nstatus: accepted\n---\n# Drop it\n\n## Rollback\n\n{plan}\n");
    let mut scene = Scene::in_order();
    scene.merge("docs/adr/0002-drop.md", &record);
    let number = scene.merge("db/migrations/1.sql", "ALTER TABLE a ADD b int;");
    let linked = |scene: &Scene, text: &str| {
        scene.fake.state().pull_requests.get_mut(&number).unwrap().description = Some(text.into());
        let ended = scene.judge(&[]);
        status(&ended, "migrations-reviewed")
    };
    assert_eq!(linked(&scene, "ADR: 2"), "satisfied");
    assert_eq!(linked(&scene, "ADR: 1"), "unsatisfied");
    scene.fake.state().pull_requests.get_mut(&number).unwrap().reviewers.clear();
    assert_eq!(linked(&scene, "ADR: 2"), "unsatisfied");
}

#[test]
fn a_change_of_the_policy_needs_an_owner() {
    let policy = format!("{}# changed\n", runbook_gate_tests::devops::scene::POLICY);
    let mut scene = Scene::in_order();
    let number = scene.merge("runbook.yml", &policy);
    assert_eq!(status(&scene.judge(&[]), "policy-reviewed"), "satisfied");
    scene.fake.state().pull_requests.get_mut(&number).unwrap().reviewers[0].groups.clear();
    assert_eq!(status(&scene.judge(&[]), "policy-reviewed"), "unsatisfied");
}

#[test]
fn a_waiver_counts_where_whom_it_names_approved_the_change_that_brought_it() {
    let waived = format!(
        "{}waivers: [{{ item: tests-passing, reason: legacy, approved_by: Grace, expires: 2099-12-31 }}]\n",
        runbook_gate_tests::devops::scene::POLICY
    );
    let mut scene = Scene::in_order();
    let number = scene.merge("runbook.yml", &waived);
    run(&mut scene.fake.state()).tests.clear();
    let judged = |scene: &Scene| {
        let ended = scene.judge(&[]);
        let standing = item(&ended, "tests-passing")["waivers"][0]["standing"].as_str().map(str::to_owned);
        (status(&ended, "tests-passing"), standing.unwrap_or_default())
    };
    let expected = |status: &str, standing: &str| (status.to_owned(), standing.to_owned());
    assert_eq!(judged(&scene), expected("waived", "counts"));
    // Whoever grants himself an exception has none.
    scene.fake.state().pull_requests.get_mut(&number).unwrap().author = "Grace".into();
    assert_eq!(judged(&scene), expected("unsatisfied", "not-approved"));
    scene.fake.state().pull_requests.remove(&number);
    assert_eq!(judged(&scene), expected("unsatisfied", "not-approved"));
}
