//! Signing in and asking, against a double of Azure over TLS with an authority of its own.

mod gate;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use runbook_gate::transport::{Address, AzureApi, Request, Response, Transport, TransportError};
use runbook_gate::{Duration, Secret, Timestamp};
use runbook_gate_tests::azure::{Answer, Azure, CLIENT, Call, JOB_TOKEN, SECRET, TENANT, authority};
use serde_json::json;

use super::identity::{Application, OidcRequest};
use super::{Account, AzureTransport, Cloud, Identity, Tokens};
use crate::commands::processes::Processes;
use crate::http::{HttpTransport, Network};

/// The gate's clock, in seconds; set by the test.
#[derive(Clone, Default)]
struct Clock(Arc<AtomicI64>);

impl Clock {
    fn set(&self, double: &Azure, seconds: i64) {
        self.0.store(seconds, Ordering::SeqCst);
        double.set_now(seconds);
    }
}

fn wall() -> Timestamp {
    Timestamp::from_secs(1_767_225_600)
}

fn http(authority: Option<&Path>) -> Arc<HttpTransport> {
    let mut network = Network::default();
    if let Some(path) = authority {
        network.roots.add_file(path).unwrap();
    }
    Arc::new(HttpTransport::new(network, |_| {}, wall))
}

fn secret() -> Identity {
    Identity::Secret { application: application(), secret: Secret::new(SECRET) }
}

fn application() -> Application {
    Application { tenant: TENANT.to_owned(), client: CLIENT.to_owned() }
}

fn federated(double: &Azure) -> Identity {
    Identity::Federated {
        application: application(),
        oidc: OidcRequest {
            url: format!("{}/oidc", double.url()).parse().unwrap(),
            connection: "6d2e9b9a".to_owned(),
            job_token: Secret::new(JOB_TOKEN),
        },
    }
}

fn transport(double: &Azure, identity: Identity, clock: &Clock) -> AzureTransport {
    let (http, clock) = (http(Some(&authority())), clock.clone());
    let account = Account { identity, cloud: Cloud::double(&double.url()).unwrap() };
    let now = Arc::new(move || Timestamp::from_secs(clock.0.load(Ordering::SeqCst)));
    let tokens = Tokens::new(account, Arc::clone(&http), now, Processes::default(), |_| {});
    AzureTransport::new(http, Some(tokens))
}

const METRICS: &str = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Web/sites/a/providers/Microsoft.Insights/metrics\
                       ?api-version=2024-02-01\
                       &timespan=2026-01-01T00:00:00Z/2026-01-01T00:10:00Z&interval=PT1M&metricnames=Requests&aggregation=total";

fn ask() -> Request {
    Request::get(Address::Azure(AzureApi::ResourceManager), METRICS.to_owned(), Duration::from_secs(10))
}

fn fine(_: &Call) -> Answer {
    Answer::json(&json!({ "value": [] }))
}

fn sign_ins(calls: &[Call]) -> usize {
    calls.iter().filter(|call| call.path.ends_with("/oauth2/v2.0/token")).count()
}

fn status(outcome: Result<Response, TransportError>) -> u16 {
    outcome.unwrap().status
}

#[test]
fn every_way_to_a_token_opens_the_api() {
    let double = Azure::start(fine);
    for identity in [secret(), federated(&double), Identity::Managed { client: None }] {
        let words = identity.words();
        let transport = transport(&double, identity, &Clock::default());
        assert_eq!(status(transport.send(&ask())), 200, "{words}");
    }
    assert!(double.refusals().is_empty(), "{:?}", double.refusals());
}

#[test]
fn each_api_gets_a_token_of_its_own_that_is_kept() {
    let double = Azure::start(fine);
    let transport = transport(&double, secret(), &Clock::default());
    let query = |api| {
        let mut request =
            Request::get(Address::Azure(api), "/v1/workspaces/w/query".into(), Duration::from_secs(10));
        request.method = runbook_gate::transport::Method::Post;
        let body = json!({ "query": "AppRequests | take 1", "timespan": "2026-01-01T00:00:00Z/2026-01-01T00:10:00Z" });
        request.body = Some(runbook_gate::transport::Body {
            content_type: "application/json",
            bytes: body.to_string().into_bytes(),
        });
        request
    };
    let requests = [ask(), query(AzureApi::LogAnalytics), ask()];
    let answers: Vec<u16> = transport.send_all(&requests).into_iter().map(status).collect();
    assert_eq!(answers, [200, 200, 200], "{:?}", double.refusals());
    assert_eq!(sign_ins(&double.take_calls()), 2);
    transport.send_all(&requests);
    assert_eq!(sign_ins(&double.take_calls()), 0);
}

#[test]
fn a_token_is_renewed_before_it_ends_and_a_federated_one_with_a_new_assertion() {
    let double = Azure::start(fine);
    double.set_life(600);
    let clock = Clock::default();
    let transport = transport(&double, federated(&double), &clock);
    let mut renewed = Vec::new();
    // Forty minutes, a poll a minute.
    for minute in 0..=40 {
        clock.set(&double, minute * 60);
        assert_eq!(status(transport.send(&ask())), 200, "minute {minute}");
        let calls = double.take_calls();
        if sign_ins(&calls) > 0 {
            assert!(calls.iter().any(|call| call.path == "/oidc"), "an assertion is used once");
            renewed.push(minute);
        }
    }
    assert_eq!(renewed, [0, 5, 10, 15, 20, 25, 30, 35, 40]);
}

#[test]
fn a_token_that_is_refused_early_is_renewed_once() {
    let double = Azure::start(fine);
    let transport = transport(&double, secret(), &Clock::default());
    assert_eq!(status(transport.send(&ask())), 200);
    double.end_tokens();
    double.take_calls();
    assert_eq!(status(transport.send(&ask())), 200);
    let calls = double.take_calls();
    assert_eq!((calls.len(), sign_ins(&calls)), (3, 1), "refused, renewed, asked again");

    let stubborn = Azure::start(|_| Answer::error(401, "InvalidAuthenticationToken", "no"));
    let transport = self::transport(&stubborn, secret(), &Clock::default());
    assert_eq!(status(transport.send(&ask())), 401);
    assert_eq!(sign_ins(&stubborn.take_calls()), 2, "once more, and no storm");
}

#[test]
fn while_entra_is_down_the_old_token_serves_until_its_end() {
    let double = Azure::start(fine);
    double.set_life(600);
    let clock = Clock::default();
    let transport = transport(&double, secret(), &clock);
    assert_eq!(status(transport.send(&ask())), 200);
    double.set_entra(Some(Answer { status: 503, headers: Vec::new(), body: String::new() }));
    clock.set(&double, 400);
    assert_eq!(status(transport.send(&ask())), 200);
    clock.set(&double, 601);
    let error = transport.send(&ask()).unwrap_err();
    assert!(matches!(error, TransportError::Connect { .. }), "an outage, not a mistake: {error:?}");
}

#[test]
fn who_is_refused_and_why_is_said_at_once() {
    let double = Azure::start(fine);
    let wrong = Identity::Secret { application: application(), secret: Secret::new("canary-secret") };
    let error = transport(&double, wrong, &Clock::default()).send(&ask()).unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TransportError::SignIn { .. }), "{error:?}");
    for part in [CLIENT, TENANT, "https://management.azure.com/.default", "AADSTS7000215", "not its id"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(double.take_calls().len(), 1, "no retry storm");

    let mut other = application();
    other.tenant = "99999999-0000-0000-0000-000000000000".to_owned();
    let wrong = Identity::Secret { application: other, secret: Secret::new(SECRET) };
    let text = transport(&double, wrong, &Clock::default()).send(&ask()).unwrap_err().to_string();
    assert!(text.contains("check the tenant and the cloud"), "{text}");

    let mut denied = federated(&double);
    if let Identity::Federated { oidc, .. } = &mut denied {
        oidc.job_token = Secret::new("another-token");
    }
    let text = transport(&double, denied, &Clock::default()).send(&ask()).unwrap_err().to_string();
    assert!(text.contains("azureSubscription"), "{text}");
}

#[test]
fn an_authority_that_nobody_trusts_is_said_as_such_and_at_once() {
    let double = Azure::start(fine);
    let http = http(None);
    let account = Account { identity: secret(), cloud: Cloud::double(&double.url()).unwrap() };
    let tokens = Tokens::new(account, Arc::clone(&http), Arc::new(wall), Processes::default(), |_| {});
    let error = AzureTransport::new(http, Some(tokens)).send(&ask()).unwrap_err();
    assert!(matches!(error, TransportError::Tls { .. }), "{error:?}");
    assert!(error.to_string().contains("--ca-file"), "{error}");
    assert!(double.take_calls().is_empty());
}

#[test]
fn nobody_is_asked_where_nobody_signs_in() {
    let error = AzureTransport::new(http(None), None).send(&ask()).unwrap_err().to_string();
    assert!(error.contains("azureSubscription"), "{error}");
}

#[test]
fn a_clock_that_is_wrong_moves_no_tokens_end() {
    let double = Azure::start(fine);
    double.set_life(600);
    let clock = Clock::default();
    // The gate's clock is ten years behind the one by which the token's end was told.
    clock.set(&double, -315_360_000);
    let transport = transport(&double, secret(), &clock);
    transport.send(&ask()).unwrap();
    double.take_calls();
    clock.set(&double, -315_360_000 + 240);
    transport.send(&ask()).unwrap();
    assert_eq!(sign_ins(&double.take_calls()), 0);
    clock.set(&double, -315_360_000 + 301);
    transport.send(&ask()).unwrap();
    assert_eq!(sign_ins(&double.take_calls()), 1);
}

#[test]
fn no_more_queries_are_under_way_than_one_user_may_have() {
    use std::sync::Mutex;
    use std::sync::atomic::AtomicUsize;
    static NOW: AtomicUsize = AtomicUsize::new(0);
    static MOST: Mutex<usize> = Mutex::new(0);
    let double = Azure::start(|_| {
        let now = NOW.fetch_add(1, Ordering::SeqCst) + 1;
        let mut most = MOST.lock().unwrap();
        *most = (*most).max(now);
        drop(most);
        std::thread::yield_now();
        NOW.fetch_sub(1, Ordering::SeqCst);
        fine_tables()
    });
    let transport = Arc::new(transport(&double, secret(), &Clock::default()));
    let body =
        json!({ "query": "AppRequests | take 1", "timespan": "2026-01-01T00:00:00Z/2026-01-01T00:10:00Z" })
            .to_string();
    let request = Request {
        method: runbook_gate::transport::Method::Post,
        body: Some(runbook_gate::transport::Body {
            content_type: "application/json",
            bytes: body.into_bytes(),
        }),
        ..Request::get(
            Address::Azure(AzureApi::LogAnalytics),
            "/v1/workspaces/w/query".into(),
            Duration::from_secs(20),
        )
    };
    let threads: Vec<_> = (0..3)
        .map(|_| {
            let (transport, requests) = (Arc::clone(&transport), vec![request.clone(); 7]);
            std::thread::spawn(move || {
                transport.send_all(&requests).into_iter().map(status).collect::<Vec<_>>()
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), vec![200; 7]);
    }
    assert!(*MOST.lock().unwrap() <= 5, "{} at once", MOST.lock().unwrap());
}

fn fine_tables() -> Answer {
    Answer::json(&json!({ "tables": [] }))
}
