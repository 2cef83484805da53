//! What `init` writes: a policy to start with, and the jobs that use it.

/// A short policy with comments, valid as it is: the runbook's rules, for a service that answers probes and has metrics in
/// Prometheus. `service_hint` becomes the service's name where it can be one.
///
/// ```
/// use runbook_gate::Timestamp;
/// use runbook_gate::policy::{PolicyFile, starter};
///
/// let text = starter("orders-api");
/// let checked = PolicyFile::parse("runbook.yml", &text, "2026-01-01T00:00:00Z".parse()?)?;
/// assert!(checked.warnings.is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn starter(service_hint: &str) -> String {
    let name: String = service_hint
        .trim()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .take(100)
        .collect();
    let name = name.trim_matches('-');
    STARTER.replace("{service}", if name.is_empty() { "my-service" } else { name })
}

const STARTER: &str = include_str!("starter/runbook.yml");

/// Jobs of Azure Pipelines: one watches the release, and one rolls it back, on the decision `rollback` and on nothing else.
///
/// ```
/// let jobs = runbook_gate::policy::pipeline_snippet();
/// assert!(jobs.contains("eq(dependencies.Gate.outputs['gate.decision'], 'rollback')"));
/// ```
#[must_use]
pub const fn pipeline_snippet() -> &'static str {
    PIPELINE
}

const PIPELINE: &str = include_str!("starter/pipeline.yml");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::node::{Node, NodeValue};
    use crate::policy::tests::{parse, today};
    use crate::policy::{PolicyFile, yaml};

    #[test]
    fn the_starter_is_valid_and_without_doubt_whatever_the_service_is_called() {
        for (hint, service) in [
            ("orders-api", "orders-api"),
            ("", "my-service"),
            ("Orders API\n\"; rm", "Orders-API----rm"),
            ("${{ x }}", "x"),
            ("true", "true"),
        ] {
            let text = starter(hint);
            let checked = PolicyFile::parse("runbook.yml", &text, today()).unwrap_or_else(|e| panic!("{e}"));
            assert!(checked.warnings.is_empty(), "{}", checked.warnings);
            let policy = parse(&text).file.resolve(Some("production"), &crate::policy::tests::Given(&[]));
            assert_eq!(policy.unwrap_or_else(|e| panic!("{e}")).service(), service);
        }
    }

    #[test]
    fn the_starter_says_which_verification_the_runbook_adds() {
        let policy = parse(&starter("a")).file.resolve(Some("production"), &crate::policy::tests::Given(&[]));
        let policy = policy.unwrap_or_else(|errors| panic!("{errors}"));
        let configured =
            policy.gate().verify().iter().filter(|c| c.configured == crate::policy::rules::Configured::Yes);
        let texts: Vec<&str> = configured.map(|criterion| criterion.criterion.text()).collect();
        let last = STARTER.lines().last().unwrap();
        assert_eq!(last.split_once(": ").unwrap().1, texts.join(", "));
    }

    #[test]
    fn the_pipeline_rolls_back_on_the_decision_alone() {
        let mut findings = Vec::new();
        let node = yaml::read(pipeline_snippet(), &mut findings).unwrap();
        assert!(findings.is_empty(), "{findings:?}");
        let get = |node: &Node, key: &str| match &node.value {
            NodeValue::Map(entries) => {
                entries.iter().find(|(k, _)| k.as_str() == key).map(|(_, v)| v.clone())
            }
            _ => None,
        };
        let NodeValue::List(jobs) = get(&node, "jobs").unwrap().value else { panic!("no jobs") };
        let text = |node: Option<Node>| match node.map(|node| node.value) {
            Some(NodeValue::Text(text)) => text.text,
            _ => String::new(),
        };
        let conditions: Vec<(String, String)> =
            jobs.iter().map(|job| (text(get(job, "job")), text(get(job, "condition")))).collect();
        assert_eq!(
            conditions,
            [
                ("Gate".to_owned(), String::new()),
                (
                    "Rollback".to_owned(),
                    "and(eq(dependencies.Gate.outputs['gate.decision'], 'rollback'), \
                     ne(dependencies.Gate.outputs['gate.enforcement'], 'advise'))"
                        .to_owned()
                ),
                (
                    "Ask".to_owned(),
                    "and(notIn(dependencies.Gate.result, 'Succeeded', 'SucceededWithIssues'), \
                     ne(dependencies.Gate.outputs['gate.decision'], 'rollback'))"
                        .to_owned()
                ),
            ]
        );
    }
}
