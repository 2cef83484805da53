use crate::devops::double::{Service, json};
use crate::devops::environments::{Approval, ApprovalState, DeploymentRecord};
use crate::devops::pull_requests::{PullRequest, PullRequestState, Thread, pull_request};
use crate::devops::runs::{
    self, Artifact, Attachment, Build, BuildFilter, BuildResult, NewLease, RecordResult, Run, Timeline,
};
use crate::devops::test_results::{Outcome, TestRun, TestRunState};
use crate::devops::work_items::{NewWorkItem, WorkItemChange};
use crate::devops::{Why, repositories::Version};
use crate::transport::Response;

fn read<T: serde::de::DeserializeOwned>(text: &str) -> T {
    serde_json::from_str(text).unwrap()
}

#[test]
fn nulls_are_absent_and_unknown_words_are_other() {
    let request: PullRequest = read(
        r#"{"pullRequestId":12,"title":"T","description":null,"status":"frozen","createdBy":null,"reviewers":null,
            "labels":[null,{"name":"risk"}],"workItemRefs":[{"id":"7","url":"x"}],"completionOptions":null,"closedDate":"0001-01-01T00:00:00"}"#,
    );
    assert_eq!((request.description.as_str(), request.status), ("", PullRequestState::Other));
    assert_eq!((request.labels.len(), request.work_item_refs[0].id, request.closed_date), (1, 7, None));
    let build: Build =
        read(r#"{"id":3,"status":null,"result":"SUCCEEDED","tags":null,"definition":{"id":9}}"#);
    assert_eq!((build.result, build.definition.id, build.tags.len()), (BuildResult::Succeeded, 9, 0));
    assert!(serde_json::from_str::<Build>(r#"{"id":null}"#).is_err(), "an id must be there");
    let approval: Approval =
        read(r#"{"id":"a","status":"deferred","steps":[{"status":"approved","actualApprover":null}]}"#);
    assert_eq!((approval.status, approval.steps[0].status), (ApprovalState::Other, ApprovalState::Approved));
}

#[test]
fn a_record_that_runs_has_no_result() {
    let timeline: Timeline = read(
        r#"{"id":"t","records":[{"id":"1","type":"Stage","identifier":"Build","state":"completed","result":"succeededWithIssues"},
            {"id":"2","type":"Stage","identifier":"Deploy","state":"inProgress","result":null},
            {"id":"3","type":"Stage","result":"melted"}]}"#,
    );
    let results: Vec<_> = timeline.records.iter().map(|record| record.result).collect();
    assert_eq!(results, [Some(RecordResult::SucceededWithIssues), None, Some(RecordResult::Other)]);
    let record: DeploymentRecord =
        read(r#"{"id":1,"owner":{"id":77,"name":"20261125.1"},"result":null,"resourceId":null}"#);
    assert_eq!((record.owner.id, record.result), (77, None));
}

#[test]
fn a_commit_gets_the_pull_requests_of_both_questions_once() {
    let service = Service::always(json(
        r#"{"queries":[],"results":[{"AA":[{"pullRequestId":12,"status":"completed","targetRefName":"refs/heads/main"}]},
            {"aa":[{"pullRequestId":12,"status":"completed"},{"pullRequestId":13,"status":"active"}],"bb":null}]}"#,
    ));
    let found = service.client().pull_requests_of("orders", &["aa".into(), "bb".into()]).unwrap();
    let ids = |commit: &str| found[commit].iter().map(|request| request.id).collect::<Vec<_>>();
    assert_eq!((ids("aa"), ids("bb")), (vec![12, 13], vec![]));
    let asked = service.asked.lock().unwrap();
    assert_eq!(asked.len(), 1, "one query for all commits");
    assert!(asked[0].path_and_query.starts_with("/orders/_apis/git/repositories/orders/pullrequestquery?"));
    let none = Service::always(json(r#"{"results":[{}]}"#));
    let error = none.client().pull_requests_of("orders", &["aa".into()]).unwrap_err();
    assert!(matches!(error.why, Why::Unreadable(_)), "half an answer is none");
}

#[test]
fn work_items_come_in_batches_without_those_that_may_not_be_seen() {
    let service = Service::new(|_, request| {
        let body: serde_json::Value = serde_json::from_slice(&request.body.as_ref().unwrap().bytes).unwrap();
        let ids = body["ids"].as_array().unwrap();
        assert!(ids.len() <= 200 && body["errorPolicy"] == "omit");
        Ok(json(&format!(
            r#"{{"count":2,"value":[null,{{"id":{},"fields":{{"System.Tags":"a; b","System.Rev":3}}}}]}}"#,
            ids[0]
        )))
    });
    let numbers: Vec<u64> = (1..=401).collect();
    let items = service.client().work_items(&numbers).unwrap();
    assert_eq!(items.iter().map(|item| item.id).collect::<Vec<_>>(), [1, 201, 401]);
    assert_eq!(items[0].tags(), ["a", "b"]);
    assert_eq!(items[0].text("System.Rev"), "", "a number is no text");
}

#[test]
fn a_new_work_item_is_a_patch_of_its_own_content_type() {
    let service = Service::always(json(r#"{"id":5}"#));
    let new = NewWorkItem {
        kind: "User Story".into(),
        fields: vec![("System.Title".into(), "It \"broke\"".into())],
        builds: vec![12],
        pages: vec![],
    };
    assert_eq!(service.client().create_work_item(&new).unwrap().id, 5);
    let asked = service.asked.lock().unwrap();
    let body = asked[0].body.as_ref().unwrap();
    assert_eq!(body.content_type, "application/json-patch+json");
    assert!(asked[0].path_and_query.contains("/wit/workitems/$User%20Story?"));
    let patch: serde_json::Value = serde_json::from_slice(&body.bytes).unwrap();
    assert_eq!(patch[0]["value"], "It \"broke\"");
    assert_eq!(patch[1]["value"]["url"], "vstfs:///Build/Build/12");
}

#[test]
fn a_change_says_when_it_was_made() {
    let change: WorkItemChange = read(
        r#"{"id":2,"revisedBy":{"displayName":"Jane"},"revisedDate":"9999-01-01T00:00:00Z",
            "fields":{"System.ChangedDate":{"oldValue":"x","newValue":"2026-11-20T10:00:00Z"},"System.State":{"newValue":"Done"},"System.Rev":null}}"#,
    );
    assert_eq!(change.new_text("System.State"), Some("Done"));
    assert_eq!(change.when().map(|when| when.to_string()).as_deref(), Some("2026-11-20T10:00:00Z"));
}

#[test]
fn an_attachment_is_asked_by_its_ids_and_never_by_its_link() {
    let attachment = |href: &str| -> Attachment {
        read(
            &serde_json::json!({ "name": "verdict.json", "_links": { "self": { "href": href } } })
                .to_string(),
        )
    };
    let ids = "0f8fad5b-d9cb-469f-a165-70867728950e/7c9e6679-7425-40de-944b-e07fc1f90ae7";
    let call = runs::attachment(
        12,
        "runbook-gate",
        &attachment(&format!("https://evil.example/o/p/_apis/build/builds/99/{ids}/attachments/x/y")),
    )
    .unwrap();
    assert_eq!(
        call.path_and_query(Some("p")).unwrap(),
        format!("/p/_apis/build/builds/12/{ids}/attachments/runbook-gate/verdict.json?api-version=7.1")
    );
    for bad in ["", "https://x/attachments/y", "https://x/a/../../attachments/y"] {
        assert!(runs::attachment(12, "k", &attachment(bad)).is_none(), "{bad}");
    }
    let bytes = Service::always(Response::new(200, "application/octet-stream", "abc"));
    assert_eq!(bytes.client().send(&call).unwrap().into_bytes(), b"abc");
}

#[test]
fn files_that_are_not_there_are_told_from_files_that_cannot_be_read() {
    let file = |response: Response| {
        let version = Version::Branch("main".into());
        Service::always(response).client().file("orders", "runbook.yml", &version)
    };
    assert_eq!(file(json(r#"{"content":"a: 1"}"#)).unwrap().as_deref(), Some("a: 1"));
    assert_eq!(file(Response::new(404, "application/json", "{}")).unwrap(), None);
    assert!(file(json(r#"{"content":null}"#)).is_err());
    assert!(file(json(r#"{"content":"x","contentMetadata":{"isBinary":true}}"#)).is_err());
    assert!(file(Response::new(203, "text/html", "<html>")).is_err());
}

#[test]
fn names_of_environments_are_compared_whole() {
    let service = Service::always(json(r#"{"value":[{"id":1,"name":"prod-eu"},{"id":2,"name":"Prod"}]}"#));
    assert_eq!(service.client().environment("prod").unwrap().map(|found| found.id), Some(2));
    assert_eq!(service.client().environment("pro").unwrap(), None);
}

#[test]
fn what_a_run_has_is_read() {
    let artifact: Artifact = read(
        r#"{"id":1,"name":"drop","resource":{"type":"PipelineArtifact","properties":{"artifactsize":"120","RootId":null}}}"#,
    );
    assert_eq!(artifact.size(), Some(120));
    let run: Run = read(
        r#"{"resources":{"pipelines":{"build":{"version":"1.2","pipeline":{"id":4,"name":"b"}}},"repositories":{}}}"#,
    );
    assert_eq!(run.resources.pipelines["build"].pipeline.id, 4);
    let tests: TestRun = read(
        r#"{"id":1,"name":"unit","state":"NeedsInvestigation","totalTests":2,"runStatistics":[{"outcome":"Passed","count":1},{"outcome":"Exploded","count":1}]}"#,
    );
    assert_eq!(tests.state, TestRunState::NeedsInvestigation);
    assert_eq!(
        tests.run_statistics.iter().map(|part| part.outcome).collect::<Vec<_>>(),
        [Outcome::Passed, Outcome::Other]
    );
    let thread: Thread = read(
        r#"{"id":1,"comments":null,"status":null,"properties":{"CodeReviewThreadType":{"$type":"System.String","$value":"VoteUpdate"},"x":null}}"#,
    );
    assert!(thread.notes_a_vote());
}

#[test]
fn what_changes_something_says_so() {
    let service = Service::new(|path, _| {
        Ok(if path.contains("/tags/") {
            json(r#"{"value":["a"]}"#)
        } else {
            json(r#"{"value":[{"leaseId":3}]}"#)
        })
    });
    let client = service.client();
    client.tag_run(12, "runbook-gate-proceed-production").unwrap();
    let lease = NewLease { run: 12, definition: 4, owner: "gate:prod".into(), days: 30 };
    assert_eq!(client.keep_run(&lease).unwrap()[0].id, 3);
    let asked = service.asked.lock().unwrap();
    let lines: Vec<String> = asked
        .iter()
        .map(|request| format!("{} {}", request.method.as_str(), request.path_and_query))
        .collect();
    assert_eq!(
        lines,
        [
            "PUT /orders/_apis/build/builds/12/tags/runbook-gate-proceed-production?api-version=7.1",
            "POST /orders/_apis/build/retention/leases?api-version=7.1",
        ]
    );
}

#[test]
fn runs_are_asked_for_newest_first() {
    let filter = BuildFilter {
        definition: Some(4),
        branch: Some("refs/heads/main".into()),
        tag: Some("t".into()),
        ended: Some(BuildResult::Succeeded),
        most: 1,
        ..BuildFilter::default()
    };
    assert_eq!(
        runs::builds(&filter).path_and_query(Some("p")).as_deref(),
        Some(
            "/p/_apis/build/builds?queryOrder=finishTimeDescending&%24top=1&definitions=4&branchName=refs%2Fheads%2Fmain&tagFilters=t&statusFilter=completed&resultFilter=succeeded&api-version=7.1"
        )
    );
    assert!(pull_request("orders", 12).path_and_query(None).is_some());
}
