//! An incident from end to end, over an Azure DevOps that keeps its wire's habits: a good release, a bad one, the rollback job's
//! steps, each run twice, and the follow-up ticket.

use runbook_gate_tests::channels::Channels;
use runbook_gate_tests::devops::incident::Incident;
use runbook_gate_tests::devops::scene::{GOOD_RUN, RUN};
use runbook_gate_tests::devops::{DeploymentRecord, Fault, WorkItem};
use serde_json::json;

/// The long text of a bug.
const TEXT: &str = "Microsoft.VSTS.TCM.ReproSteps";

fn text<'i>(item: &'i WorkItem, field: &str) -> &'i str {
    item.fields.get(field).and_then(serde_json::Value::as_str).unwrap_or_default()
}

/// What the agent does of a task that has decided: it attaches the decision to the run, and tags it.
fn attach(incident: &Incident, run: u64, reports: &str, tag: &str) {
    let decision = incident.scene.gate.read(&format!("{reports}/verdict.json"));
    let mut state = incident.scene.fake.state();
    let build = state.builds.get_mut(&run).unwrap();
    build.attachments.push(("runbook-gate.verdict".to_owned(), "verdict.json".to_owned(), decision));
    if !build.tags.iter().any(|known| known == tag) {
        build.tags.push(tag.to_owned());
    }
}

/// The titles of a channel's messages, in order.
fn titles(incident: &Incident) -> Vec<String> {
    let messages = incident.channels.messages("slack");
    let first = |message: &serde_json::Value| {
        let text = message["text"].as_str().unwrap_or_default();
        text.split('.').next().unwrap_or_default().to_owned()
    };
    messages.iter().map(first).collect()
}

#[test]
fn an_incident_is_told_once_and_has_one_ticket_although_each_step_runs_twice() {
    let mut incident = Incident::with(Channels::open());
    let twice = |incident: &Incident, command: &[&str], more: &[&str], code: i32| {
        for _ in 0..2 {
            let _ = incident.run(command, more).with_code(code);
        }
    };

    // A good release.
    let good = incident.scene.fake.state().builds[&GOOD_RUN].commit.clone();
    let bad = incident.scene.fake.state().builds[&RUN].commit.clone();
    for (name, value) in
        [("BUILD_BUILDID", "100"), ("BUILD_BUILDNUMBER", "1.4.0"), ("BUILD_SOURCEVERSION", good.as_str())]
    {
        incident.scene.set(name, value);
    }
    incident.service.behave(|behaviour| behaviour.health = 200);
    let _ = incident.run(&["verify"], &["--announce", "--report-dir", "good"]).with_code(0);
    attach(&incident, GOOD_RUN, "good", "runbook-gate-proceed-live");
    incident.scene.fake.state().builds.get_mut(&GOOD_RUN).unwrap().artifacts =
        vec![("drop".to_owned(), 1200)];
    let record = |build, finished: &str| DeploymentRecord {
        definition: 4,
        build,
        attempt: 1,
        result: Some("succeeded".to_owned()),
        finished: Some(finished.to_owned()),
        ..DeploymentRecord::default()
    };
    let records = vec![record(RUN, "2026-11-25T09:00:00Z"), record(GOOD_RUN, "2026-11-20T10:00:00Z")];
    incident.scene.fake.state().environments.insert(2, ("live".to_owned(), records));

    // A bad one: the gate fails.
    for (name, value) in
        [("BUILD_BUILDID", "101"), ("BUILD_BUILDNUMBER", "1.5.0"), ("BUILD_SOURCEVERSION", bad.as_str())]
    {
        incident.scene.set(name, value);
    }
    incident.service.behave(|behaviour| behaviour.health = 500);
    twice(&incident, &["verify"], &["--announce", "--report-dir", "gate"], 20);
    attach(&incident, RUN, "gate", "runbook-gate-rollback-live");

    // The rollback job.
    twice(&incident, &["rollback", "plan"], &["--report-dir", "plan"], 0);
    twice(&incident, &["rollback", "announce"], &["--report-dir", "plan"], 0);
    let ticket = ["--failed-gate", "gate", "--plan", "plan", "--rollback-started", "2026-11-25T10:00:00Z"];
    twice(&incident, &["rollback", "ticket"], &ticket, 0);
    let [(number, open)] = &incident.tickets()[..] else { panic!("{:?}", incident.tickets()) };
    assert!(!text(open, TEXT).contains("Time to restore"), "{}", text(open, TEXT));

    // The earlier version is deployed again, and the service recovers.
    incident.service.behave(|behaviour| behaviour.health = 200);
    let recovery = [
        &["--profile", "rollback", "--failed-gate", "gate", "--plan", "plan/rollback-plan.json"][..],
        &["--rollback-started", "2026-11-25T10:00:00Z", "--report-dir", "recovery", "--announce"],
    ]
    .concat();
    twice(&incident, &["verify"], &recovery, 0);
    let ticket = [&ticket[..], &["--recovery", "recovery"]].concat();
    twice(&incident, &["rollback", "ticket"], &ticket, 0);

    let [(again, item)] = &incident.tickets()[..] else { panic!("{:?}", incident.tickets()) };
    assert_eq!(again, number, "it is the same work item");
    assert!(text(item, "System.Title").starts_with("Rollback of orders in live: "), "{item:?}");
    assert_eq!(text(item, "System.Tags"), "incident; runbook-gate-101-live");
    let story = text(item, TEXT);
    for part in [
        "Gone back to: 1.4.0",
        "Time to detect: ",
        "Time to restore: ",
        "the rollback began to 1.4.0",
        "recovered: ",
        "☐ Find the root cause",
        "☐ Hold a post-mortem, by 20",
    ] {
        assert!(story.contains(part), "{part}: {story}");
    }
    assert!(item.links.contains(&"vstfs:///Build/Build/101".to_owned()), "{:?}", item.links);
    assert!(item.links.iter().any(|link| link.ends_with("/pullrequest/12")), "{:?}", item.links);

    let told = titles(&incident);
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], "Rollback: orders in live");
    assert_eq!(
        told[1],
        "Going back: orders in live",
        "{}",
        incident.scene.gate.read("plan/rollback-plan.md")
    );
    assert_eq!(told[2], "Recovered: orders in live");
    assert_eq!(incident.channels.messages("teams").len(), 3);
    assert_eq!(incident.comments().len(), 3, "{:?}", incident.comments());
}

/// An incident whose gate has failed.
fn failed() -> Incident {
    let incident = Incident::with(Channels::open());
    let _ = incident.run(&["verify"], &["--report-dir", "gate"]).with_code(20);
    incident
}

const FILE: [&str; 2] = ["--failed-gate", "gate"];

fn file(incident: &Incident, more: &[&str]) -> runbook_gate_tests::binary::Ended {
    let more: Vec<&str> = FILE.iter().chain(more).copied().collect();
    incident.run(&["rollback", "ticket"], &more)
}

#[test]
fn a_dry_run_asks_and_makes_nothing() {
    let incident = failed();
    let ended = file(&incident, &["--dry-run", "--format", "json"]).with_code(0);
    assert_eq!(ended.json()["state"], "made");
    assert_eq!((&ended.json()["dry_run"], &ended.json()["number"]), (&json!(true), &json!(null)));
    assert!(incident.tickets().is_empty());
    assert!(incident.scene.fake.lines().iter().any(|line| line.contains("$Bug?validateOnly=true")));
    let made = file(&incident, &["--format", "json"]).with_code(0);
    let before = incident.tickets();
    let again = file(&incident, &["--dry-run", "--format", "json"]).with_code(0);
    assert_eq!(
        (&again.json()["state"], &again.json()["number"]),
        (&json!("updated"), &made.json()["number"])
    );
    assert_eq!(format!("{:?}", incident.tickets()), format!("{before:?}"));
}

#[test]
fn what_people_wrote_into_a_ticket_stays() {
    let incident = failed();
    let _ = file(&incident, &[]).with_code(0);
    let (number, _) = incident.tickets()[0];
    let theirs = "<p>☑ Found: the pool was too small</p>";
    {
        let mut state = incident.scene.fake.state();
        let item = state.work_items.get_mut(&number).unwrap();
        item.fields.insert(TEXT.into(), theirs.into());
        item.fields.insert("System.Title".into(), "Orders were down".into());
        item.updates.push(runbook_gate_tests::devops::Update {
            by: "Grace".into(),
            when: "2026-11-25T11:00:00Z".into(),
            fields: [(TEXT.to_owned(), theirs.to_owned())].into_iter().collect(),
        });
    }
    for _ in 0..2 {
        let _ = file(&incident, &[]).with_code(0);
    }
    let [(_, item)] = &incident.tickets()[..] else { panic!("{:?}", incident.tickets()) };
    assert_eq!((text(item, TEXT), text(item, "System.Title")), (theirs, "Orders were down"));
    let comments = item.updates.iter().filter(|update| update.fields.contains_key("System.History")).count();
    assert_eq!(comments, 1, "the news is one comment");
}

#[test]
fn a_ticket_that_cannot_be_made_is_for_a_person_and_says_what_is_missing() {
    let incident = failed();
    let fault =
        Fault::error("/wit/workitems/", 403, "WorkItemUnauthorizedAccessException", "TF237111: no right");
    incident.scene.fake.state().faults.push(fault);
    let ended = file(&incident, &[]).with_code(10);
    assert!(ended.err.contains("the build identity needs *Edit work items in this node*"), "{}", ended.err);
}

#[test]
fn a_ticket_that_cannot_be_looked_for_is_not_made_and_the_missing_right_is_named() {
    let incident = failed();
    let refused = |line: &str, says: &str| {
        for fault in [
            Fault::error(line, 403, "UnauthorizedAccessException", "TF237111: no right"),
            Fault::error(line, 404, "ProjectDoesNotExistWithNameException", "TF200016: not found"),
            Fault::error(line, 401, "", "TF400813: not authorized"),
            Fault::error(line, 500, "Exception", "it broke"),
            Fault::page(line, 203, &[]),
        ] {
            let status = fault.status;
            incident.scene.fake.state().faults = vec![fault];
            for _ in 0..2 {
                let ended = file(&incident, &["--format", "json"]).with_code(10);
                assert_eq!(ended.json()["state"], "not-filed", "{line} {status}");
                assert!(ended.err.contains("no work item for this rollback"), "{}", ended.err);
                let right = if matches!(status, 403 | 404) { says } else { "" };
                assert!(ended.err.contains(right), "{line} {status}: {}", ended.err);
            }
        }
        incident.scene.fake.state().faults.clear();
    };
    let view = "*View work items in this node*";
    refused("/wit/wiql", view);
    assert!(incident.tickets().is_empty());
    let _ = file(&incident, &[]).with_code(0);
    // The one that is there, whatever of it may not be seen.
    for line in ["/wit/wiql", "/wit/workitemsbatch", "/updates?"] {
        refused(line, view);
    }
    let hidden = Fault {
        body: r#"{"count":1,"value":[null]}"#.into(),
        ..Fault::error("/wit/workitemsbatch", 200, "", "")
    };
    incident.scene.fake.state().faults = vec![hidden];
    let ended = file(&incident, &[]).with_code(10);
    assert!(
        ended.err.contains("which seems to be this rollback's") && ended.err.contains(view),
        "{}",
        ended.err
    );
    incident.scene.fake.state().faults.clear();
    assert_eq!(incident.tickets().len(), 1, "and no second one");
    let _ = file(&incident, &[]).with_code(0);
    assert_eq!(incident.tickets().len(), 1);
}

#[test]
fn a_step_that_never_ran_leaves_out_its_part_in_a_pipeline_and_is_a_mistake_at_a_desk() {
    let mut incident = Incident::with(Channels::open());
    let missing = ["--plan", "none", "--recovery", "none"];
    let ended = file(&incident, &missing).with_code(0);
    assert!(ended.err.contains("the work item is made without it"), "{}", ended.err);
    let [(_, item)] = &incident.tickets()[..] else { panic!("{:?}", incident.tickets()) };
    assert!(
        text(item, TEXT).contains("the gate&#39;s record was not found")
            || text(item, TEXT).contains("record was not found"),
        "{}",
        text(item, TEXT)
    );
    incident.scene.set("TF_BUILD", "False");
    incident.scene.set("AZURE_DEVOPS_EXT_PAT", runbook_gate_tests::devops::TOKEN);
    let collection = incident.scene.fake.collection();
    let at = ["--azure-devops", collection.as_str(), "--project", "orders"];
    let ended = file(&incident, &at).with_code(2);
    assert!(ended.err.contains("gate"), "{}", ended.err);
}

#[test]
fn a_ticket_lists_the_records_of_the_deployment() {
    let mut incident = failed();
    let rows = json!([{ "change": "pull request 12", "record": "ADR-1", "status": "accepted", "path": "docs/adr/0001-use-x.md" }]);
    incident.write(
        "ready/checklist.json",
        &json!({ "items": [{ "records": rows }, { "records": [] }, {}] }).to_string(),
    );
    let _ = file(&incident, &["--checklist-report", "ready"]).with_code(0);
    let (_, item) = &incident.tickets()[0];
    assert!(
        text(item, TEXT).contains("<li>docs/adr/0001-use-x.md (accepted), pull request 12</li>"),
        "{}",
        text(item, TEXT)
    );
}

#[test]
fn a_policy_without_a_ticket_asks_for_none() {
    let mut incident = failed();
    let policy = incident.scene.gate.read("runbook.yml");
    let without: String =
        policy.lines().filter(|line| !line.contains("ticket:")).map(|line| format!("{line}\n")).collect();
    incident.write("runbook.yml", &without);
    let ended = file(&incident, &[]).with_code(0);
    assert!(ended.err.contains("the policy has no rollback.ticket"), "{}", ended.err);
    assert!(incident.tickets().is_empty());
}
