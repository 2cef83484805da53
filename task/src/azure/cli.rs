//! The Azure CLI, run for a token: bounded in time and output, and ended with everything that it started.

use std::ffi::OsStr;
use std::fmt;
use std::io::{self, Read};
use std::process::{Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use azure_identity::Executor;
use runbook_gate::Duration;

use crate::commands::processes::Processes;

/// More than a token and the warnings around it never is.
const MOST_BYTES: u64 = 256 * 1024;
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_millis(20);
/// How long output is waited for once the program has ended: a child of it may hold the pipe.
const OUTPUT_GRACE: std::time::Duration = std::time::Duration::from_secs(1);

/// Runs a program to its end or its time-out.
pub struct BoundedRun {
    /// The longest that it may take.
    pub timeout: Duration,
    /// The processes of commands, which this one is among: it ends with the gate.
    pub processes: Processes,
}

#[async_trait::async_trait]
impl Executor for BoundedRun {
    async fn run(&self, program: &OsStr, arguments: &[&OsStr]) -> io::Result<Output> {
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let (mut child, tree) = self.processes.start(&mut command)?;
        let (out, err) = (collect(child.stdout.take()), collect(child.stderr.take()));
        let began = Instant::now();
        let status = loop {
            match child.try_wait()? {
                Some(status) => break status,
                None if began.elapsed() < self.timeout.to_std() => thread::sleep(LOOK_EVERY),
                None => {
                    // What has ended already needs no end.
                    let _ = child.kill();
                    let _ = child.wait();
                    let why =
                        format!("it did not end within {}; try `az account show` by hand", self.timeout);
                    return Err(io::Error::new(io::ErrorKind::TimedOut, why));
                }
            }
        };
        drop(tree);
        let read = |from: Receiver<Vec<u8>>| from.recv_timeout(OUTPUT_GRACE).unwrap_or_default();
        Ok(Output { status, stdout: read(out), stderr: read(err) })
    }
}

impl fmt::Debug for BoundedRun {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("BoundedRun").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

/// Reads a stream on a thread of its own, so that a full pipe never stops the program.
fn collect(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    if let Some(mut stream) = stream {
        thread::spawn(move || {
            let mut kept = Vec::new();
            // What was read before a failure is of use.
            let _ = stream.by_ref().take(MOST_BYTES).read_to_end(&mut kept);
            // The rest is read and dropped, or the program would wait for ever.
            let _ = io::copy(&mut stream, &mut io::sink());
            let _ = sender.send(kept);
        });
    }
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn run(script: &str, timeout: Duration) -> io::Result<Output> {
        let arguments = [OsStr::new("-c"), OsStr::new(script)];
        futures::executor::block_on(
            BoundedRun { timeout, processes: Processes::default() }.run(OsStr::new("/bin/sh"), &arguments),
        )
    }

    #[test]
    fn gives_what_was_printed_apart() {
        let output = run("echo '{\"a\":1}'; echo warning >&2", Duration::from_secs(20)).unwrap();
        assert_eq!(
            (output.stdout.as_slice(), output.stderr.as_slice()),
            (&b"{\"a\":1}\n"[..], &b"warning\n"[..])
        );
    }

    #[test]
    fn a_program_that_hangs_is_ended_with_its_children() {
        let began = Instant::now();
        let error = run("sleep 60 & sleep 60", Duration::from_millis(100)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(began.elapsed().as_secs() < 30);
    }
}
