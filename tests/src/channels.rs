//! The channels of people: webhooks on loopback that take messages as Teams and Slack do.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::server::{Answer, Server};

/// What only the addresses of the webhooks have in them.
pub const KEY: &str = "canary-hook-4f1d9c07be";

/// A server of webhooks.
pub struct Channels {
    server: Server,
}

impl Channels {
    /// One that takes everything.
    pub fn open() -> Self {
        Self::answering(Vec::new())
    }

    /// One that answers with these statuses first, in turn, and takes everything after them.
    pub fn answering(first: Vec<u16>) -> Self {
        let (first, asked) = (Mutex::new(first), AtomicUsize::new(0));
        let server = Server::start(move |_| {
            let turn = asked.fetch_add(1, Ordering::SeqCst);
            let status = first.lock().expect("the statuses").get(turn).copied().unwrap_or(202);
            Answer::new(status, "text/plain", format!("said back: {KEY}"))
        });
        Self { server }
    }

    /// The address of a channel.
    pub fn address(&self, name: &str) -> String {
        format!("{}/services/{KEY}/{name}?sig={KEY}", self.server.url())
    }

    /// The messages that a channel has had.
    pub fn messages(&self, name: &str) -> Vec<Value> {
        let ours = |path: &str| path.ends_with(&format!("/{name}"));
        let asked = self.server.asked();
        let bodies = asked.iter().filter(|asked| asked.method == "POST" && ours(asked.path()));
        bodies.map(|asked| serde_json::from_slice(&asked.body).expect("JSON")).collect()
    }
}
