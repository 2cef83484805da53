//! Pages that show a text in each place where others write, each with a number of its own: `<<7>>text`.

use std::cell::Cell;

use runbook_gate::Timestamp;
use runbook_gate::checklist::{
    ArtifactFact, ArtifactState, ChangeKind, ChangeShown, ChecklistOutcome, Evidence, Gap, Gathered, Home,
    Irreversible, ItemOutcome, ItemStatus, LinkedRecord, Need, Place, RunbookItem, Support, Verdict, Vote,
    VoteSays, Voter, WaiverGiven, WaiverShown, WaiverState, When, Who,
};
use runbook_gate::gate::outcome::Ending;
use runbook_gate::gate::{FailedGate, Outcome, Recovery};
use runbook_gate::policy::Enforcement;
use runbook_gate::report::checklist::{ChecklistReport, InGate};
use runbook_gate::report::{Report, ReportContext, html};
use runbook_gate::rollback::{Doubt, PassedOver, Plan, Proof, Rehearsal, Release, Target};

/// Gives the text, numbered.
pub struct Pen<'t> {
    text: &'t str,
    next: Cell<usize>,
}

impl<'t> Pen<'t> {
    pub const fn new(text: &'t str) -> Self {
        Self { text, next: Cell::new(1) }
    }

    fn word(&self) -> String {
        let number = self.next.get();
        self.next.set(number + 1);
        format!("«{number}»{}", self.text)
    }

    fn some(&self) -> Option<String> {
        Some(self.word())
    }

    /// Places of every kind: the last two are addresses, of the web and of a script.
    fn places(&self) -> [Place; 4] {
        [
            Place::Path(self.word()),
            // No more than the beginning of an id is shown.
            Place::Commit(self.text.to_owned()),
            Place::Url(format!("https://ci.example/{}", self.word())),
            Place::Url(format!("javascript:alert(1)//{}", self.word())),
        ]
    }

    fn item(&self, status: ItemStatus) -> ItemOutcome {
        let evidence = self.places().into_iter().map(|place| Evidence {
            support: Support::For,
            what: self.word(),
            place: Some(place),
            when: Some(When::On(self.word())),
            by: self.some(),
        });
        let standings = [
            WaiverState::Counts(self.word()),
            WaiverState::NotApproved(self.word()),
            WaiverState::Unknown(self.word()),
        ];
        ItemOutcome {
            id: RunbookItem::DecisionsLinked.id(),
            title: self.word(),
            status,
            because: self.word(),
            evidence: evidence.collect(),
            needs: vec![Need {
                about: vec![self.word()],
                what: self.word(),
                who: Who::OneOf(vec![self.word()]),
                how: self.word(),
            }],
            waivers: standings
                .into_iter()
                .map(|standing| WaiverShown {
                    reason: self.word(),
                    approved_by: self.word(),
                    expires: self.word(),
                    given: WaiverGiven::AtRunTime,
                    standing,
                })
                .collect(),
            cautions: vec![self.word()],
            records: vec![LinkedRecord {
                change: self.word(),
                record: self.word(),
                status: self.word(),
                path: self.some(),
                support: Support::Against,
            }],
            irreversible: vec![Irreversible {
                path: self.word(),
                reasons: vec![self.word()],
                data_plan: self.some(),
            }],
        }
    }

    fn change(&self, kind: ChangeKind, place: Place, votes: Gathered<Vec<Vote>>) -> ChangeShown {
        ChangeShown {
            name: self.word(),
            kind,
            title: self.word(),
            place: Some(place),
            author: self.some(),
            votes,
        }
    }

    fn changes(&self) -> Vec<ChangeShown> {
        let vote = |says: VoteSays| Vote {
            by: self.word(),
            groups: Vec::new(),
            says,
            when: None,
            voter: Voter::SomebodyElse,
        };
        let votes = [VoteSays::Approved, VoteSays::Rejected, VoteSays::Waiting].map(vote);
        let gap = || Gathered::Unknown(Gap::new(self.word(), Who::Caller, self.word()));
        let [path, commit, page, script] = self.places();
        vec![
            self.change(ChangeKind::PullRequest, page, Gathered::Known(votes.to_vec())),
            self.change(ChangeKind::PullRequest, script, gap()),
            self.change(ChangeKind::NotKnown, commit, gap()),
            self.change(ChangeKind::Alone, path, Gathered::Known(Vec::new())),
        ]
    }

    fn context(&self) -> ReportContext {
        ReportContext {
            service: self.word(),
            policy_file: self.word(),
            enforcement: Enforcement::Enforce,
            replay_command: self.word(),
            release: Release { run: Some(1), version: self.word(), commit: self.word() },
        }
    }

    fn checklist(&self, now: Timestamp) -> ChecklistReport {
        let statuses = [ItemStatus::Unsatisfied, ItemStatus::Unknown, ItemStatus::Waived];
        let outcome = ChecklistOutcome {
            at: now,
            environment: self.word(),
            verdict: Verdict::Incomplete,
            deploying: self.word(),
            commit: self.some(),
            changes: Some(self.changes()),
            items: statuses.into_iter().map(|status| self.item(status)).collect(),
        };
        let report = ChecklistReport::new(outcome, self.context(), vec![self.word()]);
        match Home::of_remote("https://github.com/contoso/orders") {
            Some(home) => report.with_source(home, self.word()),
            None => report,
        }
    }

    fn plan(&self, now: Timestamp) -> Plan {
        Plan {
            service: self.word(),
            environment: self.word(),
            current: self.word(),
            target: Some(Target {
                release: Release { run: Some(7), version: self.word(), commit: self.text.to_owned() },
                at: Some(now),
                judged: None,
                proof: self.word(),
                artifacts: vec![ArtifactFact {
                    name: self.word(),
                    details: self.word(),
                    state: ArtifactState::Mismatch,
                    place: None,
                }],
                artifacts_proved: Proof::Proved,
                place: Some(Place::Url(format!("javascript:alert(1)//{}", self.word()))),
            }),
            passed_over: vec![PassedOver { release: self.word(), why: self.word() }],
            doubts: vec![Doubt { what: self.word(), who: Who::OneOf(vec![self.word()]), how: self.word() }],
            irreversible: vec![Irreversible {
                path: self.word(),
                reasons: vec![self.word()],
                data_plan: self.some(),
            }],
            rehearsed: Some(Rehearsal { at: now, seen: self.word() }),
            notes: vec![self.word()],
        }
    }

    fn recovery(&self, now: Timestamp) -> Recovery {
        Recovery {
            redeployed: self.word(),
            rollback_started: Some(now),
            failed: Some(FailedGate {
                release: self.word(),
                reason: self.word(),
                onset: Some(now),
                decided_at: Some(now),
            }),
        }
    }

    /// An outcome with the text wherever a policy, a server or a person wrote.
    fn outcome(&self, outcome: &Outcome, recovery: Option<Recovery>) -> Outcome {
        let mut outcome = outcome.clone();
        outcome.reason = self.word();
        outcome.also = vec![self.word()];
        outcome.environment = self.word();
        outcome.ending = Ending::Cancelled { by: self.word() };
        outcome.notes = vec![self.word()];
        outcome.recovery = recovery;
        for criterion in &mut outcome.criteria {
            criterion.criterion = self.word();
            criterion.caveat = self.some();
            criterion.explanation.summary = self.word();
            criterion.explanation.otherwise = self.word();
            for comparison in &mut criterion.explanation.comparisons {
                comparison.comparison = self.word();
                comparison.from_baseline = self.some();
            }
        }
        for signal in &mut outcome.signals {
            signal.source = self.word();
            signal.absent = vec![(self.word(), 1)];
            for reason in &mut signal.trace.reasons {
                reason.words = self.word();
            }
            if let Some(baseline) = &mut signal.baseline {
                baseline.source = self.some();
            }
        }
        outcome
    }
}

/// The pages that show this text, each with its file's name.
pub fn pages(text: &str, outcome: &Outcome, now: Timestamp) -> [(&'static str, String); 5] {
    let gate = |pen: &Pen<'_>| Report::of_gate(&pen.outcome(outcome, None), &pen.context());
    let shown = |pen: &Pen<'_>| InGate::Shown { report: Box::new(pen.checklist(now)), doubt: pen.some() };
    let (with, without, again) = (Pen::new(text), Pen::new(text), Pen::new(text));
    let recovered = again.outcome(outcome, Some(again.recovery(now)));
    [
        ("checklist.html", html::checklist(&Pen::new(text).checklist(now))),
        ("plan.html", html::rollback(&Pen::new(text).plan(now))),
        ("gate.html", html::gate(&gate(&with), &shown(&with))),
        ("recovery.html", html::gate(&Report::of_gate(&recovered, &again.context()), &InGate::Absent)),
        ("gate-left.html", html::gate(&gate(&without), &InGate::Left(without.word()))),
    ]
}
