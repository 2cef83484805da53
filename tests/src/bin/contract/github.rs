//! GitHub's published GraphQL schema between the gate and the fake GitHub. It judges both: each question of the binary, and each
//! answer of the fake by the question's types.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use runbook_gate_tests::devops::scene::Scene;
use runbook_gate_tests::github::{GitHub, GraphQl, Request, comment, review};
use runbook_gate_tests::repository::git;
use serde_json::Value;

use super::{Contract, Proxy};

const TOKEN: &str = "ghp_contract";

/// A scene on GitHub, which is asked through the schema.
fn between(contract: &Contract) -> (Scene, GitHub, Proxy) {
    let mut scene = Scene::in_order();
    let api = GitHub::start(Some(TOKEN));
    api.takes_over(&mut scene, TOKEN);
    let upstream = api.url().trim_end_matches("/api/v3").rsplit(':').next().unwrap().to_owned();
    let proxy = contract.started(|port| {
        let mut command = Command::new("node");
        command.arg(&contract.github).args([port.to_string(), upstream.clone()]);
        command
    });
    (scene, api, proxy)
}

fn judged(scene: &Scene, proxy: &Proxy) -> Value {
    let url = format!("http://127.0.0.1:{}/api/v3", proxy.port);
    scene.judge(&["--github-api", &url]).with_code(10).json()
}

fn kept(proxy: &Proxy) {
    let said = proxy.violations();
    assert!(said.is_empty(), "the contract is broken:\n{}", said.join("\n"));
    assert!(proxy.said().contains("kept by"), "nothing was asked in GraphQL: {}", proxy.said());
}

fn approved(report: &Value) -> bool {
    report["changes"].as_array().unwrap().iter().any(|change| !change["votes"].as_array().unwrap().is_empty())
}

/// Everything that a deployment asks for: pull requests, people, apps, deleted accounts, labels, several pages of each.
pub fn deployment(contract: &Contract) {
    let (scene, api, proxy) = between(contract);
    assert!(approved(&judged(&scene, &proxy)));
    kept(&proxy);
    let head = git(scene.gate.folder(), &["rev-parse", "HEAD"]);
    let mut app = review("merger[bot]", "APPROVED", "NONE");
    app["user"]["type"] = "Bot".into();
    let mut deleted = review("x", "DISMISSED", "CONTRIBUTOR");
    deleted["user"] = Value::Null;
    let said = |login: &str| comment(login, "MEMBER", "words", "2026-11-24T09:00:00Z");
    api.merged(
        12,
        Request {
            author: "merger[bot]".into(),
            commits: vec![head.clone()],
            branch: "main".into(),
            reviews: vec![
                app,
                deleted,
                review("bob", "COMMENTED", "MEMBER"),
                review("bob", "APPROVED", "MEMBER"),
            ],
            comments: vec![said("bob"), said("eve"), said("carol")],
            labels: ["a", "b", "c"].map(str::to_owned).to_vec(),
            ..Request::default()
        },
    );
    for number in 20..24 {
        api.merged(
            number,
            Request { commits: vec![head.clone()], branch: "other".into(), open: true, ..Request::default() },
        );
    }
    api.page_by(2);
    assert!(approved(&judged(&scene, &proxy)));
    kept(&proxy);
    assert!(api.asked().iter().all(|asked| asked.path() == "/api/graphql"), "{:?}", api.asked());
}

/// Answers with errors are results too: a null may stand only where the schema lets it.
pub fn faults(contract: &Contract) {
    let (scene, api, proxy) = between(contract);
    for field in
        ["object", "associatedPullRequests", "pullRequest", "reviews", "comments", "labels", "author"]
    {
        api.take(GraphQl::Failing(field, "FORBIDDEN", "Resource not accessible by integration"));
        assert!(judged(&scene, &proxy)["changes"][0]["votes"].is_null(), "{field}");
    }
    for graphql in [
        GraphQl::Gaps("associatedPullRequests"),
        GraphQl::Gaps("reviews"),
        GraphQl::Erring(Some("RATE_LIMITED"), "API rate limit exceeded"),
    ] {
        api.take(graphql);
        assert!(judged(&scene, &proxy)["changes"][0]["votes"].is_null());
    }
    kept(&proxy);
}

/// Otherwise nothing above would prove anything.
pub fn wrong_answer(contract: &Contract) {
    let (scene, api, proxy) = between(contract);
    // A title is never null.
    api.take(GraphQl::Failing("title", "FORBIDDEN", "x"));
    assert!(judged(&scene, &proxy)["changes"][0]["votes"].is_null());
    assert!(
        proxy.violations().iter().any(|line| line.contains("answer") && line.contains("title")),
        "{}",
        proxy.said()
    );
}

/// The same.
pub fn wrong_question(contract: &Contract) {
    let (_scene, _api, proxy) = between(contract);
    for (body, wrong) in [
        ("{\"query\":\"{repository(owner:\\\"a\\\",name:\\\"b\\\"){nmae}}\"}", "nmae"),
        (
            "{\"query\":\"query($o:String!){repository(owner:$o,name:\\\"b\\\"){name}}\",\"variables\":{\"o\":7}}",
            "$o",
        ),
    ] {
        let mut stream = TcpStream::connect(("127.0.0.1", proxy.port)).unwrap();
        write!(stream, "POST /api/graphql HTTP/1.0\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.contains(" 422 ") && answer.contains(wrong), "{answer}");
    }
}
