//! A small, real HTTP service: something to deploy, watch and break while trying Runbook Gate.
//!
//! ```text
//! TcpListener ─▶ connection (one thread) ─▶ http: bytes to Request ─▶ Service::answer ─▶ Response ─▶ bytes
//!                                                                        │      │
//!                                                                     faults  metrics ─▶ GET /metrics
//! ```
//!
//! Faults are seeded: the same seed and the same order of requests fail in the same places.

#![forbid(unsafe_code)]
#![deny(missing_docs)]

pub mod faults;
pub mod http;
pub mod load;
pub mod metrics;
pub mod server;
pub mod service;
