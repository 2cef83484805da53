//! A double of Azure on one address over TLS: Entra ID, Azure Pipelines' assertions, the metadata service, and the APIs that
//! the gate reads. Each request is checked against the documented contract before the test answers it.

mod contract;
mod kql;
mod schema;
mod server;
pub mod service;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

pub use server::authority;

/// The tenant that the double knows.
pub const TENANT: &str = "11111111-2222-3333-4444-555555555555";
/// The application that it knows.
pub const CLIENT: &str = "66666666-7777-8888-9999-000000000000";
/// That application's secret.
pub const SECRET: &str = "the-clients-secret";
/// The token of the job, for assertions.
pub const JOB_TOKEN: &str = "the-jobs-token";

/// A request as the double has it.
#[derive(Clone, Debug)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The host that it was meant for, such as `management.azure.com`; nothing for Entra ID and Azure Pipelines.
    pub host: String,
    /// The path on that host.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: String,
}

impl Call {
    /// A parameter of the query, or nothing.
    pub fn parameter(&self, name: &str) -> &str {
        self.query.get(name).map_or("", String::as_str)
    }

    /// A field of a JSON body, or nothing.
    pub fn field(&self, name: &str) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body[name].as_str().unwrap_or_default().to_owned()
    }
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// More headers, each a whole line without its end.
    pub headers: Vec<String>,
    /// The body.
    pub body: String,
}

impl Answer {
    /// A JSON answer of status 200.
    pub fn json(body: &Value) -> Self {
        Self { status: 200, headers: Vec::new(), body: body.to_string() }
    }

    /// An error as Azure Resource Manager words it.
    pub fn error(status: u16, code: &str, message: &str) -> Self {
        let body = json!({ "error": { "code": code, "message": message } }).to_string();
        Self { status, headers: Vec::new(), body }
    }
}

type Respond = Box<dyn Fn(&Call) -> Answer + Send + Sync>;

/// The double.
#[derive(Clone)]
pub struct Azure {
    port: u16,
    state: Arc<State>,
}

struct State {
    respond: Respond,
    inner: Mutex<Inner>,
}

struct Inner {
    /// Seconds on the double's own clock.
    now: i64,
    /// How long tokens last, in seconds.
    life: i64,
    /// Tokens by their text: their scope and their end.
    tokens: BTreeMap<String, (String, i64)>,
    assertions: Vec<String>,
    calls: Vec<Call>,
    refusals: Vec<String>,
    /// How Entra ID answers, where it does not give tokens.
    entra: Option<Answer>,
}

impl Azure {
    /// Starts it. `respond` answers what has passed the contract.
    pub fn start(respond: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let inner = Inner {
            now: 0,
            life: 3600,
            tokens: BTreeMap::new(),
            assertions: Vec::new(),
            calls: Vec::new(),
            refusals: Vec::new(),
            entra: None,
        };
        let state = Arc::new(State { respond: Box::new(respond), inner: Mutex::new(inner) });
        let shared = Arc::clone(&state);
        let port = server::start(move |call| shared.answer(call));
        Self { port, state }
    }

    /// `https://127.0.0.1:PORT`
    pub fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.port)
    }

    /// Sets its clock.
    pub fn set_now(&self, seconds: i64) {
        self.inner(|inner| inner.now = seconds);
    }

    /// Sets how long tokens last from now on.
    pub fn set_life(&self, seconds: i64) {
        self.inner(|inner| inner.life = seconds);
    }

    /// Ends every token now, whatever it was made out for.
    pub fn end_tokens(&self) {
        self.inner(|inner| inner.tokens.clear());
    }

    /// How Entra ID answers from now on; `None` gives tokens.
    pub fn set_entra(&self, answer: Option<Answer>) {
        self.inner(|inner| inner.entra = answer);
    }

    /// The requests since the last call.
    pub fn take_calls(&self) -> Vec<Call> {
        self.inner(|inner| std::mem::take(&mut inner.calls))
    }

    /// What was against the contract.
    pub fn refusals(&self) -> Vec<String> {
        self.inner(|inner| inner.refusals.clone())
    }

    fn inner<T>(&self, with: impl FnOnce(&mut Inner) -> T) -> T {
        with(&mut self.state.inner.lock().expect("the double's state"))
    }
}

impl State {
    fn answer(&self, call: Call) -> Answer {
        let mut inner = self.inner.lock().expect("the double's state");
        inner.calls.push(call.clone());
        if call.host.is_empty() {
            return inner.sign_in(&call);
        }
        if let Some(refused) = inner.unauthorised(&call) {
            return refused;
        }
        if let Err(why) = contract::check(&call) {
            inner.refusals.push(format!("{} {}{}: {why}", call.method, call.host, call.path));
            return Answer::error(400, "BadRequest", &why);
        }
        drop(inner);
        (self.respond)(&call)
    }
}

impl Inner {
    /// Entra ID, Azure Pipelines and the metadata service.
    fn sign_in(&mut self, call: &Call) -> Answer {
        let form: BTreeMap<String, String> = server::pairs(&call.body).collect();
        let field = |name: &str| form.get(name).map_or("", String::as_str);
        if call.path == "/oidc" {
            let good = call.method == "POST"
                && call.parameter("api-version") == "7.1"
                && !call.parameter("serviceConnectionId").is_empty()
                && call
                    .headers
                    .get("authorization")
                    .is_some_and(|value| value == &format!("Bearer {JOB_TOKEN}"))
                && call.headers.get("x-tfs-fedauthredirect").is_some_and(|value| value == "Suppress");
            if !good {
                return Answer { status: 401, headers: Vec::new(), body: String::new() };
            }
            let assertion = format!("assertion-{}", self.assertions.len());
            self.assertions.push(assertion.clone());
            return Answer::json(&json!({ "oidcToken": assertion }));
        }
        if let Some(answer) = &self.entra {
            return answer.clone();
        }
        if call.path == "/metadata/identity/oauth2/token" {
            if call.headers.get("metadata").is_none_or(|value| value != "true") {
                return Answer { status: 400, headers: Vec::new(), body: String::new() };
            }
            let scope = format!("{}/.default", call.parameter("resource").trim_end_matches('/'));
            let end =
                std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("a time").as_secs();
            let token = self.issue(&scope);
            return Answer::json(&json!({
                "access_token": token, "expires_on": (end + self.life.unsigned_abs()).to_string(), "token_type": "Bearer",
                "resource": call.parameter("resource"),
            }));
        }
        let error = |status, code: u32, text: &str| {
            Answer {
            status,
            headers: Vec::new(),
            body: json!({ "error": "invalid_client", "error_description": format!("AADSTS{code}: {text}"), "error_codes": [code] })
                .to_string(),
        }
        };
        if call.method != "POST" || call.path != format!("/{TENANT}/oauth2/v2.0/token") {
            return error(400, 90002, "Tenant not found.");
        }
        if field("client_id") != CLIENT {
            return error(400, 700_016, "Application was not found in the directory.");
        }
        let asserted = field("client_assertion_type")
            == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
            && self.assertions.last().is_some_and(|assertion| assertion == field("client_assertion"));
        if field("grant_type") != "client_credentials" || !(asserted || field("client_secret") == SECRET) {
            return error(401, 7_000_215, "Invalid client secret provided.");
        }
        let token = self.issue(field("scope"));
        Answer::json(
            &json!({ "token_type": "Bearer", "expires_in": self.life, "ext_expires_in": self.life, "access_token": token }),
        )
    }

    fn issue(&mut self, scope: &str) -> String {
        let token = format!("entra-token-{:04}", self.tokens.len() + 1000 * self.calls.len());
        self.tokens.insert(token.clone(), (scope.to_owned(), self.now + self.life));
        token
    }

    /// What is wrong with the token of a request.
    fn unauthorised(&mut self, call: &Call) -> Option<Answer> {
        let token = call
            .headers
            .get("authorization")
            .and_then(|value| value.strip_prefix("Bearer "))
            .unwrap_or_default();
        let audience = contract::audience(&call.host);
        // What the Azure CLI of a test prints names its scope itself.
        if token.strip_prefix("cli:").is_some_and(|scope| scope == format!("https://{audience}/.default")) {
            return None;
        }
        match self.tokens.get(token) {
            Some((_, end)) if *end <= self.now => Some(Answer::error(
                401,
                "ExpiredAuthenticationToken",
                "The access token expiry is earlier than current time.",
            )),
            Some((scope, _)) if *scope == format!("https://{audience}/.default") => None,
            Some((scope, _)) => {
                self.refusals.push(format!("a token for {scope} was sent to {}", call.host));
                Some(Answer::error(401, "InvalidAuthenticationTokenAudience", "The audience is invalid."))
            }
            None => Some(Answer::error(401, "InvalidAuthenticationToken", "The access token is invalid.")),
        }
    }
}
