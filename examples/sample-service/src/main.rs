//! `sample-service`: serves on loopback until SIGINT or SIGTERM.

#![forbid(unsafe_code)]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program's own words")]

use std::net::{IpAddr, SocketAddr};
use std::process::ExitCode;

use clap::Parser;
use sample_service::faults::{Change, Faults};
use sample_service::server::Server;
use sample_service::service::Service;

/// A small HTTP service to deploy, watch and break: /orders, /health, /ready, /version, /metrics, /faults.
#[derive(Debug, Parser)]
#[command(name = "sample-service", disable_version_flag = true)]
struct Arguments {
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    host: IpAddr,
    /// Port to listen on; 0 takes a free one, which the first line of output says.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// The version that this release says it is.
    #[arg(long, value_name = "TEXT", default_value = "1.0.0")]
    version: String,
    /// Share of /orders requests that fail with 500, from 0 to 1.
    #[arg(long, value_name = "SHARE")]
    error_ratio: Option<f64>,
    /// Milliseconds added to each /orders request.
    #[arg(long, value_name = "MS")]
    latency_ms: Option<u64>,
    /// Answer 503 at /health and /ready.
    #[arg(long)]
    unhealthy: bool,
    /// Be healthy for so many seconds, unhealthy for as many, and again.
    #[arg(long, value_name = "SECONDS")]
    flap: Option<u64>,
    /// Seed of the faults: the same seed fails the same requests.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> ExitCode {
    match serve(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("sample-service: {message}");
            ExitCode::from(2)
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), String> {
    let change = Change {
        error_ratio: arguments.error_ratio,
        latency_ms: arguments.latency_ms,
        unhealthy: Some(arguments.unhealthy),
        flap_seconds: arguments.flap,
    };
    let faults = Faults::default().changed(&change).map_err(|problem| problem.to_string())?;
    let service = Service::new(arguments.version.clone(), arguments.seed, faults);
    let address = SocketAddr::new(arguments.host, arguments.port);
    let server = Server::bind(address)
        .map_err(|problem| format!("cannot listen on {address}: {problem}; try --port 0"))?;
    let stopper = server.stopper();
    ctrlc::set_handler(move || stopper.stop())
        .map_err(|problem| format!("cannot listen for signals: {problem}"))?;
    println!("sample-service {} listens on http://{}", arguments.version, server.address());
    server.run(&service);
    println!("sample-service {} has stopped", arguments.version);
    Ok(())
}
