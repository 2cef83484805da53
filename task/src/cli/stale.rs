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
    let _ = match written_by(&arguments) {
        Written::Gate => reports.clear(),
        Written::Reports => reports.clear_reports(),
        Written::Checklist => reports.clear_checklist(),
        Written::Plan => reports.clear_plan(),
    };
}

/// What a command writes into its report folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Written {
    /// The journal and the reports.
    Gate,
    /// The reports of a journal, which may lie beside them.
    Reports,
    Checklist,
    Plan,
}

fn written_by(arguments: &[OsString]) -> Written {
    let command =
        arguments.iter().filter_map(|argument| argument.to_str()).find(|text| !text.starts_with('-'));
    match command {
        Some("replay" | "report") => Written::Reports,
        Some("checklist") => Written::Checklist,
        Some("rollback") => Written::Plan,
        // A command that is mistyped is nobody's: what it was to make is not what lies there.
        _ => Written::Gate,
    }
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

    #[test]
    fn each_command_clears_what_it_writes() {
        let of = |line: &str| written_by(&line.split(' ').map(OsString::from).collect::<Vec<_>>());
        assert_eq!(of("verify -e report --report-dir out --observ"), Written::Gate);
        assert_eq!(of("verifi --report-dir out"), Written::Gate);
        assert_eq!(of("-v replay --journal out/journal.ndjson --report-dir out --x"), Written::Reports);
        assert_eq!(of("checklist --report-dir out --x"), Written::Checklist);
        assert_eq!(of("rollback plan --report-dir out --x"), Written::Plan);
    }

    #[test]
    fn the_journal_of_an_earlier_gate_goes_with_its_reports() {
        let left = |line: &str| {
            let folder = tempfile::tempdir().unwrap();
            let names =
                ["journal.ndjson", "report.json", "verdict.json", "checklist.json", "rollback-plan.json"];
            for name in names {
                std::fs::write(folder.path().join(name), "{}").unwrap();
            }
            let arguments = line.split(' ').map(OsString::from);
            clear(arguments.chain(["--report-dir".into(), folder.path().into()]));
            names.into_iter().filter(|name| folder.path().join(name).exists()).collect::<Vec<_>>()
        };
        assert_eq!(left("verify --observ"), ["checklist.json", "rollback-plan.json"]);
        assert_eq!(left("replay --observ"), ["journal.ndjson", "checklist.json", "rollback-plan.json"]);
        assert_eq!(
            left("rollback plan --x"),
            ["journal.ndjson", "report.json", "verdict.json", "checklist.json"]
        );
    }
}
