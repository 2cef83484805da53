//! Tokens: got when they are needed, kept while they last, renewed before they end.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use azure_core::cloud::{CloudConfiguration, CustomConfiguration};
use azure_core::credentials::{AccessToken, TokenCredential};
use azure_core::http::{ClientOptions, RetryOptions, Transport};
use azure_core::time::OffsetDateTime;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientAssertionCredential,
    ClientAssertionCredentialOptions, ClientSecretCredential, ClientSecretCredentialOptions,
    ManagedIdentityCredential, ManagedIdentityCredentialOptions, UserAssignedId,
};
use runbook_gate::transport::TransportError;
use runbook_gate::{Duration, Secret, Timestamp};

use super::assertion::Assertion;
use super::cli::BoundedRun;
use super::client::AgentClient;
use super::cloud::Cloud;
use super::identity::{Account, Identity};
use super::refusal;
use crate::commands::processes::Processes;
use crate::http::HttpTransport;

/// A token is renewed so long before its end, or at half its life where that is shorter.
const RENEW_BEFORE: Duration = Duration::from_secs(300);
/// After a renewal that failed while the old token still counts, the next one waits so long.
const RENEW_AGAIN: Duration = Duration::from_secs(30);
/// The longest that one way to a token takes, whatever the request that needs it allows.
const LONGEST: Duration = Duration::from_secs(30);
/// What is taken for the life of a token that tells none.
const SHORTEST_LIFE: Duration = Duration::from_secs(60);

/// The clock of the gate: it never goes back, and moves no token's end when the wall's clock is set.
pub type Now = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Told of every token and assertion, so that none is ever printed.
pub type Learn = Arc<dyn Fn(&Secret) + Send + Sync>;

/// The tokens of one account.
pub struct Tokens {
    account: Account,
    http: Arc<HttpTransport>,
    now: Now,
    learn: Learn,
    processes: Processes,
    kept: Mutex<BTreeMap<String, Kept>>,
}

#[derive(Clone)]
struct Kept {
    token: Secret,
    renew: Timestamp,
    end: Timestamp,
}

impl Tokens {
    /// No token yet.
    pub fn new(
        account: Account,
        http: Arc<HttpTransport>,
        now: Now,
        processes: Processes,
        learn: impl Fn(&Secret) + Send + Sync + 'static,
    ) -> Self {
        Self { account, http, now, learn: Arc::new(learn), processes, kept: Mutex::default() }
    }

    /// The cloud that is signed in to.
    pub const fn cloud(&self) -> &Cloud {
        &self.account.cloud
    }

    /// Who signs in.
    pub const fn identity(&self) -> &Identity {
        &self.account.identity
    }

    /// A token for a scope.
    ///
    /// # Errors
    /// Where the identity gets none. The network's failures are told as they are.
    pub fn token(&self, scope: &str, timeout: Duration) -> Result<Secret, TransportError> {
        // One way to a token at a time: who waits here wants the same one.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = (self.now)();
        if let Some(known) = kept.get(scope).filter(|known| now < known.renew) {
            return Ok(known.token.clone());
        }
        match self.acquire(scope, timeout.min(LONGEST)) {
            Ok((token, life)) => {
                (self.learn)(&token);
                let early = RENEW_BEFORE.min(Duration::from_nanos(life.as_nanos() / 2));
                let fresh = Kept { token: token.clone(), renew: now + life.minus(early), end: now + life };
                kept.insert(scope.to_owned(), fresh);
                Ok(token)
            }
            Err(error) => match kept.get_mut(scope).filter(|known| now < known.end) {
                Some(known) => {
                    log::warn!("the token could not be renewed, and is used until its end: {error}");
                    known.renew = (now + RENEW_AGAIN).min(known.end);
                    Ok(known.token.clone())
                }
                None => Err(error),
            },
        }
    }

    /// Forgets a token that an API refused.
    pub fn refused(&self, scope: &str, token: &Secret) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.get(scope).is_some_and(|known| known.token == *token) {
            kept.remove(scope);
        }
    }

    fn acquire(&self, scope: &str, timeout: Duration) -> Result<(Secret, Duration), TransportError> {
        let client = Arc::new(AgentClient::new(Arc::clone(&self.http), self.account.cloud.clone(), timeout));
        let got = self
            .credential(&client, timeout)
            .and_then(|credential| futures::executor::block_on(credential.get_token(&[scope], None)));
        match got {
            Ok(token) => Ok((Secret::new(token.token.secret()), life_of(&token))),
            Err(error) => Err(client.outage().unwrap_or_else(|| TransportError::SignIn {
                host: scope.trim_start_matches("https://").trim_end_matches("/.default").to_owned(),
                why: format!(
                    "{} was refused (scope {scope}): {}",
                    self.account.identity.words(),
                    refusal::words(&error)
                ),
            })),
        }
    }

    /// A credential of its own for each token: theirs keep what they got by a clock that is not the gate's.
    fn credential(
        &self,
        client: &Arc<AgentClient>,
        timeout: Duration,
    ) -> azure_core::Result<Arc<dyn TokenCredential>> {
        let mut custom = CustomConfiguration::default();
        custom.authority_host = self.account.cloud.authority();
        let options = ClientOptions {
            retry: RetryOptions::none(),
            transport: Some(Transport::new(Arc::<AgentClient>::clone(client))),
            cloud: Some(Arc::new(CloudConfiguration::Custom(custom))),
            ..ClientOptions::default()
        };
        Ok(match &self.account.identity {
            Identity::Federated { application, oidc } => {
                let (http, learn) = (Arc::clone(&self.http), Arc::clone(&self.learn));
                let assertion = Assertion { http, oidc: oidc.clone(), timeout, learn };
                let options = ClientAssertionCredentialOptions { client_options: options };
                let (tenant, client) = (application.tenant.clone(), application.client.clone());
                ClientAssertionCredential::new(tenant, client, assertion, Some(options))?
            }
            Identity::Secret { application, secret } => {
                let options = ClientSecretCredentialOptions { client_options: options };
                let secret = secret.reveal().to_owned().into();
                ClientSecretCredential::new(
                    &application.tenant,
                    application.client.clone(),
                    secret,
                    Some(options),
                )?
            }
            Identity::Managed { client } => {
                let managed = ManagedIdentityCredentialOptions {
                    user_assigned_id: client.clone().map(UserAssignedId::ClientId),
                    client_options: options,
                };
                ManagedIdentityCredential::new(Some(managed))?
            }
            Identity::Cli { tenant } => {
                let mut cli = AzureCliCredentialOptions::default();
                cli.tenant_id.clone_from(tenant);
                cli.executor = Some(Arc::new(BoundedRun { timeout, processes: self.processes.clone() }));
                AzureCliCredential::new(Some(cli))?
            }
        })
    }
}

/// How long a token lasts. Both times are of the wall's clock, so that a clock that is wrong changes nothing.
fn life_of(token: &AccessToken) -> Duration {
    let left = token.expires_on - OffsetDateTime::now_utc();
    let seconds = u64::try_from(left.whole_seconds()).unwrap_or(0);
    Duration::from_secs(seconds).max(SHORTEST_LIFE)
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Tokens").field("account", &self.account).finish_non_exhaustive()
    }
}
