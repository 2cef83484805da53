mod replays;

use proptest::prelude::*;

use super::*;
use crate::Finite;
use crate::gate::FailedGate;
use crate::policy::rules::{GateRules, ReadingKind, SignalRules};
use crate::sample::{Absence, Counts, Reading};

const START: &str = r#"{"kind":"start","version":1,"t":"2026-01-01T00:00:00Z","environment":"production","policy_sha256":"ab"}"#;

fn rules() -> GateRules {
    GateRules::new(Duration::ZERO, Duration::from_secs(900), Duration::from_secs(15))
}

fn replay_error(journal: &str) -> String {
    let step = Duration::from_secs(15);
    let rules = rules().with_signal("x".parse().unwrap(), SignalRules::new(ReadingKind::Value, step));
    replay(rules, journal.as_bytes()).unwrap_err().to_string()
}

#[test]
fn writes_the_lines_of_the_format() {
    for text in [
        START,
        r#"{"kind":"recovery","redeployed":""}"#,
        r#"{"kind":"recovery","redeployed":"1.3.0 (run 12)","rollback_started":"2025-12-31T23:50:00Z","failed":"1.4.0","reason":"errors","onset":"2025-12-31T23:40:00Z","decided_at":"2025-12-31T23:45:00Z"}"#,
        r#"{"kind":"signal","signal":"latency_p95","step":15}"#,
        r#"{"kind":"signal","signal":"latency_p95","step":0.25}"#,
        r#"{"kind":"baseline","signal":"latency_p95","median":0.21,"p95":0.3,"worst":0.24,"count":120}"#,
        r#"{"kind":"baseline","signal":"error_rate","median":0.002,"p95":0.004,"count":120,"bad":61,"total":30510,"window":["2025-12-31T23:30:00Z","2026-01-01T00:00:00Z"],"source":"before: 30m"}"#,
        r#"{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"latency_p95","value":0.412}"#,
        r#"{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"latency_p95","value":0.412,"total":12}"#,
        r#"{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"error_rate","bad":3,"total":250}"#,
        r#"{"kind":"sample","t":"2026-01-01T00:00:15.25Z","signal":"x","value":-1.5e-300}"#,
        r#"{"kind":"absent","t":"2026-01-01T00:00:30Z","signal":"latency_p95","reason":"timeout"}"#,
        r#"{"kind":"absent","t":"2026-01-01T00:00:30Z","signal":"latency_p95","reason":"error: \"no\" \\ \u0023"}"#,
        r#"{"kind":"tick","t":"2026-01-01T00:00:30Z"}"#,
        r#"{"kind":"note","t":"2026-01-01T00:00:30Z","signal":"health","text":"degraded"}"#,
        r#"{"kind":"note","t":"2026-01-01T00:00:30Z","text":"clock"}"#,
        r#"{"kind":"request","t":"2026-01-01T00:00:30Z","decision":"rollback","by":"operator"}"#,
        r#"{"kind":"cancel","t":"2026-01-01T00:00:30Z","by":"SIGTERM"}"#,
        r#"{"kind":"decision","t":"2026-01-01T00:00:30Z","decision":"hold","reason":"cancelled"}"#,
        r#"{"kind":"end","t":"2026-01-01T00:16:00Z"}"#,
    ] {
        let line = parse_line(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(write(&line), text.replace(r"\u0023", "#"));
    }
}

#[test]
fn reads_what_other_writers_write() {
    let spaced = r#" { "value" : 1 , "signal" : "health" , "t" : "2026-01-01T01:00:15+01:00" , "kind" : "sample", "extra": {"a": [1, null]} } "#;
    let Line::Sample { t, signal, sample } = parse_line(spaced).unwrap() else { panic!() };
    assert_eq!((t.to_string().as_str(), signal.as_str()), ("2026-01-01T00:00:15Z", "health"));
    assert_eq!(sample, Sample::from_number(1.0));
    let empty = r#"{"kind":"sample","t":"2026-01-01T00:00:15Z","signal":"error_rate","bad":0,"total":0}"#;
    assert!(matches!(parse_line(empty), Ok(Line::Sample { sample: Sample::Absent(Absence::NoTraffic), .. })));
    let unknown = r#"{"kind":"absent","t":"2026-01-01T00:00:15Z","signal":"x","reason":"lost"}"#;
    assert!(
        matches!(parse_line(unknown), Ok(Line::Sample { sample: Sample::Absent(Absence::Error(why)), .. }) if why == "lost")
    );
}

#[test]
fn a_reader_cuts_what_a_writer_cuts() {
    let long = "x".repeat(9_000);
    let absent = format!(
        r#"{{"kind":"absent","t":"2026-01-01T00:00:30Z","signal":"latency_p95","reason":"error: {long}"}}"#
    );
    let line = parse_line(&absent).unwrap();
    let Line::Sample { sample: Sample::Absent(Absence::Error(why)), .. } = &line else { panic!() };
    assert!(why.len() < 4_010 && why.ends_with('…'), "{}", why.len());
    assert_eq!(parse_line(&write(&line)), Ok(line));
    for (key, line) in [
        ("text", r#"{"kind":"note","t":"2026-01-01T00:00:30Z","text":"LONG"}"#),
        ("by", r#"{"kind":"cancel","t":"2026-01-01T00:00:30Z","by":"LONG"}"#),
        ("by", r#"{"kind":"request","t":"2026-01-01T00:00:30Z","decision":"hold","by":"LONG"}"#),
    ] {
        let line = parse_line(&line.replace("LONG", &long)).unwrap();
        assert!(format!("{line:?}").len() < 4_200, "{key}");
    }
}

#[test]
fn a_signal_is_introduced_once() {
    let heading = |line: &str| format!("{START}\n{line}\n{line}\n");
    assert_eq!(
        replay_error(&heading(r#"{"kind":"baseline","signal":"x","median":1,"p95":1,"count":9}"#)),
        "line 3 of the journal: a second baseline line of x; keep the right one"
    );
    assert_eq!(
        replay_error(&heading(r#"{"kind":"signal","signal":"x","step":15}"#)),
        "line 3 of the journal: a second signal line of x; keep the right one"
    );
}

#[test]
fn says_what_is_wrong_with_a_line() {
    for (text, error) in [
        ("", "it is not a JSON object: it does not begin with `{`"),
        (r#"["tick","2026-01-01T00:00:00Z"]"#, "it is not a JSON object: it does not begin with `{`"),
        ("{kind:1}", "it is not a JSON object: key must be a string at column 2"),
        ("{}", "it has no `kind`; kinds are start, recovery, signal,"),
        (r#"{"kind":3}"#, "`kind` is 3, and must be a text"),
        (r#"{"kind":"smaple"}"#, "`smaple` is not a kind of line; kinds are start, recovery, signal,"),
        (r#"{"kind":"tick","t":"noon"}"#, "`t` is `noon`, and must be a time in RFC 3339"),
        (r#"{"kind":"tick","t":1767225600}"#, "`t` is 1767225600, and must be a text"),
        (
            r#"{"kind":"tick","t":"2026-01-01T00:00:00Z","t":"2026-01-01T00:00:00Z"}"#,
            "it is not an object of the journal: duplicate field `t`",
        ),
        (
            r#"{"kind":"signal","signal":"x","step":0}"#,
            "`step` is 0, and must be a number of seconds above 0",
        ),
        (
            r#"{"kind":"signal","signal":"x","step":1e300}"#,
            &format!(
                "`step` is 1{}, and must be a number of seconds above 0, at most ten years",
                "0".repeat(59)
            ),
        ),
        (
            r#"{"kind":"tick","t":"9999-12-31T23:59:59Z"}"#,
            "`t` is `9999-12-31T23:59:59Z`, and must be a time in RFC 3339 between the years 1678 and 2261",
        ),
        (
            "{\"kind\":\"tick\",\"t\":\"a\0\"}",
            "it is not a JSON object: control character (\\u0000-\\u001F) found while parsing a string at column",
        ),
        (r#"{"kind":"signal","signal":"x"}"#, "a `signal` line needs `step`"),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x"}"#,
            "a `sample` line needs `value` or `bad`",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","value":null}"#,
            "a `sample` line needs `value` or `bad`",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","value":"1"}"#,
            "`value` is `1`, and must be a number",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","value":NaN}"#,
            "it is not a JSON object: expected value at column 66",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","value":1e999}"#,
            "it is not a JSON object: number out of range at column 70",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","bad":1}"#,
            "a `sample` line needs `total`",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","bad":9,"total":3}"#,
            "`bad` is 9 of 3, and must be a count",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","bad":-1,"total":3}"#,
            "`bad` is -1 of 3, and must be a count",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","value":1,"total":-3}"#,
            "`total` is negative",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"x","value":1,"bad":1,"total":3}"#,
            "`value` is beside `bad`",
        ),
        (
            r#"{"kind":"sample","t":"2026-01-01T00:00:00Z","signal":"95th","value":1}"#,
            "`signal` is `95th`, and must be the name",
        ),
        (
            r#"{"kind":"request","t":"2026-01-01T00:00:00Z","decision":"proceed","by":"x"}"#,
            "`decision` is `proceed`, and must be `hold`",
        ),
        (
            r#"{"kind":"start","t":"2026-01-01T00:00:00Z","environment":"x"}"#,
            "a `start` line needs `version`",
        ),
        (
            r#"{"kind":"start","version":2,"t":"2026-01-01T00:00:00Z","environment":"x"}"#,
            "the journal's version is 2, and this",
        ),
        (
            r#"{"kind":"baseline","signal":"x","median":1,"p95":1,"count":1.5}"#,
            "`count` is 1.5, and must be a whole",
        ),
        (
            r#"{"kind":"baseline","signal":"x","median":1,"p95":1,"count":5,"bad":1}"#,
            "a `baseline` line needs `total`",
        ),
    ] {
        let found = parse_line(text).unwrap_err().to_string();
        assert!(found.starts_with(error), "{text}\n  {found}\n  {error}");
    }
}

#[test]
fn passes_over_blank_lines_line_ends_and_a_byte_order_mark() {
    let journal = format!("\u{feff}{START}\r\n\r\n   \n{{\"kind\":\"end\",\"t\":\"2026-01-01T00:16:00Z\"}}");
    let replayed = replay(rules(), journal.as_bytes()).unwrap();
    assert_eq!((replayed.lines, replayed.torn), (4, None));
}

#[test]
fn ignores_a_torn_last_line_and_says_so() {
    for tail in ["{\"kind\":\"samp", "{", "\0\0\0\0", "{\"kind\":\"note\",\"t\":\"2026"] {
        let journal = format!("{START}\n{tail}");
        let replayed = replay(rules(), journal.as_bytes()).unwrap();
        assert_eq!(replayed.torn, Some(Torn { line: 2, bytes: tail.len() }), "{tail:?}");
    }
    let mut cut = format!("{START}\n{{\"kind\":\"note\",\"text\":\"").into_bytes();
    cut.push(0xc3);
    assert_eq!(replay(rules(), cut.as_slice()).unwrap().torn.unwrap().line, 2);
}

#[test]
fn refuses_bad_lines_with_their_number() {
    let tick = r#"{"kind":"tick","t":"2026-01-01T00:00:30Z"}"#;
    let end = r#"{"kind":"end","t":"2026-01-01T00:16:00Z"}"#;
    assert_eq!(replay_error("\n \n"), "the journal is empty; a journal begins with a `start` line");
    assert!(
        replay_error(&format!("{START}\n{{\n{tick}\n"))
            .starts_with("line 2 of the journal: it is not a JSON object")
    );
    // Whole, and wrong: not torn, though no line end follows.
    assert!(
        replay_error(&format!("{START}\n{{\"kind\":\"tock\"}}")).starts_with("line 2 of the journal: `tock`")
    );
    assert!(replay_error(&format!("{START}\n{}", "x".repeat(MAX_LINE + 1))).contains("longer than 65536"));
    assert!(
        replay_error(&format!("{START}\n{end}\n{tick}\n"))
            .contains("line 3 of the journal stands after its `end`")
    );
    let late = format!(
        "{START}\n{{\"kind\":\"sample\",\"t\":\"2026-01-01T00:00:15Z\",\"signal\":\"x\",\"value\":1}}\n{{\"kind\":\"signal\",\"signal\":\"x\",\"step\":1}}\n"
    );
    assert!(replay_error(&late).contains("line 3 of the journal: a signal line after the first sample"));
    let bytes = [START.as_bytes(), b"\n\xff\xff\n"].concat();
    assert!(
        replay(rules(), bytes.as_slice())
            .unwrap_err()
            .to_string()
            .contains("line 2 of the journal is not UTF-8")
    );
}

#[test]
fn a_long_text_is_cut_and_still_fits_in_a_line() {
    let line = Line::Note {
        t: Timestamp::from_secs(0),
        signal: None,
        text: "\u{1}".repeat(1_000_000),
        clears: None,
    };
    let text = write(&line);
    assert!(text.len() < MAX_LINE);
    let Line::Note { text, .. } = parse_line(&text).unwrap() else { panic!() };
    assert!(text.ends_with('…'));
}

#[test]
fn a_written_line_steers_no_terminal_and_no_pipeline() {
    let text = "\u{1b}[2J##vso[task.complete result=Succeeded]\u{202e}###[x]\u{7f}\u{85}\r\n";
    let written =
        write(&Line::Note { t: Timestamp::from_secs(0), signal: None, text: text.to_owned(), clears: None });
    assert!(!written.contains("##"), "{written}");
    assert!(written.chars().all(|c| !c.is_control() && c != '\u{202e}'), "{written}");
    assert!(matches!(parse_line(&written), Ok(Line::Note { text: read, .. }) if read == text));
}

fn finite() -> impl Strategy<Value = Finite> {
    prop_oneof![
        prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        (-1e9..1e9f64),
        (0u32..100_000).prop_map(|n| f64::from(n) / 1000.0),
    ]
    .prop_filter_map("finite", Finite::new)
}

fn counts() -> impl Strategy<Value = Counts> {
    (0.0..1e6f64, 1e-3..1e6f64).prop_filter_map("possible", |(a, b)| Counts::new(a.min(b), a.max(b)))
}

fn time() -> impl Strategy<Value = Timestamp> {
    prop_oneof![
        any::<i64>().prop_map(Timestamp::from_nanos),
        (0i64..4_000_000_000).prop_map(Timestamp::from_secs),
        (0i64..4_000_000_000_000).prop_map(|ms| Timestamp::from_nanos(ms * 1_000_000)),
    ]
}

fn signal() -> impl Strategy<Value = SignalName> {
    "[a-zA-Z_][a-zA-Z0-9_]{0,20}".prop_filter_map("not reserved", |text| text.parse().ok())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,40}", any::<String>(), "[#\\[\\]\\\\\"u0023]{0,12}"]
}

fn absence() -> impl Strategy<Value = Absence> {
    prop_oneof![
        Just(Absence::NoData),
        Just(Absence::NoTraffic),
        Just(Absence::LowTraffic),
        Just(Absence::Timeout),
        Just(Absence::Throttled),
        text().prop_map(Absence::Error),
    ]
}

fn baseline() -> impl Strategy<Value = Baseline> {
    (
        (finite(), finite(), proptest::option::of(finite()), any::<u64>()),
        (
            proptest::option::of(counts()),
            proptest::option::of((time(), time())),
            proptest::option::of(text()),
        ),
    )
        .prop_map(|((median, p95, worst, count), (counts, window, source))| Baseline {
            median,
            p95,
            worst,
            count,
            counts,
            window,
            source,
        })
}

fn asked() -> impl Strategy<Value = Decision> {
    prop_oneof![Just(Decision::Hold), Just(Decision::Rollback)]
}

fn recovery() -> impl Strategy<Value = Recovery> {
    let moment = || proptest::option::of(time());
    let failed = (text(), text(), moment(), moment())
        .prop_map(|(release, reason, onset, decided_at)| FailedGate { release, reason, onset, decided_at });
    (text(), moment(), proptest::option::of(failed))
        .prop_map(|(redeployed, rollback_started, failed)| Recovery { redeployed, rollback_started, failed })
}

pub(crate) fn line() -> impl Strategy<Value = Line> {
    let value = (finite(), proptest::option::of(finite())).prop_map(|(value, total)| Reading::Value {
        value,
        total: total.and_then(|n| Finite::new(n.get().abs())),
    });
    let sample = prop_oneof![
        value.prop_map(Sample::Known),
        counts().prop_map(|counts| Sample::Known(Reading::Counts(counts))),
        absence().prop_map(Sample::Absent),
    ];
    // Steps to the nanosecond are exact up to 50 days.
    let step = prop_oneof![1u64..4_000_000_000_000_000, (1u64..300_000_000).prop_map(|s| s * 1_000_000_000)];
    prop_oneof![
        (time(), text(), text()).prop_map(|(t, environment, policy_sha256)| Line::Start {
            t,
            environment,
            policy_sha256
        }),
        recovery().prop_map(Line::Recovery),
        (signal(), step).prop_map(|(signal, step)| Line::Signal { signal, step: Duration::from_nanos(step) }),
        (signal(), baseline()).prop_map(|(signal, baseline)| Line::Baseline { signal, baseline }),
        (time(), signal(), sample).prop_map(|(t, signal, sample)| Line::Sample { t, signal, sample }),
        time().prop_map(|t| Line::Tick { t }),
        (time(), proptest::option::of(signal()), text(), proptest::option::of(text()))
            .prop_map(|(t, signal, text, clears)| Line::Note { t, signal, text, clears }),
        (time(), asked(), text()).prop_map(|(t, decision, by)| Line::Request { t, decision, by }),
        (time(), text()).prop_map(|(t, by)| Line::Cancel { t, by }),
        (time(), text()).prop_map(|(t, reason)| Line::Unserved { t, reason }),
        (time(), prop_oneof![Just(Decision::Proceed), asked()], text())
            .prop_map(|(t, decision, reason)| Line::Decision { t, decision, reason }),
        time().prop_map(|t| Line::End { t }),
    ]
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(line in line()) {
        let text = write(&line);
        prop_assert!(!text.contains('\n'));
        prop_assert_eq!(parse_line(&text), Ok(line), "{}", text);
    }

    #[test]
    fn the_usual_shape_reads_as_any_other(
        whole in "-?[0-9]{1,22}", fraction in "(\\.[0-9]{0,20})?(e[0-9]{1,3})?", bad in "[0-9]{1,4}",
        blank in " ?", t in prop_oneof![Just("2026-01-01T00:00:00.5Z"), Just("2026-02-29T00:00:00Z")],
        name in "[a-z_]{1,8}|[a-z\\\\\" ]{1,6}",
    ) {
        let head = format!("{{\"kind\":{blank}\"sample\",{blank}\"t\":{blank}\"{t}\",\"signal\":\"{name}\",{blank}");
        for text in [
            format!("{head}\"value\":{blank}{whole}{fraction}}}"),
            format!("{head}\"bad\":{bad},{blank}\"total\":{whole}{fraction}}}"),
            format!("{head}\"value\":{whole},\"total\":{bad}}}"),
        ] {
            let mut parser = super::parse::LineParser::default();
            prop_assert_eq!(parser.parse(&text), parser.parse_any(&text), "{}", text);
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse_line(&String::from_utf8_lossy(&bytes));
        let _ = replay(rules(), bytes.as_slice());
    }

    #[test]
    fn no_line_that_is_nearly_right_makes_the_reader_panic(
        line in line(),
        place in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut bytes = write(&line).into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        let _ = parse_line(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn a_cut_line_is_torn_and_never_another_line(line in line(), place in any::<prop::sample::Index>()) {
        let text = write(&line);
        let cut = String::from_utf8_lossy(&text.as_bytes()[..place.index(text.len())]).into_owned();
        prop_assert!(matches!(parse_line(&cut), Err(LineError::Json(_))));
    }
}
