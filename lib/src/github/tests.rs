use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::{Value, json};

use super::*;
use crate::Duration;
use crate::checklist::{
    Change, CommitFact, Desk, Forge, Gathered, History, HistoryStep, TextSource, VoteSays, Voter,
};
use crate::transport::{Address, Request, Response, ResponseHeaders, Service, Transport, TransportError};

/// Status, headers and body.
type Answered = (u16, Vec<(String, String)>, Value);

/// Answers by path and query, and remembers them.
#[derive(Default)]
struct Api {
    answers: BTreeMap<String, Answered>,
    asked: Mutex<Vec<String>>,
    rounds: Mutex<usize>,
}

impl Transport for Api {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        assert_eq!(request.address, Address::Service(Service::GitHub));
        let path = request.path_and_query.strip_prefix("/repos/contoso/orders").unwrap();
        self.asked.lock().unwrap().push(path.to_owned());
        let first_page = path.replace("?per_page=100&page=1", "");
        let (status, headers, body) = match self.answers.get(&first_page) {
            Some(answer) => answer.clone(),
            None if path.starts_with("/issues/") || path.ends_with("/reviews?per_page=100&page=1") => {
                (200, Vec::new(), json!([]))
            }
            None => (404, Vec::new(), json!({ "message": "Not Found" })),
        };
        let headers: ResponseHeaders = headers.into_iter().collect();
        Ok(Response { headers, ..Response::new(status, "application/json", body.to_string()) })
    }

    fn send_all(&self, requests: &[Request]) -> Vec<Result<Response, TransportError>> {
        *self.rounds.lock().unwrap() += 1;
        requests.iter().map(|request| self.send(request)).collect()
    }
}

impl Api {
    fn with(mut self, path: &str, body: Value) -> Self {
        self.answers.insert(path.to_owned(), (200, Vec::new(), body));
        self
    }

    fn failing(mut self, path: &str, status: u16, headers: &[(&str, &str)], message: &str) -> Self {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.answers.insert(path.to_owned(), (status, headers, json!({ "message": message })));
        self
    }

    fn linking(mut self, path: &str, link: &str) -> Self {
        if let Some((_, headers, _)) = self.answers.get_mut(path) {
            headers.push(("Link".to_owned(), link.to_owned()));
        }
        self
    }

    fn changes(&self, commits: &[&str]) -> Gathered<Vec<Change>> {
        self.changes_at(commits, None)
    }

    fn changes_at(&self, commits: &[&str], pull_request: Option<u64>) -> Gathered<Vec<Change>> {
        let left = || Duration::from_secs(60);
        let client = Client::new(self, "contoso/orders".parse().unwrap(), &left);
        let web = "https://github.com/contoso/orders".to_owned();
        let forge =
            GitHubForge::new(client, Standpoint { web, branch: Some("main".into()), pull_request }, &Desk);
        forge.changes(&history(commits))
    }

    fn known(&self, commits: &[&str]) -> Vec<Change> {
        match self.changes(commits) {
            Gathered::Known(changes) => changes,
            Gathered::Unknown(gap) => panic!("{gap:?}"),
        }
    }

    fn why(&self) -> String {
        match self.changes(&["aaaaaaa"]) {
            Gathered::Known(changes) => panic!("{changes:?}"),
            Gathered::Unknown(gap) => format!("{}. {}: {}", gap.why, gap.who.words(), gap.how),
        }
    }
}

fn history(commits: &[&str]) -> History {
    let step = |id: &&str| HistoryStep {
        commit: CommitFact { id: (*id).to_owned(), title: "T".into(), when: None },
        author: "Ada".into(),
        messages: vec![format!("message {id}")],
        merged: Vec::new(),
        paths: Vec::new(),
    };
    History { steps: commits.iter().map(step).collect(), ..History::default() }
}

fn base(branch: &str) -> Value {
    json!({ "ref": branch, "repo": { "full_name": "Contoso/orders" } })
}

fn request(number: u64) -> Value {
    json!({
        "number": number, "title": "Change", "body": "ADR-1", "user": { "login": "ada", "type": "User" },
        "merged_at": "2026-11-20T10:00:00Z", "merge_commit_sha": "aaaaaaa", "base": base("main"),
        "labels": [{ "name": "decision" }, null],
    })
}

fn review(login: &str, state: &str, association: &str) -> Value {
    json!({
        "user": { "login": login, "type": "User" }, "state": state, "author_association": association,
        "submitted_at": "2026-11-20T09:00:00Z",
    })
}

/// An approval of an account that is no person's.
fn by_kind(kind: Value) -> Value {
    let mut review = review("bob", "APPROVED", "OWNER");
    review["user"]["type"] = kind;
    review
}

fn one(reviews: Value) -> Api {
    Api::default().with("/commits/aaaaaaa/pulls", json!([request(7)])).with("/pulls/7/reviews", reviews)
}

#[test]
fn commits_become_the_pull_requests_that_brought_them() {
    let other_branch = json!({ "number": 9, "merged_at": "2026-11-20T10:00:00Z", "base": base("develop") });
    let open = json!({ "number": 10, "merged_at": null, "base": base("main") });
    let later = json!({ "number": 11, "merged_at": "2026-11-21T10:00:00Z", "base": base("main") });
    let api = Api::default()
        .with("/commits/aaaaaaa/pulls", json!([request(7), other_branch, open, later]))
        .with("/commits/bbbbbbb/pulls", json!([request(7)]))
        .with("/commits/ccccccc/pulls", json!([other_branch, open]))
        .failing("/commits/ddddddd/pulls", 422, &[], "No commit found for SHA: ddddddd");
    let changes = api.known(&["aaaaaaa", "bbbbbbb", "ccccccc", "ddddddd"]);
    let names: Vec<&str> = changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(names, ["pull request 7", "commit ccccccc", "commit ddddddd"]);
    assert_eq!(changes[0].author.as_deref(), Some("ada"));
    let texts: Vec<&str> = changes[0].texts.iter().map(|text| text.text.as_str()).collect();
    assert_eq!(texts, ["Change\n\nADR-1", "decision", "message aaaaaaa", "message bbbbbbb"]);
    assert_eq!(changes[1].votes, Gathered::Known(Vec::new()), "nobody approved what came by itself");
    assert_eq!(*api.rounds.lock().unwrap(), 2, "{:?}", api.asked);
}

#[test]
fn the_build_of_a_pull_request_is_all_its_own() {
    let api = Api::default().with("/pulls/7", request(7));
    let Gathered::Known(changes) = api.changes_at(&["aaaaaaa", "bbbbbbb"], Some(7)) else { panic!() };
    assert_eq!((changes.len(), changes[0].name.as_str()), (1, "pull request 7"));
    let another = Api::default().with("/pulls/7", request(99));
    assert!(matches!(another.changes_at(&["aaaaaaa"], Some(7)), Gathered::Unknown(_)));
}

#[test]
fn a_pull_request_of_another_repository_has_not_this_ones_number() {
    let of = |full_name: Value| {
        let mut request = request(7);
        request["base"]["repo"]["full_name"] = full_name;
        Api::default()
            .with("/commits/aaaaaaa/pulls", json!([request]))
            .with("/pulls/7/reviews", json!([review("bob", "APPROVED", "MEMBER")]))
    };
    assert_eq!(of("contoso/orders".into()).known(&["aaaaaaa"])[0].name, "pull request 7");
    assert_eq!(of("evil/orders".into()).known(&["aaaaaaa"])[0].name, "commit aaaaaaa");
    assert!(of(Value::Null).why().contains("not understood"));
}

#[test]
fn a_time_of_merging_that_is_none_is_not_understood() {
    for time in ["", "yesterday"] {
        let mut request = request(7);
        request["merged_at"] = time.into();
        let api = Api::default().with("/commits/aaaaaaa/pulls", json!([request]));
        assert!(api.why().contains("not understood"), "{time}: {}", api.why());
    }
}

#[test]
fn an_approval_of_an_unknown_authors_change_is_not_known_to_be_somebody_elses() {
    for user in [Value::Null, json!({ "login": "ghost", "type": "User" }), json!({ "login": "" }), json!({})]
    {
        let of = |reviews: Value| {
            let mut request = request(7);
            request["user"] = user.clone();
            let api = Api::default()
                .with("/commits/aaaaaaa/pulls", json!([request]))
                .with("/pulls/7/reviews", reviews);
            api.known(&["aaaaaaa"])[0].votes.clone()
        };
        let approved = of(json!([review("ada", "APPROVED", "OWNER")]));
        assert!(
            matches!(&approved, Gathered::Unknown(gap) if gap.why.contains("who opened pull request 7")),
            "{user}: {approved:?}"
        );
        assert_eq!(of(json!([])), Gathered::Known(Vec::new()), "{user}");
        assert_eq!(of(json!([review("eve", "DISMISSED", "OWNER")])), Gathered::Known(Vec::new()), "{user}");
    }
}

#[test]
fn a_review_of_an_unknown_state_leaves_no_older_approval_standing() {
    let bob = |state: Value| {
        let mut review = review("bob", "", "MEMBER");
        review["state"] = state;
        review
    };
    for state in [json!(""), Value::Null, json!("approved"), json!("REVOKED")] {
        let votes = |reviews: Value| one(reviews).known(&["aaaaaaa"])[0].votes.clone();
        let later = votes(json!([bob("APPROVED".into()), bob(state.clone())]));
        assert!(
            matches!(&later, Gathered::Unknown(gap) if gap.why.contains("the last review of bob")),
            "{state}: {later:?}"
        );
        let mended = votes(json!([bob(state.clone()), bob("APPROVED".into())]));
        assert!(matches!(&mended, Gathered::Known(votes) if votes.len() == 1), "{state}: {mended:?}");
    }
}

#[test]
fn the_last_word_of_each_reviewer_who_belongs_here_counts() {
    for (reviews, expected) in [
        (json!([]), ""),
        (json!([review("bob", "APPROVED", "MEMBER")]), "bob Approved"),
        (json!([review("bob", "APPROVED", "MEMBER"), review("bob", "COMMENTED", "MEMBER")]), "bob Approved"),
        (
            json!([review("bob", "CHANGES_REQUESTED", "OWNER"), review("Bob", "APPROVED", "OWNER")]),
            "Bob Approved",
        ),
        (
            json!([review("bob", "APPROVED", "OWNER"), review("bob", "CHANGES_REQUESTED", "OWNER")]),
            "bob Rejected",
        ),
        (json!([review("bob", "APPROVED", "OWNER"), review("bob", "DISMISSED", "OWNER")]), ""),
        (json!([review("bob", "PENDING", "OWNER")]), ""),
        (json!([review("ADA", "APPROVED", "OWNER")]), "ADA Approved author"),
        (json!([{ "user": null, "state": "APPROVED", "author_association": "OWNER" }]), ""),
        (
            json!([{ "user": { "login": "x[bot]", "type": "Bot" }, "state": "APPROVED", "author_association": "OWNER" }]),
            "",
        ),
        (json!([by_kind("Organization".into())]), ""),
        (json!([by_kind("Mannequin".into())]), ""),
        (json!([by_kind("".into())]), ""),
        (json!([by_kind(Value::Null)]), ""),
        (json!([review("bob", "APPROVED", "OWNER"), by_kind("Mannequin".into())]), ""),
        (json!([review("eve", "APPROVED", "NONE")]), ""),
        (json!([review("eve", "CHANGES_REQUESTED", "CONTRIBUTOR")]), ""),
        (json!([{ "state": null }, { "user": { "login": "bob" }, "state": "NEW_WORD" }]), ""),
    ] {
        let changes = one(reviews.clone()).known(&["aaaaaaa"]);
        let Gathered::Known(votes) = &changes[0].votes else { panic!("{reviews}") };
        let shown: Vec<String> = votes
            .iter()
            .map(|vote| {
                let author = if vote.voter == Voter::Author { " author" } else { "" };
                format!("{} {:?}{author}", vote.by, vote.says)
            })
            .collect();
        assert_eq!(shown.join(", "), expected, "{reviews}");
    }
}

#[test]
fn a_reviewer_whose_membership_is_private_counts_where_the_account_may_write() {
    let reviews = || json!([review("eve", "APPROVED", "CONTRIBUTOR")]);
    for (permission, counts) in [("admin", 1), ("write", 1), ("maintain", 1), ("read", 0), ("none", 0)] {
        let api = one(reviews()).with("/collaborators/eve/permission", json!({ "permission": permission }));
        let Gathered::Known(votes) = &api.known(&["aaaaaaa"])[0].votes else { panic!("{permission}") };
        assert_eq!(votes.len(), counts, "{permission}");
        assert!(votes.iter().all(|vote| vote.says == VoteSays::Approved));
    }
    let refused = one(reviews()).failing("/collaborators/eve/permission", 403, &[], "Must have push access");
    assert!(
        matches!(&refused.known(&["aaaaaaa"])[0].votes, Gathered::Unknown(gap) if gap.how.contains("Metadata"))
    );
}

#[test]
fn comments_count_by_who_wrote_them_and_whether_they_are_as_they_were() {
    let comment = |login: &str, association: &str, updated: &str| {
        json!({
            "id": 5, "user": { "login": login, "type": "User" }, "author_association": association,
            "body": "- [x] backups-taken", "created_at": "2026-11-20T09:00:00Z", "updated_at": updated,
        })
    };
    let first = "2026-11-20T09:00:00Z";
    let api = one(json!([])).with(
        "/issues/7/comments",
        json!([
            comment("bob", "MEMBER", first),
            comment("eve", "NONE", first),
            comment("ada", "NONE", first),
            comment("carol", "OWNER", "2026-11-21T09:00:00Z"),
            { "id": 6, "user": null, "body": "- [x] backups-taken", "author_association": "OWNER" },
            { "id": 7, "user": { "login": "ci[bot]", "type": "Bot" }, "body": "x", "author_association": "OWNER" },
        ]),
    );
    let changes = api.known(&["aaaaaaa"]);
    let comments: Vec<(Option<&str>, String)> = changes[0]
        .texts
        .iter()
        .filter(|text| text.source == TextSource::Comment)
        .map(|text| (text.by.as_deref(), text.when.map(|when| when.to_string()).unwrap_or_default()))
        .collect();
    let at = |day: &str| format!("2026-11-{day}T09:00:00Z");
    assert_eq!(comments, [(Some("bob"), at("20")), (Some("ada"), at("20")), (None, at("21"))]);
}

#[test]
fn longer_lists_are_read_to_their_end_or_not_at_all() {
    let page = |login: &str| json!([review(login, "APPROVED", "OWNER")]);
    let link = |next: u32, last: u32| {
        format!(
            "<https://evil.example/x?page={next}>; rel=\"next\", <https://evil.example/x?page={last}>; rel=\"last\""
        )
    };
    let pages = |api: Api| {
        api.with("/pulls/7/reviews?per_page=100&page=2", page("b"))
            .with("/pulls/7/reviews?per_page=100&page=3", page("c"))
    };
    let api = pages(one(page("a"))).linking("/pulls/7/reviews", &link(2, 3));
    let Gathered::Known(votes) = &api.known(&["aaaaaaa"])[0].votes else { panic!() };
    assert_eq!(votes.len(), 3);
    assert_eq!(*api.rounds.lock().unwrap(), 3, "the pages after the first go side by side");
    let chained = pages(one(page("a")))
        .linking("/pulls/7/reviews", "<https://api.github.com/x?page=2>; rel=\"next\"")
        .linking("/pulls/7/reviews?per_page=100&page=2", "<https://api.github.com/x?page=3>; rel=\"next\"");
    let Gathered::Known(votes) = &chained.known(&["aaaaaaa"])[0].votes else { panic!() };
    assert_eq!(votes.len(), 3);
    // The first page does not say which is the last, or the list grew while it was read.
    for (first, second) in
        [("<https://api.github.com/x?page=2>; rel=\"next\"".to_owned(), link(3, 3)), (link(2, 2), link(3, 3))]
    {
        let longer = pages(one(page("a")))
            .linking("/pulls/7/reviews", &first)
            .linking("/pulls/7/reviews?per_page=100&page=2", &second);
        let Gathered::Known(votes) = &longer.known(&["aaaaaaa"])[0].votes else { panic!() };
        assert_eq!(votes.len(), 3, "{first} {second}");
    }
    for (link, words) in [
        (link(2, 900), "more than are read"),
        ("<https://api.github.com/x?after=y>; rel=\"next\"".to_owned(), "no number"),
        (link(2, 4), "not there"),
    ] {
        let api = pages(one(page("a"))).linking("/pulls/7/reviews", &link);
        assert!(api.why().contains(words), "{link}: {}", api.why());
    }
}

#[test]
fn every_failure_says_what_would_change_it() {
    let limited = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1795600800")];
    for (status, headers, message, words) in [
        (401, &[][..], "Bad credentials", "a token that is valid"),
        (403, &[][..], "Resource not accessible by integration", "*Pull requests: read*"),
        (403, &[("X-GitHub-SSO", "required; url=https://github.com/orgs/x/sso")][..], "", "Configure SSO"),
        (403, &limited[..], "API rate limit exceeded", "until 2026-11-25T10:00:00Z"),
        (403, &[][..], "You have exceeded a secondary rate limit", "no more requests"),
        (429, &[][..], "", "no more requests"),
        (
            404,
            &[][..],
            "Not Found",
            "*Pull requests: read* and *Contents: read* (a classic token: `repo`) on contoso/orders",
        ),
        (500, &[][..], "##vso[x]\n", "status 500"),
        (301, &[][..], "Moved Permanently", "status 301"),
    ] {
        let api = Api::default().failing("/commits/aaaaaaa/pulls", status, headers, message);
        assert!(api.why().contains(words), "{status} {message}: {}", api.why());
        assert!(!api.why().contains('\n'));
    }
    for body in [json!({}), json!([{ "number": "7" }]), json!("x")] {
        let api = Api::default().with("/commits/aaaaaaa/pulls", body.clone());
        assert!(api.why().contains("not understood"), "{body}: {}", api.why());
    }
}

#[test]
fn what_is_not_reached_in_time_is_not_known() {
    let api = one(json!([]));
    let left = || Duration::ZERO;
    let client = Client::new(&api, "contoso/orders".parse().unwrap(), &left);
    let at = Standpoint { web: String::new(), branch: None, pull_request: None };
    let Gathered::Unknown(gap) = GitHubForge::new(client, at, &Desk).changes(&history(&["aaaaaaa"])) else {
        panic!()
    };
    assert!(gap.why.contains("time ran out"), "{}", gap.why);
    assert!(api.asked.lock().unwrap().is_empty());
}

#[test]
fn an_empty_stretch_of_history_asks_nothing() {
    let api = Api::default();
    assert!(api.known(&[]).is_empty());
    assert!(api.asked.lock().unwrap().is_empty());
}
