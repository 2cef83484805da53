//! What each question is answered with.

mod builds;
mod pull_requests;
mod work_items;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Asked, State};
use super::{ORGANISATION, PROJECT, PROJECT_ID};

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The content type.
    pub kind: String,
    /// More headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    fn json(value: &Value) -> Self {
        Self {
            status: 200,
            kind: "application/json; charset=utf-8; api-version=7.1".to_owned(),
            headers: vec![("ActivityId".to_owned(), "a1b2c3d4".to_owned())],
            body: value.to_string(),
        }
    }

    fn list(items: Vec<Value>) -> Self {
        Self::json(&json!({ "count": items.len(), "value": items }))
    }

    /// A page of a list, and in a header what asks for the next one.
    fn page(state: &State, question: &Question<'_>, most: &str, items: Vec<Value>) -> Self {
        let from = question.number("continuationToken").unwrap_or(0);
        let asked = question.number(most).unwrap_or(1000);
        let size = if state.page == 0 { asked } else { asked.min(state.page) };
        let next = (items.len() > from + size).then(|| from + size);
        let mut answer = Self::list(items.into_iter().skip(from).take(size).collect());
        answer.headers.extend(next.map(|next| ("x-ms-continuationtoken".to_owned(), next.to_string())));
        answer
    }

    /// A failure as the service writes it.
    pub fn error(status: u16, kind: &str, message: &str) -> Self {
        let body = json!({
            "$id": "1", "innerException": null, "message": message, "typeName": format!("Microsoft.{kind}"),
            "typeKey": kind, "errorCode": 0, "eventId": 3000,
        });
        Self { status, ..Self::json(&body) }
    }

    /// The page to which a browser is sent.
    pub fn sign_in() -> Self {
        Self {
            status: 203,
            kind: "text/html; charset=utf-8".to_owned(),
            headers: Vec::new(),
            body: "<html><body>Azure DevOps Services | Sign In</body></html>".to_owned(),
        }
    }

    fn not_found(what: &str) -> Self {
        Self::error(
            404,
            "ResourceNotFoundException",
            &format!("{what} does not exist, or you do not have permission"),
        )
    }
}

/// A question, taken apart.
struct Question<'a> {
    method: &'a str,
    /// Below `_apis`.
    parts: Vec<&'a str>,
    query: BTreeMap<String, String>,
    body: Value,
    content_type: &'a str,
}

impl Question<'_> {
    fn given(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.given(name)?.parse().ok()
    }
}

/// Who somebody is: the same name is the same person.
fn identity(name: &str) -> Value {
    let mut id: u64 = 0xcbf2_9ce4_8422_2325;
    for byte in name.bytes() {
        id = (id ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let id = format!("{:08x}-{:04x}-4000-8000-{:012x}", id >> 32, id & 0xffff, id & 0xffff_ffff_ffff);
    json!({
        "id": id, "displayName": name, "uniqueName": format!("{}@contoso.com", name.to_lowercase().replace(' ', ".")),
        "url": format!("https://spsprodweu1.vssps.visualstudio.com/_apis/Identities/{id}"),
    })
}

/// Answers a question.
pub fn answer(state: &mut State, asked: &Asked) -> Answer {
    let (method, target) = asked.line.split_once(' ').unwrap_or(("GET", "/"));
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let path = decoded(path);
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let query: BTreeMap<String, String> = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(&value.replace('+', " "))))
        .collect();
    if !query.contains_key("api-version") {
        return Answer::error(400, "VssVersionNotSpecifiedException", "No api-version was supplied");
    }
    let [ORGANISATION, PROJECT | PROJECT_ID, "_apis", parts @ ..] = parts.as_slice() else {
        return Answer::not_found("the project");
    };
    let content_type = asked.headers.get("content-type").map_or("", String::as_str);
    let question = Question {
        method,
        parts: parts.to_vec(),
        query,
        body: serde_json::from_str(&asked.body).unwrap_or(Value::Null),
        content_type,
    };
    match question.parts.first().copied() {
        Some("git") => pull_requests::answer(state, &question),
        Some("wit") => work_items::answer(state, &question),
        Some("build" | "pipelines" | "test" | "testresults" | "distributedtask") => {
            builds::answer(state, &question)
        }
        _ => Answer::not_found("the resource"),
    }
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        let byte = match (first, tail.get(..2)) {
            (b'%', Some(pair)) => {
                std::str::from_utf8(pair).ok().and_then(|pair| u8::from_str_radix(pair, 16).ok())
            }
            _ => None,
        };
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { tail.get(2..).unwrap_or_default() } else { tail };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
