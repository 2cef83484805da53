//! `bench-speed RUNBOOK-GATE FOLDER [targets]`: how long the binary takes and how much memory it needs, as a Markdown table; with
//! `targets`, only how late polls start.
//!
//! It writes what it needs into the folder and runs the binary as a user would. Times are the medians of several runs, from
//! starting the process to its end; memory is the peak resident size that `/usr/bin/time` reports.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own words")]

mod inputs;
mod targets;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

type Failure = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(gate), Some(folder)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: bench-speed RUNBOOK-GATE FOLDER [targets]");
        return ExitCode::from(2);
    };
    let measured = match arguments.next() {
        Some(only) if only.as_os_str() == "targets" => {
            fs::create_dir_all(&folder).map_err(Failure::from).and_then(|()| targets(&gate, &folder))
        }
        _ => bench(&gate, &folder),
    };
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench-speed: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn bench(gate: &Path, folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder)?;
    println!("| what | wanted | measured | peak memory |");
    println!("|---|---|---|---|");

    let version = measure(gate, [OsStr::new("--version")], 101)?;
    println!("| `--version` | under 5 ms | {} | {} |", millis(version.median), mebibytes(version.peak_kib));

    let policy = folder.join("long.yml");
    let text = inputs::long_policy(500);
    fs::write(&policy, &text)?;
    let validate = measure(gate, ["validate".as_ref(), "--policy".as_ref(), policy.as_os_str()], 51)?;
    let lines = text.lines().count();
    println!(
        "| `validate` of a policy of {lines} lines | under 20 ms | {} | {} |",
        millis(validate.median),
        mebibytes(validate.peak_kib)
    );

    let policy = folder.join("replay.yml");
    let journal = folder.join("replay.ndjson");
    for (moments, ticks) in [
        (10_000, inputs::Ticks::Recorded),
        (100_000, inputs::Ticks::LeftOut),
        (100_000, inputs::Ticks::Recorded),
    ] {
        fs::write(&policy, inputs::replay_policy(moments))?;
        inputs::write_journal(&journal, moments, ticks)?;
        let arguments = ["replay", "--format", "json", "--policy"]
            .map(OsStr::new)
            .into_iter()
            .chain([policy.as_os_str()]);
        let arguments: Vec<&OsStr> =
            arguments.chain([OsStr::new("--journal"), journal.as_os_str()]).collect();
        let replay = measure(gate, arguments, 5)?;
        let size = fs::metadata(&journal)?.len() as f64 / f64::from(1 << 20);
        println!(
            "| `replay` of {} samples over 10 signals, {ticks} ({size:.0} MiB) | {} | {} | {} |",
            thousands(moments * 10),
            if moments == 100_000 { "under 1 s and 50 MB" } else { "the same memory" },
            millis(replay.median),
            mebibytes(replay.peak_kib)
        );
    }
    fs::remove_file(&journal)?;
    targets(gate, folder)
}

fn targets(gate: &Path, folder: &Path) -> Result<(), Failure> {
    let late = targets::probe(gate, folder)?;
    println!(
        "| {} probes of {} targets every 5 s: how late a poll starts | none over 250 ms | median {}, p99 {}, most {} | |",
        thousands(late.polls),
        targets::TARGETS,
        millis(late.median),
        millis(late.p99),
        millis(late.most)
    );
    let rounds: Vec<String> = late.rounds.iter().map(|latest| millis(*latest)).collect();
    println!("\nThe latest of each round: {}.", rounds.join(", "));
    Ok(())
}

struct Measured {
    median: Duration,
    peak_kib: u64,
}

/// Runs the binary so many times, and once more for its memory.
fn measure<A: AsRef<OsStr>>(
    gate: &Path,
    arguments: impl IntoIterator<Item = A>,
    runs: usize,
) -> Result<Measured, Failure> {
    let arguments: Vec<A> = arguments.into_iter().collect();
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let begun = Instant::now();
        let ended =
            Command::new(gate).args(&arguments).stdout(Stdio::null()).stderr(Stdio::piped()).output()?;
        times.push(begun.elapsed());
        if !ended.status.success() {
            let said = String::from_utf8_lossy(&ended.stderr).into_owned();
            return Err(format!("{} ended with {}: {said}", gate.display(), ended.status).into());
        }
    }
    times.sort_unstable();
    let timed = Command::new("/usr/bin/time")
        .args(["-f", "peak %M"])
        .arg(gate)
        .args(&arguments)
        .stdout(Stdio::null())
        .output()
        .map_err(|problem| format!("/usr/bin/time (Debian package `time`): {problem}"))?;
    let said = String::from_utf8_lossy(&timed.stderr).into_owned();
    let peak = said.lines().rev().find_map(|line| line.strip_prefix("peak ")?.trim().parse().ok());
    Ok(Measured {
        median: at(&times, 0.5),
        peak_kib: peak.ok_or_else(|| format!("/usr/bin/time said: {said}"))?,
    })
}

/// The quantile of ascending times, by nearest rank.
fn at(ascending: &[Duration], quantile: f64) -> Duration {
    let rank = (ascending.len() as f64 * quantile).ceil() as usize;
    ascending.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn mebibytes(kib: u64) -> String {
    format!("{:.1} MiB", kib as f64 / 1024.0)
}

fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
