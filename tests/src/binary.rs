//! The built binary, run in an environment without surprises.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

use serde_json::Value;

/// One run of `runbook-gate`, in a folder of its own, with nothing of the caller's environment but the path.
pub struct Gate {
    folder: tempfile::TempDir,
    environment: BTreeMap<String, String>,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Default for Gate {
    fn default() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut environment = BTreeMap::new();
        for name in ["PATH", "TMPDIR", "SYSTEMROOT", "TEMP"] {
            if let Ok(value) = std::env::var(name) {
                environment.insert(name.to_owned(), value);
            }
        }
        Self { folder, environment }
    }
}

impl Gate {
    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.insert(name.to_owned(), value.to_owned());
        self
    }

    /// Writes a file into its folder.
    #[must_use]
    pub fn with_file(self, name: &str, text: &str) -> Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("the file's folder");
        std::fs::write(path, text).expect("a file");
        self
    }

    /// Where a file of its folder is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A file of its folder.
    pub fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The names of the files in a folder of its folder, in order.
    pub fn files(&self, name: &str) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.path(name)) else { return Vec::new() };
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        let output = self.command(arguments).output().expect("the binary runs");
        Ended::of(output)
    }

    /// Runs it to its end in another folder.
    pub fn run_in(&self, folder: &Path, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).current_dir(folder).output().expect("the binary runs"))
    }

    /// Runs it to its end with its standard output somewhere else than in the [`Ended`].
    pub fn run_into(&self, out: impl Into<Stdio>, arguments: &[&str]) -> Ended {
        Ended::of(self.command(arguments).stdout(out).output().expect("the binary runs"))
    }

    /// Runs a line of the shell in its folder and environment; the binary is `$GATE` there.
    #[cfg(unix)]
    pub fn run_in_shell(&self, line: &str) -> Ended {
        let mut command = Command::new("sh");
        command.args(["-c", line]).env_clear().envs(&self.environment).env("GATE", binary());
        Ended::of(
            command.current_dir(self.folder.path()).stdin(Stdio::null()).output().expect("a shell runs"),
        )
    }

    /// Starts it.
    pub fn start(&self, arguments: &[&str]) -> Running {
        let child = self.command(arguments).spawn().expect("the binary runs");
        Running { child }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .env_clear()
            .envs(&self.environment)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

/// A run that has not ended.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Sends it a signal, such as `INT`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(sent.expect("kill runs").success(), "the process has ended already");
    }

    /// Waits until it has a handler for SIGTERM: the first moment in which a signal does not kill it.
    #[cfg(target_os = "linux")]
    pub fn wait_until_it_hears(&self) {
        const SIGTERM: u32 = 15;
        let started = std::time::Instant::now();
        loop {
            let status =
                std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("its status");
            let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).map(str::trim);
            let caught = caught.and_then(|mask| u64::from_str_radix(mask, 16).ok()).unwrap_or_default();
            if caught >> (SIGTERM - 1) & 1 == 1 {
                return;
            }
            assert!(started.elapsed().as_secs() < 60, "it never heard signals");
            std::hint::spin_loop();
        }
    }

    /// Waits for its end.
    pub fn wait(self) -> Ended {
        Ended::of(self.child.wait_with_output().expect("its output"))
    }
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("output is UTF-8");
        Self { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Itself, once it has ended with this code.
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "standard output:\n{}\nstandard error:\n{}", self.out, self.err);
        self
    }

    /// The one JSON object on standard output.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error} in {}", self.out))
    }
}

/// The binary beside this test: cargo gives its path only to tests of its own package.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let here = std::env::current_exe().expect("the path of this test");
        let folder = here.parent().expect("the folder of this test");
        // Tests lie one deeper than programs.
        let tests = folder.file_name().is_some_and(|name| name == "deps");
        let profile = if tests { folder.parent().expect("the folder of the profile") } else { folder };
        let path = profile.join(format!("runbook-gate{}", std::env::consts::EXE_SUFFIX));
        let fresh = modified(&path).is_some_and(|built| built >= newest_source());
        assert!(
            fresh,
            "{} is missing or older than its sources: run `cargo build -p runbook-gate-task{}` first",
            path.display(),
            if profile.ends_with("release") { " --release" } else { "" }
        );
        path
    })
}

fn modified(path: &Path) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

/// When the newest source of the binary was changed.
fn newest_source() -> SystemTime {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace");
    let mut folders = vec![root.join("lib/src"), root.join("task/src")];
    let mut newest = SystemTime::UNIX_EPOCH;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                newest = newest.max(modified(&path).expect("its time"));
            }
        }
    }
    newest
}
