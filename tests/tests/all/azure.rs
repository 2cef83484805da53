//! The binary on Azure, over TLS with an authority of its own.

mod answers;
mod gates;
mod mistakes;
mod recipes;

use runbook_gate_tests::azure::{Answer, Azure, Call, authority};
use runbook_gate_tests::binary::{Ended, Gate};

const ID: &str = "/subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders/providers/Microsoft.Web/serverfarms/orders";

/// The Azure CLI, as far as the gate uses it.
const AZ: &str = r#"#!/bin/sh
while [ "$1" != --scope ]; do shift; done
echo "$2" >> "$0.calls"
echo "WARNING: a new version is there" >&2
printf '{"accessToken":"cli:%s","expires_on":4102444800,"tokenType":"Bearer"}' "$2"
"#;

/// Somebody's desk: a policy, the Azure CLI, and a double of Azure.
struct Desk {
    double: Azure,
    gate: Gate,
}

impl Desk {
    fn new(policy: &str, respond: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let gate = Gate::default().with_file("runbook.yml", policy).with_file("bin/az", AZ);
        let made = std::process::Command::new("chmod")
            .arg("+x")
            .arg(gate.path("bin/az"))
            .status()
            .expect("chmod runs");
        assert!(made.success());
        let path = format!("{}:{}", gate.path("bin").display(), std::env::var("PATH").unwrap());
        Self { double: Azure::start(respond), gate: gate.with_variable("PATH", &path) }
    }

    /// Runs the binary to its end. No token is ever printed.
    fn run(&self, command: &[&str]) -> Ended {
        let (url, roots) = (self.double.url(), authority());
        let more = ["--azure-double", &url, "--ca-file", roots.to_str().unwrap()];
        let ended = self.gate.run(&[command, &more].concat());
        assert!(!format!("{ended:?}").contains("cli:https"), "no token is printed");
        ended
    }
}

/// Runs it once; nothing that it sent was against the contract.
fn run(command: &[&str], policy: &str, respond: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Ended {
    let desk = Desk::new(policy, respond);
    let ended = desk.run(command);
    assert!(desk.double.refusals().is_empty(), "{:?}", desk.double.refusals());
    ended
}
