//! How long a checklist gathers: until its time is over, or somebody interrupts it. What had come by then is judged.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use runbook_gate::Duration;
use runbook_gate::devops::Allowance as _;
use runbook_gate::policy::source_spec::CommandSpec;
use runbook_gate::source::{CommandEnd, CommandError, Commands};

use super::super::devops::Deadline;
use super::super::end_now;
use crate::commands::CommandRunner;
use crate::drive::threads::Switch;
use crate::halt::{Halt, Why};
use crate::session::Session;

/// An interrupted checklist has so long to judge and report; then it ends where it is.
const GRACE: Duration = Duration::from_millis(1_500);

/// Halts the gathering when the deadline is reached, and when somebody interrupts.
pub fn keep(session: &Session, deadline: &Deadline, halt: &Halt) {
    let (over, left, within) = (halt.clone(), deadline.left(), deadline.within);
    let interruptions = session.interruptions.clone();
    let timer = thread::Builder::new().name("deadline".to_owned()).spawn(move || {
        if over.over().recv_timeout(left.to_std()) == Err(RecvTimeoutError::Timeout) {
            let why = Why::TimeIsOver(within);
            interruptions.time_is_over(&why.to_string());
            over.stop(why);
        }
    });
    if timer.is_err() {
        log::warn!("no thread for the deadline: commands and sources are held to their own times only");
    }
    let (halt, processes, end) = (halt.clone(), session.processes.clone(), end_now(session));
    session.interruptions.wind_down_by(move |by| {
        halt.stop(Why::Interrupted(by.to_owned()));
        let (processes, ending, word) = (processes.clone(), end.clone(), by.to_owned());
        let watching = thread::Builder::new().name("interruption".to_owned()).spawn(move || {
            let begun = std::time::Instant::now();
            processes.end_all();
            thread::sleep(GRACE.to_std().saturating_sub(begun.elapsed()));
            ending(&word);
        });
        if watching.is_err() {
            end(by);
        }
    });
}

/// Gives the look at the sources its share of the time: half of what is left, so that everything else can still be asked.
pub struct Share {
    over: Arc<AtomicBool>,
    /// As long as it is there, the share is watched.
    _watched: Sender<Infallible>,
}

impl Share {
    /// The share begins now; at its end what reads the sources is told.
    pub fn begin(deadline: &Deadline, switch: Switch) -> Self {
        let length = Duration::from_nanos(deadline.left().as_nanos() / 2);
        let (watched, done) = bounded::<Infallible>(0);
        let over = Arc::new(AtomicBool::new(false));
        let told = over.clone();
        let timer = thread::Builder::new().name("share".to_owned()).spawn(move || {
            if done.recv_timeout(length.to_std()) == Err(RecvTimeoutError::Timeout) {
                told.store(true, Ordering::Release);
                switch.cancel("its share of the time is over");
            }
        });
        if timer.is_err() {
            log::warn!("no thread for the share of the sources: they are held to the whole time only");
        }
        Self { over, _watched: watched }
    }

    /// Whether it came to its end.
    pub fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

/// Commands that are waited for no longer than the gathering takes.
pub struct BoundedCommands<'r> {
    pub runner: &'r CommandRunner,
    pub deadline: &'r Deadline,
    pub halt: &'r Halt,
}

impl Commands for BoundedCommands<'_> {
    fn run(&self, command: &CommandSpec) -> Result<CommandEnd, CommandError> {
        let halted = |why: &Why| CommandError::Halted {
            program: command.run.first().cloned().unwrap_or_default(),
            why: why.to_string(),
        };
        if let Some(why) = self.halt.why() {
            return Err(halted(why));
        }
        let timeout = command.timeout.min(self.deadline.left());
        match self.runner.run(&CommandSpec { timeout, ..command.clone() })? {
            CommandEnd::TimedOut if timeout < command.timeout => {
                Err(halted(&Why::TimeIsOver(self.deadline.within)))
            }
            // Every command is ended when somebody interrupts.
            CommandEnd::Exited { code: None, output } => match self.halt.why() {
                Some(why) => Err(halted(why)),
                None => Ok(CommandEnd::Exited { code: None, output }),
            },
            end => Ok(end),
        }
    }
}
