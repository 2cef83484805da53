//! Microsoft's own contract between the gate and the fake Azure DevOps, and GitHub's between the gate and the fake GitHub:
//! `contract PRISM SPECIFICATION GITHUB LOG`.
//!
//! Prism stands between them as a proxy. It answers what the contract does not allow with an error, whichever side it came
//! from, and writes it into its log: a wrong path, parameter, version or body of the gate, a wrong field of the fake.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a check that is run by a script"
)]

mod github;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use runbook_gate_tests::channels::Channels;
use runbook_gate_tests::devops::incident::Incident;
use runbook_gate_tests::devops::releases::Releases;
use runbook_gate_tests::devops::scene::{GOOD_RUN, POLICY, RUN, Scene};
use runbook_gate_tests::devops::{Build, DeploymentRecord, Fault, ORGANISATION, TOKEN, Update};
use runbook_gate_tests::repository::git;

/// How long a proxy may take to start.
const START: Duration = Duration::from_secs(60);

type Check = fn(&Contract);

fn main() {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let mut next = || arguments.next().expect("contract PRISM SPECIFICATION GITHUB LOG");
    let contract = Contract { prism: next(), specification: next(), github: next(), log: next() };
    let checks: [(&str, Check); 16] = [
        ("a deployment in order", in_order),
        ("an environment's own record", environment),
        ("a run of another pipeline", built_elsewhere),
        ("a work item's changes", work_item),
        ("an item that is let pass", let_pass),
        ("a pull request's status and comment", pull_request),
        ("a policy of a branch", policy_of_a_branch),
        ("people who are told", telling),
        ("a follow-up ticket", ticket),
        ("a rollback plan and the history", past),
        ("a wrong answer is refused", wrong_answer),
        ("a wrong question is refused", wrong_question),
        ("a deployment from GitHub", github::deployment),
        ("what GitHub does not give", github::faults),
        ("a wrong answer of GitHub is refused", github::wrong_answer),
        ("a wrong question to GitHub is refused", github::wrong_question),
    ];
    for (name, check) in checks {
        check(&contract);
        println!("ok {name}");
    }
}

struct Contract {
    prism: PathBuf,
    specification: PathBuf,
    /// What puts GitHub's schema in front of a fake.
    github: PathBuf,
    log: PathBuf,
}

/// A contract in front of a fake.
struct Proxy {
    child: Child,
    port: u16,
    log: PathBuf,
}

impl Contract {
    /// A scene whose gate asks through Prism.
    fn between(&self, mut scene: Scene) -> (Scene, Proxy) {
        let proxy = self.before(scene.fake.port());
        scene.set("SYSTEM_COLLECTIONURI", &proxy.collection());
        (scene, proxy)
    }

    /// Prism in front of the service on a port.
    fn before(&self, service: u16) -> Proxy {
        self.started(|port| {
            let mut command = Command::new(&self.prism);
            command
                .args(["proxy", "--host", "127.0.0.1", "--port", &port.to_string(), "--errors"])
                .arg(&self.specification)
                .arg(format!("http://127.0.0.1:{service}"));
            command
        })
    }

    /// A proxy that a command starts on a port.
    fn started(&self, command: impl FnOnce(u16) -> Command) -> Proxy {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let log = File::create(&self.log).unwrap();
        let child = command(port)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("the proxy starts");
        let mut proxy = Proxy { child, port, log: self.log.clone() };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            let ended = proxy.child.try_wait().unwrap();
            assert!(ended.is_none() && begun.elapsed() < START, "the proxy did not start: {}", proxy.said());
            std::thread::sleep(Duration::from_millis(50));
        }
        proxy
    }

    /// Judges through Prism, which must have nothing to say; gives the requests that came through.
    fn keeps(&self, scene: Scene, more: &[&str], code: i32) -> Vec<String> {
        let (scene, proxy) = self.between(scene);
        let ended = scene.judge(more);
        let said = proxy.violations();
        assert!(said.is_empty(), "the contract is broken:\n{}", said.join("\n"));
        assert_eq!(ended.code, Some(code), "{}\n{}\n{}", ended.out, ended.err, proxy.said());
        scene.fake.lines()
    }
}

impl Proxy {
    fn collection(&self) -> String {
        format!("http://127.0.0.1:{}/{ORGANISATION}/", self.port)
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn violations(&self) -> Vec<String> {
        self.said().lines().filter(|line| line.contains("VIOLATIONS")).map(str::to_owned).collect()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // One that has ended already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn came(lines: &[String], part: &str) {
    assert!(lines.iter().any(|line| line.contains(part)), "nobody asked for {part}: {lines:#?}");
}

fn in_order(contract: &Contract) {
    let lines = contract.keeps(Scene::in_order(), &[], 0);
    for part in [
        "pullrequestquery",
        "/pullrequests/12?",
        "/threads?",
        "workitemsbatch",
        "/timeline?",
        "/artifacts?",
        "/test/runs?",
        "/results?",
        "resultsummarybybuild?",
        "/build/builds?",
        "/distributedtask/environments?",
    ] {
        came(&lines, part);
    }
}

fn environment(contract: &Contract) {
    let scene = Scene::in_order();
    {
        let mut state = scene.fake.state();
        state.builds.get_mut(&GOOD_RUN).unwrap().tags.clear();
        let record = DeploymentRecord {
            definition: 4,
            build: GOOD_RUN,
            attempt: 1,
            result: Some("succeeded".into()),
            finished: Some("2026-11-20T10:00:00Z".into()),
            ..DeploymentRecord::default()
        };
        state.environments.insert(2, ("live".into(), vec![record]));
    }
    came(&contract.keeps(scene, &[], 0), "environmentdeploymentrecords?");
}

fn built_elsewhere(contract: &Contract) {
    let mut scene = Scene::in_order();
    let head = {
        let mut state = scene.fake.state();
        let good = state.builds[&GOOD_RUN].commit.clone();
        let run = state.builds[&RUN].clone();
        let built = Build {
            number: "7".into(),
            definition: 3,
            status: "completed".into(),
            result: Some("succeeded".into()),
            ..run.clone()
        };
        state.builds.insert(50, Build { number: "6".into(), commit: good, ..built.clone() });
        state.builds.insert(51, built);
        state.builds.get_mut(&GOOD_RUN).unwrap().resources = vec![("app".into(), 3, "6".into())];
        run.commit
    };
    scene.set("RESOURCES_PIPELINE_APP_RUNID", "51");
    scene.set("RESOURCES_PIPELINE_APP_SOURCECOMMIT", &head);
    came(&contract.keeps(scene, &["--build", "app"], 0), "/pipelines/4/runs/100?");
}

fn work_item(contract: &Contract) {
    let scene = Scene::in_order();
    {
        let mut state = scene.fake.state();
        let text = "<ul><li>[x] backups-taken: snapshot 42</li></ul>";
        let item = state.work_items.get_mut(&7).unwrap();
        item.fields.insert("System.Description".into(), text.into());
        item.updates = vec![Update {
            by: "Linus".into(),
            when: "2026-11-24T08:00:00Z".into(),
            fields: [("System.Description".to_owned(), text.to_owned())].into_iter().collect(),
        }];
    }
    came(&contract.keeps(scene, &[], 0), "/workItems/7/updates?");
}

fn let_pass(contract: &Contract) {
    let scene = Scene::in_order();
    scene.fake.state().builds.get_mut(&RUN).unwrap().tests.clear();
    let lines = contract.keeps(scene, &["--waive", "tests-passing=the cluster is down"], 0);
    for part in ["/pipelines/approvals?", "/wit/wiql?", "/wit/workitems/$Task?"] {
        came(&lines, part);
    }
}

fn pull_request(contract: &Contract) {
    let mut scene = Scene::in_order();
    scene.build_pull_request(12);
    scene.fake.state().pull_requests.get_mut(&12).unwrap().description = Some("Nothing linked".into());
    let (scene, proxy) = contract.between(scene);
    let first = scene.judge(&["--post"]);
    scene.fake.state().pull_requests.get_mut(&12).unwrap().description =
        Some("ADR: 1\n- [x] rollback-plan: redeploy".into());
    let second = scene.judge(&["--post"]);
    let said = proxy.violations();
    assert!(said.is_empty(), "the contract is broken:\n{}", said.join("\n"));
    assert_eq!((first.code, second.code), (Some(10), Some(0)), "{}\n{}", second.err, proxy.said());
    let lines = scene.fake.lines();
    for part in [
        "POST /contoso/6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c/_apis/git/repositories/orders/pullRequests/12/threads?",
        "/statuses?",
        "/threads/3/comments/1?",
    ] {
        came(&lines, part);
    }
}

fn policy_of_a_branch(contract: &Contract) {
    let mut scene = Scene::in_order();
    scene.build_pull_request(12);
    let head = git(scene.gate.folder(), &["rev-parse", "HEAD"]);
    std::fs::write(scene.gate.path(".git/shallow"), format!("{head}\n")).unwrap();
    scene.fake.state().files.insert(("main".into(), "runbook.yml".into()), POLICY.into());
    came(&contract.keeps(scene, &[], 10), "/items?");
}

fn telling(contract: &Contract) {
    for known in [true, false] {
        let Incident { scene, service, channels } = Incident::with(Channels::open());
        if !known {
            scene.fake.state().builds.get_mut(&GOOD_RUN).unwrap().tags.clear();
        }
        let (scene, proxy) = contract.between(scene);
        let incident = Incident { scene, service, channels };
        for _ in 0..2 {
            let ended = incident.verify();
            assert_eq!(ended.code, Some(20), "{}\n{}", ended.err, proxy.said());
            for wrong in ["not told", "may come twice", "not remembered"] {
                assert!(!ended.err.contains(wrong), "{}\n{}", ended.err, proxy.said());
            }
        }
        // Another text of the comment: it is changed.
        incident.scene.fake.state().pull_requests.get_mut(&12).unwrap().threads[2].comments[0]
            .content
            .push('x');
        assert_eq!(incident.verify().code, Some(20));
        let said = proxy.violations();
        assert!(said.is_empty(), "the contract is broken:\n{}", said.join("\n"));
        assert_eq!((incident.channels.messages("teams").len(), incident.comments().len()), (1, 1));
        let lines = incident.scene.fake.lines();
        let changes =
            if known { "/build/changes?fromBuildId=100&toBuildId=101" } else { "/builds/101/changes?" };
        for part in [
            "/builds/101/tags?",
            "PUT /contoso/6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c/_apis/build/builds/101/tags/runbook-gate-told-rollback-slack-live?",
            changes,
            "pullrequestquery?",
            "/threads?",
            "/threads/3/comments/1?",
        ] {
            came(&lines, part);
        }
    }
}

fn ticket(contract: &Contract) {
    let Incident { scene, service, channels } = Incident::with(Channels::open());
    let (scene, proxy) = contract.between(scene);
    let incident = Incident { scene, service, channels };
    for more in [&["--dry-run"][..], &[], &["--dry-run"], &[]] {
        let ended = incident.run(&["rollback", "ticket"], more);
        assert_eq!(ended.code, Some(0), "{}\n{}", ended.err, proxy.said());
    }
    let said = proxy.violations();
    assert!(said.is_empty(), "the contract is broken:\n{}", said.join("\n"));
    assert_eq!(incident.tickets().len(), 1);
    let lines = incident.scene.fake.lines();
    for part in [
        "/wit/wiql?",
        "/wit/workitems/$Bug?validateOnly=true",
        "/wit/workitems/$Bug?api",
        "PATCH /contoso",
        "/updates?",
    ] {
        came(&lines, part);
    }
}

fn past(contract: &Contract) {
    let mut releases = Releases::with_a_past();
    releases.roll_back(101, 99, "proceed");
    let proxy = contract.before(releases.fake.port());
    releases.set("SYSTEM_COLLECTIONURI", &proxy.collection());
    let planned = releases.plan(&["--retain"]);
    let listed = releases.gate.run(&["history", "--environment", "production"]);
    let said = proxy.violations();
    assert!(said.is_empty(), "the contract is broken:\n{}", said.join("\n"));
    assert_eq!((planned.code, listed.code), (Some(0), Some(0)), "{}\n{}", planned.out, proxy.said());
    let lines = releases.fake.lines();
    for part in [
        "tagFilters=runbook-gate-proceed-production",
        "/attachments/runbook-gate.verdict?",
        "/attachments/runbook-gate.verdict/verdict.json?",
        "/builds/99?",
        "/builds/99/artifacts?",
        "/builds/99/leases?",
        "POST /contoso/6ce954b1-ce1f-45d1-b94d-e6bf2464ba2c/_apis/build/retention/leases?",
        "environmentdeploymentrecords?",
    ] {
        came(&lines, part);
    }
}

/// Otherwise nothing above would prove anything.
fn wrong_answer(contract: &Contract) {
    let scene = Scene::in_order();
    let fault = Fault { body: "{\"records\":5}".into(), ..Fault::error("/timeline", 200, "", "") };
    scene.fake.state().faults.push(fault);
    let (scene, proxy) = contract.between(scene);
    let ended = scene.judge(&[]);
    assert_eq!(ended.code, Some(10), "{}", ended.out);
    assert!(!proxy.violations().is_empty(), "{}", proxy.said());
}

fn wrong_question(contract: &Contract) {
    let (_scene, proxy) = contract.between(Scene::in_order());
    let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).unwrap();
    write!(
        stream,
        "GET /{ORGANISATION}/orders/_apis/build/builds?resultFilter=perfect&api-version=7.1 HTTP/1.0\r\nAuthorization: Bearer {TOKEN}\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 422 "), "{answer}");
}
