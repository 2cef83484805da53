//! A container registry in this process, with the wire's habits: challenges, tokens that open one repository, digests,
//! error codes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::json;
use sha2::{Digest, Sha256};

use crate::server::{Answer, Asked, Server};

/// A registry.
pub struct Registry {
    server: Server,
    state: Arc<Mutex<State>>,
}

/// Who may read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody, without a token.
    Open,
    /// Anybody who asks the registry for a token first.
    AnonymousToken,
    /// Who gives this for a token, as `Authorization` carries it: `Basic …`.
    Token(String),
    /// Who gives this with each request.
    Password(String),
    /// It sends to this realm.
    Realm(String),
    /// Nobody for now.
    Throttled,
    /// A sign-in page, with status 200.
    SignInPage,
}

struct State {
    access: Access,
    /// Manifests by repository, then by tag and by digest.
    manifests: BTreeMap<String, BTreeMap<String, String>>,
    /// The repository that each token opens.
    tokens: Vec<(String, String)>,
}

/// The digest of a text: `sha256:…`.
pub fn digest(text: &str) -> String {
    let sum: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{sum}")
}

impl Registry {
    /// Starts it empty.
    pub fn start(access: Access) -> Self {
        let state = Arc::new(Mutex::new(State { access, manifests: BTreeMap::new(), tokens: Vec::new() }));
        let shared = Arc::clone(&state);
        let server = Server::start(move |asked| answer(&mut shared.lock().expect("the state"), asked));
        Self { server, state }
    }

    /// Stores a manifest under a tag, and gives its digest.
    pub fn push(&self, repository: &str, tag: &str, manifest: &str) -> String {
        let digest = digest(manifest);
        let mut state = self.state.lock().expect("the state");
        let stored = state.manifests.entry(repository.to_owned()).or_default();
        for name in [tag, &digest] {
            stored.insert(name.to_owned(), manifest.to_owned());
        }
        digest
    }

    /// Replaces what a name stands for, as a broken store would.
    pub fn corrupt(&self, repository: &str, name: &str, manifest: &str) {
        let mut state = self.state.lock().expect("the state");
        state
            .manifests
            .entry(repository.to_owned())
            .or_default()
            .insert(name.to_owned(), manifest.to_owned());
    }

    /// Takes a name away, as a clean-up of old tags does.
    pub fn remove(&self, repository: &str, name: &str) {
        let mut state = self.state.lock().expect("the state");
        state.manifests.entry(repository.to_owned()).or_default().remove(name);
    }

    /// Switches who may read.
    pub fn allow(&self, access: Access) {
        self.state.lock().expect("the state").access = access;
    }

    /// `127.0.0.1:PORT`, as an image's name begins.
    pub fn host(&self) -> String {
        self.server.host()
    }

    /// `http://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        self.server.url()
    }

    /// What it was asked.
    pub fn asked(&self) -> Vec<Asked> {
        self.server.asked()
    }
}

fn answer(state: &mut State, asked: &Asked) -> Answer {
    if asked.path() == "/oauth2/token" {
        return token(state, asked);
    }
    let refused = |challenge: String| {
        error(401, "UNAUTHORIZED", "authentication required").with("WWW-Authenticate", challenge)
    };
    let Some((repository, name)) =
        asked.path().strip_prefix("/v2/").and_then(|rest| rest.split_once("/manifests/"))
    else {
        return error(404, "UNSUPPORTED", "not here");
    };
    let given = asked.header("authorization");
    let host = asked.header("host");
    let own = format!(
        "Bearer realm=\"http://{host}/oauth2/token\",service=\"{host}\",scope=\"repository:{repository}:pull,push\""
    );
    match &state.access {
        Access::Open => {}
        Access::AnonymousToken | Access::Token(_) => {
            let opens =
                |(token, of): &(String, String)| given == format!("Bearer {token}") && of == repository;
            if !state.tokens.iter().any(opens) {
                return refused(own);
            }
        }
        Access::Password(password) if given == password => {}
        Access::Password(_) => return refused("Basic realm=\"images\"".to_owned()),
        Access::Realm(realm) => return refused(format!("Bearer realm=\"{realm}\",service=\"images\"")),
        Access::Throttled => {
            return error(429, "TOOMANYREQUESTS", "slow down").with("Retry-After", "600");
        }
        Access::SignInPage => return Answer::new(200, "text/html", "<html>sign in</html>"),
    }
    if !asked.header("accept").contains("application/vnd.oci.image.index.v1+json") {
        return error(
            404,
            "MANIFEST_UNKNOWN",
            "OCI index found, but accept header does not support OCI indexes",
        );
    }
    let Some(manifests) = state.manifests.get(repository) else {
        return error(404, "NAME_UNKNOWN", "repository name not known to registry");
    };
    match manifests.get(name) {
        Some(manifest) => {
            let kind = if manifest.contains("\"manifests\"") { "index" } else { "manifest" };
            let digest = digest(manifest);
            Answer::new(200, &format!("application/vnd.oci.image.{kind}.v1+json"), manifest.as_str())
                .with("Docker-Content-Digest", if name.starts_with("sha256:") { name } else { &digest })
                .with("Docker-Distribution-Api-Version", "registry/2.0")
        }
        None => error(404, "MANIFEST_UNKNOWN", "manifest unknown"),
    }
}

fn token(state: &mut State, asked: &Asked) -> Answer {
    let given = asked.header("authorization");
    match &state.access {
        Access::AnonymousToken if given.is_empty() => {}
        Access::Token(password) if given == password => {}
        _ => return error(401, "UNAUTHORIZED", "authentication required"),
    }
    let scope = asked.query("scope").unwrap_or_default().replace("%3A", ":").replace("%2F", "/");
    let Some(repository) = scope.strip_prefix("repository:").and_then(|rest| rest.strip_suffix(":pull"))
    else {
        return error(400, "UNSUPPORTED", "the scope is not one repository to pull from");
    };
    let token = format!("t0ken-{}", state.tokens.len());
    state.tokens.push((token.clone(), repository.to_owned()));
    Answer::json(200, &json!({ "access_token": token, "expires_in": 300 }))
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    Answer::json(status, &json!({ "errors": [{ "code": code, "message": message, "detail": null }] }))
}
