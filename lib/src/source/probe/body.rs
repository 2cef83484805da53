//! What a health endpoint's body says.
//!
//! Understood are the plain word of ASP.NET Core (`Healthy`, `Degraded`, `Unhealthy`), the JSON of its usual response
//! writers (`status` with `entries`, `results` or `checks`), `application/health+json` (draft-inadarei-api-health-check:
//! `pass`, `warn`, `fail`) and Spring Boot's actuator (`UP`, `DOWN`, `OUT_OF_SERVICE`).

use serde_json::{Map, Value};

use crate::source::remark::bounded;

/// What a body says about the service's health.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum BodyHealth {
    /// Nothing: the status code decides.
    Silent,
    /// All is well.
    Healthy,
    /// It works, and something is wrong.
    Degraded {
        /// What is wrong, printable; may be empty.
        parts: String,
    },
    /// It does not work.
    Unhealthy {
        /// What is wrong, printable; may be empty.
        parts: String,
    },
}

/// The largest body that is looked into, in bytes.
const LARGEST: usize = 256 * 1024;

/// The most parts that are named.
const MOST_PARTS: usize = 5;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Healthy,
    Degraded,
    Unhealthy,
}

/// Reads a body; anything that is not understood is silent.
pub(super) fn read(body: &[u8]) -> BodyHealth {
    if body.len() > LARGEST {
        return BodyHealth::Silent;
    }
    let Ok(text) = std::str::from_utf8(body) else { return BodyHealth::Silent };
    let text = text.trim_start_matches('\u{feff}').trim();
    if !text.starts_with('{') {
        let unquoted = text.trim_matches('"');
        return said(word(unquoted), String::new());
    }
    let Ok(Value::Object(document)) = serde_json::from_str::<Value>(text) else { return BodyHealth::Silent };
    let status = field(&document, "status").and_then(Value::as_str).and_then(word);
    if status == Some(Word::Healthy) {
        return BodyHealth::Healthy;
    }
    said(status, if status.is_some() { parts(&document) } else { String::new() })
}

fn said(status: Option<Word>, parts: String) -> BodyHealth {
    match status {
        None => BodyHealth::Silent,
        Some(Word::Healthy) => BodyHealth::Healthy,
        Some(Word::Degraded) => BodyHealth::Degraded { parts },
        Some(Word::Unhealthy) => BodyHealth::Unhealthy { parts },
    }
}

fn word(text: &str) -> Option<Word> {
    Some(match text.to_ascii_lowercase().as_str() {
        "healthy" | "pass" | "ok" | "up" => Word::Healthy,
        "degraded" | "warn" => Word::Degraded,
        "unhealthy" | "fail" | "error" | "down" | "out_of_service" => Word::Unhealthy,
        _ => return None,
    })
}

/// A member of an object, by its name in any case: writers differ.
fn field<'d>(document: &'d Map<String, Value>, name: &str) -> Option<&'d Value> {
    document
        .get(name)
        .or_else(|| document.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, v)| v))
}

/// The parts that are not healthy, each with its status and description.
fn parts(document: &Map<String, Value>) -> String {
    let lists = ["entries", "results", "checks", "components", "details"];
    let Some(list) = lists.iter().find_map(|name| field(document, name)) else {
        return field(document, "output")
            .and_then(Value::as_str)
            .map(|text| bounded(text, 120))
            .unwrap_or_default();
    };
    let mut named = Vec::new();
    let mut more = 0_usize;
    let mut take = |name: &str, part: &Value| {
        let Value::Object(part) = part else { return };
        let Some(status) = field(part, "status").and_then(Value::as_str) else { return };
        if word(status) == Some(Word::Healthy) {
            return;
        }
        if named.len() == MOST_PARTS {
            more += 1;
            return;
        }
        let why = ["description", "output", "error"].iter().find_map(|key| field(part, key)?.as_str());
        let why = why.filter(|why| !why.trim().is_empty()).map(|why| format!(" ({})", bounded(why, 80)));
        named.push(format!("{} {}{}", bounded(name, 60), bounded(status, 30), why.unwrap_or_default()));
    };
    match list {
        Value::Object(members) => {
            for (name, part) in members {
                match part {
                    // health+json: a list of observations under each name.
                    Value::Array(observations) => observations.iter().for_each(|one| take(name, one)),
                    part => take(name, part),
                }
            }
        }
        Value::Array(members) => {
            for part in members {
                let name =
                    part.as_object().and_then(|part| field(part, "name").or_else(|| field(part, "key")));
                take(name.and_then(Value::as_str).unwrap_or("a check"), part);
            }
        }
        _ => {}
    }
    let mut text = named.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn degraded(parts: &str) -> BodyHealth {
        BodyHealth::Degraded { parts: parts.into() }
    }

    fn unhealthy(parts: &str) -> BodyHealth {
        BodyHealth::Unhealthy { parts: parts.into() }
    }

    #[test]
    fn reads_what_health_endpoints_write() {
        let table: &[(&str, &str, BodyHealth)] = &[
            ("ASP.NET plain", "Healthy", BodyHealth::Healthy),
            ("ASP.NET degraded", "Degraded\n", degraded("")),
            ("ASP.NET unhealthy", "\u{feff}Unhealthy", unhealthy("")),
            ("JSON string", "\"Healthy\"", BodyHealth::Healthy),
            (
                "HealthChecks.UI writer",
                r#"{"status":"Degraded","totalDuration":"00:00:00.1","entries":{"db":{"status":"Healthy"},"queue":{"data":{},"description":"lag 9s","status":"Degraded"}}}"#,
                degraded("queue Degraded (lag 9s)"),
            ),
            (
                "writer of the documentation",
                r#"{"status":"Unhealthy","results":{"sql":{"status":"Unhealthy","description":null,"data":{}}}}"#,
                unhealthy("sql Unhealthy"),
            ),
            (
                "list of checks, Pascal case",
                r#"{"Status":"Unhealthy","Checks":[{"Name":"sql","Status":"Unhealthy","Description":"down"}]}"#,
                unhealthy("sql Unhealthy (down)"),
            ),
            ("health+json pass", r#"{"status":"pass","version":"1"}"#, BodyHealth::Healthy),
            (
                "health+json warn",
                r#"{"status":"warn","checks":{"cpu:utilization":[{"status":"warn","output":"hot"},{"status":"pass"}]}}"#,
                degraded("cpu:utilization warn (hot)"),
            ),
            ("health+json fail", r#"{"status":"fail","output":"disk full"}"#, unhealthy("disk full")),
            ("actuator", r#"{"status":"OUT_OF_SERVICE"}"#, unhealthy("")),
            ("actuator up", r#"{"status":"UP","components":{"db":{"status":"UP"}}}"#, BodyHealth::Healthy),
            ("another document", r#"{"status":"open","id":4}"#, BodyHealth::Silent),
            ("status is a number", r#"{"status":200}"#, BodyHealth::Silent),
            ("a list", "[1]", BodyHealth::Silent),
            ("broken JSON", r#"{"status":"fail""#, BodyHealth::Silent),
            ("a page", "<html>Unhealthy</html>", BodyHealth::Silent),
            ("empty", "", BodyHealth::Silent),
        ];
        for (what, body, expected) in table {
            assert_eq!(&read(body.as_bytes()), expected, "{what}");
        }
        assert_eq!(read(&[0xff, 0xfe]), BodyHealth::Silent);
    }

    #[test]
    fn hostile_parts_are_bounded_and_on_one_line() {
        let name = "x\\n##vso[y]".repeat(100);
        let entries: Vec<String> =
            (0..50).map(|i| format!(r#""{i}{name}":{{"status":"fail","output":"{name}"}}"#)).collect();
        let body = format!(r#"{{"status":"fail","checks":{{{}}}}}"#, entries.join(","));
        let BodyHealth::Unhealthy { parts } = read(body.as_bytes()) else { panic!("not unhealthy") };
        assert!(parts.len() < 1200 && !parts.contains('\n'), "{parts}");
        assert!(parts.ends_with("and 45 more"), "{parts}");
        let deep = format!(r#"{{"status":{}1"#, "[".repeat(100_000));
        assert_eq!(read(deep.as_bytes()), BodyHealth::Silent);
    }
}
