//! A checkout whose git takes very long: a checklist that is cancelled or out of time ends with what it has.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Command;

use runbook_gate_tests::binary::Ended;
use runbook_gate_tests::devops::scene::{Scene, item, status};

const REPORTED: [&str; 7] =
    ["checklist", "--format", "json", "--environment", "live", "--report-dir", "report"];

/// The real git behind one that does not come to an end where its arguments hold a word.
struct SlowGit {
    scene: Scene,
    begun: PathBuf,
    _bin: tempfile::TempDir,
}

impl SlowGit {
    fn at(word: &str) -> Self {
        let mut scene = Scene::in_order();
        let path = std::env::var("PATH").unwrap();
        let real =
            std::env::split_paths(&path).map(|folder| folder.join("git")).find(|git| git.is_file()).unwrap();
        let bin = tempfile::tempdir().unwrap();
        let begun = bin.path().join("begun");
        let script = format!(
            "#!/bin/sh\ncase \" $* \" in *\" {word} \"*)\n  sleep 600 &\n  echo $! > '{begun}.new'; mv '{begun}.new' '{begun}'; wait;;\nesac\nexec '{}' \"$@\"\n",
            real.display(),
            begun = begun.display(),
        );
        fs::write(bin.path().join("git"), script).unwrap();
        fs::set_permissions(bin.path().join("git"), fs::Permissions::from_mode(0o755)).unwrap();
        scene.set("PATH", &format!("{}:{path}", bin.path().display()));
        Self { scene, begun, _bin: bin }
    }

    /// Cancels the checklist while git is at it.
    fn cancelled(&self) -> Ended {
        let running = self.scene.gate.start(&REPORTED);
        while !self.begun.exists() {
            std::thread::yield_now();
        }
        running.signal("TERM");
        running.wait()
    }

    /// Whether what git started has ended with it.
    fn left_nothing(&self) -> bool {
        let process = fs::read_to_string(&self.begun).unwrap();
        let looked = Command::new("ps").args(["-o", "stat=", "-p", process.trim()]).output().unwrap();
        let state = String::from_utf8_lossy(&looked.stdout).trim().to_owned();
        state.is_empty() || state.starts_with('Z')
    }
}

fn is_reported(slow: &SlowGit) {
    let files = slow.scene.gate.files("report");
    assert_eq!(files, ["checklist.html", "checklist.json", "checklist.md"]);
}

#[test]
fn a_cancelled_checklist_does_not_wait_for_it_and_reports_what_it_has() {
    // The history, the tree, the contents: late, and in the middle of the gathering.
    for word in ["--topo-order", "ls-tree", "cat-file"] {
        let slow = SlowGit::at(word);
        let ended = slow.cancelled().with_code(10);
        assert!(
            ended.json()["reason"].as_str().unwrap().starts_with("cancelled by SIGINT or SIGTERM; "),
            "{word}"
        );
        assert_eq!(status(&ended, "artifacts-stored"), "satisfied", "{word}: it was gathered before");
        let found = item(&ended, "decisions-linked");
        assert_eq!(found["status"], "unknown", "{word}: {found}");
        let needs = found["needs"].to_string();
        assert!(
            needs.contains("git had not answered: it was interrupted by SIGINT or SIGTERM"),
            "{word}: {needs}"
        );
        is_reported(&slow);
        assert!(slow.left_nothing(), "{word}");
    }
}

#[test]
fn a_checklist_that_is_cancelled_before_git_said_anything_reports_too() {
    let slow = SlowGit::at("--show-toplevel");
    let ended = slow.cancelled().with_code(10);
    assert_eq!(ended.json()["decision"], "hold");
    for id in ["decisions-linked", "migrations-reviewed", "policy-reviewed"] {
        assert_eq!(status(&ended, id), "unknown", "{id}");
    }
    is_reported(&slow);
    assert!(slow.left_nothing());
}

#[test]
fn git_has_no_more_time_than_the_checklist() {
    let slow = SlowGit::at("--topo-order");
    let ended = slow.scene.gate.run(&[&REPORTED[..], &["--timeout", "2s"]].concat()).with_code(10);
    let found = item(&ended, "decisions-linked");
    assert_eq!(found["status"], "unknown", "{found}");
    let needs = found["needs"].to_string();
    assert!(
        needs.contains("git had not answered: the time of 2s is over; `--timeout` gives more"),
        "{needs}"
    );
    assert_eq!(status(&ended, "artifacts-stored"), "satisfied");
    assert!(!ended.json()["notes"].to_string().contains("interrupted"), "{}", ended.out);
    is_reported(&slow);
    assert!(slow.left_nothing());
}
