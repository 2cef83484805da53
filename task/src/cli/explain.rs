//! `explain`: what a code of `validate` means.

use runbook_gate::diagnostic::{codes, explain};

use super::{Exit, Failure};
use crate::session::Session;

/// Explains one code, or lists all.
pub fn run(session: &Session, code: Option<&str>) -> Result<Exit, Failure> {
    let Some(code) = code else {
        let lines: Vec<String> = codes()
            .iter()
            .map(|code| format!("{:7} {}\n", code.severity().as_str(), code.as_str()))
            .collect();
        session.door.print(&lines.concat());
        return Ok(Exit::Success);
    };
    match explain(code) {
        Some(text) => {
            session.door.print(&format!("{}\n", text.trim_end()));
            Ok(Exit::Success)
        }
        None => Err(Failure::Input(unknown(code))),
    }
}

fn unknown(code: &str) -> String {
    let words: Vec<&str> = code.split('-').filter(|word| word.len() > 2).collect();
    let near: Vec<&str> = codes()
        .iter()
        .map(|known| known.as_str())
        .filter(|known| {
            words.iter().any(|word| known.split('-').any(|other| other.eq_ignore_ascii_case(word)))
        })
        .take(5)
        .collect();
    let help = if near.is_empty() { String::new() } else { format!("; near it are {}", near.join(", ")) };
    format!("no code is named `{code}`{help}; `runbook-gate explain` lists all")
}
