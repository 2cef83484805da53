//! The `checklist` section and what it comes to.

use super::*;
use crate::checklist::{AttestedBy, ChecklistRules, Environments, EvidenceRule, ItemKind, ItemRule};

const HEAD: &str = "version: 1\nservice: s\nprobe: { url: \"https://s.example\" }\n";

fn rules(keys: &str) -> ChecklistRules {
    let file = parse(&format!("{HEAD}{keys}")).file;
    let environment = file.environments().next().map(str::to_owned);
    file.resolve(environment.as_deref(), &Given(&[]))
        .unwrap_or_else(|errors| panic!("{errors}"))
        .checklist()
        .clone()
}

fn item(keys: &str, id: &str) -> ItemRule {
    rules(keys).items.into_iter().find(|item| item.id.as_str() == id).unwrap()
}

fn codes(keys: &str) -> Vec<&'static str> {
    let errors = PolicyFile::parse("runbook.yml", &format!("{HEAD}{keys}"), today()).unwrap_err();
    errors
        .iter()
        .filter(|found| found.severity() == crate::diagnostic::Severity::Error)
        .map(|found| found.code().as_str())
        .collect()
}

#[test]
fn a_policy_that_says_nothing_has_the_runbooks_checklist() {
    let rules = rules("");
    assert_eq!((rules.environment.as_str(), rules.policy_path.as_str()), ("production", "runbook.yml"));
    assert_eq!(rules.items.len(), 13);
    assert!(rules.waivers.is_empty() && rules.owners.is_empty());
}

#[test]
fn an_item_of_the_runbook_takes_the_policys_changes() {
    let keys = "checklist:\n  decisions-linked:\n    title: Decisions\n    records: { adr: \"arc/*.md\" }\n    \
                required_when: { changed: [\"infra/**\"] }\n    bdr_when: { changed: [\"prices/**\"] }\n";
    let rules = rules(keys);
    let item = item(keys, "decisions-linked");
    assert_eq!(item.title, "Decisions");
    assert!(item.required_when.unwrap().matches("infra/a"));
    let ItemKind::Decisions { adr_when: None, bdr_when: Some(paths) } = item.kind else {
        panic!("{:?}", item.kind)
    };
    assert!(paths.matches("prices/a"));
    assert!(rules.records.kind_of("arc/1.md").is_some());
    assert!(rules.records.kind_of("docs/adr/1.md").is_none(), "a list that is written replaces the default");
    assert_eq!(rules.items.len(), 13);
}

#[test]
fn evidence_of_every_kind_is_read() {
    let keys = "checklist:\n  own-item:\n    title: Own\n    environments: [production]\n    approvers: [Team]\n    evidence:\n      \
                - tests: { files: [\"out/*.xml\"], at_least: 5 }\n      - attested: { max_age: 24h, second_person: true, file: docs/a.md }\n      \
                - artifact: drop\n      - image: \"r.io/a:1\"\n      - document: { path: docs/r.md, section: Rollback, min_words: 30 }\n      \
                - work-item: { type: Change, state: Approved, tag: t }\n      - command: { run: [\"./check\"] }\n      \
                - any: [approval, { approval: { by: [Bob] } }, attested]\n      \
                - http-json: { url: \"https://b.example/x\", value: /age, expect: \"< 24\" }\n";
    let item = item(keys, "own-item");
    assert_eq!(item.environments, Environments::Only(vec!["production".into()]));
    let words: Vec<String> = item.evidence.iter().map(EvidenceRule::words).collect();
    assert_eq!(
        words,
        [
            "test results",
            "a person's word",
            "the artifact drop",
            "the image r.io/a:1",
            "the section Rollback of docs/r.md",
            "a work item of type Change in state Approved with the tag t",
            "the command ./check",
            "an approval by Team, or an approval by Bob, or a person's word",
            "the number at /age of https://b.example/x",
        ]
    );
    let EvidenceRule::Attested(attested) = &item.evidence[1] else { panic!("order") };
    assert_eq!(attested.person, AttestedBy::SecondPerson);
    assert_eq!(attested.max_age, Some(Duration::from_secs(86_400)));
}

#[test]
fn migrations_take_paths_approvers_and_words() {
    let keys =
        "checklist: { migrations-reviewed: { migrations: [\"db/**\"], approvers: [DBAs], min_words: 40 } }\n";
    let ItemKind::Migrations { paths, approvers, min_words } = item(keys, "migrations-reviewed").kind else {
        panic!()
    };
    assert!(paths.matches("db/1.sql") && !paths.matches("x/1.sql"));
    assert_eq!((approvers, min_words), (vec!["DBAs".to_owned()], 40));
}

#[test]
fn approvers_of_an_approved_item_are_asked() {
    let keys = "checklist: { infrastructure-reviewed: { approvers: [Platform] } }\n";
    assert_eq!(item(keys, "infrastructure-reviewed").evidence[0].words(), "an approval by Platform");
}

#[test]
fn waivers_and_owners_are_read() {
    let rules = rules(
        "owners: [\"RM\"]\nwaivers: [{ item: backups-taken, reason: r, approved_by: a, expires: 2026-12-31, environments: [production] }]\n",
    );
    assert_eq!(rules.owners, ["RM"]);
    assert_eq!(
        (rules.waivers[0].expires.as_str(), rules.waivers[0].approved_by.as_str()),
        ("2026-12-31", "a")
    );
}

#[test]
fn what_no_item_can_use_is_said() {
    for (keys, expected) in [
        ("checklist: { tests-passing: { records: { adr: a } } }", vec!["unknown-key"]),
        ("checklist: { tests-passing: { migrations: [a] } }", vec!["unknown-key"]),
        ("checklist: { tests-passing: { approvers: [a] } }", vec!["unknown-key"]),
        ("checklist: { decisions-linked: { min_words: 3 } }", vec!["unknown-key"]),
        ("checklist: { decisions-linked: { required_when: { changed: [] } } }", vec!["invalid-path"]),
        (
            "checklist: { decisions-linked: { required_when: { changed: [\"a/../b\"] } } }",
            vec!["invalid-path"],
        ),
        ("checklist: { decisions-linked: { records: { adr: \"a{\" } } }", vec!["invalid-path"]),
        (
            "checklist: { rollback-plan: { evidence: [{ document: { path: ../x.md } }] } }",
            vec!["invalid-path"],
        ),
        (
            "checklist: { rollback-plan: { evidence: [{ attested: { file: /etc/x } }] } }",
            vec!["invalid-path"],
        ),
        ("checklist: { rollback-plan: { evidence: [] } }", vec!["item-incomplete"]),
        ("checklist: { rollback-plan: { evidence: [{ any: [] }] } }", vec!["item-incomplete"]),
        ("checklist: { rollback-plan: { environments: [] } }", vec!["item-incomplete"]),
        ("checklist: { rollback-plan: { evidence: [{ work-item: {} }] } }", vec!["item-incomplete"]),
        ("checklist: { \"Own Item\": { title: t, evidence: [attested] } }", vec!["invalid-name"]),
    ] {
        assert_eq!(codes(keys), expected, "{keys}");
    }
}
