//! The scrape source's own arithmetic against Prometheus': quantiles and increases of the same exposition.

use std::fmt::Write as _;
use std::sync::Mutex;

use runbook_gate::policy::source_spec::{ScrapeRead, ScrapeSpec, SourceSpec};
use runbook_gate::sample::{Reading, Sample};
use runbook_gate::source::{self, PollWindow, World};
use runbook_gate::transport::{Address, Request, Response, Transport, TransportError};
use runbook_gate::{Duration, SignalName, Timestamp};
use runbook_gate_tests::network::{Loopback, NoCommands};
use runbook_gate_tests::prometheus::{Past, Prometheus};

use super::{START, at};

/// Answers one exposition after the other.
struct Expositions(Mutex<Vec<String>>);

impl Transport for Expositions {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        Ok(Response::new(200, "text/plain", self.0.lock().unwrap().remove(0)))
    }
}

/// What scrapes of these expositions say, 15 s apart from the start on.
fn scraped(signals: Vec<(SignalName, ScrapeRead)>, expositions: Vec<String>) -> Vec<source::Observation> {
    let scrapes = expositions.len();
    let spec = ScrapeSpec {
        targets: vec![Address::Url("http://orders/metrics".parse().unwrap())],
        interval: Duration::from_secs(15),
        timeout: Duration::from_secs(5),
        signals,
        headers: vec![],
    };
    let mut source = source::build(&SourceSpec::Scrape(spec)).unwrap();
    let transport = Expositions(Mutex::new(expositions));
    let world = World { transport: &transport, commands: &NoCommands };
    let start = Timestamp::from_secs(START);
    let mut observations = Vec::new();
    for index in 0..scrapes {
        let scheduled = start + Duration::from_secs(15).times(index as u64);
        let window = PollWindow { start, scheduled, anchor: start, timeout: Duration::from_secs(5) };
        observations.extend(source.poll(&window, &world).observations);
    }
    observations
}

/// Numbers that look random and are the same everywhere (a linear congruential generator, Knuth's MMIX).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Asks a server for one value of each series now, by the label `h`.
fn ask(server: &Prometheus, query: &str, seconds: i64) -> Vec<(usize, f64)> {
    let query = query.replace(' ', "%20").replace('+', "%2B");
    let address = Address::Url(server.url().parse().unwrap());
    let path = format!("/api/v1/query?query={query}&time={}", START + seconds);
    let response = Loopback.send(&Request::get(address, path, Duration::from_secs(20))).unwrap();
    let document: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    let result =
        document.pointer("/data/result").and_then(|result| result.as_array()).expect("a vector").clone();
    let one = |series: &serde_json::Value| {
        let index = series.pointer("/metric/h")?.as_str()?.parse().ok()?;
        Some((index, series.pointer("/value/1")?.as_str()?.parse().ok()?))
    };
    result.iter().map(|series| one(series).expect("a value")).collect()
}

#[test]
fn quantiles_equal_those_of_prometheus_on_random_histograms() {
    const HISTOGRAMS: usize = 300;
    let mut numbers = Numbers(1);
    let mut past = Past::new();
    let (mut before, mut now) = (String::new(), String::new());
    for histogram in 0..HISTOGRAMS {
        let mut bound = if numbers.below(10) == 0 { -2.0 } else { 0.0 };
        let mut count = 0;
        let buckets = 1 + numbers.below(12);
        for index in 0..=buckets {
            bound += (1 + numbers.below(1000)) as f64 / 250.0;
            // Some buckets stay empty, some histograms altogether.
            count +=
                if numbers.below(3) == 0 { 0 } else { numbers.below(500) * u64::from(histogram % 29 != 0) };
            // A few histograms are without their last bucket.
            let last = index == buckets && histogram % 31 != 0;
            let le = if last { "+Inf".to_owned() } else { bound.to_string() };
            let series = format!("d_bucket{{h=\"{histogram}\",le=\"{le}\"}}");
            past.series(&series, [(at(0), count as f64)]);
            let _ = writeln!(before, "{series} 0");
            let _ = writeln!(now, "{series} {count}");
        }
    }
    let server = Prometheus::with(&past);
    let mut compared = 0;
    for (percent, quantile) in [(1, 0.01), (50, 0.5), (95, 0.95), (99, 0.99), (100, 1.0)] {
        let signals = (0..HISTOGRAMS)
            .map(|histogram| {
                let read = ScrapeRead::Quantile { histogram: format!("d{{h=\"{histogram}\"}}"), quantile };
                (format!("h{histogram}").parse().unwrap(), read)
            })
            .collect();
        let ours = scraped(signals, vec![before.clone(), now.clone()]);
        let theirs = ask(&server, &format!("histogram_quantile({quantile},d_bucket)"), 0);
        assert_eq!(theirs.len(), HISTOGRAMS);
        for (histogram, theirs) in theirs {
            let name = format!("h{histogram}");
            let ours = ours.iter().find(|one| one.signal.as_str() == name).map(|one| &one.sample);
            match ours {
                Some(Sample::Known(Reading::Value { value, .. })) => {
                    let close = (value.get() - theirs).abs() <= 1e-9 * theirs.abs().max(1.0);
                    assert!(close, "p{percent} of {name}: {} here, {theirs} there", value.get());
                    compared += 1;
                }
                Some(Sample::Absent(_)) => assert!(theirs.is_nan(), "p{percent} of {name}: {theirs} there"),
                other => panic!("p{percent} of {name}: {other:?}"),
            }
        }
    }
    assert!(compared > HISTOGRAMS * 3, "only {compared} quantiles were numbers");
}

#[test]
fn counts_of_scrapes_equal_increases_in_prometheus_through_resets() {
    const SCRAPES: i64 = 40;
    let mut numbers = Numbers(7);
    let mut past = Past::new();
    let mut expositions = vec![String::new(); SCRAPES as usize + 1];
    for (code, pace) in [("200", 400), ("404", 30), ("500", 12)] {
        let mut count = numbers.below(100_000);
        let mut samples = Vec::new();
        for (index, exposition) in expositions.iter_mut().enumerate() {
            // The service restarts once, for all its counters.
            count = if index == 23 { numbers.below(pace) } else { count + numbers.below(pace) };
            let _ = writeln!(exposition, "r_total{{code=\"{code}\"}} {count}");
            samples.push((at(index as i64 * 15), count as f64));
        }
        past.series(&format!("r_total{{code=\"{code}\",h=\"0\"}}"), samples);
    }
    let read = ScrapeRead::Ratio { bad: "r_total{code=~\"5..\"}".into(), total: "r_total".into() };
    let observations = scraped(vec![("error_rate".parse().unwrap(), read)], expositions);
    let (mut bad, mut total) = (0.0, 0.0);
    for observation in &observations {
        let Sample::Known(Reading::Counts(counts)) = &observation.sample else { panic!("{observation:?}") };
        bad += counts.bad();
        total += counts.total();
    }
    let server = Prometheus::with(&past);
    let theirs = |selector: &str| {
        let query = format!("sum by (h) (increase(r_total{selector}[{}s]))", SCRAPES * 15);
        ask(&server, &query, SCRAPES * 15)[0].1
    };
    // Prometheus extrapolates to the edges of the range; with samples on both edges that is nothing in 2.x, and one
    // scrape interval of forty in 3.x, whose ranges leave their first edge out.
    let near = |ours: f64, theirs: f64| (ours - theirs).abs() <= 0.06 * theirs;
    assert!(near(bad, theirs("{code=\"500\"}")), "{bad} here, {} there", theirs("{code=\"500\"}"));
    assert!(near(total, theirs("")), "{total} here, {} there", theirs(""));
}
