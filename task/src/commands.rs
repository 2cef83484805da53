//! Commands of the repository, as sources: run with bounds, without a shell and without the job's secrets.

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use runbook_gate::policy::source_spec::CommandSpec;
use runbook_gate::source::{CommandEnd, CommandError, Commands};

use crate::redact::Redactor;

/// How much of a command's output is kept: its end.
const KEPT_BYTES: usize = 4096;
/// How long output is awaited after the command has ended: a process that it left behind may hold the pipe.
const OUTPUT_GRACE: std::time::Duration = std::time::Duration::from_millis(500);
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(10);

/// Whether commands may run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandPermission {
    /// They may.
    Allowed,
    /// They may not; why, and what would allow it.
    Refused(String),
}

impl CommandPermission {
    /// Commands run code of the repository with the job's rights: only where that was asked for, and never for a pull
    /// request, whose code nobody has approved.
    pub fn decide(asked_for: Asked, build_reason: Option<&str>) -> Self {
        let pull_request =
            build_reason.is_some_and(|reason| reason.trim().eq_ignore_ascii_case("PullRequest"));
        match (asked_for, pull_request) {
            (_, true) => Self::Refused("commands never run in a pull request's build".to_owned()),
            (Asked::No, false) => {
                Self::Refused("pass --allow-commands to run commands of the policy".to_owned())
            }
            (Asked::Yes, false) => Self::Allowed,
        }
    }
}

/// Whether `--allow-commands` was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// It was.
    Yes,
    /// It was not.
    No,
}

/// Runs commands. Clones share what is running.
#[derive(Clone)]
pub struct CommandRunner {
    permission: CommandPermission,
    environment: BTreeMap<String, String>,
    redactor: Redactor,
    running: Arc<Mutex<Vec<u32>>>,
}

impl CommandRunner {
    /// A runner that gives commands `environment` without its secrets.
    pub fn new(
        permission: CommandPermission,
        environment: &BTreeMap<String, String>,
        redactor: Redactor,
    ) -> Self {
        let environment = environment
            .iter()
            .filter(|(name, value)| !is_secret_variable(name) && !redactor.finds_in(value))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        Self { permission, environment, redactor, running: Arc::default() }
    }

    /// Whether a command could be run here, without running it.
    ///
    /// # Errors
    /// Where commands are not allowed, or there is no such program.
    pub fn check(&self, command: &CommandSpec) -> Result<(), CommandError> {
        let program = command.run.first().cloned().unwrap_or_default();
        if let CommandPermission::Refused(why) = &self.permission {
            return Err(CommandError::NotAllowed { program, why: why.clone() });
        }
        let found = if program.contains(std::path::MAIN_SEPARATOR) || program.contains('/') {
            std::path::Path::new(&program).exists()
        } else {
            let path = self.environment.get("PATH").map(String::as_str).unwrap_or_default();
            std::env::split_paths(path).any(|folder| is_program(&folder.join(&program)))
        };
        if found {
            Ok(())
        } else {
            let why = "no such program here; check `run` in the policy and the PATH".to_owned();
            Err(CommandError::NotStarted { program, why })
        }
    }

    /// Ends every command that is still running.
    pub fn stop_all(&self) {
        for group in self.running.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            end_group(group);
        }
    }

    fn start(&self, command: &CommandSpec) -> Result<Child, CommandError> {
        let (program, arguments) = command.run.split_first().ok_or_else(|| CommandError::NotStarted {
            program: String::new(),
            why: "the policy names no program".to_owned(),
        })?;
        if let CommandPermission::Refused(why) = &self.permission {
            return Err(CommandError::NotAllowed { program: program.clone(), why: why.clone() });
        }
        let mut process = Command::new(program);
        process
            .args(arguments)
            .env_clear()
            .envs(&self.environment)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        own_group(&mut process);
        process
            .spawn()
            .map_err(|error| CommandError::NotStarted { program: program.clone(), why: error.to_string() })
    }
}

impl Commands for CommandRunner {
    fn run(&self, command: &CommandSpec) -> Result<CommandEnd, CommandError> {
        let mut child = self.start(command)?;
        let group = child.id();
        self.running.lock().unwrap_or_else(PoisonError::into_inner).push(group);
        let output = collect(&mut child);
        let status = wait(&mut child, command.timeout.to_std());
        // What the command started ends with it.
        end_group(group);
        self.running.lock().unwrap_or_else(PoisonError::into_inner).retain(|running| *running != group);
        let Some(status) = status else {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(CommandEnd::TimedOut);
        };
        let text = self.redactor.clean(&gathered(&output)).into_owned();
        Ok(CommandEnd::Exited { code: status.code(), output: text })
    }
}

/// Waits for a process; `None` where it did not end in time or cannot be watched.
fn wait(child: &mut Child, timeout: std::time::Duration) -> Option<ExitStatus> {
    let started = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if started.elapsed() < timeout => thread::sleep(LOOK_EVERY),
            Ok(None) | Err(_) => return None,
        }
    }
}

/// Reads both streams on threads of their own, so that a full pipe never stops the command.
fn collect(child: &mut Child) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    let streams: [Option<Box<dyn Read + Send>>; 2] = [
        child.stdout.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
        child.stderr.take().map(|stream| Box::new(stream) as Box<dyn Read + Send>),
    ];
    for mut stream in streams.into_iter().flatten() {
        let sender = sender.clone();
        thread::spawn(move || {
            let mut kept = Vec::new();
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = stream.read(&mut buffer) {
                kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
                if kept.len() > 2 * KEPT_BYTES {
                    kept.drain(..kept.len() - KEPT_BYTES);
                }
            }
            let _ = sender.send(kept);
        });
    }
    receiver
}

/// The end of what was printed, as printable text.
fn gathered(output: &Receiver<Vec<u8>>) -> String {
    let mut bytes = Vec::new();
    while let Ok(part) = output.recv_timeout(OUTPUT_GRACE) {
        bytes.extend(part);
    }
    let start = bytes.len().saturating_sub(KEPT_BYTES);
    let text = String::from_utf8_lossy(bytes.get(start..).unwrap_or_default()).into_owned();
    text.trim().chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect()
}

/// Variables that carry the job's secrets or its inputs.
fn is_secret_variable(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let front = ["INPUT_", "SECRET_", "ENDPOINT_", "SECUREFILE_", "VSTS_", "SYSTEM_ACCESSTOKEN"];
    let inside = [
        "TOKEN",
        "SECRET",
        "PASSWORD",
        "PASSWD",
        "APIKEY",
        "API_KEY",
        "ACCESS_KEY",
        "ACCOUNT_KEY",
        "PRIVATE_KEY",
        "CREDENTIAL",
        "CONNECTION_STRING",
        "CONNECTIONSTRING",
        "_PAT",
        "SAS_URL",
    ];
    front.iter().any(|front| name.starts_with(front)) || inside.iter().any(|word| name.contains(word))
}

#[cfg(unix)]
fn own_group(process: &mut Command) {
    use std::os::unix::process::CommandExt;
    process.process_group(0);
}

#[cfg(unix)]
fn end_group(leader: u32) {
    let group = i32::try_from(leader).ok().and_then(rustix::process::Pid::from_raw);
    if let Some(group) = group {
        // It has mostly ended already.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(unix)]
fn is_program(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(windows)]
fn own_group(_process: &mut Command) {}

#[cfg(windows)]
fn end_group(leader: u32) {
    // The whole tree, as far as it still hangs together.
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &leader.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

#[cfg(windows)]
fn is_program(path: &std::path::Path) -> bool {
    path.is_file() || ["exe", "cmd", "bat"].iter().any(|kind| path.with_extension(kind).is_file())
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;
    use runbook_gate::{Duration, Secret};

    fn runner(variables: &[(&str, &str)]) -> CommandRunner {
        let mut environment: BTreeMap<String, String> =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        environment.insert("PATH".into(), "/usr/local/bin:/usr/bin:/bin".into());
        let redactor = Redactor::default();
        redactor.learn(&Secret::new("canary-secret"));
        CommandRunner::new(CommandPermission::Allowed, &environment, redactor)
    }

    fn command(run: &[&str], timeout: Duration) -> CommandSpec {
        CommandSpec {
            signal: "smoke".parse().unwrap(),
            run: run.iter().map(|part| (*part).to_owned()).collect(),
            every: Duration::from_secs(60),
            timeout,
            retries: 0,
        }
    }

    fn run(runner: &CommandRunner, script: &str) -> CommandEnd {
        runner.run(&command(&["sh", "-c", script], Duration::from_secs(20))).unwrap()
    }

    #[test]
    fn gives_the_exit_code_and_the_end_of_the_output() {
        let end = run(&runner(&[]), "echo out; echo err >&2; exit 3");
        let CommandEnd::Exited { code: Some(3), output } = end else { panic!("{end:?}") };
        assert!(output.contains("out") && output.contains("err"));
    }

    #[test]
    fn ends_a_command_and_its_children_at_the_timeout() {
        let started = Instant::now();
        let slow = command(&["sh", "-c", "sleep 60 & sleep 60"], Duration::from_millis(100));
        assert_eq!(runner(&[]).run(&slow), Ok(CommandEnd::TimedOut));
        assert!(started.elapsed().as_secs() < 30);
    }

    #[test]
    fn a_child_that_holds_the_pipe_does_not_hold_the_gate() {
        let started = Instant::now();
        let end = run(&runner(&[]), "sleep 60 & exit 0");
        assert!(matches!(end, CommandEnd::Exited { code: Some(0), .. }), "{end:?}");
        assert!(started.elapsed().as_secs() < 30);
    }

    #[test]
    fn keeps_a_bounded_end_of_endless_output() {
        let end = run(&runner(&[]), "head -c 3000000 /dev/zero | tr '\\0' x; echo END");
        let CommandEnd::Exited { output, .. } = end else { panic!("{end:?}") };
        assert!(output.len() <= KEPT_BYTES && output.ends_with("END"), "{} bytes", output.len());
    }

    #[test]
    fn a_command_sees_no_secret_and_prints_none() {
        let runner = runner(&[
            ("INPUT_WEBHOOK", "a"),
            ("SECRET_DB", "b"),
            ("ENDPOINT_AUTH_X", "c"),
            ("SYSTEM_ACCESSTOKEN", "d"),
            ("GITHUB_TOKEN", "e"),
            ("PLAIN_NAME", "has canary-secret inside"),
            ("BUILD_BUILDNUMBER", "42"),
        ]);
        let CommandEnd::Exited { output, .. } = run(&runner, "env; echo canary-''secret") else { panic!() };
        assert!(output.contains("BUILD_BUILDNUMBER=42") && output.contains("***"), "{output}");
        for name in ["INPUT_", "SECRET_DB", "ENDPOINT_", "TOKEN", "PLAIN_NAME", "canary-secret"] {
            assert!(!output.contains(name), "{name} in {output}");
        }
    }

    #[test]
    fn runs_only_what_is_allowed() {
        let environment = BTreeMap::new();
        let spec = command(&["true"], Duration::from_secs(5));
        for (asked, reason, words) in [
            (Asked::No, None, "--allow-commands"),
            (Asked::Yes, Some("PullRequest"), "pull request"),
            (Asked::No, Some("Manual"), "--allow-commands"),
        ] {
            let permission = CommandPermission::decide(asked, reason);
            let runner = CommandRunner::new(permission, &environment, Redactor::default());
            for error in [runner.run(&spec).unwrap_err(), runner.check(&spec).unwrap_err()] {
                assert!(error.to_string().contains(words), "{error}");
            }
        }
        assert_eq!(CommandPermission::decide(Asked::Yes, Some("Manual")), CommandPermission::Allowed);
    }

    #[test]
    fn says_which_program_is_missing() {
        let spec = command(&["no-such-program-here"], Duration::from_secs(5));
        let runner = runner(&[]);
        assert!(runner.check(&spec).unwrap_err().to_string().contains("no-such-program-here"));
        assert!(matches!(runner.run(&spec), Err(CommandError::NotStarted { .. })));
        assert!(runner.check(&command(&["sh"], Duration::from_secs(5))).is_ok());
    }

    #[test]
    fn stops_what_is_still_running() {
        let runner = runner(&[]);
        let other = runner.clone();
        let thread =
            thread::spawn(move || other.run(&command(&["sleep", "60"], Duration::from_secs(60))).unwrap());
        let started = Instant::now();
        while !thread.is_finished() && started.elapsed().as_secs() < 30 {
            runner.stop_all();
            thread::yield_now();
        }
        assert!(matches!(thread.join().unwrap(), CommandEnd::Exited { code: None, .. }));
    }
}
