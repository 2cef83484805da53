//! The one value that every report is made of.
//!
//! [`Report::of_gate`] turns a gate's outcome into what people have to know, in their words and units; the renderers only
//! lay it out. Texts in a report are as they came; each renderer takes them through its door in [`escape`].
//!
//! A gate over a redeployment is a recovery: it says `recovered` or `not recovered`, and the incident that it ends.

pub mod checklist;
mod course;
pub mod escape;
mod gate;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod numbers;
pub mod plot;
mod recovery;
pub mod rollback;
pub mod terminal;

use crate::gate::{Decision, Outcome};
use crate::policy::Enforcement;
use crate::rollback::Release;

pub use course::{Course, GAP, Limit, Mark, Side};
pub use gate::{CriterionRow, Event, EventKind, Fact, GateSection, Phase, PhaseKind, Standing, Timeline};
pub use recovery::word as decision_word;

/// The version of the JSON report's format.
pub const VERSION: u32 = 1;

/// What a report says beside the outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReportContext {
    /// The policy's service.
    pub service: String,
    /// The policy file as the user named it.
    pub policy_file: String,
    /// How strictly the environment holds to the decision.
    pub enforcement: Enforcement,
    /// The command that replays the journal; empty where there is no journal.
    pub replay_command: String,
    /// What was watched, as far as it is known.
    pub release: Release,
}

/// A report: the decision, what to do, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    context: ReportContext,
    outcome: Outcome,
    gate: GateSection,
}

impl Report {
    /// The report of a gate.
    ///
    /// ```
    /// use runbook_gate::gate::Outcome;
    /// use runbook_gate::report::{Report, ReportContext, terminal};
    ///
    /// let context = ReportContext { service: "orders-api".into(), ..ReportContext::default() };
    /// let report = Report::of_gate(&Outcome::default(), &context);
    /// assert!(terminal::render(&report, terminal::Layout::default()).starts_with("HOLD"));
    /// ```
    #[must_use]
    pub fn of_gate(outcome: &Outcome, context: &ReportContext) -> Self {
        Self { context: context.clone(), outcome: outcome.clone(), gate: GateSection::new(outcome) }
    }

    /// The decision as people read it: `proceed`, `hold` or `rollback`; of a recovery `recovered` or `not recovered`.
    ///
    /// ```
    /// use runbook_gate::gate::{Outcome, Recovery};
    /// use runbook_gate::report::{Report, ReportContext};
    ///
    /// let outcome = Outcome { recovery: Some(Recovery::default()), ..Outcome::default() };
    /// assert_eq!(Report::of_gate(&outcome, &ReportContext::default()).word(), "not recovered");
    /// ```
    #[must_use]
    pub const fn word(&self) -> &'static str {
        recovery::word(&self.outcome)
    }

    /// What was decided.
    #[must_use]
    pub const fn decision(&self) -> Decision {
        self.outcome.decision
    }

    /// The gate's section.
    #[must_use]
    pub const fn gate(&self) -> &GateSection {
        &self.gate
    }

    /// A plot for each signal that a criterion reads, those that decided first, and for each other one that was read.
    #[must_use]
    pub fn plots(&self) -> Vec<plot::Plot> {
        gate::plots(&self.outcome)
    }

    /// What happened when; `plots` are the report's own.
    #[must_use]
    pub fn timeline(&self, plots: &[plot::Plot]) -> Timeline {
        Timeline::new(&self.outcome, plots)
    }

    /// The incident that a recovery ends, a sentence each; nothing for the gate of a release.
    fn incident(&self) -> Vec<String> {
        recovery::incident(&self.outcome)
    }

    /// `orders-api in production`, with what is known of the two.
    fn subject(&self) -> String {
        match (self.context.service.as_str(), self.outcome.environment.as_str()) {
            ("", "") => "a service".to_owned(),
            ("", environment) => environment.to_owned(),
            (service, "") => service.to_owned(),
            (service, environment) => format!("{service} in {environment}"),
        }
    }

    /// The subject with the release that was watched: `orders-api 2.4.0 in production`.
    fn headline(&self) -> String {
        let service = self.context.service.as_str();
        match (self.context.release.short(), self.outcome.environment.as_str()) {
            (None, _) => self.subject(),
            (Some(release), "") => {
                format!("{} {release}", if service.is_empty() { "a service" } else { service })
            }
            (Some(release), environment) if service.is_empty() => format!("{release} in {environment}"),
            (Some(release), environment) => format!("{service} {release} in {environment}"),
        }
    }

    /// The release in full, where a headline leaves something out.
    fn release(&self) -> Option<String> {
        let release = &self.context.release;
        release
            .short()
            .map(|short| (short, release.words()))
            .filter(|(short, full)| short != full)
            .map(|(_, full)| full)
    }

    /// The decision, and in brackets how the gate ended where it did not end by itself.
    fn title(&self) -> String {
        match self.gate.ended() {
            None => self.word().to_owned(),
            Some(ended) => format!("{} ({ended})", self.word()),
        }
    }

    /// What the decision does to the stage, where that is less than it says.
    fn enforcement(&self) -> Option<&'static str> {
        match (self.context.enforcement, self.outcome.decision) {
            (Enforcement::Enforce, _) => None,
            (Enforcement::Off, _) => Some("off: in this environment the decision changes nothing."),
            (Enforcement::Advise, Decision::Proceed) => {
                Some("advise: in this environment a decision never fails the stage.")
            }
            (Enforcement::Advise, Decision::Hold) => {
                Some("advise: this would have failed the stage, which goes on.")
            }
            (Enforcement::Advise, Decision::Rollback) => Some(
                "advise: this would have failed the stage and started the rollback job. The stage goes on, and nothing is rolled back.",
            ),
        }
    }

    /// What a person has to do now.
    fn next(&self) -> String {
        if self.outcome.recovery.is_some() {
            return self.next_of_recovery();
        }
        match (self.outcome.decision, self.context.enforcement) {
            (Decision::Proceed, _) if self.outcome.saw_nothing() => {
                "Look at the service: nothing is known of this release. Every criterion was passed over, as the policy has it (`on_no_data`, `on_low_traffic`, `on_error`)."
                    .to_owned()
            }
            (Decision::Proceed, _) if self.gate.has_caveats() => {
                "Nothing has to be done. Some criteria passed with a reservation, which stands beside them.".to_owned()
            }
            (Decision::Proceed, _) => "Nothing has to be done.".to_owned(),
            (Decision::Hold, _) => self.gate.next_of_hold(),
            (Decision::Rollback, Enforcement::Enforce) => {
                "Roll back now. In a pipeline the rollback job runs on this decision: see that it ran. On a desk `runbook-gate rollback plan` names the version to go back to. Then see that the service recovers."
                    .to_owned()
            }
            (Decision::Rollback, Enforcement::Advise | Enforcement::Off) => {
                "A person must decide whether to roll back: no job does.".to_owned()
            }
        }
    }
}

/// A sentence that begins with a capital letter.
fn capital(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests;
