use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::checklist::*;
use crate::policy::source_spec::CommandSpec;
use crate::source::{CommandEnd, CommandError, Commands};
use crate::transport::{Request, Response, Transport, TransportError};

const NOW: &str = "2026-11-23T12:00:00Z";
/// What the text of a link begins with here.
const LINK: &str = "-> ";
/// What a text begins with here that is stored in Windows' old letters.
const OLD: &str = "cp1252 ";
/// What a text begins with here that is stored in UTF-16.
const WIDE: &str = "utf-16 ";

fn bytes_of(text: &str) -> Vec<u8> {
    if let Some(text) = text.strip_prefix(OLD) {
        [text.as_bytes(), &[0xe4]].concat()
    } else if let Some(text) = text.strip_prefix(WIDE) {
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect()
    } else {
        text.as_bytes().to_vec()
    }
}

#[derive(Default)]
struct Repository {
    files: BTreeMap<String, BTreeMap<String, String>>,
    steps: Vec<HistoryStep>,
    tag: Option<(String, String)>,
    broken: Option<CheckoutError>,
}

impl Repository {
    fn with(mut self, commit: &str, path: &str, text: &str) -> Self {
        self.files.entry(commit.to_owned()).or_default().insert(path.to_owned(), text.to_owned());
        self
    }

    fn step(mut self, id: &str, message: &str, paths: &[&str]) -> Self {
        let paths =
            paths.iter().map(|path| ChangedPath { path: (*path).to_owned(), how: PathChange::Modified });
        self.steps.push(HistoryStep {
            commit: commit(id),
            author: "Ada".into(),
            messages: vec![message.to_owned()],
            merged: Vec::new(),
            paths: paths.collect(),
        });
        self
    }
}

fn commit(id: &str) -> CommitFact {
    CommitFact { id: id.into(), title: "T".into(), when: "2026-11-23T10:00:00Z".parse().ok() }
}

impl Checkout for Repository {
    fn commit(&self, reference: &str) -> Result<CommitFact, CheckoutError> {
        if let Some(error) = &self.broken {
            return Err(error.clone());
        }
        match reference {
            "HEAD" => Ok(commit("head")),
            "v0" => Ok(commit("base")),
            other => Err(CheckoutError::UnknownCommit(other.into())),
        }
    }

    fn last_tag(&self, _: &str) -> Result<Option<(String, String)>, CheckoutError> {
        Ok(self.tag.clone())
    }

    fn history(&self, since: Option<&str>, _: &str) -> Result<History, CheckoutError> {
        match since {
            Some(_) => {
                Ok(History { since: since.map(str::to_owned), steps: self.steps.clone(), notes: Vec::new() })
            }
            None => Err(CheckoutError::Shallow("the beginning".into())),
        }
    }

    fn files(&self, commit: &str) -> Result<Vec<TreeFile>, CheckoutError> {
        let files = self.files.get(commit).cloned().unwrap_or_default();
        Ok(files
            .into_iter()
            .filter(|(_, text)| !text.starts_with(LINK))
            .map(|(path, text)| TreeFile { path, size: text.len() as u64, id: text })
            .collect())
    }

    fn links(&self, commit: &str) -> Result<BTreeSet<String>, CheckoutError> {
        let files = self.files.get(commit).into_iter().flatten();
        Ok(files.filter(|(_, text)| text.starts_with(LINK)).map(|(path, _)| path.clone()).collect())
    }

    fn read(&self, files: &[&TreeFile]) -> Result<Vec<Vec<u8>>, CheckoutError> {
        Ok(files.iter().map(|file| bytes_of(&file.id)).collect())
    }

    fn remotes(&self) -> Result<Vec<String>, CheckoutError> {
        Ok(vec!["git@github.com:contoso/orders.git".into()])
    }
}

struct Answers {
    status: u16,
    body: &'static str,
    exit: Result<CommandEnd, CommandError>,
}

impl Transport for Answers {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        Ok(Response::new(self.status, "", self.body))
    }
}

impl Commands for Answers {
    fn run(&self, _: &CommandSpec) -> Result<CommandEnd, CommandError> {
        self.exit.clone()
    }
}

fn refusing() -> Answers {
    let refused = CommandError::NotAllowed { program: "x".into(), why: "give --allow-commands".into() };
    Answers { status: 500, body: "", exit: Err(refused) }
}

const POLICY: &str = "version: 1\n";

fn inquiry<'q>(since: Option<&'q str>, earlier: &'q dyn Fn(&str) -> Option<ChecklistRules>) -> Inquiry<'q> {
    Inquiry {
        now: NOW.parse().unwrap(),
        deployed: "HEAD",
        since,
        policy_text: POLICY,
        policy_of: PolicyOf::Deployed,
        earlier_policy: earlier,
        given: Vec::new(),
        tests: None,
        artifacts: None,
        telemetry: Gathered::Unknown(Gap::new("not asked", Who::Caller, "ask")),
    }
}

fn facts(rules: &ChecklistRules, repository: &Repository, since: Option<&str>) -> Facts {
    let answers = refusing();
    let world = World { transport: &answers, commands: &answers };
    gather(rules, inquiry(since, &|_| Some(ChecklistRules::runbook("production"))), repository, &Desk, &world)
}

fn desk() -> Repository {
    Repository::default()
        .with("head", "runbook.yml", "version: 1\r\n")
        .with("head", "docs/adr/0001-a.md", "---\nstatus: accepted\n---\n# A\n")
        .with("head", "docs/rollback.md", "Turn it back.")
        .with("head", ".github/PULL_REQUEST_TEMPLATE.md", "ADR: 0001\n")
        .with("head", "Migrations/1.sql", "DROP TABLE t;")
        .with("base", "runbook.yml", "version: 1\n")
        .step("c2", "Change\n\nADR-1\n", &["Migrations/1.sql"])
        .step("c1", "ADR: 0001\n", &["src/a.rs"])
}

#[test]
fn a_desk_sees_commits_records_documents_and_templates() {
    let rules = ChecklistRules::runbook("production");
    let facts = facts(&rules, &desk(), Some("v0"));
    let deployment = facts.deployment.known().unwrap();
    assert_eq!(deployment.since, Since::Given { reference: "v0".into(), commit: "base".into() });
    let names: Vec<&str> = deployment.changes.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(names, ["commit c2", "commit c1"]);
    assert!(deployment.changes.iter().all(|change| change.votes.known().is_none()));
    assert_eq!(facts.records.known().unwrap().records().len(), 1);
    assert_eq!(facts.documents["docs/rollback.md"], Gathered::Known(Some("Turn it back.".into())));
    assert_eq!(facts.migrations["Migrations/1.sql"], Gathered::Known(Some("DROP TABLE t;".into())));
    assert!(facts.template.has("ADR: 0001"), "the second commit's line is the template's");
    let policy = facts.policy.known().unwrap();
    assert_eq!((policy.committed, policy.owners_before.clone()), (Committed::Same, Some(vec![])));
}

#[test]
fn what_only_azure_devops_knows_is_unknown_with_a_way_to_provide_it() {
    let rules = ChecklistRules::runbook("production");
    let outcome = judge(&rules, &facts(&rules, &desk(), Some("v0")));
    for (id, status, how) in [
        ("tests-passing", ItemStatus::Unknown, "--tests"),
        ("artifacts-stored", ItemStatus::Unknown, "--artifact"),
        ("backups-taken", ItemStatus::Unknown, "--attest backups-taken"),
        ("config-reviewed", ItemStatus::Unknown, "pipeline"),
        ("pipeline-green", ItemStatus::Unknown, "pipeline"),
        ("migrations-reviewed", ItemStatus::Unsatisfied, "rollback"),
        ("rollback-plan", ItemStatus::Satisfied, ""),
    ] {
        let item = outcome.item(id).unwrap();
        assert_eq!(item.status, status, "{id}: {item:?}");
        let hows: String = item.needs.iter().map(|need| need.how.as_str()).collect();
        assert!(hows.to_lowercase().contains(how), "{id}: {hows}");
    }
}

#[test]
fn since_is_the_last_tag_and_else_the_beginning() {
    let rules = ChecklistRules::runbook("production");
    let mut repository = desk();
    repository.tag = Some(("v1".into(), "base".into()));
    let tagged = facts(&rules, &repository, None);
    assert_eq!(
        tagged.deployment.known().unwrap().since,
        Since::Tag { name: "v1".into(), commit: "base".into() }
    );
    repository.tag = None;
    let Gathered::Unknown(gap) = facts(&rules, &repository, None).deployment else {
        panic!("a shallow clone")
    };
    assert!(gap.why.contains("shallow") && gap.how.contains("fetchDepth: 0"));
    let Gathered::Unknown(gap) = facts(&rules, &repository, Some("gone")).deployment else {
        panic!("no commit")
    };
    assert!(gap.why.contains("`gone`"));
}

#[test]
fn no_repository_is_a_gap_and_no_panic() {
    let rules = ChecklistRules::runbook("production");
    let repository =
        Repository { broken: Some(CheckoutError::NoRepository("none".into())), ..Repository::default() };
    let outcome = judge(&rules, &facts(&rules, &repository, None));
    assert_eq!(outcome.verdict, Verdict::Incomplete);
    assert!(outcome.items.iter().all(|item| item.status != ItemStatus::Satisfied));
}

#[test]
fn a_policy_that_is_not_committed_is_said() {
    let rules = ChecklistRules::runbook("production");
    let other = desk().with("head", "runbook.yml", "version: 2\n");
    assert_eq!(facts(&rules, &other, Some("v0")).policy.known().unwrap().committed, Committed::Differs);
    let mut none = desk();
    none.files.get_mut("head").unwrap().remove("runbook.yml");
    assert_eq!(facts(&rules, &none, Some("v0")).policy.known().unwrap().committed, Committed::Absent);
}

#[test]
fn a_waiver_of_an_earlier_policy_stands() {
    let waiver = Waiver {
        item: RunbookItem::ChangeCommunicated.id(),
        reason: "r".into(),
        approved_by: "a".into(),
        expires: "2026-12-31".into(),
        environments: Environments::All,
        given: WaiverGiven::InThePolicy,
    };
    let mut rules = ChecklistRules::runbook("production");
    rules.waivers = vec![waiver.clone()];
    let answers = refusing();
    let world = World { transport: &answers, commands: &answers };
    let earlier = |expires: &str| {
        let mut earlier = ChecklistRules::runbook("production");
        earlier.waivers = vec![Waiver { expires: expires.into(), ..waiver.clone() }];
        let read = move |_: &str| Some(earlier.clone());
        gather(&rules, inquiry(Some("v0"), &read), &desk(), &Desk, &world).waivers[0].clone()
    };
    assert!(matches!(earlier("2026-12-31"), Gathered::Known(WaiverFact::StoodBefore { .. })));
    assert!(earlier("2026-11-30").known().is_none(), "its date was moved in this deployment");
}

#[test]
fn a_migration_whose_text_is_not_there_to_read_is_unknown() {
    let repository = |text: &str| {
        let repository =
            Repository::default().with("base", "a", "1").step("head", "T", &["db/MIGRATIONS/2.SQL"]);
        repository.with("head", "db/MIGRATIONS/2.SQL", text)
    };
    let fact = |repository: &Repository| {
        let answers = refusing();
        let world = World { transport: &answers, commands: &answers };
        let rules = ChecklistRules::runbook("production");
        let facts = gather(&rules, inquiry(Some("v0"), &|_| None), repository, &Desk, &world);
        facts.migrations["db/MIGRATIONS/2.SQL"].clone()
    };
    let why = |text: &str| match fact(&repository(text)) {
        Gathered::Unknown(gap) => gap.why,
        known => format!("{known:?}"),
    };
    assert_eq!(why("-> ../plain.txt"), "it is a link, which is not followed");
    assert_eq!(why("cp1252 DROP TABLE t;"), "it is neither UTF-8 nor UTF-16 text");
    assert_eq!(why("utf-16 DROP TABLE t;"), r#"Known(Some("DROP TABLE t;"))"#);
    let removed = Repository::default().step("head", "T", &["db/MIGRATIONS/2.SQL"]);
    assert_eq!(fact(&removed), Gathered::Known(None), "removed again later");
}

#[test]
fn test_files_of_other_sources_are_not_taken() {
    let file = |modified: Option<&str>, content: Result<&str, &str>| ResultFile {
        path: "r.xml".into(),
        modified: modified.map(|at| at.parse().unwrap()),
        content: content.map(|text| text.as_bytes().to_vec()).map_err(str::to_owned),
    };
    let committed = "2026-11-23T10:00:00Z".parse().ok();
    let xml = "<testsuite><testcase/></testsuite>";
    let own = "<testsuites name='runbook-gate'/>";
    let fact = |file| test_fact(file, committed);
    assert!(matches!(fact(file(Some("2026-11-23T10:00:00Z"), Ok(xml))), TestFact::Read(_)));
    assert!(matches!(fact(file(None, Ok(xml))), TestFact::Read(_)));
    assert!(matches!(fact(file(Some("2026-11-23T09:59:59Z"), Ok(xml))), TestFact::Unusable { .. }));
    assert!(matches!(fact(file(None, Ok("<testsuite>"))), TestFact::Unusable { .. }));
    assert!(matches!(fact(file(None, Err("denied"))), TestFact::Unusable { .. }));
    assert!(matches!(fact(file(None, Ok(own))), TestFact::Own { .. }));
}

#[test]
fn an_old_report_that_is_unpacked_late_is_known_by_its_own_words() {
    let fact = |time: &str| {
        let content = Ok(format!("<testsuite timestamp='{time}'><testcase/></testsuite>").into_bytes());
        let modified = "2026-11-23T11:00:00Z".parse().ok();
        test_fact(ResultFile { path: "r.xml".into(), modified, content }, "2026-11-23T10:00:00Z".parse().ok())
    };
    let cautions = |time: &str| match fact(time) {
        TestFact::Read(report) => Some(report.cautions.len()),
        _ => None,
    };
    for (time, expected) in [
        ("2026-11-23T10:30:00Z", Some(0)),
        ("2026-11-23T11:30:00+01:00", Some(0)),
        ("2026-11-23T10:30:00+01:00", None),
        ("2009-01-01T00:00:00Z", None),
        // Without an offset it may be of anywhere: only what is older everywhere is cautioned of.
        ("2026-11-23T00:00:00", Some(0)),
        ("2009-01-01T00:00:00", Some(1)),
        ("no time", Some(0)),
    ] {
        assert_eq!(cautions(time), expected, "{time}: {:?}", fact(time));
    }
}

#[test]
fn commands_and_documents_are_asked() {
    let json = |pointer: &str| {
        EvidenceRule::HttpJson(HttpJsonRule {
            address: crate::transport::Address::Connection("c".into()),
            pointer: pointer.into(),
            cmp: crate::criterion::Cmp::Less,
            threshold: crate::Finite::new(24.0).unwrap(),
        })
    };
    let asked_in = |environment: &str, rule: &EvidenceRule, answers: &Answers| {
        let mut rules = ChecklistRules::runbook(environment);
        let evidence = vec![rule.clone()];
        rules.items.retain(|item| item.id == RunbookItem::ChangeCommunicated.id());
        rules.items[0].evidence = evidence;
        match ask(&rules, &World { transport: answers, commands: answers }).as_slice() {
            [(_, Gathered::Known(CheckFact::Holds(_)))] => "holds",
            [(_, Gathered::Known(CheckFact::Fails(_)))] => "fails",
            [(_, Gathered::Unknown(_))] => "unknown",
            _ => "not asked",
        }
    };
    let asked = |rule: &EvidenceRule, answers: &Answers| asked_in("production", rule, answers);
    for (status, body, pointer, expected) in [
        (200, r#"{"age":3}"#, "/age", "holds"),
        (200, r#"{"age":30}"#, "/age", "fails"),
        (200, r#"{"age":"3"}"#, "/age", "unknown"),
        (200, r#"{"age":3}"#, "/other", "unknown"),
        (200, "<html>", "/age", "unknown"),
        (500, r#"{"age":3}"#, "/age", "unknown"),
    ] {
        let answers = Answers { status, body, ..refusing() };
        assert_eq!(asked(&json(pointer), &answers), expected, "{status} {body} {pointer}");
    }
    let command = EvidenceRule::Command(CommandSpec {
        signal: "evidence".parse().unwrap(),
        run: vec!["check".into()],
        every: crate::Duration::from_secs(1),
        timeout: crate::Duration::from_secs(1),
        retries: 0,
    });
    let exit = |code| Ok(CommandEnd::Exited { code, output: "why\n".into() });
    for (exit, expected) in [
        (exit(Some(0)), "holds"),
        (exit(Some(3)), "fails"),
        (exit(None), "unknown"),
        (Ok(CommandEnd::TimedOut), "unknown"),
        (refusing().exit, "unknown"),
    ] {
        assert_eq!(asked(&command, &Answers { exit, ..refusing() }), expected);
    }
    let fine = Answers { exit: exit(Some(0)), ..refusing() };
    assert_eq!(asked_in("staging", &command, &fine), "not asked", "the item concerns production alone");
    let image = EvidenceRule::Image("r.io/a:1".parse().unwrap());
    let missing = r#"{"errors":[{"code":"MANIFEST_UNKNOWN"}]}"#;
    for (status, body, expected) in [
        (200, r#"{"schemaVersion":2,"config":{}}"#, "holds"),
        (200, r#"{"schemaVersion":2,"manifests":[{}]}"#, "holds"),
        (200, r#"{"schemaVersion":2,"manifests":[]}"#, "fails"),
        (404, missing, "fails"),
        (401, "", "unknown"),
        (500, missing, "unknown"),
    ] {
        assert_eq!(asked(&image, &Answers { status, body, ..refusing() }), expected, "{status} {body}");
    }
    assert_eq!(asked(&EvidenceRule::Any(Vec::new()), &refusing()), "not asked");
}
