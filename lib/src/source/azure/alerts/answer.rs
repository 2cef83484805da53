//! What Azure answers of alerts and of the rules that raise and mute them.

use serde::Deserialize;

use super::moment;
use crate::Timestamp;
use crate::azure::ResourceId;
use crate::sample::Absence;
use crate::source::remark::{bounded, plain};

/// One page of a list.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<String>,
}

/// An alert.
pub(super) struct Alert {
    pub(super) rule: String,
    pub(super) severity: String,
    pub(super) resource: String,
    pub(super) started: Timestamp,
}

/// A rule that raises alerts, or one that mutes them.
pub(super) struct Rule {
    pub(super) kind: RuleKind,
    pub(super) name: String,
    pub(super) enabled: bool,
    /// Whether it takes away every notification.
    pub(super) mutes: bool,
    /// Whether it is about how a resource runs, not about who changed it.
    pub(super) of_health: bool,
    scopes: Vec<String>,
}

/// What kind of rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RuleKind {
    /// On a metric.
    Metric,
    /// On a query of logs.
    Query,
    /// On the activity log: what was done to a resource, and what Azure says of its health.
    Activity,
    /// An alert processing rule.
    Processing,
}

impl RuleKind {
    pub(super) const ALL: [Self; 4] = [Self::Metric, Self::Query, Self::Activity, Self::Processing];

    /// The provider and type that list it.
    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Metric => "Microsoft.Insights/metricAlerts",
            Self::Query => "Microsoft.Insights/scheduledQueryRules",
            Self::Activity => "Microsoft.Insights/activityLogAlerts",
            Self::Processing => "Microsoft.AlertsManagement/actionRules",
        }
    }

    pub(super) const fn version(self) -> &'static str {
        match self {
            Self::Metric => "2018-03-01",
            Self::Query => "2023-12-01",
            Self::Activity => "2020-10-01",
            Self::Processing => "2021-08-08",
        }
    }
}

impl Rule {
    /// Whether it is about a resource, or about what the resource lies in.
    pub(super) fn covers(&self, resource: &ResourceId) -> bool {
        self.scopes.iter().any(|scope| resource.lies_in(scope))
    }
}

#[derive(Deserialize)]
struct List<T> {
    #[serde(default = "Vec::new")]
    value: Vec<T>,
    #[serde(default, rename = "nextLink")]
    next: Option<String>,
}

#[derive(Deserialize)]
struct AlertDocument {
    properties: AlertProperties,
}

#[derive(Deserialize)]
struct AlertProperties {
    essentials: Essentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Essentials {
    #[serde(default)]
    severity: Option<String>,
    #[serde(default)]
    alert_rule: Option<String>,
    #[serde(default)]
    target_resource: Option<String>,
    start_date_time: String,
}

#[derive(Deserialize)]
struct RuleDocument {
    #[serde(default)]
    name: Option<String>,
    properties: RuleProperties,
}

#[derive(Deserialize)]
struct RuleProperties {
    /// Left out, a rule is enabled.
    #[serde(default)]
    enabled: Option<bool>,
    #[serde(default)]
    scopes: Option<Vec<String>>,
    #[serde(default)]
    actions: Option<serde_json::Value>,
    /// `{"allOf":[{"field":"category","equals":"ResourceHealth"}]}`
    #[serde(default)]
    condition: Option<serde_json::Value>,
}

fn unreadable(error: &serde_json::Error) -> Absence {
    Absence::Error(plain(&format!("the answer is no list of alerts or rules: {error}")))
}

/// A page of alerts.
pub(super) fn alerts(body: &[u8]) -> Result<Page<Alert>, Absence> {
    let list: List<AlertDocument> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let alert = |document: AlertDocument| {
        let Essentials { severity, alert_rule, target_resource, start_date_time } =
            document.properties.essentials;
        let started = moment(&start_date_time).ok_or_else(|| {
            Absence::Error(format!("an alert has a time that is none: {}", bounded(&start_date_time, 40)))
        })?;
        let rule = alert_rule.unwrap_or_default();
        Ok(Alert {
            // The name alone: an id says little more.
            rule: rule.rsplit('/').next().unwrap_or_default().to_owned(),
            severity: bounded(&severity.unwrap_or_default(), 10),
            resource: target_resource.unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned(),
            started,
        })
    };
    Ok(Page { items: list.value.into_iter().map(alert).collect::<Result<_, _>>()?, next: list.next })
}

/// A page of rules of one kind.
pub(super) fn rules(kind: RuleKind, body: &[u8]) -> Result<Page<Rule>, Absence> {
    let list: List<RuleDocument> = serde_json::from_slice(body).map_err(|error| unreadable(&error))?;
    let rule = |document: RuleDocument| {
        let RuleProperties { enabled, scopes, actions, condition } = document.properties;
        let mutes = match &actions {
            Some(serde_json::Value::Array(actions)) => actions.iter().any(|action| {
                action["actionType"]
                    .as_str()
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("RemoveAllActionGroups"))
            }),
            _ => false,
        };
        Rule {
            kind,
            name: document.name.unwrap_or_default(),
            enabled: enabled.unwrap_or(true),
            mutes,
            of_health: kind != RuleKind::Activity || condition.as_ref().is_some_and(is_resource_health),
            scopes: scopes.unwrap_or_default(),
        }
    };
    Ok(Page { items: list.value.into_iter().map(rule).collect(), next: list.next })
}

/// Whether a condition on the activity log takes Azure's word on a resource's health.
fn is_resource_health(condition: &serde_json::Value) -> bool {
    let is = |value: &serde_json::Value, wanted: &str| {
        value.as_str().is_some_and(|text| text.eq_ignore_ascii_case(wanted))
    };
    let all = condition["allOf"].as_array().into_iter().flatten();
    let mut each =
        all.flat_map(|one| std::iter::once(one).chain(one["anyOf"].as_array().into_iter().flatten()));
    each.any(|one| is(&one["field"], "category") && is(&one["equals"], "ResourceHealth"))
}
