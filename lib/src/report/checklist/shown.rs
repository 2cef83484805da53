//! A checklist in a gate's report: whether it is that of the deployment that the gate watches.

use super::ChecklistReport;
use crate::rollback::Profile;

/// The deployment that a gate watches, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployed {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// Whether it is a deployment, or what was deployed again after a rollback.
    pub profile: Profile,
    /// The commit's full id.
    pub commit: Option<String>,
    /// The run of the pipeline that deploys it.
    pub run: Option<u64>,
}

/// Whether a checklist is that of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is.
    Same,
    /// It may be: why that cannot be told, one sentence.
    Doubtful(String),
    /// It is that of another: of which, one sentence.
    Other(String),
}

/// The checklist of a gate's report.
#[derive(Clone, Debug, Default)]
pub enum InGate {
    /// Nobody gave one.
    #[default]
    Absent,
    /// It is shown, with what a reader has to know of whether it is this deployment's.
    Shown {
        /// The checklist.
        report: Box<ChecklistReport>,
        /// One sentence, where there is a doubt.
        doubt: Option<String>,
    },
    /// One was given and cannot be shown: why, one sentence.
    Left(String),
}

impl InGate {
    /// The full id of the commit that was judged, where the checklist is certainly that of the gate's deployment.
    ///
    /// ```
    /// use runbook_gate::report::checklist::InGate;
    /// assert_eq!(InGate::Absent.commit_of_same(), None);
    /// ```
    #[must_use]
    pub fn commit_of_same(&self) -> Option<&str> {
        match self {
            Self::Shown { report, doubt: None } => report.outcome.commit.as_deref(),
            Self::Shown { doubt: Some(_), .. } | Self::Absent | Self::Left(_) => None,
        }
    }
}

impl ChecklistReport {
    /// Whether this is the checklist of a deployment. Of another service, environment or commit it is another's; a run deploys one
    /// thing, and another run of the same commit may have had other backups and other words.
    #[must_use]
    pub fn fits(&self, deployed: &Deployed) -> Fit {
        if deployed.profile == Profile::Rollback {
            let words = "a rollback has no checklist, and this gate watches what was deployed again";
            return Fit::Other(words.to_owned());
        }
        let (service, environment) = (&self.context.service, &self.outcome.environment);
        if *service != deployed.service || *environment != deployed.environment {
            return Fit::Other(format!(
                "it is of {}, and this gate watches {} in {}",
                self.subject(),
                deployed.service,
                deployed.environment
            ));
        }
        match (self.run, deployed.run) {
            (Some(judged), Some(run)) if judged == run => return Fit::Same,
            _ => {}
        }
        match (&self.outcome.commit, &deployed.commit) {
            (Some(judged), Some(commit)) if judged != commit => {
                return Fit::Other(format!(
                    "it is of commit {}, and this gate watches commit {}",
                    brief(judged),
                    brief(commit)
                ));
            }
            (Some(_), Some(_)) => {}
            (None, _) => return Fit::Doubtful("it does not say of which commit it is".to_owned()),
            (_, None) => {
                return Fit::Doubtful("which commit this gate watches is not known here".to_owned());
            }
        }
        match (self.run, deployed.run) {
            (Some(judged), Some(run)) => {
                Fit::Doubtful(format!("it was judged in run {judged}, and this gate is of run {run}"))
            }
            _ => Fit::Same,
        }
    }
}

/// The beginning of a commit's id, whatever it holds.
fn brief(id: &str) -> String {
    id.chars().take(7).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::{ChecklistOutcome, Verdict};
    use crate::report::ReportContext;

    fn judged(commit: Option<&str>, run: Option<u64>) -> ChecklistReport {
        let outcome = ChecklistOutcome {
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            environment: "production".into(),
            verdict: Verdict::Complete,
            deploying: String::new(),
            commit: commit.map(str::to_owned),
            changes: None,
            items: Vec::new(),
        };
        let context = ReportContext { service: "orders".into(), ..ReportContext::default() };
        let report = ChecklistReport::new(outcome, context, Vec::new());
        match run {
            Some(run) => report.judged_in(run),
            None => report,
        }
    }

    fn watched(commit: Option<&str>, run: Option<u64>) -> Deployed {
        let commit = commit.map(str::to_owned);
        let (service, environment) = ("orders".into(), "production".into());
        Deployed { service, environment, profile: Profile::Deployment, commit, run }
    }

    #[test]
    fn a_checklist_is_that_of_its_own_run_or_commit_and_of_no_other() {
        let (a, b) = (Some("aaaaaaaaaa"), Some("bbbbbbbbbb"));
        for (judged_of, watched_of, same) in [
            ((a, None), (a, None), true),
            ((a, Some(7)), (a, Some(7)), true),
            ((a, Some(7)), (a, None), true),
            // A pipeline resource: the run's own commit is not the one that it deploys.
            ((a, Some(7)), (b, Some(7)), true),
            ((None, Some(7)), (None, Some(7)), true),
            ((a, Some(7)), (a, Some(8)), false),
            ((None, None), (a, None), false),
            ((a, None), (None, None), false),
            ((None, None), (None, None), false),
        ] {
            let fit = judged(judged_of.0, judged_of.1).fits(&watched(watched_of.0, watched_of.1));
            assert_eq!(fit == Fit::Same, same, "{judged_of:?} {watched_of:?}: {fit:?}");
            assert!(!matches!(fit, Fit::Other(_)), "{judged_of:?} {watched_of:?}: {fit:?}");
        }
        assert_eq!(
            judged(a, Some(7)).fits(&watched(b, Some(8))),
            Fit::Other("it is of commit aaaaaaa, and this gate watches commit bbbbbbb".into())
        );
    }

    #[test]
    fn what_was_deployed_again_has_no_checklist_also_in_the_same_run() {
        let again = Deployed { profile: Profile::Rollback, ..watched(Some("aaaaaaaaaa"), Some(7)) };
        assert!(matches!(judged(Some("aaaaaaaaaa"), Some(7)).fits(&again), Fit::Other(_)));
    }

    #[test]
    fn another_service_or_environment_is_another_deployment_whatever_its_run() {
        for (service, environment) in [("billing", "production"), ("orders", "staging")] {
            let mut deployed = watched(Some("aaaaaaaaaa"), Some(7));
            (deployed.service, deployed.environment) = (service.into(), environment.into());
            let fit = judged(Some("aaaaaaaaaa"), Some(7)).fits(&deployed);
            let words =
                format!("it is of orders in production, and this gate watches {service} in {environment}");
            assert_eq!(fit, Fit::Other(words));
        }
    }
}
