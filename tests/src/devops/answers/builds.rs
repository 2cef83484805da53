//! `build`, `pipelines`, `test`, `testresults`, `distributedtask`: runs and what they have.

use serde_json::{Value, json};

use super::{Answer, Question, identity};
use crate::devops::state::{Build, Lease, State, TestSet};

/// The stages of a run have ids in this block.
const STAGE: &str = "00000000-0000-4000-8000-0000000000";

pub(super) fn answer(state: &mut State, question: &Question<'_>) -> Answer {
    match (question.method, question.parts.as_slice()) {
        ("GET", ["build", "builds"]) => builds(state, question),
        ("GET", ["build", "changes"]) => changes_between(state, question),
        (_, ["build", "retention", "leases"]) => leases(state, question),
        (_, ["build", "builds", id, rest @ ..]) => {
            let Some((id, build)) =
                id.parse::<u64>().ok().and_then(|id| Some((id, state.builds.get_mut(&id)?)))
            else {
                return Answer::error(
                    404,
                    "BuildNotFoundException",
                    "TF201036: The requested build could not be found.",
                );
            };
            of_build(id, build, question, rest)
        }
        ("GET", ["pipelines", pipeline, "runs", id]) => run(state, pipeline, id),
        ("GET", ["pipelines", "approvals"]) => approvals(state, question),
        ("GET", ["test", "runs"]) => test_runs(state, question),
        ("GET", ["test", "Runs", set, "results"]) => cases(state, question, set),
        ("GET", ["testresults", "resultsummarybybuild"]) => summary(state, question),
        ("GET", ["distributedtask", "environments"]) => environments(state, question),
        ("GET", ["distributedtask", "environments", id, "environmentdeploymentrecords"]) => {
            records(state, question, id)
        }
        _ => Answer::not_found("the resource"),
    }
}

fn builds(state: &State, question: &Question<'_>) -> Answer {
    let fits = |build: &Build| {
        !build.deleted
            && question.given("definitions").is_none_or(|asked| asked == build.definition.to_string())
            && question.given("branchName").is_none_or(|asked| asked == build.branch)
            && question.given("tagFilters").is_none_or(|asked| build.tags.iter().any(|tag| tag == asked))
            && question.given("buildNumber").is_none_or(|asked| asked == build.number)
            && question.given("statusFilter").is_none_or(|asked| asked == build.status)
            && question.given("resultFilter").is_none_or(|asked| build.result.as_deref() == Some(asked))
    };
    let mut found: Vec<(&u64, &Build)> = state.builds.iter().filter(|(_, build)| fits(build)).collect();
    found.sort_by_key(|(_, build)| std::cmp::Reverse(build.finished.clone()));
    let found = found.into_iter().map(|(id, build)| whole(*id, build)).collect();
    Answer::page(state, question, "$top", found)
}

fn whole(id: u64, build: &Build) -> Value {
    let mut whole = json!({
        "id": id, "buildNumber": build.number, "status": build.status, "sourceBranch": build.branch,
        "sourceVersion": build.commit, "definition": { "id": build.definition, "name": "deploy" },
        "repository": { "id": "orders", "type": "TfsGit" }, "tags": build.tags, "deleted": build.deleted,
        "requestedFor": identity("Ada"),
    });
    if let Some(result) = &build.result {
        whole["result"] = json!(result);
    }
    if let Some(finished) = &build.finished {
        whole["finishTime"] = json!(finished);
    }
    whole
}

fn of_build(id: u64, build: &mut Build, question: &Question<'_>, rest: &[&str]) -> Answer {
    match (question.method, rest) {
        ("GET", []) => Answer::json(&whole(id, build)),
        ("GET", ["timeline"]) => Answer::json(&timeline(build)),
        ("GET", ["changes"]) => changes(&build.changes),
        ("GET", ["artifacts"]) => artifacts(build),
        ("GET", ["attachments", kind]) => attachments(id, build, kind),
        ("GET", [TIMELINE, record, "attachments", kind, name]) => attachment(build, record, kind, name),
        ("GET", ["leases"]) => Answer::list(build.leases.iter().map(|kept| lease(id, build, kept)).collect()),
        ("PUT", ["tags", tag]) => {
            let tag = (*tag).to_owned();
            if !build.tags.contains(&tag) {
                build.tags.push(tag);
            }
            Answer::list(build.tags.iter().map(|tag| json!(tag)).collect())
        }
        ("GET", ["tags"]) => Answer::list(build.tags.iter().map(|tag| json!(tag)).collect()),
        _ => Answer::not_found("the resource"),
    }
}

fn artifacts(build: &Build) -> Answer {
    let stored = build.artifacts.iter().map(|(name, size)| {
        json!({ "id": 1, "name": name, "source": null, "resource": {
            "type": "PipelineArtifact", "data": "x", "url": "https://artprodcus3.artifacts.visualstudio.com/x",
            "downloadUrl": "https://artprodcus3.artifacts.visualstudio.com/x?canary=1",
            "properties": { "artifactsize": size.to_string(), "RootId": null },
        }})
    });
    let expired =
        build.expired.iter().map(|name| json!({ "id": 2, "name": name, "source": null, "resource": null }));
    Answer::list(stored.chain(expired).collect())
}

/// The steps that attached something have ids in this block.
const STEP: &str = "00000000-0000-4000-8000-00000001";
/// The timeline that they stand in.
const TIMELINE: &str = "96ac2280-8cb4-5df5-99de-dd2da759617d";

fn attachments(id: u64, build: &Build, kind: &str) -> Answer {
    let of_kind = build.attachments.iter().enumerate().filter(|(_, (of, ..))| of == kind);
    Answer::list(
        of_kind
            .map(|(index, (_, name, _))| {
                let href = format!(
                    "https://dev.azure.com/contoso/orders/_apis/build/builds/{id}/{TIMELINE}/{STEP}{index:04}/attachments/{kind}/{name}"
                );
                json!({ "name": name, "_links": { "self": { "href": href } } })
            })
            .collect(),
    )
}

fn attachment(build: &Build, record: &str, kind: &str, name: &str) -> Answer {
    let index = record.strip_prefix(STEP).and_then(|index| index.parse::<usize>().ok());
    match index.and_then(|index| build.attachments.get(index)) {
        Some((of, named, text)) if of == kind && named == name => Answer {
            kind: "application/octet-stream".to_owned(),
            body: text.clone(),
            ..Answer::json(&Value::Null)
        },
        _ => Answer::not_found("the attachment"),
    }
}

fn lease(id: u64, build: &Build, lease: &Lease) -> Value {
    json!({
        "leaseId": lease.id, "ownerId": lease.owner, "runId": id, "definitionId": build.definition,
        "createdOn": "2026-11-25T09:00:00Z", "validUntil": lease.until, "protectPipeline": false,
    })
}

/// Keeps runs: each lease that is asked for is a new one, as the service makes it.
fn leases(state: &mut State, question: &Question<'_>) -> Answer {
    let asked = question.body.as_array().filter(|_| question.method == "POST");
    let Some(asked) = asked else { return Answer::not_found("the resource") };
    let mut made = Vec::new();
    for wanted in asked {
        let id = wanted["runId"].as_u64().unwrap_or_default();
        let Some(build) = state.builds.get_mut(&id) else { return Answer::not_found("the run") };
        let days = wanted["daysValid"].as_u64().unwrap_or_default();
        if wanted["definitionId"] != build.definition || days == 0 {
            return Answer::error(400, "InvalidLeaseException", "the lease is not valid");
        }
        let number = 1 + build.leases.len() as u64;
        let kept = Lease {
            id: id * 1000 + number,
            owner: wanted["ownerId"].as_str().unwrap_or_default().to_owned(),
            // Long enough for whatever is asked.
            until: format!("{}-01-01T00:00:00Z", 2100 + days),
        };
        made.push(lease(id, build, &kept));
        build.leases.push(kept);
    }
    Answer::list(made)
}

fn changes(commits: &[String]) -> Answer {
    Answer::list(
        commits
            .iter()
            .map(|commit| {
                json!({ "id": commit, "message": "Change the network", "messageTruncated": true, "type": "TfsGit" })
            })
            .collect(),
    )
}

/// The commits of the runs of a pipeline after one and up to another.
fn changes_between(state: &State, question: &Question<'_>) -> Answer {
    let run = |name| question.number(name).map_or(0, |number| number as u64);
    let (from, to) = (run("fromBuildId"), run("toBuildId"));
    let Some(pipeline) = state.builds.get(&to).map(|build| build.definition) else {
        return Answer::not_found("the run");
    };
    let runs = state.builds.range(from + 1..=to).filter(|(_, build)| build.definition == pipeline);
    let commits: Vec<String> = runs.flat_map(|(_, build)| build.changes.clone()).collect();
    changes(&commits)
}

fn timeline(build: &Build) -> Value {
    let mut records = Vec::new();
    for (index, stage) in build.stages.iter().enumerate() {
        let id = format!("{STAGE}{index:02}");
        records.push(json!({
            "id": id, "parentId": null, "type": "Stage", "name": format!("Stage {}", stage.name), "identifier": stage.name,
            "state": stage.state, "result": stage.result, "order": index + 1, "attempt": 1,
            "startTime": null, "finishTime": null, "previousAttempts": [], "issues": null, "log": null,
        }));
        if let Some(approval) = &stage.approval {
            let checkpoint = format!("{STAGE}{:02}", index + 50);
            records.push(json!({ "id": checkpoint, "parentId": id, "type": "Checkpoint", "name": "Checkpoint", "state": "completed", "result": "succeeded" }));
            records.push(json!({ "id": approval, "parentId": checkpoint, "type": "Checkpoint.Approval", "name": "Approval", "state": "completed", "result": "succeeded" }));
        }
    }
    json!({ "id": TIMELINE, "changeId": 7, "records": records })
}

fn run(state: &State, pipeline: &str, id: &str) -> Answer {
    let found = id.parse::<u64>().ok().and_then(|id| Some((id, state.builds.get(&id)?)));
    let Some((id, build)) = found.filter(|(_, build)| build.definition.to_string() == pipeline) else {
        return Answer::not_found("the run");
    };
    let pipelines: serde_json::Map<String, Value> = build
        .resources
        .iter()
        .map(|(alias, pipeline, version)| {
            (
                alias.clone(),
                json!({ "version": version, "pipeline": { "id": pipeline, "name": "build", "revision": 1 } }),
            )
        })
        .collect();
    Answer::json(&json!({
        "id": id, "name": build.number, "state": build.status, "resources": { "pipelines": pipelines, "repositories": {} },
    }))
}

fn approvals(state: &State, question: &Question<'_>) -> Answer {
    let asked = question.given("approvalIds").unwrap_or_default();
    let found = asked.split(',').filter_map(|id| Some((id, state.approvals.get(id)?)));
    Answer::list(
        found
            .map(|(id, approval)| {
                let mut step = json!({
                    "assignedApprover": identity("[orders]\\Release Managers"), "status": approval.status, "comment": null,
                    "initiatedOn": "2026-11-25T09:00:00Z", "lastModifiedOn": "2026-11-25T09:05:00.123Z", "order": 1,
                });
                if approval.status == "approved" {
                    step["actualApprover"] = identity(&approval.by);
                }
                json!({ "id": id, "status": approval.status, "createdOn": "2026-11-25T09:00:00Z", "minRequiredApprovers": 0, "steps": [step] })
            })
            .collect(),
    )
}

/// The number of a set: the run's, and its place in the run.
fn set_of(state: &State, number: u64) -> Option<&TestSet> {
    let place = usize::try_from(number % 1000).ok()?;
    state.builds.get(&(number / 1000))?.tests.get(place)
}

fn total(set: &TestSet) -> u64 {
    set.outcomes.iter().map(|(_, count)| count).sum()
}

fn test_runs(state: &State, question: &Question<'_>) -> Answer {
    let id = question.given("buildUri").and_then(|uri| uri.rsplit('/').next()?.parse::<u64>().ok());
    let Some((id, build)) = id.and_then(|id| Some((id, state.builds.get(&id)?))) else {
        return Answer::list(Vec::new());
    };
    let sets = build.tests.iter().enumerate().map(|(index, set)| {
        let statistics: Vec<Value> = set
            .outcomes
            .iter()
            .map(|(outcome, count)| json!({ "state": "Completed", "outcome": outcome, "count": count }))
            .collect();
        json!({
            "id": id * 1000 + index as u64, "name": set.name, "state": set.state, "totalTests": total(set),
            "isAutomated": true, "runStatistics": statistics, "completedDate": "2026-11-25T08:00:00Z",
        })
    });
    Answer::list(sets.collect())
}

fn cases(state: &State, question: &Question<'_>, set: &str) -> Answer {
    let Some(set) = set.parse().ok().and_then(|number| set_of(state, number)) else {
        return Answer::not_found("the test run");
    };
    let most = question.number("$top").unwrap_or(1000);
    let outcomes = set.outcomes.iter().flat_map(|(outcome, count)| (0..*count).map(move |_| outcome));
    Answer::list(
        outcomes
            .take(most)
            .enumerate()
            .map(|(index, outcome)| {
                json!({
                    "id": index + 1, "outcome": outcome, "state": "Completed", "automatedTestStorage": set.class,
                    "automatedTestName": format!("{}.case{index}", set.class), "testCaseTitle": format!("case{index}"),
                })
            })
            .collect(),
    )
}

fn summary(state: &State, question: &Question<'_>) -> Answer {
    let build = question.number("buildId").and_then(|id| state.builds.get(&(id as u64)));
    let tests = build.map_or(&[][..], |build| &build.tests);
    let mut outcomes = serde_json::Map::new();
    for (outcome, count) in tests.iter().flat_map(|set| &set.outcomes) {
        let known = outcomes.get(outcome).and_then(|known| known["count"].as_u64()).unwrap_or(0);
        // Keys are written large, and their values small.
        let mut small = outcome.clone();
        small.get_mut(..1).into_iter().for_each(str::make_ascii_lowercase);
        outcomes.insert(outcome.clone(), json!({ "outcome": small, "count": known + count }));
    }
    let listed: u64 = tests.iter().map(total).sum();
    let all = listed + build.map_or(0, |build| build.unlisted_tests);
    Answer::json(&json!({
        "aggregatedResultsAnalysis": {
            "totalTests": all, "resultsByOutcome": outcomes, "duration": "00:00:01",
            "runSummaryByState": { "Completed": { "state": "completed", "runsCount": tests.len() } },
        },
        "totalRunsCount": tests.len(),
    }))
}

fn environments(state: &State, question: &Question<'_>) -> Answer {
    // The name is where names may begin.
    let asked = question.given("name").unwrap_or_default().to_lowercase();
    let found = state.environments.iter().filter(|(_, (name, _))| name.to_lowercase().starts_with(&asked));
    Answer::list(found.map(|(id, (name, _))| json!({ "id": id, "name": name, "resources": [] })).collect())
}

fn records(state: &State, question: &Question<'_>, id: &str) -> Answer {
    let Some((_, records)) = id.parse().ok().and_then(|id: u64| state.environments.get(&id)) else {
        return Answer::not_found("the environment");
    };
    let all = records.iter().enumerate().map(|(index, record)| {
        let mut one = json!({
            "id": records.len() - index, "environmentId": 1, "stageName": "Deploy", "stageAttempt": record.attempt,
            "jobName": "deploy", "jobAttempt": 1, "planType": "Build", "definition": { "id": record.definition, "name": "deploy" },
            "owner": { "id": record.build, "name": format!("2026.{}", record.build) },
        });
        if let Some(result) = &record.result {
            one["result"] = json!(result);
        }
        if let Some(resource) = record.resource {
            one["resourceId"] = json!(resource);
        }
        if let Some(finished) = &record.finished {
            one["finishTime"] = json!(finished);
        }
        one
    });
    Answer::page(state, question, "top", all.collect())
}
