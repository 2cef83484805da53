//! The routes and what stands behind them.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::faults::{Change, Faults, Health};
use crate::http::{Method, Request, Response};
use crate::metrics::{Labels, Metrics};

/// Whether the service takes new work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Intake {
    /// It serves.
    Open,
    /// It finishes what it has, and stops.
    Draining,
}

/// One release of the service.
#[derive(Debug)]
pub struct Service {
    version: String,
    seed: u64,
    faults: Mutex<(Faults, Instant)>,
    metrics: Metrics,
    requests: AtomicU64,
    orders: AtomicU64,
}

impl Service {
    /// A release that serves with these faults.
    #[must_use]
    pub fn new(version: String, seed: u64, faults: Faults) -> Self {
        Self {
            version,
            seed,
            faults: Mutex::new((faults, Instant::now())),
            metrics: Metrics::default(),
            requests: AtomicU64::new(0),
            orders: AtomicU64::new(0),
        }
    }

    /// Answers a request; `sleep` is how its work takes time.
    ///
    /// ```
    /// use sample_service::faults::Faults;
    /// use sample_service::http::{Afterwards, Method, Request};
    /// use sample_service::service::{Intake, Service};
    ///
    /// let service = Service::new("1.4.0".to_owned(), 1, Faults::default());
    /// let request = Request {
    ///     method: Method::Get,
    ///     path: "/version".to_owned(),
    ///     body: Vec::new(),
    ///     afterwards: Afterwards::Close,
    /// };
    /// let response = service.answer(&request, Intake::Open, |_work| {});
    /// assert_eq!(response.body, r#"{"service":"sample","version":"1.4.0"}"#);
    /// ```
    pub fn answer(&self, request: &Request, intake: Intake, sleep: impl FnOnce(Duration)) -> Response {
        let read = matches!(request.method, Method::Get | Method::Head);
        match request.path.as_str() {
            "/" if read => Response::json(
                200,
                &json!({ "service": "sample", "version": self.version,
                         "routes": ["/orders", "/health", "/ready", "/version", "/metrics", "/faults"] }),
            ),
            "/health" if read => self.health(Intake::Open),
            "/ready" if read => self.health(intake),
            "/version" if read => {
                Response::json(200, &json!({ "service": "sample", "version": self.version }))
            }
            "/metrics" if read => Response {
                status: 200,
                content_type: "text/plain; version=0.0.4; charset=utf-8",
                body: self.metrics.render(&self.version),
            },
            "/orders" if read => self.business("GET", sleep, |_| {
                Response::json(200, &json!({ "orders": self.orders.load(Ordering::Relaxed) }))
            }),
            "/orders" if request.method == Method::Post => self.business("POST", sleep, |service| {
                service.metrics.order_placed();
                let id = service.orders.fetch_add(1, Ordering::Relaxed) + 1;
                Response::json(201, &json!({ "id": id }))
            }),
            "/faults" => self.switch(request),
            "/" | "/health" | "/ready" | "/version" | "/metrics" | "/orders" => {
                error(405, "this route does not answer that method")
            }
            _ => error(404, "no such route; GET / lists the routes"),
        }
    }

    fn health(&self, intake: Intake) -> Response {
        let (faults, since) = self.faults.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match (faults.health(since.elapsed()), intake) {
            (Health::Well, Intake::Open) => Response::json(200, &json!({ "status": "pass" })),
            (Health::Well, Intake::Draining) => Response::json(503, &json!({ "status": "draining" })),
            (Health::Unwell, _) => Response::json(503, &json!({ "status": "fail" })),
        }
    }

    /// Runs a business route: it takes time, may be struck, and is counted.
    fn business(
        &self,
        method: &'static str,
        sleep: impl FnOnce(Duration),
        succeed: impl FnOnce(&Self) -> Response,
    ) -> Response {
        let begun = Instant::now();
        let n = self.requests.fetch_add(1, Ordering::Relaxed);
        let strike = {
            let (faults, _) = &*self.faults.lock().unwrap_or_else(PoisonError::into_inner);
            faults.strike(self.seed, n)
        };
        sleep(strike.work);
        let response =
            if strike.fails { error(500, "this release is broken on purpose") } else { succeed(self) };
        let labels = Labels { method, route: "/orders", status: response.status };
        self.metrics.observe(labels, begun.elapsed());
        response
    }

    fn switch(&self, request: &Request) -> Response {
        let mut held = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let changed = match request.method {
            Method::Get | Method::Head => return Response::json(200, &json!(held.0)),
            Method::Delete => Faults::default(),
            Method::Post => {
                let change: Change = match serde_json::from_slice(&request.body) {
                    Ok(change) => change,
                    Err(problem) => return error(400, &problem.to_string()),
                };
                match held.0.changed(&change) {
                    Ok(faults) => faults,
                    Err(problem) => return error(400, &problem.to_string()),
                }
            }
            Method::Other => return error(405, "GET, POST or DELETE the faults"),
        };
        *held = (changed, Instant::now());
        Response::json(200, &json!(held.0))
    }
}

fn error(status: u16, message: &str) -> Response {
    Response::json(status, &json!({ "error": message }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Afterwards;

    fn ask(service: &Service, method: Method, path: &str, body: &str) -> Response {
        let request = Request {
            method,
            path: path.to_owned(),
            body: body.as_bytes().to_vec(),
            afterwards: Afterwards::KeepAlive,
        };
        service.answer(&request, Intake::Open, |_| {})
    }

    fn service(faults: Faults) -> Service {
        Service::new("1.4.0".to_owned(), 1, faults)
    }

    #[test]
    fn a_good_release_answers_every_route() {
        let service = service(Faults::default());
        for path in ["/", "/health", "/ready", "/version", "/metrics", "/orders", "/faults"] {
            assert_eq!(ask(&service, Method::Get, path, "").status, 200, "{path}");
        }
        assert_eq!(ask(&service, Method::Post, "/orders", "").status, 201);
        assert_eq!(ask(&service, Method::Get, "/nowhere", "").status, 404);
        assert_eq!(ask(&service, Method::Other, "/orders", "").status, 405);
        assert_eq!(ask(&service, Method::Other, "/faults", "").status, 405);
    }

    #[test]
    fn failing_requests_are_counted_as_500() {
        let service = service(Faults { error_ratio: 1.0, ..Faults::default() });
        assert_eq!(ask(&service, Method::Get, "/orders", "").status, 500);
        let text = ask(&service, Method::Get, "/metrics", "").body;
        assert!(text.contains(
            r#"_count{http_request_method="GET",http_response_status_code="500",http_route="/orders"} 1"#
        ));
    }

    #[test]
    fn probes_and_scrapes_are_not_traffic() {
        let service = service(Faults::default());
        for path in ["/health", "/ready", "/version", "/metrics"] {
            ask(&service, Method::Get, path, "");
        }
        assert!(!ask(&service, Method::Get, "/metrics", "").body.contains("_count{"));
    }

    #[test]
    fn faults_are_switched_while_it_runs() {
        let service = service(Faults::default());
        assert_eq!(ask(&service, Method::Post, "/faults", r#"{"unhealthy":true}"#).status, 200);
        assert_eq!(ask(&service, Method::Get, "/health", "").status, 503);
        assert_eq!(ask(&service, Method::Delete, "/faults", "").status, 200);
        assert_eq!(ask(&service, Method::Get, "/health", "").status, 200);
    }

    #[test]
    fn a_change_that_means_nothing_changes_nothing() {
        let service = service(Faults { latency_ms: 5, ..Faults::default() });
        for body in ["", "{", "[]", r#"{"error_rate":0.5}"#, r#"{"error_ratio":5}"#, r#"{"latency_ms":-1}"#] {
            assert_eq!(ask(&service, Method::Post, "/faults", body).status, 400, "{body}");
        }
        let switches = ask(&service, Method::Get, "/faults", "").body;
        assert_eq!(switches, r#"{"error_ratio":0.0,"latency_ms":5,"unhealthy":false,"flap_seconds":0}"#);
    }

    #[test]
    fn a_draining_release_is_alive_but_not_ready() {
        let service = service(Faults::default());
        let request = |path: &str| Request {
            method: Method::Get,
            path: path.to_owned(),
            body: Vec::new(),
            afterwards: Afterwards::Close,
        };
        assert_eq!(service.answer(&request("/health"), Intake::Draining, |_| {}).status, 200);
        assert_eq!(service.answer(&request("/ready"), Intake::Draining, |_| {}).status, 503);
    }
}
