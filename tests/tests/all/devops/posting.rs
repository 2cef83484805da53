//! `checklist --post` on a pull request: one status, one comment, kept up to date. The target's policy judges.

use runbook_gate_tests::devops::Fault;
use runbook_gate_tests::devops::scene::{POLICY, Scene, item, status};

fn posted(scene: &Scene) -> Vec<String> {
    let state = scene.fake.state();
    let comments = state.pull_requests[&12].threads.iter().flat_map(|thread| &thread.comments);
    comments
        .map(|comment| comment.content.clone())
        .filter(|text| text.starts_with("<!-- runbook-gate"))
        .collect()
}

fn state_of(scene: &Scene) -> (String, usize) {
    let state = scene.fake.state();
    let statuses = &state.pull_requests[&12].statuses;
    let key = ("runbook-gate".to_owned(), "checklist-live".to_owned());
    (statuses.get(&key).map(|status| status.state.clone()).unwrap_or_default(), statuses.len())
}

#[test]
fn an_author_sees_early_what_is_missing() {
    let mut scene = Scene::in_order();
    scene.build_pull_request(12);
    scene.fake.state().pull_requests.get_mut(&12).unwrap().description = Some("Nothing linked".into());
    scene.judge(&["--post"]).with_code(10);
    assert_eq!(state_of(&scene), ("failed".into(), 1));
    let [comment] = &posted(&scene)[..] else { panic!("{:?}", posted(&scene)) };
    assert!(
        comment.contains("decisions-linked") && comment.contains("The author of the change"),
        "{comment}"
    );
    scene.judge(&["--post"]).with_code(10);
    assert_eq!(posted(&scene).len(), 1, "again changes that comment and adds none");
    scene.fake.state().pull_requests.get_mut(&12).unwrap().description =
        Some("ADR: 1\n- [x] rollback-plan: redeploy".into());
    scene.judge(&["--post"]).with_code(0);
    assert_eq!(state_of(&scene), ("succeeded".into(), 1));
    let [comment] = &posted(&scene)[..] else { panic!("{:?}", posted(&scene)) };
    assert!(comment.contains("Proceed"), "{comment}");
    let settled = scene.fake.state().pull_requests[&12].threads.last().map(|thread| thread.status.clone());
    assert_eq!(settled.as_deref(), Some("closed"));
    // A comment that stands as it should is not written again.
    let writes = |scene: &Scene| scene.fake.lines().iter().filter(|line| line.starts_with("PATCH")).count();
    let before = writes(&scene);
    scene.judge(&["--post"]).with_code(0);
    assert_eq!(writes(&scene), before);
}

#[test]
fn the_gates_own_comment_attests_nothing() {
    let mut scene = Scene::in_order();
    scene.build_pull_request(12);
    {
        let mut state = scene.fake.state();
        let request = state.pull_requests.get_mut(&12).unwrap();
        request.description = Some("ADR: 1".into());
        let comment = &mut request.threads[0].comments[0];
        comment.content = "<!-- runbook-gate: checklist -->\n- [x] rollback-plan\n- [x] backups-taken".into();
    }
    let ended = scene.judge(&[]).with_code(10);
    for id in ["rollback-plan", "backups-taken"] {
        assert_eq!(status(&ended, id), "unsatisfied", "{id}");
    }
}

#[test]
fn a_pull_request_is_judged_by_its_targets_policy() {
    let mut scene = Scene::in_order();
    let lax =
        "version: 1\nservice: orders\nenvironments: { live: {} }\nprobe: { url: \"http://127.0.0.1:9\" }\n";
    let number = scene.merge("runbook.yml", lax);
    scene.build_pull_request(number);
    scene.fake.state().pull_requests.get_mut(&number).unwrap().reviewers.clear();
    let ended = scene.judge(&[]).with_code(10);
    assert_eq!(
        status(&ended, "change-communicated"),
        "satisfied",
        "only the target's policy asks for it here"
    );
    assert_eq!(status(&ended, "policy-reviewed"), "unsatisfied");
    assert!(item(&ended, "policy-reviewed")["needs"].to_string().contains("Release Managers"));
    scene.fake.state().pull_requests.get_mut(&number).unwrap().reviewers =
        runbook_gate_tests::devops::scene::in_order("").reviewers;
    assert_eq!(status(&scene.judge(&[]), "policy-reviewed"), "satisfied");
}

#[test]
fn a_shallow_checkout_reads_the_targets_policy_from_the_service() {
    let mut scene = Scene::in_order();
    scene.build_pull_request(12);
    // The checkout has the merge alone.
    let head = runbook_gate_tests::repository::git(scene.gate.folder(), &["rev-parse", "HEAD"]);
    std::fs::write(scene.gate.path(".git/shallow"), format!("{head}\n")).unwrap();
    let ended = scene.judge(&[]).with_code(2);
    assert!(ended.err.contains("judged by its target's policy"), "{}", ended.err);
    scene.fake.state().files.insert(("main".into(), "runbook.yml".into()), POLICY.into());
    let ended = scene.judge(&[]).with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unknown");
    assert!(ended.out.contains("fetchDepth: 0"));
}

#[test]
fn a_missing_permission_is_said_and_changes_no_verdict() {
    let mut scene = Scene::in_order();
    scene.build_pull_request(12);
    scene.fake.state().faults.push(Fault::error(
        "/statuses",
        403,
        "GitNeedsPermissionException",
        "TF401027: You need the Git 'PullRequestContribute' permission to perform this action.",
    ));
    let ended = scene.judge(&["--post"]).with_code(0);
    assert!(
        ended.err.contains("the build identity needs *Contribute to pull requests* on the repository orders"),
        "{}",
        ended.err
    );
}
