//! `decisions-linked`: every change that needs a decision record links one that may be relied on.

use super::{Finding, Judged, Scope, evidence, touches};
use crate::Timestamp;
use crate::checklist::decision::revert::{Reverts, own_words};
use crate::checklist::facts::{Change, Facts, Gap, Gathered, PathChange};
use crate::checklist::outcome::{Evidence, LinkedRecord, Need, Place, Support, When, Who};
use crate::checklist::{
    ChainEnd, DecisionRecord, NoDecision, PathPatterns, RecordIndex, RecordKind, RecordStatus, Resolved,
    Standing, no_decision,
};

/// Changed paths that need a record.
pub(super) struct KindsWhen<'r> {
    /// Of a kind.
    pub(super) adr: Option<&'r PathPatterns>,
    pub(super) bdr: Option<&'r PathPatterns>,
    /// Of any kind.
    pub(super) any: Option<&'r PathPatterns>,
}

impl KindsWhen<'_> {
    fn needed_by(&self, change: &Change) -> Vec<RecordKind> {
        [(self.adr, RecordKind::Adr), (self.bdr, RecordKind::Bdr)]
            .into_iter()
            .filter(|(paths, _)| paths.is_some_and(|paths| touches(change, paths)))
            .map(|(_, kind)| kind)
            .collect()
    }

    /// The records that a change edits, where nothing but records makes one necessary: they are named by being changed.
    fn edited<'i>(&self, change: &Change, index: &'i RecordIndex) -> Vec<&'i DecisionRecord> {
        let patterns: Vec<&PathPatterns> = [self.any, self.adr, self.bdr].into_iter().flatten().collect();
        let asking =
            change.paths.iter().filter(|path| patterns.iter().any(|paths| paths.matches(&path.path)));
        let records: Option<Vec<&DecisionRecord>> = asking.map(|path| index.at(&path.path)).collect();
        records.unwrap_or_default()
    }
}

pub(super) fn judge(facts: &Facts, scope: &Scope<'_>, kinds: &KindsWhen<'_>) -> Judged {
    let (deployment, changes) = match scope {
        Scope::Changes(deployment, changes) => (deployment, changes),
        _ => {
            return Judged::Found(match &facts.deployment {
                Gathered::Unknown(gap) => Finding::unknown(gap),
                Gathered::Known(_) => Finding::new(Support::Unknown),
            });
        }
    };
    if changes.is_empty() {
        return Judged::NotApplicable(format!("nothing changed since {}", deployment.since.words()));
    }
    let index = match &facts.records {
        Gathered::Known(index) => index,
        Gathered::Unknown(gap) => return Judged::Found(Finding::unknown(gap)),
    };
    Judged::Found(Finding::all(changes.iter().map(|change| of_change(change, index, facts, kinds)).collect()))
}

/// What a change links, each record once.
pub(super) struct Linked<'i> {
    pub(super) records: Vec<(&'i DecisionRecord, Standing, String)>,
    /// Links that lead to no record here: as written, and why.
    dead: Vec<(String, String)>,
    /// Links that this checkout cannot follow: as written, and why.
    elsewhere: Vec<(String, String)>,
}

impl<'i> Linked<'i> {
    fn add(&mut self, record: &'i DecisionRecord, written: String, index: &RecordIndex, now: Timestamp) {
        if !self.records.iter().any(|(known, ..)| known.path == record.path) {
            self.records.push((record, index.standing(record, now), written));
        }
    }
}

/// The records that a change links in its texts, and those that it brings itself.
pub(super) fn linked<'i>(change: &Change, index: &'i RecordIndex, facts: &Facts) -> Linked<'i> {
    let mut linked = Linked { records: Vec::new(), dead: Vec::new(), elsewhere: Vec::new() };
    let reverts = Reverts::of_title(&change.title);
    for text in &change.texts {
        let own = index.links(&own_words(&text.text, reverts), &facts.template);
        let quoted = index.links(&text.text, &facts.template).into_iter();
        for link in quoted.filter(|link| own.iter().all(|own| own.target != link.target)) {
            if let Resolved::Record(_) = index.resolve(&link.target) {
                let why = "quoted of the change that is taken back, for which it was decided";
                linked.dead.push((link.written, why.to_owned()));
            }
        }
        for link in own {
            match index.resolve(&link.target) {
                Resolved::Record(record) => linked.add(record, link.written, index, facts.now),
                Resolved::Missing => {
                    linked.dead.push((link.written, "not found at the deployed commit".to_owned()))
                }
                Resolved::Ambiguous(paths) => {
                    linked.dead.push((link.written, format!("it may be any of {}", paths.join(", "))));
                }
                Resolved::Elsewhere(why) => linked.elsewhere.push((link.written, why)),
                Resolved::NotARecord => {}
            }
        }
    }
    // A record that the change itself brings is as near to it as a link.
    for path in change.paths.iter().filter(|path| path.how == PathChange::Added) {
        if let Some(record) = index.at(&path.path) {
            linked.add(record, path.path.clone(), index, facts.now);
        }
    }
    linked
}

fn of_change(change: &Change, index: &RecordIndex, facts: &Facts, when: &KindsWhen<'_>) -> Finding {
    let kinds = when.needed_by(change);
    let mut linked = linked(change, index, facts);
    for record in when.edited(change, index) {
        linked.add(record, record.path.clone(), index, facts.now);
    }
    let accepted: Vec<&str> = linked
        .records
        .iter()
        .filter(|(_, standing, _)| *standing == Standing::Accepted)
        .map(|(record, ..)| record.path.as_str())
        .collect();
    let mut parts = Vec::new();
    for (record, standing, written) in &linked.records {
        parts.push(of_record(change, record, standing, written, &accepted));
    }
    let mut whole = Finding::new(Support::Missing);
    for (written, why) in linked.dead.iter().chain(&linked.elsewhere) {
        whole.cautions.push(format!("{} links {written}: {why}", change.name));
        whole.records.push(row(change, written, why, None, Support::Missing));
    }
    let accepted_kind = |kind: RecordKind| {
        linked
            .records
            .iter()
            .any(|(record, standing, _)| record.kind == kind && *standing == Standing::Accepted)
    };
    let lacking: Vec<&str> =
        kinds.iter().filter(|kind| !accepted_kind(**kind)).map(|kind| kind.as_str()).collect();
    if !parts.is_empty() {
        if !lacking.is_empty() {
            parts.push(lacks(change, facts, &lacking));
        }
        // What the change links has to stand, all of it; superseded records beside their successor are history.
        let decided = Finding::all(parts);
        whole.support = decided.support;
        return whole.with(decided);
    }
    if let Some(none) = no_record(change, facts) {
        return whole_with(whole, none);
    }
    let finding = if linked.elsewhere.is_empty() {
        nothing(change, facts, &linked)
    } else {
        Finding::unknown(&Gap::new(
            format!("{} links a decision record that lies elsewhere", change.name),
            Who::Author,
            "link a record of this repository",
        ))
    };
    whole_with(whole, finding)
}

fn whole_with(mut whole: Finding, finding: Finding) -> Finding {
    whole.support = finding.support;
    whole.with(finding)
}

fn of_record(
    change: &Change,
    record: &DecisionRecord,
    standing: &Standing,
    written: &str,
    accepted: &[&str],
) -> Finding {
    let status = standing.words();
    let (support, need) = match standing {
        Standing::Accepted => (Support::For, None),
        // History: its successor is linked as well, and accepted.
        Standing::Superseded(chain, _)
            if chain.last().is_some_and(|last| accepted.contains(&last.as_str())) =>
        {
            let mut finding = Finding::new(Support::For);
            finding.records.push(row(change, written, &status, Some(&record.path), Support::For));
            return finding;
        }
        Standing::Superseded(chain, end) => {
            let how = match chain.last() {
                Some(last) if *end == ChainEnd::Accepted => format!("link {last} in its place"),
                Some(_) if *end == ChainEnd::TooLong => {
                    "link the record that holds now, and mend the chain of those that supersede each other"
                        .to_owned()
                }
                Some(last) => format!("link {last} in its place, once it is accepted and stands"),
                None => "link the record that holds now".to_owned(),
            };
            (
                Support::Against,
                Some(Need::new(
                    format!("{} links {}, which is {status}", change.name, record.path),
                    Who::Author,
                    how,
                )),
            )
        }
        Standing::NotAccepted(status) => {
            let support = if status.is_unread() { Support::Unknown } else { Support::Against };
            (support, Some(not_accepted(change, record, status)))
        }
    };
    let mut finding = Finding::new(support);
    finding.evidence.push(Evidence {
        support,
        what: format!("{} links {} ({}), which is {status}", change.name, record.path, record.title),
        place: Some(Place::Path(record.path.clone())),
        when: record.date.clone().map(When::On),
        by: record.deciders.clone(),
    });
    finding.needs.extend(need);
    finding.records.push(row(change, written, &status, Some(&record.path), support));
    finding
}

/// What is wrong with a record that is not accepted, and how to write it.
fn not_accepted(change: &Change, record: &DecisionRecord, status: &RecordStatus) -> Need {
    let (change, path, place) = (&change.name, &record.path, record.status_place());
    let (what, how) = match status {
        RecordStatus::Unknown(raw) => (
            format!("{change} links {path}, whose status `{raw}` ({place}) is not understood"),
            "where it is decided, write `Accepted` there, alone or with who and when (`Accepted by the board on 2026-01-02`), and other words in another section"
                .to_owned(),
        ),
        RecordStatus::Contradictory(raw) => (
            format!("{change} links {path}, which declares several statuses: {raw}"),
            format!("leave the one that holds in {path}"),
        ),
        RecordStatus::Absent => (
            format!("{change} links {path}, which is without a status"),
            format!("where it is decided, write `Status: Accepted` under the title of {path}"),
        ),
        RecordStatus::TooLarge(_) => {
            (format!("{change} links {path}, which is {}", status.words()), format!("make {path} smaller"))
        }
        RecordStatus::NotYet(day) => (
            format!("{change} links {path}, which is {} ({place})", status.words()),
            format!("deploy it from {day} on, or mend the day in {path}"),
        ),
        RecordStatus::Unreadable => {
            (format!("{change} links {path}, which is {}", status.words()), format!("save {path} as UTF-8 text"))
        }
        RecordStatus::Draft
        | RecordStatus::Proposed
        | RecordStatus::Accepted
        | RecordStatus::Rejected
        | RecordStatus::Deprecated
        | RecordStatus::Superseded => (
            format!("{change} links {path}, which is {} ({place})", status.words()),
            format!("have {path} accepted, or link the record that decides this"),
        ),
    };
    Need::new(what, Who::Author, how)
}

/// `Decision: none (reason)`, approved by somebody else.
fn no_record(change: &Change, facts: &Facts) -> Option<Finding> {
    let reverts = Reverts::of_title(&change.title);
    let said =
        change.texts.iter().filter_map(|text| no_decision(&own_words(&text.text, reverts), &facts.template));
    let mut reason = None;
    let mut without = false;
    for word in said {
        match word {
            NoDecision::Because(text) => reason = Some(text),
            NoDecision::WithoutReason => without = true,
        }
    }
    let Some(reason) = reason else {
        return without.then(|| {
            let what = "it is said to need no decision record, and not why";
            let need = Need::new(what, Who::Author, "write `Decision: none (REASON)`").of(&change.name);
            let mut finding = Finding::missing(need);
            finding.records.push(row(change, "none", "without a reason", None, Support::Missing));
            finding
        });
    };
    let approval = evidence::approval(change, &[]);
    let support = approval.support;
    let mut finding = Finding::new(support);
    let words = match support {
        Support::For => "approved",
        Support::Against => "rejected",
        Support::Missing => "not approved by anybody else",
        Support::Unknown => "approval not known",
    };
    finding.records.push(row(change, &format!("none ({reason})"), words, None, support));
    if support == Support::For {
        finding.evidence.push(Evidence {
            place: change.place.clone(),
            ..Evidence::new(Support::For, format!("{} needs no decision record: {reason}", change.name))
        });
    }
    Some(finding.with(approval))
}

fn nothing(change: &Change, facts: &Facts, linked: &Linked<'_>) -> Finding {
    let dead: Vec<String> = linked.dead.iter().map(|(written, why)| format!("{written} ({why})")).collect();
    let what = if dead.is_empty() {
        "no decision record is linked".to_owned()
    } else {
        format!("no decision record is linked that counts: {}", dead.join(", "))
    };
    let how = "link the accepted record in the pull request or the commit (`ADR: 12`), or write `Decision: none (REASON)`";
    let mut finding = unless_unread(what, how, change, facts);
    finding.records.push(row(change, "", "none linked", None, finding.support));
    finding
}

/// Something is missing, unless a pull request that nobody could read has it.
pub(super) fn unless_unread(what: String, how: &str, change: &Change, facts: &Facts) -> Finding {
    let (support, need) = match &facts.conversations {
        Gathered::Known(()) => (Support::Missing, Need::new(what, Who::Author, how)),
        Gathered::Unknown(gap) => {
            let what = format!("{what} in its commits, and {}", gap.why);
            (
                Support::Unknown,
                Need::new(what, Who::Author.or(gap.who.clone()), format!("{how}; or {}", gap.how)),
            )
        }
    };
    Finding { needs: vec![need.of(&change.name)], ..Finding::new(support) }
}

/// A kind of record that the change's paths ask for is not among those that it links.
fn lacks(change: &Change, facts: &Facts, kinds: &[&str]) -> Finding {
    let kinds = kinds.join(" and ");
    let what = format!("no accepted {kinds} is linked, which its paths ask for,");
    unless_unread(what, &format!("link an accepted {kinds} as well"), change, facts)
}

fn row(change: &Change, record: &str, status: &str, path: Option<&str>, support: Support) -> LinkedRecord {
    LinkedRecord {
        change: change.name.clone(),
        record: record.to_owned(),
        status: status.to_owned(),
        path: path.map(str::to_owned),
        support,
    }
}
