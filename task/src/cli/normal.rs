//! Baselines that are given rather than read from a source's past: recorded in a file, or written in the policy.

use std::path::{Path, PathBuf};

use runbook_gate::policy::{BaselineRule, Policy};
use runbook_gate::{Baseline, Duration, SignalName};

use super::Failure;
use super::arguments::PolicyArguments;
use crate::files::shown;
use crate::recorded::Recorded;
use crate::session::Session;

/// A recorded baseline that is older than this may not be what is normal.
const OLD: Duration = Duration::from_secs(7 * 86_400);

/// Where baselines come from.
pub enum Normal {
    /// They are given: these, and none of any other signal.
    Given(Vec<(SignalName, Baseline)>),
    /// They are read from the past of the sources, as the policy says.
    Read,
    /// They will be recorded in this file, which is not there yet.
    ToRecord(PathBuf),
}

/// The file of a recorded baseline: a relative path is taken from the policy's folder, as it is written there.
pub fn recorded_path(arguments: &PolicyArguments, written: &str) -> PathBuf {
    arguments.policy.parent().unwrap_or(Path::new("")).join(written)
}

/// The baselines that a policy gives.
///
/// # Errors
/// Where a recorded file cannot be used.
pub fn normal(session: &Session, policy: &Policy, arguments: &PolicyArguments) -> Result<Normal, Failure> {
    Ok(match policy.baseline() {
        BaselineRule::None => Normal::Given(Vec::new()),
        BaselineRule::Fixed(numbers) => Normal::Given(
            numbers.iter().map(|(signal, number)| (signal.clone(), Baseline::fixed(*number))).collect(),
        ),
        BaselineRule::Before(_) | BaselineRule::Offset(_) => Normal::Read,
        BaselineRule::Recorded(written) => {
            let path = recorded_path(arguments, written);
            if !path.exists() {
                if Path::new(written).exists() {
                    return Err(Failure::Input(format!(
                        "the policy's baseline {} is not there, and {} is: a relative `recorded` is taken from the policy's \
                         folder; move the file, or write the path from there",
                        shown(&path),
                        shown(Path::new(written))
                    )));
                }
                return Ok(Normal::ToRecord(path));
            }
            Normal::Given(recorded(session, policy, &path)?)
        }
    })
}

/// The baselines of a recorded file, checked against the policy.
///
/// # Errors
/// Where it is missing, is something else, or is of another service.
pub fn recorded(
    session: &Session,
    policy: &Policy,
    path: &Path,
) -> Result<Vec<(SignalName, Baseline)>, Failure> {
    let recorded = Recorded::read(path).map_err(Failure::input)?;
    let path = shown(path);
    if recorded.service != policy.service() {
        return Err(Failure::Input(format!(
            "the baseline {path} was recorded of `{}`, and this policy is of `{}`; record one with `runbook-gate baseline`",
            recorded.service,
            policy.service()
        )));
    }
    let environment = policy.environment().name();
    if recorded.environment != environment {
        session.door.say(&format!(
            "warning: the baseline {path} was recorded in `{}`, and is used for `{environment}`",
            recorded.environment
        ));
    }
    let age = session.clock.now().since(recorded.recorded_at);
    if age > OLD {
        session.door.say(&format!(
            "warning: the baseline {path} is {} days old; what it calls normal may not be",
            age.as_nanos() / 86_400_000_000_000
        ));
    }
    Ok(recorded.baselines)
}
