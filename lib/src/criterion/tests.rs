//! The language: what reads, what does not and where the mistake is, and that what is printed reads back.

use proptest::prelude::*;

use super::*;

#[test]
fn good_texts_read_and_print_as_their_canonical_form() {
    for (text, canonical) in [
        ("error_rate > 5% for 5m", "error_rate > 5% for 5m"),
        ("  error_rate>5%for 5m ", "error_rate > 5% for 5m"),
        ("ERROR_RATE > 5% FOR 5M", "ERROR_RATE > 5% for 5m"),
        ("latency_p95 > 2x baseline for 5m", "latency_p95 > 2x baseline for 5m"),
        ("latency_p95 > 2 x baseline for 5m", "latency_p95 > 2x baseline for 5m"),
        ("latency_p95 > 2xbaseline for 300s", "latency_p95 > 2x baseline for 5m"),
        ("latency_p95 > 1.5X Baseline", "latency_p95 > 1.5x baseline"),
        ("a > 2x baseline and > 200ms for 5m", "a > 2x baseline and a > 200ms for 5m"),
        ("a > 2x baseline AND b < 3 for 5m", "a > 2x baseline and b < 3 for 5m"),
        ("health failing for 2m", "health failing for 2m"),
        ("smoke FAILING", "smoke failing"),
        ("health passing", "health passing"),
        ("health failing and error_rate > 1% for 1m", "health failing and error_rate > 1% for 1m"),
        ("x >= 1", "x >= 1"),
        ("x <= 1", "x <= 1"),
        ("x == 1", "x == 1"),
        ("x != 1", "x != 1"),
        ("x < -5", "x < -5"),
        ("x > .5", "x > 0.5"),
        ("x > 0.50", "x > 0.5"),
        ("max(queue_depth) < 1000", "max(queue_depth) < 1000"),
        ("P99 ( latency ) < 1.5s", "p99(latency) < 1.5s"),
        ("avg(a) > 1 and > 2", "avg(a) > 1 and avg(a) > 2"),
        ("last(a) > 1 and min(b) > 2", "last(a) > 1 and min(b) > 2"),
        ("median(a) > 1", "median(a) > 1"),
        ("critical_logs <= baseline + 0", "critical_logs <= baseline + 0"),
        ("a > baseline+10%", "a > baseline + 10%"),
        ("a < baseline - 50 % for 5m", "a < baseline - 50% for 5m"),
        ("rate < 10/s for 5m", "rate < 10/s for 5m"),
        ("memory > 1.5gib for 10m", "memory > 1.5GiB for 10m"),
        ("disk > 2GB", "disk > 2GB"),
        ("a > 5 m for 5m", "a > 5m for 5m"),
        ("a > 250us for 1h30m", "a > 250us for 1h30m"),
        ("a > 5% for 5m strict", "a > 5% for 5m strict"),
        ("a > 5% for 5m in 15m", "a > 5% for 5m in 15m"),
        ("a > 5% for 5m in 5m", "a > 5% for 5m in 5m"),
        ("a > 1 for 250ms", "a > 1 for 250ms"),
    ] {
        let criterion: Criterion = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(criterion.to_string(), canonical, "{text}");
    }
}

#[test]
fn the_text_is_kept_as_written_with_single_spaces() {
    let criterion: Criterion = "  a >   2x baseline and > 200ms\n for 5m ".parse().unwrap();
    assert_eq!(criterion.text(), "a > 2x baseline and > 200ms for 5m");
}

#[test]
fn bad_texts_point_at_the_word_that_is_wrong() {
    // The text, the part of it that is pointed at, and what the message says.
    for (text, wrong, message) in [
        ("", "", "empty"),
        ("   ", "   ", "empty"),
        ("error_rate", "", "a comparison is expected at the end"),
        ("error_rate >", "", "a number is expected at the end"),
        ("error_rate > five", "five", "a number is expected here, not `five`"),
        ("error_rate > 5% for", "", "a duration such as `5m` is expected at the end"),
        ("error_rate > 5% for ever", "ever", "a duration such as `5m` is expected here"),
        ("error_rate > 5% for 5", "5", "no unit"),
        ("error_rate > 5% for 5x", "5x", "not a unit of time"),
        ("error_rate > 5% for 30m1h", "30m1h", "from large to small"),
        ("error_rate > 5% for 0s", "0s", "longer than 0"),
        ("error_rate > 5% for 5m and b > 1", "and", "not expected here"),
        ("error_rate > 5% for 15m in 5m", "5m", "shorter than the `15m`"),
        ("error_rate > 5% for 5m in", "", "a duration such as `5m` is expected at the end"),
        ("error_rate > 5% for 5m strict in 15m", "in", "not expected here"),
        ("error_rate = 5%", "=", "not a comparison"),
        ("error_rate => 5%", "=", "not a comparison"),
        ("error_rate >> 5%", ">", "a number is expected here"),
        ("> 5% for 5m", ">", "a signal is expected here"),
        ("5% < error_rate", "5", "a signal is expected here"),
        ("error_rate > 5 parsecs", "parsecs", "not a unit"),
        ("error_rate > 1.2.3", "1.2.3", "not a number"),
        ("error_rate > 2x", "", "`baseline` is expected at the end"),
        ("error_rate > 2x median", "median", "`baseline` is expected here"),
        ("error_rate > 0x baseline", "x", "above 0"),
        ("error_rate > -2x baseline", "x", "above 0"),
        ("error_rate > baseline", "", "`+` or `-`"),
        ("error_rate > baseline for 5m", "for", "`+` or `-`"),
        ("error_rate > baseline + for 5m", "for", "a number is expected here"),
        ("error_rate > baseline 5%", "5", "`+` or `-`"),
        ("error_rate > baseline + 5% + 1", "+", "not expected here"),
        ("mean(error_rate) > 5%", "mean", "not an aggregate"),
        ("p0(error_rate) > 5%", "p0", "not an aggregate"),
        ("p100(error_rate) > 5%", "p100", "not an aggregate"),
        ("max(error_rate > 5%", ">", "`)` is expected here"),
        ("max() > 5%", ")", "a signal is expected here"),
        ("max(a) failing", "failing", "a comparison is expected here"),
        ("max(a) > 5 for 5m", "max(a) > 5 for 5m", "both an aggregate and a duration"),
        ("for > 5%", "for", "cannot name a signal"),
        ("baseline > 5%", "baseline", "cannot name a signal"),
        ("a > 5% and", "", "a signal is expected at the end"),
        ("a > 5% and and b > 1", "and", "cannot name a signal"),
        ("a > 5% or b > 1", "or", "not expected here"),
        ("a > 5 or b > 1", "or", "not expected here"),
        ("health failing and > 5", ">", "a signal is expected here"),
        ("a > 5% for 5m; b > 1", ";", "`;` has no meaning here"),
        ("a > 5€", "€", "`€` has no meaning here"),
        ("a > 5%\u{7} for 5m", "\u{7}", "has no meaning here"),
        ("fehler_ä > 5%", "ä", "`ä` has no meaning here"),
    ] {
        let error = text.parse::<Criterion>().map(|read| read.to_string()).unwrap_err();
        let span = error.span();
        let pointed =
            text.get(span.clone()).unwrap_or_else(|| panic!("{text}: the span {span:?} is not in it"));
        assert_eq!(pointed, wrong, "{text}: {error} at {span:?}");
        assert!(error.message().contains(message), "{text}: {error}");
        if wrong.is_empty() {
            assert_eq!(span.end, text.len(), "{text}: what is missing is missing at the end");
        }
    }
}

#[test]
fn what_was_meant_is_said() {
    for (text, wrong, meant) in [
        ("health = failing", "= failing", "did you mean `health failing`?"),
        ("health == failed for 2m", "== failed", "did you mean `health failing for 2m`?"),
        ("health == false for 6s", "== false", "did you mean `health failing for 6s`?"),
        ("health != true for 6s", "!= true", "did you mean `health failing for 6s`?"),
        ("health is not failing", "is not failing", "did you mean `health passing`?"),
        ("health is failing for 6s", "is failing", "did you mean `health failing for 6s`?"),
        ("health is failing for ever", "is failing", "did you mean `health failing`?"),
        ("health is failing", "is failing", "did you mean `health failing`?"),
        ("smoke down", "down", "did you mean `smoke failing`?"),
        ("health failling for 2m", "failling", "did you mean `health failing for 2m`?"),
        ("health ok", "ok", "did you mean `health passing`?"),
        ("error-rate > 5% for 5m", "error-rate", "did you mean `error_rate`?"),
        ("max(queue.depth) > 5", "queue.depth", "did you mean `queue_depth`?"),
        ("error_rate = 5%", "=", "write `==`"),
        ("latency_p95 > 5 sec", "sec", "did you mean `s`?"),
        ("error_rate > 5 percent for 5m", "percent", "did you mean `%`?"),
        ("health failing for 5 min", "5", "did you mean `5m`?"),
        ("health failing for 300sec", "300sec", "did you mean `300s`?"),
        ("error_rate > 5% 5min", "5", "did you mean `for 5m`?"),
        ("error_rate > 5% fro 5m", "fro", "did you mean `for`?"),
        ("queue > 5 fro 5m", "fro", "did you mean `for`?"),
        (
            "error_rate > 5% for 5m and latency_p95 > 1s",
            "and",
            "the duration stands last: `error_rate > 5% and latency_p95 > 1s for 5m`",
        ),
        ("a > 1 for 5m in 1h AND b > 2", "AND", "the duration stands last: `a > 1 AND b > 2 for 5m in 1h`"),
        ("a > 1 for 5m and b > 2 for 2m", "and", "the duration stands last: `… and … for 5m`"),
        ("a > 1 for 5m and", "and", "the duration stands last: `… and … for 5m`"),
        ("a > 1 or b > 2", "or", "write two criteria: each of a list decides by itself"),
        ("error_rate >> 5%", ">", "write one comparison: `>`, `>=`, `<`, `<=`, `==` or `!=`"),
    ] {
        let error = text.parse::<Criterion>().unwrap_err();
        assert_eq!((&text[error.span()], error.suggestion()), (wrong, Some(meant)), "{text}: {error}");
    }
}

#[test]
fn a_criterion_of_any_length_is_refused_rather_than_read() {
    let long = format!("a > 1{}", " and > 1".repeat(600));
    assert!(long.parse::<Criterion>().unwrap_err().message().contains("at most 4096"));
}

#[test]
fn bare_comparisons_read_without_a_signal() {
    assert_eq!(
        parse_comparison("<= 500ms").map(|(cmp, quantity)| (cmp, quantity.base())),
        Ok((Cmp::LessOrEqual, 0.5))
    );
    for text in ["", "5", "> 2x baseline", "> baseline + 1", "> 5 for 5m", "a > 5"] {
        assert!(parse_comparison(text).is_err(), "{text}");
    }
}

#[test]
fn signals_are_listed_once_in_their_order() {
    let criterion: Criterion = "b > 1 and a > 2 and b < 9 for 5m".parse().unwrap();
    let names: Vec<&str> = criterion.signals().into_iter().map(SignalName::as_str).collect();
    assert_eq!(names, ["b", "a"]);
    assert!(!criterion.reads_baseline());
    assert!("a > 1 and b > 2x baseline".parse::<Criterion>().unwrap().reads_baseline());
}

fn signal() -> impl Strategy<Value = SignalName> {
    "[a-z_][a-z0-9_]{0,12}".prop_filter_map("a word of the language", |text| text.parse().ok())
}

fn number() -> impl Strategy<Value = Finite> {
    prop_oneof![
        (0..1_000_000_u32).prop_map(f64::from),
        (0..1_000_000_u32).prop_map(|thousandths| f64::from(thousandths) / 1000.0),
        (0.0..1e18_f64),
    ]
    .prop_filter_map("finite", Finite::new)
}

fn quantity() -> impl Strategy<Value = Quantity> {
    let units: Vec<Unit> = Unit::spellings().filter_map(Unit::parse).collect();
    (number(), proptest::option::of(proptest::sample::select(units)))
        .prop_map(|(number, unit)| Quantity::new(number, unit))
}

fn threshold() -> impl Strategy<Value = Threshold> {
    prop_oneof![
        quantity().prop_map(Threshold::Absolute),
        number().prop_filter("above 0", |factor| factor.get() > 0.0).prop_map(Threshold::TimesBaseline),
        (proptest::sample::select(vec![Sign::Plus, Sign::Minus]), quantity())
            .prop_map(|(sign, amount)| Threshold::BaselineOffset { sign, amount }),
    ]
}

fn comparison() -> impl Strategy<Value = Comparison> {
    let cmps =
        vec![Cmp::Greater, Cmp::GreaterOrEqual, Cmp::Less, Cmp::LessOrEqual, Cmp::Equal, Cmp::NotEqual];
    prop_oneof![
        4 => (signal(), proptest::sample::select(cmps), threshold()).prop_map(|(signal, cmp, threshold)| {
            Comparison::Threshold { operand: Operand { signal, aggregate: None }, cmp, threshold }
        }),
        1 => (signal(), proptest::sample::select(vec![State::Passing, State::Failing]))
            .prop_map(|(signal, state)| Comparison::State { signal, state }),
    ]
}

fn form() -> impl Strategy<Value = Form> {
    let duration = || (1..1_000_000_u64).prop_map(|milliseconds| Duration::from_millis(milliseconds * 10));
    prop_oneof![
        Just(Form::Instant),
        duration().prop_map(|duration| Form::Sustained { duration }),
        duration().prop_map(|duration| Form::Strict { duration }),
        (duration(), duration())
            .prop_map(|(duration, more)| Form::Flapping { duration, within: duration.plus(more) }),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_reads_back(comparisons in proptest::collection::vec(comparison(), 1..4), form in form()) {
        let criterion = Criterion { text: String::new(), comparisons, form };
        let printed = criterion.to_string();
        let read: Criterion = printed.parse().map_err(|error| TestCaseError::fail(format!("{printed}: {error}")))?;
        prop_assert_eq!(read.comparisons(), criterion.comparisons(), "{}", printed);
        prop_assert_eq!(read.form(), criterion.form());
        prop_assert_eq!(read.to_string(), printed);
    }

    #[test]
    fn no_text_makes_the_reader_panic_and_every_span_is_in_the_text(text in "\\PC{0,60}") {
        if let Err(error) = text.parse::<Criterion>() {
            prop_assert!(text.get(error.span()).is_some(), "{:?} of {:?}", error.span(), text);
            prop_assert!(!error.message().is_empty());
        }
    }

    #[test]
    fn no_mixture_of_words_makes_the_reader_panic(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "a", "max", "(", ")", ">", "<=", "==", "=", "5", "%", "5m", "baseline", "2x", "x", "+", "-", "and", "for", "in",
            "strict", "failing", "/s", "1.5", ".", "ä", "p95", "0",
        ]), 0..14),
    ) {
        for text in [words.join(" "), words.concat()] {
            if let Err(error) = text.parse::<Criterion>() {
                prop_assert!(text.get(error.span()).is_some(), "{:?} of {:?}", error.span(), text);
            }
        }
    }
}
