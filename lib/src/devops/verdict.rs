//! What a run records of this gate, so that later runs find it.

/// What the tag of a run begins with, where the gate decided `proceed` for an environment.
const PROCEED: &str = "runbook-gate-proceed-";

/// The tag of a run on which this gate decided `proceed` for an environment. Tags may not hold every character, and are
/// compared without case: what is no letter, digit, `.`, `_` or `-` becomes `-`.
///
/// ```
/// use runbook_gate::devops::verdict::proceed_tag;
/// assert_eq!(proceed_tag("production"), "runbook-gate-proceed-production");
/// assert_eq!(proceed_tag("Prod EU/1"), "runbook-gate-proceed-prod-eu-1");
/// ```
#[must_use]
pub fn proceed_tag(environment: &str) -> String {
    let safe = environment
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| if c.is_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' });
    PROCEED.chars().chain(safe).collect()
}
