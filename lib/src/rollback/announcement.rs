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

use crate::Duration;
use crate::report::{escape, numbers};
use crate::rollback::{Incident, Plan, Safety, VerdictRecord, shortened};

pub use comment::comment;
pub use slack::slack;
pub use teams::teams;

/// The longest text that a message carries in one piece, in characters.
const LONGEST: usize = 600;
/// At most so many facts.
const MOST_FACTS: usize = 10;
/// At most so many links.
const MOST_LINKS: usize = 5;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The gate said rollback.
    Rollback,
    /// The gate said hold: a person has to look.
    Hold,
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
            Self::Recovered => "recovered",
            Self::NotRecovered => "not-recovered",
        }
    }

    const fn sign(self) -> &'static str {
        match self {
            Self::Rollback => "⛔",
            Self::Hold => "⏸",
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
    /// That the gate said rollback or hold of a deployment. Nothing is told of `proceed`.
    #[must_use]
    pub fn of_verdict(verdict: &VerdictRecord, plan: Option<&Plan>) -> Option<Self> {
        let (event, asks) = match verdict.decision {
            crate::gate::Decision::Proceed => return None,
            crate::gate::Decision::Hold => {
                (Event::Hold, "A person has to look, and decide whether the release stays.".to_owned())
            }
            crate::gate::Decision::Rollback => (Event::Rollback, asks_of(plan)),
        };
        let mut facts = vec![Fact::new("Version", &verdict.release.words())];
        facts.extend(verdict.onset.map(|at| Fact::new("Since", &numbers::moment(at))));
        facts.extend(verdict.decided_at.map(|at| Fact::new("Decided", &numbers::moment(at))));
        facts.extend(verdict.criterion.as_ref().map(|criterion| Fact::new("Criterion", criterion)));
        if let (Event::Rollback, Some(plan)) = (event, plan) {
            let target = plan.release().map_or("nothing is proved".to_owned(), |target| target.words());
            facts.push(Fact::new("Back to", &target));
        }
        Some(Self::new(event, verdict, &verdict.reason, facts, asks))
    }

    /// How the service is after a rollback; `None` while nothing was decided about it.
    #[must_use]
    pub fn of_recovery(incident: &Incident) -> Option<Self> {
        let recovery = incident.recovery.as_ref()?;
        let (event, asks) = if recovery.proves_good() {
            (Event::Recovered, "Find the cause: the ticket has the steps.".to_owned())
        } else {
            (
                Event::NotRecovered,
                "A person has to look now: the rollback did not bring the service back.".to_owned(),
            )
        };
        let mut facts = vec![Fact::new("Version", &recovery.release.words())];
        let mut time = |name, length: Option<Duration>| {
            facts.extend(length.map(|length| Fact::new(name, &length.to_string())));
        };
        time("Time to detect", incident.time_to_detect());
        time("Time to restore", incident.time_to_restore());
        Some(Self::new(event, recovery, &recovery.reason, facts, asks))
    }

    fn new(event: Event, verdict: &VerdictRecord, reason: &str, facts: Vec<Fact>, asks: String) -> Self {
        Self {
            event,
            service: line(&verdict.service),
            environment: line(&verdict.environment),
            reason: line(reason),
            facts: facts.into_iter().take(MOST_FACTS).collect(),
            asks: line(&asks),
            links: Vec::new(),
        }
    }

    /// With a link: the run, the ticket, the report. Others than http and https are left out.
    #[must_use]
    pub fn with_link(mut self, title: &str, url: &Url) -> Self {
        if matches!(url.scheme(), "http" | "https") && self.links.len() < MOST_LINKS {
            self.links.push((shortened(title, 60), url.clone()));
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

fn asks_of(plan: Option<&Plan>) -> String {
    match plan {
        None => "See that the rollback job runs, and that the service recovers.".to_owned(),
        Some(plan) => match (plan.release(), plan.safety()) {
            (Some(_), Safety::Proved) => {
                "See that the rollback job runs, and that the service recovers.".to_owned()
            }
            (Some(_), Safety::NotProved) => format!(
                "A person has to decide: going back is not proved to be safe. {}.",
                plan.doubts.first().map(|doubt| doubt.what.as_str()).unwrap_or_default()
            ),
            (None, _) => "A person has to decide now: there is nothing proved to go back to.".to_owned(),
        },
    }
}

/// One bounded line without what steers.
fn line(text: &str) -> String {
    shortened(&escape::terminal(text), LONGEST)
}
