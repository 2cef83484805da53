//! A git repository in a gate's folder.

use std::path::Path;
use std::process::Command;

use crate::binary::Gate;

/// Runs git in a folder, as Ada, with nothing of the machine's configuration, and gives the line that it prints.
pub fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .args(["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"])
        .args(["-c", "tag.gpgsign=false", "-c", "init.defaultBranch=main"])
        .args(arguments)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Commits everything that is in a gate's folder.
pub fn commit(gate: &Gate, message: &str) -> String {
    if !gate.path(".git").exists() {
        git(gate.folder(), &["init", "-q"]);
    }
    git(gate.folder(), &["add", "-A"]);
    git(gate.folder(), &["commit", "-q", "--allow-empty", "-m", message]);
    git(gate.folder(), &["rev-parse", "HEAD"])
}
