//! `verify --profile rollback`: what was deployed again, what went before, and what was normal then.

use std::io::BufReader;
use std::path::{Path, PathBuf};

use runbook_gate::gate::{Decision, FailedGate, Recovery};
use runbook_gate::journal::{Line, Reader};
use runbook_gate::json;
use runbook_gate::policy::Policy;
use runbook_gate::policy::source_spec::{SourceSpec, VersionCheck};
use runbook_gate::rollback::{Release, VerdictRecord};
use runbook_gate::{Baseline, SignalName, Timestamp};
use serde_json::Value;

use super::Failure;
use super::arguments::{PolicyArguments, Profile, VerifyArguments};
use super::rollback::verdict_of;
use crate::files::{JOURNAL, VERDICT, open_file, plain, read_text, shown};
use crate::session::Session;

/// Variables of the pipeline that speak of the run, which is the bad release's.
pub const OF_THE_RUN: [&str; 3] = ["BUILD_BUILDNUMBER", "BUILD_BUILDID", "BUILD_SOURCEVERSION"];

/// The shortest prefix of a commit's id that names it.
const SHORTEST_COMMIT: usize = 7;

/// What is known of a rollback before the gate over the redeployment begins.
#[derive(Debug, Default)]
pub struct Redeployment {
    /// What was deployed again, as far as anybody said it.
    pub release: Release,
    /// Who said it.
    said_by: &'static str,
    /// What the journal says of it.
    pub recovery: Recovery,
    /// What each signal was before the bad deployment.
    pub baselines: Vec<(SignalName, Baseline)>,
    /// The run whose release was undone: the one that the failed gate ran in, where its verdict names it.
    pub undone: Option<u64>,
    /// The service and the environment that the failed gate names, each where it does.
    of: (Option<String>, Option<String>),
}

/// The failed gate's files, as far as they are there.
#[derive(Debug, Default, PartialEq)]
struct Files {
    verdict: Option<PathBuf>,
    journal: Option<PathBuf>,
}

/// What a journal says of the gate that wrote it.
#[derive(Default)]
struct Told {
    environment: Option<String>,
    baselines: Vec<(SignalName, Baseline)>,
    decided: Option<(Timestamp, Decision, String)>,
}

/// Refuses arguments that say something of a rollback where none is verified, and a report folder in which the failed gate's
/// own files would be lost.
///
/// # Errors
/// In words, with what to change.
pub fn check(arguments: &VerifyArguments) -> Result<(), Failure> {
    let given = &arguments.rollback;
    if arguments.profile == Profile::Deployment {
        let named = [
            ("--failed-gate", given.failed_gate.is_some()),
            ("--plan", given.plan.is_some()),
            ("--rollback-started", given.rollback_started.is_some()),
        ];
        return match named.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => {
                Err(Failure::Input(format!("{option} is of a rollback: add --profile rollback")))
            }
            None => Ok(()),
        };
    }
    if arguments.build.is_some() {
        let why = "--build is of a deployment: say with --plan or --release-version what was deployed again";
        return Err(Failure::Input(why.to_owned()));
    }
    let (Some(failed), Some(reports)) = (&given.failed_gate, &arguments.report_dir) else { return Ok(()) };
    let folder = if failed.is_dir() { Some(failed.as_path()) } else { failed.parent() };
    let folder = folder.map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    match (folder.map(Path::canonicalize), reports.canonicalize()) {
        (Some(Ok(failed)), Ok(reports)) if failed == reports => Err(Failure::Input(format!(
            "the failed gate's files are in {}, where this gate's reports would replace them; give another --report-dir",
            shown(&failed)
        ))),
        _ => Ok(()),
    }
}

impl Redeployment {
    /// What the arguments say; `None` for a release.
    ///
    /// # Errors
    /// Where a file that they name cannot be used.
    pub fn of(session: &Session, arguments: &VerifyArguments) -> Result<Option<Self>, Failure> {
        if arguments.profile == Profile::Deployment {
            return Ok(None);
        }
        let given = &arguments.rollback;
        let planned = match &given.plan {
            Some(path) => target_of(path)?,
            None => Release::default(),
        };
        let (release, said_by) = match &arguments.release_version {
            Some(version) if *version != planned.version => {
                (Release { version: version.clone(), ..Release::default() }, "--release-version")
            }
            _ => (planned, "the plan"),
        };
        let mut found = Self { said_by, ..Self::default() };
        match &given.failed_gate {
            Some(path) => found.read(session, path)?,
            None => session.door.say(
                "warning: --failed-gate names no gate, so nobody knows what was normal before the bad deployment: \
                 the service cannot be found to have recovered by its error rate and latency",
            ),
        }
        found.recovery.redeployed = words(&release);
        found.recovery.rollback_started = given.rollback_started;
        found.release = release;
        Ok(Some(found))
    }

    fn read(&mut self, session: &Session, path: &Path) -> Result<(), Failure> {
        let files = Files::of(path)?;
        let verdict = files.verdict.as_deref().map(verdict_of).transpose()?;
        let told = match &files.journal {
            Some(journal) => Told::read(journal)?,
            None => Told::default(),
        };
        if let (Some(verdict), Some((decided, ..))) = (&verdict, &told.decided)
            && verdict.decided_at != Some(*decided)
        {
            return Err(Failure::Input(format!(
                "{}: its {VERDICT} and its {JOURNAL} are not of one gate: they decided at different times; name the journal alone",
                shown(path)
            )));
        }
        self.of = (
            verdict.as_ref().map(|verdict| verdict.service.clone()),
            verdict.as_ref().map(|verdict| verdict.environment.clone()).or(told.environment),
        );
        self.baselines = told.baselines;
        self.undone = verdict.as_ref().and_then(|verdict| verdict.judged_in);
        let (decision, failed) = match (verdict, told.decided) {
            (Some(VerdictRecord { release, decision, reason, onset, decided_at, .. }), _) => {
                (decision, FailedGate { release: words(&release), reason, onset, decided_at })
            }
            (None, Some((at, decision, reason))) => {
                (decision, FailedGate { reason, decided_at: Some(at), ..FailedGate::default() })
            }
            (None, None) => return Ok(()),
        };
        match decision {
            Decision::Hold | Decision::Rollback => self.recovery.failed = Some(failed),
            Decision::Proceed => session.door.say(&format!(
                "warning: --failed-gate {} names a gate that did not fail: it decided to proceed. Its baseline is used; since when \
                 the service was bad it does not say, so that no time to detect and no time to restore is reported",
                shown(path)
            )),
        }
        Ok(())
    }

    /// The arguments with what the pipeline's variables mean now: the run is the bad release's, and its number is not what
    /// serves after the rollback.
    pub fn filled(&self, given: &PolicyArguments) -> PolicyArguments {
        let mut filled = given.clone();
        // What the caller says himself comes last, and counts.
        filled.variables = self.known().into_iter().chain(given.variables.iter().cloned()).collect();
        filled
    }

    /// What the variables of a run are of the one that was deployed again.
    fn known(&self) -> Vec<(String, String)> {
        variables_of(&self.release)
    }

    /// The policy for the redeployment: it does not wait for the bad release to serve.
    ///
    /// # Errors
    /// Where the failed gate was of another service or environment, or the policy waits for another version.
    pub fn policy(
        &self,
        session: &Session,
        policy: Policy,
        filled: &PolicyArguments,
    ) -> Result<Policy, Failure> {
        let environment = policy.environment().name();
        let (service_of, environment_of) = (self.of.0.as_deref(), self.of.1.as_deref());
        let other = [("service", service_of, policy.service()), ("environment", environment_of, environment)]
            .into_iter()
            .find_map(|(what, found, meant)| Some((what, found.filter(|found| *found != meant)?, meant)));
        if let Some((what, found, meant)) = other {
            return Err(Failure::Input(format!(
                "--failed-gate is of the {what} `{}`, and this gate is of `{meant}`; name the gate that asked for this rollback",
                found.escape_debug()
            )));
        }
        let asked_for = policy.sources().iter().find_map(|source| match source {
            SourceSpec::Probe(probe) => probe.version.as_ref(),
            _ => None,
        });
        let given = |name: &str| filled.variables.iter().any(|(known, _)| known == name);
        let of_the_bad = OF_THE_RUN
            .into_iter()
            .filter(|name| !given(name))
            .filter_map(|name| session.variable(name))
            .any(|value| asked_for.is_some_and(|asked| asked.equals.contains(value)));
        if !of_the_bad {
            return match asked_for.and_then(|asked| self.contradiction(asked, filled)) {
                Some(why) => Err(Failure::Input(why)),
                None => Ok(policy),
            };
        }
        session.door.say(
            "warning: the policy asks for the version of this run, which is the bad release's: what serves is not checked; \
             say what was deployed again with --plan or --release-version",
        );
        Ok(policy.without_version_check())
    }

    /// Why the version that the policy waits for cannot be what was deployed again: a gate that finds the bad release in its
    /// place would call it recovered.
    fn contradiction(&self, asked: &VersionCheck, filled: &PolicyArguments) -> Option<String> {
        let Release { version, commit, .. } = &self.release;
        let expected = asked.equals.trim();
        if (version.is_empty() && commit.is_empty()) || expected == version.trim() {
            return None;
        }
        let by_commit = expected == commit
            || (expected.len() >= SHORTEST_COMMIT
                && expected.bytes().all(|byte| byte.is_ascii_hexdigit())
                && commit.get(..expected.len()).is_some_and(|start| start.eq_ignore_ascii_case(expected)));
        // These were filled in from what was deployed again, unless the caller gave them another value.
        let known = self.known();
        let filled_in = |name: &String| {
            let last = filled.variables.iter().rfind(|(variable, _)| variable == name);
            last.is_some_and(|last| known.contains(last))
        };
        if by_commit || asked.variables.iter().any(filled_in) {
            return None;
        }
        let wanted = if version.is_empty() { commit } else { version };
        let change = match asked.variables.first() {
            Some(name) => format!("give --var {name}={wanted}"),
            None => {
                format!("let `version.equals` in the policy be a variable, and give it with --var: {wanted}")
            }
        };
        Some(format!(
            "the policy waits for the version `{}`, and {} says that {} was deployed again; {change}, or, where \
             what the policy waits for is right, --release-version {}",
            expected.escape_debug(),
            self.said_by,
            self.release.words().escape_debug(),
            expected.escape_debug()
        ))
    }
}

impl Files {
    fn of(path: &Path) -> Result<Self, Failure> {
        let there = |path: PathBuf| path.is_file().then_some(path);
        if path.is_dir() {
            let found = Self { verdict: there(path.join(VERDICT)), journal: there(path.join(JOURNAL)) };
            return match found {
                Self { verdict: None, journal: None } => Err(Failure::Input(format!(
                    "{} has neither {VERDICT} nor {JOURNAL}; name the report folder of the gate that failed",
                    shown(path)
                ))),
                found => Ok(found),
            };
        }
        let is_verdict = path.file_name().is_some_and(|name| name == VERDICT);
        Ok(match is_verdict {
            true => Self { verdict: Some(path.to_owned()), journal: there(path.with_file_name(JOURNAL)) },
            false => Self { verdict: None, journal: Some(path.to_owned()) },
        })
    }
}

impl Told {
    fn read(path: &Path) -> Result<Self, Failure> {
        let wrong = |why: String| {
            Failure::Input(format!(
                "cannot read the failed gate's journal {}: {why}; name the report folder, the {VERDICT} or the {JOURNAL} of the gate that failed",
                shown(path)
            ))
        };
        let file = open_file(path).map_err(|error| wrong(plain(&error)))?;
        let mut told = Self::default();
        let mut started = false;
        for line in Reader::new(BufReader::with_capacity(1 << 16, file)) {
            let (_, line) = line.map_err(|error| wrong(error.to_string()))?;
            match line {
                Line::Start { environment, .. } => {
                    started = true;
                    told.environment = Some(environment).filter(|name| !name.is_empty());
                }
                Line::Baseline { signal, baseline }
                    if !told.baselines.iter().any(|(known, _)| *known == signal) =>
                {
                    told.baselines.push((signal, baseline));
                }
                Line::Decision { t, decision, reason } => told.decided = Some((t, decision, reason)),
                _ => {}
            }
        }
        if started { Ok(told) } else { Err(wrong("it does not begin with a start line".to_owned())) }
    }
}

/// What the variables of a run are of a release's, as far as anybody said it.
pub fn variables_of(release: &Release) -> Vec<(String, String)> {
    let known = [
        (OF_THE_RUN[0], Some(release.version.clone()).filter(|version| !version.is_empty())),
        (OF_THE_RUN[1], release.run.map(|run| run.to_string())),
        (OF_THE_RUN[2], Some(release.commit.clone()).filter(|commit| !commit.is_empty())),
    ];
    known.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// A release as a sentence names it; nothing where nothing is known of it.
fn words(release: &Release) -> String {
    if *release == Release::default() { String::new() } else { release.words() }
}

/// The version that a rollback plan goes back to.
fn target_of(path: &Path) -> Result<Release, Failure> {
    let help = "name the rollback-plan.json that `rollback plan` wrote";
    let text = read_text(path, help).map_err(Failure::input)?;
    let wrong = |why: &str| Failure::Input(format!("{}: {why}; {help}", shown(path)));
    let plan = json::read(text.as_bytes()).map_err(|error| wrong(&format!("it is not JSON: {error}")))?;
    if plan.get("kind").and_then(Value::as_str) != Some("rollback-plan")
        || plan.get("version").and_then(Value::as_u64) != Some(u64::from(runbook_gate::report::VERSION))
    {
        return Err(wrong("it is no rollback plan that this version reads"));
    }
    let Some(release) = plan.pointer("/target/release") else {
        return Err(wrong("it names no version to go back to"));
    };
    let text = |key| release.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    Ok(Release {
        run: release.get("run").and_then(Value::as_u64),
        version: text("version"),
        commit: text("commit"),
    })
}
