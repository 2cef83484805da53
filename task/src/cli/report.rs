//! `report`: the reports of a journal, made again.

use std::path::Path;

use runbook_gate::report::{Report, ReportContext};

use super::arguments::{PolicyArguments, ReportArguments};
use super::outcome::{Junit, write};
use super::replay::{context, open, replayed};
use super::{Exit, Failure, shown_checklist};
use crate::files::{ReportFolder, shown};
use crate::session::Session;

/// Writes what `verify` wrote of the same journal, byte for byte where the paths are the same.
pub fn run(session: &Session, arguments: &ReportArguments) -> Result<Exit, Failure> {
    let beside = arguments.journal.parent().filter(|folder| !folder.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    let path = arguments.report_dir.as_deref().unwrap_or(beside);
    let (policy, journal) = open(session, &arguments.policy, &arguments.journal)?;
    let folder = ReportFolder::open(path).map_err(Failure::input)?;
    // What the gate decided then stays beside its journal; another gate's verdict beside these reports would be taken for this one's.
    let own = std::fs::canonicalize(path).ok() == std::fs::canonicalize(beside).ok();
    if own { folder.clear_pages() } else { folder.clear_reports() }.map_err(Failure::input)?;
    let outcome = replayed(session, &policy, journal, &arguments.journal)?;
    let kept = ReportFolder::at(beside);
    let verdict = shown_checklist::verdict_beside(&policy, &kept, &outcome);
    let context = ReportContext {
        release: verdict.as_ref().map(|verdict| verdict.release.clone()).unwrap_or_default(),
        ..context(&policy, replay_command(&arguments.policy, &arguments.journal))
    };
    let deployed = shown_checklist::of_journal(&policy, verdict.as_ref(), &outcome);
    let checklist = shown_checklist::find(session, arguments.checklist_report.as_deref(), &kept, &deployed);
    let report = Report::of_gate(&outcome, &context);
    write(session, &report, &checklist, &folder, Junit::of_flag(arguments.junit)).map_err(Failure::input)?;
    session.door.say(&format!("{}: the reports are in {}", outcome.decision, shown(path)));
    Ok(Exit::Success)
}

/// The command that decides again on a journal.
pub fn replay_command(given: &PolicyArguments, journal: &Path) -> String {
    let PolicyArguments { policy, variables, allowed_variables, secret_variables, .. } = given;
    let mut words =
        vec!["runbook-gate".to_owned(), "replay".to_owned(), "--policy".to_owned(), quoted(&shown(policy))];
    for (name, value) in variables {
        words.extend(["--var".to_owned(), quoted(&format!("{name}={value}"))]);
    }
    for (option, names) in [("--allow-var", allowed_variables), ("--secret-var", secret_variables)] {
        for name in names {
            words.extend([option.to_owned(), quoted(name)]);
        }
    }
    words.extend(["--journal".to_owned(), quoted(&shown(journal))]);
    words.join(" ")
}

/// A word as a POSIX shell reads it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%+,".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_a_shell() {
        for (word, text) in [("a/b.yml", "a/b.yml"), ("A=b c", "'A=b c'"), ("it's", r"'it'\''s'"), ("", "''")]
        {
            assert_eq!(quoted(word), text);
        }
    }
}
