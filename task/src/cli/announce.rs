//! Telling people: the channels and the pull requests that the policy's `rollback.notify` names, within one bounded time.
//!
//! Nothing here changes a decision or how the process ends: who could not be told is said.

use runbook_gate::devops::pull_requests::ThreadState;
use runbook_gate::devops::{Client, Commented, Deployment, DevOpsError, RunMemory, Standpoint, ThisRun};
use runbook_gate::diagnostic::Severity;
use runbook_gate::gate::{Ending, Outcome};
use runbook_gate::policy::{Enforcement, Policy};
use runbook_gate::rollback::{
    Announcement, Event, Forgetful, Memory, Notice, Telling, Times, VerdictRecord, comment, tell,
};
use runbook_gate::{Duration, Secret};

use super::arguments::{AzureDevOpsArguments, NetworkArguments};
use super::devops::{Deadline, Surroundings, resource, resources};
use super::{Exit, Failure};
use crate::agent::Verdict;
use crate::session::{Given, Session};

/// At most so many pull requests get a comment.
const MOST_PULL_REQUESTS: usize = 200;

/// How much time there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// The gate came to its end.
    Ended,
    /// It was cancelled: whoever runs it ends it for good within seconds.
    Cancelled,
}

/// The time for telling everybody, and what of it is kept for its parts: a service that does not answer leaves time for the next.
struct Budget {
    all: Duration,
    memory: Duration,
    webhooks: Duration,
}

/// What is told, and how far.
pub struct Message<'m> {
    /// What happened.
    pub announcement: Announcement,
    /// The run that was deployed before, where it is known.
    pub since: Option<u64>,
    /// Where Azure DevOps is, beside what the job's variables say.
    pub devops: &'m AzureDevOpsArguments,
    /// How the network is reached.
    pub network: &'m NetworkArguments,
    /// How much time there is.
    pub pace: Pace,
}

/// Who was told, and what became of it.
#[derive(Debug)]
pub struct Heard {
    /// `Teams`, `pull request 12`, `the pull requests`.
    pub who: String,
    /// What became of it.
    pub became: Telling,
}

impl Pace {
    const fn budget(self) -> Budget {
        match self {
            Self::Ended => Budget {
                all: Duration::from_secs(15),
                memory: Duration::from_secs(3),
                webhooks: Duration::from_secs(6),
            },
            Self::Cancelled => Budget {
                all: Duration::from_secs(4),
                memory: Duration::from_secs(1),
                webhooks: Duration::from_secs(2),
            },
        }
    }
}

/// Tells what a gate decided, where that asks somebody to look. The decision, the reports and the outputs stand already.
pub fn of_gate(
    session: &Session,
    policy: &Policy,
    (network, devops): (&NetworkArguments, &AzureDevOpsArguments),
    (outcome, record): (&Outcome, Option<&VerdictRecord>),
    exit: Exit,
) {
    if policy.rollback().notify.is_empty() {
        return;
    }
    let Some(mut announcement) = record.and_then(Announcement::of_verdict) else { return };
    if let Some(times) = Times::of(outcome) {
        announcement = announcement.with_times(&times);
    }
    if policy.environment().enforcement() != Enforcement::Enforce {
        session.door.say("nobody is told: the decision is only advised in this environment");
        return;
    }
    end_when_interrupted(session, exit);
    let pace = if matches!(outcome.ending, Ending::Cancelled { .. }) { Pace::Cancelled } else { Pace::Ended };
    let message = Message { announcement, since: None, devops, network, pace };
    report(session, &message.announcement, &announce(session, policy, &message));
}

/// From here on an interruption ends the process with the decision, which stands.
fn end_when_interrupted(session: &Session, exit: Exit) {
    let (door, processes, agent) =
        (session.door.clone(), session.processes.clone(), session.agent().cloned());
    session.interruptions.end_by(move |by| {
        processes.end_all();
        door.say(&format!("telling people was ended by {by}"));
        if let Some(agent) = &agent {
            let verdict = if exit == Exit::Success { Verdict::Succeeded } else { Verdict::Failed };
            agent.complete(verdict, "ended while people were told");
        }
        exit.now()
    });
}

/// Tells everybody whom the policy names; gives who heard it.
pub fn announce(session: &Session, policy: &Policy, message: &Message<'_>) -> Vec<Heard> {
    match try_to(session, policy, message) {
        Ok(heard) => heard,
        Err(failure) => vec![Heard {
            who: "everybody whom rollback.notify names".to_owned(),
            became: Telling::NotTold(failure.words()),
        }],
    }
}

fn try_to(session: &Session, policy: &Policy, message: &Message<'_>) -> Result<Vec<Heard>, Failure> {
    let notices = &policy.rollback().notify;
    learn(session, notices);
    let budget = message.pace.budget();
    let (all, early) = (Deadline::within(budget.all), Deadline::within(budget.memory));
    let given = Given { azure_devops: message.devops.azure_devops.as_deref(), ..Given::default() };
    let transport = session.network_with(message.network, &[], &given)?;
    let place = Surroundings::find(session, message.devops)?;
    let at = place.as_ref().map(|place| place.seen_from(session, policy.environment()));
    let client = |allowance| {
        let project = place.as_ref().map(|place| place.project.clone());
        project.map(|project| Client::new(transport.as_ref(), project, allowance))
    };
    let (reader, writer) = (client(&early), client(&all));
    let mut announcement = message.announcement.clone();
    let run = at.as_ref().and_then(|at| at.run.as_ref()).map(|run| run.id);
    if let (Some(at), Some(run)) = (&at, run)
        && let Ok(page) = at.run_page(run).parse()
    {
        announcement = announcement.with_link("The run", &page);
    }
    let memory: Box<dyn Memory + '_> = match (&reader, &writer, run) {
        (Some(reader), Some(writer), Some(run)) => Box::new(RunMemory::new(reader, writer, run)),
        _ => Box::new(Forgetful),
    };
    let told = tell(notices, &announcement, transport.as_ref(), memory.as_ref(), budget.webhooks);
    for doubt in &told.doubts {
        warn(session, doubt);
    }
    let mut heard: Vec<Heard> =
        told.channels.into_iter().map(|(who, became)| Heard { who, became }).collect();
    if notices.contains(&Notice::PullRequest) {
        heard.extend(match (&writer, &at) {
            (Some(client), Some(at)) => on_pull_requests(session, client, at, &announcement, message.since),
            _ => vec![of_pull_requests("Azure DevOps is not known here; tell them in the pipeline")],
        });
    }
    Ok(heard)
}

/// A comment on each pull request of the deployment.
fn on_pull_requests(
    session: &Session,
    client: &Client<'_>,
    at: &Standpoint,
    announcement: &Announcement,
    since: Option<u64>,
) -> Vec<Heard> {
    let Some(run) = &at.run else {
        return vec![of_pull_requests("which run deployed is not known here; tell them in the pipeline")];
    };
    let Some(repository) = at.repository.as_deref() else {
        return vec![of_pull_requests(
            "the repository is not in Azure Repos: its pull requests are elsewhere",
        )];
    };
    let found = pull_requests(session, client, at, (run, repository), since);
    let mut numbers = match found {
        Ok(numbers) => numbers,
        Err(error) => return vec![of_pull_requests(&format!("{error}; {}", error.gap().how))],
    };
    if numbers.is_empty() {
        session.door.say("no pull request is known to have brought this deployment");
    }
    if let Some(more) = numbers.len().checked_sub(MOST_PULL_REQUESTS).filter(|more| *more > 0) {
        // The newest brought what nobody has seen in use.
        numbers.drain(..more);
        warn(session, &format!("{more} older pull requests of this deployment are not told"));
    }
    let text = comment(announcement, run.id);
    let state = match announcement.event() {
        Event::Recovered | Event::GoingBack => ThreadState::Closed,
        Event::Rollback | Event::Hold | Event::Waiting | Event::NotRecovered => ThreadState::Active,
    };
    let commented = client.comment_on_each(repository, &numbers, &text, state);
    commented
        .into_iter()
        .map(|(number, result)| Heard {
            who: format!("pull request {number}"),
            became: match result {
                Ok(Commented::Written | Commented::Changed) => Telling::Told,
                Ok(Commented::Unchanged) => Telling::AlreadyTold,
                Err(error) => Telling::NotTold(format!("{error}; {}", error.gap().how)),
            },
        })
        .collect()
}

/// The pull requests of the deployment, by their numbers: those since the run that was deployed before, which is looked for
/// where it is not given.
///
/// # Errors
/// Where its changes, or their pull requests, cannot be read.
pub fn pull_requests(
    session: &Session,
    client: &Client<'_>,
    at: &Standpoint,
    (run, repository): (&ThisRun, &str),
    since: Option<u64>,
) -> Result<Vec<u64>, DevOpsError> {
    if let Some(number) = at.pull_request {
        return Ok(vec![number]);
    }
    let built = run.build.as_ref().and_then(|build| resource(session, &build.alias).ok());
    let taken = resources(session);
    if built.is_none() && !taken.is_empty() {
        warn(
            session,
            &format!(
                "the pull requests are those of this run's own commit, and it takes what other pipelines built ({}); name the \
                 resource with --build (input buildResource) where that is deployed",
                taken.join(", ")
            ),
        );
    }
    let before = |pipeline| {
        let proceeded = client.proceeded_before(pipeline, &at.environment, run.id);
        let earlier = proceeded.and_then(|earlier| match (earlier, &run.build) {
            (Some(earlier), Some(build)) => {
                client.built_for(pipeline, earlier, &build.alias).map(|build| Some(build.id))
            }
            (earlier, _) => Ok(earlier),
        });
        earlier.unwrap_or_else(|error| {
            let how = error.gap().how;
            warn(
                session,
                &format!("only the pull requests since the run before this one are known: {error}; {how}"),
            );
            None
        })
    };
    let own = || session.variable("BUILD_SOURCEVERSION").unwrap_or_default();
    client.pull_requests_of_deployment(&Deployment {
        run: built.as_ref().map_or(run.id, |built| built.run.id),
        commit: built.as_ref().map_or_else(own, |built| built.commit.as_str()),
        since: since.or_else(|| run.pipeline.and_then(before)),
        branch: built.as_ref().and_then(|built| built.branch.as_deref()).or(at.branch.as_deref()),
        repository,
    })
}

fn of_pull_requests(why: &str) -> Heard {
    Heard { who: Notice::PullRequest.words().to_owned(), became: Telling::NotTold(why.to_owned()) }
}

/// Says who heard it, and warns where somebody did not.
pub fn report(session: &Session, announcement: &Announcement, heard: &[Heard]) {
    let title = announcement.title();
    let of = |became: &Telling| -> Vec<&str> {
        heard.iter().filter(|one| one.became == *became).map(|one| one.who.as_str()).collect()
    };
    let (told, before) = (of(&Telling::Told), of(&Telling::AlreadyTold));
    if !told.is_empty() {
        session.door.say(&format!("told {}: {title}", told.join(", ")));
    }
    if !before.is_empty() {
        session.door.say(&format!("{} had been told before: {title}", before.join(", ")));
    }
    let mut reasons: Vec<&str> = Vec::new();
    for one in heard {
        if let Telling::NotTold(why) = &one.became
            && !reasons.contains(&why.as_str())
        {
            reasons.push(why);
        }
    }
    for why in reasons {
        let who = of(&Telling::NotTold(why.to_owned())).join(", ");
        warn(session, &format!("not told: {who} ({title}): {why}"));
    }
}

/// A warning, which a step shows as an issue too.
fn warn(session: &Session, text: &str) {
    match session.agent() {
        Some(agent) => agent.issue(Severity::Warning, text),
        None => session.door.say(&format!("warning: {text}")),
    }
}

/// The addresses of webhooks are secrets, whole and in their parts.
fn learn(session: &Session, notices: &[Notice]) {
    for notice in notices {
        let (Notice::Teams(address) | Notice::Slack(address)) = notice else { continue };
        session.door.redactor().learn(address);
        let Ok(url) = address.reveal().trim().parse::<url::Url>() else { continue };
        let path = url.path();
        let whole = url.query().map_or(path.to_owned(), |query| format!("{path}?{query}"));
        let parts = path.split('/').chain(url.query());
        // Shorter parts are words such as `services`.
        for part in parts.filter(|part| part.len() >= SHORTEST_KEY).chain([whole.as_str(), url.as_str()]) {
            session.door.redactor().learn(&Secret::new(part));
        }
    }
}

/// A part of an address that is so long is a key.
const SHORTEST_KEY: usize = 16;
