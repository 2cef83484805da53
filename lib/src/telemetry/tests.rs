use super::*;
use crate::policy::rules::{Amount, ReadingKind, SignalRules};
use crate::sample::{Absence, State};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

/// A watch of 15 minutes with these criteria; `error_rate` in windows of a minute.
fn rules(rollback: &[&str], verify: &[&str]) -> GateRules {
    let step = Duration::from_secs(15);
    let criterion =
        |text: &&str| GateCriterion { criterion: text.parse().unwrap(), configured: Configured::Yes };
    let mut rules = GateRules::new(minutes(1), minutes(15), step)
        .with_signal("error_rate".parse().unwrap(), SignalRules::new(ReadingKind::Counts, minutes(1)))
        .with_signal("latency_p95".parse().unwrap(), SignalRules::new(ReadingKind::Value, step))
        .with_signal("health".parse().unwrap(), SignalRules::new(ReadingKind::State, step));
    for text in rollback {
        rules = rules.with_rollback(criterion(text));
    }
    for text in verify {
        rules = rules.with_verify(criterion(text));
    }
    rules
}

/// The last hours of counts in windows of a minute, by requests a minute at each minute before now.
fn counts(hours: u64, requests: impl Fn(u64) -> f64) -> Vec<(Timestamp, Sample)> {
    (0..hours * 60).map(|ago| (NOW - minutes(ago), Sample::from_counts(0.0, requests(ago)))).collect()
}

fn observed(signal: &str, samples: Vec<(Timestamp, Sample)>) -> Observed {
    Observed::from([(signal.parse().unwrap(), samples)])
}

fn of<'t>(telemetry: &'t Telemetry, signal: &str) -> &'t SignalTelemetry {
    telemetry.signals.iter().find(|one| one.signal == signal).unwrap()
}

#[test]
fn says_of_each_required_signal_whether_it_can_be_read() {
    let mut seen = observed("error_rate", counts(1, |_| 60.0));
    seen.insert("health".parse().unwrap(), vec![(NOW, Sample::from_state(State::Passing))]);
    let latency = Sample::Absent(Absence::Error("refused".into()));
    seen.insert("latency_p95".parse().unwrap(), vec![(NOW, latency)]);
    let telemetry = analyse(&rules(&[], &[]), &seen, NOW);
    let names: Vec<&str> = telemetry.signals.iter().map(|signal| signal.signal.as_str()).collect();
    assert_eq!(names, ["health", "request_rate", "error_rate", "latency_p50", "latency_p95", "latency_p99"]);
    assert_eq!(of(&telemetry, "health").readable, Readable::Now { age: Duration::ZERO, value: 1.0 });
    assert_eq!(of(&telemetry, "error_rate").cadence, Some(minutes(1)));
    assert_eq!(of(&telemetry, "latency_p95").readable, Readable::Not { why: "error: refused".into() });
    assert_eq!(of(&telemetry, "request_rate").readable, Readable::NotConfigured);
    assert_eq!(telemetry.blind, ["request_rate", "latency_p50", "latency_p95", "latency_p99"]);
    assert!(!telemetry.is_ready());
    assert!(
        telemetry.warnings.iter().any(|one| one.contains("`latency_p95` cannot be read")),
        "{telemetry:?}"
    );
}

#[test]
fn an_idle_signal_is_seen_and_a_stale_one_is_not() {
    let idle = analyse(&rules(&[], &[]), &observed("error_rate", counts(1, |_| 0.0)), NOW);
    assert_eq!(of(&idle, "error_rate").readable, Readable::Idle);
    let old: Vec<_> =
        counts(1, |_| 60.0).into_iter().filter(|(at, _)| NOW.since(*at) > minutes(12)).collect();
    let stale = analyse(&rules(&[], &[]), &observed("error_rate", old), NOW);
    assert_eq!(of(&stale, "error_rate").readable, Readable::Stale { age: minutes(13) });
    assert!(stale.warnings.iter().any(|one| one.contains("is 13m old")), "{:?}", stale.warnings);
    assert!(stale.blind.contains(&"error_rate".to_owned()));
}

#[test]
fn counts_are_fresh_as_long_as_their_windows_follow_each_other() {
    let step = Duration::from_secs(15);
    let rules = rules(&[], &[])
        .with_signal("error_rate".parse().unwrap(), SignalRules::new(ReadingKind::Counts, step));
    // Windows of two minutes: the newest has ended three minutes ago.
    let counts = |ago: u64| (NOW - minutes(3 + 2 * ago), Sample::from_counts(0.0, 60.0));
    let readable =
        |seen| of(&analyse(&rules, &observed("error_rate", seen), NOW), "error_rate").readable.clone();
    assert!(matches!(readable((0..30).map(counts).collect()), Readable::Now { .. }));
    assert!(matches!(readable((3..30).map(counts).collect()), Readable::Stale { .. }));
}

#[test]
fn a_cadence_slower_than_the_step_is_a_warning() {
    let slow = (0..60).map(|ago| (NOW - minutes(ago), Sample::from_number(0.2))).collect();
    let telemetry = analyse(&rules(&[], &[]), &observed("latency_p95", slow), NOW);
    let expected = "points of `latency_p95` come every 1m, not every 15s";
    assert!(telemetry.warnings.iter().any(|one| one.starts_with(expected)), "{:?}", telemetry.warnings);
}

#[test]
fn counts_are_of_the_window_between_them_however_short_the_step() {
    let second = Duration::from_secs(1);
    let rules = rules(&["error_rate > 5% for 5m"], &[])
        .with_signal("error_rate".parse().unwrap(), SignalRules::new(ReadingKind::Counts, second));
    // 40 requests a second, in windows of four seconds.
    let windows = (0..300).map(|ago| (NOW - second.times(4 * ago), Sample::from_counts(0.0, 160.0)));
    let telemetry = analyse(&rules, &observed("error_rate", windows.collect()), NOW);
    assert_eq!(telemetry.criteria[0].usual.as_ref().unwrap().requests_per_second, Some(40.0));
    assert!(!telemetry.warnings.iter().any(|one| one.contains("come every")), "{:?}", telemetry.warnings);
}

/// What `error_rate > 5% for 5m` can do at so many requests a minute.
fn at_traffic(requests: f64) -> Detection {
    let seen = observed("error_rate", counts(1, |_| requests));
    let telemetry = analyse(&rules(&["error_rate > 5% for 5m"], &[]), &seen, NOW);
    telemetry.criteria[0].usual.clone().unwrap()
}

#[test]
fn busy_traffic_finds_a_regression_in_its_duration_and_a_poll() {
    let busy = at_traffic(600.0);
    assert_eq!(busy.requests_per_second, Some(10.0));
    assert_eq!(busy.data_after, Some(Duration::from_secs(3)));
    assert_eq!(busy.found_after, Some(minutes(6)), "five minutes, and the window that ends then");
    assert!(busy.smallest.is_some_and(|rate| rate > 0.05 && rate < 0.08), "{busy:?}");
    assert_eq!(busy.decides, Decides::Yes);
}

#[test]
fn three_requests_a_minute_need_ten_minutes_of_data() {
    let night = at_traffic(3.0);
    assert_eq!(night.data_after, Some(minutes(10)));
    assert_eq!(night.found_after, None, "twice the threshold is 4.5 errors in the whole watch");
    assert!(night.smallest.is_some_and(|rate| rate > 0.1), "{night:?}");
}

#[test]
fn fewer_requests_find_a_regression_later_or_not_and_only_larger_ones() {
    let mut before: Option<Detection> = None;
    for requests in [1000.0, 100.0, 30.0, 10.0, 5.0] {
        let now = at_traffic(requests);
        if let Some(before) = before.replace(now.clone()) {
            let never = minutes(1000);
            assert!(now.found_after.unwrap_or(never) >= before.found_after.unwrap_or(never), "{requests}");
            assert!(now.smallest.unwrap_or(1.0) >= before.smallest.unwrap_or(1.0), "{requests}");
        }
    }
}

#[test]
fn the_quietest_time_of_a_long_past_is_told_apart() {
    // From four to six hours ago one request a minute, otherwise 600.
    let seen = observed("error_rate", counts(12, |ago| if (240..360).contains(&ago) { 1.0 } else { 600.0 }));
    let telemetry = analyse(&rules(&["error_rate > 5% for 5m"], &["error_rate < 1%"]), &seen, NOW);
    let [rollback, verify] = telemetry.criteria.as_slice() else { panic!("{telemetry:?}") };
    assert_eq!(rollback.usual.as_ref().unwrap().decides, Decides::Yes);
    let quietest = rollback.quietest.as_ref().unwrap();
    assert!((quietest.requests_per_second.unwrap() * 60.0 - 1.0).abs() < 1e-6, "{quietest:?}");
    assert!(matches!(quietest.decides, Decides::No { .. }));
    assert!(matches!(verify.quietest.as_ref().unwrap().decides, Decides::No { .. }));
    let warned = telemetry.warnings.iter().any(|one| {
        one.starts_with("in a time as quiet as the quietest 15m that was seen, at 1 request a minute, `error_rate > 5% for 5m` cannot decide")
    });
    assert!(warned, "{:?}", telemetry.warnings);
}

#[test]
fn a_quantile_without_enough_requests_behind_it_cannot_decide() {
    let quantile =
        |total: f64| (0..60).map(move |ago| (NOW - minutes(ago), Sample::from_quantile(0.2, total)));
    let decides = |total: f64| {
        let seen = observed("latency_p95", quantile(total).collect());
        let telemetry = analyse(&rules(&["latency_p95 > 500ms for 5m"], &[]), &seen, NOW);
        telemetry.criteria[0].usual.clone().unwrap()
    };
    assert!(matches!(decides(5.0).decides, Decides::No { .. }));
    let enough = decides(50.0);
    assert_eq!(enough.decides, Decides::Yes);
    assert!(enough.found_after.is_some_and(|after| after <= minutes(6)), "{enough:?}");
}

#[test]
fn a_relative_threshold_uses_the_past_as_its_baseline() {
    let samples = (0..60).map(|ago| (NOW - minutes(ago), Sample::from_quantile(0.2, 500.0))).collect();
    let criterion = "latency_p95 > 2x baseline and > 200ms for 5m";
    let telemetry = analyse(&rules(&[criterion], &[]), &observed("latency_p95", samples), NOW);
    let usual = telemetry.criteria[0].usual.as_ref().unwrap();
    assert_eq!(usual.decides, Decides::Yes);
    assert!(usual.found_after.is_some_and(|after| after <= minutes(6)), "{usual:?}");
}

#[test]
fn a_baseline_that_is_given_counts_and_not_what_is_seen_now() {
    let criterion = "latency_p95 > 2x baseline for 5m";
    // A scrape gives two samples: by themselves too few for a baseline.
    let seen =
        observed("latency_p95", (0..2).map(|ago| (NOW - minutes(ago), Sample::from_number(0.2))).collect());
    let without = analyse(&rules(&[criterion], &[]), &seen, NOW);
    assert!(matches!(without.criteria[0].usual.as_ref().unwrap().decides, Decides::No { .. }));
    let baseline = Baseline::fixed(crate::Finite::new(0.2).unwrap());
    let given = |baselines: &[&str]| Known {
        baselines: Some(baselines.iter().map(|name| (name.parse().unwrap(), baseline.clone())).collect()),
        ..Known::default()
    };
    let with = analyse_knowing(&rules(&[criterion], &[]), &seen, &given(&["latency_p95"]), NOW);
    assert_eq!(with.criteria[0].usual.as_ref().unwrap().decides, Decides::Yes);
    let long = (0..60).map(|ago| (NOW - minutes(ago), Sample::from_number(0.2))).collect();
    let of_another = analyse_knowing(
        &rules(&[criterion], &[]),
        &observed("latency_p95", long),
        &given(&["error_rate"]),
        NOW,
    );
    assert!(
        matches!(of_another.criteria[0].usual.as_ref().unwrap().decides, Decides::No { .. }),
        "the gate will have no baseline of it, whatever is seen now"
    );
}

#[test]
fn what_no_criterion_reads_is_marked_and_not_warned_of() {
    let rules = rules(&["health failing for 2m"], &[])
        .with_signal("kpi".parse().unwrap(), SignalRules::new(ReadingKind::Value, minutes(1)));
    let mut seen = observed("kpi", vec![(NOW, Sample::Absent(Absence::NoData))]);
    seen.insert("health".parse().unwrap(), vec![(NOW, Sample::from_state(State::Passing))]);
    let telemetry = analyse(&rules, &seen, NOW);
    assert!(of(&telemetry, "health").used && !of(&telemetry, "kpi").used);
    assert!(!telemetry.warnings.iter().any(|one| one.contains("kpi")), "{:?}", telemetry.warnings);
    assert!(telemetry.text().contains("(no-data); no criterion reads it"), "{}", telemetry.text());
}

#[test]
fn why_a_signal_is_silent_is_said_where_it_is_known() {
    let seen = observed("error_rate", vec![(NOW, Sample::Absent(Absence::NoData))]);
    let words = "no series matches its query".to_owned();
    let beside =
        Known { silent: BTreeMap::from([("error_rate".parse().unwrap(), words)]), ..Known::default() };
    let telemetry = analyse_knowing(&rules(&["error_rate > 5% for 5m"], &[]), &seen, &beside, NOW);
    assert_eq!(
        of(&telemetry, "error_rate").readable,
        Readable::Not { why: "no series matches its query".into() }
    );
    assert!(
        telemetry.warnings.iter().any(|one| one.contains("no series matches")),
        "{:?}",
        telemetry.warnings
    );
}

#[test]
fn a_failing_state_is_found_without_any_traffic() {
    let seen = observed("health", vec![(NOW, Sample::from_state(State::Passing))]);
    let telemetry = analyse(&rules(&["health failing for 2m"], &["health passing"]), &seen, NOW);
    let usual = telemetry.criteria[0].usual.as_ref().unwrap();
    assert!(usual.found_after.is_some_and(|after| after >= minutes(2) && after <= minutes(3)), "{usual:?}");
    assert_eq!((usual.requests_per_second, usual.data_after), (None, None));
    assert_eq!(telemetry.criteria[1].usual.as_ref().unwrap().decides, Decides::Yes);
}

#[test]
fn what_was_already_beyond_its_threshold_is_said() {
    let samples = (0..60).map(|ago| (NOW - minutes(ago), Sample::from_counts(12.0, 120.0))).collect();
    let telemetry = analyse(&rules(&["error_rate > 5% for 5m"], &[]), &observed("error_rate", samples), NOW);
    let usual = telemetry.criteria[0].usual.as_ref().unwrap();
    let Decides::No { why } = &usual.decides else { panic!("{usual:?}") };
    let begin =
        "it is so before any deployment already, and rolling back cannot help. It would have tripped beyond ";
    assert!(why.starts_with(begin), "{why}");
    assert!(!why.contains("UTC"), "a trial happened at no time: {why}");
}

#[test]
fn a_number_that_a_gate_refuses_cannot_be_read() {
    let seconds =
        SignalRules { amount: Some(Amount::Seconds), ..SignalRules::new(ReadingKind::Value, minutes(1)) };
    let rules = rules(&[], &[]).with_signal("latency_p95".parse().unwrap(), seconds);
    let negative = (0..60).map(|ago| (NOW - minutes(ago), Sample::from_number(-1.0))).collect();
    let telemetry = analyse(&rules, &observed("latency_p95", negative), NOW);
    let why = "error: -1 is no number of seconds: many exporters give -1 for not available";
    assert_eq!(of(&telemetry, "latency_p95").readable, Readable::Not { why: why.to_owned() });
    assert!(telemetry.blind.contains(&"latency_p95".to_owned()));
    // Counts are no single number.
    let number = vec![(NOW, Sample::from_number(0.2))];
    let telemetry = analyse(&rules, &observed("error_rate", number), NOW);
    assert!(
        matches!(&of(&telemetry, "error_rate").readable, Readable::Not { why } if why.contains("counts"))
    );
}

#[test]
fn where_a_baseline_is_missing_that_is_said_and_not_the_watch_or_the_traffic() {
    let criterion = "latency_p95 > 2x baseline for 5m";
    let two = (0..2).map(|ago| (NOW - minutes(ago), Sample::from_number(0.2))).collect();
    let telemetry = analyse(&rules(&[criterion], &[]), &observed("latency_p95", two), NOW);
    let words = "no baseline of `latency_p95` is known: record one with `runbook-gate baseline`";
    let warning = telemetry.warnings.iter().find(|warning| warning.contains(criterion)).unwrap();
    assert!(warning.starts_with(&format!("`{criterion}` cannot be judged yet: no baseline")), "{warning}");
    assert!(!warning.contains("watch longer"), "{warning}");
    let text = telemetry.text();
    assert!(text.contains(words), "{text}");
    assert!(!text.contains("twice its threshold"), "{text}");
}

#[test]
fn the_text_says_what_a_person_at_night_needs() {
    let mut seen = observed("error_rate", counts(1, |_| 3.0));
    seen.insert("health".parse().unwrap(), vec![(NOW, Sample::from_state(State::Passing))]);
    let telemetry = analyse(&rules(&["error_rate > 5% for 5m", "health failing for 2m"], &[]), &seen, NOW);
    let text = telemetry.text();
    for expected in [
        "  health        can be read: passing, 0s old",
        "  request_rate  not configured",
        "  error_rate > 5% for 5m\n    at 3 requests a minute it needs 10m for enough requests; does NOT find twice its threshold in this watch; smallest error rate found: ",
        "`error_rate > 5% for 5m` would not find twice its threshold within a watch of 15m",
        "A gate would be blind on: request_rate, latency_p50, latency_p95, latency_p99",
    ] {
        assert!(text.contains(expected), "{expected}\n---\n{text}");
    }
    assert!(!text.contains("NaN") && !text.contains("inf"), "{text}");
    let json = serde_json::to_value(&telemetry).unwrap();
    assert_eq!(json.pointer("/criteria/0/usual/data_after").and_then(|value| value.as_str()), Some("10m"));
}

#[test]
fn extreme_rules_and_samples_end_in_an_answer() {
    for (observe, step) in [(0, 0), (1, 0), (3650 * 86_400, 1), (60, 86_400)] {
        let rules = GateRules::new(Duration::ZERO, Duration::from_secs(observe), Duration::ZERO)
            .with_signal(
                "error_rate".parse().unwrap(),
                SignalRules::new(ReadingKind::Counts, Duration::from_secs(step)),
            )
            .with_rollback(GateCriterion {
                criterion: "error_rate > 0% for 5m".parse().unwrap(),
                configured: Configured::Yes,
            });
        let seen = vec![(NOW, Sample::from_counts(0.0, 1e300)), (NOW, Sample::from_counts(1.0, 1.0))];
        let _ = analyse(&rules, &observed("error_rate", seen), NOW).text();
    }
}

/// What a policy that requires these two sees of `samples`.
fn of_required(samples: &[(&str, Sample)]) -> Telemetry {
    let step = minutes(1);
    let mut rules = rules(&[], &[])
        .with_required("correlation_ids".parse().unwrap())
        .with_required("traces".parse().unwrap());
    let mut seen = Observed::new();
    for (name, sample) in samples {
        let reading = if *name == "traces" { ReadingKind::Value } else { ReadingKind::Counts };
        rules = rules.with_signal(name.parse().unwrap(), SignalRules::new(reading, step));
        seen.insert(name.parse().unwrap(), vec![(NOW - step, sample.clone()), (NOW, sample.clone())]);
    }
    analyse(&rules, &seen, NOW)
}

#[test]
fn what_the_policy_requires_is_blind_where_it_is_missing_and_only_there() {
    let without = of_required(&[]);
    assert!(without.blind.ends_with(&["correlation_ids".to_owned(), "traces".to_owned()]), "{without:?}");
    let warned = without.warnings.iter().any(|one| {
        one.starts_with(
            "no source gives `correlation_ids` and `traces`, which the policy requires (`gate.require`)",
        )
    });
    assert!(warned, "{:?}", without.warnings);
    let with = of_required(&[
        ("correlation_ids", Sample::from_counts(990.0, 1000.0)),
        ("traces", Sample::from_number(9.0)),
    ]);
    assert!(!with.blind.iter().any(|name| name == "traces" || name == "correlation_ids"), "{:?}", with.blind);
    assert!(of(&with, "traces").required);
    let other = analyse(&rules(&[], &[]), &Observed::new(), NOW);
    assert_eq!(other.blind.len(), REQUIRED.len(), "nobody else is asked for them");
}

#[test]
fn telemetry_that_says_of_itself_that_it_is_missing_is_too_little() {
    let poor = of_required(&[
        ("correlation_ids", Sample::from_counts(400.0, 1000.0)),
        ("traces", Sample::from_number(0.0)),
    ]);
    assert_eq!(
        of(&poor, "correlation_ids").readable,
        Readable::TooLittle { age: Duration::ZERO, value: 0.4 }
    );
    assert!(poor.blind.ends_with(&["correlation_ids".to_owned(), "traces".to_owned()]), "{:?}", poor.blind);
    for part in ["only 40% of the telemetry", "no spans come"] {
        assert!(poor.warnings.iter().any(|one| one.contains(part)), "{part}: {:?}", poor.warnings);
    }
    assert!(poor.text().contains("TOO LITTLE"), "{}", poor.text());
}

#[test]
fn a_share_is_judged_on_all_that_was_seen_and_not_on_one_minute() {
    let rules = rules(&[], &[])
        .with_required("correlation_ids".parse().unwrap())
        .with_signal("correlation_ids".parse().unwrap(), SignalRules::new(ReadingKind::Counts, minutes(1)));
    let seen =
        vec![(NOW - minutes(1), Sample::from_counts(999.0, 1000.0)), (NOW, Sample::from_counts(0.0, 1.0))];
    let telemetry = analyse(&rules, &observed("correlation_ids", seen), NOW);
    assert!(matches!(of(&telemetry, "correlation_ids").readable, Readable::Now { .. }), "{telemetry:?}");
}
