//! `policy-reviewed`: who changes the judge needs an owner's approval.

use super::{Finding, Judged, evidence};
use crate::checklist::facts::{Change, Committed, Facts, Gathered};
use crate::checklist::outcome::{Need, Who};
use crate::checklist::rules::ChecklistRules;

pub(super) fn judge(rules: &ChecklistRules, facts: &Facts) -> Judged {
    let policy = match &facts.policy {
        Gathered::Known(policy) => policy,
        Gathered::Unknown(gap) => return Judged::Found(Finding::unknown(gap)),
    };
    let uncommitted = match policy.committed {
        Committed::Same => None,
        Committed::Differs => Some("is not the one of the deployed commit"),
        Committed::Absent => Some("is not in the deployed commit"),
    };
    if let Some(what) = uncommitted {
        return Judged::Found(Finding::missing(Need::new(
            format!("the policy {} that judges here {what}", rules.policy_path),
            Who::Author,
            "commit the policy, and have the change approved by an owner",
        )));
    }
    let deployment = match &facts.deployment {
        Gathered::Known(deployment) => deployment,
        Gathered::Unknown(gap) => return Judged::Found(Finding::unknown(gap)),
    };
    let guarded = |path: &str| {
        path == rules.policy_path || facts.attestation_files.iter().any(|file| file.path == path)
    };
    let changes: Vec<&Change> = deployment
        .changes
        .iter()
        .filter(|change| change.paths.iter().any(|path| guarded(&path.path)))
        .collect();
    if changes.is_empty() {
        let why =
            format!("neither the policy nor an attestation file changed since {}", deployment.since.words());
        return Judged::NotApplicable(why);
    }
    // The owners of before the change decide: who adds himself as an owner needs an owner.
    let owners = policy.owners_before.as_ref().unwrap_or(&rules.owners);
    if owners.is_empty() {
        return Judged::Found(Finding::missing(Need::new(
            "the policy changed and names no owner who could approve that",
            Who::PipelineOwner,
            format!("write `owners` in {}", rules.policy_path),
        )));
    }
    let parts = changes.into_iter().map(|change| {
        let mut finding = evidence::approval(change, owners);
        let paths: Vec<&str> =
            change.paths.iter().map(|path| path.path.as_str()).filter(|path| guarded(path)).collect();
        for need in &mut finding.needs {
            need.what = format!("{} changed, and {}", paths.join(", "), need.what);
            if need.who == Who::SecondPerson {
                need.who = Who::OneOf(owners.clone());
            }
        }
        finding
    });
    Judged::Found(Finding::all(parts.collect()))
}
