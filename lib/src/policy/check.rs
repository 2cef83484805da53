//! Documents to a valid policy, or every mistake in them.
//!
//! A value that cannot be used is said once; what depends on it is then passed over, so that one slip gives one finding.

mod address;
mod azure;
mod catalogue;
mod checklist;
mod criteria;
mod doubts;
mod file;
mod gate;
mod groups;
mod items;
mod presets;
mod probe;
mod readings;
mod servers;
mod signals;
mod sources;
mod thresholds;
mod values;

use super::BaselineRule;
use super::document::{Document, Environment};
use super::purpose::{Part, Purpose};
use super::rules::GateRules;
use super::source_spec::SourceSpec;
use super::variables::{Need, Outer, Scope};
use crate::checklist::ChecklistRules;
use crate::diagnostic::{Diagnostic, Severity};
use crate::rollback::RollbackRules;
use catalogue::Catalogue;

pub(crate) use file::file;

/// What one environment of a policy comes to.
pub(crate) struct Built {
    pub(crate) gate: GateRules,
    pub(crate) sources: Vec<SourceSpec>,
    pub(crate) baseline: BaselineRule,
    pub(crate) checklist: ChecklistRules,
    pub(crate) rollback: RollbackRules,
}

/// Checks a document with the variables of one environment.
pub(crate) struct Checker<'d> {
    document: &'d Document,
    scope: Scope<'d>,
    purpose: Purpose,
    /// What is being read.
    part: Part,
    findings: Vec<Diagnostic>,
    catalogue: Catalogue,
    /// Sources that are whole already.
    sources: Vec<SourceSpec>,
    /// Whether a text of the signal at hand is not known or was refused: then it cannot be built.
    open: bool,
    /// Whether the document was read without an error.
    clean: bool,
}

/// Builds the policy of one environment. What depends on a variable that is open is not checked.
pub(crate) fn environment(
    document: &Document,
    environment: Option<&Environment>,
    outer: Outer<'_>,
    purpose: Purpose,
    findings: &mut Vec<Diagnostic>,
) -> Built {
    let mut scope = Scope::new(outer);
    if purpose != Purpose::Everything {
        scope.need(Need::WhereUsed);
    }
    let own = [document.vars.get(), environment.and_then(|environment| environment.vars.get())];
    for vars in own.into_iter().flatten() {
        for (name, value) in &vars.0 {
            scope.define(name.as_str(), &value.value, findings);
        }
    }
    let mut checker = Checker {
        document,
        scope,
        purpose,
        part: Part::Sources,
        findings: Vec::new(),
        catalogue: Catalogue::default(),
        sources: Vec::new(),
        open: false,
        clean: !findings.iter().any(|found| found.severity() == Severity::Error),
    };
    checker.enter(Part::Sources);
    if let Some(url) = environment.and_then(|environment| environment.url.get()) {
        let _ = checker.url(url);
    }
    checker.enter(Part::Criteria);
    let watch = checker.watch();
    checker.enter(Part::Sources);
    checker.read_sources(watch.interval);
    checker.enter(Part::Criteria);
    let baseline = checker.baseline();
    let gate = checker.gate(&watch, &baseline);
    checker.tell_amounts();
    let rollback = checker.rollback();
    checker.enter(Part::Evidence);
    let checklist = checker.checklist();
    findings.append(&mut checker.findings);
    Built { gate, sources: checker.sources, baseline, checklist, rollback }
}

impl Checker<'_> {
    /// What is read from here on belongs to a part of the policy. Gives the part that was read until now.
    fn enter(&mut self, part: Part) -> Part {
        let everything = self.purpose == Purpose::Everything;
        self.scope.need(match (everything, self.purpose.needs(part)) {
            (true, _) => Need::Everywhere,
            (false, true) => Need::WhereUsed,
            (false, false) => Need::NotHere,
        });
        std::mem::replace(&mut self.part, part)
    }

    /// Reads something that belongs to another part than what stands around it.
    fn within<T>(&mut self, part: Part, read: impl FnOnce(&mut Self) -> T) -> T {
        let around = self.enter(part);
        let found = read(self);
        self.enter(around);
        found
    }
}
