//! A pipeline that builds from GitHub: the record with the plan for the data is linked by a pull request there.

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::releases::Releases;
use runbook_gate_tests::github::{GitHub, Mood, Request};

use super::{answer, doubts, texts};

const TOKEN: &str = "ghp_canary-5c1d";

/// A bad release that drops a table; an accepted record has the plan for its data, and pull request 7 links it.
fn dropped() -> (Releases, GitHub) {
    let mut releases = Releases::with_a_past();
    releases.gate = std::mem::take(&mut releases.gate)
        .with_file(
            "docs/adr/0001-drop.md",
            "---\nstatus: accepted\n---\n# Drop orders\n\n## Data-level plan\n\nRestore the table from the snapshot of the night.\n",
        )
        .with_variable("GITHUB_TOKEN", TOKEN)
        .with_variable("BUILD_REPOSITORY_PROVIDER", "GitHub")
        .with_variable("BUILD_REPOSITORY_NAME", "contoso/orders")
        .with_variable("BUILD_REPOSITORY_URI", "https://github.com/contoso/orders");
    // The record comes by a commit of its own, so that the migration's own commit names none.
    releases.deploy(100);
    releases.gate =
        std::mem::take(&mut releases.gate).with_file("db/migrations/2.sql", "DROP TABLE orders;\n");
    releases.deploy(102);
    releases.judge(102, "rollback");
    releases.ask_from(102);
    let api = GitHub::start(Some(TOKEN));
    let commits = [101, 100, 102].map(|run| releases.fake.state().builds[&run].commit.clone());
    api.merged(
        7,
        Request {
            author: "ada".into(),
            body: Some("Decided in ADR-1.".into()),
            commits: commits.into(),
            branch: "main".into(),
            ..Request::default()
        },
    );
    (releases, api)
}

fn plan(releases: &Releases, api: &GitHub) -> Ended {
    releases.plan(&["--github-api", &api.url()]).with_code(0)
}

#[test]
fn the_plan_for_the_data_is_read_from_the_record_that_github_links() {
    let (releases, api) = dropped();
    let ended = plan(&releases, &api);
    assert_eq!(answer(&ended), (Some(99), false));
    let said = &doubts(&ended)[0];
    assert!(said.contains("the plan for its data is in docs/adr/0001-drop.md"), "{said}");
    assert!(!format!("{}{}", ended.out, ended.err).contains("canary-5c1d"));
}

#[test]
fn what_github_does_not_show_is_not_read_and_never_said_to_be_absent() {
    let (mut releases, api) = dropped();
    let unread = |ended: &Ended| {
        assert_eq!(answer(ended), (Some(99), false), "{}", ended.out);
        let said = doubts(ended).join("\n");
        assert!(said.contains("whether a record has a plan for its data was not read"), "{said}");
        assert!(!said.contains("no record has a plan"), "{said}");
        assert!(
            texts(&ended.json(), "doubts", "how").iter().any(|how| how.contains("find the record by hand"))
        );
    };
    for mood in [Mood::Limited, Mood::Down] {
        api.be(mood);
        unread(&plan(&releases, &api));
    }
    api.be(Mood::Well);
    releases.set("GITHUB_TOKEN", "another");
    unread(&plan(&releases, &api));
    // A server of one's own, whose API nobody named: the plan is made all the same.
    releases.set("BUILD_REPOSITORY_PROVIDER", "GitHubEnterprise");
    releases.set("BUILD_REPOSITORY_URI", "https://github.contoso.example/contoso/orders");
    let ended = releases.plan(&[]).with_code(0);
    assert!(ended.err.contains("give it with --github-api"), "{}", ended.err);
    unread(&ended);
}
