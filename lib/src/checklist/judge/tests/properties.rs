use proptest::prelude::*;

use super::*;

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        "(?s).{0,60}",
        "([-*|<>`#\\[\\]()x \n]|ADR-1|<!--|-->|##vso\\[|docs/adr/|\\.md|Decision: none|backups-taken){0,20}",
    ]
}

fn gathered(texts: Vec<String>, known: u8) -> Facts {
    let changes = texts.iter().map(|text| change("infra/Migrations/1.sql", text)).collect();
    let mut facts = with(changes);
    let bit = |at: u8| known & (1 << at) != 0;
    if bit(0) {
        facts.conversations = unknown();
    }
    if bit(1) {
        facts.tests = unknown();
    }
    if bit(2) {
        facts.records = unknown();
    }
    if bit(3) {
        facts.deployment = unknown();
    }
    if bit(4) {
        facts.artifacts = unknown();
    }
    facts
}

proptest! {
    #[test]
    fn no_text_breaks_the_judge(texts in prop::collection::vec(hostile(), 0..4), known in any::<u8>()) {
        let outcome = judge(&ChecklistRules::runbook("production"), &gathered(texts, known));
        prop_assert_eq!(outcome.items.len(), 13);
        for item in &outcome.items {
            prop_assert_eq!(item.needs.is_empty(), item.status.lets_pass(), "{}", item.id);
        }
    }

    #[test]
    fn knowing_less_never_lets_pass(texts in prop::collection::vec(hostile(), 0..4), known in any::<u8>(), lost in 0_u8..5) {
        let rules = ChecklistRules::runbook("production");
        let more = judge(&rules, &gathered(texts.clone(), known & !(1 << lost)));
        let less = judge(&rules, &gathered(texts, known | (1 << lost)));
        for (more, less) in more.items.iter().zip(&less.items) {
            prop_assert!(more.status.lets_pass() || !less.status.lets_pass(), "{}: {:?} {:?}", more.id, more.status, less.status);
        }
    }
}
