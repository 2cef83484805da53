//! What people are told, and how it looks where they read it.
//!
//! Texts come from outside. Teams and Slack get them as plain runs of text, which neither reads as markup, and comments
//! get them escaped.

mod comment;
mod slack;
mod teams;
#[cfg(test)]
mod tests;

use url::Url;

use crate::gate::Decision;
use crate::report::{escape, numbers};
use crate::rollback::{PlanSummary, Profile, Safety, Times, VerdictRecord, shortened};

pub use comment::{comment, marker};
pub use slack::slack;
pub use teams::teams;

/// The longest text that a message carries in one piece, in characters.
const LONGEST: usize = 600;
/// At most so many facts.
const MOST_FACTS: usize = 10;
/// At most so many doubts of a plan.
const MOST_DOUBTS: usize = 3;
/// At most so many links.
const MOST_LINKS: usize = 5;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The gate said rollback.
    Rollback,
    /// The gate said hold: a person has to look.
    Hold,
    /// A rollback goes back to a version that is proved to be good.
    GoingBack,
    /// A rollback waits for a person: nothing is proved to go back to, or something speaks against it.
    Waiting,
    /// After a rollback the service is well again.
    Recovered,
    /// After a rollback it is not.
    NotRecovered,
}

/// One fact of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// Its name.
    pub name: &'static str,
    /// Its value, on one line, without what steers.
    value: String,
}

/// A message about one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    event: Event,
    service: String,
    environment: String,
    reason: String,
    facts: Vec<Fact>,
    asks: String,
    links: Vec<(String, Url)>,
}

impl Event {
    /// As titles print it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Rollback => "Rollback",
            Self::Hold => "Hold",
            Self::GoingBack => "Going back",
            Self::Waiting => "Rollback waits for a person",
            Self::Recovered => "Recovered",
            Self::NotRecovered => "Not recovered",
        }
    }

    /// As tags and markers print it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rollback => "rollback",
            Self::Hold => "hold",
            Self::GoingBack => "going-back",
            Self::Waiting => "rollback-waits",
            Self::Recovered => "recovered",
            Self::NotRecovered => "not-recovered",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Rollback => "⛔",
            Self::Hold => "⏸",
            Self::GoingBack => "⏪",
            Self::Waiting => "✋",
            Self::Recovered => "✅",
            Self::NotRecovered => "⚠",
        }
    }
}

impl Fact {
    /// A fact; its value is made one bounded line.
    #[must_use]
    pub fn new(name: &'static str, value: &str) -> Self {
        Self { name, value: line(value) }
    }

    /// Its value.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl Announcement {
    /// What the gate said, where somebody has to know: hold or rollback of a deployment, and after a rollback whether the
    /// service is well again. Nothing is told of a deployment that proceeds.
    #[must_use]
    pub fn of_verdict(verdict: &VerdictRecord) -> Option<Self> {
        let (event, asks) = match (verdict.profile, verdict.decision) {
            (Profile::Deployment, Decision::Proceed) => return None,
            (Profile::Deployment, Decision::Hold) => {
                (Event::Hold, "A person has to look, and decide whether the release stays.")
            }
            // Outside of a pipeline no job does it.
            (Profile::Deployment, Decision::Rollback) if verdict.judged_in.is_none() => (
                Event::Rollback,
                "Roll the release back now: `runbook-gate rollback plan` names what to go back to. See that the service recovers.",
            ),
            (Profile::Deployment, Decision::Rollback) => {
                (Event::Rollback, "See that the release is rolled back, and that the service recovers.")
            }
            (Profile::Rollback, Decision::Proceed) => {
                (Event::Recovered, "Find the cause: the follow-up ticket has the steps.")
            }
            (Profile::Rollback, Decision::Hold | Decision::Rollback) => (
                Event::NotRecovered,
                "A person has to look now: the rollback did not bring the service back.",
            ),
        };
        let mut facts = vec![Fact::new("Version", &verdict.release.words())];
        facts.extend(verdict.onset.map(|at| Fact::new("Since", &numbers::moment(at))));
        facts.extend(verdict.decided_at.map(|at| Fact::new("Decided", &numbers::moment(at))));
        facts.extend(verdict.criterion.as_ref().map(|criterion| Fact::new("Criterion", criterion)));
        Some(Self::new(event, (&verdict.service, &verdict.environment), &verdict.reason, facts, asks))
    }

    /// What a rollback goes back to, or why it waits for a person.
    #[must_use]
    pub fn of_plan(plan: &PlanSummary) -> Self {
        let (event, asks) = match (&plan.target, plan.safety) {
            (Some(_), Safety::Proved) => {
                (Event::GoingBack, "See that this version is deployed again, and that the service recovers.")
            }
            (Some(_), Safety::NotProved) => (
                Event::Waiting,
                "A person has to decide now whether to go back all the same: the plan of the run says what is in doubt.",
            ),
            (None, _) => (
                Event::Waiting,
                "A person has to decide now what to deploy: there is nothing proved to go back to.",
            ),
        };
        let mut facts = vec![Fact::new("Deployed", &plan.current)];
        facts.extend(plan.target.as_ref().map(|target| Fact::new("Back to", &target.words())));
        facts.extend(
            plan.doubts
                .iter()
                .take(MOST_DOUBTS)
                .map(|doubt| Fact::new("In doubt", &format!("{}; {}: {}", doubt.what, doubt.who, doubt.how))),
        );
        if plan.doubts.len() > MOST_DOUBTS {
            facts.push(Fact::new("In doubt", &format!("and {} more", plan.doubts.len() - MOST_DOUBTS)));
        }
        Self::new(event, (&plan.service, &plan.environment), &plan.reason, facts, asks)
    }

    /// With an incident's times, as far as they are known.
    #[must_use]
    pub fn with_times(mut self, of: &Times) -> Self {
        let times = [("Time to detect", of.time_to_detect()), ("Time to restore", of.time_to_restore())];
        let facts = times
            .into_iter()
            .filter_map(|(name, length)| Some(Fact::new(name, &length?.rounded().to_string())));
        self.facts.extend(facts);
        self.facts.truncate(MOST_FACTS);
        self
    }

    fn new(
        event: Event,
        (service, environment): (&str, &str),
        reason: &str,
        facts: Vec<Fact>,
        asks: &str,
    ) -> Self {
        Self {
            event,
            service: line(service),
            environment: line(environment),
            reason: line(reason),
            facts: facts.into_iter().take(MOST_FACTS).collect(),
            asks: line(asks),
            links: Vec::new(),
        }
    }

    /// With a link: the run, the ticket, the report. Others than http and https are left out.
    #[must_use]
    pub fn with_link(mut self, title: &str, url: &Url) -> Self {
        if matches!(url.scheme(), "http" | "https") && self.links.len() < MOST_LINKS {
            self.links.push((shortened(&line(title), 60), url.clone()));
        }
        self
    }

    /// What happened.
    #[must_use]
    pub const fn event(&self) -> Event {
        self.event
    }

    /// The first line: `Rollback: orders-api in production`.
    #[must_use]
    pub fn title(&self) -> String {
        format!(
            "{}: {} in {}",
            self.event.title(),
            shortened(&self.service, 60),
            shortened(&self.environment, 40)
        )
    }

    /// All of it as plain text, for whoever sends it on.
    #[must_use]
    pub fn text(&self) -> String {
        let mut lines = vec![self.title(), self.reason.clone()];
        lines.extend(self.facts.iter().map(|fact| format!("  {}: {}", fact.name, fact.value())));
        lines.push(self.asks.clone());
        lines.extend(self.links.iter().map(|(title, url)| format!("  {title}: {url}")));
        lines.join("\n")
    }

    /// The environment, as a title shows it.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Its facts.
    #[must_use]
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }
}

#[cfg(test)]
impl Announcement {
    /// A message for tests of its way.
    pub(crate) fn sample(event: Event) -> Self {
        Self {
            event,
            service: "orders-api".into(),
            environment: "production".into(),
            reason: "error_rate was 9.28%".into(),
            facts: Vec::new(),
            asks: "Look.".into(),
            links: Vec::new(),
        }
    }
}

/// One bounded line without what steers.
///
/// Slack takes no message with an empty text.
fn line(text: &str) -> String {
    match escape::terminal(text) {
        empty if empty.trim().is_empty() => "not known".to_owned(),
        text => shortened(&text, LONGEST),
    }
}
