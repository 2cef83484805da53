//! What people see of bad policies.

use runbook_gate::diagnostic::{Colour, Diagnostics};
use runbook_gate::policy::PolicyFile;

use super::{policies, today};

/// Errors and warnings of a policy.
fn said(name: &str, text: &str) -> Diagnostics {
    match PolicyFile::parse(name, text, today()) {
        Ok(checked) => checked.warnings,
        Err(errors) => errors,
    }
}

#[test]
fn every_mistake_of_a_bad_policy_is_shown_with_its_place() {
    for (name, text) in policies("tests/fixtures/policies/bad") {
        let said = said(&name, &text);
        assert!(!said.is_empty(), "{name} has nothing wrong");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("bad-{}", name.trim_end_matches(".yml")), said.render(Colour::Plain));
        });
    }
}
