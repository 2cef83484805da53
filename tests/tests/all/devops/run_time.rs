//! What is given at run time: an item that is let pass, a rollback that nothing holds up.

use runbook_gate_tests::devops::Fault;
use runbook_gate_tests::devops::scene::{APPROVAL, RUN, Scene, item, status};

fn without_tests() -> Scene {
    let scene = Scene::in_order();
    scene.fake.state().builds.get_mut(&RUN).unwrap().tests.clear();
    scene
}

const WAIVE: [&str; 2] = ["--waive", "tests-passing=the test cluster is down"];

#[test]
fn an_item_is_let_pass_with_an_approval_of_the_run_and_a_ticket() {
    let scene = without_tests();
    let ended = scene.judge(&WAIVE).with_code(0);
    assert_eq!(status(&ended, "tests-passing"), "waived");
    let waiver = item(&ended, "tests-passing")["waivers"][0].clone();
    assert_eq!((&waiver["given"], &waiver["standing"]), (&"at-run-time".into(), &"counts".into()));
    assert!(waiver["words"].as_str().unwrap().contains("Grace approved this stage"));
    let tickets = |scene: &Scene| {
        let state = scene.fake.state();
        let made = state.work_items.values().filter(|item| item.fields["System.WorkItemType"] == "Task");
        made.map(|item| item.fields["System.Title"].to_string()).collect::<Vec<_>>()
    };
    assert_eq!(tickets(&scene), ["\"Make up for tests-passing (orders in live)\""]);
    scene.judge(&WAIVE).with_code(0);
    assert_eq!(tickets(&scene).len(), 1, "the same run opens no second one");
}

#[test]
fn it_heads_every_report() {
    let scene = without_tests();
    let ended = scene
        .gate
        .run(&[&["checklist", "--environment", "live", "--report-dir", "report"][..], &WAIVE].concat());
    let ended = ended.with_code(0);
    let markdown = scene.gate.read("report/checklist.md");
    for text in [&ended.out, &markdown] {
        let place = text.find("Let pass at run time").unwrap();
        assert!(place < text.find("Items").unwrap() && text.contains("the test cluster is down"), "{text}");
    }
}

#[test]
fn without_an_approval_of_this_stage_nothing_is_let_pass() {
    let pending = without_tests();
    pending.fake.state().approvals.get_mut(APPROVAL).unwrap().status = "pending".into();
    let elsewhere = without_tests();
    {
        let mut state = elsewhere.fake.state();
        let stages = &mut state.builds.get_mut(&RUN).unwrap().stages;
        stages[0].approval = stages[1].approval.take();
    }
    for scene in [pending, elsewhere] {
        let ended = scene.judge(&WAIVE).with_code(10);
        assert_eq!(status(&ended, "tests-passing"), "unsatisfied");
        assert_eq!(item(&ended, "tests-passing")["waivers"][0]["standing"], "not-approved");
    }
    let unseen = without_tests();
    unseen.fake.state().faults.push(Fault::error("/approvals", 403, "AccessDeniedException", "no"));
    assert_eq!(status(&unseen.judge(&WAIVE).with_code(10), "tests-passing"), "unknown");
}

#[test]
fn a_ticket_that_cannot_be_opened_is_said() {
    let scene = without_tests();
    scene.fake.state().faults.push(Fault::error(
        "/wit/workitems/",
        400,
        "RuleValidationException",
        "TF237111: no",
    ));
    let ended = scene.judge(&WAIVE).with_code(0);
    let notes = ended.json()["notes"].to_string();
    assert!(
        notes.contains("no work item could be opened") && notes.contains("*Edit work items in this node*"),
        "{notes}"
    );
}

#[test]
fn reasons_and_items_are_checked() {
    let scene = Scene::in_order();
    for (given, words) in
        [("tests-passing=", "gives no reason"), ("nothing=x", "is no item of the checklist")]
    {
        assert!(scene.judge(&["--waive", given]).with_code(2).err.contains(words), "{given}");
    }
}

#[test]
fn a_rollback_is_not_held_up() {
    let scene = without_tests();
    scene.judge(&["--profile", "rollback"]).with_code(0);
    assert!(scene.fake.lines().is_empty());
}
