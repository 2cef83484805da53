//! The images of the version that is gone back to: proved by the digest that its own gate recorded, and by nothing else.

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::releases::{POLICY, Releases, decision};
use runbook_gate_tests::registry::{Access, Registry, digest};
use serde_json::json;

use super::{answer, doubts, passed_over, texts};

/// `puller:canary-7f3a` as a password.
const BASIC: &str = "Basic cHVsbGVyOmNhbmFyeS03ZjNh";

fn manifest(run: u64) -> String {
    format!("{{\"schemaVersion\":2,\"config\":{{\"size\":{run}}},\"layers\":[]}}")
}

/// A past whose versions have an image each, in a registry; the bad one too. Gates recorded which they were.
fn with_images(registry: &str, recorded: bool) -> Releases {
    let mut releases = Releases::with_a_past();
    let item = format!(
        "artifacts-stored: {{ evidence: [{{ image: \"{registry}/orders:${{BUILD_BUILDNUMBER}}\" }}] }}"
    );
    releases.gate = std::mem::take(&mut releases.gate)
        .with_file("runbook.yml", &format!("{POLICY}checklist: {{ {item} }}\n"))
        .with_variable("PULL", "basic:puller:canary-7f3a");
    for run in [98, 99] {
        let mut good = decision(run, run, "deployment", "proceed", run);
        if recorded {
            let image = format!("{registry}/orders:2026.{run}");
            good["images"] = json!([{ "image": image, "digest": digest(&manifest(run)) }]);
        }
        releases.change(run, |build| build.attachments.clear());
        releases.attach(run, &good);
    }
    releases
}

fn registry() -> Registry {
    let registry = Registry::start(Access::Open);
    for run in [98, 99, 101] {
        registry.push("orders", &format!("2026.{run}"), &manifest(run));
    }
    registry
}

fn proved(ended: &Ended) -> bool {
    ended.json()["target"]["artifacts_proved"] == true
}

#[test]
fn an_image_is_proved_by_the_digest_that_its_gate_recorded() {
    let registry = registry();
    let releases = with_images(&registry.host(), true);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!((answer(&ended), doubts(&ended), proved(&ended)), ((Some(99), true), Vec::new(), true));
    let plan = ended.json();
    let artifacts = texts(&plan["target"], "artifacts", "details");
    assert!(artifacts.contains(&digest(&manifest(99))), "{artifacts:?}");
    let asked: Vec<String> = registry.asked().iter().map(|asked| asked.path().to_owned()).collect();
    assert_eq!(asked, ["/v2/orders/manifests/2026.99"], "of one version, and not of the bad one");
}

#[test]
fn a_tag_that_was_moved_is_said_and_nothing_is_proved() {
    let registry = registry();
    let releases = with_images(&registry.host(), true);
    let moved = registry.push("orders", "2026.99", &manifest(7));
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!((answer(&ended), proved(&ended)), ((Some(99), false), false));
    let said = &doubts(&ended)[0];
    assert!(said.contains("orders:2026.99 is another one now") && said.contains(&moved), "{said}");
    assert!(said.contains(&digest(&manifest(99))), "{said}");
}

#[test]
fn a_version_whose_image_is_gone_is_passed_over() {
    let registry = registry();
    let releases = with_images(&registry.host(), true);
    registry.remove("orders", "2026.99");
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!((answer(&ended), doubts(&ended)), ((Some(98), true), Vec::new()));
    let why =
        format!("2026.99: its image {}/orders:2026.99 is not in its registry any more", registry.host());
    assert_eq!(passed_over(&ended), [why]);
}

#[test]
fn a_registry_that_gives_no_certain_answer_proves_nothing_and_says_what_would() {
    let registry = registry();
    let releases = with_images(&registry.host(), true);
    let connection = format!("give a connection for {} whose user may pull orders", registry.url());
    for (access, why, how) in [
        (
            Access::Token(BASIC.into()),
            "does not let this caller read orders (status 401)",
            connection.as_str(),
        ),
        (Access::Password(BASIC.into()), "(status 401)", "the role AcrPull"),
        (Access::Throttled, "has had too many requests", "plan the rollback again later"),
        (Access::SignInPage, "is of no use", "let the registry answer, and plan the rollback again"),
        (Access::Realm("https://elsewhere.example/token".into()), "not its own host", "name the artifact"),
    ] {
        registry.allow(access.clone());
        let ended = releases.plan(&[]).with_code(0);
        assert_eq!((answer(&ended), proved(&ended)), ((Some(99), false), false), "{access:?}");
        assert!(doubts(&ended)[0].contains(why), "{access:?}: {:?}", doubts(&ended));
        let said = texts(&ended.json(), "doubts", "how").join("\n");
        assert!(said.contains(how), "{access:?}: {said}");
    }
    // A repository that is not shown, and a registry that is not there.
    for host in [format!("{}/hidden", registry.host()), "127.0.0.1:9".to_owned()] {
        registry.allow(Access::Open);
        let ended = with_images(&host, true).plan(&[]).with_code(0);
        assert_eq!((answer(&ended), proved(&ended)), ((Some(99), false), false), "{host}");
        assert!(doubts(&ended)[0].starts_with("whether the image "), "{:?}", doubts(&ended));
    }
}

#[test]
fn what_is_private_is_opened_by_a_connection_whose_secret_is_found_nowhere() {
    let registry = registry();
    let releases = with_images(&registry.host(), true);
    registry.allow(Access::Token(BASIC.into()));
    let connection = format!("acr={}", registry.url());
    let ended = releases.plan(&["--connection", &connection, "--connection-token", "acr=PULL"]).with_code(0);
    assert_eq!((answer(&ended), proved(&ended)), ((Some(99), true), true), "{:?}", doubts(&ended));
    assert!(!format!("{}{}", ended.out, ended.err).contains("canary-7f3a"));
}

#[test]
fn an_older_record_names_no_image_and_the_policys_is_asked_for_as_it_was_then() {
    let registry = registry();
    let releases = with_images(&registry.host(), false);
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!((answer(&ended), proved(&ended)), ((Some(99), false), false));
    let said = &doubts(&ended)[0];
    assert!(said.contains("orders:2026.99 is stored as") && said.contains("is not recorded"), "{said}");
    assert!(
        registry.asked().iter().all(|asked| !asked.path().contains("2026.101")),
        "today's is the bad one"
    );
    // That a name without a record is not found may be the name's fault: nothing is passed over for it.
    registry.remove("orders", "2026.99");
    let ended = releases.plan(&[]).with_code(0);
    assert_eq!(answer(&ended), (Some(99), false));
    assert!(doubts(&ended)[0].contains("its registry has no such image"), "{:?}", doubts(&ended));
}

#[test]
fn what_a_record_calls_an_image_is_not_believed_to_be_one() {
    let releases = Releases::with_a_past();
    for name in
        ["", "orders", "https://r.example/orders:1", "r.example/../orders:1", "##vso[task.complete]x:1"]
    {
        let mut good = decision(99, 99, "deployment", "proceed", 99);
        good["images"] = json!([{ "image": name, "digest": "sha256:1" }]);
        releases.change(99, |build| build.attachments.clear());
        releases.attach(99, &good);
        let ended = releases.plan(&[]).with_code(0);
        assert_eq!((answer(&ended), proved(&ended)), ((Some(99), false), false), "{name}");
    }
}
