//! Decision records as the report names them: pages elsewhere, statuses that are not understood, files that cannot be read.

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::scene::{Scene, item, status};

/// The checklist of a deployment whose pull request says this alone of its records.
fn judged(says: &str, file: &str, content: &[u8]) -> (Ended, String) {
    let mut scene = Scene::in_order();
    let path = scene.gate.path(file);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, content).unwrap();
    let number = scene.merge("src/next.txt", "changed");
    scene.fake.state().pull_requests.get_mut(&number).unwrap().description =
        Some(format!("{says}\n\n- [x] rollback-plan: redeploy\n"));
    let ended = scene.judge(&["--report-dir", "out"]);
    let summary = scene.gate.read("out/checklist.md");
    (ended, summary)
}

#[test]
fn a_page_elsewhere_is_said_and_stands_for_no_record_of_this_repository() {
    const WIKI: &str = "_wiki/wikis/w/1/ADR-0001-Use-x";
    for place in ["dev.azure.com/contoso/orders", "contoso.visualstudio.com/orders"] {
        let (ended, _) = judged(&format!("See https://{place}/{WIKI}"), "src/notes.txt", b"x");
        assert_eq!(status(&ended.with_code(0), "decisions-linked"), "satisfied", "{place}");
    }
    for place in [
        "dev.azure.com.evil.example/contoso/orders",
        "dev.azure.com@evil.example/contoso/orders",
        "dev.azure.com/contoso/billing",
        "dev.azure.com/fabrikam/orders",
        "fabrikam.visualstudio.com/orders",
    ] {
        let link = format!("https://{place}/{WIKI}");
        let (ended, summary) = judged(&format!("See [ADR-1]({link})"), "src/notes.txt", b"x");
        let ended = ended.with_code(10);
        assert_eq!(status(&ended, "decisions-linked"), "unknown", "{place}");
        let cautions = item(&ended, "decisions-linked")["cautions"].to_string();
        assert!(cautions.contains("a link elsewhere, not counted"), "{cautions}");
        assert!(summary.contains("a link elsewhere, not counted"), "{summary}");
    }
}

#[test]
fn a_status_that_is_not_understood_is_quoted_with_its_place() {
    let record = b"# Use y\n\n- Date: 2026-01-02\n- Status: Accepted with reservations\n";
    let (ended, summary) = judged("ADR: 2", "docs/adr/0002-y.md", record);
    let ended = ended.with_code(10);
    assert_eq!(status(&ended, "decisions-linked"), "unsatisfied");
    let need = &item(&ended, "decisions-linked")["needs"][0];
    let what = need["what"].as_str().unwrap();
    assert!(what.contains("`Accepted with reservations` (docs/adr/0002-y.md:4) is not understood"), "{what}");
    assert!(need["how"].as_str().unwrap().contains("write `Accepted` there"), "{need}");
    assert!(summary.contains("Accepted with reservations"), "{summary}");
}

#[test]
fn a_record_that_cannot_be_read_is_unknown_with_its_reason() {
    let mut large = b"---\nstatus: accepted\n---\n# Use y\n".to_vec();
    large.resize(1024 * 1024 + 1, b'\n');
    let mut whole = large.clone();
    whole.pop();
    let binary = b"---\nstatus: accepted\n---\n\x00\xff\xfe\n";
    for (content, state, words) in [
        (&whole[..], "satisfied", ""),
        (&large, "unknown", "too large to read (1048577 bytes; at most 1048576 are read)"),
        (binary, "unknown", "it is binary, or of another encoding than UTF-8"),
    ] {
        let (ended, _) = judged("ADR: 2", "docs/adr/0002-y.md", content);
        let item = item(&ended, "decisions-linked");
        assert_eq!(item["status"], state, "{item}");
        assert!(item["because"].as_str().unwrap().contains(words), "{item}");
    }
}
