//! What others wrote, in every place of the pages of a checklist, of a rollback plan, and of a gate with its checklist.

use proptest::prelude::*;

use super::builders::t;
use super::hostile::{HOSTILE, tags, with_text};
use crate::checklist::{
    ArtifactFact, ArtifactState, ChangeKind, ChangeShown, ChecklistOutcome, Evidence, Gap, Gathered, Home,
    Irreversible, ItemOutcome, ItemStatus, LinkedRecord, Need, Place, RunbookItem, Support, Verdict, Vote,
    VoteSays, Voter, WaiverGiven, WaiverShown, WaiverState, When, Who,
};
use crate::policy::Enforcement;
use crate::report::checklist::{ChecklistReport, InGate};
use crate::report::{ReportContext, html};
use crate::rollback::{Doubt, PassedOver, Plan, Proof, Rehearsal, Release, Target};
use crate::steering::steers;

/// Every form that evidence has, with this text in each of its fields.
fn evidence(text: &str) -> Vec<Evidence> {
    let owned = || text.to_owned();
    let places = [
        None,
        Some(Place::Path(owned())),
        Some(Place::Commit(owned())),
        // A page of the web is a link, whatever it holds.
        Some(Place::Url(format!("https://ci.example/{}", text.chars().take(900).collect::<String>()))),
        // No page of the web.
        Some(Place::Url(format!("javascript:{text}"))),
    ];
    // So many that some are folded away.
    places
        .into_iter()
        .cycle()
        .take(28)
        .zip(Support::EVERY.into_iter().cycle())
        .map(|(place, support)| Evidence {
            support,
            what: owned(),
            place,
            when: Some(When::On(owned())),
            by: Some(owned()),
        })
        .collect()
}

fn item(text: &str, status: ItemStatus) -> ItemOutcome {
    let owned = || text.to_owned();
    let standings = [
        WaiverState::Counts(owned()),
        WaiverState::Expired,
        WaiverState::NotApproved(owned()),
        WaiverState::Unknown(owned()),
        WaiverState::NotNeeded,
    ];
    ItemOutcome {
        id: RunbookItem::DecisionsLinked.id(),
        title: owned(),
        status,
        because: owned(),
        evidence: evidence(text),
        needs: vec![Need {
            about: vec![owned()],
            what: owned(),
            who: Who::Any(vec![Who::Author, Who::OneOf(vec![owned()])]),
            how: owned(),
        }],
        waivers: standings
            .into_iter()
            .map(|standing| WaiverShown {
                reason: owned(),
                approved_by: owned(),
                expires: owned(),
                given: WaiverGiven::InThePolicy,
                standing,
            })
            .collect(),
        cautions: vec![owned()],
        records: [None, Some(owned()), Some(format!("docs/{text}"))]
            .into_iter()
            .map(|path| LinkedRecord {
                change: owned(),
                record: owned(),
                status: owned(),
                path,
                support: Support::Against,
            })
            .collect(),
        irreversible: [None, Some(owned())]
            .into_iter()
            .map(|data_plan| Irreversible { path: owned(), reasons: vec![owned()], data_plan })
            .collect(),
    }
}

fn changes(text: &str) -> Vec<ChangeShown> {
    let owned = || text.to_owned();
    let vote =
        |says: VoteSays, voter: Voter| Vote { by: owned(), groups: vec![owned()], says, when: None, voter };
    let gap = Gap::new(owned(), Who::Caller, owned());
    let votes = [
        Gathered::Known(Vec::new()),
        Gathered::Known(vec![
            vote(VoteSays::Approved, Voter::SomebodyElse),
            vote(VoteSays::Approved, Voter::Author),
            vote(VoteSays::Waiting, Voter::SomebodyElse),
        ]),
        Gathered::Known(vec![vote(VoteSays::Rejected, Voter::Author)]),
        Gathered::Unknown(gap),
    ];
    let places = [None, Some(Place::Commit(owned())), Some(Place::Url(format!("javascript:{text}")))];
    let mut changes = Vec::new();
    for kind in ChangeKind::ALL {
        for (votes, place) in votes.iter().zip(places.iter().cycle()) {
            changes.push(ChangeShown {
                name: owned(),
                kind,
                title: owned(),
                place: place.clone(),
                author: Some(owned()),
                votes: votes.clone(),
            });
        }
    }
    changes
}

/// A checklist with this text everywhere.
fn checklist(text: &str) -> ChecklistReport {
    let owned = || text.to_owned();
    let outcome = ChecklistOutcome {
        at: t(0),
        environment: owned(),
        verdict: Verdict::Incomplete,
        deploying: owned(),
        commit: Some(owned()),
        changes: Some(changes(text)),
        items: ItemStatus::ALL.into_iter().map(|status| item(text, status)).collect(),
    };
    let context = ReportContext {
        service: owned(),
        policy_file: owned(),
        enforcement: Enforcement::Advise,
        replay_command: owned(),
        release: Release::default(),
    };
    let home = Home::of_remote("git@github.com:contoso/orders.git").unwrap();
    ChecklistReport::new(outcome, context, vec![owned(), owned()]).with_source(home, owned())
}

/// A rollback plan with this text everywhere.
fn plan(text: &str) -> Plan {
    let owned = || text.to_owned();
    let release = Release { run: Some(7), version: owned(), commit: owned() };
    Plan {
        service: owned(),
        environment: owned(),
        current: owned(),
        target: Some(Target {
            release,
            at: Some(t(0)),
            judged: None,
            proof: owned(),
            artifacts: [ArtifactState::Stored, ArtifactState::Empty, ArtifactState::Mismatch]
                .into_iter()
                .map(|state| ArtifactFact {
                    name: owned(),
                    details: owned(),
                    state,
                    place: Some(Place::Path(owned())),
                })
                .collect(),
            artifacts_proved: Proof::Proved,
            place: Some(Place::Url(owned())),
        }),
        passed_over: vec![PassedOver { release: owned(), why: owned() }],
        doubts: vec![Doubt { what: owned(), who: Who::OneOf(vec![owned()]), how: owned() }],
        irreversible: vec![Irreversible { path: owned(), reasons: vec![owned()], data_plan: Some(owned()) }],
        rehearsed: Some(Rehearsal { at: t(0), seen: owned() }),
        notes: vec![owned()],
    }
}

/// Every page that shows this text, with its name.
fn pages(text: &str) -> [(&'static str, String); 4] {
    let shown = InGate::Shown { report: Box::new(checklist(text)), doubt: Some(text.to_owned()) };
    [
        ("checklist", html::checklist(&checklist(text))),
        ("plan", html::rollback(&plan(text))),
        ("gate with its checklist", html::gate(&with_text(text), &shown)),
        ("gate without its checklist", html::gate(&with_text(text), &InGate::Left(text.to_owned()))),
    ]
}

/// The tags of pages of a plain text.
fn plain() -> [Vec<String>; 4] {
    pages("plain").map(|(_, page)| tags(&page))
}

fn check(text: &str, plain: &[Vec<String>; 4]) {
    for ((name, page), expected) in pages(text).into_iter().zip(plain) {
        let found = tags(&page);
        // Blocks and links of an empty text are left out.
        if !text.trim().is_empty() {
            let count =
                |tags: &[String]| tags.iter().filter(|tag| !tag.starts_with('a') && *tag != "/a").count();
            assert_eq!(count(&found), count(expected), "{name} of {text:?}");
        }
        assert_eq!(page.chars().find(|&c| steers(c) && c != '\n'), None, "{name}: {page:?}");
        assert!(!page.contains("##"), "{name}: {page}");
        for (_, after) in page.match_indices(" href=\"").map(|(at, _)| page[at..].split_at(" href=\"".len()))
        {
            let address = after.split('"').next().unwrap();
            let ours = ["#", "https://ci.example/", "https://github.com/contoso/orders/"];
            let web = text.trim().starts_with("http") || text.trim().starts_with("HTTP");
            assert!(
                web || ours.iter().any(|ours| address.starts_with(ours)),
                "{name} of {text:?}: {address}"
            );
            assert!(!address.to_ascii_lowercase().starts_with("javascript"), "{name}: {address}");
        }
    }
}

#[test]
fn no_text_leaves_its_place_in_any_page() {
    let plain = plain();
    for text in HOSTILE {
        check(text, &plain);
        check(&format!("x{text}"), &plain);
    }
    check(&HOSTILE.concat(), &plain);
}

#[test]
fn a_megabyte_is_cut_in_every_page() {
    for text in ["x".repeat(1 << 20), "<b>".repeat(1 << 19), "\u{1b}[".repeat(1 << 19)] {
        for (name, page) in pages(&text) {
            assert!(page.len() < 4_000_000, "{name}: {} bytes", page.len());
            assert!(page.contains('…'), "{name}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn no_text_at_all_leaves_its_place_in_any_page(text in any::<String>()) {
        check(&text, &plain());
    }
}
