//! What is known of earlier runs before any of them is looked at: from their tags, and from the environment's records.

use std::collections::{BTreeMap, BTreeSet};

use crate::Timestamp;
use crate::checklist::{Gap, Gathered, Who};
use crate::devops::artifacts::whole;
use crate::devops::call::Call;
use crate::devops::client::{Answer, Client};
use crate::devops::environments::{self, DeploymentRecord, Environment};
use crate::devops::failure::DevOpsError;
use crate::devops::forge::{Standpoint, ThisRun};
use crate::devops::runs::{self, Attachment, Build, BuildFilter, BuildResult, BuildState};
use crate::devops::verdict::{ATTACHMENT, ROLLED_BACK, RunTag};
use crate::rollback::{Rehearsal, Release, Unseen};

use super::deployments::{self, Deployed, Extent};
use super::look::missing;
use super::pages::{Pages, Reach};

/// So many runs or deployments stand on a page.
const A_PAGE: u16 = 100;
/// So many pages of runs with a tag are read.
const MOST_TAG_PAGES: usize = 3;
/// So many pages of deployments are read.
const MOST_RECORD_PAGES: usize = 10;

/// Everything that is asked before a run is looked at.
pub(super) struct Listing {
    /// This run.
    pub run: Result<Build, DevOpsError>,
    /// The verdicts that are attached to it.
    pub own: Result<Vec<Attachment>, DevOpsError>,
    /// The pipeline; why it is not known, where this run is not, and so not whose it is.
    pub pipeline: Result<u64, Gap>,
    /// Runs by their ids, this one among them where it is listed.
    pub runs: BTreeMap<u64, Listed>,
    /// Runs that are marked as rolled back.
    pub rolled_back: BTreeSet<u64>,
    /// Whether the tags that could prove a version good were read to their end: what has none has no proof then.
    pub proofs: Reach,
    /// When a rollback was last rehearsed.
    pub rehearsed: Gathered<Option<Rehearsal>>,
    /// What could not be looked at.
    pub unseen: Vec<Unseen>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A run that was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Listed {
    /// Its number, as people call it.
    pub number: String,
    /// Its commit; empty where only the environment's records know of it.
    pub commit: String,
    /// When it deployed, or else ended; `None` while it runs.
    pub at: Option<Timestamp>,
    /// This gate's tags on it.
    pub tags: Vec<RunTag>,
    /// What the records say of its deployment, where they know of it.
    pub extent: Option<Extent>,
}

impl Listed {
    /// Whether a closer look could find a proof on it, or the word that takes one away.
    pub(super) fn may_prove(&self) -> bool {
        self.tags.iter().any(|tag| matches!(tag, RunTag::Proceed | RunTag::Recovered | RunTag::NotRecovered))
    }
}

/// Which runs a list holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sought {
    Decided(RunTag),
    Rehearsed,
    RolledBack,
}

impl Sought {
    const ALL: [Self; 7] = [
        Self::Decided(RunTag::Proceed),
        Self::Decided(RunTag::Recovered),
        Self::Decided(RunTag::NotRecovered),
        Self::Decided(RunTag::Hold),
        Self::Decided(RunTag::Rollback),
        Self::RolledBack,
        Self::Rehearsed,
    ];

    fn tag(self, environment: &str) -> String {
        match self {
            Self::Decided(tag) => tag.for_environment(environment),
            Self::Rehearsed => RunTag::Rehearsal.for_environment(environment),
            Self::RolledBack => ROLLED_BACK.to_owned(),
        }
    }

    fn call(self, environment: &str, pipeline: u64) -> Call {
        let filter = BuildFilter {
            definition: Some(pipeline),
            tag: Some(self.tag(environment)),
            most: A_PAGE,
            ..BuildFilter::default()
        };
        runs::builds(&filter)
    }
}

/// Asks for everything: one batch where the pipeline is known, and as many more as the longest list has further pages.
pub(super) fn ask(client: &Client<'_>, at: &Standpoint, this: &ThisRun) -> Listing {
    let mut run = match this.pipeline {
        Some(_) => None,
        None => Some(client.get::<Build>(&runs::build(this.id))),
    };
    let pipeline = pipeline(this, run.as_ref());
    let mut lists: Vec<(Sought, Pages<Build>)> = Vec::new();
    if let Ok(pipeline) = pipeline {
        let pages = |sought: Sought| Pages::new(sought.call(&at.environment, pipeline), MOST_TAG_PAGES);
        lists.extend(Sought::ALL.map(|sought| (sought, pages(sought))));
    }
    let mut calls = vec![runs::attachments(this.id, ATTACHMENT), environments::named(at.environment_name())];
    calls.extend(lists.iter().filter_map(|(_, pages)| pages.wanted()));
    calls.extend(run.is_none().then(|| runs::build(this.id)));
    let mut answers = client.send_all(&calls).into_iter();
    let mut next = || answers.next().unwrap_or_else(|| missing(this.id));
    let own = next().and_then(|answer| answer.page().map(|page| page.items));
    let environment = next().and_then(|answer| whole::<Environment>(&answer));
    for (_, pages) in &mut lists {
        pages.take(next());
    }
    let run = run.take().unwrap_or_else(|| next().and_then(|answer| answer.read()));
    let mut listing = Listing {
        run,
        own,
        pipeline,
        runs: BTreeMap::new(),
        rolled_back: BTreeSet::new(),
        proofs: Reach::Whole,
        rehearsed: Gathered::Known(None),
        unseen: Vec::new(),
        notes: Vec::new(),
    };
    let pipeline = match &listing.pipeline {
        Ok(pipeline) => *pipeline,
        // Without it no list of runs can be asked for.
        Err(gap) => {
            listing.rehearsed = Gathered::Unknown(gap.clone());
            listing.proofs = Reach::Bound;
            return listing;
        }
    };
    let environment = environment
        .map(|found| found.into_iter().find(|one| one.name.eq_ignore_ascii_case(at.environment_name())));
    let mut records = listing.environment(environment, at);
    further(client, &mut lists, &mut records);
    for (sought, pages) in lists {
        listing.tagged(sought, pages, at);
    }
    if let Some(records) = records {
        listing.deployed(records, pipeline, at);
    }
    listing
}

/// The pipeline, as the caller says, else as its run says.
fn pipeline(this: &ThisRun, run: Option<&Result<Build, DevOpsError>>) -> Result<u64, Gap> {
    match (this.pipeline, run) {
        (Some(pipeline), _) => Ok(pipeline),
        (None, Some(Err(error))) => Err(error.gap()),
        (None, Some(Ok(run))) if run.definition.id != 0 => Ok(run.definition.id),
        (None, _) => Err(Gap::new(
            format!("run {} names no pipeline", this.id),
            Who::Caller,
            "name another run with `--run ID`",
        )),
    }
}

/// Reads the pages that follow, of all lists side by side.
fn further(
    client: &Client<'_>,
    lists: &mut [(Sought, Pages<Build>)],
    records: &mut Option<Pages<DeploymentRecord>>,
) {
    loop {
        let mut calls: Vec<Call> = lists.iter().filter_map(|(_, pages)| pages.wanted()).collect();
        calls.extend(records.as_ref().and_then(Pages::wanted));
        if calls.is_empty() {
            return;
        }
        let mut answers: std::vec::IntoIter<Result<Answer, DevOpsError>> =
            client.send_all(&calls).into_iter();
        let mut give = |wanted: Option<Call>| {
            let call = wanted?;
            Some(answers.next().unwrap_or_else(|| Err(DevOpsError::unreadable(&call, "it was not asked"))))
        };
        for (_, pages) in lists.iter_mut() {
            if let Some(answer) = give(pages.wanted()) {
                pages.take(answer);
            }
        }
        if let Some(records) = records
            && let Some(answer) = give(records.wanted())
        {
            records.take(answer);
        }
    }
}

impl Listing {
    /// A version with its run, where it names none and one run of its number or commit is known.
    pub(super) fn run_of(&self, release: Release) -> Release {
        let fits = |run: &Listed| match release.version.as_str() {
            "" => run.commit == release.commit,
            version => run.number == version,
        };
        let mut found = self.runs.iter().filter(|(_, run)| fits(run));
        match (release.run, found.next(), found.next()) {
            (None, Some((id, run)), None) => {
                Release { run: Some(*id), version: run.number.clone(), commit: run.commit.clone() }
            }
            _ => release,
        }
    }

    fn unseen(&mut self, what: impl Into<String>, gap: Gap) {
        let what = what.into();
        // Lists of one kind fail for one reason.
        if !self.unseen.iter().any(|unseen| unseen.what == what) {
            self.unseen.push(Unseen { what, gap });
        }
    }

    /// The environment, ready to be asked for its deployments.
    fn environment(
        &mut self,
        found: Result<Option<Environment>, DevOpsError>,
        at: &Standpoint,
    ) -> Option<Pages<DeploymentRecord>> {
        let name = at.environment_name();
        let what = format!("what was deployed to {name} is not known");
        match found {
            Ok(Some(environment)) => {
                let call = environments::deployment_records(environment.id, name);
                return Some(Pages::new(call, MOST_RECORD_PAGES));
            }
            Err(error) => self.unseen(what, error.gap()),
            Ok(None) => {
                let needed = environments::named(name).permission().words();
                let how = format!("if there is one, the build identity needs {needed}");
                if at.azure_environment.is_some() {
                    let why = format!("no environment {name} may be seen");
                    self.unseen(what, Gap::new(why, Who::Administrator, how));
                } else {
                    self.notes.push(format!(
                        "there is no environment {name} in Azure Pipelines that may be seen: earlier deployments are known by the tags of their runs alone; {how}"
                    ));
                }
            }
        }
        None
    }

    fn tagged(&mut self, sought: Sought, pages: Pages<Build>, at: &Standpoint) {
        let tag = sought.tag(&at.environment);
        let (builds, reach) = match pages.result() {
            Ok(read) => read,
            Err(error) => {
                self.untagged(sought, &error);
                return;
            }
        };
        if reach == Reach::Bound {
            let read = builds.len();
            self.notes.push(format!("only {read} runs with the tag {tag} were read, of more"));
            if !newest_first(builds.iter().map(|build| build.finish_time)) {
                let why = format!(
                    "the runs with the tag {tag} do not come newest first, and there are more than {read}"
                );
                self.unseen("newer runs may not be known", Gap::new(why, Who::SecondPerson, BY_HAND));
            }
        }
        match sought {
            Sought::Rehearsed => self.rehearsal(builds.iter().filter(|build| went_well(build)), &tag),
            Sought::RolledBack => self.rolled_back.extend(builds.iter().map(|build| build.id)),
            Sought::Decided(decided) => {
                if decided == RunTag::Recovered {
                    // A rollback that went well in earnest is as good as a rehearsal.
                    self.rehearsal(builds.iter(), &tag);
                }
                if reach == Reach::Bound && proves(decided) {
                    self.proofs = Reach::Bound;
                }
                for build in builds {
                    let run = self.runs.entry(build.id).or_default();
                    run.tags.push(decided);
                    run.at = build.finish_time;
                    run.number = build.build_number;
                    run.commit = build.source_version;
                }
            }
        }
    }

    /// Takes the newest of these runs for a rehearsal, where it is newer than the one that is known.
    fn rehearsal<'b>(&mut self, builds: impl Iterator<Item = &'b Build>, tag: &str) {
        let newest = builds.filter_map(|build| Some((build.finish_time?, build))).max_by_key(|(at, _)| *at);
        let Some((at, build)) = newest else { return };
        if let Gathered::Known(known) = &mut self.rehearsed
            && known.as_ref().is_none_or(|known| known.at < at)
        {
            *known = Some(Rehearsal { at, seen: format!("run {}, tagged {tag}", build.build_number) });
        }
    }

    fn untagged(&mut self, sought: Sought, error: &DevOpsError) {
        match sought {
            Sought::Rehearsed => self.rehearsed = Gathered::Unknown(error.gap()),
            Sought::RolledBack => {
                self.unseen("which runs were rolled back is not known", error.gap());
            }
            Sought::Decided(decided) => {
                if proves(decided) {
                    self.proofs = Reach::Bound;
                }
                self.unseen("which runs this gate judged is not known", error.gap());
            }
        }
    }

    fn deployed(&mut self, records: Pages<DeploymentRecord>, pipeline: u64, at: &Standpoint) {
        let name = at.environment_name();
        let (records, reach) = match records.result() {
            Ok(read) => read,
            Err(error) => {
                self.unseen(format!("what was deployed to {name} is not known"), error.gap());
                return;
            }
        };
        if reach == Reach::Bound {
            let read = records.len();
            self.notes.push(format!("only {read} deployments to {name} were read, of more"));
            if !newest_first(records.iter().map(|record| record.finish_time)) {
                let why = format!(
                    "the deployments to {name} do not come newest first, and there are more than {read}"
                );
                let what = format!("newer deployments to {name} may not be known");
                self.unseen(what, Gap::new(why, Who::SecondPerson, BY_HAND));
            }
        }
        for (id, Deployed { number, ended, extent }) in deployments::by_run(&records, pipeline) {
            let run = self.runs.entry(id).or_default();
            run.at = ended;
            run.extent = Some(extent);
            if run.number.is_empty() {
                run.number = number;
            }
        }
    }
}

/// What to do where a list cannot be trusted to begin with the newest.
const BY_HAND: &str = "look at the newest deployments on the environment's page";

/// Whether a tag says something of a version that could be gone back to.
const fn proves(tag: RunTag) -> bool {
    matches!(tag, RunTag::Proceed | RunTag::Recovered | RunTag::NotRecovered)
}

/// Whether times stand with the newest first; those that are not known say nothing.
fn newest_first(times: impl Iterator<Item = Option<Timestamp>>) -> bool {
    times.flatten().is_sorted_by(|newer, older| newer >= older)
}

/// Whether a run came to a good end: a rehearsal that did not proves nothing.
fn went_well(build: &Build) -> bool {
    build.status == BuildState::Completed
        && matches!(build.result, BuildResult::Succeeded | BuildResult::PartiallySucceeded)
}
