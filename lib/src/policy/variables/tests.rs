use super::*;
use crate::diagnostic::Span;

/// `NAME` has a value, `TOKEN` is secret, `EMPTY` is unset, anything else is not allowed.
struct Known;

impl Variables for Known {
    fn get(&self, name: &str) -> Variable {
        match name {
            "NAME" => Variable::Value("value".to_owned()),
            "TOKEN" => Variable::Secret(Secret::new("t0ken")),
            "EMPTY" => Variable::Unset,
            _ => Variable::NotAllowed,
        }
    }
}

fn text(written: &str) -> Text {
    Text::new(written.to_owned(), Span::new(10, 10 + written.len()), Some(10))
}

fn scope(findings: &mut Vec<Diagnostic>) -> Scope<'static> {
    let mut scope = Scope::new(Outer::Used(&Known));
    scope.define("host", &text("orders.contoso.com"), findings);
    scope.define("image", &text("orders:${NAME}"), findings);
    scope.define("loop", &text("${host}"), findings);
    scope
}

fn known(written: &str) -> Option<String> {
    let mut findings = Vec::new();
    match scope(&mut findings).expand(&text(written), &mut findings) {
        Expanded::Known(known) => Some(known),
        _ => None,
    }
}

fn refused(written: &str) -> (&'static str, Span) {
    let mut findings = Vec::new();
    let scope = scope(&mut findings);
    findings.clear();
    let expanded = scope.expand(&text(written), &mut findings);
    assert!(matches!(expanded, Expanded::Refused), "{written}: {expanded:?}");
    (findings[0].code().as_str(), findings[0].span())
}

#[test]
fn only_a_braced_name_is_a_variable() {
    for (written, expanded) in [
        ("https://${host}/a", "https://orders.contoso.com/a"),
        ("${NAME}${NAME}", "valuevalue"),
        ("${image}", "orders:value"),
        ("increase(x{code=~\"5..$\"}[$window])", "increase(x{code=~\"5..$\"}[$window])"),
        ("^(a|b)$", "^(a|b)$"),
        ("$1 $", "$1 $"),
        ("a $${NAME} b", "a ${NAME} b"),
        ("echo $$(date)", "echo $(date)"),
        ("$(1) $() $( x )", "$(1) $() $( x )"),
        ("$$", "$$"),
        ("ä${NAME}ö", "ävalueö"),
    ] {
        assert_eq!(known(written).as_deref(), Some(expanded), "{written}");
    }
}

#[test]
fn what_cannot_be_put_in_says_so_at_its_place() {
    assert_eq!(refused("a ${EMPTY}"), ("variable-unset", Span::new(12, 20)));
    assert_eq!(refused("${HOME}"), ("variable-not-allowed", Span::new(10, 17)));
    assert_eq!(refused("x$(Build.BuildNumber)"), ("variable-unexpanded", Span::new(11, 31)));
    assert_eq!(refused("${"), ("variable-syntax", Span::new(10, 12)));
    assert_eq!(refused("${}"), ("variable-syntax", Span::new(10, 12)));
    assert_eq!(refused("${a b}"), ("variable-syntax", Span::new(10, 12)));
    assert_eq!(refused("${9a}"), ("variable-syntax", Span::new(10, 12)));
}

#[test]
fn a_value_is_not_expanded_again() {
    struct Nested;
    impl Variables for Nested {
        fn get(&self, _: &str) -> Variable {
            Variable::Value("${TOKEN} $(X)".to_owned())
        }
    }
    let mut findings = Vec::new();
    let expanded = Scope::new(Outer::Used(&Nested)).expand(&text("${A}"), &mut findings);
    assert!(matches!(expanded, Expanded::Known(known) if known == "${TOKEN} $(X)"));
}

#[test]
fn the_policys_own_variables_may_use_the_pipelines_and_not_each_other() {
    let mut findings = Vec::new();
    let scope = scope(&mut findings);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert_eq!(findings[0].code(), Code::VariableNotAllowed);
    assert!(matches!(scope.expand(&text("${loop}"), &mut findings), Expanded::Refused));
    assert_eq!(findings.len(), 1, "said once: {findings:?}");
}

#[test]
fn a_secret_makes_the_whole_text_secret() {
    let mut findings = Vec::new();
    let expanded = scope(&mut Vec::new()).expand(&text("Bearer ${TOKEN}"), &mut findings);
    assert!(matches!(&expanded, Expanded::Secret(secret) if secret.reveal() == "Bearer t0ken"));
    assert!(!format!("{expanded:?}").contains("t0ken"));
}

#[test]
fn an_unknown_variable_is_open_while_the_policy_is_only_checked() {
    let mut findings = Vec::new();
    let scope = Scope::new(Outer::Open);
    assert!(matches!(scope.expand(&text("${LAW_ID}"), &mut findings), Expanded::Open));
    assert!(findings.is_empty());
    assert!(matches!(scope.expand(&text("${BUILD_BUILDNUMBR}"), &mut findings), Expanded::Open));
    assert_eq!(findings[0].code(), Code::VariableDoubtful);
}

#[test]
fn expanded_texts_are_bounded() {
    struct Long;
    impl Variables for Long {
        fn get(&self, _: &str) -> Variable {
            Variable::Value("x".repeat(10_000))
        }
    }
    let mut findings = Vec::new();
    let expanded = Scope::new(Outer::Used(&Long)).expand(&text(&"${A}".repeat(10_000)), &mut findings);
    assert!(matches!(expanded, Expanded::Refused));
    assert_eq!(findings.len(), 1);
}

#[test]
fn a_policy_that_is_only_checked_needs_no_values_and_still_names_allowed_variables() {
    let scope = Scope::new(Outer::Checked(&Known));
    let mut findings = Vec::new();
    assert!(matches!(scope.expand(&text("${EMPTY}"), &mut findings), Expanded::Open));
    assert!(matches!(scope.expand(&text("${NAME}"), &mut findings), Expanded::Known(_)));
    assert!(findings.is_empty(), "{findings:?}");
    assert!(matches!(scope.expand(&text("${OTHER}"), &mut findings), Expanded::Refused));
    assert_eq!(findings[0].code().as_str(), "variable-not-allowed");
}

#[test]
fn the_help_for_a_secret_names_what_lets_a_secret_in() {
    for (scope, name, words) in [
        (Scope::new(Outer::Used(&Known)), "${OTHER}", "--secret-var"),
        (Scope::new(Outer::Used(&Known)), "${EMPTY}", "`env`"),
    ] {
        let mut findings = Vec::new();
        assert!(matches!(scope.expand_secret(&text(name), &mut findings), Expanded::Refused));
        let help = findings[0].suggestions().join("; ");
        assert!(help.contains(words) && !help.contains("--allow-var") && !help.contains("--var "), "{help}");
        findings.clear();
        scope.expand(&text(name), &mut findings);
        assert!(!findings[0].suggestions().join("; ").contains("--secret-var"));
    }
}

#[test]
fn a_text_names_the_variables_from_outside_that_it_is_made_of() {
    let named = |written: &str| scope(&mut Vec::new()).named(&text(written));
    assert_eq!(named("v${NAME}-${EMPTY}"), ["NAME", "EMPTY"]);
    assert_eq!(named("${image}"), ["NAME"], "what is behind the policy's own");
    assert!(named("${host} $${NAME}").is_empty());
}
