//! `git`: pull requests, their threads and statuses, files.

use serde_json::{Value, json};

use super::{Answer, Question, identity};
use crate::devops::state::{Comment, PullRequest, State, Status, Thread};

/// The repository.
const REPOSITORY: &str = "orders";
/// A list cuts descriptions off after so many characters.
const CUT: usize = 400;

pub(super) fn answer(state: &mut State, question: &Question<'_>) -> Answer {
    let ["git", "repositories", repository, rest @ ..] = question.parts.as_slice() else {
        return Answer::not_found("the resource");
    };
    if !repository.eq_ignore_ascii_case(REPOSITORY) {
        return Answer::error(
            404,
            "GitRepositoryNotFoundException",
            "TF401019: The Git repository with name or identifier does not exist or you do not have permissions",
        );
    }
    match (question.method, rest) {
        ("POST", ["pullrequestquery"]) => query(state, question),
        ("GET", ["items"]) => item(state, question),
        (_, ["pullrequests" | "pullRequests", number, rest @ ..]) => {
            let Some((number, request)) = number
                .parse::<u64>()
                .ok()
                .and_then(|number| Some((number, state.pull_requests.get_mut(&number)?)))
            else {
                return Answer::error(
                    404,
                    "GitPullRequestNotFoundException",
                    "TF401180: The requested pull request was not found.",
                );
            };
            of_request(number, request, question, rest)
        }
        _ => Answer::not_found("the resource"),
    }
}

fn query(state: &State, question: &Question<'_>) -> Answer {
    let queries = question.body["queries"].as_array().cloned().unwrap_or_default();
    let results: Vec<Value> = queries
        .iter()
        .map(|query| {
            let mut found = serde_json::Map::new();
            for commit in query["items"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let fits = |request: &PullRequest| match query["type"].as_str() {
                    Some("lastMergeCommit") => request.merge_commit.as_deref() == Some(commit),
                    _ => request.commits.iter().any(|own| own == commit),
                };
                let requests: Vec<Value> = state
                    .pull_requests
                    .iter()
                    .filter(|(_, request)| fits(request))
                    .map(|(number, request)| short(*number, request))
                    .collect();
                if !requests.is_empty() {
                    found.insert(commit.to_owned(), Value::Array(requests));
                }
            }
            Value::Object(found)
        })
        .collect();
    Answer::json(&json!({ "queries": queries, "results": results }))
}

/// A pull request as lists have it: its description cut off.
fn short(number: u64, request: &PullRequest) -> Value {
    let cut: Option<String> =
        request.description.as_ref().map(|description| description.chars().take(CUT).collect());
    json!({
        "pullRequestId": number, "status": request.status, "title": request.title, "description": cut,
        "targetRefName": request.target, "createdBy": identity(&request.author),
    })
}

fn whole(number: u64, request: &PullRequest, question: &Question<'_>) -> Value {
    let reviewers: Vec<Value> = request
        .reviewers
        .iter()
        .map(|reviewer| {
            let mut one = identity(&reviewer.name);
            one["vote"] = json!(reviewer.vote);
            one["hasDeclined"] = json!(false);
            one["isFlagged"] = json!(false);
            if !reviewer.groups.is_empty() {
                let groups: Vec<Value> = reviewer
                    .groups
                    .iter()
                    .map(|group| {
                        let mut group = identity(group);
                        group["vote"] = json!(reviewer.vote);
                        group
                    })
                    .collect();
                one["votedFor"] = Value::Array(groups);
            }
            one
        })
        .collect();
    let mut whole = json!({
        "pullRequestId": number, "codeReviewId": number, "status": request.status, "title": request.title,
        "targetRefName": request.target, "sourceRefName": "refs/heads/topic", "isDraft": false,
        "createdBy": identity(&request.author), "creationDate": "2026-11-20T08:00:00Z",
        "reviewers": reviewers, "labels": [{ "id": "0f8fad5b-d9cb-469f-a165-70867728950e", "name": "gate", "active": true }],
        "mergeStatus": "succeeded", "supportsIterations": true,
    });
    if let Some(description) = &request.description {
        whole["description"] = json!(description);
    }
    for (field, commit) in
        [("lastMergeCommit", &request.merge_commit), ("lastMergeTargetCommit", &request.merged_onto)]
    {
        if let Some(commit) = commit {
            whole[field] = json!({ "commitId": commit });
        }
    }
    if let Some(strategy) = &request.strategy {
        whole["completionOptions"] = json!({ "mergeStrategy": strategy, "deleteSourceBranch": true });
    }
    if question.given("includeWorkItemRefs") == Some("true") {
        // Ids of work items are texts here.
        whole["workItemRefs"] = request
            .work_items
            .iter()
            .map(|id| json!({ "id": id.to_string(), "url": format!("https://dev.azure.com/contoso/_apis/wit/workItems/{id}") }))
            .collect();
    }
    whole
}

fn of_request(number: u64, request: &mut PullRequest, question: &Question<'_>, rest: &[&str]) -> Answer {
    match (question.method, rest) {
        ("GET", []) => Answer::json(&whole(number, request, question)),
        ("GET", ["threads"]) => {
            let threads = request.threads.iter().enumerate();
            Answer::list(threads.map(|(index, thread)| thread_of(index + 1, thread)).collect())
        }
        ("POST", ["threads"]) => {
            let content = question.body["comments"][0]["content"].as_str().unwrap_or_default();
            let status = question.body["status"].as_str().unwrap_or("active").to_owned();
            request.threads.push(Thread { comments: vec![own(content)], status });
            let index = request.threads.len();
            Answer::json(&thread_of(index, &request.threads[index - 1]))
        }
        ("PATCH", ["threads", thread]) => match thread_at(request, thread) {
            Some((index, thread)) => {
                if let Some(status) = question.body["status"].as_str() {
                    thread.status = status.to_owned();
                }
                Answer::json(&thread_of(index, thread))
            }
            None => Answer::not_found("the thread"),
        },
        ("PATCH", ["threads", thread, "comments", comment]) => {
            let comment: usize = comment.parse().unwrap_or(0);
            let found = thread_at(request, thread)
                .and_then(|(_, thread)| thread.comments.get_mut(comment.wrapping_sub(1)));
            match found {
                Some(found) => {
                    question.body["content"].as_str().unwrap_or_default().clone_into(&mut found.content);
                    Answer::json(&comment_of(comment, found))
                }
                None => Answer::not_found("the comment"),
            }
        }
        ("POST", ["statuses"]) => {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let context = &question.body["context"];
            let state = text(&question.body["state"]);
            let description = text(&question.body["description"]);
            request.statuses.insert(
                (text(&context["genre"]), text(&context["name"])),
                Status { state: state.clone(), description },
            );
            Answer::json(&json!({ "id": 1, "state": state, "context": context }))
        }
        _ => Answer::not_found("the resource"),
    }
}

fn thread_at<'r>(request: &'r mut PullRequest, number: &str) -> Option<(usize, &'r mut Thread)> {
    let number: usize = number.parse().ok()?;
    Some((number, request.threads.get_mut(number.checked_sub(1)?)?))
}

fn own(content: &str) -> Comment {
    Comment {
        author: "orders Build Service (contoso)".to_owned(),
        content: content.to_owned(),
        when: "2026-11-25T10:00:00.6655471Z".to_owned(),
        kind: "text".to_owned(),
    }
}

fn comment_of(id: usize, comment: &Comment) -> Value {
    json!({
        "id": id, "parentCommentId": 0, "author": identity(&comment.author), "content": comment.content,
        "publishedDate": comment.when, "lastUpdatedDate": comment.when, "lastContentUpdatedDate": comment.when,
        "commentType": comment.kind,
    })
}

fn thread_of(id: usize, thread: &Thread) -> Value {
    let comments: Vec<Value> =
        thread.comments.iter().enumerate().map(|(index, comment)| comment_of(index + 1, comment)).collect();
    let votes =
        thread.comments.iter().any(|comment| comment.kind == "system" && comment.content.contains(" voted "));
    let mut whole = json!({ "id": id, "comments": comments, "isDeleted": false });
    // The service's own threads have no status.
    if !thread.status.is_empty() {
        whole["status"] = json!(thread.status);
    }
    if votes {
        whole["properties"] =
            json!({ "CodeReviewThreadType": { "$type": "System.String", "$value": "VoteUpdate" } });
    }
    whole
}

fn item(state: &State, question: &Question<'_>) -> Answer {
    let version = question.given("versionDescriptor.version").unwrap_or_default().to_owned();
    let path = question.given("path").unwrap_or_default().trim_start_matches('/').to_owned();
    match state.files.get(&(version, path.clone())) {
        Some(content) => Answer::json(&json!({
            "objectId": "61a86fdaa79e5c6f5fb6e4026508489feb6ed92c", "gitObjectType": "blob",
            "commitId": "23d0bc5b128a10056dc68afece360d8a0fabb014", "path": format!("/{path}"), "content": content,
        })),
        None => Answer::error(404, "GitItemNotFoundException", "TF401174: The item could not be found"),
    }
}
