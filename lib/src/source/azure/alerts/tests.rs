use super::*;
use crate::source::double::{Answer, Network, notes, shown, status};

const ID: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers/Microsoft.Web/sites/orders";

fn source(rules: &[&str]) -> Alerts {
    Alerts::new(&AzureAlertsSpec {
        signal: "alerts".parse().unwrap(),
        resources: vec![ID.parse().unwrap()],
        rules: rules.iter().map(|rule| (*rule).to_owned()).collect(),
        step: Duration::from_secs(60),
        timeout: Duration::from_secs(30),
    })
    .unwrap()
}

fn list(items: &str, next: &str) -> Answer {
    status(200, "application/json", &format!(r#"{{"value":[{items}]{next}}}"#))
}

fn rule(name: &str, enabled: bool, scope: &str) -> String {
    format!(r#"{{"name":"{name}","properties":{{"enabled":{enabled},"scopes":["{scope}"]}}}}"#)
}

fn alert(rule: &str, started: &str) -> String {
    format!(
        r#"{{"id":"x","properties":{{"essentials":{{"severity":"Sev1","alertRule":"/a/b/{rule}","targetResource":"{ID}","monitorCondition":"Resolved","startDateTime":"{started}"}}}}}}"#
    )
}

struct Scene {
    metric: String,
    activity: String,
    processing: String,
    alerts: String,
    more: String,
}

fn scene() -> Scene {
    Scene {
        metric: rule("http-5xx", true, ID),
        activity: String::new(),
        processing: String::new(),
        alerts: String::new(),
        more: String::new(),
    }
}

fn network(scene: Scene) -> Network {
    Network::new(move |asked| {
        if asked.url.contains("/metricAlerts?") {
            list(&scene.metric, "")
        } else if asked.url.contains("/scheduledQueryRules?") {
            list("", "")
        } else if asked.url.contains("/activityLogAlerts?") {
            list(&scene.activity, "")
        } else if asked.url.contains("/actionRules?") {
            list(&scene.processing, "")
        } else if asked.url.contains("page2") {
            list(&alert("late", "1970-01-01T00:18:30Z"), "")
        } else {
            list(&scene.alerts, &scene.more)
        }
    })
}

#[test]
fn alerts_that_fired_since_the_deployment_count_even_if_they_have_resolved() {
    let alerts =
        [alert("old", "1970-01-01T00:16:39Z"), alert("http-5xx", "1970-01-01T00:18:00.1234567Z")].join(",");
    let network = network(Scene { alerts, ..scene() });
    let polled = network.poll(&mut source(&[]), 1200);
    assert_eq!(shown(&polled), ["1200 alerts 1"]);
    assert_eq!(notes(&polled), ["alert http-5xx (Sev1) fired on orders at 1970-01-01T00:18:00.123Z"]);
    let asked = network.take_asked();
    let asked = asked.iter().find(|asked| asked.url.contains("/alerts?")).unwrap();
    assert!(
        asked.url.contains("customTimeRange=1970-01-01T00%3A16%3A40Z%2F1970-01-01T00%3A20%3A00Z"),
        "{}",
        asked.url
    );
}

#[test]
fn that_no_alert_fires_says_something_only_where_a_rule_watches() {
    assert_eq!(shown(&network(scene()).poll(&mut source(&[]), 1200)), ["1200 alerts 0"]);
    let group = ID.split("/providers").next().unwrap();
    let wide = Scene { metric: rule("all", true, group), ..scene() };
    assert_eq!(shown(&network(wide).poll(&mut source(&[]), 1200)), ["1200 alerts 0"], "a rule on the group");
    let said = |scene, rules: &[&str]| shown(&network(scene).poll(&mut source(rules), 1200)).remove(0);
    let none = Scene { metric: rule("other", true, &ID.replace("sites/orders", "sites/shop")), ..scene() };
    assert!(said(none, &[]).contains("no alert rule watches"));
    let off = Scene { metric: rule("http-5xx", false, ID), ..scene() };
    assert!(said(off, &[]).contains("every alert rule is disabled"));
    assert!(said(scene(), &["latency"]).contains("there is no alert rule `latency`"));
    let both = [rule("http-5xx", true, ID), rule("latency", false, ID)].join(",");
    assert!(said(Scene { metric: both, ..scene() }, &["latency"]).contains("`latency` is disabled"));
}

#[test]
fn a_disabled_rule_and_muted_notifications_are_said() {
    let metric = [rule("http-5xx", true, ID), rule("latency", false, ID)].join(",");
    let processing = format!(
        r#"{{"name":"night","properties":{{"enabled":true,"scopes":["{ID}"],"actions":[{{"actionType":"RemoveAllActionGroups"}}]}}}}"#
    );
    let polled = network(Scene { metric, processing, ..scene() }).poll(&mut source(&[]), 1200);
    assert_eq!(shown(&polled), ["1200 alerts 0"]);
    assert_eq!(
        notes(&polled),
        [
            "the alert rule latency is disabled, and cannot fire",
            "alerts of orders are muted by night: nobody is told, and they count here"
        ]
    );
}

#[test]
fn a_next_page_is_read_on_the_same_host_only() {
    let alerts = || alert("http-5xx", "1970-01-01T00:18:00Z");
    let more = r#","nextLink":"https://management.azure.com/subscriptions/x/providers/Microsoft.AlertsManagement/alerts?api-version=2018-05-05&page2=1""#;
    let polled =
        network(Scene { alerts: alerts(), more: more.into(), ..scene() }).poll(&mut source(&[]), 1200);
    assert_eq!(shown(&polled), ["1200 alerts 2"]);
    for host in ["evil.example", "management.azure.com.evil.example", "management.azure.com:8443"] {
        let more = more.replace("management.azure.com", host);
        let polled = network(Scene { alerts: alerts(), more, ..scene() }).poll(&mut source(&[]), 1200);
        assert!(shown(&polled)[0].contains("on another host"), "{host}");
    }
}

/// A rule on the activity log.
fn activity(name: &str, category: &str) -> String {
    format!(
        r#"{{"name":"{name}","properties":{{"enabled":true,"scopes":["{ID}"],"condition":{{"allOf":[{{"field":"category","equals":"{category}"}}]}}}}}}"#
    )
}

#[test]
fn a_rule_of_the_activity_log_watches_where_it_is_about_health_or_named() {
    let said = |category: &str, rules: &[&str]| {
        let scene = Scene { metric: String::new(), activity: activity("restarted", category), ..scene() };
        shown(&network(scene).poll(&mut source(rules), 1200)).remove(0)
    };
    assert!(said("Administrative", &[]).contains("only rules about changes in the activity log watch"));
    assert_eq!(said("ResourceHealth", &[]), "1200 alerts 0");
    assert_eq!(said("Administrative", &["restarted"]), "1200 alerts 0");
}

#[test]
fn a_rule_that_is_named_has_to_watch_one_of_the_resources() {
    let said = |metric: String| {
        shown(&network(Scene { metric, ..scene() }).poll(&mut source(&["latency"]), 1200)).remove(0)
    };
    let elsewhere = ID.replace("sites/orders", "sites/shop");
    let both = |enabled| {
        [rule("http-5xx", true, ID), rule("latency", enabled, ID), rule("latency", true, &elsewhere)]
    };
    assert!(
        said([rule("http-5xx", true, ID), rule("latency", true, &elsewhere)].join(","))
            .contains("watches none of")
    );
    assert!(said(both(false).join(",")).contains("`latency` is disabled"), "whatever another group calls so");
    assert_eq!(said(both(true).join(",")), "1200 alerts 0");
}
