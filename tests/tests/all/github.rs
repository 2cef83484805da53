//! Deployments from GitHub: the binary against a GitHub that speaks HTTP.

mod graphql;

use runbook_gate_tests::binary::{Ended, Gate};
use runbook_gate_tests::devops::scene::Scene;
use runbook_gate_tests::github::{GitHub, GraphQl, Mood, Request, comment, review};
use runbook_gate_tests::repository::{commit, git};
use runbook_gate_tests::server::{Answer, Server};
use serde_json::Value;

const TOKEN: &str = "ghp_canary-5c1d";
const POLICY: &str = "version: 1
service: orders
environments: { desk: {} }
probe: { url: \"http://127.0.0.1:9\" }
checklist:
  infrastructure-reviewed: { required_when: { changed: [\"infra/**\"] }, evidence: [approval] }
  backups-taken: { required_when: { changed: [\"infra/**\"] }, evidence: [{ attested: { second_person: true } }] }
";

/// A repository with a release, then a change of its infrastructure; the commit's id.
fn changed() -> (Gate, String) {
    let gate = Gate::default()
        .with_file("runbook.yml", POLICY)
        .with_file("docs/adr/0001-a.md", "---\nstatus: accepted\n---\n# A\n")
        .with_variable("GITHUB_TOKEN", TOKEN);
    commit(&gate, "Release");
    git(gate.folder(), &["tag", "v1"]);
    git(gate.folder(), &["remote", "add", "origin", "git@github.com:contoso/orders.git"]);
    let gate = gate.with_file("infra/main.tf", "resource");
    let id = commit(&gate, "Change the network");
    (gate, id)
}

fn merged(commits: &[&str]) -> Request {
    Request {
        author: "ada".into(),
        body: Some("Decided in ADR-1.".into()),
        commits: commits.iter().map(|id| (*id).to_owned()).collect(),
        branch: "main".into(),
        ..Request::default()
    }
}

fn judged(gate: &Gate, api: &GitHub) -> Ended {
    let url = api.url();
    gate.run(&["checklist", "-e", "desk", "--format", "json", "--github", "--github-api", &url]).with_code(10)
}

/// A checklist by GraphQL, after the same by REST said the same.
fn checklist(gate: &Gate, api: &GitHub) -> Ended {
    api.take(GraphQl::Absent(404));
    let by_rest = judged(gate, api);
    api.take(GraphQl::Taken);
    api.forget();
    let ended = judged(gate, api);
    let said = |ended: &Ended| {
        let mut report = ended.json();
        report["at"] = Value::Null;
        report
    };
    assert!(said(&ended) == said(&by_rest), "GraphQL: {}\nREST: {}", ended.out, by_rest.out);
    ended
}

fn item(ended: &Ended, id: &str) -> Value {
    let items = ended.json()["items"].as_array().unwrap().clone();
    items.into_iter().find(|item| item["id"] == id).unwrap_or_else(|| panic!("no item {id}"))
}

fn statuses(ended: &Ended) -> [String; 3] {
    ["decisions-linked", "infrastructure-reviewed", "backups-taken"]
        .map(|id| item(ended, id)["status"].as_str().unwrap().to_owned())
}

#[test]
fn a_pull_request_brings_its_record_its_approval_and_a_second_persons_word() {
    let (gate, id) = changed();
    let api = GitHub::start(Some(TOKEN));
    api.merged(
        7,
        Request {
            reviews: vec![review("bob", "APPROVED", "MEMBER")],
            comments: vec![comment(
                "carol",
                "OWNER",
                "- [x] backups-taken: snapshot 4",
                "2026-11-20T09:00:00Z",
            )],
            ..merged(&["0000000000000000000000000000000000000001", &id])
        },
    );
    let ended = checklist(&gate, &api);
    assert_eq!(statuses(&ended), ["satisfied"; 3], "{}", ended.out);
    let approval = &item(&ended, "infrastructure-reviewed")["evidence"][0];
    assert_eq!(
        (&approval["by"], &approval["url"]),
        (&"bob".into(), &"https://github.com/contoso/orders/pull/7".into())
    );
    assert_eq!(item(&ended, "backups-taken")["evidence"][0]["by"], "carol");
    assert_eq!(item(&ended, "tests-passing")["status"], "unknown", "the run is where the pipeline is");
    assert_eq!(api.asked().len(), 2, "one question for the commit, one for its pull request");
    assert!(!format!("{}{}", ended.out, ended.err).contains("canary-5c1d"));
}

#[test]
fn strangers_authors_and_dismissed_reviewers_approve_nothing() {
    let api = GitHub::start(Some(TOKEN));
    let (gate, id) = changed();
    for (reviews, expected) in [
        (vec![], "unsatisfied"),
        (vec![review("ada", "APPROVED", "OWNER")], "unsatisfied"),
        (vec![review("eve", "APPROVED", "NONE")], "unsatisfied"),
        (vec![review("dan", "APPROVED", "CONTRIBUTOR")], "satisfied"),
        (vec![review("bob", "APPROVED", "MEMBER"), review("bob", "DISMISSED", "MEMBER")], "unsatisfied"),
        (vec![review("bob", "APPROVED", "MEMBER"), review("eve", "CHANGES_REQUESTED", "NONE")], "satisfied"),
        (
            vec![review("bob", "APPROVED", "MEMBER"), review("carol", "CHANGES_REQUESTED", "MEMBER")],
            "unsatisfied",
        ),
    ] {
        api.let_write("dan");
        api.merged(7, Request { reviews: reviews.clone(), ..merged(&[&id]) });
        assert_eq!(statuses(&checklist(&gate, &api))[1], expected, "{reviews:?}");
    }
}

#[test]
fn a_commit_without_a_pull_request_was_approved_by_nobody() {
    let (gate, id) = changed();
    let api = GitHub::start(Some(TOKEN));
    // Not even pushed, then pushed by itself.
    for pushed in [false, true] {
        if pushed {
            api.push(&id);
        }
        let ended = checklist(&gate, &api);
        assert_eq!(statuses(&ended), ["unsatisfied"; 3], "{}", ended.out);
    }
}

#[test]
fn lists_of_several_pages_are_read_to_their_end() {
    let (gate, id) = changed();
    let api = GitHub::start(Some(TOKEN));
    let mut reviews: Vec<Value> = (0..7).map(|_| review("bob", "COMMENTED", "MEMBER")).collect();
    reviews.push(review("bob", "APPROVED", "MEMBER"));
    api.merged(7, Request { reviews, ..merged(&[&id]) });
    api.page_by(3);
    assert_eq!(statuses(&checklist(&gate, &api))[1], "satisfied");
    assert!(
        api.asked().iter().all(|asked| !asked.target.contains("/repositories/")),
        "links are not followed"
    );
}

#[test]
fn what_github_does_not_say_is_unknown_with_what_would_change_it() {
    let (gate, id) = changed();
    let api = GitHub::start(Some(TOKEN));
    api.merged(7, Request { reviews: vec![review("bob", "APPROVED", "MEMBER")], ..merged(&[&id]) });
    let said = |ended: &Ended, words: &str| {
        assert_eq!(statuses(ended)[1], "unknown", "{}", ended.out);
        let needs = item(ended, "infrastructure-reviewed")["needs"].to_string();
        assert!(needs.contains(words), "{words}: {needs}");
    };
    api.be(Mood::Limited);
    said(&checklist(&gate, &api), "until 2026-11-25T10:00:00Z");
    api.be(Mood::Down);
    said(&checklist(&gate, &api), "status 503");
    api.be(Mood::Well);
    said(&checklist(&gate.with_variable("GITHUB_TOKEN", "wrong"), &api), "a token that is valid");
    let (other, _) = changed();
    said(&checklist(&other.with_variable("GITHUB_TOKEN", ""), &api), "*Pull requests: read*");
}

#[test]
fn the_token_follows_no_redirect_to_another_host() {
    let (gate, _) = changed();
    let other = Server::start(|_| Answer::new(200, "application/json", "[]"));
    let api = GitHub::start(Some(TOKEN));
    api.be(Mood::Renamed(format!("{}/repositories/1/pulls", other.url())));
    let ended = checklist(&gate, &api);
    assert_eq!(statuses(&ended)[1], "unknown");
    assert!(other.asked().is_empty(), "{:?}", other.asked());
}

#[test]
fn a_pipeline_that_builds_from_github_asks_it_and_a_desk_only_where_it_is_told_to() {
    let (gate, id) = changed();
    let api = GitHub::start(Some(TOKEN));
    api.merged(7, Request { reviews: vec![review("bob", "APPROVED", "MEMBER")], ..merged(&[&id]) });
    let ended =
        gate.run(&["checklist", "-e", "desk", "--format", "json", "--github-api", &api.url()]).with_code(10);
    assert_eq!(statuses(&ended)[1], "unknown");
    assert!(api.asked().is_empty());
    let gate = gate
        .with_variable("TF_BUILD", "True")
        .with_variable("SYSTEM_COLLECTIONURI", "http://127.0.0.1:9/contoso/")
        .with_variable("SYSTEM_TEAMPROJECT", "orders")
        .with_variable("BUILD_REPOSITORY_PROVIDER", "GitHub")
        .with_variable("BUILD_REPOSITORY_NAME", "contoso/orders")
        .with_variable("BUILD_SOURCEBRANCH", "refs/heads/main");
    let since = ["checklist", "-e", "desk", "--format", "json", "--since", "v1", "--github-api", &api.url()];
    let ended = gate.run(&since).with_code(10);
    assert_eq!(statuses(&ended)[1], "satisfied", "{}", ended.out);
    let elsewhere = gate.with_variable("BUILD_SOURCEBRANCH", "refs/heads/release");
    assert_eq!(
        statuses(&elsewhere.run(&since).with_code(10))[1],
        "unsatisfied",
        "it went into another branch"
    );
}

#[test]
fn a_name_that_is_no_repository_and_a_host_without_an_api_are_mistakes() {
    let (gate, _) = changed();
    let ended = gate.run(&["checklist", "-e", "desk", "--github", "contoso"]).with_code(2);
    assert!(ended.err.contains("owner/name"), "{}", ended.err);
    git(gate.folder(), &["remote", "set-url", "origin", "https://github.contoso.com/contoso/orders"]);
    let ended = gate.run(&["checklist", "-e", "desk", "--github"]).with_code(2);
    assert!(ended.err.contains("--github-api https://github.contoso.com/api/v3"), "{}", ended.err);
}

/// A deployment in order whose repository is on GitHub, and its pull request there.
fn on_github(description: &str) -> (Scene, GitHub) {
    let mut scene = Scene::in_order();
    let head = git(scene.gate.folder(), &["rev-parse", "HEAD"]);
    let api = GitHub::start(Some(TOKEN));
    api.merged(
        7,
        Request {
            body: Some(description.to_owned()),
            reviews: vec![review("bob", "APPROVED", "MEMBER")],
            ..merged(&[&head])
        },
    );
    for (name, value) in [
        ("BUILD_REPOSITORY_PROVIDER", "GitHub"),
        ("BUILD_REPOSITORY_NAME", "contoso/orders"),
        ("GITHUB_TOKEN", TOKEN),
    ] {
        scene.set(name, value);
    }
    (scene, api)
}

#[test]
fn work_items_of_azure_boards_are_followed_from_pull_requests_on_github() {
    for (description, expected, asked) in [
        ("AB#7", "satisfied", true),
        ("Fixes [AB#7](https://dev.azure.com/contoso/orders/_workitems/edit/7).", "satisfied", true),
        ("#7", "unsatisfied", false),
        ("<!-- AB#7 -->", "unsatisfied", false),
        ("`AB#7`, and an example:\n\n    AB#8\n", "satisfied", true),
        ("AB#7 AB#4711", "unknown", true),
    ] {
        let (scene, api) = on_github(description);
        let ended = scene.judge(&["--github-api", &api.url()]);
        assert_eq!(
            item(&ended, "change-communicated")["status"],
            expected,
            "{description}: {}",
            item(&ended, "change-communicated")
        );
        assert_eq!(
            scene.fake.lines().iter().any(|line| line.contains("workitemsbatch")),
            asked,
            "{description}"
        );
    }
}

#[test]
fn a_work_items_record_and_its_word_count_for_the_pull_request_that_links_it() {
    let (scene, api) = on_github("AB#7");
    let ended = scene.judge(&["--github-api", &api.url()]);
    assert_eq!(statuses(&ended)[0], "unsatisfied", "{}", ended.out);
    scene
        .fake
        .state()
        .work_items
        .get_mut(&7)
        .unwrap()
        .links
        .push("https://dev.azure.com/contoso/orders/_git/orders?path=/docs/adr/0001-use-x.md".to_owned());
    let ended = scene.judge(&["--github-api", &api.url()]);
    assert_eq!(statuses(&ended)[0], "satisfied", "{}", ended.out);
}

#[test]
fn a_desk_without_azure_devops_says_how_to_follow_work_items() {
    let (gate, id) = changed();
    let gate = gate.with_file(
        "runbook.yml",
        &format!("{POLICY}  told: {{ title: Told, evidence: [{{ work-item: {{ state: Done }} }}] }}\n"),
    );
    let api = GitHub::start(Some(TOKEN));
    api.merged(7, Request { body: Some("AB#12".into()), ..merged(&[&id]) });
    let told = item(&checklist(&gate, &api), "told");
    assert_eq!(told["status"], "unknown");
    assert!(
        told["needs"].to_string().contains("AB#12") && told["needs"].to_string().contains("--azure-devops")
    );
}
