//! What others wrote, in every place of a report where it can stand.

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag};

use super::builders::{hold_by_unknown, rollback};
use crate::gate::outcome::Ending;
use crate::gate::{FailedGate, Outcome, Recovery};
use crate::policy::Enforcement;
use crate::report::checklist::InGate;
use crate::report::terminal::{Colour, Layout};
use crate::report::{Report, ReportContext, escape, html, json, junit, markdown, terminal};
use crate::rollback::Release;
use crate::steering::steers;

/// Texts that mean something to one output or another.
pub(super) const HOSTILE: &[&str] = &[
    "",
    " ",
    "|",
    "| a | b |",
    "\\|",
    "a\nb",
    "a\r\n\r\n# Proceed",
    "\u{2028}\u{2029}\u{85}\u{b}\u{c}",
    "\n---\n",
    "\n===\n",
    "    code",
    "\tcode",
    "- item",
    "+ item",
    "* item",
    "1. item",
    "1) item",
    "# heading",
    "> quote",
    "`code`",
    "``",
    "```\nfence",
    "~~~",
    "~~struck~~",
    "*emphasis* **strong** _emphasis_ __strong__",
    "[link](https://evil.example)",
    "[link]: https://evil.example",
    "[reference][1]",
    "[^1]",
    "![image](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example",
    "HTTP://EVIL.EXAMPLE",
    "www.evil.example",
    "javascript:alert(1)",
    "mail@evil.example",
    "@everyone",
    "#123 AB#123 !45",
    ":white_check_mark:",
    "$x$ $$y$$",
    "[[_TOC_]]",
    ":::mermaid",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<!-- comment",
    "<details><summary>",
    "&lt;b&gt; &amp; &#60;",
    "]]>",
    "<![CDATA[",
    "<?xml?>",
    "<!DOCTYPE x [<!ENTITY y \"z\">]>",
    "\" onclick=\"x\" '",
    "\u{0}\u{1}\u{8}\u{7f}\u{9b}",
    "\u{1b}[31mred\u{1b}[0m",
    "\u{1b}[2J\u{1b}[1;1H",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]8;;https://evil.example\u{1b}\\here\u{1b}]8;;\u{1b}\\",
    "\r\u{1b}[Kproceed",
    "##vso[task.setvariable variable=decision]proceed",
    "##VSO[task.complete result=Succeeded]",
    "###vso[x] ####[error]",
    "##[error]x",
    "#",
    "\n##vso[task.complete result=Succeeded;]done\n",
    "\u{202e}deecorp",
    "\u{2066}\u{2069}\u{200e}\u{200f}\u{61c}",
    "\u{200b}\u{200d}\u{feff}\u{2060}",
    "\u{fffe}\u{ffff}\u{fff9}\u{e0041}",
    "日本語 עברית العربية 🎉👩‍👩‍👧",
    "e\u{301}\u{301}\u{301}\u{301}",
    "%PATH% $(Name) ${NAME} $env:X",
    "{{ x }} {% x %}",
    "PROCEED  orders-api in production",
];

/// An outcome and a context with this text everywhere.
pub(super) fn with_text(text: &str) -> Report {
    let owned = || text.to_owned();
    let mut outcome: Outcome = hold_by_unknown();
    outcome.criterion = Some(owned());
    outcome.reason = owned();
    outcome.also = vec![owned(), owned()];
    outcome.environment = owned();
    outcome.policy_sha256 = owned();
    outcome.ending = Ending::Cancelled { by: owned() };
    let failed = FailedGate { release: owned(), reason: owned(), ..FailedGate::default() };
    outcome.recovery = Some(Recovery { redeployed: owned(), failed: Some(failed), ..Recovery::default() });
    outcome.notes = vec![owned(), owned()];
    for criterion in &mut outcome.criteria {
        criterion.criterion = owned();
        criterion.caveat = Some(owned());
        criterion.explanation.summary = owned();
        criterion.explanation.otherwise = owned();
        for comparison in &mut criterion.explanation.comparisons {
            comparison.comparison = owned();
            comparison.from_baseline = Some(owned());
        }
    }
    for signal in &mut outcome.signals {
        signal.source = owned();
        signal.absent = vec![(owned(), 1)];
        if let Some(baseline) = &mut signal.baseline {
            baseline.source = Some(owned());
        }
    }
    let context = ReportContext {
        service: owned(),
        policy_file: owned(),
        enforcement: Enforcement::Enforce,
        replay_command: owned(),
        release: Release { run: Some(1), version: owned(), commit: owned() },
    };
    Report::of_gate(&outcome, &context)
}

/// Headings, rows and cells of a Markdown text.
#[derive(Debug, PartialEq, Eq)]
struct Shape {
    headings: usize,
    tables: usize,
    rows: usize,
    cells: usize,
}

/// The shape of a text; an outside text must not have added anything else.
fn shape(text: &str) -> Shape {
    let mut shape = Shape { headings: 0, tables: 0, rows: 0, cells: 0 };
    let mut code_blocks = 0;
    for event in Parser::new_ext(text, Options::all()) {
        match event {
            Event::Start(Tag::Heading { .. }) => shape.headings += 1,
            Event::Start(Tag::Table(_)) => shape.tables += 1,
            Event::Start(Tag::TableRow) => shape.rows += 1,
            Event::Start(Tag::TableCell) => shape.cells += 1,
            Event::Start(Tag::CodeBlock(_)) => code_blocks += 1,
            Event::Start(
                tag @ (Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::HtmlBlock
                | Tag::BlockQuote(_)
                | Tag::FootnoteDefinition(_)
                | Tag::Emphasis
                | Tag::Strikethrough
                | Tag::DefinitionList
                | Tag::Superscript
                | Tag::Subscript
                | Tag::MetadataBlock(_)),
            ) => panic!("{tag:?} in\n{text}"),
            Event::Html(_)
            | Event::InlineHtml(_)
            | Event::InlineMath(_)
            | Event::DisplayMath(_)
            | Event::FootnoteReference(_)
            | Event::Rule
            | Event::TaskListMarker(_) => panic!("{event:?} in\n{text}"),
            _ => {}
        }
    }
    assert_eq!(code_blocks, 0, "{text}");
    shape
}

fn check_markdown(text: &str) {
    let rendered = markdown::render(&with_text(text));
    let (found, expected) = (shape(&rendered), shape(&markdown::render(&with_text("plain"))));
    assert_eq!((found.tables, found.rows, found.cells), (2, 4, 4 * 6 + 2 * 6), "{text:?}\n{rendered}");
    // Blocks of an empty text are left out.
    if !text.trim().is_empty() {
        assert_eq!(found, expected, "{text:?}\n{rendered}");
    }
    // A parser drops the cells that are too many: the bars themselves are counted.
    for row in rendered.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(row.matches('|').count(), 7, "{row}");
    }
    assert!(!rendered.contains("://") && !rendered.to_ascii_lowercase().contains("www."), "{rendered}");
    assert!(!rendered.contains("##[") && !rendered.to_ascii_lowercase().contains("##vso["), "{rendered}");
    assert!(rendered.len() <= markdown::LONGEST);
    let steering = rendered.chars().find(|&c| steers(c) && c != '\n' && c != '\u{200b}');
    assert_eq!(steering, None, "{rendered:?}");
}

fn check_terminal(text: &str) {
    let report = with_text(text);
    for width in [40, 80, 120] {
        let plain = terminal::render(&report, Layout { width, colour: Colour::Plain });
        assert_eq!(plain.chars().find(|&c| steers(c) && c != '\n'), None, "{plain:?}");
        assert_eq!(escape::disarmed(&plain, ""), plain);
        let coloured = terminal::render(&report, Layout { width, colour: Colour::Ansi });
        assert_eq!(without_own_styles(&coloured), plain);
        assert_eq!(plain.matches("\nRollback criteria\n").count(), 1);
        assert!(plain.starts_with("NOT RECOVERED (CANCELLED)"), "{plain}");
    }
}

/// The text without the escapes that set and reset a style.
fn without_own_styles(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        out.push_str(before);
        let (code, after) = after.split_once('m').unwrap();
        assert!(["0", "1", "2", "31", "32", "33"].contains(&code), "{code:?} in {text:?}");
        rest = after;
    }
    out.push_str(rest);
    // A blank before the end of a style is not seen at the end of a line.
    out.lines().map(|line| format!("{}\n", line.trim_end_matches(' '))).collect()
}

fn check_junit(text: &str) {
    let rendered = junit::render(&with_text(text));
    let mut reader = quick_xml::Reader::from_str(&rendered);
    reader.config_mut().check_comments = true;
    let mut cases = 0;
    loop {
        match reader.read_event().unwrap_or_else(|error| panic!("{error} in\n{rendered}")) {
            quick_xml::events::Event::Eof => break,
            quick_xml::events::Event::Start(tag) => {
                cases += usize::from(tag.name().as_ref() == "testcase");
                for attribute in tag.attributes() {
                    attribute.unwrap();
                }
            }
            quick_xml::events::Event::Comment(_)
            | quick_xml::events::Event::CData(_)
            | quick_xml::events::Event::PI(_)
            | quick_xml::events::Event::DocType(_) => panic!("{rendered}"),
            _ => {}
        }
    }
    assert_eq!(cases, 5, "{rendered}");
    assert!(!rendered.contains("##"), "{rendered}");
    assert_eq!(rendered.chars().find(|&c| steers(c) && c != '\n'), None, "{rendered:?}");
}

fn check_json(text: &str) {
    let rendered = json::render(&with_text(text));
    let value: serde_json::Value = serde_json::from_str(&rendered).unwrap();
    assert_eq!(value["reason"], text);
    assert_eq!(value["ending"]["by"], text);
    assert_eq!(value["recovery"]["failed"]["reason"], text);
    assert_eq!(rendered.chars().find(|&c| steers(c)), None, "{rendered:?}");
    assert!(!rendered.contains("##"), "{rendered}");
}

/// Every tag of a page but those of code, with the names of its attributes.
pub(super) fn tags(page: &str) -> Vec<String> {
    let mut tags = Vec::new();
    let mut rest = page;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, after) = after.split_once('>').unwrap_or_else(|| panic!("an open tag in {page}"));
        assert!(!tag.contains('<'), "{tag}");
        let mut shape = String::new();
        for (place, part) in tag.split('"').enumerate() {
            shape.push_str(if place.is_multiple_of(2) { part } else { "" });
        }
        if shape != "code" && shape != "/code" {
            tags.push(shape);
        }
        rest = after;
    }
    tags
}

fn check_html(text: &str) {
    let page = html::gate(&with_text(text), &InGate::Absent);
    let (found, expected) = (tags(&page), tags(&html::gate(&with_text("plain"), &InGate::Absent)));
    // Blocks of an empty text are left out.
    if !text.trim().is_empty() {
        let other = found.iter().zip(&expected).position(|(found, expected)| found != expected);
        assert!(
            found == expected,
            "{text:?}: {} tags rather than {}, other from {other:?}",
            found.len(),
            expected.len()
        );
    }
    assert!(!found.iter().any(|tag| tag.contains("href") && !tag.starts_with("a href=")), "{found:?}");
    assert_eq!(
        page.matches(" href=").count(),
        page.matches(" href=\"#").count(),
        "no link leads out of {page}"
    );
    assert_eq!(page.chars().find(|&c| steers(c) && c != '\n'), None, "{page:?}");
    assert!(!page.contains("##"), "{page}");
}

fn check(text: &str) {
    check_html(text);
    check_markdown(text);
    check_terminal(text);
    check_junit(text);
    check_json(text);
}

#[test]
fn no_text_leaves_its_place() {
    for text in HOSTILE {
        check(text);
        // Not at the beginning, and met by itself on both sides.
        check(&format!("x{text}"));
        check(&format!("{text}{text}"));
    }
}

#[test]
fn all_of_it_together_leaves_no_place() {
    check(&HOSTILE.concat());
    check(&HOSTILE.join(" "));
}

#[test]
fn a_megabyte_is_cut() {
    for text in ["x".repeat(1 << 20), "| ".repeat(1 << 19), "\u{1b}[".repeat(1 << 19), "🎉".repeat(1 << 18)]
    {
        let report = with_text(&text);
        assert!(markdown::render(&report).len() <= markdown::LONGEST);
        assert!(terminal::render(&report, Layout::default()).len() < 300_000);
        assert!(junit::render(&report).len() < 600_000);
        assert!(html::gate(&report, &InGate::Absent).len() < 300_000);
    }
}

#[test]
fn numbers_that_are_none_are_shown_as_such() {
    use crate::gate::outcome::Observed;
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, -0.0] {
        let mut outcome = rollback();
        for criterion in &mut outcome.criteria {
            criterion.coverage = Some(number);
            criterion.explanation.confidence = Some(number);
            criterion.explanation.confidence_needed = Some(number);
            for comparison in &mut criterion.explanation.comparisons {
                comparison.threshold = Some(number);
                comparison.observed = Observed::Value(number);
            }
        }
        for signal in &mut outcome.signals {
            signal.coverage = number;
            signal.last = Some(number);
        }
        let report = Report::of_gate(&outcome, &ReportContext::default());
        let text = json::render(&report);
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        assert!(terminal::render(&report, Layout::default()).starts_with("ROLLBACK"));
        assert!(!junit::render(&report).is_empty() && !markdown::render(&report).is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_text_at_all_leaves_its_place(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn no_mixture_of_hostile_texts_leaves_its_place(
        parts in prop::collection::vec(prop::sample::select(HOSTILE), 1..6),
    ) {
        check(&parts.concat());
    }

    #[test]
    fn no_run_of_punctuation_leaves_its_place(text in "[-|\\\\`*_\\[\\]()<>#&!~:$@^={}\"'/.w \n]{0,24}") {
        check(&text);
    }
}
