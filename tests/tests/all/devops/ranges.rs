//! What is being deployed: since which commit, and by which pull requests.

use runbook_gate_tests::devops::scene::{GOOD_RUN, RUN, Scene, item, status};
use runbook_gate_tests::devops::{Build, DeploymentRecord, Fault};
use runbook_gate_tests::repository::git;

fn deploying(scene: &Scene) -> String {
    scene.judge(&[]).json()["deploying"].as_str().unwrap().to_owned()
}

fn record(build: u64, attempt: u64, result: Option<&str>) -> DeploymentRecord {
    DeploymentRecord {
        definition: 4,
        build,
        attempt,
        result: result.map(str::to_owned),
        finished: result.map(|_| format!("2026-11-{}T10:00:00Z", build - 80)),
        ..DeploymentRecord::default()
    }
}

#[test]
fn the_environments_own_record_counts_where_the_gate_has_none() {
    let scene = Scene::in_order();
    let good = {
        let mut state = scene.fake.state();
        let good = state.builds.get_mut(&GOOD_RUN).unwrap();
        good.tags.clear();
        let good = good.clone();
        state
            .builds
            .insert(98, Build { number: "20261118.1".into(), commit: "f".repeat(40), ..good.clone() });
        let records = vec![
            record(RUN, 1, None),
            record(GOOD_RUN, 2, Some("succeeded")),
            record(GOOD_RUN, 1, Some("failed")),
            record(98, 1, Some("succeeded")),
            DeploymentRecord { definition: 9, ..record(99, 1, Some("succeeded")) },
        ];
        state.environments.insert(2, ("live".into(), records));
        state.environments.insert(1, ("live-old".into(), vec![record(98, 1, Some("succeeded"))]));
        good
    };
    let words = deploying(&scene);
    assert!(words.contains("since run 20261120.1, the last that deployed to live"), "{words}");
    // A job of its last try that failed makes it no good deployment, and there is no other.
    {
        let mut state = scene.fake.state();
        let (_, records) = state.environments.get_mut(&2).unwrap();
        records.insert(1, record(GOOD_RUN, 2, Some("failed")));
        records.retain(|record| record.build != 98);
    }
    let words = deploying(&scene);
    assert!(
        words.contains(&format!("since run {}, the last that succeeded on this branch", good.number)),
        "{words}"
    );
}

/// A scene without a recorded `proceed`, whose service gives two entries on a page.
fn by_records(records: Vec<DeploymentRecord>) -> Scene {
    let scene = Scene::in_order();
    {
        let mut state = scene.fake.state();
        state.page = 2;
        state.builds.get_mut(&GOOD_RUN).unwrap().tags.clear();
        state.environments.insert(2, ("live".into(), records));
    }
    scene
}

#[test]
fn deployments_on_later_pages_are_found() {
    let others = (0..5).map(|_| DeploymentRecord { definition: 9, ..record(99, 1, Some("succeeded")) });
    let scene = by_records(others.chain([record(GOOD_RUN, 1, Some("succeeded"))]).collect());
    let words = deploying(&scene);
    assert!(words.contains("since run 20261120.1, the last that deployed to live"), "{words}");
    let pages = scene.fake.lines().iter().filter(|line| line.contains("deploymentrecords")).count();
    assert_eq!(pages, 3);
}

#[test]
fn jobs_of_one_deployment_on_two_pages_are_judged_together() {
    let records = vec![
        record(RUN, 1, None),
        record(98, 1, Some("succeeded")),
        record(98, 1, Some("failed")),
        record(GOOD_RUN, 1, Some("succeeded")),
        DeploymentRecord { definition: 9, ..record(97, 1, Some("succeeded")) },
        DeploymentRecord { definition: 9, ..record(96, 1, Some("succeeded")) },
        DeploymentRecord { definition: 9, ..record(95, 1, Some("succeeded")) },
    ];
    let scene = by_records(records);
    let newer = scene.fake.state().builds[&RUN].clone();
    scene.fake.state().builds.insert(98, Build { number: "20261118.1".into(), ..newer });
    let words = deploying(&scene);
    assert!(words.contains("since run 20261120.1, the last that deployed to live"), "{words}");
}

#[test]
fn more_deployments_than_are_read_make_the_range_unknown() {
    let many = (0..50).map(|_| DeploymentRecord { definition: 9, ..record(99, 1, Some("succeeded")) });
    let scene = by_records(many.collect());
    let ended = scene.judge(&[]).with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unknown");
    let needs = item(&ended, "decisions-linked")["needs"].to_string();
    assert!(needs.contains("there are more than") && needs.contains("--since REF"), "{needs}");
}

#[test]
fn good_deployments_whose_runs_are_gone_make_the_range_unknown() {
    let scene = by_records(vec![record(90, 1, Some("succeeded"))]);
    let ended = scene.judge(&[]).with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unknown");
    assert!(
        item(&ended, "decisions-linked")["needs"].to_string().contains("are gone, or were rolled back"),
        "{}",
        ended.out
    );
}

#[test]
fn runs_on_later_pages_are_found_and_later_pages_are_read_only_where_they_matter() {
    let scene = Scene::in_order();
    let good = {
        let mut state = scene.fake.state();
        state.page = 1;
        let good = state.builds[&GOOD_RUN].clone();
        for (id, finished) in [(97, "2026-11-17T10:00:00Z"), (98, "2026-11-18T10:00:00Z")] {
            let build = Build { number: id.to_string(), finished: Some(finished.into()), ..good.clone() };
            state.builds.insert(id, build);
        }
        good
    };
    let pages = |scene: &Scene| {
        let count = scene.fake.lines().iter().filter(|line| line.contains("tagFilters=")).count();
        scene.fake.state().asked.clear();
        count
    };
    assert!(deploying(&scene).contains("since run 20261120.1 of this gate"));
    assert_eq!(pages(&scene), 1);
    // This run itself has the tag too, from an earlier attempt: its page says nothing of earlier ones.
    {
        let mut state = scene.fake.state();
        let this = state.builds.get_mut(&RUN).unwrap();
        this.tags = good.tags;
        this.finished = Some("2026-11-21T10:00:00Z".into());
    }
    assert!(deploying(&scene).contains("since run 20261120.1 of this gate"));
    assert_eq!(pages(&scene), 2);
}

#[test]
fn what_was_rolled_back_is_not_what_was_last_deployed() {
    for tag in ["rolled-back", "runbook-gate-rollback-live"] {
        let scene = Scene::in_order();
        {
            let mut state = scene.fake.state();
            let good = state.builds[&GOOD_RUN].clone();
            let mut tags = good.tags.clone();
            tags.push(tag.into());
            let undone = Build {
                number: "20261121.1".into(),
                finished: Some("2026-11-21T10:00:00Z".into()),
                commit: state.builds[&RUN].commit.clone(),
                tags,
                ..good
            };
            state.builds.insert(99, undone);
        }
        let words = deploying(&scene);
        assert!(words.contains("since run 20261120.1 of this gate"), "{tag}: {words}");
    }
}

#[test]
fn environments_whose_names_are_alike_do_not_share_a_recorded_proceed() {
    let scene = Scene::in_order();
    scene.fake.state().builds.get_mut(&GOOD_RUN).unwrap().tags = vec!["runbook-gate-proceed-li-ve".into()];
    let policy =
        runbook_gate_tests::devops::scene::POLICY.replace("{ live: {} }", "{ live: {}, \"li ve\": {} }");
    let scene = Scene { gate: scene.gate.with_file("runbook.yml", &policy), fake: scene.fake };
    let arguments = ["checklist", "--format", "json", "--environment", "li ve"];
    let words = scene.gate.run(&arguments).json()["deploying"].as_str().unwrap().to_owned();
    assert!(!words.contains("last `proceed`"), "{words}");
    scene.fake.state().builds.get_mut(&GOOD_RUN).unwrap().tags = vec!["runbook-gate-proceed-li_20_ve".into()];
    let words = scene.gate.run(&arguments).json()["deploying"].as_str().unwrap().to_owned();
    assert!(words.contains("of this gate's last `proceed`"), "{words}");
}

#[test]
fn what_was_last_deployed_is_unknown_where_it_cannot_be_asked() {
    let scene = Scene::in_order();
    git(scene.gate.folder(), &["tag", "v9", "HEAD"]);
    scene.fake.state().builds.get_mut(&GOOD_RUN).unwrap().tags.clear();
    scene.fake.state().faults.push(Fault::error("/environments", 403, "AccessDeniedException", "no"));
    let ended = scene.judge(&[]).with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unknown");
    let needs = item(&ended, "decisions-linked")["needs"].to_string();
    assert!(
        needs.contains("the role *Reader* on the environment live") && needs.contains("--since REF"),
        "{needs}"
    );
}

#[test]
fn a_commit_without_a_pull_request_is_said_and_nobody_approved_it() {
    let mut scene = Scene::in_order();
    let id = scene.push("src/direct.txt", "x");
    let ended = scene.judge(&[]).with_code(10);
    assert_eq!(status(&ended, "config-reviewed"), "unsatisfied");
    let needs = item(&ended, "config-reviewed")["needs"].to_string();
    assert!(needs.contains(&format!("commit {}", &id[..7])) && !needs.contains("pull request 12"), "{needs}");
}

#[test]
fn an_open_pull_request_or_one_into_another_branch_brings_nothing() {
    for (status_of, target) in [("active", "refs/heads/main"), ("completed", "refs/heads/develop")] {
        let scene = Scene::in_order();
        {
            let mut state = scene.fake.state();
            let request = state.pull_requests.get_mut(&12).unwrap();
            request.status = status_of.into();
            request.target = target.into();
        }
        let ended = scene.judge(&[]).with_code(10);
        assert_eq!(status(&ended, "config-reviewed"), "unsatisfied", "{status_of} {target}");
    }
}

#[test]
fn the_commits_that_a_rebase_made_belong_to_their_pull_request() {
    let mut scene = Scene::in_order();
    let onto = git(scene.gate.folder(), &["rev-parse", "HEAD"]);
    scene.push("src/one.txt", "1");
    let number = scene.merge("src/two.txt", "2");
    {
        let mut state = scene.fake.state();
        let request = state.pull_requests.get_mut(&number).unwrap();
        request.strategy = Some("rebase".into());
        request.merged_onto = Some(onto);
    }
    let ended = scene.judge(&[]).with_code(0);
    assert!(ended.json()["deploying"].as_str().unwrap().contains("2 changes in 3 files"), "{}", ended.out);
}

#[test]
fn the_run_that_built_gives_tests_artifacts_and_commits() {
    let mut scene = Scene::in_order();
    let (head, good) = {
        let state = scene.fake.state();
        (state.builds[&RUN].commit.clone(), state.builds[&GOOD_RUN].commit.clone())
    };
    {
        let mut state = scene.fake.state();
        let tests = std::mem::take(&mut state.builds.get_mut(&RUN).unwrap().tests);
        let artifacts = std::mem::take(&mut state.builds.get_mut(&RUN).unwrap().artifacts);
        let built = Build {
            number: "7".into(),
            definition: 3,
            status: "completed".into(),
            result: Some("succeeded".into()),
            commit: head.clone(),
            tests,
            artifacts,
            ..Build::default()
        };
        state
            .builds
            .insert(50, Build { number: "6".into(), commit: good, tests: Vec::new(), ..built.clone() });
        state.builds.insert(51, built);
        state.builds.get_mut(&GOOD_RUN).unwrap().resources = vec![("app".into(), 3, "6".into())];
        // The pipeline that deploys lives elsewhere.
        state.builds.get_mut(&GOOD_RUN).unwrap().commit = "e".repeat(40);
    }
    scene.set("RESOURCES_PIPELINE_APP_RUNID", "51");
    scene.set("RESOURCES_PIPELINE_APP_SOURCECOMMIT", &head);
    let ended = scene.judge(&["--build", "app"]).with_code(0);
    assert!(item(&ended, "pipeline-green").to_string().contains("run 7 of the pipeline app"));
    scene.fake.state().builds.get_mut(&51).unwrap().result = Some("failed".into());
    assert_eq!(status(&scene.judge(&["--build", "app"]), "pipeline-green"), "unsatisfied");
    let ended = scene.judge(&["--build", "other"]).with_code(2);
    assert!(ended.err.contains("RESOURCES_PIPELINE_OTHER_RUNID"), "{}", ended.err);
}
