//! GitHub in this process, over real HTTP, with the wire's habits: `Link` pages, nulls, 404 for what a token may not see,
//! 422 for unknown commits, 403 for rate limits, 301 for renamed repositories; and the same in GraphQL, from the same state.

mod graphql;
mod moved;
mod query;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

pub use self::graphql::GraphQl;
use crate::server::{Answer, Asked, Server};

/// GitHub, with one repository `contoso/orders`.
pub struct GitHub {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// How it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mood {
    /// As usual.
    Well,
    /// Every answer is that there were too many requests.
    Limited,
    /// The repository was renamed: every answer sends to this address.
    Renamed(String),
    /// It does not answer in time: 503 to everything.
    Down,
}

/// A pull request.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// Its author's login; empty where the account was deleted, with `[bot]` at its end where it is an app's.
    pub author: String,
    /// Its description; `None` is null.
    pub body: Option<String>,
    /// The commits that it brought; the last is its merge.
    pub commits: Vec<String>,
    /// The branch that it went into.
    pub branch: String,
    /// Its reviews, oldest first.
    pub reviews: Vec<Value>,
    /// Its comments, oldest first.
    pub comments: Vec<Value>,
    /// Its labels.
    pub labels: Vec<String>,
    /// Whether it was not merged yet.
    pub open: bool,
    /// The repository that it went into, where it is another one of the same network.
    pub repository: Option<String>,
}

impl Request {
    fn author(&self) -> Value {
        let kind = if self.author.ends_with("[bot]") { "Bot" } else { "User" };
        let login = if self.author.is_empty() { "ghost" } else { &self.author };
        json!({ "login": login, "type": kind })
    }

    fn repository(&self) -> &str {
        self.repository.as_deref().unwrap_or("contoso/orders")
    }

    fn merged_at(&self) -> Option<&'static str> {
        (!self.open).then_some("2026-11-20T10:00:00Z")
    }
}

struct State {
    token: Option<String>,
    mood: Mood,
    requests: BTreeMap<u64, Request>,
    commits: Vec<String>,
    writers: Vec<String>,
    per_page: usize,
    graphql: GraphQl,
}

impl State {
    /// The pull requests that have a commit.
    fn of_commit(&self, id: &str) -> impl Iterator<Item = (u64, &Request)> {
        let has = move |request: &&Request| request.commits.iter().any(|commit| commit == id);
        self.requests
            .iter()
            .map(|(number, request)| (*number, request))
            .filter(move |(_, request)| has(request))
    }
}

impl GitHub {
    /// Starts it. With a token, only who gives it sees the repository.
    pub fn start(token: Option<&str>) -> Self {
        Self::slow(token, Duration::ZERO)
    }

    /// The same, with an answer that takes so long.
    pub fn slow(token: Option<&str>, latency: Duration) -> Self {
        let state = Arc::new(Mutex::new(State {
            token: token.map(str::to_owned),
            mood: Mood::Well,
            requests: BTreeMap::new(),
            commits: Vec::new(),
            writers: Vec::new(),
            per_page: 100,
            graphql: GraphQl::Taken,
        }));
        let shared = Arc::clone(&state);
        let server = Server::slow(latency, move |asked| answer(&shared.lock().expect("the state"), asked));
        Self { server, state }
    }

    /// Its address, as that of an enterprise's own: under `/api/v3`.
    pub fn url(&self) -> String {
        format!("{}/api/v3", self.server.url())
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.server.asked()
    }

    /// The trips to it that followed each other.
    pub fn rounds(&self) -> usize {
        self.server.rounds()
    }

    /// Forgets what it was asked.
    pub fn forget(&self) {
        self.server.forget();
    }

    /// Makes a pull request that was merged.
    pub fn merged(&self, number: u64, request: Request) {
        let mut state = self.state.lock().expect("the state");
        state.commits.extend(request.commits.iter().cloned());
        state.requests.insert(number, request);
    }

    /// Pushes a commit without a pull request.
    pub fn push(&self, commit: &str) {
        self.state.lock().expect("the state").commits.push(commit.to_owned());
    }

    /// Lets an account write, of which reviews do not say that it belongs to the repository.
    pub fn let_write(&self, login: &str) {
        self.state.lock().expect("the state").writers.push(login.to_owned());
    }

    /// Answers otherwise from now on.
    pub fn be(&self, mood: Mood) {
        self.state.lock().expect("the state").mood = mood;
    }

    /// Takes questions in GraphQL otherwise from now on.
    pub fn take(&self, graphql: GraphQl) {
        self.state.lock().expect("the state").graphql = graphql;
    }

    /// Gives so many entries on a page, however many are asked for.
    pub fn page_by(&self, entries: usize) {
        self.state.lock().expect("the state").per_page = entries;
    }
}

/// A review as GitHub writes it.
pub fn review(login: &str, state: &str, association: &str) -> Value {
    json!({
        "id": 1, "user": { "login": login, "type": "User", "id": 9 }, "body": null, "state": state,
        "author_association": association, "submitted_at": "2026-11-20T09:00:00Z", "commit_id": null,
    })
}

/// A comment as GitHub writes it, never edited.
pub fn comment(login: &str, association: &str, body: &str, at: &str) -> Value {
    json!({
        "id": 5_758_891_385_u64, "user": { "login": login, "type": "User" }, "author_association": association,
        "body": body,
        "created_at": at, "updated_at": at, "performed_via_github_app": null,
    })
}

fn answer(state: &State, asked: &Asked) -> Answer {
    let not_found = || Answer::json(404, &json!({ "message": "Not Found", "status": "404" }));
    match &state.mood {
        Mood::Well => {}
        Mood::Limited => {
            return Answer::json(403, &json!({ "message": "API rate limit exceeded for user ID 9." }))
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", "1795600800");
        }
        Mood::Renamed(to) => {
            return Answer::json(301, &json!({ "message": "Moved Permanently", "url": to }))
                .with("Location", to);
        }
        Mood::Down => {
            return Answer::json(503, &json!({ "message": "Unavailable" })).with("Retry-After", "600");
        }
    }
    let given = asked.header("authorization");
    match &state.token {
        Some(token) if given == format!("Bearer {token}") => {}
        Some(_) if given.is_empty() => return not_found(),
        Some(_) => return Answer::json(401, &json!({ "message": "Bad credentials" })),
        None => {}
    }
    let forbidden = || Answer::json(403, &json!({ "message": "Request forbidden by administrative rules." }));
    if asked.header("user-agent").is_empty() {
        return forbidden();
    }
    if asked.path() == "/api/graphql" {
        return graphql::answer(state, asked);
    }
    if asked.header("x-github-api-version") != "2022-11-28" {
        return forbidden();
    }
    let Some(path) = asked.path().strip_prefix("/api/v3/repos/contoso/orders") else { return not_found() };
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let number =
        |text: &str| text.parse().ok().and_then(|number: u64| Some((number, state.requests.get(&number)?)));
    match parts.as_slice() {
        ["commits", id, "pulls"] => {
            if !state.commits.iter().any(|commit| commit == id) {
                return Answer::json(422, &json!({ "message": format!("No commit found for SHA: {id}") }));
            }
            listed(state, asked, state.of_commit(id).map(|(number, request)| shown(number, request)))
        }
        ["pulls", text] => number(text)
            .map_or_else(not_found, |(number, request)| Answer::json(200, &shown(number, request))),
        ["pulls", text, "reviews"] => number(text)
            .map_or_else(not_found, |(_, request)| listed(state, asked, request.reviews.iter().cloned())),
        ["issues", text, "comments"] => number(text)
            .map_or_else(not_found, |(_, request)| listed(state, asked, request.comments.iter().cloned())),
        ["collaborators", login, "permission"] => {
            let permission =
                if state.writers.iter().any(|writer| writer == login) { "write" } else { "read" };
            Answer::json(200, &json!({ "permission": permission, "role_name": permission, "user": null }))
        }
        _ => not_found(),
    }
}

fn shown(number: u64, request: &Request) -> Value {
    let labels: Vec<Value> =
        request.labels.iter().map(|name| json!({ "name": name, "description": null })).collect();
    json!({
        "number": number, "title": format!("Change {number}"), "body": request.body, "state": "closed",
        "user": request.author(), "labels": labels, "milestone": null,
        "merged_at": request.merged_at(), "merge_commit_sha": request.commits.last(),
        "base": { "ref": request.branch, "label": null, "repo": { "full_name": request.repository() } },
    })
}

/// One page of a list, with links to the others.
fn listed(state: &State, asked: &Asked, entries: impl Iterator<Item = Value>) -> Answer {
    let entries: Vec<Value> = entries.collect();
    let number = |name: &str| asked.query(name).and_then(|text| text.parse::<usize>().ok());
    let size = number("per_page").unwrap_or(30).min(state.per_page).max(1);
    let page = number("page").unwrap_or(1).max(1);
    let last = entries.len().div_ceil(size).max(1);
    let on_page: Vec<Value> = entries.into_iter().skip((page - 1) * size).take(size).collect();
    let answer = Answer::json(200, &Value::from(on_page));
    if page >= last {
        return answer;
    }
    // Real links lead to /repositories/ID, by numbers in either order.
    let base = format!("http://{}/api/v3/repositories/1/x", asked.header("host"));
    let link =
        |page: usize, relation: &str| format!("<{base}?per_page={size}&page={page}>; rel=\"{relation}\"");
    answer.with("Link", format!("{}, {}", link(page + 1, "next"), link(last, "last")))
}
