//! `rollback plan`: what to go back to, and what speaks against it.

use std::path::Path;

use runbook_gate::checklist::{Checkout as _, Desk as NoForge, Forge, Gap, Gathered, Who};
use runbook_gate::devops::{Allowance as _, AzureDevOpsArchive, AzureDevOpsForge, Client, Standpoint};
use runbook_gate::policy::{Policy, Purpose};
use runbook_gate::report::terminal::{Colour, Layout};
use runbook_gate::report::{html, rollback as report};
use runbook_gate::rollback::{
    Archive, Desk, Doubt, ImageFact, Plan, Proof, Questions, RecordedImage, Release, VerdictRecord, gather,
    images_now, images_of, migrations_between, plan,
};
use runbook_gate::source::World;
use runbook_gate::transport::Transport;

use crate::cli::arguments::{Format, PlanArguments};
use crate::cli::devops::{Deadline, Surroundings, resources};
use crate::cli::github::OnGitHub;
use crate::cli::recovery::{OF_THE_RUN, variables_of};
use crate::cli::{Exit, Failure, load, task};
use crate::commands::Asked;
use crate::files::{PLAN_JSON, PLAN_PAGE, PLAN_SUMMARY, ReportFolder, read_text};
use crate::git::GitCheckout;
use crate::history;
use crate::session::{Given, Session};

/// Finds the plan, reports it, and ends with hold where there is nothing to go back to.
pub fn run(session: &Session, arguments: &PlanArguments) -> Result<Exit, Failure> {
    // What an earlier plan wrote goes first, so that nobody takes it for this one's, whatever happens.
    let folder = match &arguments.report_dir {
        Some(path) => {
            let folder = ReportFolder::open(path).map_err(Failure::input)?;
            folder.clear_plan().map_err(Failure::input)?;
            Some(folder)
        }
        None => None,
    };
    let policy = load::policy(session, &arguments.policy, Purpose::Plan)?;
    let planner = Planner {
        session,
        arguments,
        policy: &policy,
        verdict: arguments.verdict.as_deref().map(verdict_of).transpose()?,
    };
    let place = Surroundings::find(session, &arguments.devops)?;
    let plan = match place.filter(|_| arguments.history.is_none()) {
        Some(place) => planner.in_azure_devops(&place)?,
        None => planner.on_a_desk()?,
    };
    publish(session, &plan, folder.as_ref(), arguments.format)
}

/// What a plan is made from.
struct Planner<'p> {
    session: &'p Session,
    arguments: &'p PlanArguments,
    policy: &'p Policy,
    verdict: Option<VerdictRecord>,
}

impl Planner<'_> {
    /// From the history file that `verify` keeps.
    fn on_a_desk(&self) -> Result<Plan, Failure> {
        if self.arguments.retain {
            return Err(Failure::Input(
                "--retain keeps a run of Azure DevOps; plan in the pipeline, or give --azure-devops without --history".to_owned(),
            ));
        }
        let path =
            history::to_read(self.session, self.arguments.history.as_deref()).map_err(Failure::Input)?;
        let environment = self.policy.environment().name();
        let found = history::read(&path, self.policy.service(), environment, self.session.clock.now())
            .map_err(Failure::input)?;
        let judged = match self.verdict.as_ref().or_else(|| found.records.first()) {
            Some(verdict) => Gathered::Known(Some(verdict.clone())),
            None => Gathered::Known(None),
        };
        let on_github = self.on_github()?;
        let services =
            Given { github: on_github.as_ref().map(OnGitHub::access).transpose()?, ..Given::default() };
        let transport = self.session.network_with(&self.arguments.network, &[], &services)?;
        let allowance = Deadline::within(self.arguments.devops.timeout);
        let left = || allowance.left();
        let archive = Desk::new(found, self.current());
        let forge = on_github.map(|place| place.forge(transport.as_ref(), &left, &NoForge));
        let forge: &dyn Forge = forge.as_ref().map_or(&NoForge, |forge| forge);
        Ok(self.plan(&archive, judged, forge, transport.as_ref()))
    }

    /// From the runs of the pipeline.
    fn in_azure_devops(&self, place: &Surroundings) -> Result<Plan, Failure> {
        let devops = &self.arguments.devops;
        let on_github = self.on_github()?;
        let services = Given {
            azure_devops: devops.azure_devops.as_deref(),
            github: on_github.as_ref().map(OnGitHub::access).transpose()?,
            ..Given::default()
        };
        let transport = self.session.network_with(&self.arguments.network, &[], &services)?;
        let allowance = Deadline::within(devops.timeout);
        let client = || Client::new(transport.as_ref(), place.project.clone(), &allowance);
        let at = place.run_seen_from(self.session, self.policy.environment(), devops);
        let current = self.current().or_else(|| place.deployed_here(self.session, devops));
        // What changed in between is asked of the repository, and nothing of the run.
        let forge = Standpoint { run: None, pull_request: None, ..at.clone() };
        let archive = AzureDevOpsArchive::new(client(), at, self.policy.service(), current);
        let judged = match &self.verdict {
            Some(verdict) => Gathered::Known(Some(verdict.clone())),
            None => archive.own_decision(),
        };
        let of_repository = AzureDevOpsForge::new(client(), forge);
        let left = || allowance.left();
        let on_github = on_github.map(|place| place.forge(transport.as_ref(), &left, &of_repository));
        let forge: &dyn Forge = match &on_github {
            Some(forge) => forge,
            None if place.repository.is_some() => &of_repository,
            None => &NoForge,
        };
        let mut plan = self.plan(&archive, judged, forge, transport.as_ref());
        self.own_commit(&mut plan);
        if self.arguments.retain {
            self.retain(&archive, &mut plan);
        }
        Ok(plan)
    }

    /// GitHub, where the repository is there: its pull requests link the records that have the plans for the data. A pipeline that
    /// does not say how it is asked goes without it, since a rollback waits for nobody's settings: what is not read is in doubt.
    fn on_github(&self) -> Result<Option<OnGitHub>, Failure> {
        let remotes = || {
            let checkout = GitCheckout::open(Path::new("."), &self.session.environment);
            checkout.and_then(|checkout| checkout.remotes()).unwrap_or_default()
        };
        let found = OnGitHub::find(self.session, &self.arguments.github, remotes)
            .and_then(|found| found.as_ref().map(OnGitHub::access).transpose().map(|_| found));
        match found {
            Err(failure) if self.arguments.github.github.is_none() => {
                let why = failure.words();
                self.session.door.say(&format!("warning: pull requests on GitHub are not read: {why}"));
                Ok(None)
            }
            other => other,
        }
    }

    /// Says that the run's own commit was taken, where it may not be what is deployed: migrations in between would be looked for
    /// in another repository. Artifacts that the policy names, and that the runs of this pipeline have, show that it builds itself.
    fn own_commit(&self, plan: &mut Plan) {
        let devops = &self.arguments.devops;
        let taken = resources(self.session);
        if taken.is_empty() || devops.build.is_some() || devops.run.is_some() || self.current().is_some() {
            return;
        }
        let what = format!(
            "the deployed commit was taken to be this run's own, and it takes what other pipelines built ({})",
            taken.join(", ")
        );
        let how = "name the resource with `--build` (input `buildResource`) where that is deployed";
        let builds_itself = !self.policy.rollback().artifacts.is_empty()
            && plan.target.as_ref().is_some_and(|target| target.artifacts_proved == Proof::Proved);
        if builds_itself {
            plan.notes.push(format!("{what}; {how}"));
        } else {
            plan.doubts.push(Doubt { what, who: Who::PipelineOwner, how: how.to_owned() });
        }
    }

    /// What is deployed now, where the caller says it.
    fn current(&self) -> Option<Release> {
        let given = self.arguments.current.as_ref();
        given
            .map(|version| Release { run: None, version: version.clone(), commit: String::new() })
            .or_else(|| self.verdict.as_ref().map(|verdict| verdict.release.clone()))
    }

    /// `judged` is what was decided of what is deployed now.
    fn plan(
        &self,
        archive: &dyn Archive,
        judged: Gathered<Option<VerdictRecord>>,
        forge: &dyn Forge,
        transport: &dyn Transport,
    ) -> Plan {
        let pre_existing = match judged {
            Gathered::Known(Some(verdict)) => Gathered::Known(verdict.pre_existing),
            Gathered::Known(None) => Gathered::Unknown(Gap::new(
                "no decision of this gate on the deployed version is recorded",
                Who::Caller,
                "give the gate's verdict.json with `--verdict`",
            )),
            Gathered::Unknown(gap) => Gathered::Unknown(gap),
        };
        let commands = self.session.commands(Asked::No, &[]);
        let world = World { transport, commands: &commands };
        let checkout = GitCheckout::open(Path::new("."), &self.session.environment);
        let between = |from: &Release, to: &Release| match &checkout {
            Ok(checkout) => {
                let now = self.session.clock.now();
                migrations_between(self.policy.checklist(), (from, to), now, checkout, forge, &world)
            }
            Err(error) => Gathered::Unknown(Gap::new(
                error.to_string(),
                Who::Caller,
                "run it in a git checkout of the service, with its history",
            )),
        };
        let images = |verdict: &VerdictRecord, release: &Release| self.images(verdict, release, transport);
        let facts = gather(
            self.policy.rollback(),
            (self.policy.service(), self.policy.environment().name()),
            self.session.clock.now(),
            archive,
            pre_existing,
            &Questions { migrations: &between, images: &images },
        );
        plan(self.policy.rollback(), &facts)
    }

    /// What has become of the images of a version: those that its gate recorded. Where it recorded none, those that the policy
    /// names, with that version's number, run and commit: today's are the bad release's.
    fn images(
        &self,
        verdict: &VerdictRecord,
        release: &Release,
        transport: &dyn Transport,
    ) -> Vec<ImageFact> {
        if let Some(recorded) = &verdict.images {
            return images_now(recorded, transport);
        }
        if images_of(self.policy.checklist()).is_empty() {
            return Vec::new();
        }
        match self.images_then(release) {
            Ok(images) => images_now(&images, transport),
            Err(gap) => {
                vec![ImageFact { name: "that the policy names".to_owned(), state: Gathered::Unknown(gap) }]
            }
        }
    }

    /// The names of the policy's images as they were for a version.
    fn images_then(&self, release: &Release) -> Result<Vec<RecordedImage>, Gap> {
        let unnamed = |why: String| {
            let how = "look for its images in their registry by what you know of it";
            let what = format!("how the images of {} were named is not known: {why}", release.words());
            Gap::new(what, Who::SecondPerson, how)
        };
        let known = variables_of(release);
        if known.len() < OF_THE_RUN.len() {
            return Err(unnamed("its number, its run or its commit is not recorded".to_owned()));
        }
        let mut given = self.arguments.policy.clone();
        given.variables = known.into_iter().chain(given.variables).collect();
        let environment = Some(self.policy.environment().name());
        let then = load::file(self.session, &given)
            .and_then(|file| load::resolve(self.session, &given, &file, environment, Purpose::Plan))
            .map_err(|failure| unnamed(failure.words()))?;
        let named = images_of(then.checklist());
        Ok(named.iter().map(|image| RecordedImage { image: image.to_string(), digest: None }).collect())
    }

    /// Keeps the run that is gone back to. One that cannot be kept is in doubt: it may be deleted on the way.
    fn retain(&self, archive: &AzureDevOpsArchive<'_>, plan: &mut Plan) {
        let Some(run) = plan.release().and_then(|release| release.run) else { return };
        match archive.retain(run, self.session.clock.now()) {
            Ok(retention) => plan.notes.push(retention.words(run)),
            Err(error) => plan.doubts.push(Doubt::of(&format!("run {run} is not kept"), &error.gap())),
        }
    }
}

/// A verdict that `verify` wrote.
///
/// # Errors
/// Where it cannot be read, or is something else.
pub fn verdict_of(path: &Path) -> Result<VerdictRecord, Failure> {
    let text = read_text(path, "it is the verdict.json of a gate's report folder").map_err(Failure::input)?;
    VerdictRecord::read(&text).map_err(|error| {
        Failure::Input(format!("{}: {error}; name the verdict.json of a gate", path.display()))
    })
}

fn publish(
    session: &Session,
    plan: &Plan,
    folder: Option<&ReportFolder>,
    format: Format,
) -> Result<Exit, Failure> {
    let clean = |text: String| session.door.redactor().clean(&text).into_owned();
    let object = clean(format!("{}\n", report::json(plan)));
    if let Some(folder) = folder {
        folder.write(PLAN_JSON, &object).map_err(Failure::input)?;
        folder.write(PLAN_SUMMARY, &clean(report::markdown(plan))).map_err(Failure::input)?;
        folder.write(PLAN_PAGE, &clean(html::rollback(plan))).map_err(Failure::input)?;
    }
    if let Some(agent) = session.agent() {
        task::tell_plan(agent, plan, folder);
    }
    match format {
        Format::Json => session.door.print_json(&object),
        Format::Human => {
            let layout = Layout { width: crate::door::output_width(), colour: Colour::Ansi };
            session.door.print(&report::terminal(plan, layout));
        }
    }
    // A person has to look where nothing is proved, whatever the environment's enforcement: there is nothing to deploy.
    Ok(if plan.target.is_some() { Exit::Success } else { Exit::Hold })
}
