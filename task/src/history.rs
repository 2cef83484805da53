//! The history file of a desk: what gates decided, a line each, so that a rollback finds the last known good version.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use runbook_gate::Timestamp;
use runbook_gate::rollback::History;

use crate::door::Place;
use crate::files::{FileError, open_file, plain, read_bounded, shown};
use crate::session::Session;

/// The file's name in the user's folder for state.
const NAME: &str = "history.ndjson";
/// The longest file that is read, in bytes: some ten thousand decisions.
const LARGEST: u64 = 16 * 1024 * 1024;

/// Where the history is: as the caller says, else in the user's folder for state. In a pipeline the runs keep it, and there
/// is no file unless one is named.
pub fn path(session: &Session, given: Option<&Path>) -> Option<PathBuf> {
    if let Some(path) = given {
        return Some(path.to_owned());
    }
    if session.door.place() == Place::Pipeline {
        return None;
    }
    let folder = |name| session.variable(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let state = folder("XDG_STATE_HOME")
        .or_else(|| folder("LOCALAPPDATA"))
        .or_else(|| Some(folder("HOME")?.join(".local").join("state")))?;
    Some(state.join("runbook-gate").join(NAME))
}

/// Where the history is that is to be read. One that the caller names has to be there; the user's own may not have begun.
///
/// # Errors
/// Where the named file is not there, or nobody says where it is.
pub fn to_read(session: &Session, given: Option<&Path>) -> Result<PathBuf, String> {
    let path = path(session, given)
        .ok_or_else(|| "no history file is known here; name one with --history FILE".to_owned())?;
    if given.is_some() && !path.exists() {
        return Err(format!(
            "--history {}: there is no such file; name the one that `verify --history` writes",
            shown(&path)
        ));
    }
    Ok(path)
}

/// Adds a record's line, in one write, so that gates that end together do not mix their lines.
///
/// # Errors
/// Where the file cannot be written.
pub fn append(path: &Path, record: &str) -> Result<(), FileError> {
    let wrong = |error: &io::Error| FileError::Unwritable { path: shown(path), why: plain(error) };
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| wrong(&error))?;
    }
    let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| wrong(&error))?;
    file.write_all(format!("{record}\n").as_bytes()).map_err(|error| wrong(&error))
}

/// Reads the history of a service in an environment; one that is not there yet is empty.
///
/// # Errors
/// Where the file cannot be read.
pub fn read(path: &Path, service: &str, environment: &str, now: Timestamp) -> Result<History, FileError> {
    let wrong = |why: String| FileError::Unreadable {
        path: shown(path),
        why,
        help: "name another file with --history, which may be a new one".to_owned(),
    };
    let file = match open_file(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(History::default()),
        Err(error) => return Err(wrong(plain(&error))),
    };
    let bytes = read_bounded(file, LARGEST).map_err(wrong)?;
    Ok(History::read(&String::from_utf8_lossy(&bytes), service, environment, now))
}
