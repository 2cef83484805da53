use super::*;

const RECORDS: [(&str, &str); 8] = [
    ("docs/adr/0001-a.md", "---\nstatus: accepted\ndate: 2026-01-02\ndeciders: Ada, Bob\n---\n# A\n"),
    ("docs/adr/0002-b.md", "---\nstatus: proposed\n---\n# B\n"),
    ("docs/adr/0003-c.md", "---\nstatus: superseded by ADR-0001\n---\n# C\n"),
    ("docs/adr/0004-d.md", "# D\n"),
    ("docs/adr/0005-e.md", "---\nstatus: superseded by ADR-0099\n---\n# E\n"),
    ("docs/bdr/0001-f.md", "---\nstatus: accepted\n---\n# F\n"),
    (
        "docs/adr/0006-g.md",
        "---\nstatus: accepted\n---\n# G\n## Rollback\nRun the down script, then restart the service, and compare the row counts of both tables with the numbers that were noted before.\n## Data-level plan\nRestore the snapshot.\n",
    ),
    ("docs/adr/0007-h.md", "---\nstatus: accepted\n---\n# H\n## Rollback\nRun down.\n"),
];

fn facts(changes: Vec<Change>) -> Facts {
    with_records(changes, &RECORDS)
}

fn with_records(changes: Vec<Change>, records: &[(&str, &str)]) -> Facts {
    let texts = records.iter().map(|(path, text)| (*path, text.as_bytes()));
    Facts {
        records: Gathered::Known(RecordIndex::read(&RecordRules::runbook(), &[], texts)),
        ..with(changes)
    }
}

fn approved(mut change: Change, by: &[&str]) -> Change {
    change.votes = Gathered::Known(by.iter().map(|by| vote(by, VoteSays::Approved)).collect());
    change
}

#[test]
fn a_superseded_record_is_replaced_by_its_successor_at_once_where_that_is_accepted() {
    let mut records = RECORDS.to_vec();
    records.push(("docs/adr/0008-i.md", "---\nstatus: superseded by ADR-0002\n---\n# I\n"));
    for (text, how) in [
        ("ADR-3", "link docs/adr/0001-a.md in its place"),
        ("ADR-8", "link docs/adr/0002-b.md in its place, once it is accepted and stands"),
    ] {
        let facts = with_records(vec![change("src/a.rs", text)], &records);
        let outcome = judge(&only(RunbookItem::DecisionsLinked), &facts);
        assert_eq!(outcome.items[0].needs[0].how, how, "{text}");
    }
}

#[test]
fn decisions_linked_by_every_case() {
    use ItemStatus::{Satisfied, Unsatisfied};
    for (text, expected, words) in [
        ("ADR-1", Satisfied, "accepted"),
        ("See docs/adr/0001-a.md", Satisfied, "accepted"),
        ("BDR-1", Satisfied, "accepted"),
        ("ADR-1 and BDR-1", Satisfied, "accepted"),
        ("ADR-2", Unsatisfied, "proposed"),
        ("ADR-1 and ADR-2", Unsatisfied, "proposed"),
        ("ADR-3", Unsatisfied, "superseded by docs/adr/0001-a.md"),
        ("ADR-1 replaces ADR-3", Satisfied, "superseded by docs/adr/0001-a.md"),
        ("ADR-4", Unsatisfied, "without a status"),
        ("ADR-5", Unsatisfied, "superseded, at last by ADR-99, which does not exist"),
        ("ADR-42", Unsatisfied, "not found at the deployed commit"),
        ("ADR-1, ADR-42", Satisfied, "not found at the deployed commit"),
        ("", Unsatisfied, "none linked"),
        ("<!-- ADR-1 -->", Unsatisfied, "none linked"),
        ("```\nADR-1\n```", Unsatisfied, "none linked"),
        ("An example:\n\n    ADR-1\n", Unsatisfied, "none linked"),
        ("Decision: none", Unsatisfied, "without a reason"),
        ("Decision: none (reason)", Unsatisfied, "without a reason"),
        ("Decision: none (a typo in a text)", Unsatisfied, "not approved by anybody else"),
    ] {
        let facts = facts(vec![change("src/a.rs", text)]);
        let rules = only(RunbookItem::DecisionsLinked);
        assert_eq!(status(&rules, &facts), expected, "{text}");
        let rows = &judge(&rules, &facts).items[0].records;
        assert!(rows.iter().any(|row| row.status == words), "{text}: {rows:?}");
    }
}

#[test]
fn what_a_change_quotes_of_the_one_that_it_takes_back_decides_nothing() {
    use ItemStatus::{Satisfied, Unsatisfied};
    let quoted = "quoted of the change that is taken back, for which it was decided";
    for (title, text, expected, words) in [
        ("Revert \"Use x (ADR-1)\"", "Revert \"Use x (ADR-1)\"\n\nReverts !12", Unsatisfied, quoted),
        ("Revert \"Use x\"", "Revert \"Use x\"\n\n> ADR: 1\n", Unsatisfied, quoted),
        ("Revert \"Use x\"", "Revert \"Use x\"\n\nThis reverts commit 1a2b3c4.", Unsatisfied, "none linked"),
        ("Revert \"Use x (ADR-6)\"", "Revert \"Use x (ADR-6)\"\n\nADR: 1", Satisfied, "accepted"),
        ("Use x", "> ADR: 1", Satisfied, "accepted"),
    ] {
        let facts = facts(vec![Change { title: title.into(), ..change("src/a.rs", text) }]);
        let rules = only(RunbookItem::DecisionsLinked);
        assert_eq!(status(&rules, &facts), expected, "{text}");
        let rows = &judge(&rules, &facts).items[0].records;
        assert!(rows.iter().any(|row| row.status == words), "{text}: {rows:?}");
    }
    let quoted = "Revert \"Use x\"\n\n> Decision: none (a typo in a text)";
    let mut change = change("src/a.rs", quoted);
    change.title = "Revert \"Use x\"".into();
    let facts = facts(vec![approved(change, &["Bob"])]);
    assert_eq!(status(&only(RunbookItem::DecisionsLinked), &facts), Unsatisfied);
}

#[test]
fn a_record_that_cannot_be_read_is_unknown_and_says_why() {
    let latin = b"---\nstatus: accepted\n---\n# Caf\xe9\n";
    let binary = b"\x00\x01\xffstatus: accepted";
    let encoding = "binary, or of another encoding than UTF-8";
    let large = "too large to read (1200000 bytes; at most 1048576 are read)";
    for (content, what, how) in [
        (RecordContent::Bytes(latin), encoding, "save docs/adr/0001-a.md as UTF-8 text"),
        (RecordContent::Bytes(binary), encoding, "save docs/adr/0001-a.md as UTF-8 text"),
        (RecordContent::TooLarge(1_200_000), large, "make docs/adr/0001-a.md smaller"),
    ] {
        let rules = only(RunbookItem::DecisionsLinked);
        let unread = ("docs/adr/0001-a.md", content);
        let accepted = ("docs/adr/0002-b.md", RecordContent::Bytes(b"Status: accepted\n"));
        // Beside a record that stands it is unknown all the same.
        for text in ["ADR-1", "ADR-1 and ADR-2"] {
            let facts = Facts {
                records: Gathered::Known(RecordIndex::read(&RecordRules::runbook(), &[], [unread, accepted])),
                ..with(vec![change("src/a.rs", text)])
            };
            let item = &judge(&rules, &facts).items[0];
            assert_eq!(item.status, ItemStatus::Unknown, "{text}");
            assert!(item.because.contains(what), "{}", item.because);
            assert_eq!(item.needs[0].how, how);
        }
    }
}

#[test]
fn a_status_that_is_not_understood_is_quoted_with_its_line_and_how_to_write_it() {
    for (text, what, how) in [
        (
            "---\ndate: 2026-01-02\nstatus: accepted with reservations\n---\n# A\n",
            "links docs/adr/0001-a.md, whose status `accepted with reservations` (docs/adr/0001-a.md:3) is not understood",
            "write `Accepted` there, alone or with who and when (`Accepted by the board on 2026-01-02`)",
        ),
        (
            "# A\n\n## Status\n\nAccepted\nif the board agrees\n",
            "whose status `Accepted if the board agrees` (docs/adr/0001-a.md:5) is not understood",
            "write `Accepted` there",
        ),
        (
            "---\nstatus: accepted\n---\n# A\n\n## Status\n\nRejected\n",
            "which declares several statuses: accepted (line 2); Rejected (line 8)",
            "leave the one that holds in docs/adr/0001-a.md",
        ),
        ("# A\n\nWords.\n", "which is without a status", "write `Status: Accepted` under the title"),
        (
            "# A\n\nStatus: Proposed\n",
            "which is proposed (docs/adr/0001-a.md:3)",
            "have docs/adr/0001-a.md accepted",
        ),
    ] {
        let files = [("docs/adr/0001-a.md", text.as_bytes())];
        let facts = Facts {
            records: Gathered::Known(RecordIndex::read(&RecordRules::runbook(), &[], files)),
            ..with(vec![change("src/a.rs", "ADR-1")])
        };
        let rules = only(RunbookItem::DecisionsLinked);
        assert_eq!(status(&rules, &facts), ItemStatus::Unsatisfied, "{text}");
        let need = judge(&rules, &facts).items[0].needs[0].clone();
        assert!(need.what.contains(what), "{}", need.what);
        assert!(need.how.contains(how), "{}", need.how);
    }
}

#[test]
fn no_decision_needs_somebody_elses_approval() {
    let rules = only(RunbookItem::DecisionsLinked);
    let text = "Decision: none (a typo in a text)";
    let of = |votes: Gathered<Vec<Vote>>| facts(vec![Change { votes, ..change("a", text) }]);
    for (votes, expected) in [
        (Gathered::Known(vec![vote("Bob", VoteSays::Approved)]), ItemStatus::Satisfied),
        (Gathered::Known(vec![vote("Ada", VoteSays::Approved)]), ItemStatus::Unsatisfied),
        (Gathered::Known(vec![vote("Bob", VoteSays::Waiting)]), ItemStatus::Unsatisfied),
        (
            Gathered::Known(vec![vote("Bob", VoteSays::Approved), vote("Eve", VoteSays::Rejected)]),
            ItemStatus::Unsatisfied,
        ),
        (unknown(), ItemStatus::Unknown),
    ] {
        assert_eq!(status(&rules, &of(votes)), expected);
    }
}

#[test]
fn every_change_that_needs_a_record_links_one() {
    let mut rules = only(RunbookItem::DecisionsLinked);
    rules.items[0].required_when = Some(PathPatterns::new(["infra/**"]).unwrap());
    for (changes, expected) in [
        (vec![], ItemStatus::NotApplicable),
        (vec![change("src/a.rs", "")], ItemStatus::NotApplicable),
        (vec![change("infra/a", "ADR-1"), change("src/a.rs", "")], ItemStatus::Satisfied),
        (vec![change("infra/a", "ADR-1"), change("infra/b", "")], ItemStatus::Unsatisfied),
        (vec![change("infra/a", ""), change("src/a.rs", "ADR-1")], ItemStatus::Unsatisfied),
    ] {
        assert_eq!(status(&rules, &facts(changes)), expected);
    }
    let unknown_range = Facts { deployment: unknown(), ..quiet() };
    assert_eq!(status(&rules, &unknown_range), ItemStatus::Unknown);
}

#[test]
fn a_record_that_the_change_brings_is_linked_by_it() {
    let rules = only(RunbookItem::DecisionsLinked);
    let mut brings = change("docs/adr/0001-a.md", "");
    assert_eq!(status(&rules, &facts(vec![brings.clone()])), ItemStatus::Unsatisfied, "an edit is no link");
    brings.paths[0].how = PathChange::Added;
    assert_eq!(status(&rules, &facts(vec![brings])), ItemStatus::Satisfied);
}

#[test]
fn a_record_that_is_edited_is_named_where_nothing_else_asks_for_one() {
    let mut rules = only(RunbookItem::DecisionsLinked);
    rules.items[0].required_when = Some(PathPatterns::new(["docs/adr/**", "infra/**"]).unwrap());
    for (paths, how, expected) in [
        (vec!["docs/adr/0001-a.md"], PathChange::Modified, ItemStatus::Satisfied),
        (vec!["docs/adr/0001-a.md", "src/a.rs"], PathChange::Modified, ItemStatus::Satisfied),
        (vec!["docs/adr/0002-b.md"], PathChange::Modified, ItemStatus::Unsatisfied),
        (vec!["docs/adr/0001-a.md", "docs/adr/0002-b.md"], PathChange::Modified, ItemStatus::Unsatisfied),
        (vec!["docs/adr/0001-a.md", "infra/main.tf"], PathChange::Modified, ItemStatus::Unsatisfied),
        (vec!["docs/adr/0001-a.md", "docs/adr/README.md"], PathChange::Modified, ItemStatus::Unsatisfied),
        (vec!["docs/adr/0099-gone.md"], PathChange::Deleted, ItemStatus::Unsatisfied),
    ] {
        let mut edits = change("", "");
        edits.paths = paths.iter().map(|path| ChangedPath { path: (*path).into(), how }).collect();
        assert_eq!(status(&rules, &facts(vec![edits])), expected, "{paths:?}");
    }
}

#[test]
fn what_nobody_could_read_is_unknown_and_never_satisfied() {
    let rules = only(RunbookItem::DecisionsLinked);
    let desk = |text: &str| Facts { conversations: unknown(), ..facts(vec![change("a", text)]) };
    assert_eq!(status(&rules, &desk("")), ItemStatus::Unknown);
    assert_eq!(status(&rules, &desk("ADR-1")), ItemStatus::Satisfied);
    assert_eq!(status(&rules, &desk("ADR-2")), ItemStatus::Unsatisfied);
    let elsewhere = "https://github.com/contoso/other/blob/main/docs/adr/0001-a.md";
    assert_eq!(status(&rules, &facts(vec![change("a", elsewhere)])), ItemStatus::Unknown);
    let no_records = Facts { records: unknown(), ..facts(vec![change("a", "ADR-1")]) };
    assert_eq!(status(&rules, &no_records), ItemStatus::Unknown);
}

#[test]
fn the_evidence_says_where_when_and_by_whom() {
    let outcome = judge(&only(RunbookItem::DecisionsLinked), &facts(vec![change("a", "ADR-1")]));
    let fact = &outcome.items[0].evidence[0];
    assert_eq!(fact.place, Some(Place::Path("docs/adr/0001-a.md".into())));
    assert_eq!(fact.when, Some(When::On("2026-01-02".into())));
    assert_eq!(fact.by.as_deref(), Some("Ada, Bob"));
}

#[test]
fn migrations_reviewed_by_every_case() {
    use ItemStatus::{NotApplicable, Satisfied, Unknown, Unsatisfied};
    let rules = only(RunbookItem::MigrationsReviewed);
    let path = "src/Migrations/1.sql";
    for (why, change, expected) in [
        ("no migration", change("src/a.rs", ""), NotApplicable),
        ("planned and approved", approved(change(path, "ADR-6"), &["Bob"]), Satisfied),
        ("approved by its author", approved(change(path, "ADR-6"), &["Ada"]), Unsatisfied),
        ("not approved", change(path, "ADR-6"), Unsatisfied),
        ("no record", approved(change(path, ""), &["Bob"]), Unsatisfied),
        ("record without a rollback section", approved(change(path, "ADR-1"), &["Bob"]), Unsatisfied),
        ("too few words", approved(change(path, "ADR-7"), &["Bob"]), Unsatisfied),
        ("record not accepted", approved(change(path, "ADR-2"), &["Bob"]), Unsatisfied),
        ("approval not known", Change { votes: unknown(), ..change(path, "ADR-6") }, Unknown),
    ] {
        assert_eq!(status(&rules, &facts(vec![change])), expected, "{why}");
    }
    let desk = Facts { conversations: unknown(), ..facts(vec![approved(change(path, ""), &["Bob"])]) };
    assert_eq!(status(&rules, &desk), Unknown, "the pull request may link it");
    assert_eq!(status(&rules, &Facts { deployment: unknown(), ..quiet() }), Unknown);
}

#[test]
fn migrations_may_ask_for_a_group() {
    let mut rules = only(RunbookItem::MigrationsReviewed);
    let ItemKind::Migrations { approvers, .. } = &mut rules.items[0].kind else { panic!("other kind") };
    approvers.push("DBAs".into());
    let of = |by: &str, groups: Vec<String>| {
        let vote = Vote { groups, ..vote(by, VoteSays::Approved) };
        facts(vec![Change { votes: Gathered::Known(vec![vote]), ..change("Migrations/1.sql", "ADR-6") }])
    };
    assert_eq!(status(&rules, &of("Bob", vec![r"[Orders]\DBAs".into()])), ItemStatus::Satisfied);
    assert_eq!(status(&rules, &of("Bob", vec![r"[Orders]\Readers".into()])), ItemStatus::Unsatisfied);
    assert_eq!(status(&rules, &of("dbas", vec![])), ItemStatus::Satisfied);
}

#[test]
fn irreversible_migrations_are_named_with_their_plan_or_its_absence() {
    let rules = only(RunbookItem::MigrationsReviewed);
    let path = "Migrations/1.sql";
    for (text, plan) in [("ADR-6", Some("docs/adr/0006-g.md (Data-level plan)")), ("ADR-7", None)] {
        let facts = Facts {
            migrations: [(path.to_owned(), Gathered::Known(Some("DROP TABLE t;".to_owned())))].into(),
            ..facts(vec![approved(change(path, text), &["Bob"])])
        };
        let item = &judge(&rules, &facts).items[0];
        assert_eq!(item.irreversible[0].reasons, ["it drops a table (line 1)"]);
        assert_eq!(item.irreversible[0].data_plan.as_deref(), plan);
        assert!(item.cautions[0].starts_with("Migrations/1.sql cannot be undone: it drops a table"));
    }
}

#[test]
fn paths_may_ask_for_a_kind_of_record() {
    let mut rules = only(RunbookItem::DecisionsLinked);
    let paths = |pattern: &str| Some(PathPatterns::new([pattern]).unwrap());
    rules.items[0].kind = ItemKind::Decisions { adr_when: paths("infra/**"), bdr_when: paths("prices/**") };
    for (path, text, expected) in [
        ("src/a.rs", "", ItemStatus::NotApplicable),
        ("infra/a", "ADR-1", ItemStatus::Satisfied),
        ("infra/a", "BDR-1", ItemStatus::Unsatisfied),
        ("infra/a", "", ItemStatus::Unsatisfied),
        ("prices/a", "BDR-1", ItemStatus::Satisfied),
        ("prices/a", "ADR-1", ItemStatus::Unsatisfied),
        ("prices/a", "ADR-1, BDR-1", ItemStatus::Satisfied),
    ] {
        assert_eq!(status(&rules, &facts(vec![change(path, text)])), expected, "{path} {text}");
    }
    let desk = Facts { conversations: unknown(), ..facts(vec![change("infra/a", "BDR-1")]) };
    assert_eq!(status(&rules, &desk), ItemStatus::Unknown);
}
