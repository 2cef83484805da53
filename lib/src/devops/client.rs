//! Sends calls within a time, and reads their answers.

use std::fmt;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::Duration;
use crate::devops::call::{Call, Effect};
use crate::devops::failure::{DevOpsError, Why, judged};
use crate::devops::wire::List;
use crate::transport::{Address, Header, Redirects, Request, Response, Retry, Transport, TransportError};

/// The longest that one call may take.
const ONE_CALL: Duration = Duration::from_secs(30);
/// So many calls are on their way at once, as many as the binary's transport sends: 200 pull requests take two waves.
const SIDE_BY_SIDE: usize = 256;
/// The largest answer, in bytes.
const LARGEST: usize = 16 * 1024 * 1024;
/// So many pages of one list are read.
const MOST_PAGES: usize = 50;

/// How much is left of the time for all questions. Whoever has a clock implements it.
///
/// ```
/// use runbook_gate::Duration;
/// use runbook_gate::devops::Allowance;
/// let always = || Duration::from_secs(120);
/// assert_eq!(always.left(), Duration::from_secs(120));
/// ```
pub trait Allowance: Send + Sync {
    /// What is left.
    fn left(&self) -> Duration;
}

impl<F: Fn() -> Duration + Send + Sync> Allowance for F {
    fn left(&self) -> Duration {
        self()
    }
}

/// A project, by its id or its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Project(String);

/// A text that names no project.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` cannot be the name of a project")]
pub struct ProjectError(String);

impl FromStr for Project {
    type Err = ProjectError;
    fn from_str(text: &str) -> Result<Self, ProjectError> {
        let fits =
            !matches!(text, "" | "." | "..") && !text.chars().any(char::is_control) && text.len() <= 256;
        if fits {
            Ok(Self(text.to_owned()))
        } else {
            Err(ProjectError(text.chars().filter(|c| !c.is_control()).take(80).collect()))
        }
    }
}

impl fmt::Display for Project {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A project of Azure DevOps, over a transport that knows the service's address and credential.
pub struct Client<'t> {
    transport: &'t dyn Transport,
    project: Project,
    allowance: &'t dyn Allowance,
}

/// A good answer.
#[derive(Clone, Debug)]
pub struct Answer {
    body: Vec<u8>,
    continuation: Option<String>,
    call: Call,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// What is on it, nulls left out.
    pub items: Vec<T>,
    /// What asks for the next page; `None` on the last.
    pub next: Option<String>,
}

impl<'t> Client<'t> {
    /// A client that has sent nothing yet.
    #[must_use]
    pub const fn new(transport: &'t dyn Transport, project: Project, allowance: &'t dyn Allowance) -> Self {
        Self { transport, project, allowance }
    }

    /// Sends one call.
    ///
    /// # Errors
    /// Where no good answer came: see [`Why`].
    pub fn send(&self, call: &Call) -> Result<Answer, DevOpsError> {
        let request = self.request(call)?;
        read(call, self.transport.send(&request))
    }

    /// Sends calls that do not depend on each other, side by side, and gives one result for each, in their order.
    pub fn send_all(&self, calls: &[Call]) -> Vec<Result<Answer, DevOpsError>> {
        let mut results = Vec::with_capacity(calls.len());
        for calls in calls.chunks(SIDE_BY_SIDE) {
            // The time that is left is looked up anew: what is not reached in time is not asked.
            let requests: Vec<Result<Request, DevOpsError>> =
                calls.iter().map(|call| self.request(call)).collect();
            let sendable: Vec<Request> =
                requests.iter().filter_map(|request| request.as_ref().ok()).cloned().collect();
            let mut responses = self.transport.send_all(&sendable).into_iter();
            for (call, request) in calls.iter().zip(requests) {
                results.push(match request {
                    Ok(_) => match responses.next() {
                        Some(response) => read(call, response),
                        None => Err(DevOpsError::of(call, Why::Unreadable("it was not sent".to_owned()))),
                    },
                    Err(error) => Err(error),
                });
            }
        }
        results
    }

    /// Sends one call and reads what it gives.
    ///
    /// # Errors
    /// Where no good answer came, or it is not of this form.
    pub fn get<T: DeserializeOwned>(&self, call: &Call) -> Result<T, DevOpsError> {
        self.send(call)?.read()
    }

    /// Sends one call that gives a list, and reads its first page.
    ///
    /// # Errors
    /// Where no good answer came, or it is no list.
    pub fn page<T: DeserializeOwned>(&self, call: &Call) -> Result<Page<T>, DevOpsError> {
        self.send(call)?.page()
    }

    /// Reads the page of a list that a continuation token leads to.
    ///
    /// # Errors
    /// Where no good answer came, or it is no list.
    pub fn next_page<T: DeserializeOwned>(&self, call: &Call, token: String) -> Result<Page<T>, DevOpsError> {
        self.page(&call.clone().with("continuationToken", token))
    }

    /// Reads every page of a list that goes on by continuation tokens.
    ///
    /// # Errors
    /// Where one page could not be had, or there are more than are read.
    pub fn list<T: DeserializeOwned>(&self, call: &Call) -> Result<Vec<T>, DevOpsError> {
        let mut page = self.page::<T>(call)?;
        let mut items = std::mem::take(&mut page.items);
        for _ in 1..MOST_PAGES {
            let Some(token) = page.next else { return Ok(items) };
            page = self.next_page(call, token)?;
            items.append(&mut page.items);
        }
        match page.next {
            Some(_) => Err(DevOpsError::of(call, Why::TooMany(items.len()))),
            None => Ok(items),
        }
    }

    fn request(&self, call: &Call) -> Result<Request, DevOpsError> {
        let left = self.allowance.left();
        if left.is_zero() {
            return Err(DevOpsError::of(call, Why::OutOfTime));
        }
        let path = call
            .path_and_query(Some(&self.project.0))
            .ok_or_else(|| DevOpsError::of(call, Why::Unaskable))?;
        let retry = match call.effect() {
            Effect::Repeatable => Retry::WithinTimeout,
            Effect::Once => Retry::Never,
        };
        Ok(Request {
            method: call.method(),
            address: Address::Service(call.service()),
            path_and_query: path,
            headers: vec![
                Header::plain("Accept", call.accept()),
                // Without it a bad token is answered by a page to sign in.
                Header::plain("X-TFS-FedAuthRedirect", "Suppress"),
            ],
            body: call.body().cloned(),
            timeout: left.min(ONE_CALL),
            max_bytes: LARGEST,
            retry,
            redirects: Redirects::AsAnswer,
        })
    }
}

fn read(call: &Call, response: Result<Response, TransportError>) -> Result<Answer, DevOpsError> {
    let response = response.map_err(|error| DevOpsError::of(call, Why::Unanswered(Box::new(error))))?;
    match judged(&response, call.accept()) {
        Some(why) => Err(DevOpsError::of(call, why)),
        None => Ok(Answer {
            continuation: response
                .headers
                .get("x-ms-continuationtoken")
                .filter(|token| !token.is_empty())
                .map(str::to_owned),
            body: response.body,
            call: call.clone(),
        }),
    }
}

impl Answer {
    /// What it says.
    ///
    /// # Errors
    /// Where it is not of this form.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, DevOpsError> {
        // An empty answer is none: `null`, which only an `Option` takes.
        let body = if self.body.is_empty() { b"null".as_slice() } else { &self.body };
        // What serde quotes of the answer may be long, or a secret: its place is enough.
        serde_json::from_slice(body).map_err(|error| {
            let what = match error.classify() {
                serde_json::error::Category::Data => "a part of it is missing or of another type",
                serde_json::error::Category::Eof => "it is cut off",
                _ => "it is not JSON",
            };
            self.failed(format!("{what}, near character {}", error.column()))
        })
    }

    /// What it lists.
    ///
    /// # Errors
    /// Where it is no list.
    pub fn page<T: DeserializeOwned>(&self) -> Result<Page<T>, DevOpsError> {
        let List(items) = self.read()?;
        Ok(Page { items, next: self.continuation.clone() })
    }

    /// Its bytes, as they are.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        self.body
    }

    pub(super) fn failed(&self, why: String) -> DevOpsError {
        DevOpsError::of(&self.call, Why::Unreadable(why))
    }
}

/// An answer of which nothing is read: that it came is enough.
#[derive(Deserialize)]
pub(super) struct Done {}

#[cfg(test)]
mod tests;
