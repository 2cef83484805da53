//! Evidence that is asked for: a command, a number in a JSON document.

use crate::Duration;
use crate::checklist::facts::{CheckFact, Gap, Gathered};
use crate::checklist::outcome::Who;
use crate::checklist::rules::{EvidenceRule, HttpJsonRule};
use crate::source::{CommandEnd, World};
use crate::transport::Request;

/// The longest that one answer may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Asks for one piece of evidence. `None` for kinds that are not asked for.
pub(crate) fn ask(rule: &EvidenceRule, world: &World<'_>) -> Option<Gathered<CheckFact>> {
    match rule {
        EvidenceRule::Command(command) => Some(match world.commands.run(command) {
            Ok(CommandEnd::Exited { code: Some(0), .. }) => {
                Gathered::Known(CheckFact::Holds("it exited with 0".to_owned()))
            }
            Ok(CommandEnd::Exited { code: Some(code), output }) => {
                Gathered::Known(CheckFact::Fails(format!("it exited with {code}{}", last_line(&output))))
            }
            Ok(CommandEnd::Exited { code: None, .. }) => unknown("a signal ended it".to_owned()),
            Ok(CommandEnd::TimedOut) => unknown(format!("it did not end within {}", command.timeout)),
            Err(error) => unknown(error.to_string()),
        }),
        EvidenceRule::HttpJson(json) => Some(number(json, world)),
        EvidenceRule::Image(name) => Some(Gathered::Unknown(Gap::new(
            format!("the registry of {name} is not asked by this version"),
            Who::PipelineOwner,
            "name an artifact of the run beside it, as an alternative (`any`)",
        ))),
        _ => None,
    }
}

fn unknown(why: String) -> Gathered<CheckFact> {
    Gathered::Unknown(Gap::new(why, Who::PipelineOwner, "let it answer, and run the checklist again"))
}

/// The last line that a command printed, for a person.
fn last_line(output: &str) -> String {
    let line = output.lines().rev().map(str::trim).find(|line| !line.is_empty());
    line.map_or_else(String::new, |line| format!(": {}", line.chars().take(200).collect::<String>()))
}

fn number(json: &HttpJsonRule, world: &World<'_>) -> Gathered<CheckFact> {
    let request =
        Request { max_bytes: 1024 * 1024, ..Request::get(json.address.clone(), String::new(), TIMEOUT) };
    let response = match world.transport.send(&request) {
        Ok(response) => response,
        Err(error) => return unknown(error.to_string()),
    };
    if response.status != 200 {
        return unknown(format!("the document answered with status {}", response.status));
    }
    let document: serde_json::Value = match serde_json::from_slice(&response.body) {
        Ok(document) => document,
        Err(_) => return unknown("the document is not JSON".to_owned()),
    };
    let Some(seen) = document.pointer(&json.pointer).and_then(serde_json::Value::as_f64) else {
        return unknown(format!("the document has no number at {}", json.pointer));
    };
    let asked = format!("{} {}", json.cmp.as_str(), json.threshold.get());
    let fact = if json.cmp.holds(seen, json.threshold.get()) {
        CheckFact::Holds(format!("it is {seen}, as asked ({asked})"))
    } else {
        CheckFact::Fails(format!("it is {seen}, not {asked}"))
    };
    Gathered::Known(fact)
}
