//! Container registries: whether an image is stored, over the distribution API of OCI and Docker.
//!
//! ```text
//! GET /v2/NAME/manifests/VERSION ─▶ 200 manifest
//!                                └▶ 401 Bearer realm ─▶ token ─▶ the same with the token
//!                                └▶ 401 Basic ─────────────────▶ the same with a connection's credential
//! ```
//!
//! Credentials are those of a connection with the origin of the registry. They go to the registry and to its own realm,
//! and to no realm elsewhere that a registry names: it would get back a token for another registry's images.

mod challenge;
mod image;
mod manifest;

use serde_json::Value;
use url::Url;

use self::challenge::Challenge;
pub use self::image::{ImageReference, ImageReferenceError};
use crate::transport::{Address, Header, Request, Response, Sensitivity, Transport, TransportError};
use crate::{Duration, Secret};

/// The longest that one answer may take.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The largest answer with a token, in bytes.
const LARGEST_TOKEN: usize = 256 * 1024;

/// An image that its registry has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredImage {
    /// The digest of its manifest, checked against its bytes: `sha256:…`.
    pub digest: String,
    /// How many images its index lists, one a platform; `None` where it is one image.
    pub images: Option<usize>,
}

/// Why a registry did not answer with the image.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The registry has the repository, and not this image.
    #[error("its registry has no such image")]
    Missing,
    /// It does not say whether it has it to whoever asks.
    #[error("{registry} does not let this caller read {repository} (status {status})")]
    NotAllowed {
        /// The registry's host.
        registry: String,
        /// The repository.
        repository: String,
        /// What it answered.
        status: u16,
    },
    /// It has no such repository, or does not show it.
    #[error("{registry} has no repository {repository}, or does not show it to this caller")]
    NoRepository {
        /// The registry's host.
        registry: String,
        /// The repository.
        repository: String,
    },
    /// It sends to a host for tokens that is not its own.
    #[error("{registry} sends to {realm} for a token, which is not its own host")]
    ForeignRealm {
        /// The registry's host.
        registry: String,
        /// The host that it sends to.
        realm: String,
    },
    /// It has had too many requests.
    #[error("{registry} has had too many requests of this caller")]
    Throttled {
        /// The registry's host.
        registry: String,
    },
    /// It answered something else.
    #[error("its registry's answer is of no use: {why}")]
    Answer {
        /// In words.
        why: String,
    },
    /// No whole answer came.
    #[error(transparent)]
    Transport(#[from] TransportError),
}

/// Whether images are stored, in their order: each with at most three requests, which go side by side for all of them.
#[must_use]
pub fn stored(
    images: &[&ImageReference],
    transport: &dyn Transport,
) -> Vec<Result<StoredImage, RegistryError>> {
    let mut results: Vec<Option<Result<StoredImage, RegistryError>>> = images.iter().map(|_| None).collect();
    let first = |image: &&ImageReference| (Stage::Anonymous, manifest_of(image, Opened::No));
    let mut open: Vec<(usize, (Stage, Request))> = images.iter().map(first).enumerate().collect();
    while !open.is_empty() {
        let requests: Vec<Request> = open.iter().map(|(_, (_, request))| request.clone()).collect();
        let answers = transport.send_all(&requests);
        let mut still = Vec::new();
        for ((index, (stage, _)), answer) in open.into_iter().zip(answers) {
            let (Some(image), Some(result)) = (images.get(index), results.get_mut(index)) else { continue };
            match next(image, stage, answer) {
                Step::Ask(stage, request) => still.push((index, (stage, *request))),
                Step::Done(done) => *result = Some(done),
            }
        }
        open = still;
    }
    let lost = || Err(RegistryError::Answer { why: "it was not asked".to_owned() });
    results.into_iter().map(|result| result.unwrap_or_else(lost)).collect()
}

/// What comes next for an image.
enum Step {
    Ask(Stage, Box<Request>),
    Done(Result<StoredImage, RegistryError>),
}

impl Step {
    fn ask(stage: Stage, request: Request) -> Self {
        Self::Ask(stage, Box::new(request))
    }
}

/// What was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The manifest, as anybody.
    Anonymous,
    /// A token.
    Token,
    /// The manifest, with what opens it.
    Opened,
}

/// What opens a request.
enum Opened {
    No,
    ByConnection,
    ByToken(Secret),
}

/// From an answer to the next request, or to the end.
fn next(image: &ImageReference, stage: Stage, answer: Result<Response, TransportError>) -> Step {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return Step::Done(Err(error.into())),
    };
    match (stage, answer.status) {
        (Stage::Anonymous, 401) => match opening(image, &answer) {
            Ok(step) => step,
            Err(error) => Step::Done(Err(error)),
        },
        (Stage::Token, 200) => match token(&answer) {
            Some(token) => Step::ask(Stage::Opened, manifest_of(image, Opened::ByToken(token))),
            None => Step::Done(Err(RegistryError::Answer { why: "it gave no token".to_owned() })),
        },
        (Stage::Anonymous | Stage::Opened, 200) => Step::Done(manifest::read(image, &answer)),
        (stage, status) => Step::Done(Err(refusal(image, stage, status, &answer.body))),
    }
}

/// What a registry's 401 asks for.
fn opening(image: &ImageReference, answer: &Response) -> Result<Step, RegistryError> {
    match challenge::read(&answer.headers) {
        Some(Challenge::Basic) => Ok(Step::ask(Stage::Opened, manifest_of(image, Opened::ByConnection))),
        Some(Challenge::Bearer { realm, service }) => {
            if !is_own_realm(image, &realm) {
                return Err(RegistryError::ForeignRealm {
                    registry: host(image.origin()),
                    realm: host(&realm),
                });
            }
            Ok(Step::ask(Stage::Token, token_of(image, realm, &service)))
        }
        None => Err(RegistryError::Answer {
            why: "it asks for a sign-in that this version does not know".to_owned(),
        }),
    }
}

/// A registry's realm is on its own origin; Docker Hub has a host for it.
fn is_own_realm(image: &ImageReference, realm: &Url) -> bool {
    let clean = realm.username().is_empty() && realm.password().is_none();
    let origin = realm.origin();
    clean && (origin == image.origin().origin() || origin.ascii_serialization() == image.token_origin())
}

fn refusal(image: &ImageReference, stage: Stage, status: u16, body: &[u8]) -> RegistryError {
    let registry = host(image.origin());
    let repository = image.repository().to_owned();
    match (stage, status) {
        (_, 401 | 403) => RegistryError::NotAllowed { registry, repository, status },
        (_, 429) => RegistryError::Throttled { registry },
        // A registry that hides what a caller may not see answers 404 as well: only its own word counts.
        (Stage::Anonymous | Stage::Opened, 404) => match error_code(body).as_deref() {
            Some("MANIFEST_UNKNOWN") => RegistryError::Missing,
            Some("NAME_UNKNOWN") => RegistryError::NoRepository { registry, repository },
            _ => RegistryError::Answer {
                why: "it answered 404 without saying that the image is unknown".to_owned(),
            },
        },
        (Stage::Token, _) => {
            RegistryError::Answer { why: format!("asked for a token, it answered with status {status}") }
        }
        _ => RegistryError::Answer { why: format!("it answered with status {status}") },
    }
}

/// The first error's code: `{"errors":[{"code":"MANIFEST_UNKNOWN"}]}`.
fn error_code(body: &[u8]) -> Option<String> {
    let answer: Value = serde_json::from_slice(body).ok()?;
    answer.pointer("/errors/0/code")?.as_str().map(str::to_owned)
}

fn manifest_of(image: &ImageReference, opened: Opened) -> Request {
    let path = format!("/v2/{}/manifests/{}", image.repository(), image.version());
    let mut headers = vec![Header::plain("Accept", manifest::ACCEPT)];
    let origin = image.origin().clone();
    let address = match opened {
        Opened::No => Address::Url(origin),
        Opened::ByConnection => Address::Opened(origin),
        Opened::ByToken(token) => {
            let value = Secret::new(format!("Bearer {}", token.reveal()));
            headers.push(Header {
                name: "Authorization".to_owned(),
                value,
                sensitivity: Sensitivity::Secret,
            });
            Address::Url(origin)
        }
    };
    Request { headers, max_bytes: manifest::LARGEST, ..Request::get(address, path, TIMEOUT) }
}

/// The scope is what is needed, whatever the registry's challenge asks for.
fn token_of(image: &ImageReference, mut realm: Url, service: &str) -> Request {
    realm.set_fragment(None);
    {
        let mut query = realm.query_pairs_mut();
        if !service.is_empty() {
            query.append_pair("service", service);
        }
        query.append_pair("scope", &format!("repository:{}:pull", image.repository()));
    }
    Request { max_bytes: LARGEST_TOKEN, ..Request::get(Address::Opened(realm), String::new(), TIMEOUT) }
}

/// The token of an answer, where it is one that a header can carry.
fn token(answer: &Response) -> Option<Secret> {
    let answer: Value = serde_json::from_slice(&answer.body).ok()?;
    let named = |name: &str| answer.get(name).and_then(Value::as_str).filter(|token| !token.is_empty());
    let token = named("token").or_else(|| named("access_token"))?;
    token.bytes().all(|byte| byte.is_ascii_graphic()).then(|| Secret::new(token))
}

/// Host and port, as messages show them.
fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or("(no host)");
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests;
