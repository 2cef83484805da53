//! Sources that are dead, and come back.

use super::*;

/// A source that nobody answers for: each poll gives up after `length`.
fn dead(name: &'static str, length: Duration) -> Script {
    Box::new(move |job| {
        let absent = Sample::Absent(Absence::Error("nobody listens there".into()));
        Some((length, Answer::Polled(one(name, window_of(job).scheduled, absent))))
    })
}

#[test]
fn a_dead_source_does_not_keep_another_signals_breach_waiting() {
    let rules = rules(&["latency", "queue"], &["latency > 1 for 2m"], &[]);
    let slow_from = |seconds| if seconds >= 200 { 3.0 } else { 0.2 };
    for (reads, timeout) in [(Reads::Moments, 10), (Reads::Ranges, 30)] {
        let mut queue = watched("queue", reads, 0);
        queue.timeout = Duration::from_secs(timeout);
        let scripts = vec![moments("latency", QUICK, slow_from), dead("queue", queue.timeout)];
        let run =
            run(&rules, vec![watched("latency", Reads::Moments, 0), queue], Virtual::new(start(), scripts));
        assert_eq!(run.outcome.decision, Decision::Rollback, "{}", run.outcome.reason);
        let decided = run.outcome.decided_at.unwrap();
        assert!(decided <= at(330), "{reads:?}: {decided}");
        let late = run.stage.now.since(decided);
        assert!(late <= Duration::from_secs(2), "{reads:?}: decided {late} after its sample was read");
        assert_eq!(replayed(&rules, &run.journal), run.outcome);
    }
}

#[test]
fn a_source_that_comes_back_is_waited_for_again() {
    let rules = rules(&["latency", "queue"], &["latency > 9 for 2m"], &["queue < 9"]);
    let comes_back = |seconds: u64| seconds >= 120;
    let script: Script = Box::new(move |job| {
        let scheduled = window_of(job).scheduled;
        let answers = comes_back(scheduled.since(start()).as_nanos() / 1_000_000_000);
        let sample = if answers { Sample::from_number(0.2) } else { Sample::Absent(Absence::Timeout) };
        let length = Duration::from_secs(if answers { 1 } else { 5 });
        Some((length, Answer::Polled(one("queue", scheduled, sample))))
    });
    let sources = vec![watched("latency", Reads::Moments, 0), watched("queue", Reads::Moments, 0)];
    let run = run(&rules, sources, Virtual::new(start(), vec![moments("latency", QUICK, |_| 0.2), script]));
    assert_eq!((run.outcome.decision, run.outcome.late), (Decision::Proceed, 0), "{}", run.outcome.reason);
    // Its answers stand at the time that they were asked for, in order with the others.
    let queue = run.journal.lines().filter(|line| line.contains("\"queue\"") && line.contains("value"));
    for line in queue {
        assert!(
            ["00", "15", "30", "45"].iter().any(|second| line.contains(&format!(":{second}Z"))),
            "{line}"
        );
    }
}

#[test]
fn a_source_that_never_answers_and_one_without_a_past_say_so() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    let hangs: Script = Box::new(|_| None);
    let run_of = |now, script| {
        run(&rules, vec![watched("latency", Reads::Moments, 0)], Virtual::new(now, vec![script]))
    };
    let hung = run_of(start(), hangs);
    assert_eq!(hung.outcome.signals[0].absent, [("timeout".to_owned(), 1)]);
    assert_eq!(replayed(&rules, &hung.journal), hung.outcome);
    let late = run_of(at(3600), moments("latency", QUICK, |_| 0.2));
    let why =
        "error: it has no past to read: it was first asked at 2026-01-01T01:00:00Z, when the watch had ended";
    assert_eq!(late.outcome.signals[0].absent, [(why.to_owned(), 1)]);
    assert_eq!(replayed(&rules, &late.journal), late.outcome);
}
