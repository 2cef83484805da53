//! From rules and facts to the outcome. Pure: the same rules and facts give the same outcome.

mod decisions;
mod evidence;
mod guarded;
mod migrations;
mod run;

use crate::checklist::facts::{Change, Deployment, Facts, Gap, Gathered, WaiverFact};
use crate::checklist::outcome::{
    ChecklistOutcome, Evidence, Irreversible, ItemOutcome, ItemStatus, LinkedRecord, Need, Support, Verdict,
    WaiverShown, WaiverState, Who,
};
use crate::checklist::rules::{ChecklistRules, ItemKind, ItemRule, Waiver, WaiverGiven};
use crate::checklist::{ChangeShown, PathPatterns, RunbookItem};
use crate::policy::Enforcement;

pub use self::evidence::same_person;

/// Judges a deployment's checklist.
///
/// What is not known satisfies nothing; evidence that speaks against an item fails it; a waiver counts where it is dated,
/// not past its date and seen to be approved. Production never proceeds on an incomplete checklist, whatever its
/// enforcement.
///
/// ```
/// use runbook_gate::checklist::{ChecklistRules, Facts, Gap, Verdict, Who, judge};
///
/// let gap = Gap::new("nothing was looked at", Who::Caller, "look");
/// let facts = Facts::unknown("2026-01-01T00:00:00Z".parse()?, &gap);
/// let outcome = judge(&ChecklistRules::runbook("production"), &facts);
/// assert_eq!(outcome.verdict, Verdict::Incomplete);
/// # Ok::<(), runbook_gate::TimestampError>(())
/// ```
#[must_use]
pub fn judge(rules: &ChecklistRules, facts: &Facts) -> ChecklistOutcome {
    let (deploying, commit, changes) = match &facts.deployment {
        Gathered::Known(deployment) => (
            deployment.words(),
            Some(deployment.commit.id.clone()),
            Some(deployment.changes.iter().map(ChangeShown::from).collect()),
        ),
        Gathered::Unknown(gap) => (format!("what is being deployed is not known: {}", gap.why), None, None),
    };
    let outcome = ChecklistOutcome {
        at: facts.now,
        environment: rules.environment.clone(),
        verdict: Verdict::NotEvaluated,
        deploying,
        commit,
        changes,
        items: Vec::new(),
    };
    if rules.enforcement == Enforcement::Off && !rules.always_holds() {
        return outcome;
    }
    let items: Vec<ItemOutcome> = rules.items.iter().map(|item| judge_item(rules, item, facts)).collect();
    let complete = !items.is_empty() && items.iter().all(|item| item.status.lets_pass());
    let verdict = if complete { Verdict::Complete } else { Verdict::Incomplete };
    ChecklistOutcome { verdict, items, ..outcome }
}

/// What judging one thing came to.
#[derive(Clone, Debug)]
struct Finding {
    support: Support,
    evidence: Vec<Evidence>,
    needs: Vec<Need>,
    cautions: Vec<String>,
    records: Vec<LinkedRecord>,
    irreversible: Vec<Irreversible>,
}

impl Finding {
    fn new(support: Support) -> Self {
        Self {
            support,
            evidence: Vec::new(),
            needs: Vec::new(),
            cautions: Vec::new(),
            records: Vec::new(),
            irreversible: Vec::new(),
        }
    }

    /// Satisfied by a fact.
    fn by(evidence: Evidence) -> Self {
        Self { evidence: vec![evidence], ..Self::new(Support::For) }
    }

    /// Spoken against by a fact, which somebody has to change.
    fn against(evidence: Evidence, need: Need) -> Self {
        Self { evidence: vec![evidence], needs: vec![need], ..Self::new(Support::Against) }
    }

    fn missing(need: Need) -> Self {
        Self { needs: vec![need], ..Self::new(Support::Missing) }
    }

    fn unknown(gap: &Gap) -> Self {
        let need = Need::new(gap.why.clone(), gap.who.clone(), gap.how.clone());
        Self { needs: vec![need], ..Self::new(Support::Unknown) }
    }

    /// All of them are asked.
    fn all(parts: Vec<Self>) -> Self {
        let support = Support::all(parts.iter().map(|part| part.support));
        parts.into_iter().fold(Self::new(support), Self::with)
    }

    /// Any one is enough: of those that satisfy, their facts; otherwise what each would need, as one choice.
    fn any(parts: Vec<Self>) -> Self {
        let support = Support::any(parts.iter().map(|part| part.support));
        let mut whole = Self::new(support);
        let mut choices: Vec<Need> = Vec::new();
        for part in parts {
            let decides = part.support == support;
            match (support, part.support) {
                (Support::For | Support::Against, _) if !decides => {
                    whole.cautions.extend(part.cautions);
                }
                (Support::Missing | Support::Unknown, _) => {
                    for need in part.needs {
                        let left = choices.iter_mut().try_fold(need, |need, known| known.take(need));
                        choices.extend(left);
                    }
                    whole.evidence.extend(part.evidence);
                    whole.cautions.extend(part.cautions);
                }
                _ => whole = whole.with(part),
            }
        }
        if let Some(choice) = one_of(choices) {
            whole.needs.push(choice);
        }
        whole
    }

    fn with(mut self, other: Self) -> Self {
        self.evidence.extend(other.evidence);
        for need in other.needs {
            // Two hundred changes without an approval are one need.
            let left = self.needs.iter_mut().try_fold(need, |need, known| known.take(need));
            self.needs.extend(left);
        }
        for caution in other.cautions {
            if !self.cautions.contains(&caution) {
                self.cautions.push(caution);
            }
        }
        self.records.extend(other.records);
        self.irreversible.extend(other.irreversible);
        self
    }
}

/// Several needs of which one has to be met.
fn one_of(needs: Vec<Need>) -> Option<Need> {
    let mut needs = needs.into_iter();
    let first = needs.next()?;
    Some(needs.fold(first, |whole, next| Need {
        about: whole.about.into_iter().chain(next.about).collect(),
        what: if whole.what.contains(&next.what) {
            whole.what
        } else {
            format!("{}; {}", whole.what, next.what)
        },
        who: if whole.who == next.who { whole.who } else { whole.who.or(next.who) },
        how: if whole.how.contains(&next.how) {
            whole.how
        } else {
            format!("{}; or {}", whole.how, next.how)
        },
    }))
}

/// What an item concerns.
enum Scope<'f> {
    /// It does not concern this deployment, in words.
    Nothing(String),
    /// These changes.
    Changes(&'f Deployment, Vec<&'f Change>),
    /// What is deployed is not known, and it does not matter which changes it concerns.
    Whole,
    /// What is deployed is not known, and that matters.
    Unknown(&'f Gap),
}

/// The changes of a deployment that touch paths.
fn touching<'f>(deployment: &'f Deployment, paths: &PathPatterns) -> Vec<&'f Change> {
    deployment
        .changes
        .iter()
        .filter(|change| change.paths.iter().any(|path| paths.matches(&path.path)))
        .collect()
}

fn scope<'f>(item: &ItemRule, facts: &'f Facts) -> Scope<'f> {
    let paths = concerned_paths(item);
    match &facts.deployment {
        Gathered::Known(deployment) if paths.is_empty() => {
            Scope::Changes(deployment, deployment.changes.iter().collect())
        }
        Gathered::Known(deployment) => {
            let changes: Vec<&Change> = deployment
                .changes
                .iter()
                .filter(|change| paths.iter().any(|paths| touches(change, paths)))
                .collect();
            if changes.is_empty() {
                let written: Vec<&str> =
                    paths.iter().flat_map(|paths| paths.written()).map(String::as_str).collect();
                Scope::Nothing(format!(
                    "nothing changed under {} since {}",
                    written.join(", "),
                    deployment.since.words()
                ))
            } else {
                Scope::Changes(deployment, changes)
            }
        }
        Gathered::Unknown(_) if paths.is_empty() => Scope::Whole,
        Gathered::Unknown(gap) => Scope::Unknown(gap),
    }
}

/// The paths of which one must have changed for an item to be required; none where it always is.
fn concerned_paths(item: &ItemRule) -> Vec<&PathPatterns> {
    let kinds = match &item.kind {
        ItemKind::Decisions { adr_when, bdr_when } => [adr_when.as_ref(), bdr_when.as_ref()],
        _ => [None, None],
    };
    item.required_when.iter().chain(kinds.into_iter().flatten()).collect()
}

fn touches(change: &Change, paths: &PathPatterns) -> bool {
    change.paths.iter().any(|path| paths.matches(&path.path))
}

/// An item's finding, or that it does not concern this deployment.
enum Judged {
    NotApplicable(String),
    Found(Finding),
}

fn judge_item(rules: &ChecklistRules, item: &ItemRule, facts: &Facts) -> ItemOutcome {
    let judged = if item.environments.include(&rules.environment) {
        found(rules, item, facts)
    } else {
        Judged::NotApplicable(format!("it concerns {} only", item.environments.words()))
    };
    let (status, because, finding) = match judged {
        Judged::NotApplicable(why) => (ItemStatus::NotApplicable, why, Finding::new(Support::For)),
        Judged::Found(finding) => (finding.support.status(), because(&finding), finding),
    };
    let mut outcome = ItemOutcome {
        id: item.id.clone(),
        title: item.title.clone(),
        status,
        because,
        evidence: finding.evidence,
        needs: if status.lets_pass() { Vec::new() } else { finding.needs },
        waivers: Vec::new(),
        cautions: finding.cautions,
        records: finding.records,
        irreversible: finding.irreversible,
    };
    waive(rules, facts, &mut outcome);
    outcome
}

fn found(rules: &ChecklistRules, item: &ItemRule, facts: &Facts) -> Judged {
    let scope = scope(item, facts);
    if let Scope::Nothing(why) = scope {
        return Judged::NotApplicable(why);
    }
    if let Scope::Unknown(gap) = scope {
        return Judged::Found(Finding::unknown(gap));
    }
    let mut parts = Vec::new();
    let own = match &item.kind {
        ItemKind::Evidence => None,
        ItemKind::Decisions { adr_when, bdr_when } => {
            let kinds = decisions::KindsWhen {
                adr: adr_when.as_ref(),
                bdr: bdr_when.as_ref(),
                any: item.required_when.as_ref(),
            };
            Some(decisions::judge(facts, &scope, &kinds))
        }
        ItemKind::Migrations { paths, approvers, min_words } => {
            Some(migrations::judge(facts, paths, approvers, *min_words))
        }
        ItemKind::PolicyReviewed => Some(guarded::judge(rules, facts)),
        ItemKind::PipelineGreen => Some(run::pipeline_green(facts)),
        ItemKind::TelemetryReady => Some(run::telemetry_ready(facts)),
        ItemKind::VersionConfirmed => Some(Judged::NotApplicable(
            "it is known only after the deployment: `verify` begins when the deployed version serves"
                .to_owned(),
        )),
    };
    match own {
        Some(Judged::NotApplicable(why)) => return Judged::NotApplicable(why),
        Some(Judged::Found(finding)) => parts.push(finding),
        None if item.evidence.is_empty() => {
            return Judged::Found(Finding::missing(Need::new(
                "the policy asks for no evidence of this item",
                Who::PipelineOwner,
                format!("write `evidence` for `{}` in the policy", item.id),
            )));
        }
        None => {}
    }
    parts.extend(item.evidence.iter().map(|rule| evidence::judge(rule, item, facts, &scope)));
    Judged::Found(Finding::all(parts))
}

/// Why an item stands where it stands: what decided, in one sentence.
fn because(finding: &Finding) -> String {
    let listed = |texts: Vec<&str>| -> String {
        let more = texts.len().saturating_sub(3);
        let mut text = texts.into_iter().take(3).collect::<Vec<_>>().join("; ");
        if more > 0 {
            text.push_str(&format!("; and {more} more"));
        }
        text
    };
    let of = |support: Support| -> Vec<&str> {
        finding
            .evidence
            .iter()
            .filter(|fact| fact.support == support)
            .map(|fact| fact.what.as_str())
            .collect()
    };
    match finding.support {
        Support::For => listed(of(Support::For)),
        Support::Against => listed(of(Support::Against)),
        Support::Missing | Support::Unknown => {
            let sentences: Vec<String> = finding.needs.iter().map(Need::sentence).collect();
            listed(sentences.iter().map(String::as_str).collect())
        }
    }
}

/// Lets a valid waiver except an item that does not stand by itself.
fn waive(rules: &ChecklistRules, facts: &Facts, outcome: &mut ItemOutcome) {
    let mut counting: Option<String> = None;
    let mut doubtful: Option<String> = None;
    let mut expired: Vec<String> = Vec::new();
    for (index, waiver) in rules.waivers.iter().enumerate() {
        if waiver.item != outcome.id || !waiver.environments.include(&rules.environment) {
            continue;
        }
        let standing = match standing(waiver, outcome, facts, facts.waivers.get(index)) {
            // It is to be removed or renewed, whether the item needs it or not.
            WaiverState::Expired => WaiverState::Expired,
            _ if outcome.status.lets_pass() => WaiverState::NotNeeded,
            standing => standing,
        };
        let reason =
            || format!("waived by {} until {}: {}", waiver.approved_by, waiver.expires, waiver.reason);
        match &standing {
            WaiverState::Counts(_) => counting = counting.or_else(|| Some(reason())),
            WaiverState::Unknown(why) => {
                doubtful = doubtful
                    .or_else(|| Some(format!("a waiver by {} may except it, but {why}", waiver.approved_by)));
            }
            WaiverState::Expired => {
                expired.push(format!("its waiver by {} expired on {}", waiver.approved_by, waiver.expires));
            }
            WaiverState::NotApproved(_) | WaiverState::NotNeeded => {}
        }
        outcome.waivers.push(WaiverShown {
            reason: waiver.reason.clone(),
            approved_by: waiver.approved_by.clone(),
            expires: waiver.expires.clone(),
            given: waiver.given,
            standing,
        });
    }
    if outcome.status.lets_pass() {
        return;
    }
    if let Some(reason) = counting {
        outcome.cautions.insert(0, format!("without the waiver: {}", outcome.because));
        outcome.status = ItemStatus::Waived;
        outcome.because = reason;
        outcome.needs.clear();
        return;
    }
    for what in expired {
        outcome.because = format!("{}; {what}", outcome.because);
        let how = "provide what is missing, or agree on a waiver with a later day";
        outcome.needs.push(Need::new(what, Who::Author, how));
    }
    if let Some(doubt) = doubtful {
        outcome.status = ItemStatus::Unknown;
        outcome.because = format!("{doubt}; without it: {}", outcome.because);
    }
}

fn standing(
    waiver: &Waiver,
    outcome: &ItemOutcome,
    facts: &Facts,
    approval: Option<&Gathered<WaiverFact>>,
) -> WaiverState {
    if waiver.given == WaiverGiven::InThePolicy && outcome.id == RunbookItem::PolicyReviewed.id() {
        let why = "no waiver in the policy excepts the review of the policy itself";
        return WaiverState::NotApproved(why.to_owned());
    }
    // Days of UTC compare as texts.
    let today: String = facts.now.to_string().chars().take(10).collect();
    if waiver.expires < today {
        return WaiverState::Expired;
    }
    match approval {
        Some(Gathered::Known(WaiverFact::Approved { seen } | WaiverFact::StoodBefore { seen })) => {
            WaiverState::Counts(seen.clone())
        }
        Some(Gathered::Known(WaiverFact::NotApproved { why })) => WaiverState::NotApproved(why.clone()),
        Some(Gathered::Unknown(gap)) => WaiverState::Unknown(gap.why.clone()),
        None => WaiverState::Unknown("its approval was not looked for".to_owned()),
    }
}

#[cfg(test)]
mod tests;
