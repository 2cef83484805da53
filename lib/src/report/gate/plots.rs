//! The plots of a gate: which signals, in which order, against which thresholds.

use super::Book;
use crate::SignalName;
use crate::criterion::Comparison;
use crate::gate::outcome::SignalSummary;
use crate::gate::{CriterionKind, CriterionOutcome, CriterionStatus, Outcome};
use crate::report::Limit;
use crate::report::plot::{Axis, Drawing, Line, Plot, Role, columns_each};

/// A page has at most so many plots.
pub const MOST_PLOTS: usize = 60;
/// A plot has at most so many thresholds.
const MOST_LINES: usize = 6;

/// The plots of the signals that criteria read, those that decided first, and then of every other signal that was read.
pub(in crate::report) fn plots(outcome: &Outcome) -> Vec<Plot> {
    let book = Book::new(outcome);
    let Some(axis) = axis(outcome) else { return Vec::new() };
    let signals = signals(outcome);
    let columns = columns_each(signals.len());
    signals.into_iter().map(|summary| plot(&book, summary, axis, columns)).collect()
}

fn axis(outcome: &Outcome) -> Option<Axis> {
    let (from, to) = (outcome.started_at?, outcome.decided_at?);
    let watch_from = outcome.watch_from?;
    Some(Axis { from, watch_from, watch_to: outcome.watch_to.unwrap_or(to), to: to.max(from) })
}

fn signals(outcome: &Outcome) -> Vec<&SignalSummary> {
    let weight = |criterion: &CriterionOutcome| match criterion.status {
        CriterionStatus::Tripped => 0,
        CriterionStatus::Running | CriterionStatus::Failed => 1,
        CriterionStatus::Unknown | CriterionStatus::PreExisting => 2,
        CriterionStatus::Clear | CriterionStatus::Passed => 3,
        CriterionStatus::NotConfigured => 4,
    };
    let mut criteria: Vec<&CriterionOutcome> = outcome.criteria.iter().collect();
    criteria.sort_by_key(|criterion| weight(criterion));
    let mut names: Vec<&SignalName> = Vec::new();
    let read = criteria.iter().filter(|criterion| criterion.status != CriterionStatus::NotConfigured);
    for name in read.flat_map(|criterion| &criterion.signals) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for summary in outcome.signals.iter().filter(|summary| !summary.trace.stretches.is_empty()) {
        if !names.contains(&&summary.signal) {
            names.push(&summary.signal);
        }
    }
    let summary = |name: &SignalName| outcome.signals.iter().find(|summary| summary.signal == *name);
    names.into_iter().filter_map(summary).take(MOST_PLOTS).collect()
}

fn plot(book: &Book<'_>, summary: &SignalSummary, axis: Axis, columns: usize) -> Plot {
    let reads = |criterion: &&CriterionOutcome| criterion.signals.contains(&summary.signal);
    let criteria = || book.outcome.criteria.iter().filter(reads);
    let limits = |kind: CriterionKind| -> Vec<Limit> {
        criteria()
            .filter(|criterion| criterion.kind == kind)
            .filter_map(|criterion| book.limit(criterion, &summary.signal))
            .collect()
    };
    let mut limits_that_count = limits(CriterionKind::Rollback);
    if limits_that_count.is_empty() {
        limits_that_count = limits(CriterionKind::Verify);
    }
    Plot::new(&Drawing {
        signal: &summary.signal,
        measure: book.measure(&summary.signal),
        reading: summary.reading,
        step: summary.step,
        trace: &summary.trace,
        baseline: summary.baseline.as_ref(),
        lines: lines(book, &summary.signal),
        limits: limits_that_count,
        axis,
        role: if criteria().next().is_some() { Role::Judged } else { Role::Shown },
        columns,
    })
}

/// Every threshold that is known in numbers, each once.
fn lines(book: &Book<'_>, signal: &SignalName) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    for (outcome, criterion) in book.outcome.criteria.iter().zip(&book.criteria) {
        let Some(criterion) = criterion else { continue };
        for (comparison, numbers) in criterion.comparisons().iter().zip(&outcome.explanation.comparisons) {
            let Comparison::Threshold { operand, cmp, .. } = comparison else { continue };
            let Some(value) = numbers.threshold.filter(|value| value.is_finite()) else { continue };
            let line = Line { value, cmp: *cmp, kind: outcome.kind };
            if operand.signal == *signal && !lines.contains(&line) && lines.len() < MOST_LINES {
                lines.push(line);
            }
        }
    }
    lines
}
