//! Commands of the repository, as sources: run with bounds, without a shell and without the job's secrets.

mod environment;
pub mod processes;

use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use runbook_gate::policy::source_spec::CommandSpec;
use runbook_gate::source::{CommandEnd, CommandError, Commands};

use self::processes::{Processes, Tree};
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
    pub fn decide(asked_for: Asked, code: Code) -> Self {
        match (asked_for, code) {
            (_, Code::PullRequest) => {
                Self::Refused("commands never run in a pull request's build".to_owned())
            }
            (Asked::No, Code::Merged) => {
                Self::Refused("pass --allow-commands to run commands of the policy".to_owned())
            }
            (Asked::Yes, Code::Merged) => Self::Allowed,
        }
    }
}

/// Whose code the repository is here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// A pull request's, which anybody may have written.
    PullRequest,
    /// The repository's own.
    Merged,
}

impl Code {
    /// Looks at the variables of the run. A build of a pull request may be started by hand, and then only its branch or its number tells.
    pub fn of_run<'v>(variable: impl Fn(&str) -> Option<&'v str>) -> Self {
        let reason = variable("BUILD_REASON").is_some_and(|it| it.trim().eq_ignore_ascii_case("PullRequest"));
        let number = ["SYSTEM_PULLREQUEST_PULLREQUESTID", "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER"]
            .into_iter()
            .any(|name| variable(name).is_some());
        let branch = variable("BUILD_SOURCEBRANCH").is_some_and(|it| it.trim().starts_with("refs/pull/"));
        if reason || number || branch { Self::PullRequest } else { Self::Merged }
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
    processes: Processes,
}

impl CommandRunner {
    /// A runner that gives commands the harmless part of `environment`, and of it what `allowed` names.
    pub fn new(
        permission: CommandPermission,
        environment: &BTreeMap<String, String>,
        allowed: &[String],
        redactor: Redactor,
        processes: Processes,
    ) -> Self {
        let environment = environment::of_commands(environment, allowed, &redactor);
        Self { permission, environment, redactor, processes }
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

    /// Ends every command that is still running, and what commands have left behind.
    pub fn stop_all(&self) {
        self.processes.end_all();
    }

    fn start(&self, command: &CommandSpec) -> Result<(Child, Tree), CommandError> {
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
        self.processes
            .start(&mut process)
            .map_err(|error| CommandError::NotStarted { program: program.clone(), why: error.to_string() })
    }
}

impl Commands for CommandRunner {
    fn run(&self, command: &CommandSpec) -> Result<CommandEnd, CommandError> {
        let (mut child, tree) = self.start(command)?;
        let output = collect(&mut child);
        let status = wait(&mut child, command.timeout.to_std());
        if status.is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
        // What the command started ends with it.
        drop(tree);
        let Some(status) = status else { return Ok(CommandEnd::TimedOut) };
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

#[cfg(unix)]
fn is_program(path: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
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
        let allowed = ["SHOP_URL".to_owned()];
        CommandRunner::new(CommandPermission::Allowed, &environment, &allowed, redactor, Processes::default())
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
            ("DATABASE_URL", "postgres://shop:hunter2@db"),
            ("MYSQL_PWD", "hunter2"),
            ("VSS_NUGET_EXTERNAL_FEED_ENDPOINTS", "hunter2"),
            ("SYSTEM_ACCESSTOKEN", "hunter2"),
            ("BUILD_BUILDNUMBER", "42"),
            ("SHOP_URL", "https://shop.example"),
        ]);
        let CommandEnd::Exited { output, .. } = run(&runner, "env; echo canary-''secret") else { panic!() };
        for seen in ["BUILD_BUILDNUMBER=42", "SHOP_URL=https://shop.example", "***"] {
            assert!(output.contains(seen), "{output}");
        }
        for name in ["DATABASE_URL", "MYSQL", "VSS_", "TOKEN", "hunter2", "canary-secret"] {
            assert!(!output.contains(name), "{name} in {output}");
        }
    }

    #[test]
    fn runs_only_what_is_allowed() {
        let spec = command(&["true"], Duration::from_secs(5));
        for (asked, code, words) in [
            (Asked::No, Code::Merged, "--allow-commands"),
            (Asked::Yes, Code::PullRequest, "pull request"),
            (Asked::No, Code::PullRequest, "pull request"),
        ] {
            let permission = CommandPermission::decide(asked, code);
            let runner = CommandRunner::new(
                permission,
                &BTreeMap::new(),
                &[],
                Redactor::default(),
                Processes::default(),
            );
            let refused = runner.run(&spec).unwrap_err().to_string();
            assert!(refused.contains(words), "{refused}");
            assert!(runner.check(&spec).is_err());
        }
        assert_eq!(CommandPermission::decide(Asked::Yes, Code::Merged), CommandPermission::Allowed);
    }

    #[test]
    fn a_pull_request_is_known_by_each_of_its_signs() {
        let of = |name: &str, value: &'static str| Code::of_run(|asked| (asked == name).then_some(value));
        for (name, value) in [
            ("BUILD_REASON", "PullRequest"),
            ("BUILD_REASON", "pullrequest"),
            ("SYSTEM_PULLREQUEST_PULLREQUESTID", "7"),
            ("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER", "7"),
            ("BUILD_SOURCEBRANCH", "refs/pull/7/merge"),
        ] {
            assert_eq!(of(name, value), Code::PullRequest, "{name}");
        }
        for (name, value) in [("BUILD_REASON", "Manual"), ("BUILD_SOURCEBRANCH", "refs/heads/pull/7")] {
            assert_eq!(of(name, value), Code::Merged, "{name}");
        }
    }

    /// Whether a process has ended; one that nobody has reaped yet has.
    #[cfg(target_os = "linux")]
    fn has_ended(pid: &str) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .map_or(true, |stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')))
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_leaves_the_commands_group_ends_with_it_all_the_same() {
        let script =
            "setsid sh -c 'setsid sleep 300 & echo inner $!; exec sleep 300' & echo outer $!; sleep 0.2";
        let CommandEnd::Exited { output, .. } = run(&runner(&[]), script) else { panic!() };
        let pids: Vec<&str> = output.split_whitespace().filter(|word| word.parse::<u32>().is_ok()).collect();
        assert_eq!(pids.len(), 2, "{output}");
        for pid in pids {
            assert!(has_ended(pid), "{pid} still runs");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn one_command_does_not_end_what_another_one_has_started() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| folder.path().join(name).display().to_string();
        let (runner, [pid, go]) = (runner(&[]), [file("pid"), file("go")]);
        let other = runner.clone();
        let script = format!(
            "setsid sh -c 'echo $$ > {pid}.new; mv {pid}.new {pid}; exec sleep 300' & while [ ! -e {go} ]; do sleep 0.01; done"
        );
        let thread = thread::spawn(move || run(&other, &script));
        let started = Instant::now();
        while !std::path::Path::new(&pid).exists() {
            assert!(started.elapsed().as_secs() < 30);
            thread::yield_now();
        }
        let daemon = std::fs::read_to_string(&pid).unwrap().trim().to_owned();
        run(&runner, "true");
        assert!(!has_ended(&daemon), "the daemon of the other command was ended");
        std::fs::write(&go, "").unwrap();
        thread.join().unwrap();
        assert!(has_ended(&daemon));
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
    fn stops_what_is_still_running_whenever_that_was_started() {
        let runner = runner(&[]);
        // A stop may fall anywhere: before the command is there, while it starts, when it has ended already.
        for _ in 0..40 {
            let other = runner.clone();
            let thread =
                thread::spawn(move || other.run(&command(&["sleep", "60"], Duration::from_secs(60))));
            let started = Instant::now();
            while !thread.is_finished() && started.elapsed().as_secs() < 30 {
                runner.stop_all();
                thread::yield_now();
            }
            let end = thread.join().unwrap();
            assert!(matches!(end, Ok(CommandEnd::Exited { code: None, .. })), "{end:?}");
        }
    }
}
