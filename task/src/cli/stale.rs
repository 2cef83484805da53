//! Reports of earlier runs, where this one cannot even begin: an old `proceed` must never be taken for its own.

use std::ffi::OsString;
use std::path::PathBuf;

use crate::files::ReportFolder;

/// Clears the report folder that a command line names which could not be understood.
pub fn clear(arguments: impl Iterator<Item = OsString>) {
    let arguments: Vec<OsString> = arguments.collect();
    let Some(folder) = named(&arguments) else { return };
    let reports = ReportFolder::at(&folder);
    // The command line is wrong, and that is what is said: a folder that is not there has no reports.
    let asked = |command: &str| arguments.iter().any(|argument| argument == command);
    let _ = if asked("checklist") {
        reports.clear_checklist()
    } else if asked("rollback") {
        reports.clear_plan()
    } else {
        reports.clear_reports()
    };
}

fn named(arguments: &[OsString]) -> Option<PathBuf> {
    if arguments.iter().any(|argument| argument == "--dry-run") {
        return None;
    }
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--report-dir" {
            return rest.next().map(PathBuf::from);
        }
        if let Some(folder) = argument.to_str().and_then(|text| text.strip_prefix("--report-dir=")) {
            return Some(PathBuf::from(folder));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_folder_in_a_line_that_is_wrong_otherwise() {
        let of = |line: &str| named(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("verify --report-dir out --observ"), Some(PathBuf::from("out")));
        assert_eq!(of("verify --nothing --report-dir=out/a"), Some(PathBuf::from("out/a")));
        assert_eq!(of("verify --report-dir"), None);
        assert_eq!(of("verify --report-dir out --dry-run --observ"), None);
        assert_eq!(of("verify --observ"), None);
    }
}
