//! What a policy file says once, whatever the environment.

use crate::Timestamp;
use crate::diagnostic::{Code, Diagnostic};
use crate::policy::decode::{Field, Placed};
use crate::policy::document::{Document, Waiver};
use crate::policy::node::Text;

/// The most environments of a policy.
const MOST_ENVIRONMENTS: usize = 50;

/// Checks what does not depend on the environment.
pub(crate) fn file(document: &Document, today: Timestamp, findings: &mut Vec<Diagnostic>) {
    if let Field::Given(version, span) = &document.version
        && version.0 != 1
    {
        let message = format!("version {} of the policy language is not known", version.0);
        findings.push(Diagnostic::new(Code::UnsupportedVersion, *span, message).help("write `version: 1`"));
    }
    if let Some(service) = document.service.get() {
        name(service, "the name of a service", findings);
    }
    for (environment, said) in
        document.environments.get().into_iter().flat_map(|environments| &environments.0)
    {
        name(environment, "the name of an environment", findings);
        // Which environment is meant is asked before any variable has a value.
        if let Some(azure) = said.value.azure_environment.get() {
            name(azure, "the name of an Azure Pipelines environment", findings);
        }
    }
    if let Some(environments) = document.environments.get() {
        let span = document.environments.span().unwrap_or_default();
        if environments.0.is_empty() {
            findings.push(
                Diagnostic::new(Code::UnknownEnvironment, span, "`environments` lists none")
                    .help("remove the key to have `production` alone"),
            );
        }
        if environments.0.len() > MOST_ENVIRONMENTS {
            let message = format!("a policy has at most {MOST_ENVIRONMENTS} environments");
            findings.push(Diagnostic::new(Code::PolicyTooLarge, span, message));
        }
    }
    for waiver in document.waivers.get().into_iter().flatten() {
        self::waiver(document, waiver, today, findings);
    }
}

/// A name: one line of at most 100 printable characters.
fn name(text: &Text, what: &str, findings: &mut Vec<Diagnostic>) {
    let written = text.as_str();
    if written.contains("${") || written.contains("$(") {
        let message = format!("{what} holds no variable");
        findings.push(Diagnostic::new(Code::InvalidName, text.span, message).help("write the name itself"));
    } else if written.chars().count() > 100
        || written.chars().any(char::is_control)
        || written.trim() != written
    {
        let message = format!("{what} is one line of at most 100 characters, without spaces around it");
        findings.push(Diagnostic::new(Code::InvalidName, text.span, message));
    }
}

fn waiver(document: &Document, waiver: &Placed<Waiver>, today: Timestamp, findings: &mut Vec<Diagnostic>) {
    if let Some(item) = waiver.value.item.get() {
        super::checklist::known_item(document, item, findings);
    }
    for environment in waiver.value.environments.get().into_iter().flatten() {
        known_environment(document, &environment.value, findings);
    }
    for (text, what) in
        [(waiver.value.reason.get(), "a reason"), (waiver.value.approved_by.get(), "who approved")]
    {
        if let Some(text) = text
            && text.as_str().contains("${")
        {
            let message = format!("{what} holds no variable: it must be the same for every run");
            findings.push(Diagnostic::new(Code::InvalidName, text.span, message).help("write it out"));
        }
    }
    let Some(expires) = waiver.value.expires.get() else { return };
    let day = Timestamp::from_day(expires.as_str());
    match day {
        None => findings.push(
            Diagnostic::new(
                Code::InvalidDate,
                expires.span,
                format!("`{}` is not a day", expires.text.escape_debug()),
            )
            .help("write year, month and day, before the year 2262: 2027-06-30"),
        ),
        Some(day) if day + crate::Duration::from_secs(86_400) <= today => findings.push(
            Diagnostic::new(
                Code::WaiverExpired,
                expires.span,
                "this waiver is past its date: its item counts again",
            )
            .help("remove the waiver, or have a new date approved"),
        ),
        Some(_) => {}
    }
}

/// Refuses the name of an environment that the policy does not list.
pub(super) fn known_environment(document: &Document, name: &Text, findings: &mut Vec<Diagnostic>) {
    let listed: Vec<&str> = match &document.environments {
        Field::Given(environments, _) => environments.0.iter().map(|(name, _)| name.as_str()).collect(),
        Field::Invalid => return,
        Field::Missing => vec!["production"],
    };
    if listed.contains(&name.as_str()) {
        return;
    }
    let message = format!("the policy lists no environment `{}`", name.text.escape_debug());
    let found = Diagnostic::new(Code::UnknownEnvironment, name.span, message);
    findings.push(match crate::spelling::nearest(name.as_str(), listed.iter().copied()) {
        Some(near) => found.label(format!("did you mean `{near}`?")),
        None => found.help(format!("it lists {}", crate::spelling::listed(listed))),
    });
}
