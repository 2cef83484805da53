//! Where a key belongs that stands at a wrong place.

/// The place of a key that stands at one place only.
pub(super) fn of(key: &str) -> Option<&'static str> {
    Some(match key {
        "warmup" | "observe" | "interval" | "min_requests" | "min_coverage" | "steady" | "baseline"
        | "rollback_when" | "verify" | "require" => "under `gate`",
        "notify" | "ticket" | "rehearsed_within" => "under `rollback`",
        "enforcement" | "azure_environment" => "to an environment: `environments: { production: { … } }`",
        "service" | "owners" | "environments" | "checklist" | "waivers" | "presets" | "signals" | "gate" => {
            "at the top of the file, without indentation"
        }
        _ => return None,
    })
}
