//! Feeds the parser that `RUNBOOK_GATE_PARSER` names.

#![no_main]

#[allow(dead_code, reason = "the suite uses the rest")]
#[path = "../../src/parsers.rs"]
mod parsers;

use std::sync::OnceLock;

use parsers::{PARSERS, Parser};

fn chosen() -> &'static Parser {
    static CHOSEN: OnceLock<&'static Parser> = OnceLock::new();
    CHOSEN.get_or_init(|| {
        let name = std::env::var("RUNBOOK_GATE_PARSER").unwrap_or_default();
        PARSERS.iter().find(|parser| parser.name == name).expect("RUNBOOK_GATE_PARSER names a parser")
    })
}

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| (chosen().feed)(bytes));
