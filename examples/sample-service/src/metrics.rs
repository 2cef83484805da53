//! Counts and durations in the Prometheus text format, by the names of OpenTelemetry's HTTP semantic conventions.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds in seconds that OpenTelemetry advises for `http.server.request.duration`
/// (<https://opentelemetry.io/docs/specs/semconv/http/http-metrics/>).
pub const BOUNDS: [f64; 14] =
    [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// What one series counts: method, route and status code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Labels {
    /// `http_request_method`.
    pub method: &'static str,
    /// `http_route`: the pattern, never the path of a request, so that the number of series is bounded.
    pub route: &'static str,
    /// `http_response_status_code`.
    pub status: u16,
}

#[derive(Clone, Debug, Default)]
struct Histogram {
    buckets: [u64; BOUNDS.len()],
    count: u64,
    sum: f64,
}

/// Everything that the service has counted since it started.
#[derive(Debug, Default)]
pub struct Metrics {
    requests: Mutex<BTreeMap<Labels, Histogram>>,
    orders_placed: Mutex<u64>,
}

impl Metrics {
    /// Counts a request and how long it took.
    pub fn observe(&self, labels: Labels, took: Duration) {
        let mut requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        let histogram = requests.entry(labels).or_default();
        let seconds = took.as_secs_f64();
        for (bucket, bound) in histogram.buckets.iter_mut().zip(BOUNDS) {
            *bucket += u64::from(seconds <= bound);
        }
        histogram.count += 1;
        histogram.sum += seconds;
    }

    /// Counts an order.
    pub fn order_placed(&self) {
        *self.orders_placed.lock().unwrap_or_else(PoisonError::into_inner) += 1;
    }

    /// The text of `GET /metrics`.
    ///
    /// ```
    /// use std::time::Duration;
    /// use sample_service::metrics::{Labels, Metrics};
    ///
    /// let metrics = Metrics::default();
    /// metrics.observe(Labels { method: "GET", route: "/orders", status: 200 }, Duration::from_millis(7));
    /// assert!(metrics.render("1.4.0").contains(
    ///     r#"http_server_request_duration_seconds_count{http_request_method="GET",http_response_status_code="200",http_route="/orders"} 1"#
    /// ));
    /// ```
    #[must_use]
    pub fn render(&self, version: &str) -> String {
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = self.write(&mut text, version);
        text
    }

    fn write(&self, text: &mut String, version: &str) -> std::fmt::Result {
        writeln!(text, "# HELP target_info The version that serves.")?;
        writeln!(text, "# TYPE target_info gauge")?;
        writeln!(text, "target_info{{service_name=\"sample\",service_version=\"{}\"}} 1", escaped(version))?;
        writeln!(text, "# HELP orders_placed_total Orders placed.")?;
        writeln!(text, "# TYPE orders_placed_total counter")?;
        let orders = *self.orders_placed.lock().unwrap_or_else(PoisonError::into_inner);
        writeln!(text, "orders_placed_total {orders}")?;

        let name = "http_server_request_duration_seconds";
        writeln!(text, "# HELP {name} Duration of HTTP server requests.")?;
        writeln!(text, "# TYPE {name} histogram")?;
        let requests = self.requests.lock().unwrap_or_else(PoisonError::into_inner);
        for (Labels { method, route, status }, histogram) in requests.iter() {
            let labels = format!(
                "http_request_method=\"{method}\",http_response_status_code=\"{status}\",http_route=\"{route}\""
            );
            for (bucket, bound) in histogram.buckets.iter().zip(BOUNDS) {
                writeln!(text, "{name}_bucket{{{labels},le=\"{bound}\"}} {bucket}")?;
            }
            writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {}", histogram.count)?;
            writeln!(text, "{name}_sum{{{labels}}} {}", histogram.sum)?;
            writeln!(text, "{name}_count{{{labels}}} {}", histogram.count)?;
        }
        Ok(())
    }
}

/// A label's value: backslash, double quote and line feed are the only characters that the format escapes.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: Labels = Labels { method: "GET", route: "/orders", status: 200 };

    fn value(text: &str, series: &str) -> Option<f64> {
        text.lines().find_map(|line| line.strip_prefix(series)?.trim().parse().ok())
    }

    #[test]
    fn buckets_are_cumulative_and_end_in_the_count() {
        let metrics = Metrics::default();
        for millis in [4, 10, 11, 300, 20_000] {
            metrics.observe(OK, Duration::from_millis(millis));
        }
        let text = metrics.render("1");
        let bucket = |le: &str| {
            let series = format!(
                "http_server_request_duration_seconds_bucket{{http_request_method=\"GET\",http_response_status_code=\"200\",http_route=\"/orders\",le=\"{le}\"}}"
            );
            value(&text, &series)
        };
        assert_eq!(
            [bucket("0.005"), bucket("0.01"), bucket("0.025"), bucket("0.5"), bucket("10"), bucket("+Inf")],
            [Some(1.0), Some(2.0), Some(3.0), Some(4.0), Some(4.0), Some(5.0)]
        );
    }

    #[test]
    fn each_status_is_its_own_series() {
        let metrics = Metrics::default();
        metrics.observe(OK, Duration::from_millis(1));
        metrics.observe(Labels { status: 500, ..OK }, Duration::from_millis(1));
        let text = metrics.render("1");
        assert!(text.contains("http_response_status_code=\"200\""));
        assert!(text.contains("http_response_status_code=\"500\""));
    }

    #[test]
    fn a_version_cannot_break_out_of_its_label() {
        let text = Metrics::default().render("1\"} 1\nx \\");
        assert!(text.contains(r#"service_version="1\"} 1\nx \\"} 1"#), "{text}");
    }
}
