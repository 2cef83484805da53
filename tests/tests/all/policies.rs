//! Policy files: what is said of bad ones, and that the schema for editors agrees with what is read.

mod diagnostics;
mod editor;
mod explanations;
mod hostile;
mod reference;

use std::fs;
use std::path::{Path, PathBuf};

use runbook_gate::Timestamp;

/// The day on which the policies of these tests are read.
fn today() -> Timestamp {
    Timestamp::from_day("2026-06-01").unwrap()
}

/// The repository's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The policies of a folder below the root: names and texts, sorted.
fn policies(folder: &str) -> Vec<(String, String)> {
    let mut found: Vec<_> = fs::read_dir(root().join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "yml"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            (name, fs::read_to_string(path).unwrap())
        })
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no policies in {folder}");
    found
}
