//! What a rollback plan came to, read back from the `rollback-plan.json` that a step before this one wrote.

use serde::Deserialize;

use crate::json;
use crate::report::VERSION;
use crate::rollback::{Release, Safety};

/// The longest plan that is read, in bytes.
const LONGEST: usize = 4 * 1024 * 1024;

/// A plan, as far as people are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlanSummary {
    /// The service.
    pub service: String,
    /// The environment.
    pub environment: String,
    /// The plan in one sentence.
    pub reason: String,
    /// What is undone, in words.
    pub current: String,
    /// What is gone back to; `None` where nothing is proved.
    pub target: Option<Release>,
    /// Whether going back is proved to be safe.
    pub safety: Safety,
    /// What is in doubt.
    pub doubts: Vec<SummaryOfDoubt>,
}

/// Something that is in doubt, in words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SummaryOfDoubt {
    /// What.
    pub what: String,
    /// Who can change it.
    pub who: String,
    /// How.
    pub how: String,
}

/// A plan that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is no rollback plan that this version reads: {0}; name the rollback-plan.json that `rollback plan` wrote"
)]
pub struct PlanSummaryError(String);

#[derive(Deserialize)]
struct Written {
    version: u32,
    kind: String,
    service: String,
    environment: String,
    reason: String,
    rollback_safe: bool,
    current: String,
    target: Option<WrittenTarget>,
    doubts: Vec<SummaryOfDoubt>,
}

#[derive(Deserialize)]
struct WrittenTarget {
    release: WrittenRelease,
}

#[derive(Deserialize)]
struct WrittenRelease {
    run: Option<u64>,
    version: String,
    commit: String,
}

impl PlanSummary {
    /// Reads a plan.
    ///
    /// # Errors
    /// Where it is none, or of a later format: it is never taken for a safe one.
    ///
    /// ```
    /// use runbook_gate::rollback::PlanSummary;
    /// let error = PlanSummary::read("{}").unwrap_err();
    /// assert!(error.to_string().starts_with("it is no rollback plan that this version reads"));
    /// ```
    pub fn read(text: &str) -> Result<Self, PlanSummaryError> {
        let wrong = |what: &str| PlanSummaryError(what.to_owned());
        if text.len() > LONGEST {
            return Err(wrong("it is too long"));
        }
        let value = json::read(text.as_bytes()).map_err(|error| wrong(&json::why(&error)))?;
        let written: Written =
            serde_json::from_value(value).map_err(|_| wrong("a part of it is missing or of another type"))?;
        if written.kind != "rollback-plan" || written.version != VERSION {
            return Err(wrong("its kind or its version is another"));
        }
        let target = written.target.map(|WrittenTarget { release }| Release {
            run: release.run,
            version: release.version,
            commit: release.commit,
        });
        let safe = written.rollback_safe && target.is_some() && written.doubts.is_empty();
        Ok(Self {
            service: written.service,
            environment: written.environment,
            reason: written.reason,
            current: written.current,
            target,
            safety: if safe { Safety::Proved } else { Safety::NotProved },
            doubts: written.doubts,
        })
    }

    /// What stands where no plan could be made: it waits for a person.
    #[must_use]
    pub fn missing(service: &str, environment: &str, why: &str) -> Self {
        Self {
            service: service.to_owned(),
            environment: environment.to_owned(),
            reason: format!("There is no rollback plan: {why}"),
            current: "what is deployed now".to_owned(),
            target: None,
            safety: Safety::NotProved,
            doubts: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checklist::{Gap, Gathered, Who};
    use crate::report::rollback::json;
    use crate::rollback::{PlanFacts, RollbackRules, plan};

    fn written() -> String {
        fn gone<T>() -> Gathered<T> {
            Gathered::Unknown(Gap::new("nobody looked", Who::Caller, "look"))
        }
        let facts = PlanFacts {
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            service: "orders-api".into(),
            environment: "production".into(),
            current: gone(),
            candidates: gone(),
            migrations: gone(),
            rehearsed: gone(),
            pre_existing: gone(),
            unseen: Vec::new(),
            notes: Vec::new(),
        };
        json(&plan(&RollbackRules::default(), &facts))
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let summary = PlanSummary::read(&written()).unwrap();
        assert_eq!((summary.service.as_str(), summary.environment.as_str()), ("orders-api", "production"));
        assert_eq!((summary.target, summary.safety), (None, Safety::NotProved));
        assert!(summary.doubts[0].what.contains("nothing proved to go back to"), "{:?}", summary.doubts);
    }

    #[test]
    fn what_is_no_plan_is_an_error_and_never_safe() {
        let plan = written();
        for (from, to) in [
            ("rollback-plan", "checklist"),
            ("\"version\":1", "\"version\":2"),
            ("\"rollback_safe\":false", "\"rollback_safe\":null"),
            ("\"doubts\":[", "\"doubtful\":["),
        ] {
            assert!(plan.contains(from), "{from} in {plan}");
            assert!(PlanSummary::read(&plan.replacen(from, to, 1)).is_err(), "{from}");
        }
        let bold = plan.replacen("\"rollback_safe\":false", "\"rollback_safe\":true", 1);
        assert_eq!(PlanSummary::read(&bold).unwrap().safety, Safety::NotProved, "there is no target");
    }
}
