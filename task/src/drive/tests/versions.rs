//! Waiting for the deployed version to serve.

use super::*;
use crate::drive::version::{Arrival, await_version};

#[test]
fn a_version_that_never_serves_is_a_hold_that_says_what_does() {
    let serves = |found: &'static str| -> Script {
        Box::new(move |_| Some((QUICK, Answer::Serving(Serving::Other { found: vec![found.into()] }))))
    };
    let mut source = watched("health", Reads::Moments, 0);
    source.trial = Trial::AddressOnly;
    let mut stage = Virtual::new(start(), vec![serves("1.0.0")]);
    let limit = Duration::from_secs(60);
    let arrival = await_version(&[source], &mut stage, &mut Silent, limit, Duration::from_secs(5)).unwrap();
    assert_eq!(arrival, Arrival::Never { why: "1.0.0 serves".into() });
    assert!(stage.now <= at(61));

    let rules = rules(&["health"], &["health failing for 2m"], &["health passing"]);
    let mut file = Vec::new();
    let mut ledger = Ledger::new(Gate::new(rules.clone()), &mut file, Redactor::default());
    ledger
        .record(Line::Start { t: start(), environment: "production".into(), policy_sha256: String::new() })
        .unwrap();
    let outcome = end_early(ledger, stage.now, Early::Unserved { why: "1.0.0 serves".into() }).unwrap();
    assert_eq!(outcome.decision, Decision::Hold);
    assert_eq!((outcome.reason.as_str(), &outcome.ending), ("1.0.0 serves", &Ending::Unserved));
    assert!(outcome.also.is_empty(), "that nothing is known says nothing more: {:?}", outcome.also);
    assert_eq!(replayed(&rules, &String::from_utf8(file).unwrap()), outcome);
}

#[test]
fn what_serves_instead_is_said_when_it_changes_and_once_a_minute() {
    #[derive(Default)]
    struct Heard(Vec<String>);
    impl View for Heard {
        fn show(&mut self, _: &Progress, _: Timestamp) {}
        fn say(&mut self, text: &str) {
            self.0.push(text.to_owned());
        }
    }
    let mut looks = 0;
    let script: Script = Box::new(move |_| {
        looks += 1;
        let found = if looks <= 2 { "1.0.0" } else { "1.1.0" };
        Some((QUICK, Answer::Serving(Serving::Other { found: vec![found.into()] })))
    });
    let mut probe = watched("health", Reads::Moments, 0);
    probe.trial = Trial::AddressOnly;
    let mut stage = Virtual::new(start(), vec![script]);
    let mut heard = Heard::default();
    let (limit, every) = (Duration::from_secs(100), Duration::from_secs(5));
    await_version(&[probe], &mut stage, &mut heard, limit, every).unwrap();
    let words =
        ["1.0.0", "1.1.0", "1.1.0"].map(|found| format!("waiting for the deployed version: {found} serves"));
    assert_eq!(heard.0, words);
}

#[test]
fn the_gate_starts_when_the_deployed_version_serves() {
    let mut looks = 0;
    let script: Script = Box::new(move |_| {
        looks += 1;
        let answer = match looks {
            1 => Serving::Unknown { why: "nobody listens there".into() },
            2 => Serving::Other { found: vec!["1.0.0".into()] },
            _ => Serving::Deployed,
        };
        Some((QUICK, Answer::Serving(answer)))
    });
    let mut probe = watched("health", Reads::Moments, 0);
    probe.trial = Trial::AddressOnly;
    let mut stage = Virtual::new(start(), vec![script]);
    let (limit, every) = (Duration::from_secs(600), Duration::from_secs(5));
    assert_eq!(
        await_version(&[probe.clone()], &mut stage, &mut Silent, limit, every),
        Ok(Arrival::At(at(10)))
    );
    let deployed: Script = Box::new(|_| Some((QUICK, Answer::Serving(Serving::Deployed))));
    let mut stage = Virtual::new(start(), vec![deployed]);
    assert_eq!(await_version(&[probe.clone()], &mut stage, &mut Silent, limit, every), Ok(Arrival::AtOnce));
    let none: Script = Box::new(|_| Some((QUICK, Answer::Serving(Serving::NotConfigured))));
    let mut stage = Virtual::new(start(), vec![none]);
    assert_eq!(await_version(&[probe], &mut stage, &mut Silent, limit, every), Ok(Arrival::NotAsked));
}

#[test]
fn a_wait_for_the_version_can_be_cancelled() {
    let mut probe = watched("health", Reads::Moments, 0);
    probe.trial = Trial::AddressOnly;
    let other: Script = Box::new(|_| Some((QUICK, Answer::Serving(Serving::Other { found: Vec::new() }))));
    let mut stage = Virtual::new(start(), vec![other]);
    stage.cancel_at = Some(at(7));
    let waited =
        await_version(&[probe], &mut stage, &mut Silent, Duration::from_secs(600), Duration::from_secs(5));
    assert_eq!(waited, Err(Interrupted::Cancelled { by: "a test".into() }));
    assert_eq!(stage.now, at(7));
}
