//! Whatever a policy file holds, reading it ends with a policy or with findings inside the file.

use proptest::prelude::*;
use runbook_gate::diagnostic::{Colour, Diagnostics};
use runbook_gate::policy::{PolicyFile, Variable, Variables};

use super::{policies, today};

/// Every variable has this value.
struct All(String);

impl Variables for All {
    fn get(&self, _: &str) -> Variable {
        Variable::Value(self.0.clone())
    }
}

/// Reads a text in every way; its findings lie inside it and can be shown.
fn read(text: &str, value: &str) {
    let inside = |said: &Diagnostics| {
        let stripped = text.strip_prefix('\u{feff}').unwrap_or(text);
        for found in said.iter() {
            let span = found.span();
            assert!(span.start <= span.end && span.end <= stripped.len(), "{found:?} is outside of {text:?}");
            assert!(stripped.is_char_boundary(span.start), "{found:?} splits a character of {text:?}");
            assert!(!found.message().is_empty());
        }
        let shown = said.render(Colour::Plain);
        assert!(!shown.contains('\u{1b}'), "an escape of the file reaches the terminal: {shown:?}");
        let _ = (said.render(Colour::Ansi), said.to_json());
    };
    match PolicyFile::parse("runbook.yml", text, today()) {
        Err(errors) => {
            assert!(errors.has_errors());
            inside(&errors);
        }
        Ok(checked) => {
            assert!(!checked.warnings.has_errors());
            inside(&checked.warnings);
            for name in checked.file.environments() {
                match checked.file.resolve(Some(name), &All(value.to_owned())) {
                    Ok(policy) => inside(policy.warnings()),
                    Err(errors) => inside(&errors),
                }
            }
        }
    }
}

/// Policies to start from: the examples, and all the bad ones.
fn seeds() -> Vec<String> {
    let all = policies("examples/policies").into_iter().chain(policies("tests/fixtures/policies/bad"));
    all.map(|(_, text)| text).collect()
}

/// Pieces that mean something to YAML, to criteria or to variables.
const PIECES: &[&str] = &[
    "",
    " ",
    "\n",
    "\t",
    ": ",
    "- ",
    "{",
    "}",
    "[",
    "]",
    "\"",
    "'",
    "#",
    "&a ",
    "*a",
    "!!str ",
    "|\n",
    ">\n",
    "---\n",
    "...\n",
    "${",
    "}",
    "$(X)",
    "$${",
    "%",
    "0",
    "-1",
    "1e999",
    ".nan",
    "null",
    "true",
    "yes",
    "x baseline",
    " for 5m",
    " and ",
    "99999999d",
    "\u{feff}",
    "\u{0}",
    "\u{1b}[31m",
    "\u{202e}",
    "é",
    "𝄞",
    "\r\n",
    "? ",
    "<<: ",
    "169.254.169.254",
    "https://",
    "@",
    "signals",
    "gate",
];

fn boundary(text: &str, at: usize) -> usize {
    let mut at = at % (text.len() + 1);
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_read_without_a_panic(text in "\\PC{0,200}", value in "\\PC{0,20}") {
        read(&text, &value);
    }

    #[test]
    fn arbitrary_pieces_of_the_language_are_read_without_a_panic(
        pieces in prop::collection::vec(prop::sample::select(PIECES), 0..60),
        value in "\\PC{0,20}",
    ) {
        read(&pieces.concat(), &value);
    }

    #[test]
    fn a_policy_with_pieces_put_in_and_cut_out_is_read_without_a_panic(
        seed in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<usize>(), 0_usize..12, prop::sample::select(PIECES)), 1..8),
        value in prop::sample::select(vec!["x", "5m", "https://a.contoso.com", "", "\u{1b}[31m", "${A}", "9e99"]),
    ) {
        let seeds = seeds();
        let mut text = seed.get(&seeds).clone();
        for (at, cut, piece) in edits {
            let start = boundary(&text, at);
            let end = boundary(&text, (start + cut).min(text.len()));
            text.replace_range(start..end.max(start), piece);
        }
        read(&text, value);
    }

    #[test]
    fn a_policy_cut_off_anywhere_is_read_without_a_panic(seed in any::<prop::sample::Index>(), at in any::<usize>()) {
        let seeds = seeds();
        let text = seed.get(&seeds);
        read(&text[..boundary(text, at)], "x");
    }
}
