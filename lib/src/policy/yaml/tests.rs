use super::*;

fn codes(text: &str) -> Vec<&'static str> {
    let mut findings = Vec::new();
    let _ = read(text, &mut findings);
    findings.iter().map(|found| found.code().as_str()).collect()
}

fn value(text: &str) -> NodeValue {
    let mut findings = Vec::new();
    let node = read(text, &mut findings).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    match node.value {
        NodeValue::Map(mut entries) => entries.remove(0).1.value,
        other => other,
    }
}

/// The text of a scalar and what its place in the file says.
fn placed(text: &str) -> (String, String) {
    match value(text) {
        NodeValue::Text(found) => {
            let place = found.place(0..found.text.len());
            (found.text.clone(), text[place.start..place.end].to_owned())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn only_true_and_false_are_booleans() {
    for text in ["true", "True", "TRUE"] {
        assert!(matches!(value(&format!("a: {text}")), NodeValue::Boolean(true)), "{text}");
    }
    for text in ["yes", "on", "y", "no", "off", "\"true\"", "'false'", "tRue"] {
        assert!(matches!(value(&format!("a: {text}")), NodeValue::Text(_)), "{text}");
    }
}

#[test]
fn numbers_are_plain_and_keep_how_they_are_written() {
    for text in ["1", "-1", "+1.5", "1e3", ".5", "0x1F", "0o17", ".nan", "-.inf", "1.10"] {
        let NodeValue::Number(written) = value(&format!("a: {text}")) else { panic!("{text}") };
        assert_eq!(written, text);
    }
    for text in ["\"1\"", "1.2.3", "5m", "1-2", "0x", "1_000", "2026-12-31", "inf", "nan"] {
        assert!(matches!(value(&format!("a: {text}")), NodeValue::Text(_)), "{text}");
    }
    for text in ["", "~", "null"] {
        assert!(matches!(value(&format!("a: {text}")), NodeValue::Null), "{text}");
    }
}

#[test]
fn a_text_knows_where_its_words_stand() {
    for (text, place) in [
        ("a: plain text # note", "plain text"),
        ("a: 'single'", "single"),
        ("a: \"double\"", "double"),
        ("a: 'it''s'", "'it''s'"),
        ("a: \"tab\\t\"", "\"tab\\t\""),
        ("a: \"ünïcödé\"", "ünïcödé"),
    ] {
        assert_eq!(placed(text).1, place, "{text}");
    }
    assert_eq!(placed("a: folded\n  over lines").0, "folded over lines");
    assert_eq!(placed("a: |\n  block\n").0, "block\n");
}

#[test]
fn line_endings_and_a_byte_order_mark_change_nothing() {
    let plain = "a: x\nb:\n  - c\n";
    let crlf = plain.replace('\n', "\r\n");
    assert!(codes(plain).is_empty());
    assert!(codes(&crlf).is_empty());
    assert_eq!(placed(&crlf).1, "x");
}

#[test]
fn what_has_no_meaning_is_refused_with_a_code() {
    for (text, code) in [
        ("a: 1\na: 2\n", "duplicate-key"),
        ("a: 1\n\"a\": 2\n", "duplicate-key"),
        ("a: 1\n---\nb: 2\n", "several-documents"),
        ("a: !!int 1\n", "yaml-tag"),
        ("a: !x { b: c }\n", "yaml-tag"),
        ("? [a]\n: b\n", "wrong-type"),
        ("a: *nothing\n", "yaml-syntax"),
        ("a: &x [*x]\n", "yaml-syntax"),
        ("a:\n\tb: c\n", "yaml-syntax"),
        ("a: [b\n", "yaml-syntax"),
        ("a: \"b\n", "yaml-syntax"),
        ("a: b: c\n", "yaml-syntax"),
        ("a: \u{7}\n", "yaml-syntax"),
    ] {
        assert!(codes(text).contains(&code), "{text:?}: {:?}", codes(text));
    }
}

#[test]
fn aliases_repeat_what_they_name_up_to_a_bound() {
    assert!(codes("a: &x { b: [1, 2] }\nc: *x\nd: *x\n").is_empty());
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..10 {
        let before = format!("*a{},", level - 1).repeat(10);
        bomb.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    assert_eq!(codes(&bomb), ["policy-too-large"]);
}

#[test]
fn deep_nesting_is_refused_however_it_is_made() {
    for text in [
        "[".repeat(100_000),
        "{a: ".repeat(100_000),
        "- ".repeat(10_000),
        (0..2_000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect::<String>(),
    ] {
        assert!(!codes(&text).is_empty(), "{}", &text[..20]);
    }
    let mut chain = format!("a0: &a0 {}x{}\n", "[".repeat(30), "]".repeat(30));
    for level in 1..100 {
        let (open, close) = ("[".repeat(30), "]".repeat(30));
        chain.push_str(&format!("a{level}: &a{level} {open}*a{}{close}\n", level - 1));
    }
    assert_eq!(codes(&chain), ["policy-too-large"]);
}
