//! The plan for programs. Version 1 of its format; docs/report-format.md describes it.

use serde_json::{Value, json};

use crate::checklist::{ArtifactState, Place};
use crate::report::VERSION;
use crate::report::json::disarmed;
use crate::rollback::{Plan, Proof, Release, Safety};

/// The plan as one JSON object, safe to print in a pipeline's log.
#[must_use]
pub fn render(plan: &Plan) -> String {
    // Serialising to memory fails only for maps whose keys are no texts, and there are none.
    disarmed(&serde_json::to_string(&object(plan)).unwrap_or_default())
}

fn object(plan: &Plan) -> Value {
    let target = plan.target.as_ref().map(|target| {
        let artifacts: Vec<Value> = target
            .artifacts
            .iter()
            .map(|artifact| {
                json!({
                    "name": artifact.name,
                    "details": artifact.details,
                    "state": match artifact.state {
                        ArtifactState::Stored => "stored",
                        ArtifactState::Empty => "empty",
                        ArtifactState::Mismatch => "mismatch",
                        ArtifactState::Unchecked => "unchecked",
                    },
                })
            })
            .collect();
        json!({
            "release": release(&target.release),
            "at": target.at.map(|at| at.to_string()),
            "proof": target.proof,
            "artifacts": artifacts,
            "artifacts_proved": target.artifacts_proved == Proof::Proved,
            "url": target.place.as_ref().and_then(|place| match place {
                Place::Url(url) => Some(url.as_str()),
                Place::Path(_) | Place::Commit(_) => None,
            }),
        })
    });
    let doubts: Vec<Value> = plan
        .doubts
        .iter()
        .map(|doubt| json!({ "what": doubt.what, "who": doubt.who.words(), "how": doubt.how }))
        .collect();
    let passed_over: Vec<Value> = plan
        .passed_over
        .iter()
        .map(|passed| json!({ "release": passed.release, "why": passed.why }))
        .collect();
    let irreversible: Vec<Value> = plan
        .irreversible
        .iter()
        .map(|migration| {
            json!({ "path": migration.path, "reasons": migration.reasons, "data_plan": migration.data_plan })
        })
        .collect();
    json!({
        "version": VERSION,
        "kind": "rollback-plan",
        "service": plan.service,
        "environment": plan.environment,
        "reason": plan.headline(),
        "rollback_safe": plan.safety() == Safety::Proved,
        "current": plan.current,
        "target": target,
        "doubts": doubts,
        "passed_over": passed_over,
        "irreversible": irreversible,
        "rehearsed": plan.rehearsed.as_ref().map(|rehearsal| {
            json!({ "at": rehearsal.at.to_string(), "seen": rehearsal.seen })
        }),
        "notes": plan.notes,
    })
}

fn release(release: &Release) -> Value {
    json!({ "run": release.run, "version": release.version, "commit": release.commit })
}
