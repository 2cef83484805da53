//! Evidence that is asked for: a command, a number in a JSON document, an image in its registry.

use crate::Duration;
use crate::checklist::facts::{CheckFact, Gap, Gathered};
use crate::checklist::outcome::Who;
use crate::checklist::rules::{ChecklistRules, EvidenceRule, HttpJsonRule};
use crate::policy::source_spec::CommandSpec;
use crate::registry::{ImageReference, RegistryError, StoredImage, stored};
use crate::source::{CommandEnd, World};
use crate::transport::{Request, Response, TransportError};

/// The longest that one answer may take.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A rule that was asked, with its answer.
type Answered = (EvidenceRule, Gathered<CheckFact>);

/// Asks for all the evidence of the items that concern the environment: documents side by side, images side by side, then
/// one command after the other.
pub(crate) fn ask(rules: &ChecklistRules, world: &World<'_>) -> Vec<Answered> {
    let concerned = rules.items.iter().filter(|item| item.environments.include(&rules.environment));
    let (mut documents, mut images, mut commands) = (Vec::new(), Vec::new(), Vec::new());
    for rule in concerned.flat_map(|item| &item.evidence).flat_map(EvidenceRule::leaves) {
        match rule {
            EvidenceRule::HttpJson(json) => documents.push((rule, json)),
            EvidenceRule::Image(image) => images.push((rule, image)),
            EvidenceRule::Command(command) => commands.push((rule, command)),
            EvidenceRule::Tests { .. }
            | EvidenceRule::Approval { .. }
            | EvidenceRule::Attested(_)
            | EvidenceRule::Artifact(_)
            | EvidenceRule::Document { .. }
            | EvidenceRule::WorkItem { .. }
            | EvidenceRule::Any(_) => {}
        }
    }
    let mut answers: Vec<Answered> = Vec::new();
    let requests: Vec<Request> = documents.iter().map(|(_, json)| request(json)).collect();
    for ((rule, json), answer) in documents.into_iter().zip(world.transport.send_all(&requests)) {
        answers.push((rule.clone(), number(json, answer)));
    }
    let named: Vec<&ImageReference> = images.iter().map(|(_, image)| *image).collect();
    for ((rule, image), found) in images.iter().zip(stored(&named, world.transport)) {
        answers.push(((*rule).clone(), in_registry(image, found)));
    }
    answers.extend(commands.into_iter().map(|(rule, command)| (rule.clone(), run(command, world))));
    answers
}

fn unknown(why: String) -> Gathered<CheckFact> {
    Gathered::Unknown(Gap::new(why, Who::PipelineOwner, "let it answer, and run the checklist again"))
}

fn run(command: &CommandSpec, world: &World<'_>) -> Gathered<CheckFact> {
    match world.commands.run(command) {
        Ok(CommandEnd::Exited { code: Some(0), .. }) => {
            Gathered::Known(CheckFact::Holds("it exited with 0".to_owned()))
        }
        Ok(CommandEnd::Exited { code: Some(code), output }) => {
            Gathered::Known(CheckFact::Fails(format!("it exited with {code}{}", last_line(&output))))
        }
        Ok(CommandEnd::Exited { code: None, .. }) => unknown("a signal ended it".to_owned()),
        Ok(CommandEnd::TimedOut) => unknown(format!("it did not end within {}", command.timeout)),
        Err(error) => unknown(error.to_string()),
    }
}

/// The last line that a command printed, for a person.
fn last_line(output: &str) -> String {
    let line = output.lines().rev().map(str::trim).find(|line| !line.is_empty());
    line.map_or_else(String::new, |line| format!(": {}", line.chars().take(200).collect::<String>()))
}

fn request(json: &HttpJsonRule) -> Request {
    Request { max_bytes: 1024 * 1024, ..Request::get(json.address.clone(), String::new(), TIMEOUT) }
}

fn number(json: &HttpJsonRule, answer: Result<Response, TransportError>) -> Gathered<CheckFact> {
    let response = match answer {
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

fn in_registry(image: &ImageReference, found: Result<StoredImage, RegistryError>) -> Gathered<CheckFact> {
    let error = match found {
        Ok(StoredImage { digest, images: None }) => {
            return Gathered::Known(CheckFact::Holds(format!("it is stored as {digest}")));
        }
        Ok(StoredImage { digest, images: Some(0) }) => {
            return Gathered::Known(CheckFact::Fails(format!("its index {digest} lists no image")));
        }
        Ok(StoredImage { digest, images: Some(count) }) => {
            let images = if count == 1 { "image" } else { "images" };
            return Gathered::Known(CheckFact::Holds(format!(
                "it is stored as {digest}, an index of {count} {images}"
            )));
        }
        Err(RegistryError::Missing) => {
            return Gathered::Known(CheckFact::Fails(RegistryError::Missing.to_string()));
        }
        Err(error) => error,
    };
    let (who, how) = unanswered(image, &error, "run the checklist again");
    Gathered::Unknown(Gap::new(format!("{image}: {error}"), who, how))
}

/// Who can let a registry answer, and how; `again` is what to do then.
pub(crate) fn unanswered(image: &ImageReference, error: &RegistryError, again: &str) -> (Who, String) {
    let opened = || {
        let origin = image.token_origin();
        format!(
            "give a connection for {origin} whose user may pull {} (in Azure: the role AcrPull)",
            image.repository()
        )
    };
    match error {
        RegistryError::NotAllowed { .. } => (Who::PipelineOwner.or(Who::Administrator), opened()),
        RegistryError::NoRepository { .. } => {
            (Who::PipelineOwner, format!("correct the image's name, or {}", opened()))
        }
        RegistryError::ForeignRealm { .. } => (
            Who::PipelineOwner,
            "name the artifact that the image is built from beside it, as an alternative (`any`)".to_owned(),
        ),
        RegistryError::Throttled { .. } => (Who::Caller, format!("{again} later, or {}", opened())),
        RegistryError::Missing | RegistryError::Answer { .. } | RegistryError::Transport(_) => {
            (Who::PipelineOwner, format!("let the registry answer, and {again}"))
        }
    }
}
