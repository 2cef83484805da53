//! One run of git: its environment, its bounds.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, select};
use runbook_gate::checklist::CheckoutError;

use crate::commands::processes;
use crate::halt::Halt;

/// The most that is read of one run.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// The most that is read of what git complains.
const MOST_COMPLAINT: u64 = 4096;
/// The longest that one run takes.
const LONGEST: Duration = Duration::from_secs(60);
/// What all runs together may still take once the command was halted: git mostly answers at once, and what it knows is reported.
const AFTER_HALT: Duration = Duration::from_millis(600);

/// Variables that git and its libraries need; no other of the job's is given.
const KEPT: [&str; 12] = [
    "PATH",
    "HOME",
    "USERPROFILE",
    "HOMEDRIVE",
    "HOMEPATH",
    "SYSTEMROOT",
    "SystemRoot",
    "WINDIR",
    "TEMP",
    "TMP",
    "TMPDIR",
    "XDG_CONFIG_HOME",
];

/// Settings that no repository overrules here.
const SETTINGS: [&str; 15] = [
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showRoot=true",
    "-c",
    "i18n.logOutputEncoding=UTF-8",
    // A file beside the commits says what their parents are, and nothing holds it against them.
    "-c",
    "core.commitGraph=false",
    // Of the empty list of grafts, which stands in the first line that git complains.
    "-c",
    "advice.graftFileDeprecated=false",
];

/// Git in one folder.
pub struct Git {
    folder: PathBuf,
    environment: BTreeMap<String, String>,
    until: Until,
}

/// Until when git is waited for: so long after the command was halted. Clones are the same.
#[derive(Clone, Debug, Default)]
pub struct Until {
    halt: Halt,
    last: Arc<OnceLock<Instant>>,
}

impl Until {
    /// Until this is halted.
    pub fn halted(halt: &Halt) -> Self {
        Self { halt: halt.clone(), last: Arc::default() }
    }

    /// How long git may still take, of the rest of its own time.
    fn left(&self, rest: Duration) -> Duration {
        if self.halt.why().is_none() {
            return rest;
        }
        let last = self.last.get_or_init(|| Instant::now() + AFTER_HALT);
        rest.min(last.saturating_duration_since(Instant::now()))
    }

    /// Why git is not waited for any longer.
    fn over(&self) -> CheckoutError {
        match self.halt.why() {
            Some(why) => CheckoutError::Halted(why.to_string()),
            None => CheckoutError::Git(format!("it did not end within {} s", LONGEST.as_secs())),
        }
    }

    /// What a pipe gives, read to its end.
    fn wait(&self, begun: Instant, pipe: &Receiver<Vec<u8>>) -> Result<Vec<u8>, CheckoutError> {
        let left = || self.left(LONGEST.saturating_sub(begun.elapsed()));
        if self.halt.why().is_none() {
            select! {
                recv(pipe) -> bytes => return bytes.map_err(|_| self.over()),
                recv(self.halt.over()) -> _ => {}
                default(left()) => {}
            }
        }
        pipe.recv_timeout(left()).map_err(|_| self.over())
    }
}

/// How a run ended.
pub enum Ended {
    /// With 0, and what it printed.
    Well(Vec<u8>),
    /// With another code, and what it complained in one line.
    Badly(String),
}

impl Git {
    pub fn new(folder: &Path, environment: &BTreeMap<String, String>, until: Until) -> Self {
        let kept = environment.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
        let environment = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { folder: folder.to_owned(), environment, until }
    }

    /// Runs git with nothing to read.
    pub fn ask(&self, arguments: &[&str]) -> Result<Ended, CheckoutError> {
        self.feed(arguments, Vec::new())
    }

    /// Runs git with something to read.
    pub fn feed(&self, arguments: &[&str], input: Vec<u8>) -> Result<Ended, CheckoutError> {
        if self.until.left(LONGEST).is_zero() {
            return Err(self.until.over());
        }
        let mut command = Command::new("git");
        command
            .args(SETTINGS)
            .args(arguments)
            .current_dir(&self.folder)
            .env_clear()
            .envs(&self.environment)
            .env("LC_ALL", "C")
            .env("GIT_TERMINAL_PROMPT", "0")
            // Replaced objects and partial clones would show something else than what is deployed, or ask the network.
            .env("GIT_NO_REPLACE_OBJECTS", "1")
            .env("GIT_NO_LAZY_FETCH", "1")
            // For older versions, which do not know the line above: no protocol has this name.
            .env("GIT_ALLOW_PROTOCOL", "none")
            // Grafts give commits other parents: what an earlier build left here could hide what is deployed.
            .env("GIT_GRAFT_FILE", "/dev/null")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        processes::own_group(&mut command);
        let mut child = command
            .spawn()
            .map_err(|error| CheckoutError::NoRepository(format!("`git` cannot be started: {error}")))?;
        let finished = exchange(&mut child, input, &self.until);
        if finished.is_err() {
            processes::end_group(child.id());
            let _ = child.kill();
        }
        let status = child.wait();
        let (output, complaint) = finished?;
        if output.len() as u64 > MOST_BYTES {
            return Err(CheckoutError::TooMuch(format!("git prints more than {MOST_BYTES} bytes")));
        }
        match status {
            Ok(status) if status.success() => Ok(Ended::Well(output)),
            Ok(_) => Ok(Ended::Badly(one_line(&complaint))),
            Err(error) => Err(CheckoutError::Git(error.to_string())),
        }
    }
}

/// Writes and reads at once; an error where it takes too long. Reading stops at its bound, which ends git by itself.
fn exchange(child: &mut Child, input: Vec<u8>, until: &Until) -> Result<(Vec<u8>, Vec<u8>), CheckoutError> {
    let begun = Instant::now();
    let stdin = child.stdin.take();
    // A git that ends early reads no more: that is no error of ours.
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let (sender, output) = bounded(1);
    let stdout = child.stdout.take();
    thread::spawn(move || sender.send(read(stdout, MOST_BYTES + 1)));
    let (sender, complaint) = bounded(1);
    let stderr = child.stderr.take();
    thread::spawn(move || sender.send(read(stderr, MOST_COMPLAINT)));
    Ok((until.wait(begun, &output)?, until.wait(begun, &complaint)?))
}

fn read(pipe: Option<impl Read>, most: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    if let Some(pipe) = pipe {
        // What was read until an error is what there is.
        let _ = pipe.take(most).read_to_end(&mut bytes);
    }
    bytes
}

fn one_line(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it gave no reason");
    line.trim_start_matches("fatal: ").chars().take(200).collect()
}
