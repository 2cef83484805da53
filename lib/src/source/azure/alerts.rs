//! Alerts of Azure Monitor that fired since the deployment began, and whether the rules behind them can fire at all.
//!
//! That no alert fired says something only where an enabled rule watches the resource. A rule that is missing or disabled makes
//! the signal absent, with words; one whose notifications are muted still counts, and is said.

mod answer;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use url::{Url, form_urlencoded};

use self::answer::{Alert, Page, Rule, RuleKind};
use super::refusal;
use crate::azure::ResourceId;
use crate::policy::rules::ReadingKind;
use crate::policy::source_spec::AzureAlertsSpec;
use crate::sample::{Absence, Sample};
use crate::source::remark::{bounded, note, plain};
use crate::source::{
    Observation, PollWindow, Polled, ShownQuery, Source, SourceError, SourceNote, SourceSignal, World,
    interval_of,
};
use crate::transport::{Address, AzureApi, Request};
use crate::{Duration, Timestamp};

/// The most pages of one list: 250 alerts each.
const MOST_PAGES: usize = 8;
/// A fired alert shows up so late, at most.
const LATE: Duration = Duration::from_secs(60);
/// The hosts that a next page may be on: each cloud's own. The request goes to the cloud that is signed in to in any case.
const HOSTS: [&str; 3] =
    ["management.azure.com", "management.usgovcloudapi.net", "management.chinacloudapi.cn"];

/// The source.
#[derive(Debug)]
pub(crate) struct Alerts {
    spec: AzureAlertsSpec,
    /// What was said.
    said: BTreeSet<String>,
}

impl Alerts {
    pub(crate) fn new(spec: &AzureAlertsSpec) -> Result<Self, SourceError> {
        interval_of("azure-alerts", spec.step)?;
        if spec.resources.is_empty() || spec.resources.len() > 20 {
            return Err(SourceError::Resources { most: 20 });
        }
        Ok(Self { spec: spec.clone(), said: BTreeSet::new() })
    }

    /// A list, page after page.
    fn list<T>(
        &self,
        path: String,
        place: &str,
        window: &PollWindow,
        world: &World<'_>,
        read: impl Fn(&[u8]) -> Result<Page<T>, Absence>,
    ) -> Result<Vec<T>, Absence> {
        let timeout = self.spec.timeout.min(window.timeout);
        let mut found = Vec::new();
        let mut next = Some(path);
        for _ in 0..MOST_PAGES {
            let Some(path) = next.take() else { return Ok(found) };
            let request = Request::get(Address::Azure(AzureApi::ResourceManager), path, timeout);
            let answer = world.transport.send(&request);
            let page = read(refusal::success(&answer, &AzureApi::ResourceManager, place)?)?;
            found.extend(page.items);
            next = page.next.as_deref().map(next_path).transpose()?;
        }
        match next {
            None => Ok(found),
            Some(_) => Err(Absence::Error("the list of alerts or rules is too long to be read".to_owned())),
        }
    }

    fn subscriptions(&self) -> BTreeSet<&str> {
        self.spec.resources.iter().map(ResourceId::subscription).collect()
    }

    /// Whether rules watch the resources; what should be said of them.
    fn check_rules(&self, window: &PollWindow, world: &World<'_>) -> Result<Vec<String>, Absence> {
        let mut rules: Vec<Rule> = Vec::new();
        for subscription in self.subscriptions() {
            let place = format!("the subscription {subscription}");
            for kind in RuleKind::ALL {
                let path = format!(
                    "/subscriptions/{subscription}/providers/{}?api-version={}",
                    kind.path(),
                    kind.version()
                );
                rules.extend(self.list(path, &place, window, world, |body| answer::rules(kind, body))?);
            }
        }
        let mut remarks = Vec::new();
        let named = |rule: &Rule| self.spec.rules.iter().any(|name| rule.name.eq_ignore_ascii_case(name));
        for resource in &self.spec.resources {
            let covers = |rule: &&Rule| rule.kind != RuleKind::Processing && rule.covers(resource);
            // A rule about who changes a resource is silent while it fails; by its name a policy takes it all the same.
            let (own, others): (Vec<&Rule>, Vec<&Rule>) =
                rules.iter().filter(covers).partition(|rule| rule.of_health || named(rule));
            if !own.iter().any(|rule| rule.enabled) {
                let what = match (own.is_empty(), others.is_empty()) {
                    (true, true) => "no alert rule watches",
                    (true, false) => "only rules about changes in the activity log watch",
                    (false, _) => "every alert rule is disabled that watches",
                };
                return Err(Absence::Error(plain(&format!(
                    "{what} {resource}: that no alert fires would say nothing; add or enable a rule"
                ))));
            }
            for rule in own.iter().filter(|rule| !rule.enabled) {
                remarks
                    .push(format!("the alert rule {} is disabled, and cannot fire", bounded(&rule.name, 80)));
            }
            let mutes = |rule: &&Rule| {
                rule.kind == RuleKind::Processing && rule.enabled && rule.mutes && rule.covers(resource)
            };
            for rule in rules.iter().filter(mutes) {
                let name = bounded(&rule.name, 80);
                remarks.push(format!(
                    "alerts of {} are muted by {name}: nobody is told, and they count here",
                    resource.name()
                ));
            }
        }
        for wanted in &self.spec.rules {
            self.check_named(wanted, &rules)?;
        }
        Ok(remarks)
    }

    /// Whether a rule that the policy names can fire on one of the resources. Names are given once in a group, not once in all.
    fn check_named(&self, wanted: &str, rules: &[Rule]) -> Result<(), Absence> {
        let named: Vec<&Rule> = rules
            .iter()
            .filter(|rule| rule.kind != RuleKind::Processing && rule.name.eq_ignore_ascii_case(wanted))
            .collect();
        let covers = |rule: &&&Rule| self.spec.resources.iter().any(|resource| rule.covers(resource));
        let own: Vec<&&Rule> = named.iter().filter(covers).collect();
        let what = match (named.is_empty(), own.is_empty()) {
            (true, _) => format!("there is no alert rule `{wanted}`; check `rules`"),
            (false, true) => format!(
                "the alert rule `{wanted}` watches none of `resources`; name the resource that it watches there"
            ),
            (false, false) if own.iter().any(|rule| rule.enabled) => return Ok(()),
            (false, false) => format!("the alert rule `{wanted}` is disabled, and cannot fire; enable it"),
        };
        Err(Absence::Error(plain(&what)))
    }

    /// The alerts that fired since the start.
    fn fired(&self, window: &PollWindow, world: &World<'_>) -> Result<Vec<Alert>, Absence> {
        let mut fired = Vec::new();
        for resource in &self.spec.resources {
            let query = form_urlencoded::Serializer::new(String::new())
                .append_pair("api-version", "2019-03-01")
                .append_pair("targetResource", resource.as_str())
                .append_pair("customTimeRange", &format!("{}/{}", window.start, window.scheduled))
                .append_pair("pageCount", "250")
                .finish();
            let path = format!(
                "/subscriptions/{}/providers/Microsoft.AlertsManagement/alerts?{query}",
                resource.subscription()
            );
            let place = format!("the subscription {}", resource.subscription());
            let alerts = self.list(path, &place, window, world, answer::alerts)?;
            // The service filters by the last change too; and an alert that has resolved meanwhile has fired all the same.
            fired.extend(alerts.into_iter().filter(|alert| alert.started >= window.start));
        }
        Ok(fired)
    }

    fn look(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        let mut notes: Vec<SourceNote> = Vec::new();
        let looked =
            self.check_rules(window, world).and_then(|remarks| Ok((remarks, self.fired(window, world)?)));
        let sample = match looked {
            Err(absence) => Sample::Absent(absence),
            Ok((remarks, fired)) => {
                let told = fired.iter().map(|alert| {
                    let Alert { rule, severity, resource, started, .. } = alert;
                    format!(
                        "alert {} ({severity}) fired on {} at {started}",
                        bounded(rule, 80),
                        bounded(resource, 80)
                    )
                });
                for text in remarks.into_iter().chain(told) {
                    if self.said.len() < 100 && self.said.insert(text.clone()) {
                        note(&mut notes, Some(&self.spec.signal), &text);
                    }
                }
                Sample::from_number(fired.len() as f64)
            }
        };
        let signal = self.spec.signal.clone();
        Polled { observations: vec![Observation { at: window.scheduled, signal, sample }], notes }
    }
}

/// Path and query of a next page, where it is on a host of Azure's.
fn next_path(link: &str) -> Result<String, Absence> {
    let elsewhere =
        || Absence::Error("the next page of the list is on another host, and is not read".to_owned());
    let url: Url = link.parse().map_err(|_| elsewhere())?;
    let known = url.scheme() == "https" && url.host_str().is_some_and(|host| HOSTS.contains(&host));
    if !known || url.port().is_some() {
        return Err(elsewhere());
    }
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    Ok(format!("{}{query}", url.path()))
}

impl Source for Alerts {
    fn describe(&self) -> String {
        let names: Vec<&str> = self.spec.resources.iter().map(ResourceId::name).collect();
        plain(&format!("azure-alerts on {}", names.join(", ")))
    }

    fn signals(&self) -> Vec<SourceSignal> {
        vec![SourceSignal {
            signal: self.spec.signal.clone(),
            reading: ReadingKind::Value,
            step: self.spec.step,
            span: Duration::ZERO,
            ingestion_delay: Duration::ZERO,
        }]
    }

    fn interval(&self) -> Duration {
        self.spec.step
    }

    fn poll(&mut self, window: &PollWindow, world: &World<'_>) -> Polled {
        // The service takes no empty time.
        if window.scheduled <= window.start {
            let early = PollWindow { start: window.start - LATE, ..*window };
            return self.look(&early, world);
        }
        self.look(window, world)
    }

    fn history(&mut self, _: &PollWindow, _: &World<'_>) -> Option<Polled> {
        None
    }

    fn queries(&self) -> Vec<ShownQuery> {
        let ids: Vec<&str> = self.spec.resources.iter().map(ResourceId::as_str).collect();
        let text = format!("alerts that fired since the deployment on {}", ids.join("\n     "));
        vec![ShownQuery { signal: self.spec.signal.clone(), text }]
    }
}

/// A moment of an answer.
fn moment(text: &str) -> Option<Timestamp> {
    super::iso::parse_time(text).map(crate::source::due::timestamp)
}
