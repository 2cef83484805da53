//! Why a query matches nothing: the names of metrics that it asks for, and those that the server has.
//!
//! Only for people, before a deployment: a gate that watches never asks this.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::policy::source_spec::{PrometheusRead, PrometheusSpec};
use crate::transport::{Request, Retry, Transport};
use crate::{Duration, SignalName, spelling};

/// The most names that are looked at.
const MOST_NAMES: usize = 50_000;
/// The largest list of names that is read, in bytes.
const LARGEST: usize = 4 * 1024 * 1024;
/// The longest name of a metric that is shown.
const LONGEST_NAME: usize = 120;
/// A server has so long to list its names.
const TIMEOUT: Duration = Duration::from_secs(5);
/// So many names that are near are said.
const MOST_NEAR: usize = 3;

/// Words of PromQL that stand where a metric's name could.
const WORDS: [&str; 18] = [
    "and",
    "or",
    "unless",
    "atan2",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "offset",
    "bool",
    "inf",
    "nan",
    "start",
    "end",
    "sum",
    "count",
];
/// Words after which a list of labels stands in brackets.
const BEFORE_LABELS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

#[derive(Deserialize)]
struct Names {
    data: Vec<String>,
}

/// Says of each silent signal why its queries match nothing, by the names of metrics that the server has.
pub(in crate::source) fn why_silent(
    spec: &PrometheusSpec,
    silent: &[SignalName],
    transport: &dyn Transport,
) -> BTreeMap<SignalName, String> {
    let mut asked = spec.signals.iter().filter(|(signal, _)| silent.contains(signal)).peekable();
    if asked.peek().is_none() {
        return BTreeMap::new();
    }
    let request = Request {
        headers: spec.headers.clone(),
        max_bytes: LARGEST,
        retry: Retry::Never,
        ..Request::get(
            spec.address.clone(),
            "/api/v1/label/__name__/values".to_owned(),
            spec.timeout.min(TIMEOUT),
        )
    };
    let known: Option<BTreeSet<String>> = match transport.send(&request) {
        Ok(response) if response.status == 200 => {
            serde_json::from_slice(&response.body).ok().map(|names: Names| {
                names.data.into_iter().filter(|name| is_name(name)).take(MOST_NAMES).collect()
            })
        }
        Ok(_) | Err(_) => None,
    };
    asked.map(|(signal, read)| (signal.clone(), said(read, known.as_ref()))).collect()
}

fn said(read: &PrometheusRead, known: Option<&BTreeSet<String>>) -> String {
    let queries = match read {
        PrometheusRead::Value { query, total, .. } => [Some(query.as_str()), total.as_deref()],
        PrometheusRead::Ratio { bad, total, .. } => [Some(bad.as_str()), Some(total.as_str())],
    };
    let asked: BTreeSet<&str> = queries.into_iter().flatten().flat_map(metrics).collect();
    let Some(known) = known.filter(|_| !asked.is_empty()) else {
        return "no series matches its query".to_owned();
    };
    let missing: Vec<&str> = asked.iter().copied().filter(|name| !known.contains(*name)).collect();
    let Some(first) = missing.first() else {
        let names = spelling::listed(asked.iter().copied());
        return format!(
            "no series matches its query: the server has {names}, and not with these labels or not lately"
        );
    };
    let near = spelling::nearest_few(first, known.iter().map(String::as_str), MOST_NEAR);
    let near = match near.as_slice() {
        [] => "; nor one with a similar name".to_owned(),
        near => format!("; did you mean {}?", spelling::listed(near.iter().copied())),
    };
    format!("no series matches its query: the server has no metric {}{near}", spelling::listed(missing))
}

/// Whether a server's word for a metric can be shown.
fn is_name(name: &str) -> bool {
    name.len() <= LONGEST_NAME && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':')
}

/// The names of metrics in a query: words that are no function, no label and no word of the language.
fn metrics(query: &str) -> Vec<&str> {
    let bytes = query.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    let mut labels = false;
    while let Some(&byte) = bytes.get(at) {
        let rest = query.get(at..).unwrap_or("");
        at += match byte {
            b'"' | b'\'' | b'`' => quoted(rest),
            b'#' => rest.find('\n').unwrap_or(rest.len()),
            b'{' => bracketed(rest, '}'),
            b'[' => bracketed(rest, ']'),
            b'(' if labels => bracketed(rest, ')'),
            b'0'..=b'9' | b'.' => {
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len())
            }
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | b':' | b'$' => {
                let length = rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':' && c != '$')
                    .unwrap_or(rest.len());
                let (word, after) = rest.split_at(length);
                let lower = word.to_ascii_lowercase();
                labels = BEFORE_LABELS.contains(&lower.as_str());
                let calls = after.trim_start().starts_with('(');
                let aggregates = ["by", "without"].iter().any(|clause| {
                    let after = after.trim_start();
                    after.get(..clause.len()).is_some_and(|word| word.eq_ignore_ascii_case(clause))
                        && !after
                            .get(clause.len()..)
                            .unwrap_or("")
                            .starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_')
                });
                if !calls && !aggregates && !word.starts_with('$') && !WORDS.contains(&lower.as_str()) {
                    found.push(word);
                }
                length
            }
            _ => rest.chars().next().map_or(1, char::len_utf8),
        };
        if !byte.is_ascii_alphabetic() && !byte.is_ascii_whitespace() {
            labels = false;
        }
    }
    found
}

/// The length of a quoted text from its quote on.
fn quoted(rest: &str) -> usize {
    let mut characters = rest.char_indices();
    let Some((_, quote)) = characters.next() else { return 1 };
    while let Some((at, c)) = characters.next() {
        if c == quote {
            return at + c.len_utf8();
        }
        if c == '\\' && quote != '`' {
            characters.next();
        }
    }
    rest.len()
}

/// The length of what stands in brackets, quotes heeded.
fn bracketed(rest: &str, close: char) -> usize {
    let mut at = 1;
    while let Some(c) = rest.get(at..).and_then(|rest| rest.chars().next()) {
        if matches!(c, '"' | '\'' | '`') {
            at += quoted(rest.get(at..).unwrap_or(""));
            continue;
        }
        at += c.len_utf8();
        if c == close {
            return at;
        }
    }
    rest.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_found_among_functions_labels_and_words() {
        for (query, names) in [
            ("up", vec!["up"]),
            ("sum(rate(http_requests_total{app=\"orders\",code=~'5..'}[5m]))", vec!["http_requests_total"]),
            ("sum by (le, app) (rate(a_bucket[$window])) or vector(0)", vec!["a_bucket"]),
            ("sum(increase(a[$window])) by (x) / on (y) group_left(z) b:c offset 5m", vec!["a", "b:c"]),
            ("histogram_quantile(0.95, sum without(pod)(rate(x_bucket[1m]))) # of y", vec!["x_bucket"]),
            ("label_replace(up, \"a\", \"$1\", \"b(\", \"c\")", vec!["up"]),
            ("1e3 * count(up == bool 1) and Inf", vec!["up"]),
            ("{__name__=\"x\"}", vec![]),
            ("ä{", vec![]),
            ("\"", vec![]),
        ] {
            assert_eq!(metrics(query), names, "{query}");
        }
    }

    #[test]
    fn says_which_name_the_server_does_not_have_and_what_is_near() {
        let known: BTreeSet<String> = ["http_requests_total", "up"].map(str::to_owned).into();
        let of = |query: &str| {
            said(&PrometheusRead::Value { query: query.to_owned(), total: None, empty: None }, Some(&known))
        };
        assert_eq!(
            of("rate(http_request_total[5m])"),
            "no series matches its query: the server has no metric `http_request_total`; did you mean `http_requests_total`?"
        );
        assert!(of("sum(http_requests_total{app=\"x\"})").contains("not with these labels"));
        assert!(of("zzzzzz").ends_with("nor one with a similar name"));
        let unknown = PrometheusRead::Value { query: "x".into(), total: None, empty: None };
        assert_eq!(said(&unknown, None), "no series matches its query");
    }
}
