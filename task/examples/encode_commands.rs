//! Encodes logging commands for tests in another language: each line of standard input is a JSON array of a name, an array of
//! key and value pairs, and data; each line of standard output is the command.

// The program's own encoder, not a copy.
#[path = "../src/agent/command.rs"]
mod command;

use std::io::{BufRead, Write};

fn main() -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let (name, properties, data): (String, Vec<(String, String)>, String) = serde_json::from_str(&line?)?;
        let properties: Vec<(&str, &str)> =
            properties.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        writeln!(out, "{}", command::encoded(&name, &properties, &data))?;
    }
    Ok(())
}
