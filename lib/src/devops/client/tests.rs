use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::devops::Permission;
use crate::devops::double::{Service, json, project, two_minutes};
use crate::transport::{Method, ResponseHeaders};

fn call() -> Call {
    Call::get("the threads of pull request 12", Permission::ReadRepository("orders".into()), &["git", "x"])
}

fn why(response: Response) -> Why {
    Service::always(response).client().send(&call()).unwrap_err().why
}

#[test]
fn only_json_or_nothing_is_a_good_answer() {
    for good in [
        json("{}"),
        Response::new(201, "application/json", "{}"),
        Response::new(204, "", ""),
        Response::new(200, "text/html", ""),
    ] {
        assert!(Service::always(good).client().send(&call()).is_ok());
    }
    let page = "<html>Sign in</html>";
    for (status, kind) in
        [(203, "text/html"), (203, "application/json"), (302, "text/html"), (200, "text/html"), (401, "")]
    {
        let seen = why(Response::new(status, kind, page));
        assert_eq!(seen, Why::NotAuthenticated { status }, "{status} {kind}");
    }
    assert!(matches!(why(Response::new(200, "text/plain", "fine")), Why::Unreadable(_)));
    assert!(matches!(why(Response::new(202, "application/json", "{}")), Why::Unreadable(_)));
}

#[test]
fn a_failure_names_what_was_asked_and_the_permission_that_is_missing() {
    let body = r#"{"$id":"1","innerException":null,"message":"TF401027: You need the Git 'PullRequestContribute' permission.\r\n##vso[task.complete]","typeKey":"GitNeedsPermissionException","errorCode":0}"#;
    let mut response = Response::new(403, "application/json", body);
    response.headers = [("ActivityId", "7f1c")].into_iter().collect::<ResponseHeaders>();
    let call = Call::get(
        "a status on pull request 12",
        Permission::ContributeToPullRequests("orders".into()),
        &["git", "x"],
    );
    let error = Service::always(response).client().send(&call).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(
            "Azure DevOps did not give a status on pull request 12: it is not allowed: TF401027"
        )
    );
    assert!(text.contains("(activity 7f1c)") && !text.contains('\n'), "{text}");
    let gap = error.gap();
    assert_eq!(gap.who, crate::checklist::Who::Administrator);
    assert!(
        gap.how.contains("the build identity needs *Contribute to pull requests* on the repository orders")
    );
}

#[test]
fn each_failure_has_a_name() {
    let error = |status, kind: &str, message: &str| {
        let body = serde_json::json!({ "typeKey": kind, "message": message }).to_string();
        why(Response::new(status, "application/json", body))
    };
    assert!(matches!(error(404, "GitItemNotFoundException", "TF401174"), Why::NotFound { .. }));
    assert!(matches!(error(429, "", "TF400733"), Why::Throttled));
    assert!(matches!(error(400, "RuleValidationException", "TF237111: no"), Why::Forbidden { .. }));
    assert!(matches!(
        error(400, "VssInvalidPreviewVersionException", "no"),
        Why::Refused { status: 400, .. }
    ));
    assert!(matches!(error(500, "", ""), Why::Refused { status: 500, .. }));
    let refused = TransportError::Connect { host: "h".into(), why: "refused".into() };
    let service = Service::new(move |_, _| Err(refused.clone()));
    assert!(matches!(service.client().send(&call()).unwrap_err().why, Why::Unanswered(_)));
}

#[test]
fn a_list_that_is_not_there_is_not_empty() {
    let numbers =
        |body: &str| Service::always(json(body)).client().page::<u64>(&call()).map(|page| page.items);
    assert_eq!(numbers(r#"{"count":3,"value":[1,null,2]}"#).unwrap(), [1, 2]);
    assert_eq!(numbers(r#"{"value":[]}"#).unwrap(), [] as [u64; 0]);
    for broken in
        ["{}", "", "[]", "null", r#"{"value":null}"#, r#"{"value":["a"]}"#, r#"{"value":[1"#, "<html>"]
    {
        assert!(matches!(numbers(broken).unwrap_err().why, Why::Unreadable(_)), "{broken}");
    }
}

#[test]
fn what_cannot_be_read_quotes_nothing_of_the_answer() {
    let service = Service::always(json(r#"{"value":["canary-secret"]}"#));
    let error = service.client().page::<u64>(&call()).unwrap_err();
    assert!(!format!("{error} {error:?}").contains("canary"));
}

#[test]
fn lists_are_read_to_their_end() {
    let service = Service::new(|path, _| {
        let page = |items: &str, next: &str| {
            let mut response = json(&format!(r#"{{"value":[{items}]}}"#));
            response.headers = [("x-ms-continuationtoken", next)].into_iter().collect();
            Ok(response)
        };
        if path.contains("continuationToken=two%26") { page("3", "") } else { page("1,2", "two&") }
    });
    assert_eq!(service.client().list::<u64>(&call()).unwrap(), [1, 2, 3]);
    let endless = Service::new(|_, _| {
        let mut response = json(r#"{"value":[1]}"#);
        response.headers = [("X-MS-ContinuationToken", "again")].into_iter().collect();
        Ok(response)
    });
    assert!(matches!(endless.client().list::<u64>(&call()).unwrap_err().why, Why::TooMany(50)));
}

#[test]
fn nothing_is_asked_once_the_time_is_over() {
    let service = Service::always(json("{}"));
    let left = AtomicU64::new(2);
    // Each look at the clock takes a second.
    let allowance = || Duration::from_secs(left.fetch_sub(1, Ordering::Relaxed).min(2));
    let client = Client::new(&service, project(), &allowance);
    let results = client.send_all(&[call(), call()]);
    assert!(results.iter().all(Result::is_ok));
    let error = client.send(&call()).unwrap_err();
    assert_eq!(error.why, Why::OutOfTime);
    assert!(error.gap().how.contains("--timeout"));
    let asked = service.asked.lock().unwrap();
    assert_eq!(
        asked.iter().map(|request| request.timeout).collect::<Vec<_>>(),
        [2, 1].map(Duration::from_secs)
    );
}

#[test]
fn results_stand_in_the_order_of_their_calls() {
    let service = Service::new(|path, _| Ok(json(if path.contains("/a?") { "1" } else { "2" })));
    let ask = |segment: &str| Call::get("it", Permission::ViewBuilds, &[segment]);
    let results = service.client().send_all(&[ask("a"), ask(".."), ask("b")]);
    let [Ok(first), Err(second), Ok(third)] = &results[..] else { panic!("{results:?}") };
    assert_eq!((first.read::<u64>().unwrap(), third.read::<u64>().unwrap()), (1, 2));
    assert_eq!(second.why, Why::Unaskable);
}

#[test]
fn requests_follow_no_redirect_and_repeat_only_what_may_be_repeated() {
    let service = Service::always(json("{}"));
    let client = Client::new(&service, project(), &two_minutes);
    client.send(&call()).unwrap();
    client.send(&call().by(Method::Post, Effect::Once)).unwrap();
    let asked = service.asked.lock().unwrap();
    let suppressed = |request: &Request| {
        request
            .headers
            .iter()
            .any(|header| header.name == "X-TFS-FedAuthRedirect" && header.value.reveal() == "Suppress")
    };
    assert!(asked.iter().all(|request| request.redirects == Redirects::AsAnswer && suppressed(request)));
    assert_eq!(
        asked.iter().map(|request| request.retry).collect::<Vec<_>>(),
        [Retry::WithinTimeout, Retry::Never]
    );
    assert!(asked.iter().all(|request| matches!(request.address, Address::Service(_))));
}
