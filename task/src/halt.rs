//! What ends everything that a command waits for, wherever it waits: its time is over, or somebody interrupts it.

use std::convert::Infallible;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use crossbeam_channel::{Receiver, Sender, bounded};
use runbook_gate::Duration;

/// Halts a command. Clones are the same.
#[derive(Clone, Debug)]
pub struct Halt(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    why: OnceLock<Why>,
    interrupted: OnceLock<String>,
    /// Nothing is ever sent: that it is gone is heard by everybody at once.
    held: Mutex<Option<Sender<Infallible>>>,
    over: Receiver<Infallible>,
}

/// Why a command was halted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Its whole time is over: this long.
    TimeIsOver(Duration),
    /// Somebody interrupted it: who or what.
    Interrupted(String),
}

impl fmt::Display for Why {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeIsOver(within) => {
                write!(formatter, "the time of {within} is over; `--timeout` gives more")
            }
            Self::Interrupted(by) => write!(formatter, "it was interrupted by {by}"),
        }
    }
}

impl Default for Halt {
    fn default() -> Self {
        let (held, over) = bounded(0);
        Self(Arc::new(Shared {
            why: OnceLock::new(),
            interrupted: OnceLock::new(),
            held: Mutex::new(Some(held)),
            over,
        }))
    }
}

impl Halt {
    /// Halts, from now on and for good. The first reason stays the one that is said.
    pub fn stop(&self, why: Why) {
        if let Why::Interrupted(by) = &why {
            let _ = self.0.interrupted.set(by.clone());
        }
        let _ = self.0.why.set(why);
        *self.0.held.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Why it was halted; `None` where it was not.
    pub fn why(&self) -> Option<&Why> {
        self.0.why.get()
    }

    /// Who interrupted it, where somebody did.
    pub fn interrupted(&self) -> Option<&str> {
        self.0.interrupted.get().map(String::as_str)
    }

    /// Waits together with something else: it ends when the command is halted, and never before.
    pub fn over(&self) -> &Receiver<Infallible> {
        &self.0.over
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_who_waits_hears_it_and_the_first_reason_stays() {
        let halt = Halt::default();
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let halt = halt.clone();
                std::thread::spawn(move || halt.over().recv().is_err())
            })
            .collect();
        assert_eq!(halt.why(), None);
        halt.stop(Why::TimeIsOver(Duration::from_secs(120)));
        halt.stop(Why::Interrupted("SIGTERM".to_owned()));
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
        assert_eq!(
            halt.why().map(ToString::to_string).as_deref(),
            Some("the time of 2m is over; `--timeout` gives more")
        );
        assert_eq!(halt.interrupted(), Some("SIGTERM"));
    }
}
