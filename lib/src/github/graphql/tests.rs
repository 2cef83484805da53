use std::collections::BTreeSet;
use std::sync::Mutex;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::Duration;
use crate::github::failure::Why;
use crate::transport::{Address, Method, Request, Response, Service, Transport, TransportError};

/// Answers by a function of the question and its variables, and remembers both.
struct Api<F> {
    answer: F,
    asked: Mutex<Vec<Value>>,
    rounds: Mutex<usize>,
}

impl<F: Fn(&str, &Value) -> Response + Send + Sync> Transport for Api<F> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        assert_eq!(request.address, Address::Service(Service::GitHubGraphQl));
        assert_eq!((request.method, request.path_and_query.as_str()), (Method::Post, ""));
        let body: Value = serde_json::from_slice(&request.body.as_ref().unwrap().bytes).unwrap();
        let answer = (self.answer)(body["query"].as_str().unwrap(), &body["variables"]);
        self.asked.lock().unwrap().push(body);
        Ok(answer)
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, TransportError>> {
        *self.rounds.lock().unwrap() += 1;
        requests.iter().map(|request| self.send(request)).collect()
    }
}

impl<F: Fn(&str, &Value) -> Response + Send + Sync> Api<F> {
    fn new(answer: F) -> Self {
        Self { answer, asked: Mutex::default(), rounds: Mutex::default() }
    }

    fn of_commits(&self, commits: &[&str]) -> Result<Vec<Vec<PullRequest>>, GitHubError> {
        let left = || Duration::from_secs(60);
        let client = Client::new(self, "contoso/orders".parse().unwrap(), &left).with_graphql();
        GraphQl(&client).of_commits(commits)
    }

    fn told(&self, numbers: &[u64]) -> Result<BTreeMap<u64, Told>, GitHubError> {
        let left = || Duration::from_secs(60);
        let client = Client::new(self, "contoso/orders".parse().unwrap(), &left).with_graphql();
        GraphQl(&client).told(&numbers.iter().copied().collect::<BTreeSet<u64>>(), BTreeMap::new())
    }
}

fn good(body: &Value) -> Response {
    Response::new(200, "application/json", body.to_string())
}

/// The names that a question gives to what it asks for, which begin with this letter.
fn aliases(query: &str, letter: char) -> Vec<String> {
    let words = query.split([' ', '{']).filter_map(|word| word.split_once(':'));
    let fits = |name: &str| {
        name.strip_prefix(letter)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_digit()))
    };
    words.map(|(name, _)| name.to_owned()).filter(|name| fits(name)).collect()
}

fn repository(parts: impl IntoIterator<Item = (String, Value)>) -> Response {
    let mut fields: serde_json::Map<String, Value> = parts.into_iter().collect();
    fields.insert("nameWithOwner".to_owned(), "contoso/orders".into());
    good(&json!({ "data": { "repository": fields } }))
}

fn page(nodes: Value, next: Option<&str>) -> Value {
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": next.is_some(), "endCursor": next } })
}

fn commit(pull_requests: Value) -> Value {
    json!({ "__typename": "Commit", "associatedPullRequests": pull_requests })
}

fn candidate(number: u64) -> Value {
    json!({
        "number": number, "mergedAt": "2026-11-20T10:00:00Z", "baseRefName": "main",
        "mergeCommit": { "oid": "a" }, "repository": { "nameWithOwner": "Contoso/orders" },
    })
}

fn merged_at(time: &str) -> Value {
    let mut candidate = candidate(1);
    candidate["mergedAt"] = time.into();
    candidate
}

fn pull_request(number: u64) -> Value {
    json!({
        "number": number, "title": "T", "body": "", "author": null,
        "labels": page(json!([]), None), "reviews": page(json!([]), None), "comments": page(json!([]), None),
    })
}

fn why<T>(outcome: Result<T, GitHubError>) -> (String, Why) {
    outcome.err().map(|error| (error.asked, error.why)).expect("it was not given")
}

#[test]
fn two_hundred_pull_requests_take_two_trips_of_ten_questions() {
    let ids: Vec<String> = (0..200).map(|id| format!("{id:040x}")).collect();
    let commits: Vec<&str> = ids.iter().map(String::as_str).collect();
    let api = Api::new(|query: &str, _: &Value| {
        let commits = aliases(query, 'c').into_iter().map(|alias| {
            let number = alias[1..].parse::<u64>().unwrap() + 1;
            (alias, commit(page(json!([candidate(number)]), None)))
        });
        let requests = aliases(query, 'p').into_iter().map(|alias| {
            let number = alias[1..].parse().unwrap();
            (alias, pull_request(number))
        });
        repository(commits.chain(requests))
    });
    let found = api.of_commits(&commits).unwrap();
    let numbers: Vec<u64> = found.iter().map(|found| found[0].number).collect();
    assert_eq!(numbers, (1..=200).collect::<Vec<u64>>());
    assert_eq!(api.told(&numbers).unwrap().len(), 200);
    assert_eq!((*api.rounds.lock().unwrap(), api.asked.lock().unwrap().len()), (2, 10));
    let asked = api.asked.lock().unwrap();
    assert_eq!(asked[0]["variables"], json!({ "owner": "contoso", "name": "orders" }));
    let named = format!("c12:object(oid:\"{}\")", ids[12]);
    assert!(asked[0]["query"].as_str().unwrap().contains(&named));
}

#[test]
fn marks_of_pages_stay_out_of_the_question() {
    let hostile = "\"){x}}}query{viewer{login";
    let api = Api::new(|query: &str, variables: &Value| {
        let first = variables.get("v1").is_none();
        assert!(!query.contains("viewer"));
        repository([(
            "c0".to_owned(),
            commit(page(json!([candidate(if first { 1 } else { 2 })]), first.then_some(hostile))),
        )])
    });
    let found = api.of_commits(&["ab"]).unwrap();
    assert_eq!(found[0].iter().map(|request| request.number).collect::<Vec<u64>>(), [1, 2]);
    let asked = api.asked.lock().unwrap();
    assert_eq!(asked[1]["variables"]["v1"], hostile);
    assert!(asked[1]["query"].as_str().unwrap().contains("$v1:String){"));
}

#[test]
fn only_lists_that_go_on_are_asked_for_again() {
    let api = Api::new(|query: &str, variables: &Value| {
        if variables.get("v1").is_none() {
            let mut seven = pull_request(7);
            seven["reviews"] = page(json!([]), Some("x"));
            return repository([("p7".to_owned(), seven), ("p8".to_owned(), pull_request(8))]);
        }
        assert!(!query.contains("p8") && !query.contains("comments") && !query.contains("title"), "{query}");
        let review = json!({ "state": "APPROVED", "submittedAt": null, "authorAssociation": "OWNER", "author": { "__typename": "User", "login": "bob" } });
        repository([("p7".to_owned(), json!({ "reviews": page(json!([review]), None) }))])
    });
    let told = api.told(&[7, 8]).unwrap();
    assert_eq!((told[&7].reviews.len(), told[&8].reviews.len()), (1, 0));
}

#[test]
fn a_key_that_stands_twice_is_unknown() {
    let api = Api::new(|_: &str, _: &Value| {
        let whole = repository([("p7".to_owned(), pull_request(7))]).body;
        let doubled =
            String::from_utf8(whole.to_vec()).unwrap().replace("\"title\":", "\"title\":\"x\",\"title\":");
        Response::new(200, "application/json", doubled)
    });
    assert!(matches!(why(api.told(&[7])).1, Why::Unreadable(_)));
}

#[test]
fn a_list_without_an_end_is_read_to_a_bound_and_then_unknown() {
    let api = Api::new(|_: &str, _: &Value| {
        repository([("c0".to_owned(), commit(page(json!([candidate(1)]), Some("again"))))])
    });
    assert_eq!(why(api.of_commits(&["ab"])).1, Why::TooMany(20));
    assert_eq!(*api.rounds.lock().unwrap(), 20);
}

#[test]
fn a_commit_that_is_gone_between_two_pages_is_unknown() {
    let api = Api::new(|_: &str, variables: &Value| {
        let first = commit(page(json!([candidate(1)]), Some("x")));
        repository([("c0".to_owned(), if variables.get("v1").is_none() { first } else { Value::Null })])
    });
    assert!(matches!(why(api.of_commits(&["ab"])).1, Why::Unreadable(_)));
}

#[test]
fn a_commit_that_was_never_pushed_has_no_pull_request_and_one_that_is_missing_is_unknown() {
    let pushed = Api::new(|_: &str, _: &Value| repository([("c0".to_owned(), Value::Null)]));
    assert_eq!(pushed.of_commits(&["ab"]).unwrap()[0].len(), 0);
    let page_of = |nodes: Value| commit(page(nodes, None));
    for missing in [
        json!({}),
        json!({ "c0": { "__typename": "Commit", "associatedPullRequests": null } }),
        json!({ "c0": { "__typename": "Commit" } }),
        json!({ "c0": { "__typename": "Tree" } }),
        json!({ "c0": {} }),
        json!({ "c0": page_of(Value::Null) }),
        json!({ "c0": page_of(json!([null])) }),
        json!({ "c0": page_of(json!([{ "number": 1 }])) }),
        json!({ "c0": page_of(json!([merged_at(""), candidate(1)])) }),
        json!({ "c0": commit(json!({ "nodes": [], "pageInfo": { "hasNextPage": true, "endCursor": null } })) }),
        json!({ "c0": commit(json!({ "nodes": [], "pageInfo": { "hasNextPage": true, "endCursor": "" } })) }),
        json!({ "c0": commit(json!({ "nodes": [], "pageInfo": { "hasNextPage": null } })) }),
        json!({ "c0": commit(json!({ "nodes": [] })) }),
    ] {
        let fields = missing.as_object().unwrap().clone();
        let api = Api::new(move |_: &str, _: &Value| repository(fields.clone()));
        let (asked, why) = why(api.of_commits(&["abcdef0123"]));
        assert!(matches!(why, Why::Unreadable(_)), "{missing}: {why:?}");
        assert_eq!(asked, "the pull requests of commit abcdef0", "{missing}");
    }
}

#[test]
fn a_pull_request_lacks_nothing_or_is_unknown() {
    for part in ["number", "title", "body", "labels", "reviews", "comments"] {
        for value in [None, Some(Value::Null), Some(json!([])), Some(json!(99))] {
            let mut broken = pull_request(7);
            match &value {
                Some(value) => broken[part] = value.clone(),
                None => drop(broken.as_object_mut().unwrap().remove(part)),
            }
            let api = Api::new(move |_: &str, _: &Value| repository([("p7".to_owned(), broken.clone())]));
            let (asked, why) = why(api.told(&[7]));
            assert!(
                matches!(why, Why::Unreadable(_)) && asked.contains("pull request 7"),
                "{part} {value:?}: {why:?}"
            );
        }
    }
}

#[test]
fn errors_are_named_by_what_they_stand_for() {
    let at = |path: Value, error: Value| {
        let mut fault = json!({ "path": path, "message": "M" });
        fault.as_object_mut().unwrap().extend(error.as_object().unwrap().clone());
        let body = json!({ "data": { "repository": { "nameWithOwner": "contoso/orders", "p7": pull_request(7) } }, "errors": [fault] });
        let api = Api::new(move |_: &str, _: &Value| good(&body));
        why(api.told(&[7]))
    };
    for (path, error, asked, expected) in [
        (
            json!(["repository", "p7", "reviews", "nodes", 0]),
            json!({ "type": "FORBIDDEN" }),
            "the reviews of pull request 7",
            Why::Forbidden(": M".into()),
        ),
        (json!(["repository", "p7"]), json!({ "type": "NOT_FOUND" }), "pull request 7", Why::NotFound),
        (json!(["repository"]), json!({ "type": "NOT_FOUND" }), "pull request 7", Why::NotFound),
        (
            json!([]),
            json!({ "type": "FORBIDDEN", "extensions": { "saml_failure": true } }),
            "pull request 7",
            Why::SingleSignOn,
        ),
        (
            json!(["repository", "p7", "comments"]),
            json!({ "type": "INSUFFICIENT_SCOPES" }),
            "the comments of pull request 7",
            Why::Forbidden(": M".into()),
        ),
        (json!(null), json!({ "type": "RATE_LIMITED" }), "pull request 7", Why::Throttled(None)),
        (
            json!(["query"]),
            json!({ "extensions": { "code": "undefinedField" } }),
            "pull request 7",
            Why::NotTaken(": M".into()),
        ),
        (json!(7), json!({}), "pull request 7", Why::Unreadable(String::new())),
    ] {
        let (about, why) = at(path.clone(), error.clone());
        match (&why, &expected) {
            (Why::Unreadable(_), Why::Unreadable(_)) => {}
            _ => assert_eq!(why, expected, "{path} {error}"),
        }
        assert_eq!(about, asked, "{path} {error}");
    }
}

#[test]
fn statuses_say_who_was_refused_and_what_was_not_taken() {
    for (status, body, expected) in [
        (401, json!({ "message": "Bad credentials" }), Why::NotAuthenticated),
        (403, json!({ "message": "You have exceeded a secondary rate limit" }), Why::Throttled(None)),
        (403, json!({ "message": "no" }), Why::Forbidden(": no".into())),
        (429, json!({}), Why::Throttled(None)),
        (503, json!({}), Why::Refused { status: 503, said: String::new() }),
        (200, json!({ "data": { "repository": null } }), Why::NotFound),
        (200, json!({ "data": null }), Why::NotFound),
        (
            200,
            json!({ "data": { "repository": {} } }),
            Why::Unreadable("the repository's name is missing".into()),
        ),
        (404, json!({}), Why::NotTaken("status 404".into())),
        (422, json!({}), Why::NotTaken("status 422".into())),
        (502, json!({}), Why::NotTaken("status 502".into())),
        (504, json!({}), Why::NotTaken("status 504".into())),
    ] {
        let api =
            Api::new(move |_: &str, _: &Value| Response::new(status, "application/json", body.to_string()));
        assert_eq!(why(api.of_commits(&["ab"])).1, expected, "{status}");
    }
    let page = Api::new(|_: &str, _: &Value| Response::new(200, "text/html", "<p>"));
    assert!(matches!(why(page.of_commits(&["ab"])).1, Why::Unreadable(_)));
}

/// Any JSON, with the names that answers have.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        "\\PC{0,6}".prop_map(Value::from)
    ];
    leaf.prop_recursive(5, 40, 5, |inner| {
        let name = prop_oneof![
            Just("data"),
            Just("repository"),
            Just("errors"),
            Just("c0"),
            Just("nodes"),
            Just("pageInfo"),
            Just("hasNextPage"),
            Just("endCursor"),
            Just("__typename"),
            Just("associatedPullRequests"),
            Just("nameWithOwner"),
            Just("path"),
            Just("type"),
        ]
        .prop_map(str::to_owned);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name, inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn no_answer_breaks_it_or_passes_for_no_pull_request(body in any_json()) {
        let never_pushed = body["data"]["repository"].as_object().is_some_and(|it| it.get("c0") == Some(&Value::Null));
        let api = Api::new(move |_: &str, _: &Value| good(&body));
        let found = api.of_commits(&["ab"]);
        prop_assert!(never_pushed || found.is_err());
    }
}
