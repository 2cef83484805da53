//! A command line that could not be understood: what the argument parser says of it, through the one door.

use std::error::Error as _;

use clap::error::{ContextKind, ContextValue};
use runbook_gate::report::escape;

use super::arguments::NotAPair;
use crate::door::Door;
use crate::redact::without_credentials;

/// What stands in place of a value that may be a secret.
const MASK: &str = "***";

/// Says what is wrong with the arguments, or prints the help or version that they ask for.
pub fn tell(door: &Door, answer: clap::Error) {
    let on_standard_error = answer.use_stderr();
    let text = harmless(answer);
    if on_standard_error { door.say(text.trim_end()) } else { door.print(&text) }
}

/// What the parser says. Whatever it repeats of the command line stands on the line where it is said, without controls and
/// without credentials.
fn harmless(mut answer: clap::Error) -> String {
    let misplaced = answer.source().is_some_and(|source| source.is::<NotAPair>());
    for kind in [ContextKind::InvalidArg, ContextKind::InvalidValue, ContextKind::InvalidSubcommand] {
        let Some(ContextValue::String(text)) = answer.remove(kind) else { continue };
        let text = if misplaced && kind == ContextKind::InvalidValue { MASK.to_owned() } else { line(&text) };
        answer.insert(kind, ContextValue::String(text));
    }
    let said = answer.render().ansi().to_string();
    // Why a value is refused may repeat the value.
    match answer.source().map(ToString::to_string).filter(|why| !why.is_empty()) {
        Some(why) => said.replace(&why, &line(&why)),
        None => said,
    }
}

fn line(text: &str) -> String {
    without_credentials(&escape::terminal(text)).into_owned()
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::arguments::Arguments;

    fn said(arguments: &[&str]) -> String {
        let arguments = ["runbook-gate"].iter().chain(arguments);
        anstream::adapter::strip_str(&harmless(Arguments::try_parse_from(arguments).unwrap_err())).to_string()
    }

    #[test]
    fn what_is_repeated_of_the_command_line_stays_on_its_line() {
        let hostile = "x\n\r##vso[task.complete result=Succeeded]\u{1b}[2J";
        for arguments in [
            vec!["verify", "--deployed-at", hostile],
            vec!["verify", "--serve-within", hostile],
            vec!["verify", "--profile", hostile],
            vec!["verify", &format!("--foo{hostile}")],
            vec!["verify", hostile],
            vec!["baseline", "--for", hostile],
            vec!["completions", hostile],
            vec!["history", "--most", hostile],
            vec![hostile],
        ] {
            let said = said(&arguments);
            assert!(said.starts_with("error: ") && !said.contains("##vso"), "{arguments:?}: {said}");
            assert!(!said.contains(['\r', '\u{1b}']), "{arguments:?}: {said}");
            let line = said.lines().next().unwrap_or_default();
            assert!(line.contains("# #vso[task.complete"), "{arguments:?}: {said}");
        }
    }

    #[test]
    fn a_value_that_may_be_a_secret_is_not_repeated() {
        for arguments in [
            ["verify", "--connection", "http://u:SEKRET@127.0.0.1:1/"],
            ["verify", "--connection-token", "SEKRET"],
            ["verify", "--var", "SEKRET"],
            ["verify", "--deployed-at", "http://u:SEKRET@127.0.0.1:1/"],
            ["verify", "--strict", "https://127.0.0.1/?sig=SEKRET"],
            ["verify", "https://127.0.0.1/?sig=SEKRET", "--junit"],
        ] {
            let said = said(&arguments);
            assert!(said.starts_with("error: ") && !said.contains("SEKRET"), "{said}");
        }
        let token = said(&["verify", "--connection-token", "SEKRET"]);
        assert!(
            token.contains("'***' for '--connection-token <NAME=VARIABLE>': write NAME=VARIABLE"),
            "{token}"
        );
    }
}
