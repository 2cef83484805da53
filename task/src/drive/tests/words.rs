//! A person's word.

use super::*;

#[test]
fn a_persons_word_ends_the_watch_with_its_decision_and_replays_alike() {
    let rules = rules(&["latency"], &["latency > 1 for 2m"], &["latency < 1"]);
    for decision in [Decision::Rollback, Decision::Hold] {
        let mut stage = Virtual::new(start(), vec![moments("latency", QUICK, |_| 0.2)]);
        stage.request_at = Some((at(333), decision));
        stage.remarks = vec!["the tags cannot be read".into()];
        let run = run(&rules, vec![watched("latency", Reads::Moments, 0)], stage);
        assert_eq!((run.outcome.decision, run.outcome.decided_at), (decision, Some(at(333))));
        assert_eq!(run.outcome.ending, Ending::Requested { by: "ann".into() });
        assert_eq!(run.outcome.reason, format!("ann asked for a {decision} at 00:05:33 UTC"));
        assert_eq!(run.outcome.notes, ["the tags cannot be read"]);
        assert_eq!(run.stage.now, at(333), "nobody watches on");
        assert_eq!(replayed(&rules, &run.journal), run.outcome);
    }
}

#[test]
fn a_persons_word_before_the_watch_is_heard_too() {
    let sources = [watched("latency", Reads::Moments, 0)];
    let mut stage = Virtual::new(start(), vec![Box::new(|_| None)]);
    stage.request_at = Some((at(1), Decision::Rollback));
    let asked = ask(&sources, &mut stage, |source| first_look(source, start()));
    assert_eq!(asked, Err(Interrupted::Requested { decision: Decision::Rollback, by: "ann".into() }));
    let rules = rules(&["latency"], &[], &["latency < 1"]);
    let mut file = Vec::new();
    let mut ledger = Ledger::new(Gate::new(rules.clone()), &mut file, Redactor::default());
    ledger
        .record(Line::Start { t: start(), environment: "production".into(), policy_sha256: String::new() })
        .unwrap();
    let early = Early::Requested { decision: Decision::Rollback, by: "ann".into() };
    let outcome = end_early(ledger, at(1), early).unwrap();
    assert_eq!((outcome.decision, outcome.decided_at), (Decision::Rollback, Some(at(1))));
    assert_eq!(replayed(&rules, &String::from_utf8(file).unwrap()), outcome);
}
