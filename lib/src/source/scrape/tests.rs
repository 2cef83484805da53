mod exposition;
mod missing;
mod properties;

use super::*;
use crate::policy::source_spec::ScrapeRead;
use crate::source::double::{Answer, Network, notes, ok, refused, shown, status, timeout, window};
use crate::transport::Address;

pub(super) fn spec(targets: &[&str], signals: Vec<(&str, ScrapeRead)>) -> ScrapeSpec {
    ScrapeSpec {
        targets: targets.iter().map(|url| Address::Url(url.parse().unwrap())).collect(),
        interval: Duration::from_secs(15),
        timeout: Duration::from_secs(5),
        signals: signals.into_iter().map(|(name, read)| (name.parse().unwrap(), read)).collect(),
        headers: vec![],
    }
}

const ONE: &[&str] = &["http://orders/metrics"];
const TWO: &[&str] = &["http://a/metrics", "http://b/metrics"];

fn ratio() -> ScrapeRead {
    ScrapeRead::Ratio { bad: "r_total{code=~\"5..\"}".into(), total: "r_total".into() }
}

fn rate() -> ScrapeRead {
    ScrapeRead::Rate { counter: "r_total".into() }
}

fn p95() -> ScrapeRead {
    ScrapeRead::Quantile { histogram: "d_seconds".into(), quantile: 0.95 }
}

/// A source of one target that is scraped every 15 s, from 1000 s on, with one answer after the other.
struct Script(Scrape, i64);

impl Script {
    fn new(signals: Vec<(&str, ScrapeRead)>) -> Self {
        Self(Scrape::new(&spec(ONE, signals)).unwrap(), 985)
    }

    fn scrape(&mut self, body: &str) -> Vec<String> {
        self.answer(ok(body)).0
    }

    fn answer(&mut self, answer: Answer) -> (Vec<String>, Vec<String>) {
        self.1 += 15;
        let polled = Network::new(move |_| answer.clone()).poll(&mut self.0, self.1);
        (shown(&polled), notes(&polled).into_iter().map(str::to_owned).collect())
    }
}

#[test]
fn the_first_scrape_only_primes_and_the_next_tells_what_grew() {
    let mut script = Script::new(vec![
        ("error_rate", ratio()),
        ("request_rate", rate()),
        ("requests", ScrapeRead::Increase { counter: "r_total".into() }),
    ]);
    assert!(script.scrape("r_total{code=\"200\"} 1000\nr_total{code=\"500\"} 50\n").is_empty());
    assert_eq!(
        script.scrape("r_total{code=\"200\"} 1147\nr_total{code=\"500\"} 53\n"),
        ["1015 error_rate 3 of 150", "1015 request_rate 10", "1015 requests 150"]
    );
    assert_eq!(
        script.scrape("r_total{code=\"200\"} 1147\nr_total{code=\"500\"} 53\n"),
        ["1030 error_rate no-traffic", "1030 request_rate 0", "1030 requests 0"]
    );
}

#[test]
fn a_gauge_is_told_from_the_first_scrape_on() {
    let mut script = Script::new(vec![("queue", ScrapeRead::Gauge { gauge: "q{kind!=\"dead\"}".into() })]);
    assert_eq!(script.scrape("q{kind=\"a\"} 3\nq{kind=\"b\"} 4\nq{kind=\"dead\"} 90\n"), ["1000 queue 7"]);
    assert_eq!(script.scrape("q{kind=\"a\"} NaN\n"), ["1015 queue no-data"]);
}

#[test]
fn a_series_that_appears_grew_from_nothing() {
    let mut script = Script::new(vec![("error_rate", ratio())]);
    script.scrape("r_total{code=\"200\"} 100\n");
    assert_eq!(
        script.scrape("r_total{code=\"200\"} 190\nr_total{code=\"503\"} 10\n"),
        ["1015 error_rate 10 of 100"]
    );
}

#[test]
fn a_restart_counts_from_nothing_and_is_said() {
    let mut script = Script::new(vec![("requests", ScrapeRead::Increase { counter: "r_total".into() })]);
    script.scrape("r_total 1000\n");
    let (told, said) = script.answer(ok("r_total 40\n"));
    assert_eq!(told, ["1015 requests 40"]);
    assert_eq!(said, ["http://orders/metrics: its counters began anew (a restart)"]);
    assert_eq!(script.scrape("r_total 55\n"), ["1030 requests 15"]);
}

#[test]
fn a_restart_that_the_start_time_tells_counts_from_nothing_although_the_counter_is_higher() {
    let mut script = Script::new(vec![("requests", ScrapeRead::Increase { counter: "r_total".into() })]);
    script.scrape("process_start_time_seconds 500\nr_total 10\n");
    assert_eq!(script.scrape("process_start_time_seconds 1005\nr_total 30\n"), ["1015 requests 30"]);
}

#[test]
fn several_processes_behind_one_address_are_found_out() {
    let mut script = Script::new(vec![("requests", ScrapeRead::Increase { counter: "r_total".into() })]);
    script.scrape("process_start_time_seconds 500\nr_total 1000\n");
    let told = script.scrape("process_start_time_seconds 700\nr_total 90000\n");
    assert!(
        told[0].starts_with("1015 requests error: http://orders/metrics: several processes answer"),
        "{told:?}"
    );

    let mut without_start_time =
        Script::new(vec![("requests", ScrapeRead::Increase { counter: "r_total".into() })]);
    let told: Vec<String> = [1000, 10, 1020, 20]
        .iter()
        .flat_map(|count| without_start_time.scrape(&format!("r_total {count}\n")))
        .collect();
    assert_eq!(told[1], "1030 requests 1010", "one fall may be a restart");
    assert!(told[2].contains("several processes answer"), "{told:?}");
}

#[test]
fn a_missed_scrape_loses_no_event() {
    let mut script = Script::new(vec![("error_rate", ratio()), ("request_rate", rate())]);
    script.scrape("r_total{code=\"200\"} 0\nr_total{code=\"500\"} 0\n");
    assert_eq!(script.answer(timeout()).0, ["1015 error_rate timeout", "1015 request_rate timeout"]);
    assert_eq!(
        script.scrape("r_total{code=\"200\"} 294\nr_total{code=\"500\"} 6\n"),
        ["1030 error_rate 6 of 300", "1030 request_rate 10"]
    );
}

#[test]
fn several_targets_are_added_up_and_a_missing_one_makes_the_sum_absent() {
    let mut source = Scrape::new(&spec(TWO, vec![("error_rate", ratio()), ("rate", rate())])).unwrap();
    let mut poll = |at: i64, a: &'static str, b: Answer| {
        let network = Network::new(move |asked| if asked.url.contains("//a/") { ok(a) } else { b.clone() });
        shown(&network.poll(&mut source, at))
    };
    assert!(poll(1000, "r_total{code=\"200\"} 0\n", ok("r_total{code=\"500\"} 100\n")).is_empty());
    assert_eq!(
        poll(1015, "r_total{code=\"200\"} 120\n", ok("r_total{code=\"500\"} 130\n")),
        ["1015 error_rate 30 of 150", "1015 rate 10"]
    );
    let missing = poll(1030, "r_total{code=\"200\"} 240\n", refused());
    assert_eq!(
        missing[0],
        "1030 error_rate error: http://b/metrics: cannot connect to orders.example: connection refused"
    );
    assert_eq!(
        poll(1045, "r_total{code=\"200\"} 360\n", ok("r_total{code=\"500\"} 190\n")),
        ["1045 error_rate 60 of 300", "1045 rate 10"],
        "what grew while one was missing is not lost"
    );
}

#[test]
fn a_target_that_comes_late_primes_alone() {
    let mut source = Scrape::new(&spec(TWO, vec![("rate", rate())])).unwrap();
    let mut poll = |at: i64, a: &'static str, b: Answer| {
        let network = Network::new(move |asked| if asked.url.contains("//a/") { ok(a) } else { b.clone() });
        shown(&network.poll(&mut source, at))
    };
    assert_eq!(poll(1000, "r_total 0\n", timeout()), ["1000 rate timeout"]);
    assert!(poll(1015, "r_total 150\n", ok("r_total 7\n")).is_empty());
    assert_eq!(poll(1030, "r_total 300\n", ok("r_total 157\n")), ["1030 rate 20"], "each over its own time");
}

#[test]
fn a_quantile_is_of_what_grew_over_all_series() {
    let body = |low: u32, high: u32| {
        format!(
            "d_seconds_bucket{{path=\"/a\",le=\"0.1\"}} {low}\nd_seconds_bucket{{path=\"/a\",le=\"1.0\"}} {high}\n\
             d_seconds_bucket{{path=\"/a\",le=\"+Inf\"}} {high}\nd_seconds_bucket{{le=\"0.1\",path=\"/b\"}} 5\n\
             d_seconds_bucket{{le=\"+Inf\",path=\"/b\"}} 5\nd_seconds_sum{{path=\"/a\"}} 9\nd_seconds_count{{path=\"/a\"}} {high}\n"
        )
    };
    let mut script = Script::new(vec![("latency_p95", p95())]);
    script.scrape(&body(1_000, 1_000));
    // 90 below 0.1 s and 10 between 0.1 and 1 s: the 95th of 100 lies in the middle of the second bucket.
    assert_eq!(script.scrape(&body(1_090, 1_100)), ["1015 latency_p95 0.55 behind 100"]);
    assert_eq!(script.scrape(&body(1_090, 1_100)), ["1030 latency_p95 no-traffic"]);
}

#[test]
fn a_quantile_above_the_highest_bound_is_said() {
    let mut script = Script::new(vec![("latency_p95", p95())]);
    script.scrape("d_seconds_bucket{le=\"1\"} 0\nd_seconds_bucket{le=\"+Inf\"} 0\n");
    let (told, said) = script.answer(ok("d_seconds_bucket{le=\"1\"} 5\nd_seconds_bucket{le=\"+Inf\"} 50\n"));
    assert_eq!(told, ["1015 latency_p95 1 behind 50"]);
    assert!(said[0].contains("above the histogram's highest bound"), "{said:?}");
}

#[test]
fn a_summary_is_no_histogram() {
    let mut script = Script::new(vec![("latency_p95", p95())]);
    let body = "# TYPE d_seconds summary\nd_seconds{quantile=\"0.95\"} 0.2\nd_seconds_count 5\n";
    script.scrape(body);
    assert!(script.scrape(body)[0].contains("d_seconds is a summary, whose quantiles cannot be added up"));
}

#[test]
fn what_is_not_exposed_is_no_data_and_said_once() {
    let mut script =
        Script::new(vec![("error_rate", ratio()), ("queue", ScrapeRead::Gauge { gauge: "q".into() })]);
    let (told, said) = script.answer(ok("up 1\n"));
    assert_eq!(told, ["1000 queue no-data"]);
    assert_eq!(
        said,
        [
            "error_rate: the page has no metric `r_total`; nor one with a similar name",
            "queue: the page has no metric `q`; nor one with a similar name"
        ]
    );
    let (told, said) = script.answer(ok("up 1\n"));
    assert_eq!(told, ["1015 error_rate no-data", "1015 queue no-data"]);
    assert!(said.is_empty());
}

#[test]
fn what_straddles_the_start_of_the_watch_is_not_told() {
    let mut source = Scrape::new(&spec(ONE, vec![("rate", rate())])).unwrap();
    let mut poll = |at: i64| {
        let body = format!("r_total {}\n", at * 10);
        let network = Network::new(move |_| ok(&body));
        shown(&network.poll_in(&mut source, &window(1000, 1020, at)))
    };
    assert!(poll(1000).is_empty());
    assert_eq!(poll(1015), ["1015 rate 10"]);
    assert!(poll(1030).is_empty(), "1015 to 1030 is half warm-up");
    assert_eq!(poll(1045), ["1045 rate 10"]);
}

#[test]
fn what_is_no_exposition_is_an_error_with_its_line() {
    let said =
        |answer: Answer| Script::new(vec![("rate", rate())]).answer(answer).0[0].replace("1000 rate ", "");
    assert_eq!(
        said(ok("r_total 5\n<html>\n")),
        "error: http://orders/metrics: what it exposes cannot be read: line 2: a metric's name is missing: `<html>`"
    );
    assert_eq!(
        said(ok("r_total -1\n")),
        "error: http://orders/metrics: the counter r_total is -1, which no counter can be"
    );
    assert_eq!(
        said(status(200, "application/openmetrics-text", "r_total 5\n")),
        "error: http://orders/metrics: what it exposes cannot be read: line 2: `# EOF` is missing: the answer is cut off"
    );
    assert_eq!(
        said(status(404, "text/plain", "nothing here")),
        "error: http://orders/metrics: the server answered status 404; check the path: nothing here"
    );
    assert_eq!(said(status(429, "", "")), "throttled");
}

#[test]
fn a_series_that_stands_twice_is_an_error_in_either_order() {
    let queue = || vec![("x", ScrapeRead::Gauge { gauge: "q".into() })];
    let twice = |series: &str, first: usize, second: usize| {
        format!(
            "1000 x error: http://orders/metrics: the series `{series}` stands twice on the page, in lines {first} and \
             {second}: which of its numbers is true cannot be told"
        )
    };
    for page in ["# a queue\nq 1\nup 1\nq 900\n", "# a queue\nq 900\nup 1\nq 1\n", "\nq 1\n\nq 1\n"] {
        assert_eq!(Script::new(queue()).scrape(page), [twice("q", 2, 4)], "{page}");
    }
    assert_eq!(
        Script::new(vec![("x", rate())]).scrape("r_total{a=\"1\",b=\"2\"} 5\nr_total{b=\"2\",a=\"1\"} 9\n"),
        [twice("r_total{b=\"2\",a=\"1\"}", 1, 2)],
        "the order of labels makes no other series"
    );
    assert_eq!(
        Script::new(vec![("x", p95())]).scrape(
            "d_seconds_bucket{le=\"1\"} 5\nd_seconds_bucket{le=\"+Inf\"} 9\nd_seconds_bucket{le=\"1.0\"} 0\n"
        ),
        [twice("d_seconds_bucket{le=\"1.0\"}", 1, 3)],
        "1 and 1.0 are one bound"
    );
    assert_eq!(
        Script::new(queue()).scrape("q{a=\"1\"} 1\nq{a=\"2\"} 2\nother 1\nother 2\n"),
        ["1000 x 3"],
        "what no signal reads is nobody's number"
    );
}

#[test]
fn both_formats_are_asked_for() {
    let network = Network::new(|_| ok(""));
    network.poll(&mut Scrape::new(&spec(ONE, vec![("rate", rate())])).unwrap(), 1000);
    let asked = network.take_asked();
    let accept = asked[0].request.headers.iter().find(|header| header.name == "accept").unwrap();
    assert!(accept.value.reveal().starts_with("application/openmetrics-text;version=1.0.0"));
}

#[test]
fn a_specification_that_cannot_work_is_refused() {
    let refuse = |read| Scrape::new(&spec(ONE, vec![("x", read)])).map(|_| ()).unwrap_err();
    assert!(matches!(refuse(ScrapeRead::Rate { counter: "r[5m]".into() }), SourceError::Selector { .. }));
    let percent = ScrapeRead::Quantile { histogram: "d".into(), quantile: 95.0 };
    assert!(matches!(refuse(percent), SourceError::Quantile { .. }));
    let unnamed = ScrapeRead::Quantile { histogram: "{__name__=~\"d\"}".into(), quantile: 0.95 };
    assert!(matches!(refuse(unnamed), SourceError::UnnamedHistogram { .. }));
    assert!(matches!(Scrape::new(&spec(&[], vec![("x", rate())])), Err(SourceError::NoTargets { .. })));
    assert!(matches!(Scrape::new(&spec(ONE, vec![])), Err(SourceError::NoSignals { .. })));
}
