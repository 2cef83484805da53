//! What every command has: the door, the environment, the clock, and how the network is reached.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use runbook_gate::Secret;
use runbook_gate::diagnostic::{Colour, Diagnostics};
use runbook_gate::policy::source_spec::{PrometheusSpec, SourceSpec};
use runbook_gate::transport::{Address, Header, Service, Transport};

use crate::agent::Agent;
use crate::azure::{Account, AzureTransport, Cloud, Identity, Tokens};
use crate::cli::Failure;
use crate::cli::arguments::NetworkArguments;
use crate::cli::remote::RemotePolicy;
use crate::commands::processes::Processes;
use crate::commands::{Asked, Code, CommandPermission, CommandRunner};
use crate::door::{Door, Place};
use crate::drive::threads::{Clock, pause, wall_time};
use crate::halt::Halt;
use crate::http::proxy::ProxyRules;
use crate::http::roots::ExtraRoots;
use crate::http::{Connection, Connections, Credential, HttpTransport, Network};
use crate::inputs::Endpoint;
use crate::interruptions::Interruptions;
use crate::redact::Redactor;

/// The process, seen by a command.
pub struct Session {
    /// The only way out.
    pub door: Door,
    /// The environment as it was at the start.
    pub environment: BTreeMap<String, String>,
    /// The time.
    pub clock: Clock,
    /// What interrupts it.
    pub interruptions: Interruptions,
    /// The processes of commands.
    pub processes: Processes,
    /// What there is besides where the process is the task of a pipeline's step.
    pub step: Option<Step>,
}

/// The step of a pipeline that runs the task.
pub struct Step {
    /// Who is told what it comes to.
    pub agent: Agent,
    /// The Prometheus server that the policy's connections mean.
    pub prometheus: Option<Endpoint>,
    /// The policy, where the job has no checkout.
    pub policy: Option<RemotePolicy>,
}

/// What the caller of a command gives beside its arguments: services, and how long they are waited for.
#[derive(Default)]
pub struct Given<'a> {
    /// The address of an organisation of Azure DevOps, where it is not the job's own.
    pub azure_devops: Option<&'a str>,
    /// GitHub.
    pub github: Option<GitHubAccess>,
    /// Until when answers are waited for.
    pub until: Option<Halt>,
}

/// How GitHub is asked.
pub struct GitHubAccess {
    /// The address of its API.
    pub api: String,
    /// Where the same server takes questions in GraphQL; asked with a credential alone.
    pub graphql: Option<String>,
    /// The token; without one GitHub shows what is public, 60 times an hour.
    pub credential: Option<Credential>,
}

impl Session {
    /// Looks at the environment and opens the door and the log.
    pub fn start(verbose: u8, interruptions: Interruptions) -> Self {
        let clock = Clock::start();
        let environment: BTreeMap<String, String> = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let pipeline = environment.get("TF_BUILD").is_some_and(|value| value.eq_ignore_ascii_case("true"));
        let place = if pipeline { Place::Pipeline } else { Place::Desk };
        let redactor = Redactor::default();
        for (name, value) in &environment {
            if is_secret_of_the_job(name) {
                redactor.learn(&Secret::new(value.as_str()));
            }
        }
        let door = Door::of_process(place, redactor);
        start_log(&door, verbose, environment.get("RUST_LOG").map(String::as_str));
        report_panics(&door);
        Self { door, environment, clock, interruptions, processes: Processes::default(), step: None }
    }

    /// Whom to tell, where the process is the task of a pipeline's step.
    pub fn agent(&self) -> Option<&Agent> {
        self.step.as_ref().map(|step| &step.agent)
    }

    /// Says what was found in a policy; a step shows it as issues too.
    pub fn show(&self, findings: &Diagnostics) {
        self.door.say(findings.render(Colour::Ansi).trim_end());
        if let Some(agent) = self.agent() {
            agent.findings(findings);
        }
    }

    /// A variable of the environment; one that is empty counts as unset.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.environment.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The Azure Pipelines environment of this deployment job.
    pub fn deployed_environment(&self) -> Option<&str> {
        match self.door.place() {
            Place::Pipeline => self.variable("ENVIRONMENT_NAME"),
            Place::Desk => None,
        }
    }

    /// Prints one JSON object on standard output.
    pub fn print_json(&self, object: &serde_json::Value) {
        // A `Value` always prints.
        let text = serde_json::to_string_pretty(object).unwrap_or_default();
        self.door.print_json(&format!("{text}\n"));
    }

    /// The network as the arguments and the environment say, for these sources; nothing is opened yet.
    ///
    /// # Errors
    /// Where a connection, its token, a proxy or a file of certificates is wrong.
    pub fn network(
        &self,
        arguments: &NetworkArguments,
        sources: &[SourceSpec],
    ) -> Result<Arc<dyn Transport>, Failure> {
        self.network_with(arguments, sources, &Given::default())
    }

    /// The same, with the services that the caller gives.
    ///
    /// # Errors
    /// As [`Session::network`].
    pub fn network_with(
        &self,
        arguments: &NetworkArguments,
        sources: &[SourceSpec],
        given: &Given<'_>,
    ) -> Result<Arc<dyn Transport>, Failure> {
        let (connections, tokens) = (&arguments.connections, &arguments.connection_tokens);
        let mut network = self.surroundings(given.azure_devops)?;
        if let Some(access) = &given.github {
            if let Some(credential) = &access.credential {
                self.door.redactor().learn_header("Authorization", &credential.header());
            }
            let addresses =
                [(Service::GitHub, Some(&access.api)), (Service::GitHubGraphQl, access.graphql.as_ref())];
            for (service, address) in addresses {
                let Some(address) = address else { continue };
                let connection = Connection::new(service.name(), address, access.credential.clone())
                    .map_err(Failure::input)?;
                network.connections.give(service, connection);
            }
        }
        if let Some(endpoint) = self.step.as_ref().and_then(|step| step.prometheus.as_ref()) {
            for name in prometheus_connections(sources) {
                network.connections.insert(name.to_owned(), self.served_by(endpoint, name)?);
            }
        }
        for (name, url) in connections {
            self.learn_address(url);
            let credential = match tokens.iter().find(|(of, _)| of == name) {
                Some((_, variable)) => Some(self.credential(name, variable)?),
                None => None,
            };
            let connection = Connection::new(name, url, credential).map_err(Failure::input)?;
            network.connections.insert(name.clone(), connection);
        }
        if let Some((name, _)) = tokens.iter().find(|(name, _)| !connections.iter().any(|(of, _)| of == name))
        {
            return Err(Failure::Input(format!(
                "--connection-token names `{name}`, which no --connection defines; add --connection {name}=https://…"
            )));
        }
        if let Some(path) = &arguments.ca_file {
            network.roots.add_file(path).map_err(Failure::input)?;
        }
        let http = Arc::new(HttpTransport::new(network, pause, wall_time).until(given.until.clone()));
        let account = self.azure_account(arguments)?;
        let tokens = account.map(|account| {
            let (clock, redactor) = (self.clock, self.door.redactor().clone());
            let now = Arc::new(move || clock.now());
            Tokens::new(account, Arc::clone(&http), now, self.processes.clone(), move |token| {
                redactor.learn(token);
            })
        });
        Ok(Arc::new(AzureTransport::new(http, tokens)))
    }

    /// Who reads Azure: the service connection of the step, or the account of the Azure CLI. A step without a service
    /// connection has nobody: whoever is signed in on its machine was not meant.
    fn azure_account(&self, arguments: &NetworkArguments) -> Result<Option<Account>, Failure> {
        let of_step = match (&self.step, self.variable("INPUT_AZURESUBSCRIPTION")) {
            (Some(_), Some(id)) => {
                Some(Account::of_connection(&self.environment, id).map_err(Failure::input)?)
            }
            (Some(_), None) => return Ok(None),
            (None, _) => None,
        };
        let mut account = match of_step {
            Some(account) => account,
            None => Account {
                identity: Identity::Cli { tenant: arguments.azure_tenant.clone() },
                cloud: Cloud::named(&arguments.azure_cloud).map_err(Failure::input)?,
            },
        };
        if let Some(address) = &arguments.azure_double {
            account.cloud = Cloud::double(address).map_err(Failure::input)?;
        }
        Ok(Some(account))
    }

    /// The network to the organisation that runs the pipeline, or to the one that the caller gives.
    ///
    /// # Errors
    /// Where its address, a proxy or a file of certificates is wrong.
    pub fn azure_devops(&self, given: Option<&str>) -> Result<Arc<dyn Transport>, Failure> {
        Ok(Arc::new(HttpTransport::new(self.surroundings(given)?, pause, wall_time)))
    }

    /// The network as the environment says, with the address of Azure DevOps as the caller gives it.
    fn surroundings(&self, azure_devops: Option<&str>) -> Result<Network, Failure> {
        let mut network = Network {
            connections: Connections::default(),
            proxies: ProxyRules::from_variables(|name| self.variable(name)).map_err(Failure::input)?,
            roots: ExtraRoots::default(),
        };
        self.give_azure_devops(&mut network.connections, azure_devops)?;
        let roots = ["AGENT_CAINFO", "SSL_CERT_FILE"].map(|name| self.variable(name).map(Path::new));
        for path in roots.into_iter().flatten() {
            // The platform's own verifier reads SSL_CERT_FILE on some systems; an unusable one is said, not fatal.
            if let Err(error) = network.roots.add_file(path) {
                log::warn!("{error}");
            }
        }
        Ok(network)
    }

    /// Commands as far as they are allowed; of the environment they see the harmless part, and what `allowed` names.
    pub fn commands(&self, asked: Asked, allowed: &[String]) -> CommandRunner {
        let permission = CommandPermission::decide(asked, Code::of_run(|name| self.variable(name)));
        let redactor = self.door.redactor().clone();
        CommandRunner::new(permission, &self.environment, allowed, redactor, self.processes.clone())
    }

    /// Remembers every secret of the sources, so that none is printed.
    pub fn learn_secrets(&self, sources: &[SourceSpec]) {
        for source in sources {
            for header in headers(source) {
                self.door.redactor().learn_header(&header.name, &header.value);
            }
            for url in urls(source) {
                self.learn_user_info(url.as_str());
            }
        }
    }

    /// The address of the organisation that runs the pipeline; `None` on a desk.
    pub fn collection(&self) -> Option<&str> {
        let names = ["SYSTEM_COLLECTIONURI", "SYSTEM_TEAMFOUNDATIONCOLLECTIONURI"];
        match self.door.place() {
            Place::Pipeline => names.into_iter().find_map(|name| self.variable(name)),
            Place::Desk => None,
        }
    }

    /// The organisation that runs the pipeline, with the job's token; or the one that the caller gives, with a personal
    /// access token. A token is sent to these two hosts alone.
    fn give_azure_devops(&self, connections: &mut Connections, given: Option<&str>) -> Result<(), Failure> {
        let Some(address) = given.or_else(|| self.collection()) else { return Ok(()) };
        let Some(credential) = self.azure_devops_credential(given) else { return Ok(()) };
        self.door.redactor().learn_header("Authorization", &credential.header());
        let results = test_results_address(address);
        for (service, address) in
            [(Service::AzureDevOps, address), (Service::AzureDevOpsTestResults, results.as_str())]
        {
            let connection =
                Connection::new(service.name(), address, Some(credential.clone())).map_err(Failure::input)?;
            connections.give(service, connection);
        }
        Ok(())
    }

    /// The job's token goes to the job's own organisation only: an address that is given needs a token that is given.
    fn azure_devops_credential(&self, given: Option<&str>) -> Option<Credential> {
        if let Some(token) = self.variable("AZURE_DEVOPS_EXT_PAT").filter(|_| given.is_some()) {
            self.door.redactor().learn(&Secret::new(token));
            return Some(Credential::Basic { user: String::new(), password: Secret::new(token) });
        }
        if given.is_some() {
            return None;
        }
        // The agent gives a task the token of its job; a script step has to map it.
        let names = ["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN", "SYSTEM_ACCESSTOKEN"];
        let token = names.into_iter().find_map(|name| self.variable(name))?;
        Some(Credential::Bearer(Secret::new(token)))
    }

    /// The connection of a policy that a service connection stands for.
    fn served_by(&self, endpoint: &Endpoint, name: &str) -> Result<Connection, Failure> {
        self.learn_address(&endpoint.url);
        let credential = endpoint.secret.clone().map(|secret| match endpoint.user.as_str() {
            "" => Credential::Bearer(secret),
            user => Credential::Basic { user: user.to_owned(), password: secret },
        });
        if let Some(credential) = &credential {
            self.door.redactor().learn_header("Authorization", &credential.header());
        }
        Connection::new(name, &endpoint.url, credential).map_err(Failure::input)
    }

    /// Remembers what is secret in the address of a connection: its user info, and its query, which may sign it.
    fn learn_address(&self, url: &str) {
        self.learn_user_info(url);
        let Ok(url) = url.parse::<url::Url>() else { return };
        for part in url.query().into_iter().flat_map(|query| query.split('&')) {
            let value = part.split_once('=').map_or(part, |(_, value)| value);
            self.door.redactor().learn(&Secret::new(value));
            self.door.redactor().learn(&Secret::new(crate::http::percent_decoded(value)));
        }
    }

    fn learn_user_info(&self, url: &str) {
        let Ok(url) = url.parse::<url::Url>() else { return };
        if let Some(password) = url.password() {
            let decoded = crate::http::percent_decoded(password);
            self.door.redactor().learn(&Secret::new(decoded.as_str()));
            self.door.redactor().learn(&Secret::new(password));
            let pair = Credential::Basic {
                user: crate::http::percent_decoded(url.username()),
                password: Secret::new(decoded),
            };
            self.door.redactor().learn_header("Authorization", &pair.header());
        } else if !url.username().is_empty() {
            self.door.redactor().learn(&Secret::new(url.username()));
        }
    }

    fn credential(&self, connection: &str, variable: &str) -> Result<Credential, Failure> {
        let value = self.variable(variable).ok_or_else(|| {
            Failure::Input(format!(
                "connection `{connection}`: the environment variable that --connection-token names is not set; \
                 write {connection}=VARIABLE, the name of the variable that holds the token and not the token"
            ))
        })?;
        let secret = Secret::new(value.trim());
        self.door.redactor().learn(&secret);
        Ok(match value.trim().strip_prefix("basic:").and_then(|pair| pair.split_once(':')) {
            Some((user, password)) => {
                let password = Secret::new(password);
                self.door.redactor().learn(&password);
                let credential = Credential::Basic { user: user.to_owned(), password };
                self.door.redactor().learn_header("Authorization", &credential.header());
                credential
            }
            None => Credential::Bearer(secret),
        })
    }
}

/// The host of an organisation that keeps its test results: another one in the cloud, the same on a server of one's own.
fn test_results_address(collection: &str) -> String {
    let Ok(mut url) = collection.parse::<url::Url>() else { return collection.to_owned() };
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let other = match host.strip_suffix(".visualstudio.com") {
        Some(organisation) if !organisation.contains('.') => format!("{organisation}.vstmr.visualstudio.com"),
        _ if host == "dev.azure.com" => "vstmr.dev.azure.com".to_owned(),
        _ => return collection.to_owned(),
    };
    match url.set_host(Some(&other)) {
        Ok(()) => url.into(),
        Err(_) => collection.to_owned(),
    }
}

/// The job's secrets, as the agent gives them to a task.
fn is_secret_of_the_job(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    // The scheme, the user and the ids of a service connection are words that reports print too: who was refused.
    let open = ["_USERNAME", "_TENANTID", "_SERVICEPRINCIPALID", "_AUTHENTICATIONTYPE"];
    let of_endpoint = name.starts_with("ENDPOINT_AUTH")
        && !name.starts_with("ENDPOINT_AUTH_SCHEME_")
        && !open.iter().any(|end| name.ends_with(end));
    name.starts_with("SECRET_")
        || of_endpoint
        || name.starts_with("SECUREFILE_TICKET")
        || matches!(name.as_str(), "SYSTEM_ACCESSTOKEN" | "AZURE_DEVOPS_EXT_PAT")
}

/// The names of the connections that Prometheus sources read from.
fn prometheus_connections(sources: &[SourceSpec]) -> impl Iterator<Item = &str> {
    sources.iter().filter_map(|source| match source {
        SourceSpec::Prometheus(PrometheusSpec { address: Address::Connection(name), .. }) => {
            Some(name.as_str())
        }
        _ => None,
    })
}

fn headers(source: &SourceSpec) -> &[Header] {
    match source {
        SourceSpec::Probe(spec) => &spec.headers,
        SourceSpec::Scrape(spec) => &spec.headers,
        SourceSpec::Prometheus(spec) => &spec.headers,
        SourceSpec::HttpJson(spec) => &spec.headers,
        SourceSpec::Command(_)
        | SourceSpec::AzureMonitor(_)
        | SourceSpec::AzureLogs(_)
        | SourceSpec::AzureErrors(_)
        | SourceSpec::AzureAlerts(_) => &[],
    }
}

const fn url_of(address: &Address) -> Option<&url::Url> {
    match address {
        Address::Url(url) => Some(url),
        Address::Connection(_)
        | Address::Webhook(_)
        | Address::Opened(_)
        | Address::Service(_)
        | Address::Azure(_) => None,
    }
}

fn urls(source: &SourceSpec) -> Vec<&url::Url> {
    match source {
        SourceSpec::Probe(spec) => spec.targets.iter().collect(),
        SourceSpec::Scrape(spec) => spec.targets.iter().filter_map(url_of).collect(),
        SourceSpec::Prometheus(spec) => url_of(&spec.address).into_iter().collect(),
        SourceSpec::HttpJson(spec) => url_of(&spec.address).into_iter().collect(),
        SourceSpec::Command(_)
        | SourceSpec::AzureMonitor(_)
        | SourceSpec::AzureLogs(_)
        | SourceSpec::AzureErrors(_)
        | SourceSpec::AzureAlerts(_) => Vec::new(),
    }
}

/// The log goes through the door, like everything else.
fn start_log(door: &Door, verbose: u8, filters: Option<&str>) {
    let default = match verbose {
        0 => "runbook_gate=warn",
        1 => "runbook_gate=debug",
        _ => "runbook_gate=trace,ureq=debug",
    };
    let log = door.clone();
    let started = env_logger::Builder::new()
        .parse_filters(filters.unwrap_or(default))
        .format(move |_, record| {
            if !may_be_logged(record.target(), record.level()) {
                return Ok(());
            }
            log.log(record.level(), &record.args().to_string());
            Ok(())
        })
        .try_init();
    if started.is_err() {
        door.say("warning: the log could not be started");
    }
}

/// Libraries trace the bytes that they send, credentials among them, in forms that no redaction knows: those records
/// never leave, whatever `RUST_LOG` asks for.
fn may_be_logged(target: &str, level: log::Level) -> bool {
    let own = target.split("::").next().is_some_and(|name| name == "runbook_gate");
    own || level <= log::Level::Debug
}

/// A panic is a defect: it is said in one line, and ends the process with 1 (see `main`).
fn report_panics(door: &Door) {
    let door = door.clone();
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(|at| format!("{}:{}", at.file(), at.line())).unwrap_or_default();
        let message = panic
            .payload()
            .downcast_ref::<&str>()
            .map(ToString::to_string)
            .or_else(|| panic.payload().downcast_ref::<String>().cloned())
            .unwrap_or_default();
        door.say(&format!(
            "internal error, this is a defect of runbook-gate {}: {message} ({place})",
            env!("CARGO_PKG_VERSION")
        ));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn test_results_have_a_host_of_their_own_in_the_cloud() {
        for (collection, results) in [
            ("https://dev.azure.com/contoso/", "https://vstmr.dev.azure.com/contoso/"),
            ("https://contoso.visualstudio.com/", "https://contoso.vstmr.visualstudio.com/"),
            ("https://tfs.contoso.com/Main/", "https://tfs.contoso.com/Main/"),
            ("http://127.0.0.1:8/contoso/", "http://127.0.0.1:8/contoso/"),
        ] {
            assert_eq!(test_results_address(collection), results);
        }
    }

    #[test]
    fn the_bytes_that_libraries_trace_are_never_logged() {
        for target in ["ureq::run", "ureq_proto::util", "rustls::conn", "runbook_gate_like"] {
            assert!(!may_be_logged(target, log::Level::Trace), "{target}");
            assert!(may_be_logged(target, log::Level::Debug), "{target}");
        }
        assert!(may_be_logged("runbook_gate::http", log::Level::Trace));
    }
}
