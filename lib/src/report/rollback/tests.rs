use super::*;
use crate::checklist::{Irreversible, Who};
use crate::report::terminal::{Colour, Layout};
use crate::rollback::{Doubt, PassedOver, Rehearsal, Release};

fn release(run: u64) -> Release {
    Release { run: Some(run), version: format!("1.{run}.0"), commit: "1a2b3c4d5e6f".into() }
}

fn plan(text: &str) -> Plan {
    Plan {
        service: "orders-api".into(),
        environment: "production".into(),
        current: release(9).words(),
        target: Some(Target {
            release: release(7),
            at: "2026-01-01T00:16:00Z".parse().ok(),
            judged: "2026-01-01T00:16:00Z".parse().ok(),
            proof: format!("this gate said proceed: {text}"),
            artifacts: vec![ArtifactFact {
                name: "drop".into(),
                details: "4 MB".into(),
                state: ArtifactState::Stored,
                place: None,
            }],
            artifacts_proved: Proof::Proved,
            place: Some(Place::Url("https://dev.azure.com/o/p/_build/results?buildId=7".into())),
        }),
        passed_over: vec![PassedOver { release: release(8).words(), why: text.into() }],
        doubts: vec![Doubt { what: text.into(), who: Who::SecondPerson, how: "look at it".into() }],
        irreversible: vec![Irreversible {
            path: "db/3.sql".into(),
            reasons: vec![text.into()],
            data_plan: None,
        }],
        rehearsed: Some(Rehearsal { at: "2025-12-01T00:00:00Z".parse().unwrap(), seen: "run 5".into() }),
        notes: vec![text.into()],
    }
}

fn text(plan: &Plan) -> String {
    terminal(plan, Layout { width: 100, colour: Colour::Plain })
}

#[test]
fn what_to_go_back_to_and_what_is_in_doubt_come_first() {
    let plan = plan("drops the table Orders (line 12)");
    insta::assert_snapshot!("terminal", text(&plan));
    insta::assert_snapshot!("markdown", markdown(&plan));
    insta::assert_snapshot!("json", json(&plan));
}

#[test]
fn the_first_line_says_how_it_stands() {
    let first = |plan: &Plan| text(plan).lines().next().unwrap().to_owned();
    let mut plan = plan("x");
    assert_eq!(first(&plan), "ROLLBACK PLAN  orders-api in production: not proved to be safe");
    plan.doubts.clear();
    assert_eq!(first(&plan), "ROLLBACK PLAN  orders-api in production: safe");
    plan.target = None;
    assert_eq!(first(&plan), "ROLLBACK PLAN  orders-api in production: nothing to go back to");
    assert!(json(&plan).contains("\"rollback_safe\":false"));
}

#[test]
fn outside_text_breaks_no_report() {
    for hostile in [
        "a | b\n| c |",
        "<script>x</script>",
        "##vso[task.complete]x",
        "\u{1b}[2J\u{202e}x",
        "[x](https://e.example)",
    ] {
        let plan = plan(hostile);
        let terminal = text(&plan);
        assert!(
            !terminal.contains("##vso") && !terminal.contains('\u{1b}') && !terminal.contains('\u{202e}')
        );
        let markdown = markdown(&plan);
        let parsed = pulldown_cmark::Parser::new_ext(&markdown, pulldown_cmark::Options::ENABLE_TABLES);
        let (mut cells, mut rows) = (0, 0);
        for event in parsed {
            use pulldown_cmark::{Event, Tag};
            match event {
                Event::Start(Tag::TableCell) => cells += 1,
                Event::Start(Tag::TableRow | Tag::TableHead) => rows += 1,
                Event::Html(_) | Event::InlineHtml(_) | Event::Start(Tag::Link { .. }) => {
                    panic!("{hostile:?}: {event:?}")
                }
                _ => {}
            }
        }
        assert_eq!((rows, cells), (4, 10), "{markdown}");
    }
}

#[test]
fn the_page_says_how_it_stands_and_links_the_run() {
    let mut plan = plan("words");
    let page = |plan: &Plan| crate::report::html::rollback(plan);
    assert!(page(&plan).contains("<header class=\"open\">"), "{}", page(&plan));
    assert!(page(&plan).contains("<a href=\"https://dev.azure.com/o/p/_build/results?buildId=7\" target"));
    for section in ["In doubt", "Migrations that cannot be undone", "Passed over", "Notes"] {
        assert!(page(&plan).contains(&format!("{section}</h2>")), "{section}");
    }
    plan.doubts.clear();
    assert!(page(&plan).contains("<header class=\"good\">") && page(&plan).contains("Rollback plan: safe"));
    plan.target = None;
    assert!(page(&plan).contains("<header class=\"bad\">"), "{}", page(&plan));
}

#[test]
fn outside_text_is_text_in_the_page() {
    let plain = crate::report::html::rollback(&plan("words"));
    for hostile in ["<script>x</script>", "\" onload=\"x", "##vso[task.complete]x", "\u{1b}[2J\u{202e}x"] {
        let page = crate::report::html::rollback(&plan(hostile));
        assert_eq!(page.matches('<').count(), plain.matches('<').count(), "{page}");
        assert!(!page.contains("##") && !page.contains('\u{1b}') && !page.contains('\u{202e}'), "{page}");
    }
}
