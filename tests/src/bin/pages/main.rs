//! Pages for those who look at pages.
//!
//! `pages write POLICY JOURNAL TEXTS FOLDER` writes for each text of a JSON object `{"name":"text"}` a folder of pages that show it wherever
//! others write: `tests/browser` holds them against a real browser. `pages bench` measures, as a Markdown table.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own words")]

mod bench;
mod everything;

use std::collections::BTreeMap;
use std::fs;
use std::io::BufReader;
use std::path::Path;
use std::process::ExitCode;

use runbook_gate::Timestamp;
use runbook_gate::gate::Outcome;
use runbook_gate::journal;
use runbook_gate::policy::{Policy, PolicyFile, Variable, Variables};

type Failure = Box<dyn std::error::Error>;

/// 2026-01-01T00:00:00Z.
const NOW: Timestamp = Timestamp::from_secs(1_767_225_600);

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match arguments.as_slice() {
        ["write", policy, journal, texts, folder] => {
            write(Path::new(policy), Path::new(journal), Path::new(texts), Path::new(folder))
        }
        ["bench"] => bench::run(),
        _ => Err("usage: pages write POLICY JOURNAL TEXTS FOLDER, or pages bench".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("pages: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn write(policy: &Path, journal: &Path, texts: &Path, folder: &Path) -> Result<(), Failure> {
    let outcome = replayed(&fs::read_to_string(policy)?, &fs::read(journal)?)?;
    let texts: BTreeMap<String, String> = serde_json::from_slice(&fs::read(texts)?)?;
    for (name, text) in &texts {
        let folder = folder.join(name);
        fs::create_dir_all(&folder)?;
        for (file, page) in everything::pages(text, &outcome, NOW) {
            fs::write(folder.join(file), page)?;
        }
    }
    Ok(())
}

/// What a journal comes to.
fn replayed(policy: &str, journal: &[u8]) -> Result<Outcome, Failure> {
    let policy = resolved(policy)?;
    Ok(journal::replay(policy.gate().clone(), BufReader::new(journal))?.outcome)
}

fn resolved(text: &str) -> Result<Policy, Failure> {
    let checked = PolicyFile::parse("runbook.yml", text, NOW)
        .map_err(|found| found.render(runbook_gate::diagnostic::Colour::Plain))?;
    Ok(checked
        .file
        .resolve(None, &NoVariables)
        .map_err(|found| found.render(runbook_gate::diagnostic::Colour::Plain))?)
}

struct NoVariables;

impl Variables for NoVariables {
    fn get(&self, _: &str) -> Variable {
        Variable::Unset
    }
}
