use super::*;

fn found(code: Code, start: usize, end: usize) -> Diagnostic {
    Diagnostic::new(code, Span::new(start, end), format!("finding at {start}"))
}

#[test]
fn findings_stand_in_the_order_of_their_places_and_each_once() {
    let list = vec![
        found(Code::UnknownKey, 5, 6),
        found(Code::MissingKey, 0, 1),
        found(Code::UnknownKey, 5, 6),
        found(Code::WrongType, 5, 6),
    ];
    let said = Diagnostics::new("a.yml", "abc\ndef", list);
    let codes: Vec<&str> = said.iter().map(|found| found.code().as_str()).collect();
    assert_eq!(codes, ["missing-key", "unknown-key", "wrong-type"]);
}

#[test]
fn too_many_findings_are_counted_and_errors_come_before_warnings() {
    let warnings = (0..300).map(|at| found(Code::UnusedSignal, at, at + 1));
    let errors = (300..310).map(|at| found(Code::UnknownKey, at, at + 1));
    let said = Diagnostics::new("a.yml", &"x".repeat(400), warnings.chain(errors).collect());
    assert_eq!((said.len(), said.left_out()), (10, 300));
    assert!(said.has_errors());
    assert!(said.render(Colour::Plain).ends_with("... and 300 more\n"));
    let warnings = (0..300).map(|at| found(Code::UnusedSignal, at, at + 1));
    let said = Diagnostics::new("a.yml", &"x".repeat(400), warnings.collect());
    assert_eq!((said.len(), said.left_out()), (Diagnostics::MOST, 100));
}

#[test]
fn lines_and_columns_count_from_one_and_in_characters() {
    let text = "é: 1\r\n  𝄞x: 2\n";
    let at = text.find('x').unwrap();
    let said = Diagnostics::new("a.yml", text, vec![found(Code::UnknownKey, at, at + 1)]);
    assert_eq!(said.position(said.iter().next().unwrap()), (2, 4));
    let json = said.to_json();
    assert_eq!(json[0]["line"], 2);
    assert_eq!(json[0]["column"], 4);
    assert_eq!(json[0]["end_column"], 5);
    assert_eq!(json[0]["code"], "unknown-key");
    assert_eq!(json[0]["severity"], "error");
    assert!(said.render(Colour::Plain).contains("a.yml:2:4"));
}

#[test]
fn a_finding_of_several_lines_shows_the_first() {
    let text = "probe:\n  url: a\n  health: b\n";
    let said = Diagnostics::new("a.yml", text, vec![found(Code::UnusedSignal, 9, 27)]);
    let shown = said.render(Colour::Plain);
    assert!(shown.contains("url: a") && !shown.contains("health"), "{shown}");
}

#[test]
fn a_very_long_line_is_named_and_not_shown() {
    let text = "x".repeat(100_000);
    let said = Diagnostics::new("a.yml", &text, vec![found(Code::UnknownKey, 50_000, 50_001)]);
    let shown = said.render(Colour::Plain);
    assert!(shown.contains("a.yml:1:50001") && shown.len() < 500, "{shown}");
}

#[test]
fn colour_is_asked_for() {
    let said = Diagnostics::new("a.yml", "abc", vec![found(Code::UnknownKey, 0, 1)]);
    assert!(said.render(Colour::Ansi).contains('\u{1b}'));
    assert!(!said.render(Colour::Plain).contains('\u{1b}'));
}
