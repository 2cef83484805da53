//! A service with a past: releases to production, what the gate decided of each, and the bad one that is there now.

use std::time::Duration;

use runbook_gate::Timestamp;
use serde_json::json;

use super::Fake;
use super::scene::in_pipeline;
use super::state::{Build, DeploymentRecord, State};
use crate::binary::{Ended, Gate};
use crate::repository::commit;

/// The pipeline.
pub const PIPELINE: u64 = 4;
/// The environment's id.
pub const ENVIRONMENT: u64 = 2;
/// The policy.
pub const POLICY: &str = "version: 1
service: orders
environments: { production: {}, staging: {} }
probe: { url: \"http://127.0.0.1:9\" }
rollback: { artifacts: [drop] }
";

/// Releases of a service.
pub struct Releases {
    /// The gate, in the service's repository.
    pub gate: Gate,
    /// Azure DevOps.
    pub fake: Fake,
}

/// When run `id` was deployed: an hour after the one before it.
pub fn time(id: u64) -> String {
    hours(2 * id)
}

fn hours(half: u64) -> String {
    Timestamp::from_secs(1_780_000_000 + 1800 * i64::try_from(half).expect("a small number")).to_string()
}

/// What a gate attaches to run `judged_in`: a decision on `release`, made half an hour after run `at` was deployed.
pub fn decision(judged_in: u64, release: u64, profile: &str, decision: &str, at: u64) -> serde_json::Value {
    let decided = hours(2 * at + 1);
    json!({
        "kind": "verdict", "version": 1, "service": "orders", "environment": "production", "profile": profile,
        "decision": decision, "enforcement": "enforce", "reason": format!("as the numbers of {judged_in} say"), "criterion": null,
        "release": { "run": release, "version": format!("2026.{release}"), "commit": "" }, "judged_in": judged_in,
        "started_at": time(at), "onset": null, "decided_at": decided, "policy_sha256": "48b6", "pre_existing": [],
    })
}

impl Releases {
    /// None yet, of a service that takes so long for each answer.
    pub fn none(latency: Duration) -> Self {
        let gate = Gate::default().with_file("runbook.yml", POLICY).with_file(".gitignore", "plan/\n");
        let mut state = State::default();
        state.environments.insert(ENVIRONMENT, ("production".to_owned(), Vec::new()));
        let fake = Fake::start(state, latency);
        let gate = in_pipeline(gate, &fake.collection());
        Self { gate, fake }
    }

    /// Runs 98 and 99 proceeded, and 101 was rolled back: it is the run that asks.
    pub fn with_a_past() -> Self {
        let mut releases = Self::none(Duration::ZERO);
        for (run, decided) in [(98, "proceed"), (99, "proceed"), (101, "rollback")] {
            releases.deploy(run);
            releases.judge(run, decided);
        }
        releases.ask_from(101);
        releases
    }

    /// A run that deployed a commit of its own, and nothing judged it.
    pub fn deploy(&mut self, run: u64) {
        let gate = std::mem::take(&mut self.gate).with_file("src/release.txt", &format!("{run}\n"));
        let id = commit(&gate, &format!("Release {run}"));
        self.gate = gate;
        self.deploy_commit(run, &id);
    }

    /// The same, of a commit that is there or not.
    pub fn deploy_commit(&self, run: u64, commit: &str) {
        let build = Build {
            number: format!("2026.{run}"),
            definition: PIPELINE,
            status: "completed".to_owned(),
            result: Some("succeeded".to_owned()),
            branch: "refs/heads/main".to_owned(),
            commit: commit.to_owned(),
            finished: Some(time(run)),
            artifacts: vec![("drop".to_owned(), 1200), ("runbook-gate-report".to_owned(), 10)],
            ..Build::default()
        };
        self.fake.state().builds.insert(run, build);
        self.record(DeploymentRecord {
            definition: PIPELINE,
            build: run,
            attempt: 1,
            result: Some("succeeded".to_owned()),
            finished: Some(time(run)),
            ..DeploymentRecord::default()
        });
    }

    /// What the environment records, as its newest deployment.
    pub fn record(&self, record: DeploymentRecord) {
        let mut state = self.fake.state();
        state.environments.get_mut(&ENVIRONMENT).expect("the environment").1.insert(0, record);
    }

    /// What the gate of a run decided of it.
    pub fn judge(&self, run: u64, decided: &str) {
        self.change(run, |build| build.tags.push(format!("runbook-gate-{decided}-production")));
        self.attach(run, &decision(run, run, "deployment", decided, run));
    }

    /// A run rolled back to an earlier one, and the gate saw what came of it.
    pub fn roll_back(&self, run: u64, to: u64, decided: &str) {
        let tag = if decided == "proceed" { "recovered" } else { "not-recovered" };
        self.change(run, |build| build.tags.push(format!("runbook-gate-{tag}-production")));
        self.attach(run, &decision(run, to, "rollback", decided, run));
    }

    /// Attaches a decision to a run.
    pub fn attach(&self, run: u64, decision: &serde_json::Value) {
        let attachment =
            ("runbook-gate.verdict".to_owned(), "verdict.json".to_owned(), format!("{decision}\n"));
        self.change(run, |build| build.attachments.push(attachment));
    }

    /// Changes a run.
    pub fn change(&self, run: u64, change: impl FnOnce(&mut Build)) {
        change(self.fake.state().builds.get_mut(&run).expect("the run"));
    }

    /// Makes a run the one that asks.
    pub fn ask_from(&mut self, run: u64) {
        let commit = self.fake.state().builds[&run].commit.clone();
        self.change(run, |build| {
            build.status = "inProgress".to_owned();
            build.result = None;
            build.finished = None;
        });
        self.set("BUILD_BUILDID", &run.to_string());
        self.set("BUILD_BUILDNUMBER", &format!("2026.{run}"));
        self.set("BUILD_SOURCEVERSION", &commit);
    }

    /// Sets a variable of the job.
    pub fn set(&mut self, name: &str, value: &str) {
        self.gate = std::mem::take(&mut self.gate).with_variable(name, value);
    }

    /// Plans a rollback.
    pub fn plan(&self, more: &[&str]) -> Ended {
        let mut arguments = vec!["rollback", "plan", "--format", "json", "--environment", "production"];
        arguments.extend(more);
        self.gate.run(&arguments)
    }
}
