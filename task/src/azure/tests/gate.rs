//! A whole gate on virtual time: a policy of presets, the real sources, the double of Azure over TLS, and a token that lives for
//! ten minutes.

use std::collections::BTreeSet;

use runbook_gate::gate::{Decision, Gate, Progress};
use runbook_gate::journal::Line;
use runbook_gate::policy::{Policy, PolicyFile, Variable, Variables};
use runbook_gate::source::{self, CommandEnd, CommandError, Commands, Source, World};
use runbook_gate::{Duration, Timestamp};
use runbook_gate_tests::azure::service::{self as service, GROUP};

use super::*;
use crate::drive::ledger::Ledger;
use crate::drive::stage::{Answer as Answered, Event, Job, Stage};
use crate::drive::{Course, Reads, Trial, Watched, watch};
use crate::live::View;
use crate::redact::Redactor;

/// Forty minutes of watch.
fn policy() -> Policy {
    let text = format!(
        r#"
version: 1
service: orders-api
prometheus: {{ azure: "https://orders-a1b2.westeurope.prometheus.monitor.azure.com", step: 1m }}
presets:
  - application-insights: {{ resource: "{GROUP}/Microsoft.Insights/components/orders", role: orders-api, ingestion_delay: 2m }}
  - app-service: {{ resource: "{GROUP}/Microsoft.Web/serverfarms/orders" }}
  - sql: {{ resource: "{GROUP}/Microsoft.Sql/servers/orders/databases/orders" }}
  - service-bus: {{ resource: "{GROUP}/Microsoft.ServiceBus/namespaces/orders", entity: incoming }}
signals:
  alerts: {{ azure-alerts: {{ resources: ["{GROUP}/Microsoft.Web/sites/orders"] }} }}
  pods: {{ prometheus: {{ query: "sum(up)" }} }}
  mismatches: {{ log-analytics: {{ workspace: "11111111-2222-3333-4444-555555555555", query: "OrdersAudit | where Mismatch | summarize value=count()" }} }}
  site_requests:
    azure-monitor:
      resources: ["{GROUP}/Microsoft.Web/sites/orders", "{GROUP}/Microsoft.Web/sites/orders-2"]
      region: westeurope
      metric: Requests
      aggregation: Total
gate:
  warmup: 1m
  observe: 40m
  baseline: none
  rollback_when: ["error_rate > 5% for 5m", "latency_p95 > 500ms for 5m"]
  verify: ["error_rate < 1%", "latency_p95 < 500ms", "max(new_errors) < 1", "max(alerts) < 1", "cpu_saturation < 90%",
    "database_cpu_saturation < 90%", "max(queue_depth) < 1000", "max(mismatches) < 1", "min(pods) > 2", "min(site_requests) > 1",
    "dependency_failures < 10%", "max(exceptions) < 5", "availability_tests > 90%", "correlation_ids > 90%", "min(traces) > 1"]
"#
    );
    let today: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let checked = PolicyFile::parse("runbook.yml", &text, today).unwrap_or_else(|errors| panic!("{errors}"));
    checked.file.resolve(None, &Nothing).unwrap_or_else(|errors| panic!("{errors}"))
}

struct Nothing;

impl Variables for Nothing {
    fn get(&self, _: &str) -> Variable {
        Variable::NotAllowed
    }
}

impl Commands for Nothing {
    fn run(&self, _: &runbook_gate::policy::source_spec::CommandSpec) -> Result<CommandEnd, CommandError> {
        panic!("no command is run here")
    }
}

struct Silent;

impl View for Silent {
    fn show(&mut self, _: &Progress, _: Timestamp) {}

    fn say(&mut self, _: &str) {}
}

/// What happens to the service, in minutes since the deployment.
#[derive(Clone, Copy, Debug, Default)]
struct Story {
    /// From when on a fifth of the requests fails.
    failing_from: Option<i64>,
    /// When Log Analytics refuses for a minute.
    throttled_at: Option<i64>,
    /// When every token ends before its time.
    tokens_end_at: Option<i64>,
    /// When an alert fires, while a rule mutes its notifications.
    alert_at: Option<i64>,
    /// When exceptions begin that were not there before.
    new_error_at: Option<i64>,
}

fn start() -> Timestamp {
    "2026-01-01T00:00:20Z".parse().unwrap()
}

fn respond(call: &Call, story: Story, minute: i64) -> Answer {
    let since = |at: i64| (at - start().as_nanos() / 1_000_000_000) / 60;
    let has_come = |at: Option<i64>| at.is_some_and(|at| minute >= at);
    let moment = |at: Option<i64>| {
        (start() + Duration::from_secs(60).times(at.unwrap_or(0).unsigned_abs())).to_string()
    };
    let site = format!("{GROUP}/Microsoft.Web/sites/orders");
    if call.path.ends_with("/actionRules") && story.alert_at.is_some() {
        let actions = json!([{ "actionType": "RemoveAllActionGroups" }]);
        let properties = json!({ "enabled": true, "scopes": [site], "actions": actions });
        return Answer::json(&json!({ "value": [{ "name": "night", "properties": properties }] }));
    }
    if call.path.ends_with("/alerts") && has_come(story.alert_at) {
        let essentials = json!({
            "severity": "Sev1", "alertRule": "/rules/http-5xx", "targetResource": site, "startDateTime": moment(story.alert_at),
        });
        return Answer::json(&json!({ "value": [{ "properties": { "essentials": essentials } }] }));
    }
    if call.field("query").contains("before == 0") && has_come(story.new_error_at) {
        let row = json!(["NullReferenceException at Checkout", 0, 12, moment(story.new_error_at), "not set"]);
        return service::table(&["pattern", "before", "after", "first", "message"], vec![row]);
    }
    service::answer(call, |at| story.failing_from.is_some_and(|from| since(at) >= from))
}

/// Sources that work at once, on a clock that moves only when somebody waits.
struct Live {
    now: Timestamp,
    clock: Clock,
    double: Azure,
    transport: AzureTransport,
    sources: Vec<Box<dyn Source>>,
    /// When every token ends.
    tokens_end: Option<Timestamp>,
    done: Vec<(Timestamp, usize, Answered)>,
}

impl Stage for Live {
    fn now(&self) -> Timestamp {
        self.now
    }

    fn start(&mut self, source: usize, job: Job) {
        self.clock.set(&self.double, self.now.as_nanos() / 1_000_000_000);
        if self.tokens_end.is_some_and(|end| self.now >= end) {
            self.tokens_end = None;
            self.double.end_tokens();
        }
        let world = World { transport: &self.transport, commands: &Nothing };
        let source_at = &mut self.sources[source];
        let answer = match job {
            Job::Poll(window) => Answered::Polled(source_at.poll(&window, &world)),
            Job::History(window) => Answered::History(source_at.history(&window, &world)),
            Job::Serving(window) => Answered::Serving(source_at.serving(&window, &world)),
        };
        self.done.push((self.now + Duration::from_secs(1), source, answer));
    }

    fn next(&mut self, until: Timestamp) -> Event {
        let first = (0..self.done.len()).min_by_key(|index| (self.done[*index].0, self.done[*index].1));
        match first.filter(|index| self.done[*index].0 <= until) {
            Some(index) => {
                let (at, source, answer) = self.done.remove(index);
                self.now = self.now.max(at);
                Event::Done { source, answer, fault: None }
            }
            None => {
                self.now = self.now.max(until);
                Event::Reached
            }
        }
    }
}

struct Ran {
    decision: Decision,
    journal: String,
    calls: Vec<Call>,
    refusals: Vec<String>,
}

fn run(story: Story) -> Ran {
    let policy = policy();
    let clock = Clock::default();
    let throttled = story.throttled_at;
    let shared = clock.clone();
    let double = Azure::start(move |call| {
        let minute = (shared.0.load(Ordering::SeqCst) - start().as_nanos() / 1_000_000_000) / 60;
        if call.host == "api.loganalytics.io" && throttled == Some(minute) {
            return Answer { status: 429, headers: vec!["Retry-After: 60".to_owned()], body: String::new() };
        }
        respond(call, story, minute)
    });
    double.set_life(600);
    let transport = transport(&double, federated(&double), &clock);
    let sources: Vec<Box<dyn Source>> = policy
        .sources()
        .iter()
        .map(|spec| source::build(spec).unwrap_or_else(|error| panic!("{error}")))
        .collect();
    let watched = sources
        .iter()
        .map(|source| {
            let signals = source.signals();
            Watched {
                name: source.describe(),
                interval: source.interval(),
                ingestion_delay: signals
                    .iter()
                    .map(|signal| signal.ingestion_delay)
                    .max()
                    .unwrap_or_default(),
                timeout: Duration::from_secs(30),
                reads: match source.describe().split(' ').next() {
                    Some("azure-alerts") => Reads::Moments,
                    Some("new") => Reads::Since,
                    _ => Reads::Ranges,
                },
                trial: Trial::Answers,
                signals,
            }
        })
        .collect();
    let course = Course { start: start(), watch_from: start() + policy.gate().warmup(), sources: watched };
    let mut file = Vec::new();
    let mut ledger = Ledger::new(Gate::new(policy.gate().clone()), &mut file, Redactor::default());
    let head = Line::Start { t: start(), environment: "production".into(), policy_sha256: String::new() };
    ledger.record(head).unwrap();
    let tokens_end = story.tokens_end_at.map(|at| start() + Duration::from_secs(60).times(at.unsigned_abs()));
    let mut stage = Live {
        now: start(),
        clock,
        double: double.clone(),
        transport,
        sources,
        tokens_end,
        done: Vec::new(),
    };
    let outcome = watch(&course, ledger, &mut stage, &mut Silent).unwrap();
    Ran {
        decision: outcome.decision,
        journal: String::from_utf8(file).unwrap(),
        calls: double.take_calls(),
        refusals: double.refusals(),
    }
}

#[test]
fn forty_minutes_on_tokens_of_ten_end_well_and_every_preset_asks_by_the_schema() {
    let ran = run(Story::default());
    assert!(ran.refusals.is_empty(), "{:#?}", ran.refusals);
    let absent: Vec<&str> = ran.journal.lines().filter(|line| line.contains("\"absent\"")).collect();
    assert!(absent.is_empty(), "{absent:#?}");
    assert_eq!(ran.decision, Decision::Proceed, "{}", ran.journal.lines().last().unwrap());
    // Each of the audiences is renewed some times, and each time with an assertion of its own.
    let scopes: BTreeSet<String> = ran.calls.iter().filter_map(scope_of).collect();
    assert_eq!(
        scopes.into_iter().collect::<Vec<_>>(),
        [
            "https://api.loganalytics.io/.default",
            "https://management.azure.com/.default",
            "https://metrics.monitor.azure.com/.default",
            "https://prometheus.monitor.azure.com/.default"
        ]
    );
    let renewals = ran.calls.iter().filter_map(scope_of).filter(|scope| scope.contains("management")).count();
    assert!((8..=10).contains(&renewals), "{renewals}");
    let assertions = ran.calls.iter().filter(|call| call.path == "/oidc").count();
    assert_eq!(assertions, ran.calls.iter().filter_map(scope_of).count());
    assert!(!ran.journal.contains("entra-token"), "no token stands in the journal");
}

/// The scope of a request for a token.
fn scope_of(call: &Call) -> Option<String> {
    if !call.path.ends_with("/oauth2/v2.0/token") {
        return None;
    }
    url::form_urlencoded::parse(call.body.as_bytes())
        .find(|(name, _)| name == "scope")
        .map(|(_, scope)| scope.into_owned())
}

#[test]
fn a_release_that_fails_is_found_though_its_numbers_come_late() {
    let ran = run(Story { failing_from: Some(10), ..Story::default() });
    assert_eq!(ran.decision, Decision::Rollback);
}

#[test]
fn a_minute_of_throttling_is_absent_and_then_made_up_for() {
    let ran = run(Story { throttled_at: Some(20), ..Story::default() });
    let throttled = ran.journal.lines().filter(|line| line.contains("\"throttled\"")).count();
    assert!(throttled > 0, "it is said");
    assert_eq!(ran.decision, Decision::Proceed, "and no failure of the service");
    let rates = ran
        .journal
        .lines()
        .filter(|line| line.contains("\"sample\"") && line.contains("\"error_rate\""))
        .count();
    assert!(rates >= 39, "{rates} minutes, none of them lost");
}

#[test]
fn tokens_that_end_in_the_middle_are_renewed_and_nothing_is_lost() {
    let ran = run(Story { tokens_end_at: Some(17), ..Story::default() });
    assert_eq!(ran.decision, Decision::Proceed);
    assert!(ran.refusals.is_empty(), "{:#?}", ran.refusals);
    assert!(!ran.journal.contains("\"absent\""), "the same poll asks again with a new token");
}

#[test]
fn an_alert_that_fired_holds_though_its_notifications_are_muted() {
    let ran = run(Story { alert_at: Some(12), ..Story::default() });
    assert_eq!(ran.decision, Decision::Hold);
    for part in [
        "alert http-5xx (Sev1) fired on orders at 2026-01-01T00:12:20Z",
        "alerts of orders are muted by night: nobody is told, and they count here",
    ] {
        assert_eq!(ran.journal.matches(part).count(), 1, "{part} is said once");
    }
}

#[test]
fn a_new_error_holds_and_leads_to_the_portal() {
    let ran = run(Story { new_error_at: Some(12), ..Story::default() });
    assert_eq!(ran.decision, Decision::Hold);
    let link = format!(
        "new errors are at https://portal.azure.com/#resource{GROUP}/Microsoft.Insights/components/orders/failures\""
    );
    for part in [
        &link,
        "new error `NullReferenceException at Checkout`, 12 times since 2026-01-01T00:12:20Z: not set",
    ] {
        assert_eq!(ran.journal.matches(part).count(), 1, "{part} is said once");
    }
}
