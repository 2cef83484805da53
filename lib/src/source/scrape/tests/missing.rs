//! What is said where a page does not show what is asked for.

use super::*;

/// What is told and said of a page that is scraped twice, of which a signal is read.
fn read(read: ScrapeRead, page: &str) -> (Vec<String>, Vec<String>) {
    let mut script = Script::new(vec![("x", read)]);
    let (_, mut said) = script.answer(ok(page));
    let (told, more) = script.answer(ok(page));
    said.extend(more);
    (told, said)
}

fn counts(bad: &str, total: &str) -> ScrapeRead {
    ScrapeRead::Ratio { bad: bad.into(), total: total.into() }
}

const PAGE: &str = "http_requests_total{code=\"200\",app=\"a\"} 5\nd_seconds_bucket{le=\"1\"} 1\nd_seconds_bucket{le=\"+Inf\"} 2\n";

#[test]
fn a_wrong_name_is_named_with_what_is_near() {
    for (asked, words) in [
        (
            ScrapeRead::Rate { counter: "http_request_total".into() },
            "x: the page has no metric `http_request_total`; did you mean `http_requests_total`?",
        ),
        (
            ScrapeRead::Gauge { gauge: "http_requests".into() },
            "x: the page has no metric `http_requests`; did you mean `http_requests_total`?",
        ),
        (
            counts("http_reqs_total{code=\"500\"}", "http_reqs_total"),
            "x: the page has no metric `http_reqs_total`; did you mean `http_requests_total`?",
        ),
        (
            ScrapeRead::Quantile { histogram: "d_second".into(), quantile: 0.5 },
            "x: the page has no histogram `d_second` (no `d_second_bucket`); did you mean `d_seconds`?",
        ),
        (
            ScrapeRead::Quantile { histogram: "d_seconds_bucket".into(), quantile: 0.5 },
            "x: the page has no histogram `d_seconds_bucket` (no `d_seconds_bucket_bucket`); did you mean `d_seconds`?",
        ),
        (
            ScrapeRead::Rate { counter: "http_requests_total{app=\"b\"}".into() },
            "x: the page has `http_requests_total`, and no series of it that the selector chooses; one is `http_requests_total{code=\"200\",app=\"a\"}`",
        ),
    ] {
        assert_eq!(read(asked, PAGE), (vec!["1015 x no-data".to_owned()], vec![words.to_owned()]));
    }
}

#[test]
fn errors_that_can_never_be_chosen_are_unknown_and_not_none() {
    let (told, said) = read(counts("http_requests_total{status=\"500\"}", "http_requests_total"), PAGE);
    assert_eq!(told, ["1015 x no-data"]);
    assert_eq!(
        said,
        [
            "x: `bad` can choose nothing: no series of `http_requests_total` has the label `status`; there are `app` and `code`"
        ]
    );
    let (told, said) = read(counts("r{code=\"500\"}", "r"), "r 5\n");
    assert_eq!(told, ["1015 x no-data"]);
    assert_eq!(said, ["x: `bad` can choose nothing: `r` has no label `code`, nor any other"]);
}

#[test]
fn errors_that_were_not_there_yet_are_none() {
    let mut script =
        Script::new(vec![("x", counts("http_requests_total{code=\"500\"}", "http_requests_total"))]);
    assert_eq!(script.answer(ok(PAGE)), (vec![], vec![]));
    let grown = PAGE.replace("} 5", "} 9");
    assert_eq!(script.answer(ok(&grown)), (vec!["1015 x 0 of 4".to_owned()], vec![]));
    // A counter of errors alone may come with the first error; that it is not there is said.
    let (_, said) = read(counts("http_errors_total", "http_requests_total"), PAGE);
    assert_eq!(
        said,
        [
            "x: `bad` chooses nothing, which is taken for no errors: the page has no metric `http_errors_total`; did you mean `http_requests_total`?"
        ]
    );
}

#[test]
fn a_histogram_that_is_not_whole_says_what_it_lacks() {
    let quantile = || ScrapeRead::Quantile { histogram: "d".into(), quantile: 0.5 };
    let mut script = Script::new(vec![("x", quantile())]);
    let (_, said) = script.answer(ok("d_bucket{le=\"1\"} 1\n"));
    assert_eq!(
        said,
        ["x: the histogram `d` has no bucket `+Inf`, so that how much it has counted is not known"]
    );
    assert_eq!(script.answer(ok("d_bucket{le=\"1\"} 9\n")), (vec!["1015 x no-data".to_owned()], vec![]));
    let (_, said) = read(quantile(), "d_bucket{le=\"+Inf\"} 1\n");
    assert_eq!(said, ["x: the histogram `d` has no bucket but `+Inf`, which tells of no length of time"]);
}
