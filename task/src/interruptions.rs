//! SIGINT, SIGTERM, their like, and the end of the task's launcher: heard from the first moment, and never lost.
//!
//! A signal that comes before anything watches is kept for the first that does. Where nothing will, it ends the process.

use std::sync::{Arc, Mutex, PoisonError};

use crate::drive::threads::Switch;

/// Which signals came is not told.
const SIGNAL: &str = "SIGINT or SIGTERM";

/// What interrupts the process. Clones are the same.
#[derive(Clone, Default)]
pub struct Interruptions(Arc<Mutex<State>>);

#[derive(Default)]
enum State {
    /// Nothing has come, and nobody has said yet what shall happen then.
    #[default]
    Quiet,
    /// Something has come, by this name, and nobody has heard it yet.
    Kept(String),
    /// This is told.
    Told(Switch),
    /// This is done.
    Ends(Box<dyn Fn(&str) + Send>),
    /// This is begun, once, and what reads sources is told as well; the command comes to its end by itself.
    WindsDown(WindDown),
}

struct WindDown {
    begin: Box<dyn Fn(&str) + Send>,
    by: Option<String>,
    told: Option<Switch>,
}

impl Interruptions {
    /// Hears signals from now on.
    ///
    /// # Errors
    /// Where the system gives no handler, in words.
    pub fn listen() -> Result<Self, String> {
        let heard = Self::default();
        let interruptions = heard.clone();
        ctrlc::set_handler(move || interruptions.arrive(SIGNAL))
            .map_err(|error| format!("cannot listen for signals: {error}"))?;
        Ok(heard)
    }

    /// Something that interrupts has come.
    pub fn arrive(&self, by: &str) {
        let mut state = self.state();
        match &mut *state {
            State::Quiet => *state = State::Kept(by.to_owned()),
            State::Kept(_) => {}
            State::Told(switch) => switch.cancel(by),
            State::Ends(end) => end(by),
            State::WindsDown(WindDown { by: Some(_), .. }) => {}
            State::WindsDown(down) => {
                down.by = Some(by.to_owned());
                (down.begin)(by);
                down.told.iter().for_each(|switch| switch.cancel(by));
            }
        }
    }

    /// Tells a gate, from now on and of what was kept; where they end the process, they still do.
    pub fn tell(&self, switch: Switch) {
        let mut state = self.state();
        match &mut *state {
            State::Ends(_) => return,
            State::WindsDown(down) => {
                down.by.iter().for_each(|by| switch.cancel(by));
                down.told = Some(switch);
                return;
            }
            State::Kept(by) => switch.cancel(by),
            State::Quiet | State::Told(_) => {}
        }
        *state = State::Told(switch);
    }

    /// Does this from now on, and for what was kept.
    pub fn end_by(&self, end: impl Fn(&str) + Send + 'static) {
        let mut state = self.state();
        if let State::Kept(by) = &*state {
            end(by);
        }
        *state = State::Ends(Box::new(end));
    }

    /// Begins this from now on, when something comes, instead of ending. What has ended the process has ended it.
    pub fn wind_down_by(&self, begin: impl Fn(&str) + Send + 'static) {
        *self.state() = State::WindsDown(WindDown { begin: Box::new(begin), by: None, told: None });
    }

    /// Tells what reads sources that there is no more time, where a command winds down.
    pub fn time_is_over(&self, words: &str) {
        if let State::WindsDown(WindDown { told: Some(switch), .. }) = &*self.state() {
            switch.cancel(words);
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::stage::{Event, Stage};
    use crate::drive::threads::{Clock, Events, Threads};
    use runbook_gate::Duration;
    use std::sync::mpsc::channel;

    fn cancelled(events: Events) -> Option<String> {
        struct Nothing;
        impl runbook_gate::source::Commands for Nothing {
            fn run(
                &self,
                command: &runbook_gate::policy::source_spec::CommandSpec,
            ) -> Result<runbook_gate::source::CommandEnd, runbook_gate::source::CommandError> {
                let program = command.run.first().cloned().unwrap_or_default();
                Err(runbook_gate::source::CommandError::NotAllowed { program, why: "a test".to_owned() })
            }
        }
        let transport: Arc<dyn runbook_gate::transport::Transport> =
            Arc::new(crate::http::HttpTransport::new(
                crate::http::Network::default(),
                crate::drive::threads::pause,
                crate::drive::threads::wall_time,
            ));
        let commands: Arc<dyn runbook_gate::source::Commands> = Arc::new(Nothing);
        let clock = Clock::start();
        let mut threads = Threads::start(clock, Vec::new(), &transport, &commands, events).unwrap();
        match threads.next(clock.now() + Duration::from_millis(1)) {
            Event::Cancelled { by } => Some(by),
            _ => None,
        }
    }

    #[test]
    fn what_came_before_anybody_watched_is_kept_for_the_first_who_does() {
        let interruptions = Interruptions::default();
        interruptions.arrive("a signal");
        interruptions.arrive("another");
        let events = Events::default();
        interruptions.tell(events.switch());
        assert_eq!(cancelled(events), Some("a signal".to_owned()));
    }

    #[test]
    fn what_comes_later_is_told_at_once() {
        let (interruptions, events) = (Interruptions::default(), Events::default());
        interruptions.tell(events.switch());
        interruptions.arrive("a signal");
        assert_eq!(cancelled(events), Some("a signal".to_owned()));
    }

    #[test]
    fn where_nobody_watches_it_ends_whenever_it_came() {
        for early in [true, false] {
            let (interruptions, (sender, receiver)) = (Interruptions::default(), channel());
            if early {
                interruptions.arrive("a signal");
            }
            interruptions.end_by(move |by| sender.send(by.to_owned()).unwrap());
            if !early {
                interruptions.arrive("a signal");
            }
            assert_eq!(receiver.try_recv().as_deref(), Ok("a signal"));
        }
    }
}
