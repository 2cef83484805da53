//! What others wrote, spoilt: no reader of it may panic. `scripts/fuzz` looks longer.

use std::panic::{AssertUnwindSafe, catch_unwind};

use runbook_gate_tests::parsers::{PARSERS, Parser, examples};

/// How many spoilt ones are made of each example.
const OF_EACH: usize = 60;
/// The largest example, in bytes, that is spoilt whole.
const LARGEST: usize = 6_000;

/// Numbers that look random and are the same each time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).expect("31 bits")
    }

    fn below(&mut self, bound: usize) -> usize {
        self.next() % bound.max(1)
    }
}

/// What readers stumble over.
const STUMBLES: [&[u8]; 24] = [
    b"\0",
    b"\r\n",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    "\u{2028}".as_bytes(),
    "é\u{301}".as_bytes(),
    b"1e308",
    b"-1e308",
    b"NaN",
    b"-0",
    b"9223372036854775807",
    b"18446744073709551616",
    b"9999-12-31T23:59:60Z",
    b"0000-01-01T00:00:00Z",
    b"${",
    b"$(",
    b"{{{{{{{{{{{{{{{{",
    b"[[[[[[[[[[[[[[[[",
    b"]]>",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>",
    b"&#0;",
    b": ",
    b"\t",
    b"\"\\u0000\\ud800\"",
];

fn spoilt(example: &[u8], others: &[Vec<u8>], numbers: &mut Numbers) -> Vec<u8> {
    let from = numbers.below(example.len().saturating_sub(LARGEST));
    let mut bytes: Vec<u8> = example.iter().skip(from).take(LARGEST).copied().collect();
    for _ in 0..=numbers.below(4) {
        let at = numbers.below(bytes.len() + 1);
        let end = (at + 1 + numbers.below(12)).min(bytes.len());
        match numbers.below(6) {
            0 => bytes.truncate(at),
            1 => drop(bytes.drain(at.min(end)..end)),
            2 => {
                let stumble = STUMBLES[numbers.below(STUMBLES.len())];
                bytes.splice(at.min(end)..end, stumble.iter().copied());
            }
            3 => {
                let other = &others[numbers.below(others.len())];
                let from = numbers.below(other.len());
                let taken: Vec<u8> = other.iter().skip(from).take(40).copied().collect();
                bytes.splice(at..at, taken);
            }
            4 => {
                let again: Vec<u8> = bytes.iter().skip(at).take(60).copied().collect();
                bytes.splice(at..at, again);
            }
            _ => {
                let bit = 1 << numbers.below(8);
                bytes.get_mut(at).into_iter().for_each(|byte| *byte ^= bit);
            }
        }
    }
    bytes
}

fn survives(parser: &Parser, bytes: &[u8]) {
    let fed = catch_unwind(AssertUnwindSafe(|| (parser.feed)(bytes)));
    assert!(fed.is_ok(), "{} panics at {:?}", parser.name, String::from_utf8_lossy(bytes));
}

#[test]
fn no_reader_panics_at_good_or_spoilt_text() {
    for parser in &PARSERS {
        let examples = examples(parser);
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        for example in &examples {
            survives(parser, example);
            for _ in 0..OF_EACH {
                survives(parser, &spoilt(example, &examples, &mut numbers));
            }
        }
    }
}
