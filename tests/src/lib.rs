//! Test support.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "support of tests")]

pub mod binary;
pub mod network;
pub mod prometheus;
pub mod proxy;
pub mod repository;
pub mod service;
