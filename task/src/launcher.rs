//! The task's launcher, which started this process: when it ends, however it does, this process ends too.
//!
//! It gives a pipe as standard input to which it never writes. The system closes the pipe when the launcher is gone, also when
//! it was killed without a signal that it could have passed on.

use std::io::Read;
use std::thread;

use crate::cli::Failure;
use crate::session::Session;

/// The variable by which the launcher says which pipe that is.
const PIPE: &str = "RUNBOOK_GATE_PARENT_PIPE";
/// How long an orderly end may take; it takes two seconds at most.
const GRACE: std::time::Duration = std::time::Duration::from_secs(5);

/// Interrupts what is done when the launcher is gone.
///
/// # Errors
/// Where the system gives no thread.
pub fn end_with_it(session: &Session) -> Result<(), Failure> {
    if session.variable(PIPE) != Some("stdin") {
        return Ok(());
    }
    let interruptions = session.interruptions.clone();
    let waiting = thread::Builder::new().name("launcher".to_owned()).spawn(move || {
        let mut ignored = [0; 64];
        let mut pipe = std::io::stdin().lock();
        while matches!(pipe.read(&mut ignored), Ok(1..)) {}
        interruptions.arrive("the end of the task's launcher");
        thread::sleep(GRACE);
        end();
    });
    waiting
        .map(drop)
        .map_err(|error| Failure::Internal(format!("no thread for the launcher's pipe: {error}")))
}

#[allow(clippy::exit, reason = "nobody is left who could be told, and an orphan must not go on")]
fn end() -> ! {
    std::process::exit(1)
}
