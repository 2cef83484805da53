//! What a server answered.

use crate::{Duration, Timestamp};

/// A whole answer.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The content type, lower-case, without parameters.
    pub content_type: String,
    /// `Retry-After`, where the server says it.
    pub retry_after: Option<Duration>,
    /// The other headers.
    pub headers: ResponseHeaders,
    /// The body.
    pub body: Vec<u8>,
    /// From the first byte sent to the last byte read, of the last try.
    pub elapsed: Duration,
}

impl Response {
    /// An answer that took no time and has no other headers: what tests and doubles start from.
    ///
    /// ```
    /// use runbook_gate::transport::Response;
    /// let answer = Response::new(200, "application/json", "{}");
    /// assert_eq!((answer.status, answer.body.as_slice()), (200, "{}".as_bytes()));
    /// ```
    #[must_use]
    pub fn new(status: u16, content_type: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            content_type: content_type.into(),
            retry_after: None,
            headers: ResponseHeaders::default(),
            body: body.into(),
            elapsed: Duration::ZERO,
        }
    }
}

/// The moment of a `Date` or `Retry-After` header, to the second; `None` where it is no date.
///
/// ```
/// use runbook_gate::{Timestamp, transport::http_date};
/// let expected: Timestamp = "2026-11-25T10:05:00Z".parse()?;
/// assert_eq!(http_date("Wed, 25 Nov 2026 10:05:00 GMT"), Some(expected));
/// assert_eq!(http_date("120"), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn http_date(text: &str) -> Option<Timestamp> {
    let rfc2822 = &time::format_description::well_known::Rfc2822;
    time::OffsetDateTime::parse(text.trim(), rfc2822).ok().map(Timestamp::from)
}

/// The headers of an answer. Values that are no text are left out, and so are cookies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResponseHeaders(Vec<(String, String)>);

impl ResponseHeaders {
    /// The first header of a name, whatever its case.
    ///
    /// ```
    /// use runbook_gate::transport::ResponseHeaders;
    /// let headers: ResponseHeaders = [("x-ms-continuationtoken", "12")].into_iter().collect();
    /// assert_eq!(headers.get("X-MS-ContinuationToken"), Some("12"));
    /// assert_eq!(headers.get("Link"), None);
    /// ```
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// The headers of a name, whatever its case, in their order.
    ///
    /// ```
    /// use runbook_gate::transport::ResponseHeaders;
    /// let headers: ResponseHeaders = [("Link", "a"), ("ETag", "1"), ("link", "b")].into_iter().collect();
    /// assert_eq!(headers.all("LINK").collect::<Vec<_>>(), ["a", "b"]);
    /// ```
    pub fn all<'h: 'n, 'n>(&'h self, name: &'n str) -> impl Iterator<Item = &'h str> + use<'h, 'n> {
        let found = self.0.iter().filter(move |(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for ResponseHeaders {
    fn from_iter<T: IntoIterator<Item = (N, V)>>(headers: T) -> Self {
        let named = headers.into_iter().map(|(name, value)| (name.into(), value.into()));
        Self(named.filter(|(name, _)| !name.eq_ignore_ascii_case("set-cookie")).collect())
    }
}

/// What a service says of itself, as an error quotes it: on one line of at most so many characters, without a full stop.
pub(crate) fn said(text: &str, most: usize) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    line.trim().trim_end_matches('.').to_owned()
}
