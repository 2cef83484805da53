//! What GitHub answers to a question in GraphQL: status 200 whatever went wrong, `null` in place of what is missing, and the
//! reason in `errors`.

use serde_json::{Map, Value, json};

use super::query::{Field, Selected, parse};
use super::{Request, State};
use crate::server::{Answer, Asked};

/// The most nodes that one question may ask for.
const MOST_NODES: u64 = 500_000;
/// The name of a list's entries inside this double.
const ENTRIES: &str = "$entries";
/// Lists of a pull request that cannot be null: without them there is no pull request.
const NEVER_NULL: [&str; 1] = ["comments"];

/// How questions in GraphQL are taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GraphQl {
    /// As usual.
    Taken,
    /// Nobody takes them: this status.
    Absent(u16),
    /// As an older server does, which does not know this field.
    Without(&'static str),
    /// This field cannot be given: an error of this type stands for it.
    Failing(&'static str, &'static str, &'static str),
    /// Nothing can be given: an error of this type, if it has any, and no data.
    Erring(Option<&'static str>, &'static str),
    /// An entry of this list is null, and nothing says why.
    Gaps(&'static str),
}

/// A question that is not answered at all.
struct Refused {
    code: Option<&'static str>,
    kind: Option<&'static str>,
    message: String,
}

/// What is put together of one answer.
struct Telling<'s> {
    state: &'s State,
    errors: Vec<Value>,
}

pub(super) fn answer(state: &State, asked: &Asked) -> Answer {
    if asked.method != "POST" || !asked.header("content-type").starts_with("application/json") {
        return Answer::json(400, &json!({ "message": "Problems parsing JSON" }));
    }
    if asked.header("authorization").is_empty() {
        return Answer::json(401, &json!({ "message": "This endpoint requires you to be authenticated." }));
    }
    match &state.graphql {
        GraphQl::Absent(status) => return Answer::json(*status, &json!({ "message": "Not Found" })),
        GraphQl::Erring(kind, message) => {
            let mut error = json!({ "message": message });
            if let Some(kind) = kind {
                error["type"] = (*kind).into();
            }
            return Answer::json(200, &json!({ "data": null, "errors": [error] }))
                .with("x-ratelimit-remaining", "0")
                .with("x-ratelimit-reset", "1795600800");
        }
        _ => {}
    }
    let Ok(body) = serde_json::from_slice::<Value>(&asked.body) else {
        return Answer::json(400, &json!({ "message": "Problems parsing JSON" }));
    };
    let variables = body["variables"].as_object().cloned().unwrap_or_default();
    match told(state, body["query"].as_str().unwrap_or_default(), &variables) {
        Ok(whole) => Answer::json(200, &whole),
        Err(refused) => {
            let mut error = json!({ "message": refused.message, "locations": [{ "line": 1, "column": 1 }] });
            if let Some(code) = refused.code {
                error["path"] = json!(["query"]);
                error["extensions"] = json!({ "code": code });
            }
            if let Some(kind) = refused.kind {
                error["type"] = kind.into();
            }
            Answer::json(200, &json!({ "errors": [error] }))
        }
    }
}

fn told(state: &State, query: &str, variables: &Map<String, Value>) -> Result<Value, Refused> {
    let selected = parse(query, variables).map_err(|message| Refused {
        code: None,
        kind: None,
        message: format!("Parse error: {message}"),
    })?;
    if let GraphQl::Without(name) = &state.graphql
        && asks_for(&selected, name)
    {
        return Err(undefined(name, "T"));
    }
    if nodes(&selected, 1)? > MOST_NODES {
        return Err(Refused {
            code: None,
            kind: Some("MAX_NODE_LIMIT_EXCEEDED"),
            message: format!("This query requests more than the {MOST_NODES} limit."),
        });
    }
    let mut telling = Telling { state, errors: Vec::new() };
    let mut data = Map::new();
    for field in fields(&selected, "Query") {
        if field.name != "repository" {
            return Err(undefined(&field.name, "Query"));
        }
        let path = vec![Value::from(field.alias.as_str())];
        let named =
            |name: &str| field.arguments.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        let called = format!("{}/{}", named("owner"), named("name"));
        let value = if called.eq_ignore_ascii_case("contoso/orders") {
            telling.project(
                &json!({ "__typename": "Repository", "nameWithOwner": "contoso/orders" }),
                &field.selected,
                &path,
            )?
        } else {
            telling.missing(
                &path,
                "NOT_FOUND",
                &format!("Could not resolve to a Repository with the name '{called}'."),
            );
            None
        };
        data.insert(field.alias.clone(), value.unwrap_or_default());
    }
    let mut whole = json!({ "data": data });
    if !telling.errors.is_empty() {
        whole["errors"] = telling.errors.into();
    }
    Ok(whole)
}

/// The fields that are asked of an object of a type.
fn fields<'q>(selected: &'q [Selected], kind: &str) -> Vec<&'q Field> {
    let mut fields = Vec::new();
    for part in selected {
        match part {
            Selected::Field(field) => fields.push(field),
            Selected::On(of, selected) if of == kind => fields.extend(self::fields(selected, kind)),
            Selected::On(..) => {}
        }
    }
    fields
}

fn asks_for(selected: &[Selected], name: &str) -> bool {
    selected.iter().any(|part| match part {
        Selected::Field(field) => field.name == name || asks_for(&field.selected, name),
        Selected::On(_, selected) => asks_for(selected, name),
    })
}

/// So many nodes a question may come to, as GitHub counts; every list says how many entries it wants.
fn nodes(selected: &[Selected], times: u64) -> Result<u64, Refused> {
    let mut sum = 0;
    for part in selected {
        let (times, selected) = match part {
            Selected::On(_, selected) => (times, selected),
            Selected::Field(field) => {
                let list = matches!(
                    field.name.as_str(),
                    "associatedPullRequests" | "labels" | "reviews" | "comments"
                );
                let first = field.arguments.get("first").and_then(Value::as_u64);
                match (list, first) {
                    (true, Some(first @ 1..=100)) => {
                        sum += times * first;
                        (times * first, &field.selected)
                    }
                    (true, _) => {
                        return Err(Refused {
                            code: None,
                            kind: Some("MISSING_PAGINATION_BOUNDARIES"),
                            message: format!(
                                "You must provide a `first` or `last` value to properly paginate the `{}` connection.",
                                field.name
                            ),
                        });
                    }
                    (false, _) => (times, &field.selected),
                }
            }
        };
        sum += nodes(selected, times)?;
    }
    Ok(sum)
}

fn undefined(field: &str, kind: &str) -> Refused {
    Refused {
        code: Some("undefinedField"),
        kind: None,
        message: format!("Field '{field}' doesn't exist on type '{kind}'"),
    }
}

impl Telling<'_> {
    fn missing(&mut self, path: &[Value], kind: &str, message: &str) {
        self.errors.push(json!({
            "type": kind, "path": path, "message": message, "locations": [{ "line": 1, "column": 1 }],
            "extensions": { "saml_failure": message.contains("SAML") },
        }));
    }

    /// What is asked of an object; `None` where a part of it that cannot be null is missing.
    fn project(
        &mut self,
        object: &Value,
        selected: &[Selected],
        path: &[Value],
    ) -> Result<Option<Value>, Refused> {
        if object.is_null() {
            return Ok(Some(Value::Null));
        }
        let kind = object["__typename"].as_str().unwrap_or_default();
        let mut told = Map::new();
        for field in fields(selected, kind) {
            let path: Vec<Value> = path.iter().cloned().chain([Value::from(field.alias.as_str())]).collect();
            match &self.state.graphql {
                GraphQl::Failing(name, error, message) if *name == field.name => {
                    self.missing(&path, error, message);
                    if NEVER_NULL.contains(name) {
                        return Ok(None);
                    }
                    told.insert(field.alias.clone(), Value::Null);
                    continue;
                }
                _ => {}
            }
            let found = self.found(object, kind, field, &path)?;
            let value = match &found {
                Value::Object(list) if list.contains_key(ENTRIES) => {
                    self.page(&list[ENTRIES], field, &path)?
                }
                Value::Object(_) => self.project(&found, &field.selected, &path)?.unwrap_or_default(),
                _ => found,
            };
            told.insert(field.alias.clone(), value);
        }
        Ok(Some(told.into()))
    }

    /// The whole of a field, from which a question takes its part.
    fn found(&mut self, object: &Value, kind: &str, field: &Field, path: &[Value]) -> Result<Value, Refused> {
        match (kind, field.name.as_str()) {
            ("Repository", "object") => {
                let id = field.arguments.get("oid").and_then(Value::as_str).unwrap_or_default();
                if id.len() != 40 {
                    return Err(Refused {
                        code: Some("argumentLiteralsIncompatible"),
                        kind: None,
                        message: format!(
                            "Argument 'oid' on Field 'object' has an invalid value ({id:?}). Expected type 'GitObjectID'."
                        ),
                    });
                }
                // One that was never pushed is null, without any error.
                Ok(if self.state.commits.iter().any(|commit| commit == id) {
                    json!({ "__typename": "Commit", "associatedPullRequests": list(self.state.of_commit(id).map(|(number, request)| pull_request(number, request)).collect()) })
                } else {
                    Value::Null
                })
            }
            ("Repository", "pullRequest") => {
                let number = field.arguments.get("number").and_then(Value::as_u64).unwrap_or_default();
                Ok(match self.state.requests.get(&number) {
                    Some(request) => pull_request(number, request),
                    None => {
                        let message =
                            format!("Could not resolve to a PullRequest with the number of {number}.");
                        self.missing(path, "NOT_FOUND", &message);
                        Value::Null
                    }
                })
            }
            (_, name) => object.get(name).cloned().ok_or_else(|| undefined(name, kind)),
        }
    }

    fn page(&mut self, entries: &Value, field: &Field, path: &[Value]) -> Result<Value, Refused> {
        let wanted = field.arguments.get("states").and_then(Value::as_array);
        let entries: Vec<&Value> = entries
            .as_array()
            .into_iter()
            .flatten()
            .filter(|entry| wanted.is_none_or(|states| states.contains(&entry["state"])))
            .collect();
        let first = field.arguments.get("first").and_then(Value::as_u64).unwrap_or_default();
        let size = usize::try_from(first).unwrap_or_default().min(self.state.per_page);
        // No text that a client could paste into its question.
        let after =
            field.arguments.get("after").and_then(Value::as_str).and_then(|mark| mark.strip_prefix("\"}"));
        let from: usize = after.and_then(|mark| mark.parse().ok()).unwrap_or_default();
        let end = entries.len().min(from + size);
        let mut told = Map::new();
        for part in fields(&field.selected, "Connection") {
            let value = match part.name.as_str() {
                "pageInfo" => {
                    let page = json!({
                        "__typename": "PageInfo", "hasNextPage": end < entries.len(),
                        "endCursor": (end > from).then(|| format!("\"}}{end}")),
                    });
                    self.project(&page, &part.selected, path)?.unwrap_or_default()
                }
                "nodes" => {
                    let mut nodes = Vec::new();
                    for (index, entry) in entries[from.min(end)..end].iter().enumerate() {
                        let path: Vec<Value> = path
                            .iter()
                            .cloned()
                            .chain([Value::from(part.alias.as_str()), Value::from(index)])
                            .collect();
                        nodes.push(self.project(entry, &part.selected, &path)?.unwrap_or_default());
                    }
                    if matches!(&self.state.graphql, GraphQl::Gaps(name) if *name == field.name) {
                        nodes.push(Value::Null);
                    }
                    nodes.into()
                }
                other => return Err(undefined(other, "Connection")),
            };
            told.insert(part.alias.clone(), value);
        }
        Ok(told.into())
    }
}

fn list(entries: Vec<Value>) -> Value {
    json!({ ENTRIES: entries })
}

fn pull_request(number: u64, request: &Request) -> Value {
    let author = request.author();
    let labels = request.labels.iter().map(|name| json!({ "__typename": "Label", "name": name })).collect();
    json!({
        "__typename": "PullRequest", "number": number, "title": format!("Change {number}"),
        "body": request.body.clone().unwrap_or_default(), "author": actor(&author),
        "mergedAt": request.merged_at(), "baseRefName": request.branch,
        "mergeCommit": request.commits.last().filter(|_| !request.open).map(|id| json!({ "__typename": "Commit", "oid": id })),
        "repository": { "__typename": "Repository", "nameWithOwner": request.repository() },
        "labels": list(labels),
        "reviews": list(request.reviews.iter().map(review).collect()),
        "comments": list(request.comments.iter().map(|entry| comment(number, entry)).collect()),
    })
}

/// An account as GraphQL has it: no mark at the logins of apps, and deleted ones are null.
fn actor(user: &Value) -> Value {
    match user["login"].as_str() {
        None | Some("ghost") => Value::Null,
        Some(login) => json!({ "__typename": user["type"], "login": login.trim_end_matches("[bot]") }),
    }
}

fn review(review: &Value) -> Value {
    json!({
        "__typename": "PullRequestReview", "state": review["state"], "submittedAt": review["submitted_at"],
        "authorAssociation": review["author_association"], "author": actor(&review["user"]),
    })
}

fn comment(number: u64, comment: &Value) -> Value {
    json!({
        "__typename": "IssueComment",
        "url": format!("https://github.com/contoso/orders/pull/{number}#issuecomment-{}", comment["id"]), "body": comment["body"],
        "createdAt": comment["created_at"], "updatedAt": comment["updated_at"],
        "authorAssociation": comment["author_association"], "author": actor(&comment["user"]),
    })
}
