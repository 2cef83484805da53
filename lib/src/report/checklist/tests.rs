use crate::checklist::*;
use crate::policy::Enforcement;
use crate::report::ReportContext;
use crate::report::checklist::{ChecklistReport, InGate, ReadError, json, junit, markdown, read, terminal};
use crate::report::terminal::Layout;
use crate::report::{Report, html};

const HOSTILE: &str =
    "](https://evil.example) <img src=x> | `x` **b**\n##vso[task.setvariable variable=a]1\u{1b}[2J";

fn outcome(status: ItemStatus, words: &str) -> ChecklistOutcome {
    let item = ItemOutcome {
        id: RunbookItem::DecisionsLinked.id(),
        title: words.into(),
        status,
        because: words.into(),
        evidence: vec![Evidence {
            by: Some(words.into()),
            ..Evidence::new(Support::For, words).at(Place::Path(words.into()))
        }],
        needs: vec![Need::new(words, Who::OneOf(vec![words.into()]), words)],
        waivers: vec![WaiverShown {
            reason: words.into(),
            approved_by: words.into(),
            expires: words.into(),
            given: WaiverGiven::InThePolicy,
            standing: WaiverState::Unknown(words.into()),
        }],
        cautions: vec![words.into()],
        records: vec![LinkedRecord {
            change: words.into(),
            record: words.into(),
            status: words.into(),
            path: Some(words.into()),
            support: Support::For,
        }],
        irreversible: Vec::new(),
    };
    let verdict = if status.lets_pass() { Verdict::Complete } else { Verdict::Incomplete };
    ChecklistOutcome {
        at: "2026-01-01T00:00:00Z".parse().unwrap(),
        environment: "production".into(),
        verdict,
        deploying: words.into(),
        commit: None,
        changes: None,
        items: vec![item],
    }
}

fn report(status: ItemStatus, words: &str) -> ChecklistReport {
    let context = ReportContext { service: words.into(), ..ReportContext::default() };
    ChecklistReport::new(outcome(status, words), context, vec![words.to_owned()])
}

#[test]
fn text_of_others_steers_no_output() {
    let report = report(ItemStatus::Unsatisfied, HOSTILE);
    let page = markdown(&report);
    for forbidden in ["](https", "<img", "##vso", "\u{1b}", "**b**"] {
        assert!(!page.contains(forbidden), "{forbidden}: {page}");
    }
    for line in page.lines().filter(|line| line.starts_with("| ") && line.contains("decisions-linked")) {
        assert_eq!(line.matches(" | ").count(), 2, "{line}");
    }
    let text = terminal(&report, Layout::default());
    assert!(!text.contains("##vso") && !text.contains('\u{1b}'), "{text}");
    let object = json(&report);
    assert!(!object.contains("##") && !object.contains('\n') && !object.contains('\u{1b}'), "{object}");
    let read: serde_json::Value = serde_json::from_str(&object).unwrap();
    assert_eq!(read["items"][0]["because"], HOSTILE, "programs get it as it was");
}

#[test]
fn text_of_others_is_text_in_the_page_and_in_the_test_results() {
    let page = html::checklist(&report(ItemStatus::Unsatisfied, HOSTILE));
    let plain = html::checklist(&report(ItemStatus::Unsatisfied, "words"));
    let tags = |page: &str| page.replace("<code>", "").replace("</code>", "").matches('<').count();
    assert_eq!(tags(&page), tags(&plain), "{page}");
    assert!(!page.contains("<img") && !page.contains("##vso") && !page.contains('\u{1b}'), "{page}");
    assert!(!page.contains(" href=\"h"), "{page}");
    assert!(page.len() < 60_000);
    let results = junit(&report(ItemStatus::Unsatisfied, HOSTILE));
    assert!(
        !results.contains("<img") && !results.contains("##") && results.contains("failures=\"2\""),
        "{results}"
    );
}

#[test]
fn evidence_on_the_web_is_linked_and_nothing_else() {
    for (address, linked) in [
        ("https://dev.azure.com/contoso/_git/orders/pullrequest/12", true),
        ("http://ci.example/1", true),
        ("javascript:alert(1)", false),
        ("data:text/html,x", false),
    ] {
        let mut report = report(ItemStatus::Satisfied, "words");
        report.outcome.items[0].evidence[0].place = Some(Place::Url(address.into()));
        let page = html::checklist(&report);
        assert_eq!(page.contains(&format!("<a href=\"{address}\" target")), linked, "{page}");
        assert!(page.contains(address), "{page}");
    }
}

#[test]
fn test_results_pass_only_where_the_checklist_is_complete() {
    for (status, failures, skipped) in [
        (ItemStatus::Satisfied, 0, 0),
        (ItemStatus::Waived, 0, 0),
        (ItemStatus::NotApplicable, 0, 1),
        (ItemStatus::Unsatisfied, 2, 0),
        (ItemStatus::Unknown, 2, 0),
    ] {
        let results = junit(&report(status, "words"));
        let counts = format!("tests=\"2\" failures=\"{failures}\" errors=\"0\" skipped=\"{skipped}\"");
        assert!(results.contains(&counts), "{results}");
        assert!(
            results.contains("<testsuites name=\"runbook-gate\""),
            "so that they are not taken for the build's"
        );
        assert_eq!(TestReport::read("x.xml", results.as_bytes()), Err(TestResultError::OwnReport));
    }
}

#[test]
fn the_verdict_comes_first_then_what_is_missing_then_the_items() {
    let report = report(ItemStatus::Unsatisfied, "words");
    let page = markdown(&report);
    let at = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text} in {page}"));
    assert!(page.starts_with("## ✋ Hold: words in production"));
    assert!(at("### Missing") < at("### Items") && at("### Items") < at("### Changes"));
    let text = terminal(&report, Layout::default());
    assert!(
        text.starts_with("HOLD  words in production: the checklist is incomplete: 1 unsatisfied"),
        "{text}"
    );
    assert!(text.find("Missing").unwrap() < text.find("Items").unwrap());
}

#[test]
fn a_complete_checklist_proceeds_and_misses_nothing() {
    let report = report(ItemStatus::Satisfied, "words");
    assert!(markdown(&report).starts_with("## ✅ Proceed"));
    assert!(!markdown(&report).contains("### Missing"));
    let read: serde_json::Value = serde_json::from_str(&json(&report)).unwrap();
    assert_eq!((read["decision"].as_str(), read["verdict"].as_str()), (Some("proceed"), Some("complete")));
    assert_eq!(read["missing"].as_array().map(Vec::len), Some(0));
}

#[test]
fn production_is_enforced_and_says_so_where_the_policy_only_advises() {
    let mut report = report(ItemStatus::Unknown, "words");
    report.context.enforcement = Enforcement::Advise;
    assert_eq!(report.enforcement(), Enforcement::Enforce);
    assert!(markdown(&report).contains("Production never proceeds on an incomplete checklist"));
    report.outcome.environment = "staging".into();
    assert_eq!(report.enforcement(), Enforcement::Advise);
    assert!(markdown(&report).contains("would have failed the stage"));
}

/// Thirty pull requests: one was rejected, one links nothing, one a proposed record.
#[test]
fn the_terminal_says_a_fact_once() {
    let said = |status: ItemStatus, facts: &[&str]| {
        let mut outcome = outcome(status, "why it stands so");
        let item = &mut outcome.items[0];
        item.evidence = facts
            .iter()
            .map(|fact| Evidence::new(Support::For, *fact).at(Place::Path("a.md".into())))
            .collect();
        item.because = facts.join("; ");
        item.needs[0].what = "an approval is missing".into();
        let text =
            terminal(&ChecklistReport::new(outcome, ReportContext::default(), Vec::new()), Layout::default());
        text.lines().skip_while(|line| *line != "Items").map(|line| format!("{line}\n")).collect::<String>()
    };
    let one = said(ItemStatus::Satisfied, &["a.md has 30 words"]);
    assert!(one.contains("decisions-linked: a.md has 30 words\n"), "{one}");
    assert_eq!(one.matches("30 words").count(), 1, "{one}");
    let two = said(ItemStatus::Satisfied, &["a.md has 30 words", "ann approved it"]);
    assert!(two.contains("decisions-linked\n") && two.contains("+ ann approved it (a.md)\n"), "{two}");
    assert_eq!(two.matches("30 words").count(), 1, "{two}");
    let open = said(ItemStatus::Unsatisfied, &["a.md has 30 words"]);
    assert!(open.contains("decisions-linked: see above\n"), "{open}");
}

fn thirty() -> ChecklistReport {
    many(30)
}

/// The same of more of them.
fn many(pull_requests: u64) -> ChecklistReport {
    let change = |number: u64| Change {
        name: format!("pull request {number}"),
        kind: ChangeKind::PullRequest,
        title: "Change".into(),
        place: Some(Place::Url(format!("https://github.com/contoso/orders/pull/{number}"))),
        author: Some("ada".into()),
        texts: vec![ChangeText {
            source: TextSource::Description,
            text: match number {
                7 => String::new(),
                9 => "ADR-2".into(),
                _ => "ADR-1".into(),
            },
            by: None,
            when: None,
            place: None,
        }],
        paths: vec![ChangedPath { path: "infra/a.tf".into(), how: PathChange::Modified }],
        votes: Gathered::Known(vec![Vote {
            by: "bob".into(),
            groups: Vec::new(),
            says: if number == 3 { VoteSays::Rejected } else { VoteSays::Approved },
            when: None,
            voter: Voter::SomebodyElse,
        }]),
    };
    let files = [
        ("docs/adr/0001-a.md", "---\nstatus: accepted\n---\n# A\n"),
        ("docs/adr/0002-b.md", "---\nstatus: proposed\n---\n# B\n"),
    ];
    let gap = Gap::new("the run is not known", Who::Caller, "run it in the pipeline");
    let facts = Facts {
        deployment: Gathered::Known(Deployment {
            commit: CommitFact { id: "1234567890".into(), title: "Release".into(), when: None },
            since: Since::Tag { name: "v1".into(), commit: "abcdef0123".into() },
            changes: (1..=pull_requests).map(change).collect(),
            notes: Vec::new(),
        }),
        records: Gathered::Known(RecordIndex::read(
            &RecordRules::runbook(),
            &[],
            files.map(|(path, text)| (path, text.as_bytes())),
        )),
        conversations: Gathered::Known(()),
        policy: Gathered::Known(PolicyFact { committed: Committed::Same, owners_before: None }),
        ..Facts::unknown("2026-11-25T03:00:00Z".parse().unwrap(), &gap)
    };
    let context = ReportContext { service: "orders".into(), ..ReportContext::default() };
    let outcome = judge(&ChecklistRules::runbook("production"), &facts);
    let home = Home::of_remote("git@github.com:contoso/orders.git").unwrap();
    ChecklistReport::new(outcome, context, Vec::new()).with_source(home, "1234567890")
}

#[test]
fn thirty_pull_requests_are_read_at_night() {
    let page = markdown(&thirty());
    let missing = page.split("### Items").next().unwrap();
    assert!(missing.lines().count() < 45, "{missing}");
    for words in [
        "pull request 3",
        "pull request 7",
        "docs/adr/0002-b.md, which is proposed",
        "**The author of the change:**",
    ] {
        assert!(missing.contains(words), "{words}: {missing}");
    }
    assert!(page.contains(
        "[`docs/adr/0001-a.md`](https://github.com/contoso/orders/blob/1234567890/docs/adr/0001-a.md)"
    ));
    assert!(
        page.contains("was rejected by bob ([open](https://github.com/contoso/orders/pull/3), by bob)"),
        "{page}"
    );
    assert!(missing.contains("(pull request 3). **bob:** settle"), "a name stays as it is: {missing}");
    let rejected = page.find("❌ pull request 3 was rejected").unwrap();
    assert!(
        rejected < page.find("✅ pull request 1 was approved").unwrap(),
        "what speaks against comes first"
    );
    let rows: Vec<&str> = page.split("### Pull requests").nth(1).unwrap().lines().skip(4).take(2).collect();
    assert!(rows[0].contains("pull request 9") && rows[1].contains("pull request 7"), "{rows:?}");
    assert!(page.lines().count() < 120 && page.contains("more of the same"), "{}", page.lines().count());
}

#[test]
fn each_pull_request_is_listed_with_its_approval_its_records_their_status_and_file() {
    let page = markdown(&thirty());
    let table = page.split("### Pull requests").nth(1).unwrap().split("###").next().unwrap();
    let row = |number: u64| {
        let name = format!("[pull request {number}](https://github.com/contoso/orders/pull/{number}) |");
        table.lines().find(|line| line.contains(&name)).unwrap_or_else(|| panic!("{number}: {table}"))
    };
    let file = |name: &str| {
        format!("[`docs/adr/{name}`](https://github.com/contoso/orders/blob/1234567890/docs/adr/{name})")
    };
    assert!(
        row(1).ends_with(&format!("| approved | ADR-1 | accepted | {} |", file("0001-a.md"))),
        "{}",
        row(1)
    );
    assert!(row(3).contains("| rejected | ADR-1 | accepted |"), "{}", row(3));
    assert!(row(7).contains("| approved |  | none linked |  |"), "{}", row(7));
    assert!(
        row(9).ends_with(&format!("| approved | ADR-2 | proposed | {} |", file("0002-b.md"))),
        "{}",
        row(9)
    );
    let place = |number: u64| table.find(row(number)).unwrap();
    assert!(place(9) < place(7) && place(7) < place(3) && place(3) < place(1), "{table}");
    assert!(table.contains("and 15 more that stand, in the JSON report"), "{table}");
}

#[test]
fn nothing_that_a_change_is_called_breaks_the_table_or_becomes_a_link() {
    let mut report = thirty();
    let hostile =
        "x | [a](https://evil.example) <img src=x> ##vso[task.complete]\n| b | ![c](d) `e` \u{202e}";
    for change in report.outcome.changes.iter_mut().flatten() {
        change.name = hostile.to_owned();
        change.place = Some(Place::Url("javascript:alert(1)".to_owned()));
    }
    for item in &mut report.outcome.items {
        for record in &mut item.records {
            (record.change, record.record, record.status) = (hostile.into(), hostile.into(), hostile.into());
            record.path = Some("docs/x) [y](https://evil.example) |.md".to_owned());
        }
    }
    let page = markdown(&report);
    let table = page.split("### Pull requests").nth(1).unwrap().split("###").next().unwrap();
    for text in ["##vso[", "<img", "](https://evil", "![", "javascript:alert(1))", "\u{202e}"] {
        assert!(!table.contains(text), "{text}: {table}");
    }
    for line in table.lines().filter(|line| line.starts_with('|')) {
        assert_eq!(line.matches('|').count(), 6, "{line}");
    }
}

#[test]
fn a_long_report_is_cut_at_a_line_and_says_so() {
    let mut report = report(ItemStatus::Unsatisfied, "words");
    let item = report.outcome.items[0].clone();
    report.outcome.items = vec![item; 2_000];
    let page = markdown(&report);
    assert!(page.len() <= 100 * 1024 && page.trim_end().ends_with("The JSON report has everything.*"));
}

#[test]
fn two_hundred_pull_requests_and_megabytes_of_words_stay_below_100_kb_and_say_what_was_cut() {
    let page = markdown(&many(200));
    assert!(page.len() <= 100 * 1024, "{}", page.len());
    for words in ["pull request 3", "pull request 7", "pull request 9", "more of the same", "more that stand"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let mut report = report(ItemStatus::Unsatisfied, &"| **x** ".repeat(1 << 13));
    assert!(markdown(&report).len() <= 100 * 1024);
    // All of them want something, so that nothing is left out before the cut.
    let item = report.outcome.items[0].clone();
    report.outcome.items = vec![item; 200];
    let page = markdown(&report);
    assert!(page.len() <= 100 * 1024 && page.trim_end().ends_with("The JSON report has everything.*"));
    assert!(html::checklist(&report).len() < 6_000_000);
}

#[test]
fn what_is_written_is_read_back() {
    for report in [
        thirty().judged_in(41),
        report(ItemStatus::Unsatisfied, HOSTILE),
        report(ItemStatus::Waived, "words"),
    ] {
        let text = json(&report);
        let again = read(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
        assert_eq!(json(&again), text);
        assert_eq!(html::checklist(&again), html::checklist(&report), "the page says the same");
    }
}

#[test]
fn what_is_no_report_or_contradicts_itself_is_refused() {
    let good = json(&report(ItemStatus::Satisfied, "words"));
    assert!(read(&good).is_ok());
    let with = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}: {good}");
        read(&good.replace(from, to)).map(drop)
    };
    assert!(matches!(
        with("\"status\":\"satisfied\"", "\"status\":\"unsatisfied\""),
        Err(ReadError::Contradiction(_))
    ));
    assert!(matches!(with("\"status\":\"satisfied\"", "\"status\":\"fine\""), Err(ReadError::Format(_))));
    assert!(matches!(with("\"kind\":\"checklist\"", "\"kind\":\"verdict\""), Err(ReadError::Format(_))));
    assert_eq!(with("\"version\":1", "\"version\":2"), Err(ReadError::Newer(2)));
    assert!(matches!(with("\"at\":\"2026", "\"at\":\"then"), Err(ReadError::Format(_))));
    for text in ["", "{}", "[]", "{\"version\":1}", "{\"version\":1,\"decision\":\"proceed\"}"] {
        assert!(matches!(read(text), Err(ReadError::Format(_))), "{text}");
    }
    assert_eq!(read(&" ".repeat(5 << 20)).map(drop), Err(ReadError::TooLong));
}

/// The text of a page's section.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let begin = page.find(&format!("<section id=\"{id}\"")).unwrap_or_else(|| panic!("{id} in {page}"));
    page[begin..].split("</section>").next().unwrap()
}

#[test]
fn pull_requests_stand_with_their_people_and_records_what_is_in_doubt_first() {
    let page = html::checklist(&thirty());
    let changes = section(&page, "changes");
    assert!(changes.contains(">Pull requests</h2>"), "{changes}");
    let rejected = changes.find(">pull request 3</a>").unwrap();
    assert!(rejected < changes.find(">pull request 1</a>").unwrap(), "{changes}");
    for words in [
        "<span class=\"badge bad\">rejected</span>",
        "by ada; rejected by bob",
        "by ada; approved by bob",
        "<a href=\"https://github.com/contoso/orders/pull/3\" target",
        "<a href=\"https://github.com/contoso/orders/blob/1234567890/docs/adr/0001-a.md\" target",
        "no decision record",
        ">proposed</span> ADR-2 (",
    ] {
        assert!(changes.contains(words), "{words}: {changes}");
    }
    assert_eq!(changes.matches("<li>").count(), 30);
}

#[test]
fn a_commit_without_a_pull_request_says_so_and_one_that_nobody_can_place_does_not() {
    let commit = |kind: ChangeKind, votes: Gathered<Vec<Vote>>| ChangeShown {
        name: "commit 1a2b3c4".into(),
        kind,
        title: "Change".into(),
        place: Some(Place::Commit("1a2b3c4d5e".into())),
        author: Some("Ada".into()),
        votes,
    };
    let shown = |change: ChangeShown| {
        let mut report = report(ItemStatus::Satisfied, "words");
        report.outcome.changes = Some(vec![change]);
        section(&html::checklist(&report), "changes").to_owned()
    };
    let alone = shown(commit(ChangeKind::Alone, Gathered::Known(Vec::new())));
    assert!(alone.contains(">no pull request</span>") && alone.contains(">Changes</h2>"), "{alone}");
    let gap = Gap::new("nobody was asked", Who::Caller, "ask");
    let unknown = shown(commit(ChangeKind::NotKnown, Gathered::Unknown(gap.clone())));
    assert!(!unknown.contains("no pull request"), "{unknown}");
    assert!(unknown.contains("Which pull requests brought these commits is not known: nobody was asked."));
    let vote = |voter: Voter| Vote {
        by: "Ada".into(),
        groups: Vec::new(),
        says: VoteSays::Approved,
        when: None,
        voter,
    };
    let own = shown(commit(ChangeKind::PullRequest, Gathered::Known(vec![vote(Voter::Author)])));
    assert!(own.contains(">not approved</span>") && own.contains("counts for nothing"), "{own}");
    let other = shown(commit(ChangeKind::PullRequest, Gathered::Known(vec![vote(Voter::SomebodyElse)])));
    assert!(other.contains(">approved</span>"), "{other}");
    let lost = shown(commit(ChangeKind::PullRequest, Gathered::Unknown(gap)));
    assert!(lost.contains("whether it was approved is not known: nobody was asked"), "{lost}");
}

#[test]
fn a_gate_shows_its_checklist_below_the_criteria_and_says_where_it_cannot() {
    let gate = Report::of_gate(&crate::gate::Outcome::default(), &ReportContext::default());
    assert!(!html::gate(&gate, &InGate::Absent).contains("id=\"items\""));
    let left = html::gate(&gate, &InGate::Left("it is of staging".into()));
    assert!(section(&left, "items").contains("is not shown: it is of staging."), "{left}");
    let shown = |doubt: Option<String>| {
        html::gate(&gate, &InGate::Shown { report: Box::new(thirty().judged_in(41)), doubt })
    };
    let page = shown(None);
    let items = section(&page, "items");
    for words in [
        ">incomplete</span>",
        "2026-11-25 03:00:00 UTC</time> in run 41",
        "decides nothing here",
        "Deploying commit 1234567",
    ] {
        assert!(items.contains(words), "{words}: {items}");
    }
    let at = |id: &str| page.find(&format!("<section id=\"{id}\"")).unwrap();
    assert!(at("items") < at("records") && at("records") < at("changes"));
    assert!(!page.contains("cannot be told"));
    // It leaves room for the plots: what is in doubt, and some of the rest.
    let many = html::gate(&gate, &InGate::Shown { report: Box::new(many(200)), doubt: None });
    assert!(many.len() < 70_000, "{}", many.len());
    for words in ["rejected by bob", "And 170 more, in the checklist&apos;s own report."] {
        assert!(section(&many, "changes").contains(words), "{words}: {many}");
    }
    assert!(section(&many, "items").contains("in the checklist&apos;s own report."));
    let doubt = shown(Some("it was judged in run 41".into()));
    assert!(doubt.contains("Whether it is this deployment&apos;s cannot be told: it was judged in run 41."));
}
