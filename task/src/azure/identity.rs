//! Who reads Azure: what a service connection is, as the agent gives it to a task, or the Azure CLI's account.

use std::collections::BTreeMap;

use runbook_gate::Secret;
use url::Url;

use super::cloud::{Cloud, CloudError};

/// Who signs in.
#[derive(Clone, Debug)]
pub enum Identity {
    /// A service connection with workload identity federation: the job's token is exchanged for an assertion, and that for a token.
    Federated {
        /// The application.
        application: Application,
        /// Where the assertion comes from.
        oidc: OidcRequest,
    },
    /// A service connection with the secret of an application.
    Secret {
        /// The application.
        application: Application,
        /// Its secret.
        secret: Secret,
    },
    /// The identity of the machine that runs the agent.
    Managed {
        /// The client id of a user-assigned one.
        client: Option<String>,
    },
    /// The account that the Azure CLI is signed in with.
    Cli {
        /// Another tenant than the account's own.
        tenant: Option<String>,
    },
}

/// An application of Entra ID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// The tenant's id.
    pub tenant: String,
    /// The client id.
    pub client: String,
}

/// How the job asks Azure Pipelines for an assertion.
#[derive(Clone, Debug)]
pub struct OidcRequest {
    /// Where.
    pub url: Url,
    /// The id of the service connection.
    pub connection: String,
    /// The job's token.
    pub job_token: Secret,
}

/// Who signs in, and to which cloud.
#[derive(Clone, Debug)]
pub struct Account {
    /// Who.
    pub identity: Identity,
    /// To which cloud.
    pub cloud: Cloud,
}

/// A service connection that cannot be used, with what to change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AccountError {
    /// The agent gave nothing of it.
    #[error(
        "the service connection of the input azureSubscription is not there: the agent gave no credential for it. Check its name, \
         and that this pipeline may use it (its page in the project's settings, Security)"
    )]
    NoConnection,
    /// An application that signs in by a certificate.
    #[error(
        "the service connection of azureSubscription signs in by a certificate, which is not supported. Convert it to workload identity \
         federation on its page in the project's settings (it then has nothing that runs out), or give its application a secret"
    )]
    Certificate,
    /// A way of signing in that is not known.
    #[error(
        "the service connection of azureSubscription signs in by `{scheme}`, which is not supported; use workload identity \
         federation, a service principal with a secret, or a managed identity"
    )]
    Scheme {
        /// As the agent names it.
        scheme: String,
    },
    /// A part is missing.
    #[error("the service connection of azureSubscription has no {what}; {help}")]
    Missing {
        /// What.
        what: &'static str,
        /// What to do.
        help: &'static str,
    },
    /// Its cloud is not known.
    #[error("the service connection of azureSubscription: {0}")]
    Cloud(#[from] CloudError),
}

impl Account {
    /// The service connection of an id, as the agent put it into the environment.
    ///
    /// # Errors
    /// Where a part of it is missing, or it signs in by a way that is not known.
    pub fn of_connection(environment: &BTreeMap<String, String>, id: &str) -> Result<Self, AccountError> {
        // The agent writes ids in lower case, whoever wrote the input.
        let id = id.to_ascii_lowercase();
        let get = |name: String| {
            environment
                .get(&name)
                .map(|value| value.trim())
                .filter(|value| !value.is_empty())
                .map(str::to_owned)
        };
        let parameter = |name: &str| get(format!("ENDPOINT_AUTH_PARAMETER_{id}_{name}"));
        let data = |name: &str| get(format!("ENDPOINT_DATA_{id}_{name}"));
        let scheme = get(format!("ENDPOINT_AUTH_SCHEME_{id}")).ok_or(AccountError::NoConnection)?;
        let cloud = Cloud::named(&data("ENVIRONMENT").unwrap_or_default())?;
        let application = || {
            let help = "open its page and save it again";
            Ok::<_, AccountError>(Application {
                tenant: parameter("TENANTID").ok_or(AccountError::Missing { what: "tenant", help })?,
                client: parameter("SERVICEPRINCIPALID")
                    .ok_or(AccountError::Missing { what: "application (client) id", help })?,
            })
        };
        let identity = match scheme.to_ascii_lowercase().as_str() {
            "workloadidentityfederation" => Identity::Federated {
                application: application()?,
                oidc: OidcRequest::of_job(environment, &id)?,
            },
            "serviceprincipal" => {
                let certificate = parameter("AUTHENTICATIONTYPE")
                    .is_some_and(|kind| kind.eq_ignore_ascii_case("spnCertificate"));
                if certificate {
                    return Err(AccountError::Certificate);
                }
                let help = "it may have been removed; open its page and give the secret's value again";
                let secret =
                    parameter("SERVICEPRINCIPALKEY").ok_or(AccountError::Missing { what: "secret", help })?;
                Identity::Secret { application: application()?, secret: Secret::new(secret) }
            }
            "managedserviceidentity" => {
                Identity::Managed { client: data("MSICLIENTID").or_else(|| parameter("SERVICEPRINCIPALID")) }
            }
            _ => return Err(AccountError::Scheme { scheme: scheme.chars().take(60).collect() }),
        };
        Ok(Self { identity, cloud })
    }
}

impl OidcRequest {
    fn of_job(environment: &BTreeMap<String, String>, id: &str) -> Result<Self, AccountError> {
        let first = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| environment.get(*name))
                .map(|value| value.trim())
                .filter(|value| !value.is_empty())
        };
        let what = "address for assertions (SYSTEM_OIDCREQUESTURI)";
        let help = "workload identity federation works in a pipeline's job only";
        let url = first(&["SYSTEM_OIDCREQUESTURI"]).ok_or(AccountError::Missing { what, help })?;
        let url: Url = url.parse().map_err(|_| AccountError::Missing { what, help })?;
        let job_token =
            first(&["ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN", "SYSTEM_ACCESSTOKEN"]).ok_or(
                AccountError::Missing {
                    what: "token of the job",
                    help: "map it in a script step: env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }",
                },
            )?;
        Ok(Self { url, connection: id.to_owned(), job_token: Secret::new(job_token) })
    }
}

impl Identity {
    /// Who it is, in words without secrets.
    pub fn words(&self) -> String {
        let of = |application: &Application| {
            format!(
                "application {} in tenant {}",
                printable(&application.client),
                printable(&application.tenant)
            )
        };
        match self {
            Self::Federated { application, oidc } => format!(
                "the service connection {} by workload identity federation ({})",
                printable(&oidc.connection),
                of(application)
            ),
            Self::Secret { application, .. } => {
                format!("the service connection's {} by its secret", of(application))
            }
            Self::Managed { client: Some(client) } => {
                format!("the managed identity {} of this machine", printable(client))
            }
            Self::Managed { client: None } => "the managed identity of this machine".to_owned(),
            Self::Cli { tenant: Some(tenant) } => {
                format!("the account of the Azure CLI in tenant {}", printable(tenant))
            }
            Self::Cli { tenant: None } => "the account of the Azure CLI".to_owned(),
        }
    }
}

/// An id as it may be printed.
fn printable(id: &str) -> String {
    id.chars().filter(|c| c.is_ascii_graphic()).take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f";

    fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| (name.replace("{id}", ID), (*value).to_owned())).collect()
    }

    const FEDERATED: [(&str, &str); 6] = [
        ("ENDPOINT_AUTH_SCHEME_{id}", "WorkloadIdentityFederation"),
        ("ENDPOINT_AUTH_PARAMETER_{id}_TENANTID", "tenant-1"),
        ("ENDPOINT_AUTH_PARAMETER_{id}_SERVICEPRINCIPALID", "client-1"),
        ("ENDPOINT_DATA_{id}_ENVIRONMENT", "AzureUSGovernment"),
        ("SYSTEM_OIDCREQUESTURI", "https://dev.azure.com/contoso/oidc"),
        ("ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN", "canary"),
    ];

    #[test]
    fn the_scheme_of_the_connection_decides_who_signs_in() {
        let account = Account::of_connection(&environment(&FEDERATED), &ID.to_uppercase()).unwrap();
        assert_eq!(account.cloud, Cloud::UsGovernment);
        assert_eq!(
            account.identity.words(),
            format!(
                "the service connection {ID} by workload identity federation (application client-1 in tenant tenant-1)"
            )
        );
        assert!(!format!("{account:?}").contains("canary"));

        let secret = environment(&[
            ("ENDPOINT_AUTH_SCHEME_{id}", "ServicePrincipal"),
            ("ENDPOINT_AUTH_PARAMETER_{id}_TENANTID", "tenant-1"),
            ("ENDPOINT_AUTH_PARAMETER_{id}_SERVICEPRINCIPALID", "client-1"),
            ("ENDPOINT_AUTH_PARAMETER_{id}_SERVICEPRINCIPALKEY", "canary"),
        ]);
        let account = Account::of_connection(&secret, ID).unwrap();
        assert!(matches!(account.identity, Identity::Secret { .. }) && account.cloud == Cloud::Public);
        assert!(!format!("{account:?}").contains("canary"));

        let managed = environment(&[("ENDPOINT_AUTH_SCHEME_{id}", "ManagedServiceIdentity")]);
        let account = Account::of_connection(&managed, ID).unwrap();
        assert!(matches!(account.identity, Identity::Managed { client: None }));
    }

    #[test]
    fn what_is_missing_is_said_with_what_to_do() {
        let said = |environment: &BTreeMap<String, String>| {
            Account::of_connection(environment, ID).unwrap_err().to_string()
        };
        assert!(said(&environment(&[])).contains("Check its name"));
        assert!(said(&environment(&FEDERATED[..4])).contains("SYSTEM_OIDCREQUESTURI"));
        assert!(said(&environment(&FEDERATED[..5])).contains("SYSTEM_ACCESSTOKEN"));
        assert!(
            said(&environment(&[("ENDPOINT_AUTH_SCHEME_{id}", "PublishProfile")])).contains("PublishProfile")
        );
        assert!(
            said(&environment(&[
                ("ENDPOINT_AUTH_SCHEME_{id}", "ServicePrincipal"),
                ("ENDPOINT_AUTH_PARAMETER_{id}_AUTHENTICATIONTYPE", "spnCertificate"),
            ]))
            .contains("Convert it to workload identity federation")
        );
        let stack = [
            ("ENDPOINT_AUTH_SCHEME_{id}", "ServicePrincipal"),
            ("ENDPOINT_DATA_{id}_ENVIRONMENT", "AzureStack"),
        ];
        assert!(said(&environment(&stack)).contains("AzureStack"));
    }
}
