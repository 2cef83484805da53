//! Whole journals through the gate.

use proptest::prelude::*;

use crate::Duration;
use crate::gate::outcome::Ending;
use crate::gate::{Decision, Outcome};
use crate::journal::replay::replay_holding;
use crate::journal::sketch::{STEP, criterion, name, t, text};
use crate::journal::{HELD_LINES, Line, ReplayError, Torn, replay, write};
use crate::policy::rules::{DataContract, GateRules, OnMissing, ReadingKind, SignalRules};
use crate::report::terminal::Layout;
use crate::report::{Report, ReportContext, json, terminal};
use crate::sample::{Absence, Sample};

const SAMPLES: u64 = 60;

fn rules() -> GateRules {
    GateRules::new(Duration::ZERO, STEP.times(SAMPLES), STEP)
        .with_signal(name("errors"), SignalRules::new(ReadingKind::Counts, STEP))
        .with_signal(name("latency"), SignalRules::new(ReadingKind::Value, STEP))
        .with_rollback(criterion("errors > 5% for 5m"))
        .with_rollback(criterion("latency > 500ms for 5m"))
        .with_verify(criterion("errors < 1%"))
        .with_verify(criterion("latency < 400ms"))
}

fn start() -> Line {
    Line::Start { t: t(0), environment: "production".into(), policy_sha256: "ab".into() }
}

fn end() -> Line {
    Line::End { t: t(SAMPLES) }
}

/// One sample of each signal every step; errors begin at a sample.
fn samples(errors_from: u64) -> Vec<Line> {
    (1..=SAMPLES)
        .flat_map(|k| {
            let bad = if k >= errors_from { 20.0 } else { 0.0 };
            [
                Line::Sample { t: t(k), signal: name("errors"), sample: Sample::from_counts(bad, 200.0) },
                Line::Sample { t: t(k), signal: name("latency"), sample: Sample::from_number(0.2) },
            ]
        })
        .collect()
}

fn whole(samples: &[Line]) -> String {
    text([&start()].into_iter().chain(samples).chain([&end()]))
}

fn outcome(journal: &str) -> Outcome {
    replay(rules(), journal.as_bytes()).unwrap().outcome
}

const NEVER: u64 = SAMPLES + 1;

#[test]
fn a_word_that_is_dated_after_the_end_counts_where_it_stands() {
    let late = t(SAMPLES + 99);
    let words = [
        (Line::Request { t: late, decision: Decision::Rollback, by: "x".into() }, Decision::Rollback),
        (Line::Request { t: late, decision: Decision::Hold, by: "x".into() }, Decision::Hold),
        (Line::Cancel { t: late, by: "x".into() }, Decision::Hold),
    ];
    for (word, decision) in words {
        for place in [0, 40, samples(NEVER).len()] {
            let mut lines = samples(NEVER);
            lines.insert(place, word.clone());
            assert_eq!(outcome(&whole(&lines)).decision, decision, "{word:?} at {place}");
        }
    }
}

#[test]
fn a_good_journal_proceeds_and_a_bad_one_rolls_back() {
    assert_eq!(outcome(&whole(&samples(NEVER))).decision, Decision::Proceed);
    let bad = outcome(&whole(&samples(20)));
    assert_eq!((bad.decision, bad.decided_at), (Decision::Rollback, Some(t(40))));
}

#[test]
fn without_ticks_the_order_of_lines_does_not_matter() {
    for errors_from in [20, NEVER] {
        let in_order = samples(errors_from);
        let expected = outcome(&whole(&in_order));
        let mut by_signal = in_order.clone();
        by_signal
            .sort_by_key(|line| matches!(line, Line::Sample { signal, .. } if signal.as_str() == "latency"));
        let mut backwards = in_order.clone();
        backwards.reverse();
        for lines in [by_signal, backwards] {
            assert_eq!(outcome(&whole(&lines)), expected);
        }
    }
}

#[test]
fn ticks_after_every_time_decide_as_no_ticks_do() {
    for errors_from in [20, NEVER] {
        let lines = samples(errors_from);
        let ticked: Vec<Line> = lines
            .chunks(2)
            .zip(1..)
            .flat_map(|(pair, k)| pair.iter().cloned().chain([Line::Tick { t: t(k) }]))
            .collect();
        assert_eq!(outcome(&whole(&ticked)), outcome(&whole(&lines)));
    }
}

#[test]
fn with_ticks_lines_go_in_as_they_stand() {
    let mut lines = vec![Line::Tick { t: t(0) }];
    lines.extend(samples(NEVER));
    lines.insert(61, Line::Tick { t: t(30) });
    // Its time was evaluated: it comes too late.
    lines
        .insert(62, Line::Sample { t: t(30), signal: name("errors"), sample: Sample::from_counts(9.0, 9.0) });
    lines.push(Line::Tick { t: t(SAMPLES) });
    let late = outcome(&whole(&lines));
    assert_eq!((late.decision, late.late), (Decision::Proceed, 1));
}

#[test]
fn memory_is_bounded_and_what_does_not_fit_is_an_error() {
    let expected = outcome(&whole(&samples(20)));
    let few = |most: usize, lines: &[Line]| replay_holding(most, rules(), whole(lines).as_bytes());
    // In order, or nearly, two lines are enough.
    assert_eq!(few(2, &samples(20)).unwrap().outcome, expected);
    let mut near = samples(20);
    near.swap(50, 53);
    assert_eq!(few(8, &near).unwrap().outcome, expected);
    let mut far = samples(20);
    far.swap(10, 60);
    assert!(matches!(few(8, &far), Err(ReplayError::Disorder { line: 62 })), "{:?}", few(8, &far));
    let mut late_tick = samples(20);
    late_tick.insert(30, Line::Tick { t: t(15) });
    assert!(matches!(few(8, &late_tick), Err(ReplayError::LateTick { line: 32 })));
    assert!(few(HELD_LINES, &late_tick).is_ok());
}

#[test]
fn what_people_say_has_its_place_in_time() {
    let cancel = Line::Cancel { t: t(30), by: "SIGTERM".into() };
    for place in [0, 60, 119] {
        let mut lines = samples(NEVER);
        lines.insert(place, cancel.clone());
        let cancelled = outcome(&whole(&lines));
        assert_eq!(cancelled.decision, Decision::Hold);
        assert_eq!(cancelled.ending, Ending::Cancelled { by: "SIGTERM".into() });
        assert_eq!(cancelled.decided_at, Some(t(30)));
        // Errors that were enough before are still a rollback.
        let mut lines = samples(5);
        lines.insert(place, cancel.clone());
        assert_eq!(outcome(&whole(&lines)).decision, Decision::Rollback);
    }
}

#[test]
fn a_journal_after_its_decision_is_still_read() {
    let mut journal = whole(&samples(5));
    assert_eq!(outcome(&journal).decision, Decision::Rollback);
    journal = journal.replace(&write(&end()), "{\"kind\":\"tock\"}");
    let error = replay(rules(), journal.as_bytes()).unwrap_err().to_string();
    assert!(error.starts_with("line 122 of the journal: `tock`"), "{error}");
}

#[test]
fn samples_later_than_the_end_line_prove_nothing() {
    let mut lines = vec![start()];
    lines.extend(samples(u64::MAX));
    lines.push(Line::End { t: t(7) });
    let outcome = outcome(&text(&lines));
    assert_eq!(outcome.decision, Decision::Hold, "{}", outcome.reason);
}

#[test]
fn two_journals_in_one_file_are_an_error() {
    let journal = whole(&samples(NEVER));
    let error = replay(rules(), journal.repeat(2).as_bytes()).unwrap_err();
    assert!(matches!(error, ReplayError::AfterEnd { line: 123 }), "{error}");
}

#[test]
fn a_replay_of_a_replay_is_the_same_to_the_byte() {
    let journal = whole(&samples(20));
    let render = || json::render(&Report::of_gate(&outcome(&journal), &ReportContext::default()));
    assert_eq!(render(), render());
    assert!(
        render().starts_with(r#"{"version":1,"decision":"rollback","decided_at":"2026-01-01T00:10:00Z","#)
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_journal_cut_anywhere_before_its_end_does_not_proceed(
        place in any::<prop::sample::Index>(),
        ticks in any::<bool>(),
    ) {
        let mut lines = samples(NEVER);
        if ticks {
            lines.push(Line::Tick { t: t(SAMPLES) });
        }
        let journal = whole(&lines);
        // The line end of the last line may be missing; nothing else.
        let cut = place.index(journal.len() - 1);
        match replay(rules(), &journal.as_bytes()[..cut]) {
            Ok(replayed) => {
                prop_assert_eq!(replayed.outcome.decision, Decision::Hold);
                let torn = cut > 0 && journal.as_bytes()[cut - 1] != b'\n' && journal.as_bytes()[cut] != b'\n';
                prop_assert_eq!(replayed.torn.is_some(), torn);
            }
            Err(error) => prop_assert!(
                cut < write(&start()).len(),
                "{} at byte {}", error, cut
            ),
        }
    }

    #[test]
    fn shuffled_lines_decide_alike(lines in Just(samples(20)).prop_shuffle()) {
        prop_assert_eq!(outcome(&whole(&lines)), outcome(&whole(&samples(20))));
    }
}

#[test]
fn a_cut_last_line_is_said() {
    let journal = whole(&samples(NEVER));
    let cut = &journal[..journal.len() - 10];
    let replayed = replay(rules(), cut.as_bytes()).unwrap();
    let bytes = write(&end()).len() - 9;
    assert_eq!(replayed.torn, Some(Torn { line: 122, bytes }));
    assert_eq!(
        replayed.torn.unwrap().to_string(),
        format!("line 122 of the journal was cut after {bytes} bytes, and is ignored")
    );
    assert_eq!(replayed.outcome.ending, Ending::Incomplete);
}

#[test]
fn a_release_of_which_nothing_is_known_says_so_where_its_contract_lets_it_pass() {
    let pass = SignalRules {
        contract: DataContract { on_no_data: OnMissing::Pass, ..DataContract::default() },
        ..SignalRules::new(ReadingKind::Value, STEP)
    };
    let rules = GateRules::new(Duration::ZERO, STEP.times(SAMPLES), STEP)
        .with_signal(name("latency"), pass)
        .with_rollback(criterion("latency > 500ms for 5m"))
        .with_verify(criterion("latency < 400ms"));
    let judged = |samples: &[Line]| replay(rules.clone(), whole(samples).as_bytes()).unwrap().outcome;
    let absent =
        |k| Line::Sample { t: t(k), signal: name("latency"), sample: Sample::Absent(Absence::NoData) };
    let nothing = judged(&(1..=SAMPLES).map(absent).collect::<Vec<_>>());
    assert_eq!(nothing.decision, Decision::Proceed);
    assert!(nothing.reason.ends_with("; nothing is known of any of their signals"), "{}", nothing.reason);
    let text = terminal::render(&Report::of_gate(&nothing, &ReportContext::default()), Layout::default());
    assert!(text.contains("What to do: Look at the service: nothing is known of this release."), "{text}");
    let one = Line::Sample { t: t(1), signal: name("latency"), sample: Sample::from_number(0.2) };
    let little = judged(&[one]);
    assert!(little.reason.ends_with("; 2 caveats"), "{}", little.reason);
}
