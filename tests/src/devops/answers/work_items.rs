//! `wit`: work items.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Question, identity};
use crate::devops::state::{State, Update, WorkItem};

pub(super) fn answer(state: &mut State, question: &Question<'_>) -> Answer {
    match (question.method, question.parts.get(1..).unwrap_or_default()) {
        ("POST", ["workitemsbatch"]) => batch(state, question),
        ("GET", ["workItems", id, "updates"]) => updates(state, question, id),
        ("POST", ["workitems", kind]) if kind.starts_with('$') => create(state, question, &kind[1..]),
        ("PATCH", ["workitems", id]) => change(state, question, id),
        ("POST", ["wiql"]) => wiql(state, question),
        _ => Answer::not_found("the resource"),
    }
}

fn batch(state: &State, question: &Question<'_>) -> Answer {
    let ids: Vec<u64> =
        question.body["ids"].as_array().into_iter().flatten().filter_map(Value::as_u64).collect();
    if ids.len() > 200 {
        return Answer::error(400, "VssPropertyValidationException", "TF200016: ids: at most 200");
    }
    if question.body.get("fields").is_some() && question.body.get("$expand").is_some() {
        return Answer::error(
            400,
            "ConflictingParametersException",
            "The expand parameter can not be used with the fields parameter.",
        );
    }
    // Those that are not there stay as nulls.
    Answer::list(
        ids.iter().map(|id| state.work_items.get(id).map_or(Value::Null, |item| whole(*id, item))).collect(),
    )
}

fn whole(id: u64, item: &WorkItem) -> Value {
    let relations: Vec<Value> = item
        .links
        .iter()
        .map(|link| {
            let kind = if link.starts_with("vstfs:") { "ArtifactLink" } else { "Hyperlink" };
            json!({ "rel": kind, "url": link, "attributes": { "comment": "link" } })
        })
        .collect();
    let mut whole = json!({ "id": id, "rev": item.updates.len().max(1), "fields": item.fields, "url": format!("https://dev.azure.com/contoso/_apis/wit/workItems/{id}") });
    if !relations.is_empty() {
        whole["relations"] = Value::Array(relations);
    }
    whole
}

fn updates(state: &State, question: &Question<'_>, id: &str) -> Answer {
    let Some((id, item)) = id.parse::<u64>().ok().and_then(|id| Some((id, state.work_items.get(&id)?)))
    else {
        return Answer::error(
            404,
            "WorkItemUnauthorizedAccessException",
            "TF401232: Work item does not exist, or you do not have permissions to read it.",
        );
    };
    let (skip, top) = (question.number("$skip").unwrap_or(0), question.number("$top").unwrap_or(200));
    let updates = item.updates.iter().enumerate().skip(skip).take(top).map(|(index, update)| {
        let mut fields: BTreeMap<&str, Value> =
            update.fields.iter().map(|(name, value)| (name.as_str(), json!({ "newValue": value }))).collect();
        fields.insert("System.ChangedDate", json!({ "newValue": update.when }));
        json!({ "id": index + 1, "workItemId": id, "rev": index + 1, "revisedBy": identity(&update.by), "revisedDate": "9999-01-01T00:00:00Z", "fields": fields })
    });
    Answer::list(updates.collect())
}

/// Who writes with the job's token.
const BUILD_SERVICE: &str = "orders Build Service (contoso)";

/// The work item after a JSON Patch, with one more change; the answer that refuses it, where it is none.
fn patched(item: &WorkItem, question: &Question<'_>) -> Result<WorkItem, Answer> {
    if question.content_type != "application/json-patch+json" {
        return Err(Answer::error(
            415,
            "VssRequestContentTypeNotSupportedException",
            "The request indicated a Content-Type that is not supported",
        ));
    }
    let mut item = item.clone();
    let mut fields = BTreeMap::new();
    for operation in question.body.as_array().into_iter().flatten() {
        let path = operation["path"].as_str().unwrap_or_default();
        if let Some(field) = path.strip_prefix("/fields/") {
            item.fields.insert(field.to_owned(), operation["value"].clone());
            fields.insert(field.to_owned(), operation["value"].as_str().unwrap_or_default().to_owned());
        } else if path == "/relations/-" {
            let link = operation["value"]["url"].as_str().unwrap_or_default();
            if item.links.iter().any(|known| known == link) {
                return Err(Answer::error(
                    400,
                    "RuleValidationException",
                    "VS403465: Relation already exists.",
                ));
            }
            item.links.push(link.to_owned());
        } else {
            return Err(Answer::error(400, "VssPropertyValidationException", path));
        }
    }
    let when = format!("2026-11-25T10:{:02}:00Z", item.updates.len());
    item.updates.push(Update { by: BUILD_SERVICE.to_owned(), when, fields });
    Ok(item)
}

/// Whether nothing shall be kept.
fn is_trial(question: &Question<'_>) -> bool {
    question.given("validateOnly") == Some("true")
}

fn create(state: &mut State, question: &Question<'_>, kind: &str) -> Answer {
    let id = state.work_items.keys().max().map_or(1, |id| id + 1);
    let mut item = match patched(&WorkItem::default(), question) {
        Ok(item) => item,
        Err(refused) => return refused,
    };
    item.fields.insert("System.WorkItemType".to_owned(), json!(kind));
    if is_trial(question) {
        // It is no work item: it has no number.
        let mut answer = whole(0, &item);
        answer.as_object_mut().expect("an object").remove("id");
        return Answer::json(&answer);
    }
    let answer = Answer::json(&whole(id, &item));
    state.work_items.insert(id, item);
    answer
}

fn change(state: &mut State, question: &Question<'_>, id: &str) -> Answer {
    let Some((id, item)) = id.parse::<u64>().ok().and_then(|id| Some((id, state.work_items.get_mut(&id)?)))
    else {
        return Answer::not_found("the work item");
    };
    match patched(item, question) {
        Ok(changed) => {
            let answer = Answer::json(&whole(id, &changed));
            if !is_trial(question) {
                *item = changed;
            }
            answer
        }
        Err(refused) => refused,
    }
}

/// Queries by a tag, which is all that is asked here.
fn wiql(state: &State, question: &Question<'_>) -> Answer {
    let query = question.body["query"].as_str().unwrap_or_default();
    let tag = query.split_once("CONTAINS '").and_then(|(_, rest)| rest.split_once('\'')).map(|(tag, _)| tag);
    let tagged = |item: &WorkItem| {
        let tags = item.fields.get("System.Tags").and_then(Value::as_str).unwrap_or_default();
        tag.is_some_and(|tag| tags.split(';').any(|own| own.trim() == tag))
    };
    let found: Vec<Value> = state
        .work_items
        .iter()
        .filter(|(_, item)| tagged(item))
        .map(|(id, _)| json!({ "id": id, "url": format!("https://dev.azure.com/contoso/_apis/wit/workItems/{id}") }))
        .collect();
    Answer::json(
        &json!({ "queryType": "flat", "queryResultType": "workItem", "asOf": "2026-11-25T10:00:00Z", "columns": [], "workItems": found }),
    )
}
