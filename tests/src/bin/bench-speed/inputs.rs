//! What is measured on: a long policy, and a long journal with its policy. The same on every run.

use std::fmt::{self, Write as _};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use runbook_gate::Timestamp;

/// 2026-01-01T00:00:00Z.
const START: i64 = 1_767_225_600;
/// Seconds from one sample of a signal to the next.
const STEP: i64 = 5;
const WARMUP: i64 = 60;

/// Whether the journal says when the live gate evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ticks {
    /// As a live gate writes it.
    Recorded,
    /// As somebody else may write one.
    LeftOut,
}

impl fmt::Display for Ticks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Recorded => "with ticks",
            Self::LeftOut => "without ticks",
        })
    }
}

/// A valid policy of about this many lines.
#[must_use]
pub fn long_policy(lines: usize) -> String {
    let mut text = String::from(
        "version: 1\nservice: orders-api\nprobe: { url: \"https://orders.example\" }\n\
         prometheus: { url: \"http://prometheus.example:9090\" }\nsignals:\n",
    );
    // Each signal has five lines of its own, and a criterion.
    let signals = lines.saturating_sub(15) / 6;
    // Writing to a String cannot fail.
    for n in 0..signals {
        let _ = writeln!(text, "  errors_{n}: # of route {n}");
        let _ = writeln!(text, "    unit: ratio");
        let _ = writeln!(text, "    prometheus:");
        let _ = writeln!(
            text,
            "      bad: 'sum(increase(http_requests_total{{app=\"orders\",route=\"/{n}\",code=~\"5..\"}}[$window])) or vector(0)'"
        );
        let _ = writeln!(
            text,
            "      total: 'sum(increase(http_requests_total{{app=\"orders\",route=\"/{n}\"}}[$window]))'"
        );
    }
    text.push_str("gate:\n  warmup: 1m\n  observe: 15m\n  interval: 15s\n  baseline: none\n");
    text.push_str("  rollback_when:\n    - health failing for 2m\n  verify:\n    - health passing\n");
    for n in 0..signals {
        let _ = writeln!(text, "    - errors_{n} < 1%");
    }
    text
}

/// The policy that the journal is replayed by: every form of criterion, over ten signals.
#[must_use]
pub fn replay_policy(moments: usize) -> String {
    let observe = moments as i64 * STEP;
    format!(
        "\
version: 1
service: orders-api
probe: {{ url: \"https://orders.example\" }}
prometheus: {{ url: \"http://prometheus.example:9090\" }}
presets: [{{ prometheus: {{ preset: http-server, selector: 'app=\"orders\"' }} }}]
signals:
  queue_depth: {{ prometheus: {{ query: queue }} }}
  sign_ins: {{ unit: count, prometheus: {{ query: sign_ins }} }}
  cpu_saturation: {{ prometheus: {{ query: cpu }} }}
  memory_saturation: {{ prometheus: {{ query: memory }} }}
gate:
  warmup: 1m
  observe: {observe}s
  interval: 5s
  baseline: {{ before: 30m }}
  rollback_when:
    - error_rate > 5% for 5m
    - latency_p95 > 2x baseline and > 200ms for 5m
    - latency_p99 > 5s for 5m strict
    - cpu_saturation > 95% for 2m in 10m
    - health failing for 2m
  verify:
    - error_rate < 1%
    - latency_p50 < 100ms
    - latency_p95 < 500ms
    - health passing
    - request_rate > 0.5x baseline
    - memory_saturation < 90%
    - max(queue_depth) < 1000
    - sign_ins > 10
"
    )
}

/// A journal of a healthy release: ten signals, each sampled at so many moments.
///
/// # Errors
/// When the file cannot be written.
pub fn write_journal(path: &Path, moments: usize, ticks: Ticks) -> io::Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let start = Timestamp::from_secs(START);
    writeln!(
        file,
        r#"{{"kind":"start","version":1,"t":"{start}","environment":"production","policy_sha256":""}}"#
    )?;
    for signal in SIGNALS {
        writeln!(file, r#"{{"kind":"signal","signal":"{signal}","step":{STEP}}}"#)?;
    }
    for signal in ["latency_p95", "request_rate"] {
        writeln!(
            file,
            r#"{{"kind":"baseline","signal":"{signal}","median":0.2,"p95":0.3,"worst":0.24,"count":120}}"#
        )?;
    }
    let mut noise = Noise(1);
    let mut time = WARMUP;
    for _ in 0..moments {
        time += STEP;
        let t = Timestamp::from_secs(START + time);
        let bad = u32::from(noise.next() > 0.9);
        writeln!(
            file,
            r#"{{"kind":"sample","t":"{t}","signal":"error_rate","bad":{bad},"total":{}}}"#,
            250 + bad
        )?;
        writeln!(file, r#"{{"kind":"sample","t":"{t}","signal":"health","value":1}}"#)?;
        for (signal, typical) in VALUES {
            let value = typical * (0.8 + 0.4 * noise.next());
            writeln!(file, r#"{{"kind":"sample","t":"{t}","signal":"{signal}","value":{value:.6}}}"#)?;
        }
        if ticks == Ticks::Recorded {
            writeln!(file, r#"{{"kind":"tick","t":"{t}"}}"#)?;
        }
    }
    let end = Timestamp::from_secs(START + time);
    writeln!(file, r#"{{"kind":"end","t":"{end}"}}"#)?;
    file.flush()
}

const VALUES: [(&str, f64); 8] = [
    ("latency_p50", 0.05),
    ("latency_p95", 0.2),
    ("latency_p99", 0.4),
    ("request_rate", 50.0),
    ("cpu_saturation", 0.5),
    ("memory_saturation", 0.6),
    ("queue_depth", 12.0),
    ("sign_ins", 31.0),
];

const SIGNALS: [&str; 10] = [
    "error_rate",
    "health",
    "latency_p50",
    "latency_p95",
    "latency_p99",
    "request_rate",
    "cpu_saturation",
    "memory_saturation",
    "queue_depth",
    "sign_ins",
];

/// Knuth's linear congruential generator (MMIX): noise, and the same on every run.
struct Noise(u64);

impl Noise {
    /// A number in [0, 1).
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}
