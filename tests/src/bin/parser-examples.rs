//! Writes the examples of each parser into a folder of its name, for `scripts/fuzz`.

#![allow(clippy::expect_used, reason = "a tool of the tests")]

use std::path::PathBuf;

use runbook_gate_tests::parsers::{PARSERS, examples};

fn main() {
    let folder = PathBuf::from(std::env::args_os().nth(1).expect("usage: parser-examples FOLDER"));
    for parser in &PARSERS {
        let folder = folder.join(parser.name);
        std::fs::create_dir_all(&folder).expect("a folder");
        for (number, example) in examples(parser).iter().enumerate() {
            std::fs::write(folder.join(format!("example-{number}")), example).expect("an example");
        }
    }
}
