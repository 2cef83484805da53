use proptest::prelude::*;

use super::*;

mod places;
mod shown;

fn homes() -> Vec<Home> {
    ["https://github.com/contoso/orders.git", "https://dev.azure.com/org/proj/_git/orders"]
        .iter()
        .filter_map(|remote| Home::of_remote(remote))
        .collect()
}

fn targets(text: &str) -> Vec<LinkTarget> {
    record_links(text, &Template::default(), &homes()).into_iter().map(|link| link.target).collect()
}

fn path(path: &str) -> LinkTarget {
    LinkTarget::Path(path.to_owned())
}

fn adr(number: u32) -> LinkTarget {
    LinkTarget::Number(Some(RecordKind::Adr), number)
}

fn bdr(number: u32) -> LinkTarget {
    LinkTarget::Number(Some(RecordKind::Bdr), number)
}

#[test]
fn every_form_of_a_link_is_found() {
    let tail = |text: &str| LinkTarget::PathTail(text.to_owned());
    let page = |text: &str| LinkTarget::WikiPage(text.to_owned());
    for (text, expected) in [
        ("See docs/adr/0012-use-x.md.", path("docs/adr/0012-use-x.md")),
        ("See /docs/adr/0012-use-x.md, please", path("/docs/adr/0012-use-x.md")),
        ("(./docs/adr/0012-use-x.md)", path("./docs/adr/0012-use-x.md")),
        ("[why](docs/adr/0012-use-x.md)", path("docs/adr/0012-use-x.md")),
        ("[why](docs/adr/0012-use-x.md#status \"Title\")", path("docs/adr/0012-use-x.md")),
        ("[why](<docs/adr/0012 use x.md>)", path("docs/adr/0012 use x.md")),
        ("[why](docs/adr/0012%20use%20x.md)", path("docs/adr/0012 use x.md")),
        ("[why](docs/adr/0012-(use)-x.md)", path("docs/adr/0012-(use)-x.md")),
        ("`docs/adr/0012-use-x.md`", path("docs/adr/0012-use-x.md")),
        ("**docs/adr/0012-use-x.md**", path("docs/adr/0012-use-x.md")),
        (r"docs\adr\0012-use-x.md", path("docs/adr/0012-use-x.md")),
        ("0012-use-x.md", path("0012-use-x.md")),
        ("docs/adr/0012-use-x.adoc", path("docs/adr/0012-use-x.adoc")),
        (
            "https://dev.azure.com/org/proj/_git/orders?path=/docs/adr/0012-x.md&version=GBmain",
            path("/docs/adr/0012-x.md"),
        ),
        (
            "<https://org.visualstudio.com/proj/_git/orders?path=%2Fdocs%2Fadr%2F0012-x.md&_a=preview>",
            path("/docs/adr/0012-x.md"),
        ),
        (
            "https://github.com/contoso/orders/blob/main/docs/adr/0012-x.md#status",
            tail("main/docs/adr/0012-x.md"),
        ),
        (
            "[a](https://github.com/contoso/orders/blob/feat/y/docs/adr/0012-x.md)",
            tail("feat/y/docs/adr/0012-x.md"),
        ),
        (
            "https://raw.githubusercontent.com/contoso/orders/main/docs/adr/0012-x.md",
            tail("main/docs/adr/0012-x.md"),
        ),
        ("https://github.com/contoso/orders/wiki/ADR-0012-Use-x", page("ADR-0012-Use-x")),
        ("https://dev.azure.com/org/proj/_wiki/wikis/proj.wiki/12/ADR-0012-Use-x", page("ADR-0012-Use-x")),
        (
            "https://dev.azure.com/org/proj/_wiki/wikis/w?pagePath=/Decisions/ADR-0012",
            page("/Decisions/ADR-0012"),
        ),
        (
            "https://github.com/contoso/billing/blob/main/docs/adr/0012-x.md",
            LinkTarget::Elsewhere("github.com/contoso/billing/blob/main/docs/adr/0012-x.md".into()),
        ),
        (
            "https://dev.azure.com/org/proj/_git/billing?path=/docs/adr/0012-x.md",
            LinkTarget::Elsewhere("dev.azure.com/org/proj/_git/billing:/docs/adr/0012-x.md".into()),
        ),
        ("ADR-12", adr(12)),
        ("Implements ADR-0012.", adr(12)),
        ("(ADR 0012)", adr(12)),
        ("ADR#12: why", adr(12)),
        ("adr_12", adr(12)),
        ("ADR0012", adr(12)),
        ("ADR–12", adr(12)),
        ("ADR no. 12", adr(12)),
        ("[ADR-12]", adr(12)),
        ("**ADR-12**", adr(12)),
        ("ADR-12-use-x", adr(12)),
        ("BDR 0007", bdr(7)),
        ("BDR-7", bdr(7)),
        ("ADR: 0012", adr(12)),
        ("- **ADR**: 12", adr(12)),
        ("BDR: #7", bdr(7)),
        ("Decision-Record: 12", LinkTarget::Number(None, 12)),
        ("Decision-Record: ADR-12", adr(12)),
        ("Architecture-Decision: 0012-use-x", adr(12)),
        ("Decision: docs/adr/0012-use-x.md", path("docs/adr/0012-use-x.md")),
    ] {
        assert_eq!(targets(text), [expected], "{text}");
    }
}

#[test]
fn what_a_link_elsewhere_shows_is_not_counted_for_this_repository() {
    for text in [
        "[ADR-12](https://github.com/contoso/billing/wiki/ADR-0012-Use-x)",
        "[docs/adr/0012-x.md](https://github.com/contoso/billing/blob/main/docs/adr/0012-x.md)",
        "[ADR-12](<https://github.com/contoso/billing/blob/main/docs/adr/0012-x.md> \"Title\")",
        "[ADR-12]: https://github.com/contoso/billing/blob/main/docs/adr/0012-x.md",
    ] {
        let found = targets(text);
        assert!(matches!(found.as_slice(), [LinkTarget::Elsewhere(_)]), "{text} {found:?}");
    }
    let found = targets(
        "ADR-11, [ADR-12](https://github.com/contoso/billing/wiki/ADR-12), ADR-13, [ADR-14](docs/adr/0014-y.md)",
    );
    assert!(matches!(found[0], LinkTarget::Elsewhere(_)), "{found:?}");
    assert_eq!(found[1..], [path("docs/adr/0014-y.md"), adr(11), adr(13), adr(14)]);
}

#[test]
fn several_links_of_a_line_are_found_once_each() {
    assert_eq!(targets("ADR-1, ADR-2 and ADR-1"), [adr(1), adr(2)]);
    assert_eq!(targets("ADRs 12, 13 and 14 apply"), [adr(12), adr(13), adr(14)]);
    assert_eq!(targets("ADR: 12, 14"), [adr(12), adr(14)]);
    assert_eq!(targets("ADR-12 [text](docs/adr/0012-x.md)"), [path("docs/adr/0012-x.md"), adr(12)]);
}

#[test]
fn what_is_no_link_is_not_taken_for_one() {
    for text in [
        "",
        "ADR",
        "ADR template",
        "XADR-12",
        "pre-ADR-12",
        "adr_12_x1",
        "ADR 2024-01-02",
        "ADR 1.5",
        "ADR: 3 alternatives were weighed",
        "ADR-1234567",
        "address 12",
        "https://example.com/adr-12",
        "mailto:adr-12@example.com",
        "<!-- ADR-12 -->",
        "```\nADR-12\n```",
        "<!--\ndocs/adr/0012-x.md\n-->",
        "quadr 12",
        "ADR ÷ 12",
    ] {
        assert_eq!(targets(text), [], "{text}");
    }
}

#[test]
fn lines_of_the_template_are_no_links() {
    let template = Template::of(["Decision: ADR-0000\nRecord: docs/adr/0001-x.md\n"]);
    let text = "Decision: ADR-0000\n  Record:  docs/adr/0001-x.md\nDecision: ADR-0012\n";
    let links = record_links(text, &template, &[]);
    assert_eq!(links.len(), 1);
    assert_eq!((links[0].line, links[0].written.as_str(), &links[0].target), (3, "ADR-0012", &adr(12)));
}

#[test]
fn no_decision_needs_a_reason() {
    let because = |reason: &str| Some(NoDecision::Because(reason.to_owned()));
    for (text, expected) in [
        ("Decision: none (typo in a log text)", because("typo in a log text")),
        ("**Decision:** none (typo in a log text)", because("typo in a log text")),
        ("- Decision: None - typo in a log text.", because("typo in a log text")),
        ("ADR: none, typo in a log text", because("typo in a log text")),
        ("Decision: none", Some(NoDecision::WithoutReason)),
        ("Decision: none ()", Some(NoDecision::WithoutReason)),
        ("Decision: none (reason)", Some(NoDecision::WithoutReason)),
        ("Decision: none (<reason>)", Some(NoDecision::WithoutReason)),
        ("Decision: none (TODO)", Some(NoDecision::WithoutReason)),
        ("Decision: none (x)", Some(NoDecision::WithoutReason)),
        ("Decision: nonetheless we go on", None),
        ("Decision: ADR-12", None),
        ("<!-- Decision: none (typo in a log text) -->", None),
        ("none (typo in a log text)", None),
    ] {
        assert_eq!(no_decision(text, &Template::default()), expected, "{text}");
    }
    let template = Template::of(["Decision: none (a bug fix that changes nothing else)"]);
    assert_eq!(no_decision("Decision: none (a bug fix that changes nothing else)", &template), None);
}

#[test]
fn a_flood_of_links_is_cut_off() {
    let text: String = (0..5_000).map(|n| format!("ADR-{n} ")).collect();
    assert_eq!(targets(&text).len(), MOST);
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "(?s).{0,200}|([aAbBdDrR#0-9 /:.\\-_<>()%\\[\\]]|adr|ADR-|https://|_git|docs/adr/|\\.md|é|İ){0,60}") {
        let _ = record_links(&text, &Template::default(), &homes());
        let _ = no_decision(&text, &Template::default());
    }
}
