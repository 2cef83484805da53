//! The command line: what each command prints, and how it ends.

mod lost_output;
mod mistakes;
mod recovery;
mod released;
mod remarks;
mod requests;
mod secrets;
mod shown_checklist;
mod signals;
mod small;
mod twice;
mod unknowns;
mod unneeded;
mod watches;

use runbook_gate_tests::binary::Gate;
use runbook_gate_tests::service::Service;

/// A policy of a gate that watches for two and a half seconds, twice a second.
fn quick(service: &Service) -> String {
    format!(
        "version: 1
service: orders
probe: {{ url: \"{url}\", timeout: 1s }}
signals:
  error_rate:
    scrape:
      url: \"{url}/metrics\"
      bad: 'requests_total{{code=\"500\"}}'
      total: requests_total
gate:
  warmup: 500ms
  observe: 2500ms
  interval: 250ms
  baseline: none
  rollback_when: [\"error_rate > 5% for 1s\", \"health failing for 1s\"]
  verify: [\"error_rate < 1%\", \"health passing\"]
",
        url = service.url()
    )
}

/// A gate in a folder with that policy.
fn gate_of(service: &Service) -> Gate {
    Gate::default().with_file("runbook.yml", &quick(service))
}
