use super::*;

fn record() -> VerdictRecord {
    VerdictRecord {
        service: "orders-api".into(),
        environment: "production".into(),
        profile: Profile::Deployment,
        decision: Decision::Proceed,
        enforcement: Enforcement::Enforce,
        reason: "every criterion passed".into(),
        criterion: None,
        release: Release { run: Some(12), version: "1.4.0".into(), commit: "1a2b3c4d".into() },
        judged_in: Some(12),
        started_at: "2026-01-01T00:00:00Z".parse().ok(),
        onset: None,
        decided_at: "2026-01-01T00:16:00Z".parse().ok(),
        policy_sha256: "48b6".into(),
        pre_existing: vec!["health failing for 2m".into()],
        images: Some(vec![RecordedImage { image: "r.io/orders:42".into(), digest: None }]),
    }
}

fn now() -> Timestamp {
    "2026-02-01T00:00:00Z".parse().unwrap()
}

#[test]
fn a_record_of_an_earlier_version_names_no_images_and_is_read() {
    let written: String = record().to_json();
    let (before, _) = written.split_once(",\"images\"").unwrap();
    let read = VerdictRecord::read(&format!("{before}}}")).unwrap();
    assert_eq!(read, VerdictRecord { images: None, ..record() });
    let many = vec![RecordedImage { image: "r.io/a:1".into(), digest: None }; MOST_IMAGES + 1];
    assert_eq!(record().with_images(many).images, None, "what is not whole proves nothing");
}

#[test]
fn a_record_is_read_as_it_was_written() {
    assert_eq!(VerdictRecord::read(&record().to_json()), Ok(record()));
}

#[test]
fn a_record_carries_no_command_to_an_agent_and_reads_back_all_the_same() {
    let hostile = VerdictRecord { service: "##vso[task.complete]x \u{202e}".into(), ..record() };
    let json = hostile.to_json();
    assert!(!json.contains("##") && !json.contains('\u{202e}'), "{json}");
    assert_eq!(VerdictRecord::read(&json), Ok(hostile));
}

#[test]
fn what_is_no_known_decision_is_an_error_and_never_good() {
    let json = record().to_json();
    for (from, to, says) in [
        ("\"proceed\"", "\"approved\"", "its decision is `approved`"),
        ("\"deployment\"", "\"canary\"", "its profile is `canary`"),
        ("\"version\":1,\"s", "\"version\":2,\"s", "format 2"),
        ("\"verdict\"", "\"start\"", "not `verdict`"),
        ("2026-01-01T00:16:00Z", "yesterday", "yesterday"),
    ] {
        let changed = json.replacen(from, to, 1);
        assert_ne!(changed, json, "{from}");
        let error = VerdictRecord::read(&changed).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(VerdictRecord::read(&"x".repeat(LONGEST_LINE + 1)), Err(RecordError::TooLong));
}

#[test]
fn a_history_gives_the_records_of_one_environment_newest_first() {
    let mut later = record();
    later.release.version = "1.5.0".into();
    let mut elsewhere = record();
    elsewhere.environment = "staging".into();
    let text = format!("{}\n{}\n\n{{\"torn\n{}\n", record().to_json(), elsewhere.to_json(), later.to_json());
    let history = History::read(&text, "orders-api", "production", now());
    let versions: Vec<&str> = history.records.iter().map(|record| record.release.version.as_str()).collect();
    assert_eq!(versions, ["1.5.0", "1.4.0"]);
    assert_eq!(history.notes.len(), 1);
    assert!(history.notes[0].starts_with("line 4: "), "{:?}", history.notes);
}

#[test]
fn a_history_is_in_the_order_of_its_decisions_whatever_that_of_its_lines() {
    let of = |version: &str, decision, at: Option<&str>| {
        let mut record = record();
        record.release.version = version.into();
        record.decision = decision;
        record.decided_at = at.map(|at| at.parse().unwrap());
        record.to_json()
    };
    let lines = [
        of("1", Decision::Rollback, Some("2026-01-01T05:00:00Z")),
        of("1", Decision::Proceed, Some("2026-01-01T01:00:00Z")),
        of("2", Decision::Hold, None),
        of("3", Decision::Rollback, Some("2026-01-01T06:00:00Z")),
        of("4", Decision::Hold, Some("2026-01-01T06:00:00Z")),
    ];
    let history = History::read(&lines.join("\n"), "orders-api", "production", now());
    let order: Vec<(&str, Decision)> =
        history.records.iter().map(|each| (each.release.version.as_str(), each.decision)).collect();
    assert_eq!(
        order,
        [
            ("4", Decision::Hold),
            ("3", Decision::Rollback),
            ("1", Decision::Rollback),
            ("2", Decision::Hold),
            ("1", Decision::Proceed),
        ]
    );
}

#[test]
fn a_decision_of_the_future_proves_nothing_and_is_said() {
    let of = |decision, at: &str| {
        let record = VerdictRecord { decision, decided_at: at.parse().ok(), ..record() };
        let history = History::read(&record.to_json(), "orders-api", "production", now());
        (history.records.len(), history.notes)
    };
    let said = vec!["line 1: it is of 2099-01-01T00:00:00Z, which is not past".to_owned()];
    assert_eq!(of(Decision::Proceed, "2099-01-01T00:00:00Z"), (0, said.clone()));
    assert_eq!(of(Decision::Hold, "2099-01-01T00:00:00Z"), (1, said), "it speaks against a version");
    assert_eq!(of(Decision::Proceed, "2026-02-01T00:05:00Z"), (1, vec![]), "clocks differ");
    assert_eq!(of(Decision::Proceed, "2026-02-01T00:05:01Z").0, 0);
}

#[test]
fn a_key_that_stands_twice_is_no_record() {
    let doubled = record().to_json().replacen('{', "{\"decision\":\"hold\",", 1);
    assert!(VerdictRecord::read(&doubled).unwrap_err().to_string().contains("twice"));
}

#[test]
fn releases_are_one_by_run_then_commit_then_version() {
    let release =
        |run, version: &str, commit: &str| Release { run, version: version.into(), commit: commit.into() };
    assert!(release(Some(1), "a", "x").is(&release(Some(1), "b", "y")));
    assert!(!release(Some(1), "a", "x").is(&release(Some(2), "a", "x")));
    assert!(release(None, "a", "x").is(&release(Some(2), "b", "x")));
    assert!(!release(None, "a", "x").is(&release(None, "a", "y")));
    assert!(release(None, "a", "").is(&release(None, "a", "y")));
    assert!(release(None, "a", "1A2B3C4D5E").is(&release(None, "b", "1a2b3c4")), "one commit, named shorter");
    assert!(!release(None, "a", "1a2b3c").is(&release(None, "a", "1a2b3c4d5e")), "too short to name it");
    assert!(!release(None, "a", "1a2b3c4e").is(&release(None, "a", "1a2b3c4d")));
    assert!(release(None, "a", "1a2b3c").shares_a_name(&release(None, "A", "1a2b3c4d5e")));
    assert!(release(Some(1), "a", "1a2b3c4").shares_a_name(&release(Some(2), "b", "1A2B3C4")));
    assert!(!release(Some(1), "a", "").shares_a_name(&release(Some(2), "b", "")));
    assert!(release(None, " a ", "").is(&release(None, "a", "")), "spaces make no other version");
    assert!(!release(None, "", "").is(&release(None, "", "")), "nothing is known of either");
}
