use proptest::prelude::*;

use super::*;
use crate::Timestamp;

fn now() -> Timestamp {
    "2026-11-25T12:00:00Z".parse().unwrap()
}

fn index(files: &[(&str, &str)]) -> RecordIndex {
    let homes: Vec<Home> = Home::of_remote("https://github.com/contoso/orders.git").into_iter().collect();
    RecordIndex::read(
        &RecordRules::runbook(),
        &homes,
        files.iter().map(|(path, text)| (*path, text.as_bytes())),
    )
}

const ACCEPTED: &str = "---\nstatus: accepted\n---\n# T\n";

fn resolved(index: &RecordIndex, text: &str) -> String {
    let links = index.links(text, &Template::default());
    let Some(link) = links.first() else { return "no link".to_owned() };
    match index.resolve(&link.target) {
        Resolved::Record(record) => record.path.clone(),
        Resolved::Ambiguous(paths) => format!("ambiguous: {}", paths.join(", ")),
        Resolved::Missing => "missing".to_owned(),
        Resolved::Elsewhere(words) => format!("elsewhere: {words}"),
        Resolved::NotARecord => "not a record".to_owned(),
    }
}

#[test]
fn every_form_of_a_link_resolves_to_the_file() {
    let index = index(&[
        ("docs/adr/0012-use-x.md", ACCEPTED),
        ("docs/adr/20200101-use-y.md", ACCEPTED),
        ("docs/adr/adr-0013.md", ACCEPTED),
        ("docs/adr/use-z.md", "# 14. Use z\n"),
        ("docs/adr/with-id.md", "---\nid: ADR-15\n---\n"),
        ("docs/bdr/0012-price.md", ACCEPTED),
        ("docs/adr/README.md", "# ADR-99\n"),
        ("docs/adr/0000-template.md", ACCEPTED),
        ("docs/adr/0020-a.md", ACCEPTED),
        ("docs/adr/0020-b.md", ACCEPTED),
        ("src/main.rs", "fn main() {}"),
    ]);
    for (text, expected) in [
        ("docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("/docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("./docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("../../docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("docs/x/../adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("docs/adr/0012-use-x", "docs/adr/0012-use-x.md"),
        ("docs/adr/0012-use-x/", "docs/adr/0012-use-x.md"),
        ("docs\\adr\\0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("<a href=\"docs/adr/0012-use-x.md\">why</a>", "docs/adr/0012-use-x.md"),
        ("<docs/adr/0012-use-x.md>", "docs/adr/0012-use-x.md"),
        ("[why]: docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("[why](docs/adr/0012-use-x.md#decision \"Use x\")", "docs/adr/0012-use-x.md"),
        ("[why](docs/adr/0012%2Duse-x.md)", "docs/adr/0012-use-x.md"),
        ("`docs/adr/0012-use-x.md`", "docs/adr/0012-use-x.md"),
        ("> | docs/adr/0012-use-x.md |", "docs/adr/0012-use-x.md"),
        ("(docs/adr/0012-use-x.md).", "docs/adr/0012-use-x.md"),
        (
            "https://github.com/contoso/orders/blob/1a2b3c4/docs/adr/0012-use-x.md?plain=1#L3",
            "docs/adr/0012-use-x.md",
        ),
        ("https://GitHub.com/Contoso/Orders/tree/main/docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        (
            "https://user:pass@github.com/contoso/orders/blob/main/docs/adr/0012-use-x.md",
            "docs/adr/0012-use-x.md",
        ),
        ("20200101-use-y.md", "docs/adr/20200101-use-y.md"),
        ("https://github.com/contoso/orders/blob/main/docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("https://github.com/contoso/orders/blob/feat/a/docs/adr/0012-use-x.md", "docs/adr/0012-use-x.md"),
        ("https://github.com/contoso/orders/wiki/ADR-0012-Use-x", "docs/adr/0012-use-x.md"),
        ("ADR-12", "docs/adr/0012-use-x.md"),
        ("ADR 13", "docs/adr/adr-0013.md"),
        ("ADR-14", "docs/adr/use-z.md"),
        ("ADR-15", "docs/adr/with-id.md"),
        ("BDR-12", "docs/bdr/0012-price.md"),
        ("Decision-Record: 13", "docs/adr/adr-0013.md"),
        ("Decision-Record: 12", "ambiguous: docs/adr/0012-use-x.md, docs/bdr/0012-price.md"),
        ("ADR-20", "ambiguous: docs/adr/0020-a.md, docs/adr/0020-b.md"),
        ("ADR-99", "missing"),
        ("ADR-0", "missing"),
        ("ADR-2020", "missing"),
        ("docs/adr/0099-gone.md", "missing"),
        ("0099-gone.md", "missing"),
        ("https://github.com/contoso/orders/blob/main/docs/adr/0099-gone.md", "missing"),
        ("docs/adr/README.md", "not a record"),
        ("src/main.rs", "not a record"),
        ("docs/adr", "not a record"),
        ("docs/adr/", "not a record"),
        ("file:///docs/adr/0012-use-x.md", "no link"),
        ("javascript:docs/adr/0012-use-x.md", "not a record"),
        ("docs/readme.md", "not a record"),
        ("../../../../etc/passwd.md", "not a record"),
        (
            "https://github.com.evil.example/contoso/orders/blob/main/docs/adr/0012-use-x.md",
            "elsewhere: a link elsewhere, not counted: it is not of this repository",
        ),
        (
            "https://github.com/contoso/billing/blob/main/docs/adr/0012-use-x.md",
            "elsewhere: a link elsewhere, not counted: it is not of this repository",
        ),
        ("https://github.com/contoso/billing/blob/main/src/lib.rs", "no link"),
    ] {
        assert_eq!(resolved(&index, text), expected, "{text}");
    }
}

#[test]
fn a_record_that_cannot_be_read_is_there_and_of_no_known_status() {
    let large = vec![b'a'; LONGEST_TEXT + 1];
    let files = [
        ("docs/adr/0001-a.md", RecordContent::TooLarge(2_000_000)),
        ("docs/adr/0002-b.md", RecordContent::Bytes(&large)),
        ("docs/adr/0003-c.md", RecordContent::Bytes(b"---\nstatus: accepted\n---\n# \xff\xfe")),
    ];
    let index = RecordIndex::read(&RecordRules::runbook(), &[], files);
    for (number, words) in [
        (1, "too large to read (2000000 bytes; at most 1048576 are read)"),
        (2, "too large to read (1048577 bytes; at most 1048576 are read)"),
        (3, "not readable: it is binary, or of another encoding than UTF-8"),
    ] {
        let found = index.resolve(&LinkTarget::Number(None, number));
        let Resolved::Record(record) = found else { panic!("{found:?}") };
        assert_eq!(
            (index.standing(record, now()).words().as_str(), record.status_line),
            (words, None),
            "{number}"
        );
        assert!(record.status.is_unread());
    }
    // What is as large as is read is read to its end.
    let mut whole = b"---\nstatus: accepted\n---\n# T\n".to_vec();
    whole.resize(LONGEST_TEXT - 40, b'\n');
    whole.extend(b"\n## Status\n\nSuperseded by ADR-9\n");
    let index = RecordIndex::read(&RecordRules::runbook(), &[], [("docs/adr/0001-a.md", &whole[..])]);
    assert_eq!(index.records()[0].status, RecordStatus::Superseded);
}

#[test]
fn superseded_chains_are_followed() {
    let index = index(&[
        ("docs/adr/0001-a.md", "# A\n## Status\nSuperseded by [2. B](0002-b.md)\n"),
        ("docs/adr/0002-b.md", "---\nstatus: superseded by ADR-0003\n---\n"),
        ("docs/adr/0003-c.md", ACCEPTED),
        ("docs/adr/0004-d.md", "- Status: superseded by [ADR-0005](0005-e.md)\n"),
        ("docs/adr/0005-e.md", "- Status: superseded by [ADR-0004](0004-d.md)\n"),
        ("docs/adr/0006-f.md", "---\nstatus: superseded by ADR-0099\n---\n"),
        ("docs/adr/0007-g.md", "---\nstatus: superseded\n---\n"),
        ("docs/adr/0008-h.md", "---\nstatus: superseded by 0009\n---\n"),
        ("docs/adr/0009-i.md", "---\nstatus: proposed\n---\n"),
        ("docs/adr/0010-j.md", ACCEPTED),
        ("docs/adr/0011-k.md", "# K\n## Status\nAccepted\n\nSupersedes [10. J](0010-j.md)\n"),
        ("docs/adr/0012-l.md", ACCEPTED),
        ("docs/adr/0013-m.md", "---\nstatus: proposed\nsupersedes: ADR-12\n---\n"),
        ("docs/adr/0014-n.md", "---\nstatus: superseded by itself, see ADR-14\n---\n"),
        ("docs/adr/0015-o.md", "---\nstatus: superseded by 20200101-use-y\n---\n"),
        ("docs/adr/20200101-use-y.md", ACCEPTED),
        ("docs/adr/0016-p.md", "---\nstatus: superseded by xxxx\n---\n"),
    ]);
    for (number, words) in [
        (1, "superseded by docs/adr/0002-b.md, then docs/adr/0003-c.md"),
        (2, "superseded by docs/adr/0003-c.md"),
        (3, "accepted"),
        (4, "superseded by docs/adr/0005-e.md, in a circle"),
        (6, "superseded, at last by ADR-99, which does not exist"),
        (7, "superseded, with no successor named"),
        (8, "superseded by docs/adr/0009-i.md, which is proposed"),
        (9, "proposed"),
        (10, "superseded by docs/adr/0011-k.md"),
        (11, "accepted"),
        (12, "accepted"),
        (13, "proposed"),
        (14, "superseded, in a circle"),
        (15, "superseded by docs/adr/20200101-use-y.md"),
        (16, "superseded, at last by xxxx, which does not exist"),
    ] {
        let record = index.records().iter().find(|record| record.number == Some(number)).unwrap();
        assert_eq!(index.standing(record, now()).words(), words, "ADR-{number}");
    }
}

#[test]
fn a_long_chain_is_followed_so_far_and_named_in_part() {
    let files: Vec<(String, String)> = (1..=1_500)
        .map(|n| {
            (format!("docs/adr/{n:04}-t.md"), format!("# T\n\n## Status\n\nSuperseded by ADR-{}\n", n + 1))
        })
        .chain([("docs/adr/1501-t.md".to_owned(), ACCEPTED.to_owned())])
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let index = index(&files);
    let words = |number: usize| index.standing(&index.records()[number - 1], now()).words();
    assert_eq!(
        words(1),
        "superseded by docs/adr/0002-t.md, then docs/adr/0003-t.md, then docs/adr/0004-t.md, then docs/adr/0005-t.md, \
         then 45 more, then docs/adr/0051-t.md, and so on: no more than 50 records are followed"
    );
    assert!(words(1_451).ends_with("then 45 more, then docs/adr/1501-t.md"), "{}", words(1_451));
    assert_eq!(words(1_500), "superseded by docs/adr/1501-t.md");
}

#[test]
fn what_is_accepted_from_a_later_day_on_is_not_accepted_yet() {
    for (text, words) in [
        ("# T\n\nStatus: Accepted from 2099-01-01\n", "accepted from 2099-01-01 on, which is still to come"),
        ("# T\n\nStatus: Accepted in May 2099\n", "accepted from 2099 on, which is still to come"),
        (
            "# T\n\nStatus: Accepted\nDate: 2026-12-24\n",
            "accepted from 2026-12-24 on, which is still to come",
        ),
        (
            "---\nstatus: accepted\ndate: 2027-01-01\n---\n",
            "accepted from 2027-01-01 on, which is still to come",
        ),
        // It is tomorrow somewhere.
        ("# T\n\nStatus: Accepted on 2026-11-26\n", "accepted"),
        ("# T\n\nStatus: Accepted in 2026\n", "accepted"),
        ("# T\n\nStatus: Proposed\nDate: 2099-01-01\n", "proposed"),
    ] {
        let index = index(&[("docs/adr/0001-a.md", text)]);
        assert_eq!(index.standing(&index.records()[0], now()).words(), words, "{text}");
    }
}

#[test]
fn numbers_come_from_names_front_matter_and_titles() {
    for (path, text, number) in [
        ("docs/adr/0012-x.md", "", Some(12)),
        ("docs/adr/12.md", "", Some(12)),
        ("docs/adr/ADR-0012-x.md", "", Some(12)),
        ("docs/adr/001_snake_case.md", "", Some(1)),
        ("docs/adr/20200101-use-x.md", "", None),
        ("docs/adr/2020-01-01-use-x.md", "", None),
        ("docs/adr/use-x.md", "# ADR-7: Use x\n", Some(7)),
        ("docs/adr/use-x.md", "# 9. Use x\n", Some(9)),
        ("docs/adr/use-x.md", "# 3 ways to use x\n", None),
        ("docs/adr/3rd-party.md", "", None),
    ] {
        let index = index(&[(path, text)]);
        assert_eq!(index.records()[0].number, number, "{path} {text}");
    }
}

proptest! {
    #[test]
    fn no_record_breaks_it(text in "(?s).{0,200}|(status: |superseded by |ADR-|0001|\n|---\n|## Status\n|\\[|\\]|\\(|\\)|\\.md){0,30}") {
        let index = index(&[("docs/adr/0001-a.md", text.as_str()), ("docs/adr/0002-b.md", text.as_str())]);
        for record in index.records() {
            let _ = index.standing(record, now()).words();
        }
        for link in index.links(&text, &Template::default()) {
            let _ = index.resolve(&link.target);
        }
    }
}
