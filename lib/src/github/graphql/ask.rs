//! Sending questions in GraphQL, and what their answers mean: GitHub says most of what went wrong with status 200.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use super::GraphQl;
use crate::github::client::{LARGEST, ONE_CALL};
use crate::github::failure::{GitHubError, Needs, Why, is_limit, judged, plain, reset, understood};
use crate::transport::{Address, Body, Header, Method, Request, Response, Service, TransportError};

/// So many questions are on their way at once: each makes GitHub work as much as many by REST.
const SIDE_BY_SIDE: usize = 10;

/// Parts of a repository that are asked for in one question.
#[derive(Default)]
pub(super) struct Batch {
    selected: String,
    variables: Vec<String>,
    /// By the name that the question gives it: what it is, as errors name it.
    parts: BTreeMap<String, String>,
}

impl Batch {
    /// Adds a part under a name of its own.
    pub(super) fn add(&mut self, alias: String, asked: String, field: &str) {
        self.selected += &format!("{alias}:{field} ");
        self.parts.insert(alias, asked);
    }

    /// A text from outside as a variable: it cannot become part of the question. Gives the variable's name.
    pub(super) fn variable(&mut self, value: &str) -> String {
        self.variables.push(value.to_owned());
        format!("v{}", self.variables.len())
    }

    fn body(&self, owner: &str, name: &str) -> Vec<u8> {
        let mut variables = Map::new();
        variables.insert("owner".to_owned(), owner.into());
        variables.insert("name".to_owned(), name.into());
        let mut declared = "$owner:String!,$name:String!".to_owned();
        for (index, value) in self.variables.iter().enumerate() {
            declared += &format!(",$v{}:String", index + 1);
            variables.insert(format!("v{}", index + 1), value.as_str().into());
        }
        let query = format!(
            "query({declared}){{repository(owner:$owner,name:$name){{nameWithOwner {}}}}}",
            self.selected
        );
        json!({ "query": query, "variables": variables }).to_string().into_bytes()
    }

    /// What a whole question is called by: its first part, as REST would fail with.
    fn first(&self) -> &str {
        self.parts.values().next().map_or("pull requests", String::as_str)
    }

    /// What an error is about, by its path.
    fn about(&self, path: &[Value]) -> String {
        let Some(part) = path.get(1).and_then(Value::as_str).and_then(|alias| self.parts.get(alias)) else {
            return self.first().to_owned();
        };
        match path.get(2).and_then(Value::as_str) {
            Some(list @ ("labels" | "reviews" | "comments")) => format!("the {list} of {part}"),
            _ => part.clone(),
        }
    }
}

/// What GitHub answered to a batch, without any error.
pub(super) struct Answer {
    name: String,
    fields: Map<String, Value>,
    parts: BTreeMap<String, String>,
}

impl Answer {
    /// The repository's name, as GitHub calls it today.
    pub(super) fn repository(&self) -> &str {
        &self.name
    }

    /// The names of what was asked for, each with what it is.
    pub(super) fn aliases(&self) -> Vec<(String, String)> {
        self.parts.clone().into_iter().collect()
    }

    /// What was asked for under a name; `None` where there is no such thing.
    pub(super) fn take<T: DeserializeOwned>(
        &mut self,
        alias: &str,
        asked: &str,
    ) -> Result<Option<T>, GitHubError> {
        let value = self.fields.remove(alias).ok_or_else(|| unreadable(asked, "it is missing"))?;
        serde_json::from_value(value).map_err(|_| unreadable(asked, "it is of another form"))
    }
}

/// A whole answer.
#[derive(Deserialize)]
struct Whole {
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    errors: Option<Vec<Fault>>,
}

#[derive(Deserialize)]
struct Data {
    #[serde(default)]
    repository: Option<Map<String, Value>>,
}

/// One of the things that went wrong.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Fault {
    #[serde(rename = "type")]
    kind: Option<String>,
    message: Option<String>,
    path: Option<Vec<Value>>,
    extensions: Option<Extensions>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Extensions {
    saml_failure: Option<bool>,
}

impl GraphQl<'_, '_> {
    /// Sends batches side by side; their answers in their order, or the first thing that is missing from any.
    pub(super) fn ask(&self, batches: Vec<Batch>) -> Result<Vec<Answer>, GitHubError> {
        let repository = self.0.repository();
        let mut answers = Vec::with_capacity(batches.len());
        let mut batches = batches.into_iter().peekable();
        while batches.peek().is_some() {
            let some: Vec<Batch> = batches.by_ref().take(SIDE_BY_SIDE).collect();
            let left = self.0.left();
            if left.is_zero() {
                return Err(failed(some.first().map_or("", Batch::first), Why::OutOfTime));
            }
            let requests: Vec<Request> = some
                .iter()
                .map(|batch| Request {
                    method: Method::Post,
                    headers: vec![Header::plain("Accept", "application/json")],
                    body: Some(Body {
                        content_type: "application/json",
                        bytes: batch.body(repository.owner(), repository.name()),
                    }),
                    max_bytes: LARGEST,
                    // It reads: it may be asked again.
                    ..Request::get(
                        Address::Service(Service::GitHubGraphQl),
                        String::new(),
                        left.min(ONE_CALL),
                    )
                })
                .collect();
            let mut sent = self.0.transport().send_all(&requests).into_iter();
            for batch in some {
                let lost =
                    TransportError::Protocol { host: "GitHub".to_owned(), why: "it was not sent".to_owned() };
                answers.push(read(batch, sent.next().unwrap_or(Err(lost)))?);
            }
        }
        Ok(answers)
    }
}

fn read(batch: Batch, answer: Result<Response, TransportError>) -> Result<Answer, GitHubError> {
    let first = batch.first();
    let response = match answer {
        Ok(response) => response,
        Err(error @ TransportError::TooLarge { .. }) => {
            return Err(failed(first, Why::NotTaken(error.to_string())));
        }
        Err(error) => return Err(failed(first, Why::Unanswered(error))),
    };
    match response.status {
        // There is nobody who takes it, or (502, 504) it took longer than its ten seconds.
        400 | 404..=406 | 410 | 413 | 415 | 422 | 501 | 502 | 504 => {
            return Err(failed(first, Why::NotTaken(format!("status {}", response.status))));
        }
        _ => {}
    }
    if let Some(why) = judged(&response) {
        return Err(failed(first, why));
    }
    let whole: Whole = understood(&response.body).map_err(|why| failed(first, why))?;
    if let Some(fault) = whole.errors.unwrap_or_default().into_iter().next() {
        return Err(meant(&fault, &batch.about(fault.path.as_deref().unwrap_or_default()), &response));
    }
    let Some(fields) = whole.data.and_then(|data| data.repository) else {
        return Err(failed(first, Why::NotFound));
    };
    let name = fields.get("nameWithOwner").and_then(Value::as_str).map(str::to_owned);
    let name = name.ok_or_else(|| unreadable(first, "the repository's name is missing"))?;
    Ok(Answer { name, fields, parts: batch.parts })
}

/// What an error means. One without a type is of the question itself: a field that an older server does not know, or more than
/// the server can do in its time.
fn meant(fault: &Fault, asked: &str, response: &Response) -> GitHubError {
    let message = plain(fault.message.as_deref().unwrap_or_default());
    let said = if message.is_empty() { String::new() } else { format!(": {message}") };
    let kind = fault.kind.as_deref().unwrap_or_default();
    let extensions = fault.extensions.as_ref();
    let why = match kind {
        "RATE_LIMIT" | "RATE_LIMITED" => Why::Throttled(reset(response)),
        _ if is_limit(&message) => Why::Throttled(reset(response)),
        _ if extensions.and_then(|it| it.saml_failure) == Some(true) => Why::SingleSignOn,
        "FORBIDDEN" | "INSUFFICIENT_SCOPES" => Why::Forbidden(said),
        "NOT_FOUND" => Why::NotFound,
        "" | "MAX_NODE_LIMIT_EXCEEDED" | "RESOURCE_LIMITS_EXCEEDED" => Why::NotTaken(format!("{kind}{said}")),
        _ => Why::Erred(format!(" {}{said}", plain(kind))),
    };
    failed(asked, why)
}

/// What was asked for was not given.
pub(super) fn failed(asked: &str, why: Why) -> GitHubError {
    GitHubError { asked: asked.to_owned(), why, needs: Needs::PullRequests }
}

/// What was asked for was given in another form than GitHub's documentation says.
pub(super) fn unreadable(asked: &str, why: &str) -> GitHubError {
    failed(asked, Why::Unreadable(why.to_owned()))
}
