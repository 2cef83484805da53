//! A real Prometheus server on loopback, with a past that a test writes.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long a server may take to open its storage.
const READY_WITHIN: Duration = Duration::from_secs(60);

/// A running server; it ends with this value.
#[derive(Debug)]
pub struct Prometheus {
    child: Child,
    port: u16,
    _folder: TempDir,
}

/// The past of a server: samples in OpenMetrics.
#[derive(Clone, Debug, Default)]
pub struct Past {
    text: String,
}

impl Past {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one series: what stands before the value, `up{job="a"}`, and its samples (seconds since the epoch, value).
    pub fn series(&mut self, series: &str, samples: impl IntoIterator<Item = (f64, f64)>) {
        for (at, value) in samples {
            // Writing to a text cannot fail.
            let _ = writeln!(self.text, "{series} {value} {at}");
        }
    }

    /// The text, without the end mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Prometheus {
    /// Starts a server that knows this past.
    ///
    /// # Panics
    /// Where the programs are not installed, or the server does not start: a test cannot go on.
    #[must_use]
    pub fn with(past: &Past) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        fs::create_dir(&data).expect("a data folder");
        if !past.text.is_empty() {
            backfill(folder.path(), &data, past);
        }
        let config = folder.path().join("prometheus.yml");
        fs::write(&config, "global: {}\n").expect("a configuration");
        // Between finding a free port and using it, another process may take it: then the next one is tried.
        for _ in 0..5 {
            let port = free_port();
            let mut child = start(&config, &data, port, folder.path());
            if ready(&mut child, port) {
                return Self { child, port, _folder: folder };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        let log = fs::read_to_string(folder.path().join("log")).unwrap_or_default();
        panic!("Prometheus did not start:\n{log}");
    }

    /// Its base URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Its port on 127.0.0.1.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A port of 127.0.0.1 that nobody listened on a moment ago.
///
/// # Panics
/// Where there is none.
#[must_use]
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        // Never one that another test of this process was given and has not opened yet.
        if GIVEN.lock().expect("no test ends while it holds this").insert(port) {
            return port;
        }
    }
}

/// # Panics
/// Where the programs are missing: a test that needs them must not pass without them.
fn program(name: &str) -> Command {
    let known = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(name).is_file());
    assert!(
        known,
        "`{name}` is not installed, and this test needs the real one: run `apt-get install -y prometheus` (scripts/test does)"
    );
    Command::new(name)
}

fn backfill(folder: &Path, data: &Path, past: &Past) {
    let input = folder.join("past.om");
    fs::write(&input, format!("{}# EOF\n", past.text)).expect("the past as a file");
    let output = program("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([&input, data])
        .output()
        .expect("promtool starts");
    assert!(output.status.success(), "promtool: {}", String::from_utf8_lossy(&output.stderr));
}

fn start(config: &Path, data: &Path, port: u16, folder: &Path) -> Child {
    let log = fs::File::create(folder.join("log")).expect("a log file");
    program("prometheus")
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", data.display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .args(["--storage.tsdb.retention.time=100y", "--log.level=warn"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .expect("prometheus starts")
}

/// Waits until the server answers that it is ready; `false` where it ended instead.
fn ready(child: &mut Child, port: u16) -> bool {
    let begun = Instant::now();
    while begun.elapsed() < READY_WITHIN {
        if !matches!(child.try_wait(), Ok(None)) {
            return false;
        }
        if is_ready(port) {
            return true;
        }
        sleep(Duration::from_millis(50));
    }
    false
}

fn is_ready(port: u16) -> bool {
    use runbook_gate::transport::{Address, Request, Transport};
    let Ok(url) = format!("http://127.0.0.1:{port}").parse() else { return false };
    let timeout = runbook_gate::Duration::from_secs(5);
    let request = Request::get(Address::Url(url), "/-/ready".to_owned(), timeout);
    crate::network::Loopback.send(&request).is_ok_and(|response| response.status == 200)
}
