//! The follow-up ticket: a work item with what happened, and the runbook's steps after a rollback.

use std::fmt::Write;

use serde_json::{Value, json};
use url::Url;

use crate::devops::verdict::environment_word;
use crate::gate::Decision;
use crate::report::{escape, numbers};
use crate::rollback::{Incident, TicketRules, shortened};
use crate::{Duration, Timestamp};

/// The longest title of a work item, in characters.
const LONGEST_TITLE: usize = 200;
/// A post-mortem is held within so many working days.
const POST_MORTEM_DAYS: u32 = 5;
/// At most so many links.
const MOST_LINKS: usize = 50;
/// At most so many entries of a list.
const MOST_LISTED: usize = 50;
/// The longest entry of a list, in characters.
const LONGEST_ITEM: usize = 600;

/// A work item as it is made or changed: operations of a JSON Patch (RFC 6902).
#[derive(Clone, Debug, PartialEq)]
pub struct Ticket {
    /// The type of the work item.
    pub kind: String,
    /// The tag by which it is found again: one work item for each run and environment.
    pub tag: String,
    state: &'static str,
    fields: Vec<(&'static str, String)>,
    /// The long text, in HTML.
    text: String,
    links: Vec<Link>,
}

/// What has become of the long text of a work item since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TextIs {
    /// Nobody but its maker has written it.
    Own,
    /// Somebody has: what is new goes into a comment, and their words stay.
    Theirs,
    /// Somebody has, and what is new stands in a comment already.
    TheirsAndTold,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Link {
    /// A page.
    Page { url: Url, title: String },
    /// Something of Azure DevOps: `vstfs:///Build/Build/123`.
    Artifact { uri: String, name: &'static str },
}

/// The ticket of an incident.
#[must_use]
pub fn ticket(rules: &TicketRules, incident: &Incident) -> Ticket {
    let verdict = &incident.verdict;
    // At a desk there is no run: the time of the decision tells incidents apart.
    let run = verdict.judged_in.map_or_else(
        || {
            format!(
                "desk-{}",
                verdict.decided_at.map(|at| at.to_string().replace(':', "-")).unwrap_or_default()
            )
        },
        |run| run.to_string(),
    );
    let tag = tag_of(&run, &verdict.environment);
    let what = if verdict.decision == Decision::Rollback { "Rollback" } else { "Hold" };
    let title = format!("{what} of {} in {}: {}", verdict.service, verdict.environment, verdict.reason);
    let text = description(rules, incident);
    let mut tags: Vec<String> = rules.tags.iter().map(|tag| plain_tag(tag)).collect();
    tags.push(tag.clone());
    let mut fields = vec![
        ("System.Title", shortened(&escape::terminal(&title), LONGEST_TITLE)),
        ("System.Tags", tags.join("; ")),
    ];
    fields.extend(rules.area.clone().map(|area| ("System.AreaPath", area)));
    fields.extend(rules.severity.clone().map(|severity| ("Microsoft.VSTS.Common.Severity", severity)));
    let links = verdict
        .judged_in
        .map(|run| Link::Artifact { uri: format!("vstfs:///Build/Build/{run}"), name: "Build" });
    Ticket {
        kind: rules.kind.clone(),
        tag,
        state: incident.state(),
        fields,
        text,
        links: links.into_iter().collect(),
    }
}

impl Ticket {
    /// With a page: the report, a record.
    #[must_use]
    pub fn with_page(mut self, title: &str, url: &Url) -> Self {
        if matches!(url.scheme(), "http" | "https") && self.links.len() < MOST_LINKS {
            self.links.push(Link::Page { url: url.clone(), title: shortened(&escape::terminal(title), 100) });
        }
        self
    }

    /// With a pull request of Azure Repos.
    #[must_use]
    pub fn with_pull_request(mut self, project: &str, repository: &str, id: u64) -> Self {
        if self.links.len() < MOST_LINKS {
            let uri = format!("vstfs:///Git/PullRequestId/{project}%2F{repository}%2F{id}");
            self.links.push(Link::Artifact { uri, name: "Pull Request" });
        }
        self
    }

    /// With a list below its text: the pull requests, the records. Nothing where it is empty.
    #[must_use]
    pub fn with_list(mut self, title: &str, items: &[String]) -> Self {
        if items.is_empty() {
            return self;
        }
        // Writing to a string cannot fail.
        let _ = write!(self.text, "<h3>{}</h3><ul>", escape::xml(title));
        for item in items.iter().take(MOST_LISTED) {
            let _ = write!(self.text, "<li>{}</li>", escape::xml(&shortened(item, LONGEST_ITEM)));
        }
        if let Some(more) = items.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
            let _ = write!(self.text, "<li>and {more} more</li>");
        }
        self.text.push_str("</ul>");
        self
    }

    /// The field that holds the long text: a bug shows its steps to reproduce, and no description.
    #[must_use]
    pub fn text_field(&self) -> &'static str {
        if self.kind.eq_ignore_ascii_case("bug") {
            "Microsoft.VSTS.TCM.ReproSteps"
        } else {
            "System.Description"
        }
    }

    /// What a comment begins with that says what is new: by it the comment is found again.
    #[must_use]
    pub fn news(&self) -> String {
        format!("runbook-gate: {}", self.state)
    }

    /// The JSON Patch that makes the work item.
    #[must_use]
    pub fn created(&self) -> Value {
        let mut operations: Vec<Value> = self.fields.iter().map(field_operation).collect();
        operations.push(field_operation(&(self.text_field(), self.text.clone())));
        operations.extend(self.links.iter().map(Link::operation));
        Value::Array(operations)
    }

    /// The JSON Patch that brings the work item of an earlier try up to date. People's own changes of title, tags, area and
    /// severity stay, and of its text; links that it has already (`linked`, their addresses) are not added again.
    #[must_use]
    pub fn updated(&self, linked: &[String], text: TextIs) -> Value {
        let mut operations = match text {
            TextIs::Own => vec![field_operation(&(self.text_field(), self.text.clone()))],
            TextIs::Theirs => {
                let comment = format!("<p>{}</p>{}", self.news(), self.text);
                vec![field_operation(&("System.History", comment))]
            }
            TextIs::TheirsAndTold => Vec::new(),
        };
        operations.extend(
            self.links
                .iter()
                .filter(|link| !linked.iter().any(|known| known.eq_ignore_ascii_case(link.address())))
                .map(Link::operation),
        );
        Value::Array(operations)
    }
}

fn field_operation((name, value): &(&'static str, String)) -> Value {
    json!({ "op": "add", "path": format!("/fields/{name}"), "value": value })
}

impl Link {
    fn address(&self) -> &str {
        match self {
            Self::Page { url, .. } => url.as_str(),
            Self::Artifact { uri, .. } => uri,
        }
    }

    fn operation(&self) -> Value {
        let value = match self {
            Self::Page { url, title } => {
                json!({ "rel": "Hyperlink", "url": url.as_str(), "attributes": { "comment": title } })
            }
            Self::Artifact { uri, name } => {
                json!({ "rel": "ArtifactLink", "url": uri, "attributes": { "name": name } })
            }
        };
        json!({ "op": "add", "path": "/relations/-", "value": value })
    }
}

/// The work item's text, in HTML: what Azure DevOps shows of long texts.
fn description(rules: &TicketRules, incident: &Incident) -> String {
    let verdict = &incident.verdict;
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write!(text, "<p><b>{}</b></p>", escape::xml(&verdict.reason));
    let mut fact = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            let _ = write!(text, "<p>{name}: {}</p>", escape::xml(&value));
        }
    };
    fact("Version", Some(verdict.release.words()));
    fact("Gone back to", incident.target.as_ref().map(crate::rollback::Release::words));
    fact("Criterion", verdict.criterion.clone());
    let length = |length: Duration| length.rounded().to_string();
    fact("Time to detect", incident.time_to_detect().map(length));
    fact("Time to restore", incident.time_to_restore().map(length));
    let _ = write!(text, "<h3>Timeline (UTC)</h3><ul>");
    for (at, what) in incident.timeline() {
        let _ = write!(text, "<li>{}: {}</li>", numbers::moment(at), escape::xml(&what));
    }
    let _ = write!(text, "</ul><h3>After the rollback</h3><ul>");
    for step in steps(rules, verdict.decided_at) {
        let _ = write!(text, "<li>☐ {}</li>", escape::xml(&step));
    }
    text.push_str("</ul>");
    text
}

/// The runbook's steps after a rollback.
fn steps(rules: &TicketRules, decided: Option<Timestamp>) -> Vec<String> {
    let mut steps = vec![
        "Document the incident and the rollback: what users saw, and for how long".to_owned(),
        "Find the root cause".to_owned(),
        "Update the runbook and its policy with what was learned".to_owned(),
    ];
    if rules.severity.as_deref().is_some_and(is_severe) {
        let by = decided.map(|at| format!(", by {}", working_days_after(at, POST_MORTEM_DAYS)));
        steps.push(format!("Hold a post-mortem{}", by.unwrap_or_default()));
    }
    steps
}

/// Sev1 or Sev2: `1 - Critical`, `2 - High`, `Sev 1`, `S2`.
fn is_severe(severity: &str) -> bool {
    let first = severity.chars().find(char::is_ascii_digit);
    matches!(first, Some('1' | '2'))
}

/// A day, so many working days later, `2026-01-08`.
fn working_days_after(at: Timestamp, days: u32) -> String {
    let mut day = at.to_offset_date_time().date();
    let mut left = days;
    while left > 0 {
        let Some(next) = day.next_day() else { break };
        day = next;
        if !matches!(day.weekday(), time::Weekday::Saturday | time::Weekday::Sunday) {
            left -= 1;
        }
    }
    day.to_string()
}

/// A tag: without what separates tags.
fn plain_tag(text: &str) -> String {
    shortened(&escape::terminal(text).replace([';', ','], " "), 100).trim().to_owned()
}

fn tag_of(run: &str, environment: &str) -> String {
    plain_tag(&format!("runbook-gate-{run}-{}", environment_word(environment)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gate::Decision;
    use crate::policy::Enforcement;
    use crate::rollback::{Profile, Release, VerdictRecord};

    fn rules() -> TicketRules {
        TicketRules {
            kind: "Bug".into(),
            severity: Some("2 - High".into()),
            area: Some("Contoso\\Orders".into()),
            tags: vec!["incident".into(), "a; b".into()],
        }
    }

    fn incident(reason: &str) -> Incident {
        Incident {
            verdict: VerdictRecord {
                service: "orders-api".into(),
                environment: "production".into(),
                profile: Profile::Deployment,
                decision: Decision::Rollback,
                enforcement: Enforcement::Enforce,
                reason: reason.into(),
                criterion: None,
                release: Release { run: Some(9), version: "1.9.0".into(), commit: String::new() },
                judged_in: Some(9),
                started_at: None,
                onset: None,
                // A Friday.
                decided_at: "2026-01-02T00:10:00Z".parse().ok(),
                policy_sha256: String::new(),
                pre_existing: Vec::new(),
                images: None,
            },
            target: None,
            rollback_started: None,
            recovery: None,
        }
    }

    fn field(patch: &Value, name: &str) -> Option<String> {
        let path = format!("/fields/{name}");
        let found = patch.as_array()?.iter().find(|operation| operation["path"] == path.as_str())?;
        found["value"].as_str().map(str::to_owned)
    }

    #[test]
    fn a_ticket_has_the_story_and_the_steps() {
        let patch = ticket(&rules(), &incident("errors: 9.28%")).created();
        assert_eq!(
            field(&patch, "System.Title").unwrap(),
            "Rollback of orders-api in production: errors: 9.28%"
        );
        assert_eq!(field(&patch, "System.Tags").unwrap(), "incident; a  b; runbook-gate-9-production");
        assert_eq!(field(&patch, "Microsoft.VSTS.Common.Severity").unwrap(), "2 - High");
        assert_eq!(field(&patch, "System.AreaPath").unwrap(), "Contoso\\Orders");
        let text = field(&patch, "Microsoft.VSTS.TCM.ReproSteps").unwrap();
        assert!(
            text.contains("☐ Find the root cause") && text.contains("☐ Hold a post-mortem, by 2026-01-09"),
            "{text}"
        );
        let link = patch.as_array().unwrap().last().unwrap();
        assert_eq!(link["value"]["url"], "vstfs:///Build/Build/9");
    }

    #[test]
    fn only_severe_incidents_ask_for_a_post_mortem() {
        for (severity, asked) in [
            ("1 - Critical", true),
            ("Sev 2", true),
            ("3 - Medium", false),
            ("4 - Low", false),
            ("high", false),
        ] {
            let rules = TicketRules { severity: Some(severity.into()), ..rules() };
            let patch = ticket(&rules, &incident("x")).created();
            let text = field(&patch, "Microsoft.VSTS.TCM.ReproSteps").unwrap();
            assert_eq!(text.contains("post-mortem"), asked, "{severity}");
        }
    }

    #[test]
    fn types_other_than_a_bug_have_a_description() {
        let rules = TicketRules { kind: "Issue".into(), severity: None, area: None, tags: Vec::new() };
        let patch = ticket(&rules, &incident("x")).created();
        assert!(field(&patch, "System.Description").is_some());
        assert!(field(&patch, "Microsoft.VSTS.TCM.ReproSteps").is_none());
    }

    #[test]
    fn a_second_try_changes_the_text_and_adds_only_links_that_are_new() {
        let page: Url = "https://example.com/report".parse().unwrap();
        let ticket =
            ticket(&rules(), &incident("x")).with_page("Report", &page).with_pull_request("p", "r", 12);
        let linked = ["vstfs:///build/build/9".into(), page.to_string()];
        let patch = ticket.updated(&linked, TextIs::Own);
        let paths: Vec<&str> =
            patch.as_array().unwrap().iter().filter_map(|op| op["path"].as_str()).collect();
        assert_eq!(paths, ["/fields/Microsoft.VSTS.TCM.ReproSteps", "/relations/-"]);
        assert_eq!(patch[1]["value"]["url"], "vstfs:///Git/PullRequestId/p%2Fr%2F12");
    }

    #[test]
    fn what_people_wrote_stays_and_the_news_is_a_comment() {
        let ticket = ticket(&rules(), &incident("x")).with_list("Pull requests", &["12: <b>".into()]);
        let linked = ["vstfs:///build/build/9".to_owned()];
        let patch = ticket.updated(&linked, TextIs::Theirs);
        let comment = field(&patch, "System.History").unwrap();
        assert!(comment.starts_with("<p>runbook-gate: not recovered yet</p>"), "{comment}");
        assert!(comment.contains("<li>12: &lt;b&gt;</li>"), "{comment}");
        assert_eq!(patch.as_array().unwrap().len(), 1);
        assert_eq!(ticket.updated(&linked, TextIs::TheirsAndTold), json!([]));
    }

    #[test]
    fn hostile_text_is_text_in_the_ticket() {
        let hostile = "<img src=x onerror=alert(1)> & \u{202e} ##vso[x]";
        let patch = ticket(&rules(), &incident(hostile))
            .with_page(hostile, &"https://e.example/".parse().unwrap())
            .created();
        let text = field(&patch, "Microsoft.VSTS.TCM.ReproSteps").unwrap();
        assert!(!text.contains("<img") && !text.contains('\u{202e}'), "{text}");
        assert!(field(&patch, "System.Title").unwrap().chars().count() <= LONGEST_TITLE + 1);
    }
}
