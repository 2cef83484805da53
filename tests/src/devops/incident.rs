//! A bad release: a run that deploys it, the service that suffers, and the channels of the people who are told.

use super::WorkItem;
use super::scene::Scene;
use crate::binary::{Ended, Running};
use crate::channels::Channels;
use crate::repository::git;
use crate::service::{Behaviour, Service};

/// How the variables of the channels' addresses are given.
const GIVEN: [&str; 6] =
    ["--environment", "live", "--secret-var", "TEAMS_WEBHOOK", "--secret-var", "SLACK_WEBHOOK"];

/// An incident.
pub struct Incident {
    /// The run that deploys, in its repository, and Azure DevOps.
    pub scene: Scene,
    /// The service, which is down.
    pub service: Service,
    /// Who is told.
    pub channels: Channels,
}

/// A policy of a short watch that tells both channels and the pull requests.
pub fn policy(service: &Service, enforcement: &str) -> String {
    format!(
        "version: 1
service: orders
environments: {{ live: {{ enforcement: {enforcement} }} }}
probe: {{ url: \"{}\", timeout: 1s }}
gate:
  warmup: 0s
  observe: 1500ms
  interval: 250ms
  baseline: none
  rollback_when: [\"health failing for 500ms\"]
  verify: [\"health passing\"]
rollback:
  notify:
    - teams: {{ url: \"${{TEAMS_WEBHOOK}}\" }}
    - slack: {{ url: \"${{SLACK_WEBHOOK}}\" }}
    - pull-request
  ticket: {{ type: Bug, severity: \"2 - High\", area: \"orders\", tags: [incident] }}
",
        service.url()
    )
}

impl Incident {
    /// A run that deploys a bad release of one pull request, and people who can be told through these channels.
    pub fn with(channels: Channels) -> Self {
        let service = Service::start(Behaviour { health: 500, ..Behaviour::default() });
        let Scene { gate, fake } = Scene::in_order();
        let head = git(gate.folder(), &["rev-parse", "HEAD"]);
        let gate = gate
            .with_file("runbook.yml", &policy(&service, "enforce"))
            .with_variable("BUILD_SOURCEVERSION", &head)
            .with_variable("TEAMS_WEBHOOK", &channels.address("teams"))
            .with_variable("SLACK_WEBHOOK", &channels.address("slack"));
        Self { scene: Scene { gate, fake }, service, channels }
    }

    /// Writes a file beside the policy.
    pub fn write(&mut self, name: &str, text: &str) {
        self.scene.gate = std::mem::take(&mut self.scene.gate).with_file(name, text);
    }

    /// Runs a command with the secrets of the channels.
    pub fn run(&self, command: &[&str], more: &[&str]) -> Ended {
        let arguments: Vec<&str> = command.iter().chain(&GIVEN).chain(more).copied().collect();
        self.scene.gate.run(&arguments)
    }

    /// Begins to watch the release; it tells people at the end.
    pub fn start(&self) -> Running {
        let arguments: Vec<&str> = ["verify", "--announce"].into_iter().chain(GIVEN).collect();
        self.scene.gate.start(&arguments)
    }

    /// Watches the release, and tells people.
    pub fn verify(&self) -> Ended {
        self.run(&["verify"], &["--announce"])
    }

    /// The work items that rollbacks have opened, by their number.
    pub fn tickets(&self) -> Vec<(u64, WorkItem)> {
        let state = self.scene.fake.state();
        let ours = |item: &WorkItem| {
            let tags = item.fields.get("System.Tags").and_then(serde_json::Value::as_str).unwrap_or_default();
            tags.contains("runbook-gate-101-live")
        };
        state.work_items.iter().filter(|(_, item)| ours(item)).map(|(id, item)| (*id, item.clone())).collect()
    }

    /// The gate's comments on the pull request.
    pub fn comments(&self) -> Vec<String> {
        let state = self.scene.fake.state();
        let threads = state.pull_requests.get(&12).map(|request| request.threads.clone()).unwrap_or_default();
        let comments = threads.into_iter().flat_map(|thread| thread.comments);
        comments
            .map(|comment| comment.content)
            .filter(|text| text.starts_with("<!-- runbook-gate live"))
            .collect()
    }
}
