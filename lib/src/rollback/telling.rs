//! Telling channels what happened, once for each event, however often the step is run.
//!
//! ```text
//! what was told (Memory) ─▶ those that were not ─▶ webhooks ─▶ remembered, where it was taken
//! ```
//!
//! It is remembered after a message was taken, never before: where the memory fails a message may come twice, and none is lost.

use std::collections::BTreeSet;

use crate::Duration;
use crate::devops::verdict::told_tag;
use crate::rollback::channel::{Channel, channels};
use crate::rollback::deliver::{Delivery, deliver};
use crate::rollback::{Announcement, Notice};
use crate::transport::Transport;

/// What remembers across steps and agents what was told: words, which [`told_tag`] makes.
pub trait Memory {
    /// What was told.
    ///
    /// # Errors
    /// Where that cannot be known, in words, with what would change it.
    fn told(&self) -> Result<BTreeSet<String>, String>;

    /// Remembers that something was told; one result for each.
    ///
    /// # Errors
    /// Where it cannot be remembered, in words, with what would change it.
    fn remember(&self, words: &[String]) -> Vec<Result<(), String>>;
}

/// No memory: a desk, where each time is a first time.
#[derive(Clone, Copy, Debug)]
pub struct Forgetful;

impl Memory for Forgetful {
    fn told(&self) -> Result<BTreeSet<String>, String> {
        Ok(BTreeSet::new())
    }

    fn remember(&self, words: &[String]) -> Vec<Result<(), String>> {
        words.iter().map(|_| Ok(())).collect()
    }
}

/// What became of telling one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Telling {
    /// It was told now.
    Told,
    /// It was told by an earlier step of this run.
    AlreadyTold,
    /// It was not told; why, and what to do, one sentence without a full stop.
    NotTold(String),
}

/// What became of telling everybody.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Each channel by its name, in the policy's order.
    pub channels: Vec<(String, Telling)>,
    /// What a person should know: where a message may come twice.
    pub doubts: Vec<String>,
}

/// Tells the channels of a policy. Each webhook has so much time.
///
/// ```
/// # use runbook_gate::rollback::{Announcement, Forgetful, Notice, Telling, VerdictRecord, tell};
/// # use runbook_gate::transport::{Request, Response, Transport, TransportError};
/// # use runbook_gate::{Duration, Secret};
/// # struct Hook;
/// # impl Transport for Hook {
/// #     fn send(&self, _: &Request) -> Result<Response, TransportError> { Ok(Response::new(202, "", "")) }
/// # }
/// # let line = r#"{"kind":"verdict","version":1,"service":"orders-api","environment":"production","profile":"deployment",
/// #     "decision":"hold","enforcement":"enforce","reason":"no data","criterion":null,
/// #     "release":{"run":12,"version":"1.4.0","commit":"1a2b3c4d"},"judged_in":12,"started_at":null,"onset":null,
/// #     "decided_at":null,"policy_sha256":""}"#;
/// # let hold = Announcement::of_verdict(&VerdictRecord::read(line)?).unwrap();
/// let notices = [Notice::Teams(Secret::new("https://contoso.example/hook"))];
/// let told = tell(&notices, &hold, &Hook, &Forgetful, Duration::from_secs(6));
/// assert_eq!(told.channels, [("Teams".to_owned(), Telling::Told)]);
/// # Ok::<(), runbook_gate::rollback::RecordError>(())
/// ```
#[must_use]
pub fn tell(
    notices: &[Notice],
    announcement: &Announcement,
    transport: &dyn Transport,
    memory: &dyn Memory,
    timeout: Duration,
) -> Told {
    let channels = channels(notices);
    if channels.is_empty() {
        return Told::default();
    }
    let mut doubts = Vec::new();
    let told = memory.told().unwrap_or_else(|why| {
        doubts.push(format!("what was told before is not known, so a message may come twice: {why}"));
        BTreeSet::new()
    });
    let tag = |channel: &Channel| told_tag(announcement.event(), &channel.word(), announcement.environment());
    let open: Vec<&Channel> = channels.iter().filter(|channel| !told.contains(&tag(channel))).collect();
    let mut deliveries = deliver(&open, announcement, transport, timeout).into_iter();
    let tellings: Vec<(&Channel, Telling)> = channels
        .iter()
        .map(|channel| {
            let telling = match told.contains(&tag(channel)) {
                true => Telling::AlreadyTold,
                false => match deliveries.next() {
                    Some(Delivery::Taken) => Telling::Told,
                    Some(Delivery::NotTaken(why)) => Telling::NotTold(why),
                    None => Telling::NotTold("it was not sent".to_owned()),
                },
            };
            (channel, telling)
        })
        .collect();
    let taken: Vec<&Channel> = tellings
        .iter()
        .filter(|(_, telling)| *telling == Telling::Told)
        .map(|(channel, _)| *channel)
        .collect();
    let words: Vec<String> = taken.iter().map(|channel| tag(channel)).collect();
    for (channel, remembered) in taken.iter().zip(memory.remember(&words)) {
        if let Err(why) = remembered {
            doubts.push(format!(
                "that {} was told is not remembered, so it is told again where this step is run again: {why}",
                channel.name()
            ));
        }
    }
    let channels = tellings.into_iter().map(|(channel, telling)| (channel.name(), telling)).collect();
    Told { channels, doubts }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::Mutex;

    use super::*;
    use crate::Secret;
    use crate::rollback::announcement::Event;
    use crate::transport::{Address, Request, Response, TransportError};

    /// Takes everything but what goes to `full`.
    #[derive(Default)]
    struct Hooks(Mutex<Vec<String>>);

    impl Transport for Hooks {
        fn send(&self, request: &Request) -> Result<Response, TransportError> {
            let Address::Webhook(address) = &request.address else { panic!("{:?}", request.address) };
            self.0.lock().unwrap().push(address.reveal().to_owned());
            Ok(Response::new(if address.reveal() == "full" { 429 } else { 202 }, "", ""))
        }
    }

    /// A memory that can be lost.
    #[derive(Default)]
    struct Notes {
        told: RefCell<BTreeSet<String>>,
        unreadable: bool,
        full: bool,
    }

    impl Memory for Notes {
        fn told(&self) -> Result<BTreeSet<String>, String> {
            if self.unreadable { Err("no right".into()) } else { Ok(self.told.borrow().clone()) }
        }
        fn remember(&self, words: &[String]) -> Vec<Result<(), String>> {
            if self.full {
                return words.iter().map(|_| Err("no right".into())).collect();
            }
            self.told.borrow_mut().extend(words.iter().cloned());
            words.iter().map(|_| Ok(())).collect()
        }
    }

    fn notices() -> [Notice; 3] {
        ["a", "full", "b"].map(|address| Notice::Teams(Secret::new(address)))
    }

    fn told(event: Event, hooks: &Hooks, memory: &Notes) -> Told {
        tell(&notices(), &Announcement::sample(event), hooks, memory, Duration::from_secs(6))
    }

    #[test]
    fn an_event_is_told_once_and_again_where_it_was_not_taken() {
        let (hooks, memory) = (Hooks::default(), Notes::default());
        let first = told(Event::Hold, &hooks, &memory);
        assert_eq!(first.channels[0], ("Teams".into(), Telling::Told));
        assert!(matches!(&first.channels[1], (name, Telling::NotTold(_)) if name == "Teams (2)"));
        let second = told(Event::Hold, &hooks, &memory);
        assert_eq!(second.channels[2], ("Teams (3)".into(), Telling::AlreadyTold));
        assert_eq!(*hooks.0.lock().unwrap(), ["a", "full", "b", "full"]);
        let _ = told(Event::Rollback, &hooks, &memory);
        assert_eq!(hooks.0.lock().unwrap().len(), 7, "another event is told to everybody");
        let words: Vec<String> = memory.told.borrow().iter().cloned().collect();
        assert_eq!(words[0], "runbook-gate-told-hold-teams-3-production");
    }

    #[test]
    fn a_memory_that_fails_loses_no_message_and_is_said() {
        let hooks = Hooks::default();
        for memory in
            [Notes { unreadable: true, ..Notes::default() }, Notes { full: true, ..Notes::default() }]
        {
            for _ in 0..2 {
                let told = told(Event::Hold, &hooks, &memory);
                assert_eq!(told.channels[0].1, Telling::Told);
                assert!(told.doubts.iter().all(|doubt| doubt.contains("no right")), "{:?}", told.doubts);
                assert!(!told.doubts.is_empty());
            }
        }
        assert_eq!(hooks.0.lock().unwrap().len(), 12);
    }
}
