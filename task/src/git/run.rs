//! One run of git: its environment, its bounds.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use runbook_gate::checklist::CheckoutError;

/// The most that is read of one run.
const MOST_BYTES: u64 = 256 * 1024 * 1024;
/// The most that is read of what git complains.
const MOST_COMPLAINT: u64 = 4096;
/// The longest that one run takes.
const LONGEST: Duration = Duration::from_secs(60);

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
const SETTINGS: [&str; 9] = [
    "--no-pager",
    "--no-optional-locks",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "core.hooksPath=/dev/null",
    "-c",
    "log.showRoot=true",
];

/// Git in one folder.
pub struct Git {
    folder: PathBuf,
    environment: BTreeMap<String, String>,
}

/// How a run ended.
pub enum Ended {
    /// With 0, and what it printed.
    Well(Vec<u8>),
    /// With another code, and what it complained in one line.
    Badly(String),
}

impl Git {
    pub fn new(folder: &Path, environment: &BTreeMap<String, String>) -> Self {
        let kept = environment.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
        let environment = kept.map(|(name, value)| (name.clone(), value.clone())).collect();
        Self { folder: folder.to_owned(), environment }
    }

    /// Runs git with nothing to read.
    pub fn ask(&self, arguments: &[&str]) -> Result<Ended, CheckoutError> {
        self.feed(arguments, Vec::new())
    }

    /// Runs git with something to read.
    pub fn feed(&self, arguments: &[&str], input: Vec<u8>) -> Result<Ended, CheckoutError> {
        let mut child = Command::new("git")
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
            .env("GIT_OPTIONAL_LOCKS", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| CheckoutError::NoRepository(format!("`git` cannot be started: {error}")))?;
        let finished = exchange(&mut child, input);
        if finished.is_none() {
            let _ = child.kill();
        }
        let status = child.wait();
        let Some((output, complaint)) = finished else {
            return Err(CheckoutError::Git(format!("it did not end within {} s", LONGEST.as_secs())));
        };
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

/// Writes and reads at once; `None` where it takes too long. Reading stops at its bound, which ends git by itself.
fn exchange(child: &mut Child, input: Vec<u8>) -> Option<(Vec<u8>, Vec<u8>)> {
    let stdin = child.stdin.take();
    // A git that ends early reads no more: that is no error of ours.
    thread::spawn(move || stdin.map(|mut stdin| stdin.write_all(&input)));
    let (sender, output) = channel();
    let stdout = child.stdout.take();
    thread::spawn(move || sender.send(read(stdout, MOST_BYTES + 1)));
    let (sender, complaint) = channel();
    let stderr = child.stderr.take();
    thread::spawn(move || sender.send(read(stderr, MOST_COMPLAINT)));
    let output = output.recv_timeout(LONGEST).ok()?;
    let complaint = complaint.recv_timeout(LONGEST).ok()?;
    Some((output, complaint))
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
