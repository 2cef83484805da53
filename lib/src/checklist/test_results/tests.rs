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
