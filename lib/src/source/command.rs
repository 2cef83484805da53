//! A command of the repository, whose exit code is a state.

use super::remark::{self, bounded};
use super::{
    CommandEnd, CommandError, Observation, PollWindow, Polled, Source, SourceError, SourceSignal, World,
    interval_of,
};
use crate::Duration;
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::CommandSpec;
use crate::sample::{Absence, Sample, State};

/// The command source.
#[derive(Debug)]
pub(super) struct Command {
    spec: CommandSpec,
    /// What was last said of it, so that it is said once.
    said: String,
}

impl Command {
    pub(super) fn new(spec: &CommandSpec) -> Result<Self, SourceError> {
        interval_of("command", spec.every)?;
        match spec.run.first() {
            Some(program) if !program.trim().is_empty() => {
                Ok(Self { spec: spec.clone(), said: String::new() })
            }
            _ => Err(SourceError::NoCommand { signal: spec.signal.clone() }),
        }
    }

    /// Runs it until it passes, or has failed once more than it may be tried again.
    fn run(&self, world: &World<'_>) -> (Sample, String) {
        let mut tries = 0;
        loop {
            tries += 1;
            let (code, output) = match world.commands.run(&self.spec) {
                Ok(CommandEnd::Exited { code: Some(0), .. }) => {
                    let remark = match tries {
                        1 => String::new(),
                        tries => format!("passed at try {tries}"),
                    };
                    return (Sample::from_state(State::Passing), remark);
                }
                Ok(CommandEnd::Exited { code: Some(code), output }) => (code, output),
                Ok(CommandEnd::Exited { code: None, .. }) => return absent("it was ended by a signal"),
                Ok(CommandEnd::TimedOut) => {
                    let remark = format!("no end within {}", self.spec.timeout);
                    return (Sample::Absent(Absence::Timeout), remark);
                }
                Err(
                    error @ (CommandError::NotAllowed { .. }
                    | CommandError::NotStarted { .. }
                    | CommandError::Halted { .. }),
                ) => {
                    return absent(&error.to_string());
                }
            };
            if tries > self.spec.retries {
                let times = if tries > 1 { format!(" {tries} times") } else { String::new() };
                let last = output.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("");
                let last = if last.is_empty() { String::new() } else { format!(": {}", bounded(last, 160)) };
                return (
                    Sample::from_state(State::Failing),
                    format!("failed{times} with exit code {code}{last}"),
                );
            }
        }
    }
}

fn absent(why: &str) -> (Sample, String) {
    let why = remark::plain(why);
    (Sample::Absent(Absence::Error(why.clone())), why)
}

impl Source for Command {
    fn describe(&self) -> String {
        // Arguments are not printed: they may hold what the policy expanded.
        let program = self.spec.run.first().map_or("", String::as_str);
        format!("command {}", bounded(program, 80))
    }

    fn signals(&self) -> Vec<SourceSignal> {
        vec![SourceSignal {
            signal: self.spec.signal.clone(),
            reading: ReadingKind::State,
            step: self.spec.every,
            span: Duration::ZERO,
            ingestion_delay: Duration::ZERO,
        }]
    }

    fn interval(&self) -> Duration {
        self.spec.every
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let (sample, remark) = self.run(world);
        let mut notes = Vec::new();
        if remark != self.said {
            let (place, signal) = (self.describe(), Some(&self.spec.signal));
            let text = if remark.is_empty() { "passes again" } else { remark.as_str() };
            let text = format!("{place}: {text}");
            if sample == Sample::from_state(State::Passing) {
                remark::good_news(&mut notes, signal, &place, &text);
            } else {
                remark::note(&mut notes, signal, &text);
            }
            self.said = remark;
        }
        let signal = self.spec.signal.clone();
        Polled { observations: vec![Observation { at: window.scheduled, signal, sample }], notes }
    }

    fn history(&mut self, _: &PollWindow, _: &World<'_>) -> Option<Polled> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::source::{Commands, SourceNote};
    use crate::transport::{Request, Response, Transport, TransportError};
    use crate::{SignalName, Timestamp};

    struct NoNetwork;

    impl Transport for NoNetwork {
        fn send(&self, request: &Request) -> Result<Response, TransportError> {
            panic!("a command asks no server: {request:?}")
        }
    }

    /// Ends one after the other.
    struct Script(Mutex<Vec<Result<CommandEnd, CommandError>>>);

    impl Commands for Script {
        fn run(&self, _: &CommandSpec) -> Result<CommandEnd, CommandError> {
            self.0.lock().unwrap().remove(0)
        }
    }

    fn exited(code: i32, output: &str) -> Result<CommandEnd, CommandError> {
        Ok(CommandEnd::Exited { code: Some(code), output: output.into() })
    }

    fn smoke(retries: u32) -> Command {
        Command::new(&CommandSpec {
            signal: "smoke".parse().unwrap(),
            run: vec!["npx".into(), "--token=s3cret".into()],
            every: Duration::from_secs(300),
            timeout: Duration::from_secs(240),
            retries,
        })
        .unwrap()
    }

    fn poll(
        command: &mut Command,
        ends: Vec<Result<CommandEnd, CommandError>>,
    ) -> (Sample, Vec<String>, usize) {
        let script = Script(Mutex::new(ends));
        let at = Timestamp::from_secs(1000);
        let window = PollWindow { start: at, scheduled: at, anchor: at, timeout: Duration::from_secs(240) };
        let polled = command.poll(&window, &World { transport: &NoNetwork, commands: &script });
        assert_eq!(polled.observations.len(), 1);
        let notes = polled.notes.into_iter().map(|SourceNote { text, .. }| text).collect();
        (polled.observations[0].sample.clone(), notes, script.0.into_inner().unwrap().len())
    }

    #[test]
    fn an_exit_code_is_a_state_and_a_failure_is_tried_again() {
        let passing = Sample::from_state(State::Passing);
        let failing = Sample::from_state(State::Failing);
        let mut command = smoke(1);
        assert_eq!(poll(&mut command, vec![exited(0, "")]), (passing.clone(), vec![], 0));
        assert_eq!(
            poll(&mut command, vec![exited(1, ""), exited(0, "")]),
            (passing.clone(), vec!["command npx: passed at try 2".into()], 0)
        );
        let hostile = "ok\n##vso[task.complete]\u{1b}[2J checkout failed\n\n";
        assert_eq!(
            poll(&mut command, vec![exited(1, ""), exited(2, hostile), exited(0, "never run")]),
            (
                failing,
                vec![
                    "command npx: failed 2 times with exit code 2: ##vso[task.complete] [2J checkout failed"
                        .into()
                ],
                1
            )
        );
        assert_eq!(
            poll(&mut command, vec![exited(0, "")]),
            (passing, vec!["command npx: passes again".into()], 0)
        );
    }

    #[test]
    fn what_did_not_end_by_itself_is_absent() {
        let mut command = smoke(3);
        let (sample, notes, left) = poll(&mut command, vec![Ok(CommandEnd::TimedOut), exited(0, "")]);
        assert_eq!((sample, left), (Sample::Absent(Absence::Timeout), 1), "a time-out is not tried again");
        assert_eq!(notes, ["command npx: no end within 4m"]);
        let (sample, _, _) =
            poll(&mut command, vec![Ok(CommandEnd::Exited { code: None, output: String::new() })]);
        assert_eq!(sample, Sample::Absent(Absence::Error("it was ended by a signal".into())));
        let refused =
            CommandError::NotAllowed { program: "npx".into(), why: "allow it with --allow-commands".into() };
        let (sample, _, _) = poll(&mut command, vec![Err(refused)]);
        let why = "the command `npx` is not run: allow it with --allow-commands";
        assert_eq!(sample, Sample::Absent(Absence::Error(why.into())));
    }

    #[test]
    fn arguments_are_not_described() {
        let command = smoke(0);
        assert_eq!(command.describe(), "command npx");
        let signal: SignalName = "smoke".parse().unwrap();
        assert_eq!(command.signals()[0].signal, signal);
        let nothing = CommandSpec { run: vec![], ..command.spec };
        assert!(matches!(Command::new(&nothing), Err(SourceError::NoCommand { .. })));
    }
}
