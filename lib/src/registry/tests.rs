use std::sync::Mutex;

use sha2::{Digest as _, Sha256};

use super::*;
use crate::transport::ResponseHeaders;

/// Answers by the URL, and remembers what was asked: `opened` or not, the URL, and the token.
struct Network<F> {
    answer: F,
    asked: Mutex<Vec<String>>,
}

impl<F: Fn(&str, Option<&str>) -> Response + Send + Sync> Transport for Network<F> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let (opened, url) = match &request.address {
            Address::Url(url) => ("", url),
            Address::Opened(url) => ("opened ", url),
            _ => panic!("{request:?}"),
        };
        let url = format!("{opened}{}", crate::transport::joined(url, &request.path_and_query));
        let token = request.headers.iter().find(|header| header.name == "Authorization");
        let token = token.map(|header| {
            assert_eq!(header.sensitivity, Sensitivity::Secret);
            header.value.reveal().to_owned()
        });
        let shown = token.as_deref().map_or(String::new(), |token| format!(" with {token}"));
        self.asked.lock().unwrap().push(format!("{url}{shown}"));
        Ok((self.answer)(&url, token.as_deref()))
    }
}

const MANIFEST: &str = r#"{"schemaVersion":2,"config":{},"layers":[]}"#;
const INDEX: &str = r#"{"schemaVersion":2,"manifests":[{},{}]}"#;
const UNKNOWN: &str = r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}"#;

fn sum(body: &str) -> String {
    let hex: String = Sha256::digest(body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
    let headers: ResponseHeaders = headers.iter().copied().collect();
    Response { headers, ..Response::new(status, "application/json", body) }
}

fn challenged(challenge: &str) -> Response {
    answer(401, &[("WWW-Authenticate", challenge)], r#"{"errors":[{"code":"UNAUTHORIZED"}]}"#)
}

type Outcome = Result<StoredImage, RegistryError>;

fn ask(image: &str, answer: impl Fn(&str, Option<&str>) -> Response + Send + Sync) -> (Outcome, Vec<String>) {
    let image: ImageReference = image.parse().unwrap();
    let network = Network { answer, asked: Mutex::default() };
    let outcome = stored(&[&image], &network).remove(0);
    (outcome, network.asked.into_inner().unwrap())
}

fn words(outcome: Outcome) -> String {
    match outcome {
        Ok(image) => format!("{} {:?}", image.digest, image.images),
        Err(error) => error.to_string(),
    }
}

#[test]
fn an_open_registry_answers_at_once() {
    let (outcome, asked) = ask("r.io/a/b:1", |_, _| answer(200, &[], MANIFEST));
    assert_eq!(outcome, Ok(StoredImage { digest: sum(MANIFEST), images: None }));
    assert_eq!(asked, ["https://r.io/v2/a/b/manifests/1"]);
    let (outcome, _) = ask("r.io/a/b:1", |_, _| answer(200, &[], INDEX));
    assert_eq!(outcome.unwrap().images, Some(2));
}

#[test]
fn a_token_of_the_registrys_own_realm_opens_it() {
    let (outcome, asked) = ask("r.io/a:1", |url, token| match (url, token) {
        ("https://r.io/v2/a/manifests/1", Some("Bearer t0k")) => answer(200, &[], MANIFEST),
        ("https://r.io/v2/a/manifests/1", None) => challenged(
            r#"Bearer realm="https://r.io/oauth2/token?x=1",service="r.io",scope="repository:a:push,pull""#,
        ),
        _ => answer(200, &[], r#"{"access_token":"t0k"}"#),
    });
    assert_eq!(outcome, Ok(StoredImage { digest: sum(MANIFEST), images: None }));
    assert_eq!(
        asked,
        [
            "https://r.io/v2/a/manifests/1",
            "opened https://r.io/oauth2/token?x=1&service=r.io&scope=repository%3Aa%3Apull",
            "https://r.io/v2/a/manifests/1 with Bearer t0k",
        ]
    );
}

#[test]
fn docker_hub_has_its_own_host_for_tokens() {
    let (outcome, asked) = ask("nginx:1", |url, token| match (url.contains("/manifests/"), token) {
        (true, None) => {
            challenged(r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io""#)
        }
        (true, Some(_)) => answer(200, &[], MANIFEST),
        _ => answer(200, &[], r#"{"token":"t","access_token":"other"}"#),
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(asked[0], "https://registry-1.docker.io/v2/library/nginx/manifests/1");
    assert!(asked[1].starts_with("opened https://auth.docker.io/token?service=registry.docker.io&scope="));
    assert!(asked[2].ends_with(" with Bearer t"));
}

#[test]
fn no_other_realm_is_asked() {
    for realm in [
        "https://other.io/token",
        "http://r.io/token",
        "https://r.io:444/token",
        "https://auth.docker.io/token",
        "https://r.io@evil.io/token",
        "https://user@r.io/token",
        "https://r.io.evil.io/token",
        "file:///etc/passwd",
    ] {
        let challenge = format!("Bearer realm=\"{realm}\",service=\"s\"");
        let (outcome, asked) = ask("r.io/a:1", |_, _| challenged(&challenge));
        assert!(matches!(outcome, Err(RegistryError::ForeignRealm { .. })), "{realm}: {outcome:?}");
        assert_eq!(asked.len(), 1, "{realm}");
    }
}

#[test]
fn a_registry_that_asks_for_a_password_gets_the_connections() {
    let (outcome, asked) = ask("r.io/a:1", |url, _| {
        if url.starts_with("opened ") { answer(200, &[], MANIFEST) } else { challenged("Basic realm=\"x\"") }
    });
    assert!(outcome.is_ok(), "{outcome:?}");
    assert_eq!(asked, ["https://r.io/v2/a/manifests/1", "opened https://r.io/v2/a/manifests/1"]);
}

#[test]
fn only_the_registrys_own_word_says_that_an_image_is_missing() {
    for (status, body, expected) in [
        (404, UNKNOWN, "has no such image"),
        (404, r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#, "does not show it"),
        (404, "<html>not found</html>", "404 without saying"),
        (404, "", "404 without saying"),
        (403, "", "does not let this caller read a (status 403)"),
        (429, "", "too many requests"),
        (500, UNKNOWN, "status 500"),
        (301, "", "status 301"),
        (204, "", "status 204"),
    ] {
        let (outcome, _) = ask("r.io/a:1", |_, _| answer(status, &[], body));
        assert!(words(outcome.clone()).contains(expected), "{status} {body}: {}", words(outcome));
    }
}

#[test]
fn what_is_no_manifest_is_none() {
    let digest = sum(MANIFEST);
    for (headers, body, expected) in [
        (vec![("Docker-Content-Digest", digest.as_str())], MANIFEST, "None"),
        (vec![("Docker-Content-Digest", digest.as_str())], INDEX, "not what its digest says"),
        (vec![("Docker-Content-Digest", "sha256:1")], MANIFEST, "no digest"),
        (vec![], "<html>sign in</html>", "no manifest"),
        (vec![], "{}", "schema version 2"),
        (vec![], "[]", "no manifest"),
        (vec![], r#"{"schemaVersion":1,"config":{}}"#, "schema version 2"),
        (vec![], r#"{"schemaVersion":2}"#, "neither"),
        (vec![], r#"{"schemaVersion":2,"manifests":{}}"#, "neither"),
        (vec![], r#"{"schemaVersion":2,"manifests":[],"config":{}}"#, "neither"),
    ] {
        let (outcome, _) = ask("r.io/a:1", |_, _| answer(200, &headers, body));
        assert!(words(outcome.clone()).contains(expected), "{body}: {}", words(outcome));
    }
}

#[test]
fn a_digest_is_checked_against_the_bytes_and_not_against_a_header() {
    let image = format!("r.io/a:1@{}", sum(MANIFEST));
    let (outcome, asked) = ask(&image, |_, _| answer(200, &[], MANIFEST));
    assert_eq!(outcome.unwrap().digest, sum(MANIFEST));
    assert_eq!(asked, [format!("https://r.io/v2/a/manifests/{}", sum(MANIFEST))]);
    let told = sum(MANIFEST);
    let (outcome, _) = ask(&image, |_, _| answer(200, &[("Docker-Content-Digest", told.as_str())], INDEX));
    assert!(words(outcome).contains("not what its digest says"));
}

#[test]
fn a_useless_answer_for_a_token_is_said() {
    for (status, body, expected) in [
        (200, "{}", "no token"),
        (200, "<html>", "no token"),
        (200, r#"{"token":7}"#, "no token"),
        (200, r#"{"token":""}"#, "no token"),
        (200, "{\"token\":\"a\\r\\nX: y\"}", "no token"),
        (401, "", "does not let this caller read a"),
        (500, "", "asked for a token"),
        (404, UNKNOWN, "asked for a token"),
        (429, "", "too many requests"),
    ] {
        let (outcome, asked) = ask("r.io/a:1", |url, _| match url.contains("/t?") {
            true => answer(status, &[], body),
            false => challenged(r#"Bearer realm="https://r.io/t""#),
        });
        assert!(words(outcome.clone()).contains(expected), "{status} {body}: {}", words(outcome));
        assert_eq!(asked.len(), 2);
    }
}

#[test]
fn a_registry_that_challenges_again_and_again_is_asked_three_times() {
    let (outcome, asked) = ask("r.io/a:1", |url, _| match url.contains("/t?") {
        true => answer(200, &[], r#"{"token":"t"}"#),
        false => challenged(r#"Bearer realm="https://r.io/t""#),
    });
    assert!(matches!(outcome, Err(RegistryError::NotAllowed { status: 401, .. })), "{outcome:?}");
    assert_eq!(asked.len(), 3);
    let (outcome, _) = ask("r.io/a:1", |_, _| answer(401, &[], ""));
    assert!(words(outcome).contains("sign-in"));
}

#[test]
fn many_images_are_asked_side_by_side_and_answered_in_order() {
    let images: Vec<ImageReference> =
        (0..5).map(|number| format!("r.io/a:{number}").parse().unwrap()).collect();
    let network = Network {
        answer: |url: &str, token: Option<&str>| match (url.contains("/t?"), token) {
            (true, _) => answer(200, &[], r#"{"token":"t"}"#),
            (false, None) if url.ends_with(['1', '3']) => challenged(r#"Bearer realm="https://r.io/t""#),
            _ if url.ends_with('2') => answer(404, &[], UNKNOWN),
            _ => answer(200, &[], MANIFEST),
        },
        asked: Mutex::default(),
    };
    let named: Vec<&ImageReference> = images.iter().collect();
    let found: Vec<bool> = stored(&named, &network).iter().map(Result::is_ok).collect();
    assert_eq!(found, [true, true, false, true, true]);
    assert_eq!(network.asked.into_inner().unwrap().len(), 5 + 2 + 2);
    assert!(stored(&[], &network_of_nothing()).is_empty());
}

fn network_of_nothing() -> Network<impl Fn(&str, Option<&str>) -> Response + Send + Sync> {
    Network { answer: |_: &str, _: Option<&str>| answer(500, &[], ""), asked: Mutex::default() }
}

#[test]
fn no_token_is_printed() {
    let image: ImageReference = "r.io/a:1".parse().unwrap();
    let request = manifest_of(&image, Opened::ByToken(Secret::new("canary")));
    assert!(!format!("{request:?}").contains("canary"));
}
