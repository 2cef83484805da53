//! The processes of commands: each command leads a group of its own, and what it started ends with it.
//!
//! A process that leaves the group (`setsid`, a daemon) would outlive the gate. On Linux this process therefore adopts what its commands leave behind, and
//! knows it by a variable that each command's processes inherit. Elsewhere such a process goes on.

use std::io;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// By this variable the processes of one command are known.
const MARK: &str = "RUNBOOK_GATE_COMMAND";

/// The processes of all commands. Clones are the same.
#[derive(Clone)]
pub struct Processes(Arc<Started>);

struct Started {
    /// The beginning of every mark.
    own: String,
    count: AtomicU64,
    leaders: Mutex<Vec<u32>>,
}

/// The processes of one command. They end when it is dropped.
pub struct Tree {
    leader: u32,
    mark: String,
    all: Processes,
}

impl Default for Processes {
    fn default() -> Self {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let own = format!("{}.{}.", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        Self(Arc::new(Started { own, count: AtomicU64::new(0), leaders: Mutex::default() }))
    }
}

impl Processes {
    /// Starts a command. Its standard streams are the caller's choice.
    ///
    /// # Errors
    /// Where it cannot be started.
    pub fn start(&self, command: &mut Command) -> io::Result<(Child, Tree)> {
        // The dot ends the number: no mark begins another one.
        let mark = format!("{}{}.", self.0.own, self.0.count.fetch_add(1, Ordering::Relaxed));
        command.env(MARK, &mark);
        system::own_group(command);
        system::adopt();
        // Whoever looks for the leaders sees this one as soon as it is there: taken for an orphan, its end would be reaped here, and
        // whoever waits for it would never hear how it ended.
        let mut leaders = self.leaders();
        let child = command.spawn()?;
        let leader = child.id();
        leaders.push(leader);
        Ok((child, Tree { leader, mark, all: self.clone() }))
    }

    /// Ends every command that is still running, and what it has left behind.
    pub fn end_all(&self) {
        if self.0.count.load(Ordering::Relaxed) > 0 {
            system::end_all(|| self.leaders().clone(), &format!("{MARK}={}", self.0.own));
        }
    }

    /// The commands that have not been waited for.
    fn leaders(&self) -> std::sync::MutexGuard<'_, Vec<u32>> {
        self.0.leaders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Tree {
    /// What the command started ends with it. Its leader has been waited for.
    fn drop(&mut self) {
        system::end_group(self.leader);
        system::end_marked(self.leader, &format!("{MARK}={}", self.mark));
        self.all.leaders().retain(|leader| *leader != self.leader);
    }
}

/// Makes a command lead a group of its own, which [`end_group`] ends with everything that it started.
pub fn own_group(command: &mut Command) {
    system::own_group(command);
}

/// Ends a command that leads a group, and what it started.
pub fn end_group(leader: u32) {
    system::end_group(leader);
}

#[cfg(unix)]
mod system {
    use std::process::Command;

    use rustix::process::{Pid, Signal, kill_process_group};

    pub fn own_group(command: &mut Command) {
        use std::os::unix::process::CommandExt;
        command.process_group(0);
    }

    pub fn pid_of(number: u32) -> Option<Pid> {
        i32::try_from(number).ok().and_then(Pid::from_raw)
    }

    pub fn end_group(leader: u32) {
        if let Some(group) = pid_of(leader) {
            // It has mostly ended already.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    #[cfg(target_os = "linux")]
    pub use super::adoption::{adopt, end_all, end_marked};

    #[cfg(not(target_os = "linux"))]
    pub fn adopt() {}

    #[cfg(not(target_os = "linux"))]
    pub fn end_marked(_leader: u32, _mark: &str) {}

    #[cfg(not(target_os = "linux"))]
    pub fn end_all(leaders: impl Fn() -> Vec<u32>, _mark: &str) {
        leaders().into_iter().for_each(end_group);
    }
}

#[cfg(windows)]
mod system {
    use std::process::{Command, Stdio};

    pub fn own_group(_command: &mut Command) {}

    pub fn adopt() {}

    pub fn end_group(leader: u32) {
        // The whole tree, as far as it still hangs together. The job's secrets are no business of this program either.
        let needed =
            ["PATH", "SystemRoot"].into_iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
        let _ = Command::new("taskkill")
            .args(["/T", "/F", "/PID", &leader.to_string()])
            .env_clear()
            .envs(needed)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
    }

    pub fn end_marked(_leader: u32, _mark: &str) {}

    pub fn end_all(leaders: impl Fn() -> Vec<u32>, _mark: &str) {
        leaders().into_iter().for_each(end_group);
    }
}

/// Orphans become children of this process, which is told apart from its other children by their environment.
#[cfg(target_os = "linux")]
mod adoption {
    use std::thread;
    use std::time::Duration;

    use rustix::process::{
        Pid, Signal, WaitOptions, getpid, kill_process, set_child_subreaper, waitpgid, waitpid,
    };

    use super::system::{end_group, pid_of};

    /// How often it is looked whether all have ended, at most: a second in all.
    const LOOKS: u32 = 100;
    const LOOK_EVERY: Duration = Duration::from_millis(10);
    /// The largest environment that is looked at.
    const LARGEST: u64 = 4 * 1024 * 1024;

    pub fn adopt() {
        // Where the system refuses, orphans go to its first process, as everywhere else.
        if let Err(error) = set_child_subreaper(Some(getpid())) {
            log::debug!("what commands leave behind cannot be adopted: {error}");
        }
    }

    /// Ends the adopted processes with the mark of one command, whose leader has been waited for.
    pub fn end_marked(leader: u32, mark: &str) {
        sweep(mark, || pid_of(leader).is_none_or(has_group_ended), Vec::new);
    }

    /// Ends all commands with their groups, and the adopted processes whose marks begin so. How the leaders end is for those who wait for them.
    pub fn end_all(leaders: impl Fn() -> Vec<u32>, mark: &str) {
        let groups_ended = || {
            let leaders = leaders();
            leaders.iter().copied().for_each(end_group);
            let living = children();
            !leaders.into_iter().filter_map(pid_of).any(|leader| living.contains(&leader))
        };
        sweep(mark, groups_ended, || leaders().into_iter().filter_map(pid_of).collect());
    }

    /// Ends the adopted processes whose mark begins so, and waits until they and their groups have ended: their children are adopted then, and end too.
    fn sweep(mark: &str, groups_ended: impl Fn() -> bool, spared: impl Fn() -> Vec<Pid>) {
        let mut killed: Vec<Pid> = Vec::new();
        for _ in 0..LOOKS {
            let groups_ended = groups_ended();
            killed.retain(|pid| matches!(waitpid(Some(*pid), WaitOptions::NOHANG), Ok(None)));
            let mut found = children();
            // Asked after it was seen who is there: no leader among those is missing.
            let spared = spared();
            found.retain(|pid| !spared.contains(pid) && is_marked(*pid, mark));
            if groups_ended && killed.is_empty() && found.is_empty() {
                return;
            }
            for pid in found {
                let _ = kill_process(pid, Signal::KILL);
                if !killed.contains(&pid) {
                    killed.push(pid);
                }
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn has_group_ended(group: Pid) -> bool {
        loop {
            match waitpgid(group, WaitOptions::NOHANG) {
                Ok(Some(_)) => {}
                Ok(None) => return false,
                Err(_) => return true,
            }
        }
    }

    /// The children of this process that have not ended.
    fn children() -> Vec<Pid> {
        let own = getpid().as_raw_nonzero().get();
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        let numbers = entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        numbers.filter(|number| is_living_child(*number, own)).filter_map(Pid::from_raw).collect()
    }

    fn is_living_child(process: i32, parent: i32) -> bool {
        let Ok(stat) = std::fs::read_to_string(format!("/proc/{process}/stat")) else { return false };
        // The name, in brackets, may have brackets and spaces itself: the state and the parent come after the last.
        let mut fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let state = fields.next();
        state.is_some_and(|state| !matches!(state, "Z" | "X"))
            && fields.next().and_then(|field| field.parse().ok()) == Some(parent)
    }

    fn is_marked(process: Pid, mark: &str) -> bool {
        use std::io::Read;
        let mut environment = Vec::new();
        let opened = std::fs::File::open(format!("/proc/{}/environ", process.as_raw_nonzero()));
        let read = opened.and_then(|file| file.take(LARGEST).read_to_end(&mut environment));
        read.is_ok()
            && environment.split(|byte| *byte == 0).any(|variable| variable.starts_with(mark.as_bytes()))
    }
}
