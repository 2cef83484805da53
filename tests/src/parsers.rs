//! Everything that reads what others wrote, as functions of bytes: whatever the bytes are, none of them may panic, and what
//! was read and written again reads the same.
//!
//! The suite feeds them spoilt examples; `scripts/fuzz` lets libFuzzer look for worse ones.

use std::path::Path;
use std::sync::OnceLock;

use runbook_gate::checklist::{
    Home, LinkTarget, PathPatterns, RecordIndex, RecordRules, Template, TestReport, no_decision, record_links,
};
use runbook_gate::criterion::{Criterion, parse_comparison};
use runbook_gate::diagnostic::Colour;
use runbook_gate::journal::{self, parse_line};
use runbook_gate::policy::source_spec::CommandSpec;
use runbook_gate::policy::{Policy, PolicyFile, Variable, Variables};
use runbook_gate::registry::{self, ImageReference};
use runbook_gate::report::checklist::InGate;
use runbook_gate::report::{self, Report, ReportContext, html, json, junit, markdown, terminal};
use runbook_gate::rollback::{History, PlanSummary, VerdictRecord};
use runbook_gate::source::{self, CommandEnd, CommandError, Commands, PollWindow, Source, World};
use runbook_gate::transport::{Request, Response, Transport, TransportError, http_date};
use runbook_gate::{Duration, Secret, Timestamp};

/// One reader of outside bytes.
#[derive(Clone, Copy)]
pub struct Parser {
    /// Its name, and that of its fuzz target.
    pub name: &'static str,
    /// Reads them.
    pub feed: fn(&[u8]),
    /// Files of this repository, or folders of them, that are good examples.
    pub files: &'static [&'static str],
    /// More examples.
    pub texts: &'static [&'static str],
}

/// All of them.
pub const PARSERS: [Parser; 8] = [
    Parser {
        name: "policy",
        feed: policy,
        files: &["examples/policies", "runbook.yml", "tests/fixtures/policies/bad"],
        texts: &[ALL_SOURCES],
    },
    Parser {
        name: "criterion",
        feed: criterion,
        files: &[],
        texts: &[
            "error_rate > 5% for 5m",
            "latency_p95 > 2x baseline and > 200ms for 5m",
            "max(queue_depth) < 1000",
            "critical_logs <= baseline + 0",
            "data_integrity failing",
            "request_rate > 0.5x baseline for 1h30m",
        ],
    },
    Parser { name: "journal", feed: journal, files: &["examples/reports/journal.ndjson"], texts: &[JOURNAL] },
    Parser {
        name: "records",
        feed: records,
        files: &["docs/decisions"],
        texts: &[
            "See ADR-12, BDR 0007 and https://dev.azure.com/o/p/_git/r?path=/docs/adr/0012-x.md&version=GBmain\n\nADR: 3\n",
            "Decision: none (a typo)\n<!-- ADR-1 -->\n```\nADR-2\n```\n",
            "---\nstatus: superseded by [ADR-7](0007-x.md)\n---\n# 5. X\n\n| Status | accepted |\n|---|---|\n\n- [x] Accepted\n",
        ],
    },
    Parser {
        name: "test-results",
        feed: test_results,
        files: &["examples/reports/junit.xml"],
        texts: &[
            "<testsuites><testsuite name='a' tests='2' failures='1'><testcase name='x'/><testcase name='y'><failure/></testcase></testsuite></testsuites>",
            "<TestRun xmlns='http://microsoft.com/schemas/VisualStudio/TeamTest/2010'><Results><UnitTestResult outcome='Passed'/></Results><ResultSummary outcome='Completed'><Counters total='1' executed='1' passed='1' failed='0'/></ResultSummary></TestRun>",
        ],
    },
    Parser {
        name: "kept",
        feed: kept,
        files: &["tests/fixtures/parsers/checklist.json"],
        texts: &[VERDICT, PLAN],
    },
    Parser {
        name: "answer",
        feed: answer,
        files: &[],
        texts: &[
            "\x00\x01ok",
            "\x02\x01{\"version\":\"1\",\"x\":{\"b\":[1,2.5,\"3\",null]}}",
            "\x03\x00the last line\n",
            "\x06\x01{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[{\"metric\":{},\"values\":[[1767225900,\"0.5\"],[1767225915,\"NaN\"]]}]}}",
            "\x06\x01{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[{\"metric\":{},\"value\":[1767225900,\"0.5\"]}]}}",
            "\x07\x01# TYPE h histogram\nh_bucket{le=\"0.1\"} 3\nh_bucket{le=\"+Inf\"} 4\nh_sum 1e3\nh_count 4\nq{a=\"b\\n\"} 1\n# EOF\n",
            "\x08\x01{\"value\":[{\"name\":{\"value\":\"CpuPercentage\"},\"errorCode\":\"Success\",\"timeseries\":[{\"data\":[{\"timeStamp\":\"2026-01-01T00:01:00Z\",\"average\":1.5}]}]}],\"interval\":\"PT1M\"}",
            "\x09\x01{\"tables\":[{\"name\":\"PrimaryResult\",\"columns\":[{\"name\":\"TimeGenerated\",\"type\":\"datetime\"},{\"name\":\"value\",\"type\":\"long\"}],\"rows\":[[\"2026-01-01T00:01:00Z\",3]]}]}",
            "\x04\x01{\"value\":[{\"id\":\"/a\",\"properties\":{\"essentials\":{\"startDateTime\":\"2026-01-01T00:01:00Z\",\"alertRule\":\"x\",\"severity\":\"Sev1\"}}}]}",
            "\x08\x05{\"error\":{\"code\":\"BadRequest\",\"message\":\"no such metric\"}}",
        ],
    },
    Parser {
        name: "words",
        feed: words,
        files: &[],
        texts: &[
            "1h30m",
            "2026-01-01T00:00:00.123456789+01:00",
            "Wed, 25 Nov 2026 10:05:00 GMT",
            "https://dev.azure.com/org/project/_git/repo",
            "git@ssh.dev.azure.com:v3/org/project/repo",
            "contoso.azurecr.io/orders@sha256:0000000000000000000000000000000000000000000000000000000000000000",
            "**/Migrations/**/*.{cs,sql}",
            "< 24",
        ],
    },
];

/// A policy with every kind of source.
const ALL_SOURCES: &str = r#"version: 1
service: orders-api
vars: { group: /subscriptions/11111111-2222-3333-4444-555555555555/resourceGroups/orders }
probe: { url: "https://orders.contoso.com", health: { path: /health }, version: { path: /version, json: /version, equals: "1" } }
prometheus: { url: "http://prometheus:9090" }
scrape: { url: "http://orders:8080/metrics" }
signals:
  error_rate: { prometheus: { bad: 'sum(increase(r{code=~"5.."}[$window]))', total: 'sum(increase(r[$window]))' } }
  latency_p95: { scrape: { histogram: h, quantile: 0.95 } }
  request_rate: { scrape: { rate: h_count } }
  queue_depth: { scrape: { gauge: 'q{a=~"b.*"}' } }
  usage: { prometheus: { query: avg(cpu) } }
  sign_ins: { http-json: { url: "https://kpi.contoso.com/x", value: /a/b/1 } }
  smoke: { command: { run: [smoke], every: 1m } }
  cpu_saturation: { azure-monitor: { resource: "${group}/providers/Microsoft.Web/serverfarms/orders", metric: CpuPercentage } }
  critical_logs: { log-analytics: { workspace: 11111111-2222-3333-4444-555555555555, query: "AppExceptions | summarize value=count() by bin(TimeGenerated, 1m)", empty: 0 } }
  alerts: { azure-alerts: { resources: ["${group}/providers/Microsoft.Web/sites/orders"], failing: "> 0" } }
presets:
  - application-insights: { resource: "${group}/providers/Microsoft.Insights/components/orders" }
gate: { warmup: 1m, observe: 15m, rollback_when: ["error_rate > 5% for 5m", "health failing for 2m", "latency_p95 > 2x baseline for 5m"], verify: ["usage < 80%", "max(queue_depth) < 1000"] }
"#;

/// What a gate by [`ALL_SOURCES`] may have seen.
const JOURNAL: &str = r#"{"kind":"start","version":1,"t":"2026-01-01T00:00:00Z","environment":"production","policy_sha256":""}
{"kind":"signal","signal":"error_rate","step":15}
{"kind":"baseline","signal":"latency_p95","median":0.21,"p95":0.3,"worst":0.24,"count":120,"source":"before: 30m"}
{"kind":"sample","t":"2026-01-01T00:01:15Z","signal":"error_rate","bad":3,"total":10}
{"kind":"sample","t":"2026-01-01T00:01:15Z","signal":"latency_p95","value":0.2}
{"kind":"sample","t":"2026-01-01T00:01:15Z","signal":"health","value":0}
{"kind":"absent","t":"2026-01-01T00:01:30Z","signal":"health","reason":"timeout"}
{"kind":"tick","t":"2026-01-01T00:01:30Z"}
{"kind":"end","t":"2026-01-01T00:16:00Z"}
"#;

/// A decision as it is kept.
const VERDICT: &str = r#"{"kind":"verdict","version":1,"service":"orders-api","environment":"production","profile":"rollback",
"decision":"proceed","enforcement":"enforce","reason":"every criterion passed","criterion":null,
"release":{"run":12,"version":"1.4.0","commit":"1a2b3c4d"},"judged_in":14,"started_at":null,"onset":null,
"decided_at":"2026-01-01T00:16:00Z","policy_sha256":"48b6"}"#;

/// A plan as `rollback plan` writes it.
const PLAN: &str = r#"{"version":1,"kind":"rollback-plan","service":"orders-api","environment":"production","reason":"Go back to 1.4.0",
"rollback_safe":false,"current":"1.5.0","target":{"release":{"run":100,"version":"1.4.0","commit":""}},
"doubts":[{"what":"the artifacts are not proved","who":"you","how":"look"}]}"#;

fn start() -> Timestamp {
    Timestamp::from_secs(1_767_225_600)
}

struct Anything;

impl Variables for Anything {
    fn get(&self, name: &str) -> Variable {
        match name.len() % 4 {
            0 => Variable::Unset,
            1 => Variable::NotAllowed,
            2 => Variable::Secret(Secret::new("hidden-value")),
            _ => Variable::Value("value".to_owned()),
        }
    }
}

fn policy(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match PolicyFile::parse_with("runbook.yml", &text, start(), &Anything) {
        Err(found) => {
            let shown = found.render(Colour::Plain);
            assert!(!shown.is_empty(), "a refusal says why");
            let _ = found.to_json();
        }
        Ok(checked) => {
            let _ = checked.warnings.render(Colour::Plain);
            let names: Vec<String> = checked.file.environments().map(str::to_owned).collect();
            for name in names.iter().take(3) {
                match checked.file.resolve(Some(name), &Anything) {
                    Ok(policy) => policy.sources().iter().for_each(|spec| drop(source::build(spec))),
                    Err(found) => drop(found.render(Colour::Plain)),
                }
            }
        }
    }
}

fn criterion(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match text.parse::<Criterion>() {
        Ok(read) => {
            let again: Criterion = read.to_string().parse().expect("a criterion as it is printed");
            assert_eq!(again.to_string(), read.to_string());
        }
        Err(error) => {
            let span = error.span();
            assert!(span.start <= span.end && text.get(span.clone()).is_some(), "{span:?} of {text:?}");
        }
    }
}

fn all_sources() -> &'static Policy {
    static POLICY: OnceLock<Policy> = OnceLock::new();
    POLICY.get_or_init(|| {
        let checked = PolicyFile::parse("runbook.yml", ALL_SOURCES, start());
        let checked = checked.unwrap_or_else(|found| panic!("{}", found.render(Colour::Plain)));
        checked
            .file
            .resolve(None, &Anything)
            .unwrap_or_else(|found| panic!("{}", found.render(Colour::Plain)))
    })
}

fn journal(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for line in text.lines().take(50) {
        if let Ok(read) = parse_line(line) {
            let written = journal::write(&read);
            assert_eq!(parse_line(written.trim_end()).ok(), Some(read), "{written}");
        }
    }
    let rules = all_sources().gate();
    let Ok(replayed) = journal::replay(rules.clone(), bytes) else { return };
    let again = journal::replay(rules.clone(), bytes).expect("what could be replayed");
    assert_eq!(replayed.outcome, again.outcome);
    let context = ReportContext { service: "orders-api".into(), ..ReportContext::default() };
    let report = Report::of_gate(&replayed.outcome, &context);
    let printed = terminal::render(&report, terminal::Layout::default());
    assert!(!printed.contains('\u{1b}'), "{printed}");
    let _ = json::render(&report);
    let _ = junit::render(&report);
    let _ = markdown::render(&report);
    let _ = html::gate(&report, &InGate::Absent);
}

fn records(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let rules = RecordRules::runbook();
    let homes: Vec<Home> = Home::of_remote("https://dev.azure.com/o/p/_git/r").into_iter().collect();
    let files = [
        ("docs/adr/0005-a.md", bytes),
        ("docs/adr/0007-x.md", b"# 7. X\n\n## Status\n\nAccepted\n".as_slice()),
        ("docs/adr/template.md", b"# Title\n\n## Status\n\nProposed\n".as_slice()),
    ];
    let index = RecordIndex::read(&rules, &homes, files);
    for record in index.records() {
        let _ = index.standing(record, start());
    }
    for link in index.links(&text, &Template::default()) {
        let _ = index.resolve(&link.target);
    }
    for link in record_links(&text, &Template::of([text.as_ref()]), &homes) {
        assert!(!matches!(link.target, LinkTarget::Path(ref path) if path.is_empty()));
    }
    let _ = no_decision(&text, &Template::default());
}

fn test_results(bytes: &[u8]) {
    if let Ok(report) = TestReport::read("results.xml", bytes) {
        let _ = report.counts.support(1);
        let _ = report.counts.words();
    }
}

fn kept(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(read) = VerdictRecord::read(&text) {
        let again = VerdictRecord::read(&read.to_json()).expect("a record as it is written");
        assert_eq!(again.to_json(), read.to_json());
    }
    let _ = History::read(&text, "orders-api", "production", runbook_gate::Timestamp::from_secs(0));
    let _ = PlanSummary::read(&text);
    if let Ok(read) = report::checklist::read(&text) {
        let _ = report::checklist::json(&read);
        let _ = report::checklist::markdown(&read);
        let _ = report::checklist::junit(&read);
        let _ = report::checklist::terminal(&read, terminal::Layout::default());
        let _ = html::checklist(&read);
    }
}

/// Gives one answer to whatever is asked.
struct Always {
    status: u16,
    body: Vec<u8>,
}

impl Transport for Always {
    fn send(&self, _: &Request) -> Result<Response, TransportError> {
        Ok(Response::new(self.status, "application/json", self.body.clone()))
    }
}

impl Commands for Always {
    fn run(&self, _: &CommandSpec) -> Result<CommandEnd, CommandError> {
        let output = String::from_utf8_lossy(&self.body).into_owned();
        Ok(CommandEnd::Exited { code: Some(i32::from(self.status)), output })
    }
}

/// The first byte says which source asks, the second the status; the rest is the body.
fn answer(bytes: &[u8]) {
    let [which, status, body @ ..] = bytes else { return };
    let status =
        [500, 200, 404, 429, 203, 400, 401, 302].get(usize::from(status % 8)).copied().unwrap_or(200);
    let world = Always { status, body: body.to_vec() };
    let specs = all_sources().sources();
    let Some(spec) = specs.get(usize::from(*which) % specs.len()) else { return };
    let mut source: Box<dyn Source> = source::build(spec).expect("a source of a valid policy");
    let signals: Vec<_> = source.signals().into_iter().map(|signal| signal.signal).collect();
    let the_world = World { transport: &world, commands: &world };
    let mut window =
        PollWindow { start: start(), scheduled: start(), anchor: start(), timeout: Duration::from_secs(10) };
    source.serving(&window, &the_world);
    for _ in 0..3 {
        window.scheduled = Timestamp::from_nanos(window.scheduled.as_nanos() + 300_000_000_000);
        let polled = source.poll(&window, &the_world);
        for seen in &polled.observations {
            assert!(signals.contains(&seen.signal), "{} is no signal of it", seen.signal);
        }
        for note in &polled.notes {
            assert!(note.text.chars().count() <= 300, "{}", note.text);
        }
    }
    source.history(&window, &the_world);
    let _ = source::why_silent(spec, &signals, &world);
    if let Ok(image) = "contoso.azurecr.io/orders:1".parse::<ImageReference>() {
        drop(registry::stored(&[&image], &world));
    }
}

fn words(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(read) = text.parse::<Duration>() {
        assert_eq!(read.to_string().parse::<Duration>(), Ok(read));
    }
    if let Ok(read) = text.parse::<Timestamp>() {
        assert_eq!(read.to_string().parse::<Timestamp>(), Ok(read));
    }
    let _ = Timestamp::from_day(&text);
    let _ = http_date(&text);
    if let Some(home) = Home::of_remote(&text) {
        let _ = home.address();
        let _ = home.file_page("0123", &text);
        let _ = home.commit_page(&text);
    }
    let _ = text.parse::<ImageReference>();
    if let Ok(patterns) = PathPatterns::new([text.as_ref()]) {
        let _ = patterns.matches(&text);
    }
    let _ = parse_comparison(&text);
}

/// The examples of a parser.
pub fn examples(parser: &Parser) -> Vec<Vec<u8>> {
    let root =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("runbook.yml").is_file());
    let root = root.expect("the repository");
    let mut found: Vec<Vec<u8>> = parser.texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    for name in parser.files {
        let place = root.join(name);
        if place.is_dir() {
            let mut files: Vec<_> =
                place.read_dir().expect("a folder").flatten().map(|entry| entry.path()).collect();
            files.sort();
            found.extend(files.iter().map(|file| std::fs::read(file).expect("an example")));
        } else {
            found.push(std::fs::read(&place).expect("an example"));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_are_good_ones() {
        assert!(VerdictRecord::read(VERDICT).is_ok());
        assert!(PlanSummary::read(PLAN).is_ok());
        let checklist = include_str!("../fixtures/parsers/checklist.json");
        assert!(report::checklist::read(checklist).is_ok());
        let replayed = journal::replay(all_sources().gate().clone(), JOURNAL.as_bytes()).expect("a journal");
        assert!(replayed.torn.is_none());
        let order =
            ["probe", "new errors", "http-json", "command", "azure-alerts", "logs", "prometheus", "scrape"];
        for (spec, name) in all_sources().sources().iter().zip(order) {
            let described = source::build(spec).expect("a source").describe();
            assert!(described.starts_with(name), "{described}");
        }
    }
}
