//! From a checkout, a forge and what the caller gives, to facts. Gathering decides nothing: what cannot be had is a gap.

use std::collections::BTreeMap;

use crate::Timestamp;
use crate::checklist::ask::ask;
use crate::checklist::checkout::{Checkout, CheckoutError, Forge, History, TreeFile};
use crate::checklist::facts::{
    ArtifactFact, AttestationFile, Change, Committed, Deployment, Facts, Gap, Gathered, GivenWord,
    PathChange, PolicyFact, Since, TelemetryFact, TestFact, WaiverFact,
};
use crate::checklist::markdown::LONGEST_TEXT;
use crate::checklist::outcome::Who;
use crate::checklist::rules::{ChecklistRules, EvidenceRule, ItemKind, WaiverGiven};
use crate::checklist::{Home, RecordContent, RecordIndex, Template, TestReport, TestResultError, text_in};
use crate::source::World;

/// What is asked, and what the caller gives.
pub struct Inquiry<'q> {
    /// The time.
    pub now: Timestamp,
    /// The commit that is deployed: `HEAD` on a desk.
    pub deployed: &'q str,
    /// Since when changes count, where the caller says it.
    pub since: Option<&'q str>,
    /// The text of the policy that judges.
    pub policy_text: &'q str,
    /// Whose policy that has to be.
    pub policy_of: PolicyOf,
    /// Reads an earlier text of the policy, for its owners and waivers; `None` where it is no policy.
    pub earlier_policy: &'q dyn Fn(&str) -> Option<ChecklistRules>,
    /// Words for items.
    pub given: Vec<GivenWord>,
    /// Test result files; `None` where neither the caller nor the policy names any.
    pub tests: Option<ResultFiles>,
    /// Artifacts on this machine; `None` where the caller names none.
    pub artifacts: Option<Vec<ArtifactFact>>,
    /// What telemetry can be read.
    pub telemetry: Gathered<TelemetryFact>,
}

/// Whose policy judges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyOf {
    /// That of the deployed commit.
    Deployed,
    /// That of the commit since which changes count: the target of a pull request, which never judges itself.
    Earlier,
}

/// The test result files that patterns name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResultFiles {
    /// The files.
    pub files: Vec<ResultFile>,
    /// The patterns that no file matches.
    pub unmatched: Vec<String>,
}

/// A test result file on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    /// Its path.
    pub path: String,
    /// When it was written.
    pub modified: Option<Timestamp>,
    /// Its bytes, or why they could not be read.
    pub content: Result<Vec<u8>, String>,
}

/// The largest text that is read from the repository, in bytes.
const LARGEST: u64 = LONGEST_TEXT as u64;

/// Gathers the facts that rules need.
#[must_use]
pub fn gather(
    rules: &ChecklistRules,
    inquiry: Inquiry<'_>,
    checkout: &dyn Checkout,
    forge: &dyn Forge,
    world: &World<'_>,
) -> Facts {
    let mut facts = Facts::unknown(
        inquiry.now,
        &Gap::new("it was not looked for", Who::Caller, "run the checklist in a checkout"),
    );
    facts.given = inquiry.given.clone();
    facts.telemetry = inquiry.telemetry.clone();
    facts.stages = forge.stages();
    facts.artifacts = inquiry.artifacts.clone().map_or_else(|| forge.artifacts(), Gathered::Known);
    let written_after = match checkout.commit(inquiry.deployed) {
        Ok(commit) => {
            let when = commit.when;
            let tree = Tree::read(checkout, &commit.id);
            deployed(rules, &inquiry, checkout, forge, &commit, &tree, &mut facts);
            when
        }
        Err(error) => {
            let gap = gap_of(&error);
            facts.deployment = Gathered::Unknown(gap.clone());
            facts.records = Gathered::Unknown(gap.clone());
            facts.policy = Gathered::Unknown(gap);
            None
        }
    };
    facts.tests = match inquiry.tests {
        Some(ResultFiles { files, unmatched }) => {
            let read = files.into_iter().map(|file| test_fact(file, written_after));
            let unmatched = unmatched.into_iter().map(|pattern| TestFact::Unmatched { pattern });
            Gathered::Known(read.chain(unmatched).collect())
        }
        None => forge.tests(),
    };
    facts.checks = ask(rules, world);
    facts
}

/// What can be said once the deployed commit is known.
fn deployed(
    rules: &ChecklistRules,
    inquiry: &Inquiry<'_>,
    checkout: &dyn Checkout,
    forge: &dyn Forge,
    commit: &crate::checklist::CommitFact,
    tree: &Tree<'_>,
    facts: &mut Facts,
) {
    facts.template = tree.template();
    facts.records = tree.records(rules, checkout);
    let since = since(inquiry, checkout, forge, &commit.id);
    let history = since
        .as_ref()
        .map_err(Clone::clone)
        .and_then(|since| checkout.history(since.commit(), &commit.id).map_err(|error| gap_of(&error)));
    let changes = match &history {
        Ok(history) => match forge.changes(history) {
            Gathered::Known(changes) => {
                facts.conversations = Gathered::Known(());
                Ok(changes)
            }
            Gathered::Unknown(gap) => {
                facts.conversations = Gathered::Unknown(gap.clone());
                Ok(commits(history, &gap))
            }
        },
        Err(gap) => {
            facts.conversations = Gathered::Unknown(gap.clone());
            Err(gap.clone())
        }
    };
    if let Ok(changes) = &changes {
        facts.work_items = forge.work_items(changes);
        facts.migrations = migrations(rules, changes, tree);
    }
    facts.documents = documents(rules).into_iter().map(|path| (path.clone(), tree.text(&path))).collect();
    facts.attestation_files = attestation_files(rules)
        .into_iter()
        .map(|path| AttestationFile { text: tree.text(&path), path })
        .collect();
    let before = match &since {
        Ok(since) => earlier(rules, inquiry, checkout, since),
        Err(gap) => Gathered::Unknown(gap.clone()),
    };
    facts.policy = match (inquiry.policy_of, &since) {
        (PolicyOf::Deployed, _) => policy(rules, inquiry, tree, &before),
        (PolicyOf::Earlier, Ok(since)) => {
            let target = Tree::read(checkout, since.commit().unwrap_or_default());
            policy(rules, inquiry, &target, &before)
        }
        (PolicyOf::Earlier, Err(gap)) => Gathered::Unknown(gap.clone()),
    };
    facts.waivers = rules
        .waivers
        .iter()
        .map(|waiver| match (&before, &since) {
            (Gathered::Known(Some(earlier)), Ok(since)) if earlier.waivers.contains(waiver) => {
                Gathered::Known(WaiverFact::StoodBefore {
                    seen: format!("it stood in the policy of {} already", since.words()),
                })
            }
            _ => match waiver.given {
                WaiverGiven::InThePolicy => forge.waiver(waiver, &rules.policy_path),
                WaiverGiven::AtRunTime => at_run_time(forge.run_approval()),
            },
        })
        .collect();
    facts.deployment = match (since, changes) {
        (Ok(since), Ok(changes)) => Gathered::Known(Deployment {
            commit: commit.clone(),
            since,
            changes,
            notes: history.map(|history| history.notes).unwrap_or_default(),
        }),
        (Err(gap), _) | (_, Err(gap)) => Gathered::Unknown(gap),
    };
}

/// What a waiver that is given at run time stands on.
fn at_run_time(approval: Gathered<Option<String>>) -> Gathered<WaiverFact> {
    match approval {
        Gathered::Known(Some(seen)) => Gathered::Known(WaiverFact::Approved { seen }),
        Gathered::Known(None) => Gathered::Known(WaiverFact::NotApproved {
            why: "nobody approved this stage of the run: give the environment an approval check".to_owned(),
        }),
        Gathered::Unknown(gap) => Gathered::Unknown(gap),
    }
}

fn gap_of(error: &CheckoutError) -> Gap {
    let (who, how) = match error {
        CheckoutError::NoRepository(_) => (Who::Caller, "run the checklist in a git checkout"),
        CheckoutError::UnknownCommit(_) => (Who::Caller, "name a commit that the checkout has"),
        CheckoutError::Shallow(_) => {
            (Who::PipelineOwner, "check out with `fetchDepth: 0`, or run `git fetch --unshallow --tags`")
        }
        CheckoutError::TooMuch(_) => (Who::Caller, "name a nearer commit with `--since REF`"),
        CheckoutError::Git(_) => (Who::Caller, "see that `git` works in this checkout"),
        CheckoutError::Halted(_) => (
            Who::Caller,
            "run it again, with more `--timeout` where git needs it: the checkout may be very large",
        ),
    };
    Gap::new(error.to_string(), who, how)
}

/// Since when changes count: as the caller says, else since the last good deployment, else since the last tag.
fn since(
    inquiry: &Inquiry<'_>,
    checkout: &dyn Checkout,
    forge: &dyn Forge,
    commit: &str,
) -> Result<Since, Gap> {
    if let Some(reference) = inquiry.since {
        let found = checkout.commit(reference).map_err(|error| gap_of(&error))?;
        return Ok(Since::Given { reference: reference.to_owned(), commit: found.id });
    }
    match forge.last_good() {
        Gathered::Known(Some(since)) => return Ok(since),
        Gathered::Known(None) => {}
        // A tag may be younger than the last deployment: what it leaves out would never be looked at.
        Gathered::Unknown(gap) => return Err(gap),
    }
    match checkout.last_tag(commit).map_err(|error| gap_of(&error))? {
        Some((name, commit)) => Ok(Since::Tag { name, commit }),
        None => Ok(Since::Beginning),
    }
}

/// The commits of a history as changes: where nobody can say which pull requests brought them.
fn commits(history: &History, gap: &Gap) -> Vec<Change> {
    history.steps.iter().map(|step| Change::of_step(step, Gathered::Unknown(gap.clone()))).collect()
}

/// The files of the deployed commit.
struct Tree<'c> {
    checkout: &'c dyn Checkout,
    commit: String,
    files: Result<BTreeMap<String, TreeFile>, Gap>,
}

impl<'c> Tree<'c> {
    fn read(checkout: &'c dyn Checkout, commit: &str) -> Self {
        let files = checkout
            .files(commit)
            .map(|files| files.into_iter().map(|file| (file.path.clone(), file)).collect())
            .map_err(|error| gap_of(&error));
        Self { checkout, commit: commit.to_owned(), files }
    }

    /// The text of a file, `None` where there is none. What is no text is guessed at.
    fn text(&self, path: &str) -> Gathered<Option<String>> {
        match self.bytes(path) {
            Gathered::Known(bytes) => Gathered::Known(bytes.map(text_of)),
            Gathered::Unknown(gap) => Gathered::Unknown(gap),
        }
    }

    /// The text of a file in which nothing may be missed: nothing is guessed at, and no link is taken for a file that is gone.
    fn whole_text(&self, path: &str) -> Gathered<Option<String>> {
        let bytes = match self.bytes(path) {
            Gathered::Known(Some(bytes)) => bytes,
            Gathered::Known(None) => {
                return match self.checkout.links(&self.commit) {
                    Ok(links) if links.contains(path) => Gathered::Unknown(Gap::new(
                        "it is a link, which is not followed",
                        Who::Author,
                        "commit the file itself",
                    )),
                    Ok(_) => Gathered::Known(None),
                    Err(error) => Gathered::Unknown(gap_of(&error)),
                };
            }
            Gathered::Unknown(gap) => return Gathered::Unknown(gap),
        };
        match text_in(&bytes) {
            // What grew on its way to UTF-8 is read to its end, or not at all.
            Some(text) if text.len() <= LONGEST_TEXT => Gathered::Known(Some(text)),
            Some(_) => Gathered::Unknown(too_large(path)),
            None => Gathered::Unknown(Gap::new(
                "it is neither UTF-8 nor UTF-16 text",
                Who::Author,
                "save it as UTF-8",
            )),
        }
    }

    fn bytes(&self, path: &str) -> Gathered<Option<Vec<u8>>> {
        let files = match &self.files {
            Ok(files) => files,
            Err(gap) => return Gathered::Unknown(gap.clone()),
        };
        let path = path.trim_start_matches("./").trim_start_matches('/');
        let Some(file) = files.get(path) else { return Gathered::Known(None) };
        if file.size > LARGEST {
            return Gathered::Unknown(too_large(path));
        }
        match self.checkout.read(&[file]) {
            Ok(contents) => Gathered::Known(contents.into_iter().next()),
            Err(error) => Gathered::Unknown(gap_of(&error)),
        }
    }

    /// The contents of the files that fit, with their paths; too large ones are left out.
    fn contents(&self, fits: impl Fn(&str) -> bool) -> Result<Vec<(String, Vec<u8>)>, Gap> {
        let files = self.files.as_ref().map_err(Clone::clone)?;
        let chosen: Vec<&TreeFile> =
            files.values().filter(|file| file.size <= LARGEST && fits(&file.path)).collect();
        let contents = self.checkout.read(&chosen).map_err(|error| gap_of(&error))?;
        Ok(chosen.iter().zip(contents).map(|(file, content)| (file.path.clone(), content)).collect())
    }

    /// The lines of pull-request and commit templates.
    fn template(&self) -> Template {
        let template = |path: &str| {
            let lower = path.to_lowercase();
            lower.contains("pull_request_template") || lower == ".gitmessage"
        };
        let templates = self.contents(template).unwrap_or_default();
        Template::of(templates.into_iter().map(|(_, content)| text_of(content)))
    }

    fn records(&self, rules: &ChecklistRules, checkout: &dyn Checkout) -> Gathered<RecordIndex> {
        let is_record = |path: &str| rules.records.kind_of(path).is_some();
        let (contents, large) = match (self.contents(is_record), &self.files) {
            (Ok(contents), Ok(files)) => {
                (contents, files.values().filter(|file| file.size > LARGEST && is_record(&file.path)))
            }
            (Err(gap), _) => return Gathered::Unknown(gap),
            (_, Err(gap)) => return Gathered::Unknown(gap.clone()),
        };
        // Without remotes every address is another repository's.
        let remotes = checkout.remotes().unwrap_or_default();
        let homes: Vec<Home> = remotes.iter().filter_map(|remote| Home::of_remote(remote)).collect();
        let files = contents.iter().map(|(path, content)| (path.as_str(), RecordContent::Bytes(content)));
        // A record that is not read is there all the same.
        let files = files.chain(large.map(|file| (file.path.as_str(), RecordContent::TooLarge(file.size))));
        Gathered::Known(RecordIndex::read(&rules.records, &homes, files))
    }
}

fn too_large(path: &str) -> Gap {
    Gap::new(format!("{path} is larger than {LARGEST} bytes"), Who::Author, "make it smaller")
}

fn text_of(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

fn documents(rules: &ChecklistRules) -> Vec<String> {
    leaves(rules)
        .filter_map(|rule| match rule {
            EvidenceRule::Document { path, .. } => Some(path.clone()),
            _ => None,
        })
        .collect()
}

fn attestation_files(rules: &ChecklistRules) -> Vec<String> {
    let mut files: Vec<String> = leaves(rules)
        .filter_map(|rule| match rule {
            EvidenceRule::Attested(attested) => attested.file.clone(),
            _ => None,
        })
        .collect();
    files.sort_unstable();
    files.dedup();
    files
}

fn leaves(rules: &ChecklistRules) -> impl Iterator<Item = &EvidenceRule> {
    rules.items.iter().flat_map(|item| &item.evidence).flat_map(EvidenceRule::leaves)
}

fn migrations(
    rules: &ChecklistRules,
    changes: &[Change],
    tree: &Tree<'_>,
) -> BTreeMap<String, Gathered<Option<String>>> {
    let mut texts = BTreeMap::new();
    for item in &rules.items {
        let ItemKind::Migrations { paths, .. } = &item.kind else { continue };
        for path in changes.iter().flat_map(|change| &change.paths).filter(|path| paths.matches(&path.path)) {
            if path.how == PathChange::Deleted {
                texts.entry(path.path.clone()).or_insert(Gathered::Known(None));
            } else {
                texts.insert(path.path.clone(), tree.whole_text(&path.path));
            }
        }
    }
    texts
}

/// The rules that the policy of the last good commit gives; `None` where it had none.
fn earlier(
    rules: &ChecklistRules,
    inquiry: &Inquiry<'_>,
    checkout: &dyn Checkout,
    since: &Since,
) -> Gathered<Option<ChecklistRules>> {
    let Some(commit) = since.commit() else { return Gathered::Known(None) };
    match Tree::read(checkout, commit).text(&rules.policy_path) {
        Gathered::Known(Some(text)) => match (inquiry.earlier_policy)(&text) {
            Some(rules) => Gathered::Known(Some(rules)),
            None => Gathered::Unknown(Gap::new(
                format!("the policy of {} cannot be read by this version", since.words()),
                Who::PipelineOwner,
                "have the policy's change reviewed by its owners",
            )),
        },
        Gathered::Known(None) => Gathered::Known(None),
        Gathered::Unknown(gap) => Gathered::Unknown(gap),
    }
}

fn policy(
    rules: &ChecklistRules,
    inquiry: &Inquiry<'_>,
    tree: &Tree<'_>,
    before: &Gathered<Option<ChecklistRules>>,
) -> Gathered<PolicyFact> {
    let committed = match tree.text(&rules.policy_path) {
        Gathered::Known(Some(text)) if same_text(&text, inquiry.policy_text) => Committed::Same,
        Gathered::Known(Some(_)) => Committed::Differs,
        Gathered::Known(None) => Committed::Absent,
        Gathered::Unknown(gap) => return Gathered::Unknown(gap),
    };
    match before {
        Gathered::Known(earlier) => Gathered::Known(PolicyFact {
            committed,
            owners_before: earlier.as_ref().map(|earlier| earlier.owners.clone()),
        }),
        Gathered::Unknown(gap) => Gathered::Unknown(gap.clone()),
    }
}

/// Line ends may differ between a checkout and its commit.
fn same_text(one: &str, other: &str) -> bool {
    let lines = |text: &str| text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    lines(one) == lines(other)
}

fn test_fact(file: ResultFile, written_after: Option<Timestamp>) -> TestFact {
    let place = file.path;
    if let (Some(modified), Some(commit)) = (file.modified, written_after)
        && modified < commit
    {
        let why = format!(
            "was written at {}, before the deployed commit ({}): it is of other sources",
            modified.whole_second(),
            commit.whole_second()
        );
        return TestFact::Unusable { place, why };
    }
    let content = match file.content {
        Ok(content) => content,
        Err(why) => return TestFact::Unusable { place, why: format!("cannot be read: {why}") },
    };
    match TestReport::read(&place, &content) {
        Ok(mut report) => {
            // A file that was unpacked or copied late is younger than its tests.
            let before =
                |at: Option<Timestamp>| Some((at?, written_after?)).filter(|(at, commit)| at < commit);
            if let Some((at, commit)) = before(report.began.at) {
                let why = format!(
                    "says that its tests began at {at}, before the deployed commit ({commit}): it is of other sources"
                );
                return TestFact::Unusable { place, why };
            }
            if let Some((_, commit)) = before(report.began.without_offset) {
                report.cautions.push(format!(
                    "says a time without an offset that is before the deployed commit ({commit}) anywhere: it may be of other sources"
                ));
            }
            TestFact::Read(report)
        }
        Err(TestResultError::OwnReport) => TestFact::Own { place },
        Err(error) => TestFact::Unusable { place, why: format!("is no test result: {error}") },
    }
}

#[cfg(test)]
mod tests;
