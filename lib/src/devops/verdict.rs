//! What a run records of this gate, so that later runs find it: tags, and the attachment that holds the decision.

use crate::gate::Decision;
use crate::rollback::{Event, Profile};

/// The type of the attachment that holds a decision: see [`VerdictRecord`](crate::rollback::VerdictRecord).
pub const ATTACHMENT: &str = "runbook-gate.verdict";

/// The tag of a run whose release was rolled back: it is not gone back to.
pub const ROLLED_BACK: &str = "rolled-back";

/// A tag of a run, for one environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunTag {
    /// This gate let its release proceed.
    Proceed,
    /// It held it.
    Hold,
    /// It said to roll it back.
    Rollback,
    /// It saw the service recover after a rollback.
    Recovered,
    /// It did not.
    NotRecovered,
    /// A rollback was rehearsed in it; whoever rehearses sets it.
    Rehearsal,
}

impl RunTag {
    /// Those that this gate sets, one for each decision.
    pub const DECISIONS: [Self; 5] =
        [Self::Proceed, Self::Recovered, Self::Hold, Self::Rollback, Self::NotRecovered];

    /// The tag for a decision.
    #[must_use]
    pub const fn of(profile: Profile, decision: Decision) -> Self {
        match (profile, decision) {
            (Profile::Deployment, Decision::Proceed) => Self::Proceed,
            (Profile::Deployment, Decision::Hold) => Self::Hold,
            (Profile::Deployment, Decision::Rollback) => Self::Rollback,
            (Profile::Rollback, Decision::Proceed) => Self::Recovered,
            (Profile::Rollback, Decision::Hold | Decision::Rollback) => Self::NotRecovered,
        }
    }

    /// The tag for an environment: no two environments have the same.
    ///
    /// ```
    /// use runbook_gate::devops::verdict::RunTag;
    /// assert_eq!(RunTag::Proceed.for_environment("production"), "runbook-gate-proceed-production");
    /// assert_eq!(RunTag::NotRecovered.for_environment("prod eu/1"), "runbook-gate-not-recovered-prod_20_eu_2f_1");
    /// ```
    #[must_use]
    pub fn for_environment(self, environment: &str) -> String {
        let word = match self {
            Self::Proceed => "proceed",
            Self::Hold => "hold",
            Self::Rollback => "rollback",
            Self::Recovered => "recovered",
            Self::NotRecovered => "not-recovered",
            Self::Rehearsal => "rehearsal",
        };
        format!("runbook-gate-{word}-{}", environment_word(environment))
    }
}

/// The tag of a run in which a channel was told of an event: a step that is run again does not tell it again.
///
/// ```
/// use runbook_gate::devops::verdict::told_tag;
/// use runbook_gate::rollback::Event;
/// assert_eq!(told_tag(Event::Hold, "teams", "production"), "runbook-gate-told-hold-teams-production");
/// ```
#[must_use]
pub fn told_tag(event: Event, channel: &str, environment: &str) -> String {
    format!("runbook-gate-told-{}-{channel}-{}", event.as_str(), environment_word(environment))
}

/// An environment's name as a word that can stand in a tag and in a comment of HTML. Tags may not hold every character and
/// are compared without case, so what is no small letter of ASCII, digit, `.` or `-` is written as its code between `_`,
/// and `_` as `__`: different names stay different.
///
/// ```
/// use runbook_gate::devops::verdict::environment_word;
/// assert_eq!(environment_word("staging-eu.2"), "staging-eu.2");
/// assert_ne!(environment_word("prod eu"), environment_word("prod-eu"));
/// assert_ne!(environment_word("Prod"), environment_word("prod"));
/// ```
#[must_use]
pub fn environment_word(environment: &str) -> String {
    let mut word = String::with_capacity(environment.len());
    for c in environment.chars() {
        match c {
            'a'..='z' | '0'..='9' | '.' | '-' => word.push(c),
            '_' => word.push_str("__"),
            other => word.push_str(&format!("_{:x}_", u32::from(other))),
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The name that a word was made of.
    fn name_of(word: &str) -> String {
        let mut parts = word.split('_');
        let mut name = parts.next().unwrap().to_owned();
        while let (Some(code), Some(rest)) = (parts.next(), parts.next()) {
            name.push(match code {
                "" => '_',
                code => char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap(),
            });
            name.push_str(rest);
        }
        name
    }

    proptest! {
        #[test]
        fn a_name_can_be_read_back_from_its_tag(name in "\\PC{0,20}|[a-zA-Z_./ -]{0,20}") {
            let word = environment_word(&name);
            prop_assert!(word.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'_')));
            prop_assert_eq!(name_of(&word), name);
        }
    }
}
