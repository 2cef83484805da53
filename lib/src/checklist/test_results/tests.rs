use proptest::prelude::*;

use super::*;

fn counts(xml: &str) -> Result<String, TestResultError> {
    TestReport::read("r.xml", xml.as_bytes()).map(|report| report.counts.words())
}

#[test]
fn junit_is_counted_by_outcome() {
    for (why, xml, expected) in [
        ("one suite", "<testsuite><testcase name='a'/></testsuite>", "1 passed"),
        (
            "suites in suites",
            "<testsuites><testsuite><testsuite><testcase name='a'/></testsuite></testsuite></testsuites>",
            "1 passed",
        ),
        (
            "failure",
            "<testsuite><testcase name='a'><failure message='x'>t</failure></testcase></testsuite>",
            "1 failed",
        ),
        ("error", "<testsuite><testcase name='a'><error/></testcase></testsuite>", "1 failed"),
        (
            "skipped",
            "<testsuite><testcase name='a'><skipped/></testcase><testcase name='b'/></testsuite>",
            "1 passed, 1 skipped",
        ),
        (
            "failure beside skipped",
            "<testsuite><testcase><skipped/><failure/></testcase></testsuite>",
            "1 failed",
        ),
        (
            "GoogleTest not run",
            "<testsuite><testcase name='a' status='notrun' result='suppressed'/></testsuite>",
            "1 skipped",
        ),
        (
            "GoogleTest run",
            "<testsuite><testcase name='a' status='run' result='completed'/></testsuite>",
            "1 passed",
        ),
        ("CTest", "<testsuite><testcase name='a' status='fail'/></testsuite>", "1 failed"),
        ("unknown word", "<testsuite><testcase name='a' status='exploded'/></testsuite>", "1 undecided"),
        ("flaky", "<testsuite><testcase name='a'><flakyFailure/></testcase></testsuite>", "1 passed"),
        ("rerun", "<testsuite><testcase name='a'><rerunFailure/></testcase></testsuite>", "1 failed"),
        ("by another case", "<testsuite><testcase name='a'><Failure/></testcase></testsuite>", "1 failed"),
        (
            "output of errors",
            "<testsuite><testcase name='a'><system-err>x</system-err></testcase></testsuite>",
            "1 passed",
        ),
        (
            "crashed suite",
            "<testsuite tests='3' failures='0' errors='1'><testcase name='a'/></testsuite>",
            "1 passed, 1 failed",
        ),
        (
            "crashed suite, counted once",
            "<testsuites errors='1'><testsuite errors='1'><testcase name='a'/></testsuite></testsuites>",
            "1 passed, 1 failed",
        ),
        (
            "failures that are shown are not counted twice",
            "<testsuites failures='1'><testsuite failures='1'><testcase><failure/></testcase></testsuite></testsuites>",
            "1 failed",
        ),
        ("no tests", "<testsuites tests='0'></testsuites>", "no tests"),
        ("no tests, empty element", "<testsuites/>", "no tests"),
        (
            "output looks like a case",
            "<testsuite><testcase><system-out>&lt;failure/&gt;</system-out></testcase></testsuite>",
            "1 passed",
        ),
        (
            "CDATA",
            "<testsuite><testcase><system-out><![CDATA[<failure/>]]></system-out></testcase></testsuite>",
            "1 passed",
        ),
        ("a name with references", "<testsuite><testcase name='a &lt; b &#65;'/></testsuite>", "1 passed"),
        ("harmless doctype", "<!DOCTYPE testsuite><testsuite><testcase/></testsuite>", "1 passed"),
        (
            "suite of that name inside",
            "<testsuites name='nextest-run'><testsuite name='runbook-gate'><testcase/></testsuite></testsuites>",
            "1 passed",
        ),
    ] {
        assert_eq!(counts(xml).as_deref(), Ok(expected), "{why}");
    }
}

fn trx(results: &str, summary: &str) -> String {
    format!(
        "<TestRun xmlns='http://microsoft.com/schemas/VisualStudio/TeamTest/2010'><Results>{results}</Results>{summary}</TestRun>"
    )
}

#[test]
fn trx_is_counted_by_outcome() {
    let one = |outcome: &str| format!("<UnitTestResult testName='T.a' outcome='{outcome}'/>");
    for (why, results, summary, expected) in [
        ("passed", one("Passed"), "", "1 passed"),
        ("failed", one("Failed"), "", "1 failed"),
        ("timeout", one("Timeout"), "", "1 failed"),
        ("aborted", one("Aborted"), "", "1 failed"),
        ("run aborted", one("PassedButRunAborted"), "", "1 failed"),
        ("not executed", one("NotExecuted"), "", "1 skipped"),
        ("inconclusive", one("Inconclusive"), "", "1 undecided"),
        ("in progress", one("InProgress"), "", "1 undecided"),
        ("not known", one("Exploded"), "", "1 undecided"),
        ("no outcome", "<UnitTestResult testName='a'/>".to_owned(), "", "1 undecided"),
        (
            "data rows count once",
            "<UnitTestResult outcome='Failed' testName='T'><InnerResults><UnitTestResult outcome='Passed'/><UnitTestResult outcome='Failed'/></InnerResults></UnitTestResult>".to_owned(),
            "",
            "1 failed",
        ),
        ("counters know more", one("Passed"), "<ResultSummary outcome='Failed'><Counters total='2' failed='1'/></ResultSummary>", "1 passed, 1 failed"),
        ("the host crashed", one("Passed"), "<ResultSummary outcome='Failed'><Counters failed='0'/></ResultSummary>", "1 passed, 1 failed"),
        ("completed", one("Passed"), "<ResultSummary outcome='Completed'><Counters failed='0'/></ResultSummary>", "1 passed"),
        ("nothing", String::new(), "", "no tests"),
    ] {
        assert_eq!(counts(&trx(&results, summary)).as_deref(), Ok(expected), "{why}");
    }
}

#[test]
fn what_is_no_whole_result_is_refused() {
    use TestResultError::{Entities, NotText, OtherFormat, OwnReport, TooDeep};
    for (xml, error) in [
        ("<html/>", OtherFormat { root: "html".into() }),
        ("<testsuites name='runbook-gate'><testsuite/></testsuites>", OwnReport),
        ("<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><testsuite>&x;</testsuite>", Entities),
        ("<!DOCTYPE a [<!ENTITY x 'ha'><!ENTITY y '&x;&x;'>]><testsuite name='&y;'/>", Entities),
    ] {
        assert_eq!(counts(xml), Err(error), "{xml}");
    }
    for xml in [
        "",
        "   ",
        "text",
        "<testsuite>",
        "<testsuite><testcase></testsuite>",
        "<testsuite name='&x;'/>",
        "<testsuite a='1' a='2'/>",
    ] {
        assert!(matches!(counts(xml), Err(TestResultError::Malformed { .. })), "{xml}: {:?}", counts(xml));
    }
    let deep = format!("<testsuite>{}", "<a>".repeat(100));
    assert_eq!(counts(&deep), Err(TooDeep(DEEPEST)));
    assert_eq!(TestReport::read("r", &[0x80, 0x81]), Err(NotText));
}

/// The words of the counts, and the doubts.
fn doubts(xml: &str) -> (String, Vec<String>) {
    let report = TestReport::read("r.xml", xml.as_bytes()).unwrap();
    (report.counts.words(), report.doubts)
}

#[test]
fn what_failed_outside_of_its_case_has_failed() {
    let one = "<testcase name='a'/>";
    for (why, xml, expected) in [
        (
            "a suite's error",
            format!("<testsuite>{one}<error message='setup'/></testsuite>"),
            "1 passed, 1 failed",
        ),
        (
            "a failure of all suites, which they count",
            format!("<testsuites failures='1'><testsuite>{one}</testsuite><failure/></testsuites>"),
            "1 passed, 1 failed",
        ),
        (
            "a case in a case",
            "<testsuite><testcase name='a'><testcase name='b'/><failure/></testcase></testsuite>".to_owned(),
            "1 passed, 1 failed",
        ),
        (
            "a case in other letters",
            format!("<testsuite>{one}<TestCase name='b'><failure/></TestCase></testsuite>"),
            "1 passed, 1 failed",
        ),
        (
            "two attributes",
            format!("<testsuite>{one}<testcase status='skipped' result='failed'/></testsuite>"),
            "1 passed, 1 failed",
        ),
        (
            "an attribute of another namespace",
            format!("<testsuite x:failures='0' failures='1' xmlns:x='u'>{one}</testsuite>"),
            "1 passed, 1 failed",
        ),
        ("a suite's output", format!("<testsuite>{one}<system-err>x</system-err></testsuite>"), "1 passed"),
    ] {
        assert_eq!(counts(&xml).as_deref(), Ok(expected), "{why}");
    }
    let crashed =
        "<ResultSummary outcome='Completed'><RunInfos><RunInfo outcome='Error'/></RunInfos></ResultSummary>";
    let warned = "<ResultSummary outcome='Completed'><RunInfos><RunInfo outcome='Warning'/></RunInfos></ResultSummary>";
    let passed = "<UnitTestResult outcome='Passed'/>";
    assert_eq!(counts(&trx(passed, crashed)).as_deref(), Ok("1 passed, 1 failed"));
    assert_eq!(counts(&trx(passed, warned)).as_deref(), Ok("1 passed"));
    let second = "<ResultSummary outcome='Failed'/><ResultSummary outcome='Completed'/>";
    assert_eq!(
        counts(&trx(passed, second)).as_deref(),
        Ok("1 passed, 1 failed"),
        "a second word takes nothing back"
    );
}

#[test]
fn what_is_not_all_is_in_doubt() {
    let one = "<testcase name='a'/>";
    for (why, xml, expected) in [
        ("more said", format!("<testsuite tests='100'>{one}</testsuite>"), "says of 100 tests, and shows 1"),
        (
            "said by two, once",
            format!("<testsuites tests='3'><testsuite tests='3'>{one}</testsuite></testsuites>"),
            "says of 3 tests, and shows 1",
        ),
        (
            "said by the outer one",
            format!("<testsuites tests='3'><testsuite tests='1'>{one}</testsuite></testsuites>"),
            "says of 3 tests, and shows 1",
        ),
        (
            "a number in groups",
            format!("<testsuite failures='1,024'>{one}</testsuite>"),
            "says `failures=\"1,024\"` in `<testsuite>`, which is no count",
        ),
        (
            "a fraction",
            format!("<testsuite errors='2.0'>{one}</testsuite>"),
            "says `errors=\"2.0\"` in `<testsuite>`, which is no count",
        ),
        (
            "more than any count",
            format!("<testsuite failures='99999999999999999999999'>{one}</testsuite>"),
            "says `failures=\"99999999999999999999999\"` in `<testsuite>`, which is no count",
        ),
    ] {
        assert_eq!(doubts(&xml), ("1 passed".to_owned(), vec![expected.to_owned()]), "{why}");
    }
    for (why, summary, expected) in [
        (
            "more counted",
            "<ResultSummary outcome='Completed'><Counters total='100' executed='100' passed='1'/></ResultSummary>",
            "says of 100 tests, and shows 1",
        ),
        (
            "broken off",
            "<ResultSummary outcome='InProgress'/>",
            "says that its run is InProgress, not completed",
        ),
    ] {
        let found = doubts(&trx("<UnitTestResult outcome='Passed'/>", summary));
        assert_eq!(found, ("1 passed".to_owned(), vec![expected.to_owned()]), "{why}");
    }
}

#[test]
fn what_writers_count_otherwise_is_in_no_doubt() {
    let one = "<testcase name='a'/>";
    for (why, xml, cautions) in [
        ("fewer said: tries again", format!("<testsuite tests='1'>{one}{one}</testsuite>"), 0),
        (
            "nothing said",
            format!("<testsuites tests='0'><testsuite tests='2'>{one}{one}</testsuite></testsuites>"),
            0,
        ),
        (
            "sums",
            format!(
                "<testsuites tests='3'><testsuite tests='1'>{one}</testsuite><testsuite tests='2'>{one}{one}</testsuite></testsuites>"
            ),
            0,
        ),
        (
            "subtests",
            format!(
                "<testsuites name='pytest tests'><testsuite name='pytest' tests='10'>{one}</testsuite></testsuites>"
            ),
            1,
        ),
        (
            "assertions",
            format!(
                "<testsuites><testsuite name='unit' hostname='tbd' tests='10'>{one}</testsuite></testsuites>"
            ),
            1,
        ),
    ] {
        let report = TestReport::read("r", xml.as_bytes()).unwrap();
        assert_eq!((report.doubts, report.cautions.len()), (vec![], cautions), "{why}");
    }
    let rows = "<UnitTestResult outcome='Passed'><InnerResults><UnitTestResult outcome='Passed'/><UnitTestResult outcome='Passed'/></InnerResults></UnitTestResult>";
    let counters =
        "<ResultSummary outcome='Completed'><Counters total='3' executed='3' passed='3'/></ResultSummary>";
    assert_eq!(doubts(&trx(rows, counters)), ("1 passed".to_owned(), vec![]), "data rows");
}

#[test]
fn what_stands_around_a_report_is_refused() {
    let one = "<testsuite><testcase name='a'/></testsuite>";
    for xml in [
        format!("{one}\nSegmentation fault (core dumped)"),
        format!("panic\n{one}"),
        format!("{one}<![CDATA[x]]>"),
        format!("{one}&lt;"),
        format!("{one}<TestRun><ResultSummary outcome='Failed'/></TestRun>"),
        format!(
            "{}{}",
            trx("", "<ResultSummary outcome='Failed'/>"),
            trx("<UnitTestResult outcome='Passed'/>", "")
        ),
        format!("{one}<testsuite/>"),
    ] {
        assert!(matches!(counts(&xml), Err(TestResultError::Malformed { .. })), "{xml}: {:?}", counts(&xml));
    }
    assert_eq!(
        counts(&format!("<?xml version='1.0'?>\n<!-- a -->\n{one}\n<!-- b -->\n")).as_deref(),
        Ok("1 passed")
    );
}

#[test]
fn the_earliest_time_of_a_file_is_kept() {
    let began = |times: &[&str]| {
        let suites: String = times.iter().map(|time| format!("<testsuite timestamp='{time}'/>")).collect();
        TestReport::read("r", format!("<testsuites>{suites}</testsuites>").as_bytes()).unwrap().began
    };
    let at = |time: &str| time.parse().ok();
    let with = |time: &str| Began { at: at(time), without_offset: None };
    assert_eq!(began(&["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"]), with("2026-01-01T00:00:00Z"));
    assert_eq!(began(&["2026-01-01T02:00:00.5+0200"]), with("2026-01-01T00:00:00.5Z"));
    assert_eq!(began(&["yesterday", ""]), Began::default());
    let local = Began { at: None, without_offset: at("2026-01-01T12:00:00Z") };
    assert_eq!(began(&["2026-01-01T00:00:00"]), local);
    assert_eq!(began(&["2026-01-01 00:00:00"]), local);
    let times = "<TestRun><Times start='2026-01-01T00:00:00Z' finish='2026-01-01T00:01:00Z'/></TestRun>";
    let report = TestReport::read("r", times.as_bytes()).unwrap();
    assert_eq!((report.began, report.when), (with("2026-01-01T00:00:00Z"), at("2026-01-01T00:01:00Z")));
}

#[test]
fn encodings_with_a_mark_are_read() {
    let xml = "<testsuite><testcase name='ä'/></testsuite>";
    let mut wide = vec![0xff, 0xfe];
    wide.extend(xml.encode_utf16().flat_map(u16::to_le_bytes));
    let marked = [&[0xef, 0xbb, 0xbf], xml.as_bytes()].concat();
    for bytes in [wide, marked] {
        assert_eq!(TestReport::read("r", &bytes).unwrap().counts.words(), "1 passed");
    }
}

#[test]
fn names_and_times_are_kept() {
    let xml = "<testsuite timestamp='2026-01-01T00:00:00Z'><testcase classname='C' name='t\n1'><failure/></testcase></testsuite>";
    let report = TestReport::read("r", xml.as_bytes()).unwrap();
    assert_eq!(report.failing, ["C t 1"]);
    assert_eq!(report.when, "2026-01-01T00:00:00Z".parse().ok());
    let many: String = "<testcase><failure/></testcase>".repeat(50);
    let report = TestReport::read("r", format!("<testsuite>{many}</testsuite>").as_bytes()).unwrap();
    assert_eq!((report.counts.failed, report.failing.len()), (50, TestReport::MOST_NAMES));
}

#[test]
fn only_tests_that_ran_and_passed_satisfy() {
    let of = |passed, failed, skipped, undecided| TestCounts { passed, failed, skipped, undecided };
    for (counts, at_least, support) in [
        (of(1, 0, 0, 0), 1, Support::For),
        (of(1, 0, 5, 0), 1, Support::For),
        (of(1, 0, 0, 0), 0, Support::For),
        (of(0, 0, 0, 0), 0, Support::Missing),
        (of(0, 0, 9, 0), 1, Support::Missing),
        (of(4, 0, 0, 0), 5, Support::Missing),
        (of(9, 1, 0, 0), 1, Support::Against),
        (of(9, 0, 0, 1), 1, Support::Unknown),
        (of(0, 0, 0, 9), 1, Support::Missing),
    ] {
        assert_eq!(counts.support(at_least), support, "{counts:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_break_it(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = TestReport::read("r", &bytes);
    }

    #[test]
    fn no_text_breaks_it(xml in "(<testsuite( failures='1')?>|</testsuite>|<testcase/>|<testcase>|</testcase>|<failure/>|<!--|-->|&|<!DOCTYPE |x){0,40}") {
        let _ = counts(&xml);
    }

    #[test]
    fn a_file_cut_short_is_never_whole(cut in 1_usize..60) {
        let xml = "<testsuites><testsuite><testcase/><testcase/></testsuite></testsuites>";
        let part = xml.get(..cut).unwrap();
        prop_assert!(counts(part).is_err(), "{}", part);
    }
}
