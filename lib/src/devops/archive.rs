//! What Azure DevOps keeps of earlier deployments: the archive of a rollback plan, and the history of decisions.
//!
//! ```text
//! one batch      this run, runs by this gate's tags, the environment    ─▶ Listing ─▶ candidates
//! page by page   more of these, and what was deployed
//! in each round  decisions, runs and artifacts of some candidates       ─▶ what is known of each
//! ```
//!
//! Tags say where to look, and the environment's records in which order. What was decided stands in the record that the gate
//! attached to its run, and nowhere else: a deployment that succeeded is not a good one, and anybody can set a tag.

mod built;
mod decisions;
mod deployments;
mod lease;
mod listing;
mod look;
mod pages;

use std::cell::{Cell, OnceCell, RefCell};

use crate::checklist::{Gap, Gathered, Who};
use crate::devops::Client;
use crate::devops::forge::{Standpoint, ThisRun};
use crate::rollback::{Archive, Candidate, History, Profile, Rehearsal, Release, Unseen, VerdictRecord};

use self::decisions::{Decisions, Subject};
use self::listing::Listing;
use self::pages::Reach;

pub use self::lease::Retention;

/// Azure DevOps as the archive of a service's deployments to an environment.
pub struct AzureDevOpsArchive<'t> {
    client: Client<'t>,
    at: Standpoint,
    service: String,
    current: Option<Release>,
    listing: OnceCell<Listing>,
    own: OnceCell<Decisions>,
    /// Every decision that was read, with the version that it is about.
    words: RefCell<Vec<(Release, VerdictRecord)>>,
    /// How many runs were read for the reason alone.
    reasons: Cell<usize>,
}

impl<'t> AzureDevOpsArchive<'t> {
    /// An archive that has asked nothing yet. `current` is what is deployed now, where the caller knows it; else it is what the
    /// run of the standpoint built.
    #[must_use]
    pub fn new(client: Client<'t>, at: Standpoint, service: &str, current: Option<Release>) -> Self {
        Self {
            client,
            at,
            service: service.to_owned(),
            current,
            listing: OnceCell::new(),
            own: OnceCell::new(),
            words: RefCell::default(),
            reasons: Cell::new(0),
        }
    }

    /// What this gate decided last of the deployment of this run; `None` where it did not judge it.
    pub fn own_decision(&self) -> Gathered<Option<VerdictRecord>> {
        let Some((this, listing)) = self.listed() else { return no_run() };
        let own = self.own.get_or_init(|| {
            let list = listing.own.clone();
            let mut read = decisions::read(&self.client, self.subject(), vec![(this.id, list)]);
            read.pop().unwrap_or_else(|| Ok(Vec::new()))
        });
        match own {
            Ok(records) => {
                let deployments = records.iter().filter(|record| record.profile == Profile::Deployment);
                Gathered::Known(decisions::newest(deployments).cloned())
            }
            Err(gap) => Gathered::Unknown(gap.clone()),
        }
    }

    /// The decisions of the newest runs that this gate judged, this one among them: of so many runs at most. What could not be
    /// read is said in its notes.
    pub fn history(&self, most: usize) -> History {
        let Some((_, listing)) = self.listed() else {
            let Gathered::Unknown(gap) = no_run::<()>() else { return History::default() };
            return History { records: Vec::new(), notes: vec![format!("{}; {}", gap.why, gap.how)] };
        };
        let unread = listing.proofs == Reach::Bound;
        let mut judged: Vec<_> =
            listing.runs.iter().filter(|(_, run)| unread || !run.tags.is_empty()).collect();
        judged.sort_by_key(|(id, run)| std::cmp::Reverse((run.at.is_none(), run.at, **id)));
        let more = judged.len().saturating_sub(most);
        judged.truncate(most);
        let calls: Vec<_> = judged.iter().map(|(id, _)| decisions::listed(**id)).collect();
        let lists = judged
            .iter()
            .zip(self.client.send_all(&calls))
            .map(|((id, _), answer)| (**id, answer.and_then(|answer| Ok(answer.page()?.items))))
            .collect();
        let mut history = History::default();
        for decisions in decisions::read(&self.client, self.subject(), lists) {
            match decisions {
                Ok(records) => history.records.extend(records),
                Err(gap) => history.notes.push(format!("{}; {}: {}", gap.why, gap.who.words(), gap.how)),
            }
        }
        history.records.sort_by_key(|record| std::cmp::Reverse(record.decided_at));
        history.notes.extend(self.unseen().iter().map(|unseen| {
            format!("{}: {}; {}: {}", unseen.what, unseen.gap.why, unseen.gap.who.words(), unseen.gap.how)
        }));
        history.notes.extend(listing.notes.iter().cloned());
        if more > 0 {
            history.notes.push(format!("{more} earlier runs were judged too; `--most NUMBER` looks at more"));
        }
        history
    }

    /// Whether the pipeline builds what it deploys.
    const fn builds_itself(&self) -> bool {
        match &self.at.run {
            Some(run) => run.build.is_none(),
            None => true,
        }
    }

    fn subject(&self) -> Subject<'_> {
        Subject { service: &self.service, environment: &self.at.environment }
    }

    /// This run, and what is listed; `None` where there is no run, and so no pipeline.
    fn listed(&self) -> Option<(&ThisRun, &Listing)> {
        let this = self.at.run.as_ref()?;
        Some((this, self.listing.get_or_init(|| listing::ask(&self.client, &self.at, this))))
    }
}

fn no_run<T>() -> Gathered<T> {
    Gathered::Unknown(Gap::new(
        "which pipeline deploys is not known: this is no run of one",
        Who::Caller,
        "name the run that deployed what is there now with `--run ID`",
    ))
}

impl Archive for AzureDevOpsArchive<'_> {
    fn current(&self) -> Gathered<Release> {
        if let Some(current) = &self.current {
            return Gathered::Known(current.clone());
        }
        let Some((this, listing)) = self.listed() else { return no_run() };
        let unnamed = |run| Release { run: Some(run), version: String::new(), commit: String::new() };
        Gathered::Known(match (&this.build, &listing.run) {
            (Some(build), _) => unnamed(build.id),
            (None, Ok(run)) => look::release_of(run),
            // That it is not known further is said, and this run is never what is gone back to.
            (None, Err(_)) => unnamed(this.id),
        })
    }

    fn candidates(&self) -> Gathered<Vec<Candidate>> {
        let Some((this, listing)) = self.listed() else { return no_run() };
        match &listing.pipeline {
            Ok(_) => Gathered::Known(look::candidates(self, listing, this.id)),
            Err(gap) => Gathered::Unknown(gap.clone()),
        }
    }

    fn look_closely(&self, candidates: Vec<Candidate>) -> Vec<Candidate> {
        match self.listed() {
            Some((_, listing)) => look::closely(self, listing, candidates),
            None => candidates,
        }
    }

    fn rehearsed(&self) -> Gathered<Option<Rehearsal>> {
        self.listed().map_or_else(no_run, |(_, listing)| listing.rehearsed.clone())
    }

    fn unseen(&self) -> Vec<Unseen> {
        let Some((this, listing)) = self.listed() else { return Vec::new() };
        let own = listing.run.as_ref().err();
        let own = own.map(|error| Unseen { what: format!("run {} is not known", this.id), gap: error.gap() });
        own.into_iter().chain(listing.unseen.iter().cloned()).collect()
    }

    fn notes(&self) -> Vec<String> {
        self.listed().map(|(_, listing)| listing.notes.clone()).unwrap_or_default()
    }
}
