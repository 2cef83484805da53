//! Bad tokens, throttling, time, hostile text: nothing unknown passes, and nothing secret leaves.

use runbook_gate_tests::devops::scene::{Scene, item, status, thread};
use runbook_gate_tests::devops::{Fault, PROJECT_ID, TOKEN};

#[test]
fn a_token_that_is_not_accepted_makes_everything_unknown() {
    let mut scene = Scene::in_order();
    scene.set("SYSTEM_ACCESSTOKEN", "wrong-token-canary");
    let ended = scene.judge(&[]).with_code(10);
    for id in ["tests-passing", "decisions-linked", "artifacts-stored", "config-reviewed", "pipeline-green"] {
        assert_eq!(status(&ended, id), "unknown", "{id}");
    }
    let needs = item(&ended, "pipeline-green")["needs"].to_string();
    assert!(needs.contains("the token was not accepted") && needs.contains("SYSTEM_ACCESSTOKEN"), "{needs}");
    assert!(!format!("{}{}", ended.out, ended.err).contains("wrong-token-canary"));
}

#[test]
fn without_a_token_the_report_says_how_to_give_one() {
    let mut scene = Scene::in_order();
    scene.set("SYSTEM_ACCESSTOKEN", "");
    let ended = scene.judge(&[]).with_code(10);
    let needs = item(&ended, "artifacts-stored")["needs"].to_string();
    assert!(needs.contains("SYSTEM_ACCESSTOKEN: $(System.AccessToken)"), "{needs}");
    assert!(scene.fake.lines().is_empty(), "nothing is asked without a token");
}

#[test]
fn no_redirect_is_followed_and_no_link_of_an_answer_is_asked() {
    let scene = Scene::in_order();
    let elsewhere = Scene::in_order();
    {
        let mut state = scene.fake.state();
        let location = format!("{}orders/_apis/canary", elsewhere.fake.collection());
        state.faults.push(Fault::page("/timeline", 302, &[("Location", &location)]));
        let request = state.pull_requests.get_mut(&12).unwrap();
        let link = format!(
            "ADR: 1\n- [x] rollback-plan: {}canary?path=/docs/adr/0001-use-x.md",
            elsewhere.fake.collection()
        );
        request.description = Some(link);
    }
    let ended = scene.judge(&[]).with_code(10);
    assert_eq!(status(&ended, "pipeline-green"), "unknown");
    assert!(elsewhere.fake.lines().is_empty());
}

#[test]
fn the_token_goes_to_its_host_and_into_no_output() {
    let scene = Scene::in_order();
    scene.fake.state().pull_requests.get_mut(&12).unwrap().title = format!("Leak {TOKEN}");
    let ended = scene.judge(&["--report-dir", "report", "-v"]).with_code(0);
    let outputs = format!(
        "{}{}{}{}",
        ended.out,
        ended.err,
        scene.gate.read("report/checklist.md"),
        scene.gate.read("report/checklist.json")
    );
    assert!(!outputs.contains(TOKEN));
    let state = scene.fake.state();
    assert!(!state.asked.is_empty());
    for asked in &state.asked {
        assert_eq!(asked.headers["authorization"], format!("Bearer {TOKEN}"), "{}", asked.line);
        assert_eq!(asked.headers["x-tfs-fedauthredirect"], "Suppress");
        assert!(!asked.line.contains(TOKEN) && !asked.body.contains(TOKEN));
    }
}

#[test]
fn a_personal_access_token_opens_a_desk() {
    let scene = Scene::in_order();
    let collection = scene.fake.collection();
    let mut scene = scene;
    for name in ["TF_BUILD", "SYSTEM_ACCESSTOKEN", "SYSTEM_COLLECTIONURI"] {
        scene.set(name, "");
    }
    scene.set("AZURE_DEVOPS_EXT_PAT", TOKEN);
    let given = [
        "--azure-devops",
        &collection,
        "--project",
        "orders",
        "--repository",
        "orders",
        "--run",
        "101",
        "--since",
        "HEAD^",
    ];
    let ended = scene.judge(&given).with_code(10);
    for id in ["tests-passing", "decisions-linked", "artifacts-stored", "config-reviewed"] {
        assert_eq!(status(&ended, id), "satisfied", "{id}");
    }
    assert_eq!(status(&ended, "pipeline-green"), "unknown", "a desk is no stage");
    assert!(
        scene.fake.state().asked.iter().all(|asked| asked.headers["authorization"].starts_with("Basic "))
    );
    // The address alone names no project.
    assert!(scene.judge(&["--azure-devops", &collection]).with_code(2).err.contains("--project"));
}

#[test]
fn the_jobs_token_goes_to_no_address_that_is_given() {
    let scene = Scene::in_order();
    let elsewhere = Scene::in_order();
    let collection = elsewhere.fake.collection();
    scene.judge(&["--azure-devops", &collection, "--project", "orders"]);
    assert!(elsewhere.fake.lines().is_empty() && scene.fake.lines().is_empty());
}

#[test]
fn a_throttled_service_is_asked_again_within_the_time() {
    let scene = Scene::in_order();
    let throttled = |times| Fault {
        headers: vec![("Retry-After".into(), "1".into())],
        times,
        ..Fault::error("/artifacts", 429, "", "TF400733: The request has been canceled")
    };
    scene.fake.state().faults.push(throttled(1));
    scene.judge(&[]).with_code(0);
    scene.fake.state().faults =
        vec![Fault { headers: vec![("Retry-After".into(), "600".into())], ..throttled(usize::MAX) }];
    let ended = scene.judge(&["--timeout", "5s"]).with_code(10);
    assert_eq!(status(&ended, "artifacts-stored"), "unknown");
    assert!(item(&ended, "artifacts-stored")["needs"].to_string().contains("throttled"));
}

#[test]
fn a_service_that_stumbles_is_asked_again_and_what_makes_something_is_sent_once() {
    for status in [500, 502, 503] {
        for line in ["/artifacts", "pullrequestquery", "workitemsbatch"] {
            let scene = Scene::in_order();
            scene.fake.state().faults.push(Fault { times: 1, ..Fault::error(line, status, "", "boom") });
            scene.judge(&[]).with_code(0);
            let asked = scene.fake.lines().iter().filter(|asked| asked.contains(line)).count();
            assert_eq!(asked, 2, "{status} {line}");
        }
    }
    let mut scene = Scene::in_order();
    scene.build_pull_request(12);
    let line = format!("POST /contoso/{PROJECT_ID}/_apis/git/repositories/orders/pullRequests/12/threads");
    scene.fake.state().faults.push(Fault::error(&line, 500, "", "boom"));
    assert!(scene.judge(&["--post"]).err.contains("could not be posted"));
    assert_eq!(scene.fake.lines().iter().filter(|asked| asked.starts_with(&line)).count(), 1);
}

#[test]
fn a_service_that_stays_away_is_asked_a_few_times_and_waited_for_no_longer_than_there_is_time() {
    let scene = Scene::in_order();
    let fault = Fault::error("/artifacts", 503, "", "boom");
    scene.fake.state().faults.push(Fault { headers: vec![("Retry-After".into(), "600".into())], ..fault });
    let ended = scene.judge(&["--timeout", "10s"]).with_code(10);
    assert_eq!(status(&ended, "artifacts-stored"), "unknown");
    assert!(item(&ended, "artifacts-stored")["needs"].to_string().contains("status 503"), "{}", ended.out);
    let asked = scene.fake.lines().iter().filter(|asked| asked.contains("/artifacts")).count();
    assert_eq!(asked, 1);
}

#[test]
fn what_is_not_reached_in_time_is_unknown() {
    let scene = Scene::in_order();
    let ended = scene.judge(&["--timeout", "1ms"]).with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unknown");
    assert!(item(&ended, "artifacts-stored")["needs"].to_string().contains("--timeout"));
}

#[test]
fn answers_that_are_not_understood_pass_nothing() {
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "{\"value\":null}",
        "{\"count\":0}",
        "{\"value\":[{}]}",
        "{\"value\":",
        "<html>",
        "{\"records\":null}",
    ] {
        for (line, id) in [
            ("/artifacts", "artifacts-stored"),
            ("/test/runs", "tests-passing"),
            ("/timeline", "pipeline-green"),
            ("pullrequestquery", "config-reviewed"),
            ("/threads", "config-reviewed"),
            ("workitemsbatch", "change-communicated"),
        ] {
            let scene = Scene::in_order();
            let fault = Fault { body: body.into(), ..Fault::error(line, 200, "", "") };
            scene.fake.state().faults.push(fault);
            let ended = scene.judge(&[]).with_code(10);
            assert_ne!(status(&ended, id), "satisfied", "{line} answers {body:?}");
        }
    }
}

#[test]
fn text_of_others_breaks_no_table_and_starts_no_command() {
    let hostile = "a | b\r\n##vso[task.complete result=Succeeded]\n##[error]x\n<img src=x onerror=alert(1)>\n[link](javascript:alert(1))\n| x | y |\n```\n\u{1b}[31m\u{202e}";
    let scene = Scene::in_order();
    {
        let mut state = scene.fake.state();
        let request = state.pull_requests.get_mut(&12).unwrap();
        request.title = hostile.into();
        request.description = Some(format!("{hostile}\nADR: 1\n- [x] rollback-plan: {hostile}\n"));
        request.author = hostile.into();
        request.reviewers[0].name = hostile.replace('\n', " ");
        request.threads.push(thread(hostile, &format!("- [x] backups-taken: {hostile}"), "text"));
        state
            .work_items
            .get_mut(&7)
            .unwrap()
            .fields
            .insert("System.Title".into(), serde_json::json!(hostile));
    }
    let arguments = ["checklist", "--environment", "live", "--report-dir", "report"];
    let ended = scene.gate.run(&arguments);
    let markdown = scene.gate.read("report/checklist.md");
    for text in [&ended.out, &ended.err, &markdown] {
        for line in text.lines() {
            let trimmed = line.trim_start();
            assert!(!trimmed.starts_with("##vso[") && !trimmed.starts_with("##[error]"), "{line}");
        }
        assert!(!text.contains('\u{202e}'), "{text}");
    }
    assert!(!markdown.contains("<img") && !markdown.contains("](javascript:"), "{markdown}");
    let rows =
        markdown.lines().filter(|line| line.starts_with("| ") && line.contains("`rollback-plan`")).count();
    assert_eq!(rows, 1);
    for row in markdown.lines().filter(|line| line.starts_with("| ✅") || line.starts_with("| ❌")) {
        let cells = row.replace("\\|", "").matches('|').count();
        assert_eq!(cells, 4, "{row}");
    }
}

#[test]
fn a_service_that_asks_to_wait_with_a_good_answer_is_heard() {
    let scene = Scene::in_order();
    let artifacts = "{\"count\":1,\"value\":[{\"id\":1,\"name\":\"drop\"}]}";
    let fault = Fault {
        body: artifacts.into(),
        headers: vec![("Retry-After".into(), "1".into())],
        times: 1,
        ..Fault::error("/artifacts", 200, "", "")
    };
    scene.fake.state().faults.push(fault);
    let ended = scene.judge(&["-v"]).with_code(0);
    assert!(ended.err.contains("asks to wait"), "{}", ended.err);
}
