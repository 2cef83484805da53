//! What GitHub says in GraphQL counts as what it says by REST: each of these checklists is made both ways.

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::github::{GitHub, GraphQl, Request, comment, review};
use runbook_gate_tests::server::{Answer, Server};
use serde_json::{Value, json};

use super::{TOKEN, changed, checklist, item, judged, merged, statuses};

/// A GitHub whose pull request is approved, the gate that asks it, and the deployed commit.
fn approved() -> (Gate, GitHub, String) {
    let (gate, id) = changed();
    let api = GitHub::start(Some(TOKEN));
    api.merged(7, Request { reviews: vec![review("bob", "APPROVED", "MEMBER")], ..merged(&[&id]) });
    (gate, api, id)
}

fn by_an_app(login: &str, state: &str) -> Value {
    let mut review = review(login, state, "MEMBER");
    review["user"]["type"] = "Bot".into();
    review
}

#[test]
fn apps_and_deleted_accounts_are_nobody_whatever_they_said() {
    let deleted = json!({ "user": null, "state": "APPROVED", "author_association": "MEMBER", "submitted_at": "2026-11-20T09:00:00Z" });
    let bob = || review("bob", "APPROVED", "MEMBER");
    for (author, reviews, expected) in [
        ("ada", vec![by_an_app("merger[bot]", "APPROVED")], "unsatisfied"),
        ("ada", vec![by_an_app("merger[bot]", "CHANGES_REQUESTED"), bob()], "satisfied"),
        ("merger[bot]", vec![by_an_app("merger[bot]", "APPROVED")], "unsatisfied"),
        // A person may be called as an app is, without its mark.
        ("merger[bot]", vec![review("merger", "APPROVED", "MEMBER")], "satisfied"),
        ("ada", vec![deleted.clone()], "unsatisfied"),
        ("ada", vec![review("ghost", "APPROVED", "MEMBER")], "unsatisfied"),
        ("", vec![deleted], "unsatisfied"),
        ("", vec![review("ghost", "APPROVED", "OWNER")], "unsatisfied"),
        // Nobody can tell bob from the author.
        ("", vec![bob()], "unknown"),
    ] {
        let (gate, id) = changed();
        let api = GitHub::start(Some(TOKEN));
        api.merged(7, Request { author: author.into(), reviews: reviews.clone(), ..merged(&[&id]) });
        assert_eq!(statuses(&checklist(&gate, &api))[1], expected, "{author}: {reviews:?}");
    }
}

#[test]
fn the_same_pull_request_brings_a_commit_both_ways() {
    let (gate, id) = changed();
    let api = GitHub::start(Some(TOKEN));
    let reviewed =
        |request: Request| Request { reviews: vec![review("bob", "APPROVED", "MEMBER")], ..request };
    // Neither one that is open, nor one of another repository with that number.
    api.merged(7, reviewed(Request { open: true, ..merged(&[&id]) }));
    api.merged(9, reviewed(Request { repository: Some("contoso/fork".into()), ..merged(&[&id]) }));
    assert_eq!(statuses(&checklist(&gate, &api)), ["unsatisfied"; 3]);
    // The one whose merge it is, though a later one has it too.
    api.merged(
        5,
        reviewed(Request {
            labels: vec!["ADR-1".into()],
            body: None,
            ..merged(&["0000000000000000000000000000000000000001", &id])
        }),
    );
    api.merged(6, merged(&[&id, "0000000000000000000000000000000000000002"]));
    let ended = checklist(&gate, &api);
    assert_eq!(statuses(&ended), ["satisfied", "satisfied", "unsatisfied"], "{}", ended.out);
    assert_eq!(ended.json()["changes"][0]["name"], "pull request 5");
}

#[test]
fn words_of_people_count_the_same_both_ways() {
    let (gate, api, id) = approved();
    let said = |login: &str, association: &str| {
        comment(login, association, "- [x] backups-taken: snapshot 4", "2026-11-20T09:00:00Z")
    };
    let mut edited = said("bob", "MEMBER");
    edited["updated_at"] = "2026-11-21T09:00:00Z".into();
    let mut app = said("ci[bot]", "MEMBER");
    app["user"]["type"] = "Bot".into();
    let mut deleted = said("x", "MEMBER");
    deleted["user"] = Value::Null;
    for (comments, expected) in [
        (vec![said("bob", "MEMBER")], "satisfied"),
        (vec![said("eve", "NONE"), app, deleted, said("ada", "OWNER"), edited], "unsatisfied"),
    ] {
        api.merged(7, Request { comments: comments.clone(), ..merged(&[&id]) });
        assert_eq!(statuses(&checklist(&gate, &api))[2], expected, "{comments:?}");
    }
}

#[test]
fn what_is_missing_from_an_answer_is_unknown_and_never_no_pull_request() {
    let (gate, api, _) = approved();
    for (graphql, words) in [
        (
            GraphQl::Failing("reviews", "FORBIDDEN", "Resource not accessible by personal access token"),
            "*Pull requests: read*",
        ),
        (
            GraphQl::Failing("comments", "FORBIDDEN", "Resource not accessible by integration"),
            "*Pull requests: read*",
        ),
        (GraphQl::Failing("associatedPullRequests", "FORBIDDEN", "x"), "*Pull requests: read*"),
        (GraphQl::Failing("pullRequest", "NOT_FOUND", "x"), "*Pull requests: read*"),
        (
            GraphQl::Failing("object", "FORBIDDEN", "Resource protected by organization SAML enforcement."),
            "Configure SSO",
        ),
        (GraphQl::Failing("labels", "SERVICE_UNAVAILABLE", "##vso[x]"), "with an error: SERVICE_UNAVAILABLE"),
        (
            GraphQl::Erring(Some("RATE_LIMITED"), "API rate limit exceeded for user ID 9."),
            "until 2026-11-25T10:00:00Z",
        ),
        (GraphQl::Erring(Some("RATE_LIMIT"), "x"), "until 2026-11-25T10:00:00Z"),
        (GraphQl::Erring(None, "You have exceeded a secondary rate limit."), "until 2026-11-25T10:00:00Z"),
        (GraphQl::Gaps("associatedPullRequests"), "an entry of it is missing"),
        (GraphQl::Gaps("reviews"), "an entry of it is missing"),
        (GraphQl::Gaps("comments"), "an entry of it is missing"),
    ] {
        api.take(graphql.clone());
        api.forget();
        let ended = judged(&gate, &api);
        assert_eq!(statuses(&ended)[1], "unknown", "{graphql:?}: {}", ended.out);
        let needs = item(&ended, "infrastructure-reviewed")["needs"].to_string();
        assert!(needs.contains(words), "{graphql:?}: {needs}");
        assert!(
            api.asked().iter().all(|asked| asked.target == "/api/graphql"),
            "{graphql:?}: {:?}",
            api.asked()
        );
    }
}

#[test]
fn a_server_that_does_not_take_the_question_is_asked_by_rest() {
    let (gate, api, _) = approved();
    for graphql in [
        GraphQl::Absent(404),
        GraphQl::Absent(406),
        GraphQl::Without("associatedPullRequests"),
        GraphQl::Without("authorAssociation"),
        GraphQl::Erring(Some("MAX_NODE_LIMIT_EXCEEDED"), "x"),
        GraphQl::Erring(Some("RESOURCE_LIMITS_EXCEEDED"), "Resource limits for this query exceeded."),
        GraphQl::Erring(
            None,
            "Something went wrong while executing your query. This may be the result of a timeout.",
        ),
    ] {
        api.take(graphql.clone());
        api.forget();
        let ended = judged(&gate, &api);
        assert_eq!(statuses(&ended)[1], "satisfied", "{graphql:?}: {}", ended.out);
        assert!(api.asked().iter().any(|asked| asked.target.contains("/pulls/7/reviews")), "{graphql:?}");
    }
}

#[test]
fn without_a_token_nobody_is_asked_in_graphql() {
    let (gate, id) = changed();
    let api = GitHub::start(None);
    api.merged(7, Request { reviews: vec![review("bob", "APPROVED", "MEMBER")], ..merged(&[&id]) });
    let gate = gate.with_variable("GITHUB_TOKEN", "");
    assert_eq!(statuses(&judged(&gate, &api))[1], "satisfied");
    assert!(api.asked().iter().all(|asked| asked.method == "GET"), "{:?}", api.asked());
}

#[test]
fn lists_of_several_pages_are_followed_by_their_marks() {
    let (gate, api, id) = approved();
    let mut reviews: Vec<Value> = (0..7).map(|_| review("bob", "CHANGES_REQUESTED", "MEMBER")).collect();
    reviews.push(review("bob", "APPROVED", "MEMBER"));
    let labels = ["a", "b", "c", "d", "ADR-1"].map(str::to_owned).to_vec();
    api.merged(7, Request { reviews, labels, body: None, ..merged(&[&id]) });
    // Pull requests that went elsewhere stand before the one that brought it.
    for number in 1..6 {
        api.merged(number, Request { branch: "other".into(), open: true, ..merged(&[&id]) });
    }
    api.page_by(2);
    assert_eq!(statuses(&checklist(&gate, &api))[..2], ["satisfied", "satisfied"]);
    let questions = api.asked();
    assert!(questions.iter().all(|asked| asked.target == "/api/graphql"));
    assert_eq!(
        questions.len(),
        3 + 4,
        "three pages of pull requests, four of reviews beside the other lists"
    );
}

#[test]
fn a_question_goes_to_no_other_host_even_where_its_server_sends_it_there() {
    let (gate, _) = changed();
    let other = Server::start(|_| Answer::new(200, "application/json", "{}"));
    for status in [301, 302, 303, 307, 308] {
        let elsewhere = format!("{}/api/graphql", other.url());
        let api = Server::start(move |_| Answer::json(status, &json!({})).with("Location", &elsewhere));
        let url = format!("{}/api/v3", api.url());
        let ended = gate
            .run(&["checklist", "-e", "desk", "--format", "json", "--github", "--github-api", &url])
            .with_code(10);
        assert_eq!(statuses(&ended)[1], "unknown", "{status}");
        assert!(!api.asked().is_empty() && other.asked().is_empty(), "{status}: {:?}", other.asked());
    }
}
