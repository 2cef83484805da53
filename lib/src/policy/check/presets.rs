//! Ready-made signals.

use crate::SignalName;
use crate::policy::source_spec::PrometheusRead;
use crate::policy::spelling;

/// Why there are no signals.
pub(super) enum Refused {
    /// No preset has this name.
    Name {
        /// The one that was probably meant.
        near: Option<&'static str>,
    },
    /// The label matchers cannot be used.
    #[allow(dead_code)]
    Selector(String),
}

const NAMES: [&str; 2] = ["http-server", "aspnet"];

/// The presets by name, for messages.
pub(super) fn names() -> String {
    spelling::listed(NAMES)
}

/// The signals of a preset that reads a Prometheus server.
pub(super) fn prometheus(name: &str, selector: &str) -> Result<Vec<(SignalName, PrometheusRead)>, Refused> {
    if !NAMES.contains(&name) {
        return Err(Refused::Name { near: spelling::nearest(name, NAMES) });
    }
    let rate = format!("sum(rate(http_server_request_duration_seconds_count{{{selector}}}[$window]))");
    let mut signals = Vec::new();
    if let Ok(name) = "request_rate".parse() {
        signals.push((name, PrometheusRead::Value { query: rate, total: None, empty: None }));
    }
    Ok(signals)
}
