//! One kind of evidence against the facts.

use std::collections::BTreeSet;

use super::{Finding, Scope};
use crate::Timestamp;
use crate::checklist::attestation::{TickState, last_box};
use crate::checklist::decision::revert::{Reverts, own_words};
use crate::checklist::document::{self, DocumentFinding};
use crate::checklist::facts::{
    ArtifactState, AttestationFile, Change, CheckFact, Facts, Gap, Gathered, TestFact, TextSource, Vote,
    VoteSays, Voter,
};
use crate::checklist::outcome::{Evidence, Need, Place, Support, When, Who};
use crate::checklist::rules::{AttestedBy, AttestedRule, EvidenceRule, ItemRule};

pub(super) fn judge(rule: &EvidenceRule, item: &ItemRule, facts: &Facts, scope: &Scope<'_>) -> Finding {
    match rule {
        EvidenceRule::Tests { at_least, .. } => tests(*at_least, facts),
        EvidenceRule::Approval { by } => match scope {
            Scope::Changes(deployment, changes) if changes.is_empty() => {
                let what = format!("nothing changed since {}", deployment.since.words());
                Finding::by(Evidence::new(Support::For, what))
            }
            Scope::Changes(_, changes) => {
                Finding::all(changes.iter().map(|change| approval(change, by)).collect())
            }
            Scope::Whole | Scope::Nothing(_) | Scope::Unknown(_) => deployment_gap(facts),
        },
        EvidenceRule::Attested(rule) => attested(rule, item, facts),
        EvidenceRule::Artifact(name) => artifact(name.as_deref(), facts),
        EvidenceRule::Image(_) | EvidenceRule::Command(_) | EvidenceRule::HttpJson(_) => check(rule, facts),
        EvidenceRule::Document { path, section, min_words } => {
            document(path, section.as_deref(), *min_words, facts)
        }
        EvidenceRule::WorkItem { kind, state, tag } => {
            work_item(rule, [kind.as_deref(), state.as_deref(), tag.as_deref()], facts)
        }
        EvidenceRule::Any(rules) => {
            Finding::any(rules.iter().map(|rule| judge(rule, item, facts, scope)).collect())
        }
    }
}

fn deployment_gap(facts: &Facts) -> Finding {
    match &facts.deployment {
        Gathered::Unknown(gap) => Finding::unknown(gap),
        Gathered::Known(_) => Finding::new(Support::Unknown),
    }
}

fn tests(at_least: u64, facts: &Facts) -> Finding {
    let results = match &facts.tests {
        Gathered::Known(results) => results,
        Gathered::Unknown(gap) => return Finding::unknown(gap),
    };
    let mut whole = Finding::new(Support::For);
    let mut counts = crate::checklist::TestCounts::default();
    let mut unusable = Vec::new();
    let mut unmatched = Vec::new();
    for result in results {
        match result {
            TestFact::Read(report) => {
                counts = counts.plus(report.counts);
                let support = if report.counts.failed > 0 { Support::Against } else { Support::For };
                let names = if report.failing.is_empty() {
                    String::new()
                } else {
                    format!(": {}", report.failing.join(", "))
                };
                let mut fact = Evidence::new(support, format!("{}{names}", report.counts.words()))
                    .at(Place::Path(report.place.clone()));
                fact.when = report.when.map(When::At);
                whole.evidence.push(fact);
                unusable.extend(report.doubts.iter().map(|doubt| format!("{} {doubt}", report.place)));
                whole
                    .cautions
                    .extend(report.cautions.iter().map(|caution| format!("{} {caution}", report.place)));
            }
            TestFact::Own { place } => {
                whole
                    .cautions
                    .push(format!("{place} is a report of runbook-gate itself and counts for nothing"));
            }
            TestFact::Unmatched { pattern } => unmatched.push(format!("`{pattern}`")),
            TestFact::Unusable { place, why } => {
                unusable.push(format!("{place} {why}"));
            }
        }
    }
    whole.support = counts.support(at_least);
    if !unusable.is_empty() && whole.support != Support::Against {
        // A file that cannot be read may hold the failure.
        whole.support = Support::Unknown;
        for what in unusable {
            whole.needs.push(Need::new(
                what,
                Who::PipelineOwner,
                "run the tests again and give their whole results",
            ));
        }
        return whole;
    }
    let need = match whole.support {
        Support::For => None,
        Support::Against => Some(Need::new(
            format!(
                "{} failed",
                if counts.failed == 1 { "1 test".to_owned() } else { format!("{} tests", counts.failed) }
            ),
            Who::Author,
            "mend what fails, and run the tests again",
        )),
        Support::Unknown => Some(Need::new(
            format!("{} tests ended without a result", counts.undecided),
            Who::Author,
            "let every test pass, fail or be skipped",
        )),
        Support::Missing if counts.total() == 0 && !unmatched.is_empty() => Some(Need::new(
            format!("no test ran: no file matches {}", unmatched.join(", ")),
            Who::PipelineOwner,
            "let the build write its test results there, or correct the pattern; on a desk name the files with `--tests`",
        )),
        Support::Missing if counts.total() == 0 => Some(Need::new(
            "no test ran",
            Who::PipelineOwner,
            "publish the build's test results before this gate; having no tests is not passing",
        )),
        Support::Missing => Some(Need::new(
            format!("{} tests passed of at least {} ({})", counts.passed, at_least.max(1), counts.words()),
            Who::PipelineOwner,
            "run all of the build's tests",
        )),
    };
    whole.needs.extend(need);
    whole
}

/// An approval of one change by somebody else than its author, and no rejection.
pub(super) fn approval(change: &Change, by: &[String]) -> Finding {
    let votes = match &change.votes {
        Gathered::Known(votes) => votes,
        Gathered::Unknown(gap) => {
            let what = format!("whether it was approved is not known: {}", gap.why);
            let need = Need::new(what, gap.who.clone(), gap.how.clone()).of(&change.name);
            return Finding { needs: vec![need], ..Finding::new(Support::Unknown) };
        }
    };
    let fact = |support: Support, vote: &Vote, what: String| {
        let when = vote.when.map(When::At);
        Evidence { support, what, place: change.place.clone(), when, by: Some(vote.by.clone()) }
    };
    if let Some(vote) = votes.iter().find(|vote| vote.says == VoteSays::Rejected) {
        return Finding::against(
            fact(Support::Against, vote, format!("{} was rejected by {}", change.name, vote.by)),
            Need::new("it is rejected", Who::OneOf(vec![vote.by.clone()]), "settle the objection")
                .of(&change.name),
        );
    }
    let fits = |vote: &&Vote| {
        let named = by.is_empty()
            || by.iter().any(|name| {
                same_person(name, &vote.by) || vote.groups.iter().any(|group| same_person(name, group))
            });
        vote.says == VoteSays::Approved && vote.voter == Voter::SomebodyElse && named
    };
    match votes.iter().find(fits) {
        Some(vote) => {
            Finding::by(fact(Support::For, vote, format!("{} was approved by {}", change.name, vote.by)))
        }
        None => {
            let who = if by.is_empty() { Who::SecondPerson } else { Who::OneOf(by.to_vec()) };
            Finding::missing(
                Need::new("there is no approval that counts", who, "approve it").of(&change.name),
            )
        }
    }
}

/// Whether two names mean the same person or group, as services print them: `[Project]\Group`, `group@contoso.com`.
///
/// ```
/// use runbook_gate::checklist::same_person;
/// assert!(same_person("Owners", "[orders]\\owners"));
/// assert!(!same_person("", "") && !same_person("Owners", "Other owners"));
/// ```
#[must_use]
pub fn same_person(asked: &str, found: &str) -> bool {
    let bare = |name: &str| name.rsplit('\\').next().unwrap_or(name).trim().to_lowercase();
    !asked.trim().is_empty() && bare(asked) == bare(found)
}

/// A word found somewhere.
struct Word {
    evidence: Evidence,
    /// Whether it has a writer and a time of its own.
    source: TextSource,
}

/// A tick that its writer took back.
struct TakenBack {
    evidence: Evidence,
    /// When, where it has a time of its own.
    when: Option<Timestamp>,
}

fn attested(rule: &AttestedRule, item: &ItemRule, facts: &Facts) -> Finding {
    let mut words: Vec<Word> = Vec::new();
    let mut open: Vec<TakenBack> = Vec::new();
    let mut taken_back: Vec<TakenBack> = Vec::new();
    let mut cautions = Vec::new();
    for given in facts.given.iter().filter(|given| given.item.eq_ignore_ascii_case(item.id.as_str())) {
        let what = format!("{} says: {}", given.how, given.words);
        words.push(Word { evidence: Evidence::new(Support::For, what), source: TextSource::Description });
    }
    let changes: &[Change] = facts.deployment.known().map_or(&[], |deployment| &deployment.changes);
    for change in changes {
        let reverts = Reverts::of_title(&change.title);
        for text in &change.texts {
            let own = own_words(&text.text, reverts);
            let Some(found) = last_box(&own, &facts.template, &item.id, &item.title) else { continue };
            let when = text.when.filter(|_| has_writer_and_time(text.source));
            let said = |support: Support, what: &str| Evidence {
                support,
                what: format!("{what} in {}: {}", change.name, found.label),
                place: text.place.clone().or_else(|| change.place.clone()),
                when: when.map(When::At),
                by: text.by.clone().or_else(|| change.author.clone()),
            };
            match found.state {
                TickState::Ticked => {
                    words.push(Word { evidence: said(Support::For, "ticked"), source: text.source });
                }
                TickState::TakenBack => {
                    taken_back.push(TakenBack { evidence: said(Support::Against, "taken back"), when });
                }
                TickState::Open => {
                    cautions.push(format!("left open in {}: {}", change.name, found.label));
                    if when.is_some() {
                        open.push(TakenBack { evidence: said(Support::Against, "taken back"), when });
                    }
                }
            }
        }
    }
    for file in &facts.attestation_files {
        file_words(file, item, facts, &mut words, &mut cautions);
    }
    // An open box takes back what the same person ticked before it. That a tick is older cannot be told without its time.
    taken_back.extend(open.into_iter().filter(|open| {
        words.iter().any(|word| same_writer(&word.evidence, &open.evidence) && !is_later(word, open))
    }));
    taken_back.retain(|back| !words.iter().any(|word| is_later(word, back)));
    let mut finding = if taken_back.is_empty() {
        choose(rule, item, facts, words)
    } else {
        let by: BTreeSet<String> = taken_back.iter().filter_map(|back| back.evidence.by.clone()).collect();
        let who = if by.is_empty() { Who::Author } else { Who::OneOf(by.into_iter().collect()) };
        let how = format!("tick `- [x] {}` again in a new comment once it is so", item.id);
        let need = Need::new(format!("{} was attested and taken back", item.id), who, how);
        let evidence = taken_back.into_iter().map(|back| back.evidence).collect();
        Finding { evidence, needs: vec![need], ..Finding::new(Support::Against) }
    };
    finding.cautions.extend(cautions);
    finding
}

fn same_writer(one: &Evidence, other: &Evidence) -> bool {
    one.by.as_deref().zip(other.by.as_deref()).is_some_and(|(one, other)| same_person(one, other))
}

/// Whether a tick is known to be later than what was taken back.
fn is_later(word: &Word, back: &TakenBack) -> bool {
    match (&word.evidence.when, back.when) {
        (Some(When::At(ticked)), Some(back)) => *ticked > back,
        _ => false,
    }
}

const fn has_writer_and_time(source: TextSource) -> bool {
    matches!(source, TextSource::Comment | TextSource::WorkItem)
}

/// The words of an attestation file. A tick speaks for the deployment that brought it: one from before would stand for ever.
fn file_words(
    file: &AttestationFile,
    item: &ItemRule,
    facts: &Facts,
    words: &mut Vec<Word>,
    cautions: &mut Vec<String>,
) {
    let Gathered::Known(Some(text)) = &file.text else { return };
    let changed = facts.deployment.known().is_some_and(|deployment| {
        deployment.changes.iter().any(|change| change.paths.iter().any(|path| path.path == file.path))
    });
    let Some(found) = last_box(text, &facts.template, &item.id, &item.title) else { return };
    match (found.state, changed) {
        (TickState::Ticked, true) => words.push(Word {
            evidence: Evidence::new(
                Support::For,
                format!("ticked in {} (line {}): {}", file.path, found.line, found.label),
            )
            .at(Place::Path(file.path.clone())),
            source: TextSource::Description,
        }),
        (TickState::Ticked, false) => {
            cautions.push(format!(
                "{} is ticked, but for an earlier deployment: it did not change in this one",
                file.path
            ));
        }
        (TickState::Open | TickState::TakenBack, _) => {
            cautions.push(format!("left open in {} (line {}): {}", file.path, found.line, found.label))
        }
    }
}

fn choose(rule: &AttestedRule, item: &ItemRule, facts: &Facts, words: Vec<Word>) -> Finding {
    let changes = facts.deployment.known().map_or(&[][..], |deployment| &deployment.changes);
    let mut doubt: Option<String> = None;
    let mut refused: Vec<Evidence> = Vec::new();
    let mut taken: Vec<Evidence> = Vec::new();
    for word in words {
        let (support, how, why) = match objection(rule, &word, changes, facts) {
            None => {
                taken.push(word.evidence);
                continue;
            }
            Some(Objection::NotEnough(why)) => (Support::Missing, "which is not enough", why),
            Some(Objection::Doubt(why)) => {
                doubt.get_or_insert_with(|| why.clone());
                (Support::Unknown, "which may not be enough", why)
            }
        };
        let what = format!("{}, {how}: {why}", word.evidence.what);
        refused.push(Evidence { support, what, ..word.evidence });
    }
    if !taken.is_empty() {
        return Finding { evidence: taken, ..Finding::new(Support::For) };
    }
    let dated = rule.max_age.is_some() || rule.person == AttestedBy::SecondPerson;
    let how = if dated {
        format!("write a comment with `- [x] {}` in the pull request", item.id)
    } else {
        format!("tick `- [x] {}` in the pull request, or give `--attest {}=WORDS`", item.id, item.id)
    };
    let who = if rule.person == AttestedBy::SecondPerson { Who::SecondPerson } else { Who::Author };
    let mut finding = match (&facts.conversations, &facts.deployment, doubt) {
        (Gathered::Known(()), Gathered::Known(_), Some(doubt)) => Finding::unknown(&Gap {
            why: format!("whether a second person attests {} is not known: {doubt}", item.id),
            who: Who::PipelineOwner,
            how: "waive the item for this deployment".to_owned(),
        }),
        (Gathered::Known(()), Gathered::Known(_), None) => {
            Finding::missing(Need::new(format!("nobody attests {}", item.id), who, how))
        }
        (Gathered::Unknown(gap), _, _) | (_, Gathered::Unknown(gap), _) => {
            let how = if dated {
                gap.how.clone()
            } else {
                format!("{}; or give `--attest {}=WORDS`", gap.how, item.id)
            };
            Finding::unknown(&Gap {
                why: format!("whether somebody attests {} is not known: {}", item.id, gap.why),
                who: gap.who.clone(),
                how,
            })
        }
    };
    finding.evidence = refused;
    finding
}

/// What speaks against a word.
enum Objection {
    /// It is not enough for the rule.
    NotEnough(String),
    /// Whether it is enough is not known.
    Doubt(String),
}

/// Why a word is not enough for a rule.
fn objection(rule: &AttestedRule, word: &Word, changes: &[Change], facts: &Facts) -> Option<Objection> {
    if let Some(why) = shortfall(rule, word, changes, facts) {
        return Some(Objection::NotEnough(why));
    }
    let authorless = changes.iter().find(|change| change.author.is_none())?;
    let who = word.evidence.by.as_deref().filter(|_| rule.person == AttestedBy::SecondPerson)?;
    Some(Objection::Doubt(format!("who made {} is not known, and may be {who}", authorless.name)))
}

fn shortfall(rule: &AttestedRule, word: &Word, changes: &[Change], facts: &Facts) -> Option<String> {
    let mut authors = changes.iter().filter_map(|change| change.author.as_deref());
    let dated = has_writer_and_time(word.source);
    if rule.person == AttestedBy::SecondPerson {
        if !dated {
            return Some("a second person's word needs a comment, a vote or a work item".to_owned());
        }
        match &word.evidence.by {
            None => return Some("nobody is known to have written it".to_owned()),
            Some(by) if authors.any(|author| same_person(author, by)) => {
                return Some(format!("{by} is an author of this deployment"));
            }
            Some(_) => {}
        }
    }
    if let Some(max_age) = rule.max_age {
        match (&word.evidence.when, dated) {
            (Some(When::At(when)), true) if *when <= facts.now && facts.now.since(*when) <= max_age => {}
            (Some(When::At(when)), true) if *when > facts.now => {
                return Some(format!("it is of {when}, which is not past"));
            }
            (Some(When::At(when)), true) => return Some(format!("it is of {when}, older than {max_age}")),
            _ => return Some(format!("it has no time, and may be at most {max_age} old")),
        }
    }
    None
}

fn artifact(name: Option<&str>, facts: &Facts) -> Finding {
    let artifacts = match &facts.artifacts {
        Gathered::Known(artifacts) => artifacts,
        Gathered::Unknown(gap) => return Finding::unknown(gap),
    };
    let fitting: Vec<_> =
        artifacts.iter().filter(|artifact| name.is_none_or(|name| artifact.name == name)).collect();
    if fitting.is_empty() {
        let (what, how) = match name {
            Some(name) => (
                format!("the artifact {name} is not stored"),
                format!("publish the artifact `{name}` before this gate"),
            ),
            None => (
                "no artifact is stored".to_owned(),
                "publish what is deployed as an artifact of the run".to_owned(),
            ),
        };
        return Finding::missing(Need::new(what, Who::PipelineOwner, how));
    }
    let parts = fitting.into_iter().map(|artifact| {
        let fact = |support: Support, words: &str| {
            let details =
                if artifact.details.is_empty() { String::new() } else { format!(" ({})", artifact.details) };
            Evidence {
                place: artifact.place.clone(),
                ..Evidence::new(support, format!("the artifact {} {words}{details}", artifact.name))
            }
        };
        let need = |what: &str| {
            Need::new(
                format!("the artifact {} {what}", artifact.name),
                Who::PipelineOwner,
                "build and store it again",
            )
        };
        match artifact.state {
            ArtifactState::Stored => Finding::by(fact(Support::For, "is stored")),
            ArtifactState::Empty => Finding::against(fact(Support::Against, "is empty"), need("is empty")),
            ArtifactState::Mismatch => Finding::against(
                fact(Support::Against, "is not what its checksum says"),
                need("is not what its checksum says"),
            ),
            ArtifactState::Unchecked => Finding::unknown(&Gap::new(
                format!(
                    "whether the artifact {} is what its checksum says is not known ({})",
                    artifact.name, artifact.details
                ),
                Who::PipelineOwner,
                "write its checksum file again, or remove it",
            )),
        }
    });
    Finding::all(parts.collect())
}

fn check(rule: &EvidenceRule, facts: &Facts) -> Finding {
    let words = rule.words();
    match facts.checks.iter().find(|(asked, _)| asked == rule).map(|(_, answer)| answer) {
        Some(Gathered::Known(CheckFact::Holds(seen))) => {
            Finding::by(Evidence::new(Support::For, format!("{words}: {seen}")))
        }
        Some(Gathered::Known(CheckFact::Fails(seen))) => Finding::against(
            Evidence::new(Support::Against, format!("{words}: {seen}")),
            match rule {
                EvidenceRule::Image(_) => Need::new(
                    format!("{words} is not stored"),
                    Who::PipelineOwner,
                    "build and push it before this gate, or correct its name in the policy",
                ),
                _ => Need::new(format!("{words} says otherwise"), Who::Author, "put right what it looks at"),
            },
        ),
        Some(Gathered::Unknown(gap)) => Finding::unknown(gap),
        None => Finding::unknown(&Gap::new(
            format!("{words} was not asked"),
            Who::Caller,
            "run the checklist where it can be asked",
        )),
    }
}

/// `1 word`, `20 words`.
pub(super) fn words_of(count: usize) -> String {
    if count == 1 { "1 word".to_owned() } else { format!("{count} words") }
}

fn document(path: &str, section: Option<&str>, min_words: usize, facts: &Facts) -> Finding {
    let name = section.map_or_else(|| path.to_owned(), |section| format!("section {section} of {path}"));
    let missing = |what: String| {
        Finding::missing(Need::new(
            what,
            Who::Author,
            format!("write {name}, at least {}, and commit it", words_of(min_words)),
        ))
    };
    let text = match facts.documents.get(path) {
        Some(Gathered::Known(Some(text))) => text,
        Some(Gathered::Known(None)) => {
            return missing(format!("{path} does not exist at the deployed commit"));
        }
        Some(Gathered::Unknown(gap)) => return Finding::unknown(gap),
        None => {
            return Finding::unknown(&Gap::new(
                format!("{path} was not looked at"),
                Who::Caller,
                "run the checklist in a checkout",
            ));
        }
    };
    match document::find(text, section) {
        DocumentFinding::NoSection => missing(format!("{path} has no section {}", section.unwrap_or(""))),
        DocumentFinding::Words(0) => missing(format!("{name} is empty")),
        DocumentFinding::Words(words) if words < min_words => {
            missing(format!("{name} has {} of at least {min_words}", words_of(words)))
        }
        DocumentFinding::Words(words) => Finding::by(
            Evidence::new(Support::For, format!("{name} has {}", words_of(words)))
                .at(Place::Path(path.to_owned())),
        ),
    }
}

fn work_item(rule: &EvidenceRule, [kind, state, tag]: [Option<&str>; 3], facts: &Facts) -> Finding {
    let items = match &facts.work_items {
        Gathered::Known(items) => items,
        Gathered::Unknown(gap) => return Finding::unknown(gap),
    };
    let same = |asked: Option<&str>, found: &str| asked.is_none_or(|asked| asked.eq_ignore_ascii_case(found));
    let fitting: Vec<_> = items.iter().filter(|item| same(kind, &item.kind)).collect();
    if fitting.is_empty() {
        let words = rule.words();
        return Finding::missing(Need::new(
            format!("{words} is not linked"),
            Who::Author,
            format!("link {words} to the pull request"),
        ));
    }
    let parts = fitting.into_iter().map(|item| {
        let tagged = tag.is_none_or(|tag| item.tags.iter().any(|found| found.eq_ignore_ascii_case(tag)));
        let fact = |support: Support, words: String| Evidence {
            support,
            what: format!("{} {} ({}) is {words}", item.kind, item.id, item.title),
            place: item.place.clone(),
            when: item.when.map(When::At),
            by: item.by.clone(),
        };
        if !same(state, &item.state) {
            let asked = state.unwrap_or("");
            return Finding::against(
                fact(Support::Against, format!("{}, not {asked}", item.state)),
                Need::new(
                    format!("{} {} is {}", item.kind, item.id, item.state),
                    Who::Author,
                    format!("bring it to {asked}"),
                ),
            );
        }
        if !tagged {
            let asked = tag.unwrap_or("");
            return Finding::missing(Need::new(
                format!("{} {} has no tag {asked}", item.kind, item.id),
                Who::Author,
                format!("give it the tag {asked}"),
            ));
        }
        Finding::by(fact(Support::For, item.state.clone()))
    });
    Finding::all(parts.collect())
}
