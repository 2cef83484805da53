//! Where GitHub is, from the arguments, the job's variables and the git remotes.

use runbook_gate::checklist::Forge;
use runbook_gate::github::{Client, GitHubForge, Repository, Standpoint};
use runbook_gate::transport::Transport;
use runbook_gate::{Duration, Secret};
use url::Url;

use super::Failure;
use super::arguments::GitHubArguments;
use crate::http::Credential;
use crate::session::{GitHubAccess, Session};

/// GitHub's own host, and its API.
const HOST: &str = "github.com";
const API: &str = "https://api.github.com";

/// A repository on GitHub that is deployed.
pub struct OnGitHub {
    /// The repository.
    pub repository: Repository,
    /// From where the gate looks.
    pub standpoint: Standpoint,
    host: String,
    api: Option<String>,
    token: Option<Secret>,
}

impl OnGitHub {
    /// What the arguments and the job's variables say; `None` where the repository is elsewhere, or nobody asked for GitHub on
    /// a desk.
    ///
    /// # Errors
    /// Where they name no repository, or a service connection that is not there.
    pub fn find(
        session: &Session,
        arguments: &GitHubArguments,
        remotes: impl FnOnce() -> Vec<String>,
    ) -> Result<Option<Self>, Failure> {
        let job = |name: &str| session.variable(name).filter(|_| session.collection().is_some());
        let provider = job("BUILD_REPOSITORY_PROVIDER").unwrap_or_default();
        let built_from = matches!(provider, "GitHub" | "GitHubEnterprise");
        let (host, named) = match arguments.github.as_deref() {
            Some("") => of_remotes(&remotes()).ok_or_else(|| {
                Failure::Input("--github: no git remote is on GitHub; write --github OWNER/NAME".to_owned())
            })?,
            Some(named) => (HOST.to_owned(), named.to_owned()),
            None if built_from => {
                let named =
                    job("BUILD_REPOSITORY_NAME").or_else(|| job("BUILD_REPOSITORY_ID")).unwrap_or_default();
                let uri = job("BUILD_REPOSITORY_URI").and_then(|uri| uri.parse::<Url>().ok());
                let host = uri.as_ref().and_then(Url::host_str).unwrap_or(HOST);
                (host.to_owned(), named.to_owned())
            }
            None => return Ok(None),
        };
        let repository: Repository = named.parse().map_err(Failure::input)?;
        let branch =
            |name: &str| job(name).map(|name| name.strip_prefix("refs/heads/").unwrap_or(name).to_owned());
        let built = job("BUILD_REASON") == Some("PullRequest");
        let pull_request = job("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER").filter(|_| built && built_from);
        let standpoint = Standpoint {
            web: format!("https://{host}/{repository}"),
            branch: match pull_request {
                Some(_) => branch("SYSTEM_PULLREQUEST_TARGETBRANCH"),
                None => branch("BUILD_SOURCEBRANCH").filter(|_| built_from),
            },
            pull_request: pull_request.and_then(|number| number.parse().ok()),
        };
        let (api, token) = token(session, arguments)?;
        Ok(Some(Self { repository, standpoint, host, api, token }))
    }

    /// How it is asked. The token goes to GitHub itself, to the host of the service connection that it is of, or to the
    /// address that the caller gives: never to a host that only a remote names.
    pub fn access(&self) -> Result<GitHubAccess, Failure> {
        let api = match &self.api {
            Some(api) => api.clone(),
            None if self.host.eq_ignore_ascii_case(HOST) => API.to_owned(),
            None => {
                return Err(Failure::Input(format!(
                    "the repository is on {}, whose API is not known; give it with --github-api https://{}/api/v3",
                    self.host, self.host
                )));
            }
        };
        let graphql = self.token.as_ref().and_then(|_| graphql_of(&api));
        Ok(GitHubAccess { api, graphql, credential: self.token.clone().map(Credential::Bearer) })
    }

    /// What it says of the changes of a deployment; `pipeline` has what is not GitHub's.
    pub fn forge<'t>(
        self,
        transport: &'t dyn Transport,
        left: &'t (dyn Fn() -> Duration + Sync),
        pipeline: &'t dyn Forge,
    ) -> GitHubForge<'t> {
        let client = self.client(transport, left);
        GitHubForge::new(client, Standpoint { pull_request: None, ..self.standpoint }, pipeline)
    }

    /// A client of it, over a transport that [`access`](Self::access) was given to.
    pub fn client<'t>(
        &self,
        transport: &'t dyn Transport,
        left: &'t (dyn Fn() -> Duration + Sync),
    ) -> Client<'t> {
        let client = Client::new(transport, self.repository.clone(), left);
        if self.token.is_some() { client.with_graphql() } else { client }
    }
}

/// The address of the API where somebody names it, and the token: of the step's service connection, else of a variable.
fn token(
    session: &Session,
    arguments: &GitHubArguments,
) -> Result<(Option<String>, Option<Secret>), Failure> {
    let learnt = |token: &str| {
        let token = Secret::new(token.trim());
        session.door.redactor().learn(&token);
        token
    };
    if let Some(id) = session.variable("INPUT_GITHUBCONNECTION").filter(|_| session.step.is_some()) {
        let url = session.variable(&format!("ENDPOINT_URL_{id}"));
        let parameter = |name: &str| session.variable(&format!("ENDPOINT_AUTH_PARAMETER_{id}_{name}"));
        // A personal access token or OAuth has the one, the Azure Pipelines app the other.
        let token = parameter("ACCESSTOKEN").or_else(|| parameter("IDTOKEN"));
        let (Some(url), Some(token)) = (url, token) else {
            return Err(Failure::Input(
                "the service connection of the input githubConnection is not there, or has no token; check its name, and that this pipeline may use it"
                    .to_owned(),
            ));
        };
        return Ok((Some(api_of(url)), Some(learnt(token))));
    }
    let token = session.variable(&arguments.github_token_var).map(learnt);
    Ok((arguments.github_api.clone(), token))
}

/// The API of a server, by the address of its pages or of its API.
fn api_of(server: &str) -> String {
    let url = server.parse::<Url>().ok();
    match url.as_ref().and_then(Url::host_str) {
        Some(HOST | "www.github.com" | "api.github.com") | None => API.to_owned(),
        Some(_) if server.contains("/api/") => server.trim_end_matches('/').to_owned(),
        Some(_) => format!("{}/api/v3", server.trim_end_matches('/')),
    }
}

/// Where a server takes questions in GraphQL, by the address of its API: beside it on GitHub, and beside its version (`/api/v3`)
/// on a server of somebody's own. Always the same origin, so that the token is the same server's.
fn graphql_of(api: &str) -> Option<String> {
    let mut url: Url = api.parse().ok()?;
    let path = url.path().trim_end_matches('/');
    let before = path.strip_suffix("/api/v3").map(|before| format!("{before}/api"));
    let path = format!("{}/graphql", before.as_deref().unwrap_or(path));
    url.set_path(&path);
    url.set_query(None);
    Some(url.to_string())
}

/// Host, and owner and name, of the first remote that is on GitHub; of a server of somebody's own where it is named so.
fn of_remotes(remotes: &[String]) -> Option<(String, String)> {
    remotes.iter().find_map(|remote| {
        let (host, path) = match remote.parse::<Url>() {
            Ok(url) if url.has_host() => (url.host_str()?.to_owned(), url.path().to_owned()),
            _ => {
                let (host, path) = remote.split_once(':')?;
                (host.rsplit('@').next()?.to_owned(), path.to_owned())
            }
        };
        let named = path.trim_matches('/').trim_end_matches(".git").to_owned();
        let lower = host.to_ascii_lowercase();
        (lower.contains("github") && named.split('/').count() == 2).then_some((lower, named))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_is_known_by_its_remote() {
        for (remote, expected) in [
            ("https://github.com/contoso/orders.git", Some(("github.com", "contoso/orders"))),
            ("https://token@github.com/contoso/orders", Some(("github.com", "contoso/orders"))),
            ("git@github.com:contoso/orders.git", Some(("github.com", "contoso/orders"))),
            ("ssh://git@GitHub.com/contoso/orders.git", Some(("github.com", "contoso/orders"))),
            ("https://github.contoso.com/contoso/orders", Some(("github.contoso.com", "contoso/orders"))),
            ("https://dev.azure.com/org/project/_git/orders", None),
            ("/srv/git/orders.git", None),
            ("../orders", None),
            ("", None),
        ] {
            let found = of_remotes(&[remote.to_owned()]);
            let found = found.as_ref().map(|(host, named)| (host.as_str(), named.as_str()));
            assert_eq!(found, expected, "{remote}");
        }
    }

    #[test]
    fn graphql_is_taken_by_the_same_server() {
        for (api, graphql) in [
            (API, "https://api.github.com/graphql"),
            ("https://api.contoso.ghe.com/", "https://api.contoso.ghe.com/graphql"),
            ("https://github.contoso.com/api/v3", "https://github.contoso.com/api/graphql"),
            ("https://proxy.contoso.com:8443/hub/api/v3/", "https://proxy.contoso.com:8443/hub/api/graphql"),
            ("https://github.contoso.com/api/v3?x=1", "https://github.contoso.com/api/graphql"),
        ] {
            assert_eq!(graphql_of(api).as_deref(), Some(graphql));
        }
        assert_eq!(graphql_of("github"), None);
    }

    #[test]
    fn the_api_of_a_server_is_beside_its_pages() {
        for (server, api) in [
            ("https://github.com", API),
            ("https://api.github.com/", API),
            ("https://github.contoso.com/", "https://github.contoso.com/api/v3"),
            ("https://github.contoso.com/api/v3/", "https://github.contoso.com/api/v3"),
        ] {
            assert_eq!(api_of(server), api);
        }
    }
}
