use super::*;

fn waiver(item: RunbookItem, expires: &str) -> Waiver {
    Waiver {
        item: item.id(),
        reason: "read-only service".into(),
        approved_by: "rm@contoso.com".into(),
        expires: expires.into(),
        environments: Environments::All,
        given: WaiverGiven::InThePolicy,
    }
}

fn approved() -> Gathered<WaiverFact> {
    Gathered::Known(WaiverFact::Approved { seen: "pull request 3".into() })
}

#[test]
fn a_waiver_counts_when_it_is_dated_and_approved() {
    use ItemStatus::{Unknown, Unsatisfied, Waived};
    let item = RunbookItem::ChangeCommunicated;
    for (why, expires, approval, expected) in [
        ("approved", "2026-12-31", vec![approved()], Waived),
        ("its last day", "2026-11-23", vec![approved()], Waived),
        ("past its last day", "2026-11-22", vec![approved()], Unsatisfied),
        (
            "stood before",
            "2026-12-31",
            vec![Gathered::Known(WaiverFact::StoodBefore { seen: "in v1".into() })],
            Waived,
        ),
        (
            "by its own author",
            "2026-12-31",
            vec![Gathered::Known(WaiverFact::NotApproved { why: "its author approved it".into() })],
            Unsatisfied,
        ),
        ("not known", "2026-12-31", vec![unknown()], Unknown),
        ("not looked for", "2026-12-31", vec![], Unknown),
        ("past and not known", "2020-01-01", vec![unknown()], Unsatisfied),
    ] {
        let mut rules = only(item);
        rules.waivers = vec![waiver(item, expires)];
        let facts = Facts { waivers: approval, ..quiet() };
        assert_eq!(status(&rules, &facts), expected, "{why}");
        assert_eq!(judge(&rules, &facts).items[0].waivers.len(), 1, "it is always shown");
    }
}

#[test]
fn every_item_can_be_waived_but_the_review_of_the_policy() {
    for item in RunbookItem::ALL {
        if item == RunbookItem::VersionConfirmed {
            continue;
        }
        let mut rules = only(item);
        rules.waivers = vec![waiver(item, "2026-12-31")];
        let facts = Facts { waivers: vec![approved()], ..Facts::unknown(now(), &gap()) };
        let expected =
            if item == RunbookItem::PolicyReviewed { ItemStatus::Unknown } else { ItemStatus::Waived };
        assert_eq!(status(&rules, &facts), expected, "{}", item.as_str());
    }
}

#[test]
fn a_waiver_of_another_item_or_environment_counts_for_nothing() {
    let item = RunbookItem::ChangeCommunicated;
    let mut rules = only(item);
    rules.waivers = vec![waiver(RunbookItem::BackupsTaken, "2026-12-31")];
    let facts = Facts { waivers: vec![approved()], ..quiet() };
    assert_eq!(status(&rules, &facts), ItemStatus::Unsatisfied);
    rules.waivers =
        vec![Waiver { environments: Environments::Only(vec!["dev".into()]), ..waiver(item, "2026-12-31") }];
    assert_eq!(status(&rules, &facts), ItemStatus::Unsatisfied);
}

#[test]
fn what_the_waiver_excepts_is_still_shown() {
    let item = RunbookItem::ChangeCommunicated;
    let mut rules = only(item);
    rules.waivers = vec![waiver(item, "2026-12-31")];
    let outcome = judge(&rules, &Facts { waivers: vec![approved()], ..quiet() });
    let item = &outcome.items[0];
    assert_eq!(item.because, "waived by rm@contoso.com until 2026-12-31: read-only service");
    assert_eq!(item.cautions[0], "without the waiver: nobody attests change-communicated");
    assert_eq!(item.waivers[0].standing, WaiverState::Counts("pull request 3".into()));
}

#[test]
fn a_waiver_that_is_not_needed_is_said_to_be_so_and_one_that_expired_to_have_expired() {
    let item = RunbookItem::ChangeCommunicated;
    let mut rules = only(item);
    let facts = Facts { waivers: vec![approved()], ..with(vec![change("a", "- [x] change-communicated")]) };
    for (expires, expected) in [("2026-12-31", WaiverState::NotNeeded), ("2020-01-01", WaiverState::Expired)]
    {
        rules.waivers = vec![waiver(item, expires)];
        let outcome = judge(&rules, &facts);
        assert_eq!(status(&rules, &facts), ItemStatus::Satisfied);
        assert_eq!(outcome.items[0].waivers[0].standing, expected, "{expires}");
        assert!(outcome.items[0].needs.is_empty() && !outcome.items[0].because.contains("expired"));
    }
}

#[test]
fn where_an_item_is_missing_its_expired_waiver_is_named() {
    let item = RunbookItem::ChangeCommunicated;
    let mut rules = only(item);
    rules.waivers = vec![waiver(item, "2020-01-01")];
    let outcome = judge(&rules, &Facts { waivers: vec![approved()], ..quiet() });
    let item = &outcome.items[0];
    let expired = "its waiver by rm@contoso.com expired on 2020-01-01";
    assert_eq!(item.because, format!("nobody attests change-communicated; {expired}"));
    let needs: Vec<&str> = item.needs.iter().map(|need| need.what.as_str()).collect();
    assert_eq!(needs, ["nobody attests change-communicated", expired]);
}
