//! Files: read with bounds, and written whole or not at all.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// The longest file of a policy or a baseline that is read.
pub const LARGEST_TEXT: u64 = 4 * 1024 * 1024;

/// A file or folder that cannot be used, with what to change.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It could not be read.
    #[error("cannot read {path}: {why}; {help}")]
    Unreadable {
        /// Which.
        path: String,
        /// In words.
        why: String,
        /// What to do.
        help: String,
    },
    /// It could not be written.
    #[error("cannot write {path}: {why}; name a folder that exists and can be written")]
    Unwritable {
        /// Which.
        path: String,
        /// In words.
        why: String,
    },
    /// It is no folder for reports.
    #[error("the report folder {path} cannot be used: {why}; give another one with --report-dir")]
    ReportFolder {
        /// Which.
        path: String,
        /// In words.
        why: String,
    },
}

/// Opens a file that somebody named. A pipe that has a name is none: opening it waits for a writer that may never come.
///
/// # Errors
/// Where it cannot be opened.
pub fn open_file(path: &Path) -> std::io::Result<File> {
    if is_named_pipe(path) {
        return Err(std::io::Error::new(std::io::ErrorKind::InvalidInput, "it is a pipe, and no file"));
    }
    File::open(path)
}

/// What a shell hands over (`/dev/stdin`, `<(…)`) has its writer.
#[cfg(unix)]
fn is_named_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let handed_over = path.starts_with("/dev") || path.starts_with("/proc");
    !handed_over && std::fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(not(unix))]
const fn is_named_pipe(_: &Path) -> bool {
    false
}

/// Reads a whole file of at most so many bytes.
///
/// # Errors
/// Where it cannot be read, or is larger; in words.
pub fn read_bounded(file: File, most: u64) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| plain(&error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > most {
        return Err(format!("it is larger than {most} bytes"));
    }
    Ok(bytes)
}

/// Reads a text of bounded size.
///
/// # Errors
/// Where it cannot be read, is too large or is not UTF-8. `help` says what to do.
pub fn read_text(path: &Path, help: &str) -> Result<String, FileError> {
    let wrong = |why: String| FileError::Unreadable { path: shown(path), why, help: help.to_owned() };
    let file = open_file(path).map_err(|error| wrong(plain(&error)))?;
    let bytes = read_bounded(file, LARGEST_TEXT).map_err(wrong)?;
    String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = good.iter().filter(|byte| **byte == b'\n').count() + 1;
        let column = good.iter().rev().take_while(|byte| **byte != b'\n').count() + 1;
        wrong(format!("it is not UTF-8 text (line {line}, byte {column}); save it as UTF-8"))
    })
}

/// Writes a file whole: readers see the old one or the new one, never a part.
///
/// # Errors
/// Where it cannot be written.
pub fn write_whole(path: &Path, text: &str) -> Result<(), FileError> {
    let wrong = |error: &std::io::Error| FileError::Unwritable { path: shown(path), why: plain(error) };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".runbook-gate-");
    readable_by_all(&mut builder);
    let mut file = builder.tempfile_in(folder).map_err(|error| wrong(&error))?;
    file.write_all(text.as_bytes()).map_err(|error| wrong(&error))?;
    file.as_file().sync_all().map_err(|error| wrong(&error))?;
    file.persist(path).map_err(|error| wrong(&error.error))?;
    Ok(())
}

/// Temporary files are private by default; reports are read by other steps and other users of an agent.
#[cfg(unix)]
fn readable_by_all(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o644));
}

#[cfg(not(unix))]
fn readable_by_all(_builder: &mut tempfile::Builder<'_, '_>) {}

/// A folder for the journal and the reports.
#[derive(Clone, Debug)]
pub struct ReportFolder(PathBuf);

/// The journal's name in a report folder.
pub const JOURNAL: &str = "journal.ndjson";
/// Where a person writes what the gate that watches shall decide.
pub const REQUEST: &str = "request";
/// The JSON report's name.
pub const REPORT_JSON: &str = "report.json";
/// The Markdown report's name.
pub const SUMMARY: &str = "report.md";
/// The page's name.
pub const PAGE: &str = "report.html";
/// The JUnit report's name.
pub const JUNIT: &str = "junit.xml";
/// What a gate decided, for a later rollback.
pub const VERDICT: &str = "verdict.json";
/// A rollback plan for programs.
pub const PLAN_JSON: &str = "rollback-plan.json";
/// A rollback plan for people.
pub const PLAN_SUMMARY: &str = "rollback-plan.md";
/// A rollback plan's page.
pub const PLAN_PAGE: &str = "rollback-plan.html";
/// The checklist's report for programs.
pub const CHECKLIST_JSON: &str = "checklist.json";
/// The checklist's report for people.
pub const CHECKLIST_SUMMARY: &str = "checklist.md";
/// The checklist's page.
pub const CHECKLIST_PAGE: &str = "checklist.html";
/// The checklist's report for a pipeline's test results.
pub const CHECKLIST_JUNIT: &str = "checklist-junit.xml";

impl ReportFolder {
    /// Makes the folder where it is missing, and makes sure that files can be written there.
    ///
    /// # Errors
    /// Where it cannot be used.
    pub fn open(path: &Path) -> Result<Self, FileError> {
        let wrong = |error: &std::io::Error| FileError::ReportFolder { path: shown(path), why: plain(error) };
        std::fs::create_dir_all(path).map_err(|error| wrong(&error))?;
        tempfile::tempfile_in(path).map_err(|error| wrong(&error))?;
        Ok(Self(path.to_owned()))
    }

    /// Makes sure that [`open`](Self::open) would succeed, and leaves nothing behind.
    ///
    /// # Errors
    /// Where the folder cannot be used.
    pub fn rehearse(path: &Path) -> Result<(), FileError> {
        let wrong = |error: &std::io::Error| FileError::ReportFolder { path: shown(path), why: plain(error) };
        let whole = std::path::absolute(path).map_err(|error| wrong(&error))?;
        let there = whole.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
        tempfile::tempfile_in(there).map(drop).map_err(|error| wrong(&error))
    }

    /// A folder that nothing is written to.
    pub fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Removes what an earlier gate wrote: an old `proceed` must never be taken for this gate's.
    ///
    /// # Errors
    /// Where an old file cannot be removed.
    pub fn clear(&self) -> Result<(), FileError> {
        self.remove(&[JOURNAL, REQUEST])?;
        self.clear_reports()
    }

    /// Removes an earlier gate's reports and verdict, and leaves its journal: it may be what is replayed.
    ///
    /// # Errors
    /// Where an old file cannot be removed.
    pub fn clear_reports(&self) -> Result<(), FileError> {
        self.remove(&[VERDICT])?;
        self.clear_pages()
    }

    /// Removes an earlier gate's reports, and leaves what it decided then: they are made again.
    ///
    /// # Errors
    /// Where an old file cannot be removed.
    pub fn clear_pages(&self) -> Result<(), FileError> {
        self.remove(&[REPORT_JSON, SUMMARY, PAGE, JUNIT])
    }

    /// Removes what an earlier checklist wrote.
    ///
    /// # Errors
    /// Where an old file cannot be removed.
    pub fn clear_checklist(&self) -> Result<(), FileError> {
        self.remove(&[CHECKLIST_JSON, CHECKLIST_SUMMARY, CHECKLIST_PAGE, CHECKLIST_JUNIT])
    }

    /// Removes what an earlier rollback plan wrote.
    ///
    /// # Errors
    /// Where an old file cannot be removed.
    pub fn clear_plan(&self) -> Result<(), FileError> {
        self.remove(&[PLAN_JSON, PLAN_SUMMARY, PLAN_PAGE])
    }

    fn remove(&self, names: &[&str]) -> Result<(), FileError> {
        for name in names {
            match std::fs::remove_file(self.0.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    let why = format!("the old {name} cannot be removed: {}", plain(&error));
                    return Err(FileError::ReportFolder { path: shown(&self.0), why });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The journal, new and empty.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn journal(&self) -> Result<File, FileError> {
        let path = self.path(JOURNAL);
        File::options()
            .create(true)
            .truncate(true)
            .write(true)
            .open(&path)
            .map_err(|error| FileError::Unwritable { path: shown(&path), why: plain(&error) })
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.0
    }

    /// Where a file of the folder is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a report whole.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&self, name: &str, text: &str) -> Result<(), FileError> {
        write_whole(&self.path(name), text)
    }
}

/// A path as messages show it.
pub fn shown(path: &Path) -> String {
    path.display().to_string()
}

/// An error of the system without its number.
pub fn plain(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission is denied".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a folder".to_owned(),
        std::io::ErrorKind::NotADirectory | std::io::ErrorKind::AlreadyExists => {
            "a file is in the way".to_owned()
        }
        std::io::ErrorKind::StorageFull => "the disk is full".to_owned(),
        std::io::ErrorKind::ReadOnlyFilesystem => "the disk is read-only".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_whole(&path, "old, and longer than the new one").unwrap();
        write_whole(&path, "new").unwrap();
        assert_eq!(read_text(&path, "").unwrap(), "new");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file stays");
    }

    #[test]
    fn a_folder_is_made_and_cleared_of_old_reports() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b");
        let reports = ReportFolder::open(&path).unwrap();
        for name in [REPORT_JSON, JOURNAL, CHECKLIST_JSON, "kept.txt"] {
            reports.write(name, "{\"decision\":\"proceed\"}").unwrap();
        }
        let left = || [REPORT_JSON, JOURNAL, CHECKLIST_JSON, "kept.txt"].map(|name| path.join(name).exists());
        reports.clear_reports().unwrap();
        assert_eq!(left(), [false, true, true, true]);
        reports.clear().unwrap();
        assert_eq!(left(), [false, false, true, true]);
        reports.clear_checklist().unwrap();
        assert_eq!(left(), [false, false, false, true]);
    }

    #[test]
    fn a_rehearsal_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        ReportFolder::rehearse(&folder.path().join("a/b")).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_the_way_of_the_folder_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path().to_owned(), file.path().join("below")] {
            let error = ReportFolder::open(&path).unwrap_err().to_string();
            assert!(error.contains("--report-dir") && error.contains("in the way"), "{error}");
            assert!(ReportFolder::rehearse(&path).is_err());
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_has_a_name_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let error = read_text(&pipe, "name a file").unwrap_err().to_string();
        assert!(error.contains("it is a pipe, and no file; name a file"), "{error}");
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let folder = tempfile::tempdir().unwrap();
        let missing = read_text(&folder.path().join("none.yml"), "run init").unwrap_err().to_string();
        assert!(missing.contains("there is no such file; run init"), "{missing}");
        let binary = folder.path().join("binary");
        std::fs::write(&binary, [0xff, 0xfe, 0x00]).unwrap();
        assert!(read_text(&binary, "x").unwrap_err().to_string().contains("not UTF-8"));
        std::fs::write(&binary, b"version: 1\nservice: \xff").unwrap();
        let place = read_text(&binary, "x").unwrap_err().to_string();
        assert!(place.contains("(line 2, byte 10); save it as UTF-8"), "{place}");
        let large = folder.path().join("large");
        std::fs::File::create(&large).unwrap().set_len(LARGEST_TEXT + 1).unwrap();
        assert!(read_text(&large, "x").unwrap_err().to_string().contains("larger than"));
    }
}
