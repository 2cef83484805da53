//! `migrations-reviewed`: changed migrations have a record that plans their rollback, and an approval.

use super::decisions::{self, Linked};
use super::{Finding, Judged, evidence, touching};
use crate::checklist::facts::{Change, Facts, Gap, Gathered};
use crate::checklist::migration::{data_plan, irreversible, rollback_plan};
use crate::checklist::outcome::{Evidence, Irreversible, Need, Place, Support, Who};
use crate::checklist::{DecisionRecord, PathPatterns, RecordIndex, RecordStatus, Standing};

pub(super) fn judge(facts: &Facts, paths: &PathPatterns, approvers: &[String], min_words: usize) -> Judged {
    let deployment = match &facts.deployment {
        Gathered::Known(deployment) => deployment,
        Gathered::Unknown(gap) => return Judged::Found(Finding::unknown(gap)),
    };
    let changes = touching(deployment, paths);
    if changes.is_empty() {
        let why = format!(
            "no migration changed ({}) since {}",
            paths.written().join(", "),
            deployment.since.words()
        );
        return Judged::NotApplicable(why);
    }
    let index = match &facts.records {
        Gathered::Known(index) => index,
        Gathered::Unknown(gap) => return Judged::Found(Finding::unknown(gap)),
    };
    let parts = changes.iter().flat_map(|change| {
        [plan(change, index, facts, paths, min_words), evidence::approval(change, approvers)]
    });
    Judged::Found(Finding::all(parts.collect()))
}

/// The plan for rolling a change's migrations back, in a record that it links.
fn plan(
    change: &Change,
    index: &RecordIndex,
    facts: &Facts,
    paths: &PathPatterns,
    min_words: usize,
) -> Finding {
    let linked = decisions::linked(change, index, facts);
    let accepted: Vec<_> = linked
        .records
        .iter()
        .filter(|(_, standing, _)| *standing == Standing::Accepted)
        .map(|(record, ..)| *record)
        .collect();
    let files: Vec<&str> =
        change.paths.iter().map(|path| path.path.as_str()).filter(|path| paths.matches(path)).collect();
    let plans: Vec<_> = accepted
        .iter()
        .filter_map(|record| rollback_plan(&record.text, &index.template).map(|plan| (*record, plan)))
        .collect();
    let best = plans.iter().max_by_key(|(_, plan)| plan.words);
    let mut finding = match best {
        Some((record, plan)) if plan.words >= min_words => {
            let what = format!(
                "{} plans the rollback of {} in {} words ({})",
                record.path,
                listed(&files),
                plan.words,
                plan.heading
            );
            Finding::by(Evidence::new(Support::For, what).at(Place::Path(record.path.clone())))
        }
        Some((record, plan)) => Finding::missing(Need::new(
            format!(
                "the rollback section of {} has {} of its own, of at least {min_words}",
                record.path,
                evidence::words_of(plan.words)
            ),
            Who::Author,
            format!("say in {} how {} is rolled back", record.path, listed(&files)),
        )),
        None if accepted.is_empty() => match unread(&linked) {
            Some((record, status)) => Finding::unknown(&Gap::new(
                format!("whether {} plans the rollback is not known: it is {}", record.path, status.words()),
                Who::Author,
                "link a record that can be read",
            )),
            None => decisions::unless_unread(
                format!("{} changed, and no accepted decision record is linked", listed(&files)),
                "link the accepted record that says how the migration is rolled back",
                change,
                facts,
            ),
        },
        None => Finding::missing(Need::new(
            format!(
                "{} has no rollback section",
                accepted.iter().map(|record| record.path.as_str()).collect::<Vec<_>>().join(", ")
            ),
            Who::Author,
            "add a section `## Rollback` that says how the migration is rolled back",
        )),
    };
    let data = accepted.iter().find_map(|record| {
        data_plan(&record.text, &index.template).map(|plan| format!("{} ({})", record.path, plan.heading))
    });
    for path in files {
        match facts.migrations.get(path) {
            Some(Gathered::Known(Some(text))) => {
                let reasons = irreversible(path, text);
                if !reasons.is_empty() {
                    let plan = data.as_ref().map_or("no record has a plan for its data".to_owned(), |plan| {
                        format!("the plan for its data is in {plan}")
                    });
                    finding.cautions.push(format!("{path} cannot be undone: {}; {plan}", reasons.join("; ")));
                    finding.irreversible.push(Irreversible {
                        path: path.to_owned(),
                        reasons,
                        data_plan: data.clone(),
                    });
                }
            }
            Some(Gathered::Known(None)) => finding.cautions.push(format!("{path} was removed")),
            Some(Gathered::Unknown(gap)) => {
                finding.cautions.push(format!("whether {path} can be undone is not known: {}", gap.why))
            }
            None => finding.cautions.push(format!("whether {path} can be undone was not looked at")),
        }
    }
    finding
}

/// A linked record that could not be read.
fn unread<'l>(linked: &'l Linked<'_>) -> Option<(&'l DecisionRecord, &'l RecordStatus)> {
    linked.records.iter().find_map(|(record, standing, _)| match standing {
        Standing::NotAccepted(status) if status.is_unread() => Some((*record, status)),
        _ => None,
    })
}

fn listed(files: &[&str]) -> String {
    match files {
        [] => "nothing".to_owned(),
        [one] => (*one).to_owned(),
        [first, rest @ ..] => format!("{first} and {} more", rest.len()),
    }
}
