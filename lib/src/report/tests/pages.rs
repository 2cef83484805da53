use super::builders::{all, context, name, proceed, report, requested, rollback, signal, t};
use crate::checklist::{TestReport, TestResultError};
use crate::gate::{Decision, Outcome};
use crate::policy::Enforcement;
use crate::policy::rules::ReadingKind;
use crate::report::checklist::InGate;
use crate::report::terminal::{Colour, Layout};
use crate::report::{Report, ReportContext, html, json, junit, markdown, terminal};

fn advised(outcome: &Outcome) -> Report {
    Report::of_gate(outcome, &ReportContext { enforcement: Enforcement::Advise, ..context() })
}

pub(super) fn snapshot(name: &str, text: &str) {
    insta::with_settings!({ snapshot_path => "snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!(name, text);
    });
}

#[test]
fn terminal_reports_read_so() {
    for (name, outcome) in all() {
        snapshot(&format!("terminal_{name}"), &terminal::render(&report(&outcome), Layout::default()));
    }
}

#[test]
fn terminal_reports_fit_narrow_and_wide() {
    for width in [40, 120] {
        let layout = Layout { width, colour: Colour::Plain };
        snapshot(&format!("terminal_rollback_{width}"), &terminal::render(&report(&rollback()), layout));
    }
}

#[test]
fn coloured_reports_read_so() {
    let layout = Layout { width: 80, colour: Colour::Ansi };
    let text = terminal::render(&report(&rollback()), layout).replace('\u{1b}', "^");
    snapshot("terminal_rollback_coloured", &text);
}

#[test]
fn markdown_reports_read_so() {
    for (name, outcome) in all() {
        snapshot(&format!("markdown_{name}"), &markdown::render(&report(&outcome)));
    }
}

#[test]
fn advice_says_what_it_would_have_done() {
    let text = terminal::render(&advised(&rollback()), Layout::default());
    assert!(text.contains("advise: this would have failed the stage"), "{text}");
    assert!(text.replace('\n', " ").contains("nothing is rolled back"), "{text}");
    assert!(!text.contains("Roll back now"), "{text}");
    let text = markdown::render(&advised(&rollback()));
    assert!(text.contains("advise: this would have failed the stage"), "{text}");
    assert!(terminal::render(&advised(&proceed()), Layout::default()).contains("never fails the stage"));
}

#[test]
fn junit_reports_read_so() {
    for (name, outcome) in all() {
        snapshot(&format!("junit_{name}"), &junit::render(&report(&outcome)));
    }
}

#[test]
fn json_reports_have_this_shape() {
    for (name, outcome) in all() {
        let text = json::render(&report(&outcome));
        assert!(!text.contains('\n'));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        snapshot(&format!("json_{name}"), &serde_json::to_string_pretty(&value).unwrap());
    }
}

#[test]
fn json_says_nothing_that_only_the_live_gate_knows() {
    let live = Report::of_gate(&rollback(), &context());
    let replayed = ReportContext {
        policy_file: "/elsewhere/policy.yml".into(),
        replay_command: String::new(),
        ..context()
    };
    assert_eq!(json::render(&live), json::render(&Report::of_gate(&rollback(), &replayed)));
}

#[test]
fn a_line_is_never_wider_than_the_terminal() {
    for (name, outcome) in all() {
        let silent = ReportContext { replay_command: String::new(), ..context() };
        for width in 40..=160 {
            let report = Report::of_gate(&outcome, &silent);
            let text = terminal::render(&report, Layout { width, colour: Colour::Plain });
            for line in text.lines() {
                assert!(unicode_width::UnicodeWidthStr::width(line) <= width, "{name} at {width}: {line}");
            }
        }
    }
}

#[test]
fn the_page_of_forty_minutes_and_twelve_signals_is_below_300_kb() {
    let mut outcome = rollback();
    let seen = |step: usize| 0.01 + 0.000_123_4 * (step * 7919 % 401) as f64;
    for samples in [168, 480, 2400] {
        outcome.signals = (0..12)
            .map(|n| signal(&format!("signal_{n}"), ReadingKind::Counts, (0..samples).map(seen).collect()))
            .collect();
        outcome.decided_at = Some(t(15 * samples as u64));
        let page = html::gate(&report(&outcome), &InGate::Absent);
        assert_eq!(page.matches("class=\"plot\"").count(), 12);
        assert!(page.len() < 300_000, "{} bytes of {samples} samples", page.len());
    }
}

#[test]
fn a_page_says_the_decision_before_everything_else() {
    for (name, outcome) in all() {
        let page = html::gate(&report(&outcome), &InGate::Absent);
        let decision = format!(
            "<span class=\"decision\">{}",
            match (&outcome.recovery, outcome.decision) {
                (None, Decision::Proceed) => "Proceed",
                (None, Decision::Hold) => "Hold",
                (None, Decision::Rollback) => "Rollback",
                (Some(_), Decision::Proceed) => "Recovered",
                (Some(_), _) => "Not recovered",
            }
        );
        let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{name}: no {text}"));
        let why = if outcome.reason.is_empty() { at("<b>What") } else { at("<b>Why:</b>") };
        assert!(at(&decision) < why && why <= at("<b>What to do:</b>"), "{name}");
        assert!(at("<b>What to do:</b>") < at("<main>"), "{name}");
        assert!(
            !page.contains("<script") && page.contains("content=\"default-src &apos;none&apos;; style-src"),
            "{name}"
        );
    }
}

#[test]
fn a_report_of_everything_at_once_is_cut_and_says_so() {
    let mut outcome = rollback();
    outcome.criteria = vec![outcome.criteria[0].clone(); 2000];
    outcome.notes = vec!["x".repeat(5000); 2000];
    outcome.ignored = (0..2000).map(|n| (name(&format!("s{n}")), n)).collect();
    let text = markdown::render(&report(&outcome));
    assert!(text.len() <= markdown::LONGEST, "{}", text.len());
    assert!(text.ends_with("*This report was cut at 100 KB. The JSON report has everything.*\n"));
    assert!(terminal::render(&report(&outcome), Layout::default()).len() < 3_000_000);
}

#[test]
fn a_page_says_so_far_where_the_watch_was_cut_short_as_the_other_reports_do() {
    for (_, outcome) in all() {
        let report = report(&outcome);
        let page = html::gate(&report, &InGate::Absent);
        let text = markdown::render(&report);
        for word in ["clear so far", "passed so far"] {
            assert_eq!(
                page.contains(&format!(">{word}</span>")),
                text.contains(&format!(" {word} |")),
                "{page}"
            );
        }
    }
    let cancelled = html::gate(&report(&super::builders::cancelled()), &InGate::Absent);
    assert!(cancelled.contains(">clear so far</span>") && !cancelled.contains(">clear</span>"));
}

#[test]
fn no_checklist_counts_these_cases_as_tests_of_the_build() {
    for (name, outcome) in all() {
        let read = TestReport::read("junit.xml", junit::render(&report(&outcome)).as_bytes());
        assert_eq!(read, Err(TestResultError::OwnReport), "{name}");
    }
}

#[test]
fn a_hold_that_was_asked_for_says_so_and_blames_no_signal_for_the_time_since_its_newest_sample() {
    let made = |steps: f64| {
        let mut outcome = requested();
        outcome.decision = Decision::Hold;
        let watched = outcome.decided_at.unwrap().since(outcome.watch_from.unwrap());
        let signal = outcome.signals.iter_mut().find(|signal| signal.signal == name("error_rate")).unwrap();
        signal.step = crate::Duration::from_secs(30);
        signal.coverage = 1.0 - steps * 30.0 / watched.as_seconds_f64();
        signal.absent.clear();
        report(&outcome)
    };
    let next = made(0.9).next();
    assert!(next.contains("it was asked for (jo@contoso.com). Learn why from whoever asked"), "{next}");
    let blamed = |steps| made(steps).gate.unknown().join(" ").contains("no reason is known");
    assert!(!blamed(0.9));
    assert!(blamed(1.1), "more is missing than that");
}
