//! What one check of one target came to, and what several targets come to together.

use super::body::{self, BodyHealth};
use crate::policy::source_spec::{Degraded, ProbeCheck, VersionCheck};
use crate::sample::{Absence, Sample, State};
use crate::source::remark::{Secrets, bounded};
use crate::transport::{Response, TransportError};

/// What one check of one target came to.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Verdict {
    /// It answered as expected; the remark may be empty.
    Passed { remark: String },
    /// It answered otherwise, or no longer answers.
    Failed { remark: String },
    /// Nothing can be said of it.
    Absent { why: Absence, remark: String },
}

/// Whether a target is known to have answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contact {
    /// It has answered this gate or its baseline: silence is a failure.
    Answered,
    /// It never has: the way to it may be what is broken.
    Never,
}

/// Whether a check of a target is known to have passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Proven {
    /// It has passed in this gate or its baseline: its path is right.
    Yes,
    /// It never has: what answers may not be the check at all.
    Never,
}

/// What a check of a target is judged by, besides its answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'k> {
    pub contact: Contact,
    pub proven: Proven,
    /// Where it was asked, as it may be printed.
    pub url: &'k str,
    pub secrets: &'k Secrets,
}

type Answer = Result<Response, TransportError>;

/// Whether an answer shows that somebody is there.
pub(super) fn shows_contact(answer: &Answer) -> bool {
    match answer {
        Ok(_) | Err(TransportError::TooLarge { .. } | TransportError::Redirect { .. }) => true,
        Err(_) => false,
    }
}

/// Judges a liveness or readiness check.
pub(super) fn judge_health(check: &ProbeCheck, answer: &Answer, known: Known<'_>) -> Verdict {
    let secrets = known.secrets;
    let response = match answer {
        Ok(response) => response,
        Err(error) => return silence(error, known),
    };
    if !expected(&check.expect, response.status) {
        return match body::read(&response.body) {
            // Only a health check says such a thing: it is the right path.
            BodyHealth::Unhealthy { parts } | BodyHealth::Degraded { parts } => {
                let detail = match parts.as_str() {
                    "" => String::new(),
                    parts => format!(": {}", secrets.plain(parts)),
                };
                unexpected(response, &detail, Known { proven: Proven::Yes, ..known })
            }
            BodyHealth::Silent | BodyHealth::Healthy => unexpected(response, "", known),
        };
    }
    let named = |word: &str, parts: &str| match secrets.plain(parts) {
        parts if parts.is_empty() => word.to_owned(),
        parts => format!("{word}: {parts}"),
    };
    match body::read(&response.body) {
        BodyHealth::Silent | BodyHealth::Healthy => Verdict::Passed { remark: String::new() },
        BodyHealth::Unhealthy { parts } => {
            let status = response.status;
            Verdict::Failed {
                remark: named(&format!("status {status}, but its body says Unhealthy"), &parts),
            }
        }
        BodyHealth::Degraded { parts } => {
            let remark = named("Degraded", &parts);
            match check.degraded {
                Degraded::Passing => Verdict::Passed { remark },
                Degraded::Failing => Verdict::Failed { remark },
            }
        }
    }
}

/// Judges a version check; the second part is the version that was found.
pub(super) fn judge_version(
    check: &VersionCheck,
    answer: &Answer,
    known: Known<'_>,
) -> (Verdict, Option<String>) {
    let secrets = known.secrets;
    let response = match answer {
        Ok(response) => response,
        Err(error) => return (silence(error, known), None),
    };
    if !expected(&[], response.status) {
        return (unexpected(response, "", known), None);
    }
    let Some(found) = version_in(&response.body, check.pointer.as_deref()) else {
        let remark = match &check.pointer {
            Some(pointer) => format!("no version at `{}` of its JSON", bounded(pointer, 60)),
            None => "an empty or unreadable body instead of a version".to_owned(),
        };
        return (Verdict::Failed { remark }, None);
    };
    let shown = bounded(&secrets.plain(&found), 60);
    let verdict = if found == check.equals.trim() {
        Verdict::Passed { remark: format!("version {shown} serves") }
    } else {
        let wanted = bounded(&check.equals, 60);
        Verdict::Failed { remark: format!("version {shown} serves, not {wanted}") }
    };
    (verdict, Some(shown))
}

/// Status codes that pass; 200 where none is named.
fn expected(expect: &[u16], status: u16) -> bool {
    if expect.is_empty() { status == 200 } else { expect.contains(&status) }
}

fn unexpected(response: &Response, detail: &str, known: Known<'_>) -> Verdict {
    match response.status {
        429 => Verdict::Absent {
            why: Absence::Throttled,
            remark: "status 429: it is asked too often; probe less often".to_owned(),
        },
        status @ (301 | 302 | 303 | 307 | 308 | 401 | 403 | 404 | 405) if known.proven == Proven::Never => {
            misdirected(&format!("HTTP {status}"), known)
        }
        status => Verdict::Failed { remark: format!("status {status}{detail}") },
    }
}

/// An answer that a wrong path gives as well, of a check that never passed: no proof of harm.
fn misdirected(what: &str, known: Known<'_>) -> Verdict {
    let remark = format!("{what} from {}: this check has never passed; is its path right?", known.url);
    let remark = known.secrets.plain(&remark);
    Verdict::Absent { why: Absence::Error(remark.clone()), remark }
}

/// No answer: a failure of a target that has answered before, otherwise nothing that can be known.
fn silence(error: &TransportError, known: Known<'_>) -> Verdict {
    let remark = known.secrets.plain(&error.to_string());
    match (error, known.contact) {
        (TransportError::Redirect { .. }, _) if known.proven == Proven::Never => {
            misdirected("a redirect", known)
        }
        // It answered; what cannot be followed is not what was expected.
        (TransportError::Redirect { .. }, _) => Verdict::Failed { remark },
        // These speak of the gate's own set-up, never of the service.
        (
            TransportError::Refused { .. }
            | TransportError::UnknownConnection { .. }
            | TransportError::Proxy { .. }
            | TransportError::Halted { .. }
            | TransportError::TooLarge { .. },
            _,
        ) => Verdict::Absent { why: Absence::Error(remark.clone()), remark },
        (_, Contact::Answered) => Verdict::Failed { remark },
        (TransportError::Timeout { .. }, Contact::Never) => {
            Verdict::Absent { why: Absence::Timeout, remark: never(&remark) }
        }
        (_, Contact::Never) => {
            let remark = never(&remark);
            Verdict::Absent { why: Absence::Error(remark.clone()), remark }
        }
    }
}

fn never(remark: &str) -> String {
    format!("it has never answered, so this is not counted as failing: {remark}")
}

/// The version in a body: at a pointer, or the whole body, trimmed, without the quotes of a JSON string.
fn version_in(body: &[u8], pointer: Option<&str>) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?.trim_start_matches('\u{feff}').trim();
    let found = match pointer {
        Some(pointer) => match serde_json::from_str::<serde_json::Value>(text).ok()?.pointer(pointer)? {
            serde_json::Value::String(version) => version.trim().to_owned(),
            serde_json::Value::Number(version) => version.to_string(),
            _ => return None,
        },
        None => match serde_json::from_str::<serde_json::Value>(text) {
            Ok(serde_json::Value::String(version)) => version.trim().to_owned(),
            _ => text.to_owned(),
        },
    };
    (!found.is_empty() && found.len() <= 1024).then_some(found)
}

/// Several checks of one target: it passes where all do, and fails where one does.
pub(super) fn all_of<'v>(verdicts: impl IntoIterator<Item = &'v Verdict>) -> Option<&'v Verdict> {
    let mut result: Option<&Verdict> = None;
    for verdict in verdicts {
        let worse = match (result, verdict) {
            (None, _) => true,
            (Some(Verdict::Failed { .. }), _) => false,
            (_, Verdict::Failed { .. }) => true,
            (Some(Verdict::Passed { .. }), Verdict::Absent { .. }) => true,
            _ => false,
        };
        if worse {
            result = Some(verdict);
        }
    }
    result
}

/// Several targets: passing where a quorum passes, failing where a quorum can no longer pass, else absent.
pub(super) fn quorum_of(verdicts: &[&Verdict], quorum: usize) -> Sample {
    let passed = verdicts.iter().filter(|verdict| matches!(verdict, Verdict::Passed { .. })).count();
    let absent: Vec<&Absence> = verdicts
        .iter()
        .filter_map(|verdict| match verdict {
            Verdict::Absent { why, .. } => Some(why),
            _ => None,
        })
        .collect();
    if passed >= quorum {
        Sample::from_state(State::Passing)
    } else if passed + absent.len() < quorum {
        Sample::from_state(State::Failing)
    } else {
        Sample::Absent(absent.first().map_or(Absence::NoData, |why| (*why).clone()))
    }
}
