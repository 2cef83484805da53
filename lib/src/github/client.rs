//! Questions to GitHub: side by side, page by page, within one time.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::{GitHubError, Needs, Why, judged, understood};
use super::way::Way;
use crate::Duration;
use crate::transport::{
    Address, Header, Request, Response, ResponseHeaders, Service, Transport, TransportError,
};

/// The longest that one answer may take.
pub(super) const ONE_CALL: Duration = Duration::from_secs(30);
/// So many questions are on their way at once: GitHub refuses more than 100.
const SIDE_BY_SIDE: usize = 60;
/// The largest answer, in bytes.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;
/// Entries of one page: the most that GitHub gives.
pub(super) const PER_PAGE: u32 = 100;
/// So many pages of one list are read.
pub(super) const MOST_PAGES: u32 = 20;

/// A repository: `owner/name`.
///
/// ```
/// use runbook_gate::github::Repository;
/// assert_eq!("contoso/orders".parse::<Repository>()?.to_string(), "contoso/orders");
/// assert!("contoso/orders/../billing".parse::<Repository>().is_err());
/// # Ok::<(), runbook_gate::github::RepositoryError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository(String);

/// A text that names no repository of GitHub.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{}` names no repository of GitHub: write owner/name", .0.escape_debug())]
pub struct RepositoryError(String);

impl FromStr for Repository {
    type Err = RepositoryError;

    fn from_str(text: &str) -> Result<Self, RepositoryError> {
        let part = |part: &str| {
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            !matches!(part, "" | "." | "..") && part.len() <= 100 && part.bytes().all(fits)
        };
        match text.split_once('/') {
            Some((owner, name)) if part(owner) && part(name) => Ok(Self(text.to_owned())),
            // An address may carry a credential.
            _ if text.contains(['@', ':', '?']) => Err(RepositoryError("***".to_owned())),
            _ => Err(RepositoryError(text.chars().take(80).collect())),
        }
    }
}

impl Repository {
    /// Whose it is.
    pub(super) fn owner(&self) -> &str {
        self.0.split_once('/').map_or("", |(owner, _)| owner)
    }

    /// Its name there.
    pub(super) fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A repository of GitHub, over a transport that knows the service's address and token.
pub struct Client<'t> {
    transport: &'t dyn Transport,
    repository: Repository,
    left: &'t (dyn Fn() -> Duration + Sync),
    way: Way,
}

/// One question.
#[derive(Clone, Debug)]
pub(super) struct Question {
    asked: String,
    needs: Needs,
    path: String,
}

impl Question {
    /// A question below the repository. `asked` is what is asked for, as an error names it; `path` begins with `/`, and
    /// holds nothing that has to be encoded.
    pub(super) fn new(asked: impl Into<String>, needs: Needs, path: impl Into<String>) -> Self {
        Self { asked: asked.into(), needs, path: path.into() }
    }

    /// What each entry of its list says.
    pub(super) fn each<T: DeserializeOwned>(&self, entries: Vec<Value>) -> Result<Vec<T>, GitHubError> {
        let strange = |_| self.failed(Why::Unreadable("an entry of it is of another form".to_owned()));
        entries.into_iter().map(|entry| serde_json::from_value(entry).map_err(strange)).collect()
    }

    pub(super) fn failed(&self, why: Why) -> GitHubError {
        GitHubError { asked: self.asked.clone(), why, needs: self.needs }
    }
}

/// A list of which some pages are read.
struct Reading<T> {
    question: Question,
    pages: BTreeMap<u32, Vec<T>>,
    open: Vec<u32>,
    /// The last page that was asked for.
    asked: u32,
    failed: Option<GitHubError>,
}

impl<'t> Client<'t> {
    /// A client that has sent nothing yet. `left` says how much is left of the time for all questions.
    #[must_use]
    pub const fn new(
        transport: &'t dyn Transport,
        repository: Repository,
        left: &'t (dyn Fn() -> Duration + Sync),
    ) -> Self {
        Self { transport, repository, left, way: Way::Rest }
    }

    /// The same, where the transport knows [`Service::GitHubGraphQl`] and its token, without which GitHub takes no question in
    /// GraphQL. Questions that it does not take are asked by REST.
    #[must_use]
    pub fn with_graphql(self) -> Self {
        Self { way: Way::GraphQl, ..self }
    }

    pub(super) const fn way(&self) -> Way {
        self.way
    }

    pub(super) const fn transport(&self) -> &'t dyn Transport {
        self.transport
    }

    pub(super) fn left(&self) -> Duration {
        (self.left)()
    }

    /// The repository.
    #[must_use]
    pub const fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Asks for one thing each, side by side; the answers in their order.
    pub(super) fn ask<T: DeserializeOwned>(&self, questions: &[Question]) -> Vec<Result<T, GitHubError>> {
        let paths = questions.iter().map(|question| (question, question.path.clone())).collect();
        self.send(paths)
            .into_iter()
            .zip(questions)
            .map(|(answer, question)| read(question, answer?).map(|(value, _)| value))
            .collect()
    }

    /// Asks for whole lists, side by side: their first pages, then all the others.
    pub(super) fn lists<T: DeserializeOwned>(
        &self,
        questions: Vec<Question>,
    ) -> Vec<Result<Vec<T>, GitHubError>> {
        let mut lists: Vec<Reading<T>> = questions
            .into_iter()
            .map(|question| Reading {
                question,
                pages: BTreeMap::new(),
                open: vec![1],
                asked: 1,
                failed: None,
            })
            .collect();
        loop {
            let wanted: Vec<(usize, u32)> = lists
                .iter_mut()
                .enumerate()
                .flat_map(|(index, list)| {
                    std::mem::take(&mut list.open).into_iter().map(move |page| (index, page))
                })
                .collect();
            if wanted.is_empty() {
                break;
            }
            let paths = wanted
                .iter()
                .filter_map(|(index, page)| {
                    let question = &lists.get(*index)?.question;
                    Some((question, format!("{}?per_page={PER_PAGE}&page={page}", question.path)))
                })
                .collect();
            let answers = self.send(paths);
            for ((index, page), answer) in wanted.into_iter().zip(answers) {
                if let Some(list) = lists.get_mut(index) {
                    list.take(page, answer);
                }
            }
        }
        lists.into_iter().map(Reading::whole).collect()
    }

    fn send(&self, paths: Vec<(&Question, String)>) -> Vec<Result<Response, GitHubError>> {
        let mut results = Vec::with_capacity(paths.len());
        for batch in paths.chunks(SIDE_BY_SIDE) {
            let left = (self.left)();
            if left.is_zero() {
                results.extend(batch.iter().map(|(question, _)| Err(question.failed(Why::OutOfTime))));
                continue;
            }
            let requests: Vec<Request> =
                batch.iter().map(|(_, path)| self.request(path, left.min(ONE_CALL))).collect();
            let mut answers = self.transport.send_all(&requests).into_iter();
            results.extend(batch.iter().map(|(question, _)| {
                let lost = || TransportError::Protocol {
                    host: "GitHub".to_owned(),
                    why: "it was not sent".to_owned(),
                };
                answers
                    .next()
                    .unwrap_or_else(|| Err(lost()))
                    .map_err(|error| question.failed(Why::Unanswered(error)))
            }));
        }
        results
    }

    fn request(&self, path: &str, timeout: Duration) -> Request {
        let address = Address::Service(Service::GitHub);
        let path = format!("/repos/{}{path}", self.repository);
        Request {
            headers: vec![
                Header::plain("Accept", "application/vnd.github+json"),
                Header::plain("X-GitHub-Api-Version", "2022-11-28"),
            ],
            max_bytes: LARGEST,
            ..Request::get(address, path, timeout)
        }
    }
}

impl<T: DeserializeOwned> Reading<T> {
    /// Takes a page in, and finds out which are still missing.
    fn take(&mut self, page: u32, answer: Result<Response, GitHubError>) {
        let (items, headers) = match answer.and_then(|answer| read::<Vec<T>>(&self.question, answer)) {
            Ok(read) => read,
            Err(error) => {
                self.failed.get_or_insert(error);
                return;
            }
        };
        self.pages.insert(page, items);
        let (next, last) = (linked_page(&headers, "next"), linked_page(&headers, "last"));
        // What lies between this page and the last one asked for is on its way beside it.
        let (next, last) = match (next, last) {
            (Linked::Unclear, _) => {
                let why = Why::Unreadable("its next page has no number".to_owned());
                self.failed.get_or_insert(self.question.failed(why));
                return;
            }
            (Linked::Page(next), Linked::Page(last)) if next > self.asked => (next, last.max(next)),
            (Linked::Page(next), _) if next > self.asked => (next, next),
            (Linked::None | Linked::Page(_), _) => return,
        };
        if last > MOST_PAGES {
            let most = usize::try_from(MOST_PAGES * PER_PAGE).unwrap_or(usize::MAX);
            self.failed.get_or_insert(self.question.failed(Why::TooMany(most)));
        } else {
            self.open.extend(next..=last);
            self.asked = last;
        }
    }

    fn whole(self) -> Result<Vec<T>, GitHubError> {
        match self.failed {
            Some(error) => Err(error),
            None => Ok(self.pages.into_values().flatten().collect()),
        }
    }
}

fn read<T: DeserializeOwned>(
    question: &Question,
    answer: Response,
) -> Result<(T, ResponseHeaders), GitHubError> {
    if let Some(why) = judged(&answer) {
        return Err(question.failed(why));
    }
    let value = understood(&answer.body).map_err(|why| question.failed(why))?;
    Ok((value, answer.headers))
}

/// A page that a `Link` header names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Linked {
    None,
    Page(u32),
    /// There is one, and its number cannot be read.
    Unclear,
}

/// `<https://api.github.com/…?per_page=100&page=2>; rel="next", …`: only the number is taken, the address never.
fn linked_page(headers: &ResponseHeaders, relation: &str) -> Linked {
    let wanted = format!("rel=\"{relation}\"");
    let links = headers.all("Link").flat_map(|header| header.split(','));
    let Some(link) = links.into_iter().find(|link| link.contains(&wanted)) else { return Linked::None };
    let address = link.split('>').next().unwrap_or_default();
    let query = address.split_once('?').map_or("", |(_, query)| query);
    let page = query.split('&').find_map(|pair| pair.strip_prefix("page="));
    page.and_then(|page| page.parse().ok()).map_or(Linked::Unclear, Linked::Page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_read_from_links_by_their_number() {
        let page = |link: &str, relation| linked_page(&[("link", link)].into_iter().collect(), relation);
        let usual = r#"<https://api.github.com/repositories/1/pulls/2/files?per_page=100&page=2>; rel="next", <https://api.github.com/repositories/1/pulls/2/files?page=7&per_page=100>; rel="last""#;
        assert_eq!((page(usual, "next"), page(usual, "last")), (Linked::Page(2), Linked::Page(7)));
        assert_eq!(page(usual, "prev"), Linked::None);
        for unclear in [
            r#"<https://api.github.com/x?after=abc>; rel="next""#,
            r#"<https://api.github.com/x>; rel="next""#,
            r#"<https://api.github.com/x?page=-1>; rel="next""#,
            r#"<https://api.github.com/x?page=99999999999>; rel="next""#,
            r#"rel="next""#,
        ] {
            assert_eq!(page(unclear, "next"), Linked::Unclear, "{unclear}");
        }
    }

    #[test]
    fn names_cannot_leave_their_place_in_a_path() {
        for text in ["", "orders", "a/b/c", "../b", "a/..", "a/b?c", "a/b c", "a/", "/b", "a%2f/b", "a/b#c"] {
            assert!(text.parse::<Repository>().is_err(), "{text}");
        }
        assert!("Contoso-1/orders.api_2".parse::<Repository>().is_ok());
    }
}
