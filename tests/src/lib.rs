//! Test support.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "support of tests")]

pub mod azure;
pub mod binary;
pub mod channels;
pub mod devops;
pub mod github;
pub mod network;
pub mod parsers;
pub mod prometheus;
pub mod proxy;
pub mod registry;
pub mod repository;
pub mod server;
pub mod service;
