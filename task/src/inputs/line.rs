//! The command line that says what the inputs say.

use std::path::Path;

use super::{Profile, TaskInputs};

impl TaskInputs {
    /// What is done, in words: `verify`, `rollback plan`.
    pub fn subcommand(&self) -> String {
        match self.command {
            "rollback" => format!("rollback {}", self.action),
            command => command.to_owned(),
        }
    }

    /// What the step's command is told of an incident, by the option's name.
    fn of_incident(&self) -> Vec<(&'static str, &str)> {
        let known = &self.incident;
        let (failed, plan) = (("failed-gate", &known.failed_gate), ("plan", &known.plan));
        let started = ("rollback-started", &known.started);
        let told = match (self.command, self.profile, self.action) {
            ("verify", Profile::Rollback, _) => vec![failed, plan, started],
            ("rollback", _, "announce") => vec![plan],
            ("rollback", _, "ticket") => vec![
                failed,
                plan,
                started,
                ("recovery", &known.recovery),
                ("checklist-report", &self.checklist_report),
            ],
            _ => Vec::new(),
        };
        told.into_iter().filter_map(|(name, value)| Some((name, value.as_deref()?))).collect()
    }

    /// The command line that says the same. `reports` is the folder of the reports.
    pub fn command_line(&self, reports: &Path) -> Vec<std::ffi::OsString> {
        let mut line: Vec<std::ffi::OsString> = vec!["runbook-gate".into(), self.command.into()];
        if self.command == "rollback" {
            line.push(self.action.into());
        }
        // Every value stands behind an equals sign: none is taken for an option.
        let mut option = |name: &str, value: &std::ffi::OsStr| {
            let mut argument = std::ffi::OsString::from(format!("--{name}="));
            argument.push(value);
            line.push(argument);
        };
        option("policy", self.policy.as_ref());
        if let Some(environment) = &self.environment {
            option("environment", environment.as_ref());
        }
        for name in &self.allowed {
            option("allow-var", name.as_ref());
        }
        for name in &self.allowed_secret {
            option("secret-var", name.as_ref());
        }
        match self.command {
            "checklist" => {
                option("report-dir", reports.as_os_str());
                if let Some(since) = &self.since {
                    option("since", since.as_ref());
                }
                for pattern in &self.test_results {
                    option("tests", pattern.as_ref());
                }
                for line in &self.attestations {
                    option("attest", line.as_ref());
                }
                for line in &self.waive {
                    option("waive", line.as_ref());
                }
                if let Some(alias) = &self.build_resource {
                    option("build", alias.as_ref());
                }
            }
            "verify" => {
                option("report-dir", reports.as_os_str());
                if let Some(at) = &self.deployed_at {
                    option("deployed-at", at.as_ref());
                }
                if let Some(file) = &self.checklist_report {
                    option("checklist-report", file.as_ref());
                }
                match (self.profile, &self.build_resource) {
                    (Profile::Release, Some(alias)) => option("build", alias.as_ref()),
                    (Profile::Release, None) => {}
                    // What was deployed again is the plan's word.
                    (Profile::Rollback, _) => option("profile", "rollback".as_ref()),
                }
            }
            "rollback" if self.action != "ticket" => {
                option("report-dir", reports.as_os_str());
                if let Some(alias) = self.build_resource.as_ref().filter(|_| self.action == "plan") {
                    option("build", alias.as_ref());
                }
            }
            // A blind gate is an incomplete checklist.
            "telemetry" => line.push("--deny-blind".into()),
            "baseline" => option("output", reports.join("baseline.json").as_os_str()),
            _ => {}
        }
        for (name, value) in self.of_incident() {
            let mut argument = std::ffi::OsString::from(format!("--{name}="));
            argument.push(value);
            line.push(argument);
        }
        if self.command == "verify" && self.announce {
            line.push("--announce".into());
        }
        if self.junit && matches!(self.command, "verify" | "checklist") {
            line.push("--junit".into());
        }
        if self.command == "checklist" && self.post {
            line.push("--post".into());
        }
        if self.command == "rollback" && self.action == "plan" && self.retain {
            line.push("--retain".into());
        }
        if self.allow_commands && self.command != "validate" {
            line.push("--allow-commands".into());
        }
        line
    }
}
