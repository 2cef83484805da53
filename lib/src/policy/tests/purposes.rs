//! A variable needs a value where what it stands in is used, and nowhere else.

use super::*;
use crate::checklist::{EvidenceRule, ItemKind};

/// Each part of this policy hangs on a variable of its own.
const POLICY: &str = r#"version: 1
service: a
vars: { limit: "${LIMIT}", loose: "${NOWHERE}" }
checklist:
  artifacts-stored: { evidence: [{ image: "registry.contoso.com/a:${IMAGE}" }] }
  backups-taken: { evidence: [{ http-json: { url: "https://${BACKUPS}", value: /age, expect: "< 24" } }] }
  migrations-reviewed: { migrations: ["${MIGRATIONS}/**"] }
probe: { url: "https://${HOST}", timeout: "${TIMEOUT}" }
signals: { error_rate: { prometheus: { url: "http://${PROM}", bad: 'a{x="${APP}"}', total: b } } }
gate: { rollback_when: ["error_rate > ${limit}% for 5m"] }
rollback:
  artifacts: ["${DROP}"]
  rehearsed_within: "${DAYS}d"
  notify: [{ teams: { url: "${TEAMS}" } }]
  ticket: { type: Bug, area: "${AREA}" }
"#;

const VALUES: [(&str, &str); 13] = [
    ("IMAGE", "42"),
    ("BACKUPS", "backups.contoso.com"),
    ("MIGRATIONS", "db"),
    ("HOST", "a.contoso.com"),
    ("TIMEOUT", "3s"),
    ("PROM", "p"),
    ("APP", "a"),
    ("LIMIT", "7"),
    ("DROP", "drop"),
    ("DAYS", "90"),
    ("TEAMS", "https://teams.contoso.com/hook"),
    ("AREA", "x"),
    ("NOWHERE", "y"),
];

/// Some of the values; `NotAllowed` for the others, as on a desk.
struct Only<'n>(&'n [&'n str]);

impl Variables for Only<'_> {
    fn get(&self, name: &str) -> Variable {
        let value = VALUES.iter().find(|(known, _)| *known == name && self.0.contains(known));
        value.map_or(Variable::NotAllowed, |(_, value)| Variable::Value((*value).to_owned()))
    }
}

fn resolved(purpose: Purpose, given: &[&str]) -> Result<Policy, Diagnostics> {
    parse(POLICY).file.resolve_for(purpose, None, &Only(given))
}

#[test]
fn each_purpose_needs_its_own_variables_and_no_other() {
    let everything: Vec<&str> = VALUES.iter().map(|(name, _)| *name).collect();
    let way = ["IMAGE", "MIGRATIONS", "DROP", "DAYS"];
    let criteria = ["LIMIT", "TIMEOUT"];
    let sources = ["HOST", "PROM", "APP"];
    for (purpose, needed) in [
        (Purpose::Everything, everything.clone()),
        (Purpose::Watch, [&criteria[..], &sources, &way].concat()),
        (Purpose::Ask, [&criteria[..], &sources].concat()),
        (Purpose::Judge, criteria.to_vec()),
        (Purpose::Check, [&criteria[..], &sources, &way, &["BACKUPS"]].concat()),
        (Purpose::Plan, way.to_vec()),
        (Purpose::Tell, vec!["TEAMS"]),
        (Purpose::File, vec!["AREA"]),
    ] {
        if let Err(errors) = resolved(purpose, &needed) {
            panic!("{purpose:?}: {errors}");
        }
        for lacking in &needed {
            let given: Vec<&str> = needed.iter().copied().filter(|name| name != lacking).collect();
            let errors = resolved(purpose, &given).map(|_| ()).unwrap_err();
            let found = errors.iter().filter(|found| found.severity() == Severity::Error);
            assert_eq!(found.count(), 1, "{purpose:?} without {lacking}: {errors}");
            assert!(errors.to_string().contains(&format!("`{lacking}`")), "{purpose:?}: {errors}");
        }
    }
}

#[test]
fn what_decides_is_the_same_whatever_else_is_known() {
    let everything: Vec<&str> = VALUES.iter().map(|(name, _)| *name).collect();
    let whole = resolved(Purpose::Everything, &everything).unwrap();
    let judged = resolved(Purpose::Judge, &["LIMIT", "TIMEOUT", "HOST", "PROM"]).unwrap();
    assert_eq!(format!("{:?}", judged.gate()), format!("{:?}", whole.gate()));
    // Without an address the source has no name, and decides the same.
    let judged = resolved(Purpose::Judge, &["LIMIT", "TIMEOUT"]).unwrap();
    assert_eq!(format!("{:?}", judged.gate().verify()), format!("{:?}", whole.gate().verify()));
    assert_eq!(format!("{:?}", judged.gate().rollback_when()), format!("{:?}", whole.gate().rollback_when()));
}

#[test]
fn a_plan_has_what_a_rollback_goes_back_to() {
    let plan = resolved(Purpose::Plan, &["IMAGE", "MIGRATIONS", "DROP", "DAYS"]).unwrap();
    assert_eq!(plan.rollback().artifacts, ["drop"]);
    assert!(plan.rollback().notify.is_empty());
    let items = &plan.checklist().items;
    let leaves = items.iter().flat_map(|item| &item.evidence).flat_map(EvidenceRule::leaves);
    let images: Vec<String> = leaves
        .filter_map(|rule| match rule {
            EvidenceRule::Image(image) => Some(image.to_string()),
            _ => None,
        })
        .collect();
    assert_eq!(images, ["registry.contoso.com/a:42"]);
    let paths = items.iter().find_map(|item| match &item.kind {
        ItemKind::Migrations { paths, .. } => Some(paths),
        _ => None,
    });
    assert!(paths.is_some_and(|paths| paths.matches("db/1.sql") && !paths.matches("other/1.sql")));
}
