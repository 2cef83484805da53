//! What an environment's records say of each run that deployed to it. Pure.

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::devops::environments::DeploymentRecord;
use crate::devops::runs::RecordResult;

/// What a run deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deployed {
    /// The run's number, as people call it.
    pub number: String,
    /// When its last job ended; `None` while one runs.
    pub ended: Option<Timestamp>,
    /// Whether all of it was there once.
    pub extent: Extent,
}

/// Whether a deployment was there as a whole once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// In each stage, some try succeeded in every job and resource.
    Whole,
    /// In some stage, none did.
    Part,
}

/// The deployments of one pipeline, by their runs. Jobs that were left out deployed nothing, and do not count.
pub(super) fn by_run(records: &[DeploymentRecord], pipeline: u64) -> BTreeMap<u64, Deployed> {
    let mut runs: BTreeMap<u64, Vec<&DeploymentRecord>> = BTreeMap::new();
    for record in records {
        let counts = record.definition.id == pipeline && record.result != Some(RecordResult::Skipped);
        if counts && record.owner.id != 0 {
            runs.entry(record.owner.id).or_default().push(record);
        }
    }
    runs.into_iter().map(|(run, records)| (run, deployed(&records))).collect()
}

fn deployed(records: &[&DeploymentRecord]) -> Deployed {
    let running = records.iter().any(|record| record.finish_time.is_none());
    // A try of a stage again may run the jobs that failed alone: the others stand as they are.
    let mut tries: BTreeMap<&str, BTreeMap<u64, bool>> = BTreeMap::new();
    for record in records {
        let succeeded =
            matches!(record.result, Some(RecordResult::Succeeded | RecordResult::SucceededWithIssues));
        let all = tries.entry(&record.stage_name).or_default().entry(record.stage_attempt).or_insert(true);
        *all &= succeeded;
    }
    let whole = tries.values().all(|tries| tries.values().any(|all| *all));
    Deployed {
        number: records
            .iter()
            .map(|record| record.owner.name.clone())
            .find(|name| !name.is_empty())
            .unwrap_or_default(),
        ended: records.iter().filter_map(|record| record.finish_time).max().filter(|_| !running),
        extent: if whole { Extent::Whole } else { Extent::Part },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devops::runs::Definition;

    /// A record: stage, try, resource, how it ended and at which second.
    fn record(
        run: u64,
        (stage, attempt): (&str, u64),
        resource: u64,
        ended: Option<(RecordResult, i64)>,
    ) -> DeploymentRecord {
        DeploymentRecord {
            id: 1,
            resource_id: Some(resource),
            stage_name: stage.to_owned(),
            stage_attempt: attempt,
            job_name: "deploy".to_owned(),
            definition: Definition { id: 4, name: "orders".to_owned() },
            owner: Definition { id: run, name: format!("2026.{run}") },
            result: ended.map(|(result, _)| result),
            finish_time: ended.map(|(_, at)| Timestamp::from_secs(at)),
        }
    }

    #[test]
    fn a_deployment_is_whole_where_a_try_of_each_stage_succeeded_everywhere() {
        use RecordResult::{Canceled, Failed, Skipped, Succeeded, SucceededWithIssues};
        let (eu, us) = (("EU", 1), ("US", 1));
        let rows = [
            (vec![record(1, eu, 1, Some((Succeeded, 5)))], Extent::Whole, Some(5)),
            (vec![record(1, eu, 1, Some((SucceededWithIssues, 5)))], Extent::Whole, Some(5)),
            (
                vec![record(1, eu, 1, Some((Succeeded, 5))), record(1, eu, 2, Some((Failed, 6)))],
                Extent::Part,
                Some(6),
            ),
            // Only what failed was run again.
            (
                vec![
                    record(1, eu, 1, Some((Succeeded, 5))),
                    record(1, eu, 2, Some((Failed, 6))),
                    record(1, ("EU", 2), 2, Some((Succeeded, 9))),
                ],
                Extent::Whole,
                Some(9),
            ),
            // It was whole before a later try failed.
            (
                vec![record(1, eu, 1, Some((Succeeded, 5))), record(1, ("EU", 2), 1, Some((Canceled, 8)))],
                Extent::Whole,
                Some(8),
            ),
            (
                vec![record(1, eu, 1, Some((Succeeded, 5))), record(1, us, 1, Some((Failed, 7)))],
                Extent::Part,
                Some(7),
            ),
            (
                vec![record(1, eu, 1, Some((Succeeded, 5))), record(1, us, 1, Some((Skipped, 7)))],
                Extent::Whole,
                Some(5),
            ),
            (vec![record(1, eu, 1, Some((Succeeded, 5))), record(1, eu, 2, None)], Extent::Part, None),
        ];
        for (records, extent, ended) in rows {
            let expected =
                Deployed { number: "2026.1".into(), ended: ended.map(Timestamp::from_secs), extent };
            assert_eq!(by_run(&records, 4).get(&1), Some(&expected), "{records:?}");
        }
    }

    #[test]
    fn only_the_pipelines_own_deployments_count() {
        let mut other = record(2, ("EU", 1), 1, Some((RecordResult::Succeeded, 5)));
        other.definition.id = 5;
        let skipped = record(3, ("EU", 1), 1, Some((RecordResult::Skipped, 5)));
        assert!(by_run(&[other, skipped], 4).is_empty());
    }
}
