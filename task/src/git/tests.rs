//! Against the real git.

use std::fs;
use std::process::Command;

use runbook_gate::checklist::{ChangedPath, PathChange};
use tempfile::TempDir;

use super::*;

struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        let this = Self(TempDir::new().unwrap());
        this.git(&["init", "-q", "-b", "main"]);
        this
    }

    fn git(&self, arguments: &[&str]) -> String {
        let output = Command::new("git")
            .args([
                "-c",
                "user.name=Ada",
                "-c",
                "user.email=ada@example.com",
                "-c",
                "commit.gpgsign=false",
                "-c",
                "tag.gpgsign=false",
            ])
            .args(arguments)
            .current_dir(self.0.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commit(&self, path: &str, text: &str, message: &str) -> String {
        let file = self.0.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
        self.git(&["add", "-A"]);
        self.git(&["commit", "-q", "--allow-empty", "-m", message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn open(&self) -> GitCheckout {
        let environment = std::env::vars().collect();
        GitCheckout::open(self.0.path(), &environment).unwrap()
    }
}

#[test]
fn steps_carry_what_they_merged_and_what_they_changed() {
    let repository = Repository::new();
    repository.commit("a.txt", "1", "First");
    repository.git(&["tag", "v1"]);
    repository.git(&["checkout", "-q", "-b", "topic"]);
    repository.commit("b.txt", "1", "Topic one\n\nADR: 12");
    repository.commit("b.txt", "2", "Topic two");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit("a.txt", "2", "Direct");
    repository.git(&["merge", "-q", "--no-ff", "topic", "-m", "Merge topic"]);
    let head = repository.git(&["rev-parse", "HEAD"]);
    let checkout = repository.open();
    let (tag, base) = checkout.last_tag(&head).unwrap().unwrap();
    assert_eq!(tag, "v1");
    let history = checkout.history(Some(&base), &head).unwrap();
    let titles: Vec<&str> = history.steps.iter().map(|step| step.commit.title.as_str()).collect();
    assert_eq!(titles, ["Merge topic", "Direct"]);
    let merge = &history.steps[0];
    assert_eq!(merge.merged.len(), 2);
    assert!(merge.messages.iter().any(|message| message.contains("ADR: 12")));
    assert_eq!(merge.paths, [ChangedPath { path: "b.txt".into(), how: PathChange::Added }]);
    assert_eq!(history.steps[1].paths, [ChangedPath { path: "a.txt".into(), how: PathChange::Modified }]);
    assert_eq!(merge.author, "Ada");
    let whole = checkout.history(None, &head).unwrap();
    assert_eq!(whole.steps.len(), 3, "the root commit too");
    assert_eq!(whole.steps[2].paths, [ChangedPath { path: "a.txt".into(), how: PathChange::Added }]);
}

#[test]
fn renames_and_deletions_are_told_apart() {
    let repository = Repository::new();
    let base = repository.commit("a.txt", "some text that stays\nthe same\n", "First");
    repository.git(&["mv", "a.txt", "c d\ne.txt"]);
    let head = repository.commit("b.txt", "b", "Second");
    let paths = repository.open().history(Some(&base), &head).unwrap().steps.remove(0).paths;
    let expected = [
        ChangedPath { path: "b.txt".into(), how: PathChange::Added },
        ChangedPath { path: "c d\ne.txt".into(), how: PathChange::Modified },
        ChangedPath { path: "a.txt".into(), how: PathChange::Deleted },
    ];
    assert_eq!(paths, expected);
}

#[test]
fn files_are_those_of_the_commit_and_not_of_the_folder() {
    let repository = Repository::new();
    repository.commit("docs/a b.md", "one\n", "First");
    let head = repository.commit("empty.md", "", "Second");
    fs::write(repository.0.path().join("docs/a b.md"), "changed").unwrap();
    fs::write(repository.0.path().join("new.md"), "new").unwrap();
    let checkout = repository.open();
    let files = checkout.files(&head).unwrap();
    let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
    assert_eq!(paths, ["docs/a b.md", "empty.md"]);
    let wanted: Vec<&TreeFile> = files.iter().collect();
    assert_eq!(checkout.read(&wanted).unwrap(), [b"one\n".to_vec(), Vec::new()]);
    assert_eq!(checkout.uncommitted().unwrap(), ["docs/a b.md"]);
}

#[test]
fn a_name_is_never_taken_for_an_option() {
    let repository = Repository::new();
    repository.commit("a.txt", "1", "First");
    let checkout = repository.open();
    let leak = repository.0.path().join("leak");
    for name in [
        format!("--output={}", leak.display()),
        "--help".into(),
        "-1".into(),
        "".into(),
        "a\nb".into(),
        "HEAD:a.txt".into(),
    ] {
        assert!(matches!(checkout.commit(&name), Err(CheckoutError::UnknownCommit(_))), "{name}");
    }
    assert!(!leak.exists());
}

#[test]
fn the_last_tag_is_not_on_the_commit_itself() {
    let repository = Repository::new();
    repository.commit("a.txt", "1", "First");
    repository.git(&["tag", "v1"]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    let checkout = repository.open();
    assert_eq!(checkout.last_tag(&first).unwrap(), None);
    repository.commit("a.txt", "2", "Second");
    repository.git(&["tag", "-a", "v2", "-m", "Two"]);
    let second = repository.git(&["rev-parse", "HEAD"]);
    assert_eq!(checkout.last_tag(&second).unwrap(), Some(("v1".into(), first)));
    repository.commit("a.txt", "3", "Third");
    let third = repository.git(&["rev-parse", "HEAD"]);
    assert_eq!(checkout.last_tag(&third).unwrap(), Some(("v2".into(), second)));
}

#[test]
fn a_shallow_clone_says_what_it_lacks() {
    let repository = Repository::new();
    let first = repository.commit("a.txt", "1", "First");
    repository.commit("a.txt", "2", "Second");
    let clone = TempDir::new().unwrap();
    let from = format!("file://{}", repository.0.path().display());
    let target = clone.path().join("c");
    repository.git(&["clone", "-q", "--depth", "1", &from, target.to_str().unwrap()]);
    let checkout = GitCheckout::open(&target, &std::env::vars().collect()).unwrap();
    let head = checkout.commit("HEAD").unwrap().id;
    assert!(matches!(checkout.history(None, &head), Err(CheckoutError::Shallow(_))));
    assert!(matches!(checkout.commit(&first), Err(CheckoutError::Shallow(_))));
}

#[test]
fn no_repository_is_said() {
    let folder = TempDir::new().unwrap();
    let opened = GitCheckout::open(folder.path(), &std::env::vars().collect());
    assert!(matches!(opened, Err(CheckoutError::NoRepository(_))));
}

mod reused;

#[test]
fn remotes_are_read() {
    let repository = Repository::new();
    repository.git(&["remote", "add", "origin", "git@github.com:contoso/orders.git"]);
    assert_eq!(repository.open().remotes().unwrap(), ["git@github.com:contoso/orders.git"]);
}
