//! Items about the run itself: its earlier stages, and what its telemetry shows.

use super::{Finding, Judged};
use crate::checklist::facts::{Facts, Gathered, StageEnd};
use crate::checklist::outcome::{Evidence, Need, Support, Who};

pub(super) fn pipeline_green(facts: &Facts) -> Judged {
    let stages = match &facts.stages {
        Gathered::Known(stages) => stages,
        Gathered::Unknown(gap) => return Judged::Found(Finding::unknown(gap)),
    };
    if stages.is_empty() {
        return Judged::NotApplicable("this run has no earlier stage".to_owned());
    }
    let parts = stages.iter().map(|stage| {
        let fact = |support: Support, words: &str| Evidence {
            place: stage.place.clone(),
            ..Evidence::new(support, format!("the stage {} {words}", stage.name))
        };
        match stage.end {
            StageEnd::Succeeded => Finding::by(fact(Support::For, "succeeded")),
            StageEnd::Skipped => Finding::by(fact(Support::For, "was skipped")),
            StageEnd::Failed => Finding::against(
                fact(Support::Against, "failed"),
                Need::new(
                    format!("the stage {} failed", stage.name),
                    Who::Author,
                    "mend it, and run it again",
                ),
            ),
            StageEnd::Running => Finding::missing(Need::new(
                format!("the stage {} has not ended", stage.name),
                Who::PipelineOwner,
                "let this stage depend on it",
            )),
        }
    });
    Judged::Found(Finding::all(parts.collect()))
}

pub(super) fn telemetry_ready(facts: &Facts) -> Judged {
    let telemetry = match &facts.telemetry {
        Gathered::Known(telemetry) => telemetry,
        Gathered::Unknown(gap) => return Judged::Found(Finding::unknown(gap)),
    };
    let mut parts = Vec::new();
    for signal in &telemetry.without_source {
        parts.push(Finding::against(
            Evidence::new(Support::Against, format!("{signal} has no source")),
            Need::new(
                format!("{signal} has no source: the gate would be blind to it"),
                Who::PipelineOwner,
                "give it a source or a preset in the policy",
            ),
        ));
    }
    for signal in &telemetry.unreadable {
        parts.push(Finding::missing(Need::new(
            format!("could not be read just now: {signal}"),
            Who::PipelineOwner,
            "see `runbook-gate telemetry`",
        )));
    }
    if !telemetry.not_asked.is_empty() {
        let mut finding = Finding::new(Support::Unknown);
        finding.needs.push(Need::new(
            format!("whether these can be read now was not asked: {}", telemetry.not_asked.join(", ")),
            Who::Caller,
            "run `runbook-gate telemetry`",
        ));
        parts.push(finding);
    }
    for signal in &telemetry.readable {
        parts.push(Finding::by(Evidence::new(Support::For, format!("{signal} was read just now"))));
    }
    Judged::Found(Finding::all(parts))
}
