//! The addresses under which this repository is known.

use url::Url;

use super::links::decoded;

/// One address of the repository, read from a git remote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    /// Small letters.
    host: String,
    /// The port of its pages where it is not the usual one; of a remote over SSH none is known.
    port: Option<u16>,
    /// The parts of its path in small letters, without `.git`.
    path: Vec<String>,
}

/// Whose pages show files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pages {
    GitHub,
    GitLab,
    AzureRepos,
}

impl Home {
    /// Reads a remote's URL, in the forms that git takes: `https://…`, `ssh://…`, `git@host:owner/repository.git`.
    /// User info is dropped.
    ///
    /// ```
    /// use runbook_gate::checklist::Home;
    /// let home = Home::of_remote("git@github.com:contoso/orders.git").ok_or("no home")?;
    /// assert!(home.has(&"https://github.com/contoso/Orders/blob/main/docs/adr/1.md".parse()?));
    /// assert!(!home.has(&"https://github.com/contoso/billing/blob/main/docs/adr/1.md".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn of_remote(remote: &str) -> Option<Self> {
        let remote = remote.trim();
        if remote.contains("://") {
            let url = Url::parse(remote).ok()?;
            let port = url.port().filter(|_| matches!(url.scheme(), "http" | "https"));
            return Self::new(url.host_str()?, port, url.path());
        }
        // git@host:owner/repository; a drive letter or a path has no user and host before the colon
        let (host, path) = remote.split_once(':')?;
        let host = host.rsplit('@').next().unwrap_or(host);
        (host.contains('.') && !host.contains(['/', '\\'])).then(|| Self::new(host, None, path)).flatten()
    }

    fn new(host: &str, port: Option<u16>, path: &str) -> Option<Self> {
        let host = host.to_lowercase();
        let path = path.trim_end_matches('/').trim_end_matches(".git");
        let parts = parts_of(path);
        let (host, path) = azure(&host, &parts).unwrap_or((host, parts));
        (!path.is_empty()).then_some(Self { host, port, path })
    }

    /// The page of a file at a commit, where the host's pages are known: GitHub, Azure Repos, GitLab.
    ///
    /// ```
    /// use runbook_gate::checklist::Home;
    /// let home = Home::of_remote("git@github.com:contoso/orders.git").ok_or("no home")?;
    /// let page = home.file_page("1a2b3c4", "docs/adr/0001 a.md");
    /// assert_eq!(page.as_deref(), Some("https://github.com/contoso/orders/blob/1a2b3c4/docs/adr/0001%20a.md"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn file_page(&self, commit: &str, path: &str) -> Option<String> {
        let mut page = self.page()?;
        let parts = path.split('/').filter(|part| !part.is_empty());
        match self.pages()? {
            Pages::GitHub => page.path_segments_mut().ok()?.extend(["blob", commit]).extend(parts),
            Pages::GitLab => page.path_segments_mut().ok()?.extend(["-", "blob", commit]).extend(parts),
            Pages::AzureRepos => {
                let whole = format!("/{}", path.trim_start_matches('/'));
                page.query_pairs_mut()
                    .append_pair("path", &whole)
                    .append_pair("version", &format!("GC{commit}"));
                return Some(page.into());
            }
        };
        Some(page.into())
    }

    /// The page of a commit, where the host's pages are known.
    #[must_use]
    pub fn commit_page(&self, commit: &str) -> Option<String> {
        let mut page = self.page()?;
        let parts: &[&str] = match self.pages()? {
            Pages::GitHub | Pages::AzureRepos => &["commit", commit],
            Pages::GitLab => &["-", "commit", commit],
        };
        page.path_segments_mut().ok()?.extend(parts);
        Some(page.into())
    }

    fn pages(&self) -> Option<Pages> {
        if self.host == DEV_AZURE {
            Some(Pages::AzureRepos)
        } else if self.host.split('.').any(|part| part == "github") {
            Some(Pages::GitHub)
        } else if self.host.split('.').any(|part| part == "gitlab") {
            Some(Pages::GitLab)
        } else {
            None
        }
    }

    /// The repository's own page.
    fn page(&self) -> Option<Url> {
        let port = self.port.map(|port| format!(":{port}")).unwrap_or_default();
        let mut page: Url = format!("https://{}{port}/", self.host).parse().ok()?;
        {
            let mut parts = page.path_segments_mut().ok()?;
            parts.pop_if_empty();
            match (self.pages()?, self.path.as_slice()) {
                (Pages::AzureRepos, [organisation, project, repository]) => {
                    parts.extend([organisation.as_str(), project, "_git", repository]);
                }
                (_, path) => {
                    parts.extend(path);
                }
            }
        }
        Some(page)
    }

    /// The repository's own page, where the host's pages are known; [`Home::of_remote`] reads it back.
    ///
    /// ```
    /// use runbook_gate::checklist::Home;
    /// let home = Home::of_remote("git@ssh.dev.azure.com:v3/org/proj/orders").ok_or("no home")?;
    /// assert_eq!(home.address().as_deref(), Some("https://dev.azure.com/org/proj/_git/orders"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn address(&self) -> Option<String> {
        self.page().map(Url::into)
    }

    /// Whether a page lies in this repository: on its host and port, under its path. Names are compared in small letters and
    /// decoded; a name that only begins or ends like it is another's.
    #[must_use]
    pub fn has(&self, page: &Url) -> bool {
        let Some(host) = self.host_of(page) else { return false };
        let parts = parts_of(page.path());
        let (host, parts) = azure(&host, &parts).unwrap_or((host, parts));
        host == self.host && parts.starts_with(&self.path)
    }

    /// Whether a page lies in a wiki of this repository, or of its project in Azure DevOps.
    ///
    /// ```
    /// use runbook_gate::checklist::Home;
    /// let home = Home::of_remote("https://dev.azure.com/org/proj/_git/orders").ok_or("no home")?;
    /// assert!(home.has_wiki(&"https://org.visualstudio.com/proj/_wiki/wikis/w/12/ADR-0012".parse()?));
    /// assert!(!home.has_wiki(&"https://dev.azure.com/org/other/_wiki/wikis/w/12/ADR-0012".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn has_wiki(&self, page: &Url) -> bool {
        let parts = parts_of(page.path());
        let Some(at) = parts.iter().position(|part| part == "_wiki") else {
            let within = parts.get(self.path.len()..).unwrap_or_default();
            // GitHub: `wiki`, GitLab: `-/wikis`
            let wiki = within.iter().find(|part| *part != "-");
            return self.has(page) && wiki.is_some_and(|part| matches!(part.as_str(), "wiki" | "wikis"));
        };
        let Some(host) = self.host_of(page) else { return false };
        let project = parts.get(..at).unwrap_or_default();
        if self.host == DEV_AZURE {
            let Some((organisation, rest)) = organisation(&host, project) else { return false };
            let own = self.path.get(1).map(String::as_str);
            return self.path.first() == Some(&organisation)
                && rest.len() == 1
                && rest.first().copied() == own;
        }
        // A collection on a server of its own: …/collection/project/_git/repository, or without the project where the repository
        // has its name.
        let Some(git) = self.path.iter().position(|part| part == "_git") else { return false };
        let (before, repository) = (self.path.get(..git).unwrap_or_default(), self.path.get(git + 1));
        let named =
            project.split_last().is_some_and(|(last, rest)| rest == before && Some(last) == repository);
        host == self.host && !project.is_empty() && (project == before || named)
    }

    /// The host of a page in small letters, where its port is that of this home.
    fn host_of(&self, page: &Url) -> Option<String> {
        let host = page.host_str()?.to_lowercase();
        let host = if host == "raw.githubusercontent.com" { "github.com".to_owned() } else { host };
        (page.port() == self.port).then_some(host)
    }
}

/// The parts of a path, decoded and in small letters.
fn parts_of(path: &str) -> Vec<String> {
    path.split('/').filter(|part| !part.is_empty()).map(|part| decoded(part).to_lowercase()).collect()
}

const DEV_AZURE: &str = "dev.azure.com";

/// The organisation of a page of Azure DevOps Services, and the parts of its path after it.
fn organisation<'p>(host: &str, parts: &'p [String]) -> Option<(String, Vec<&'p str>)> {
    let legacy = host.strip_suffix(".visualstudio.com").filter(|name| !matches!(*name, "vs-ssh"));
    if host != DEV_AZURE && legacy.is_none() {
        return None;
    }
    let mut rest: Vec<&str> =
        parts.iter().map(String::as_str).filter(|part| *part != "defaultcollection").collect();
    match legacy {
        Some(name) => Some((name.to_owned(), rest)),
        None if rest.is_empty() => None,
        None => Some((rest.remove(0).to_owned(), rest)),
    }
}

/// The one form of Azure Repos addresses: organisation, project and repository under `dev.azure.com`.
fn azure(host: &str, parts: &[String]) -> Option<(String, Vec<String>)> {
    let home = |organisation: &str, project: &str, repository: &str| {
        Some((DEV_AZURE.to_owned(), vec![organisation.to_owned(), project.to_owned(), repository.to_owned()]))
    };
    if matches!(host, "ssh.dev.azure.com" | "vs-ssh.visualstudio.com") {
        // v3/organisation/project/repository
        return match parts {
            [_, organisation, project, repository] => home(organisation, project, repository),
            _ => None,
        };
    }
    let (organisation, rest) = organisation(host, parts)?;
    let at = rest.iter().position(|part| *part == "_git")?;
    let repository = rest.get(at + 1)?;
    // The project's default repository may stand without its project.
    let project = at.checked_sub(1).and_then(|before| rest.get(before)).unwrap_or(repository);
    home(&organisation, project, repository)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_and_commits_have_pages_where_the_host_is_known() {
        for (remote, file, commit) in [
            (
                "https://dev.azure.com/org/My%20Project/_git/orders",
                Some("https://dev.azure.com/org/my%20project/_git/orders?path=%2Fdocs%2Fa.md&version=GC1a2b"),
                Some("https://dev.azure.com/org/my%20project/_git/orders/commit/1a2b"),
            ),
            (
                "git@gitlab.com:group/sub/orders.git",
                Some("https://gitlab.com/group/sub/orders/-/blob/1a2b/docs/a.md"),
                Some("https://gitlab.com/group/sub/orders/-/commit/1a2b"),
            ),
            (
                "https://github.contoso.com/contoso/orders.git",
                Some("https://github.contoso.com/contoso/orders/blob/1a2b/docs/a.md"),
                Some("https://github.contoso.com/contoso/orders/commit/1a2b"),
            ),
            ("https://git.contoso.com/orders.git", None, None),
        ] {
            let home = Home::of_remote(remote).unwrap();
            assert_eq!(home.file_page("1a2b", "docs/a.md").as_deref(), file, "{remote}");
            assert_eq!(home.commit_page("1a2b").as_deref(), commit, "{remote}");
        }
    }

    #[test]
    fn every_form_of_a_remote_is_the_same_home() {
        for (remote, page, same) in [
            (
                "https://github.com/contoso/orders.git",
                "https://github.com/contoso/orders/blob/main/a.md",
                true,
            ),
            (
                "https://t0ken@github.com/contoso/orders",
                "https://github.com/contoso/orders/blob/main/a.md",
                true,
            ),
            ("ssh://git@github.com/contoso/orders.git", "https://github.com/contoso/orders/wiki/ADR-1", true),
            (
                "git@github.com:contoso/orders.git",
                "https://raw.githubusercontent.com/contoso/orders/main/a.md",
                true,
            ),
            (
                "git@github.com:contoso/orders.git",
                "https://github.com/contoso/orders-old/blob/main/a.md",
                false,
            ),
            (
                "git@github.com:contoso/orders.git",
                "https://evil.example/contoso/orders/blob/main/a.md",
                false,
            ),
            (
                "git@gitlab.com:group/sub/orders.git",
                "https://gitlab.com/group/sub/orders/-/blob/main/a.md",
                true,
            ),
            (
                "https://org@dev.azure.com/org/My%20Project/_git/orders",
                "https://dev.azure.com/org/My%20Project/_git/orders?path=/a.md",
                true,
            ),
            (
                "git@ssh.dev.azure.com:v3/org/proj/orders",
                "https://dev.azure.com/org/proj/_git/orders?path=/a.md",
                true,
            ),
            (
                "https://org.visualstudio.com/proj/_git/orders",
                "https://dev.azure.com/org/proj/_git/orders?path=/a.md",
                true,
            ),
            (
                "https://org.visualstudio.com/DefaultCollection/proj/_git/orders",
                "https://org.visualstudio.com/proj/_git/orders?path=/a",
                true,
            ),
            (
                "https://dev.azure.com/org/_git/orders",
                "https://dev.azure.com/org/orders/_git/orders?path=/a.md",
                true,
            ),
            (
                "https://dev.azure.com/org/proj/_git/orders",
                "https://dev.azure.com/org/proj/_git/billing?path=/a.md",
                false,
            ),
        ] {
            let home = Home::of_remote(remote).unwrap();
            assert_eq!(home.has(&page.parse().unwrap()), same, "{remote} {page}");
        }
    }

    #[test]
    fn paths_and_nonsense_are_no_home() {
        for remote in ["", "/srv/git/orders.git", "../orders", r"C:\git\orders", "file:///srv/git", "x:y"] {
            let home = Home::of_remote(remote);
            assert!(home.is_none(), "{remote}: {home:?}");
        }
    }
}
