//! `load`: sends requests at a steady rate and says what came of them.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own words")]

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Parser;
use sample_service::load::{Plan, Reach, Tally};

/// Sends requests at a steady rate to a service on this machine.
#[derive(Debug, Parser)]
#[command(name = "load", disable_version_flag = true)]
struct Arguments {
    /// What to request; every fifth request is a POST.
    url: String,
    /// Requests a second.
    #[arg(long, default_value_t = 50)]
    rate: u32,
    /// How long, in seconds.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// Connections at a time: with slow answers, too few lower the rate.
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Allow a host other than this machine.
    #[arg(long)]
    allow_remote: bool,
}

fn main() -> ExitCode {
    match load(&Arguments::parse()) {
        Ok(tally) => {
            println!("{}", summary(&tally));
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("load: {message}");
            ExitCode::from(2)
        }
    }
}

fn load(arguments: &Arguments) -> Result<Tally, String> {
    let reach = if arguments.allow_remote { Reach::Anywhere } else { Reach::Loopback };
    let duration = Duration::from_secs(arguments.seconds);
    let plan = Plan::new(&arguments.url, reach, arguments.rate, duration, arguments.connections)
        .map_err(|problem| problem.to_string())?;
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    ctrlc::set_handler(move || stopped.store(true, Ordering::SeqCst))
        .map_err(|problem| format!("cannot listen for signals: {problem}"))?;
    Ok(plan.run(&stop))
}

fn summary(tally: &Tally) -> String {
    let millis = |percent| {
        tally
            .percentile(percent)
            .map_or_else(|| "none".to_owned(), |took| format!("{:.0} ms", took.as_secs_f64() * 1000.0))
    };
    format!(
        "{} requests: {} succeeded, {} failed, {} unanswered; p50 {}, p95 {}, p99 {}",
        tally.sent,
        tally.succeeded,
        tally.failed,
        tally.unanswered,
        millis(50),
        millis(95),
        millis(99)
    )
}
