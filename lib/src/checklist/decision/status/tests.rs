mod places;

use proptest::prelude::*;

use super::*;

fn status(text: &str) -> RecordStatus {
    declared(text).status
}

fn unknown(raw: &str) -> RecordStatus {
    RecordStatus::Unknown(raw.to_owned())
}

#[test]
fn every_form_of_a_status_is_read() {
    use RecordStatus::{Absent, Accepted, Deprecated, Draft, Proposed, Rejected, Superseded};
    for (form, text, expected) in [
        ("MADR 4 front matter", "---\nstatus: accepted\ndate: 2026-01-02\n---\n# T\n", Accepted),
        ("quoted", "---\nstatus: \"accepted\"\n---\n# T\n", Accepted),
        ("capitals", "---\nStatus: ACCEPTED\n---\n# T\n", Accepted),
        ("with a comment", "---\nstatus: accepted # since May\n---\n# T\n", Accepted),
        ("windows line ends", "---\r\nstatus: accepted\r\n---\r\n# T\r\n", Accepted),
        ("byte-order mark", "\u{feff}---\nstatus: proposed\n---\n# T\n", Proposed),
        ("TOML front matter", "+++\nstatus = \"rejected\"\n+++\n# T\n", Rejected),
        ("MADR superseded", "---\nstatus: superseded by ADR-0123\n---\n# T\n", Superseded),
        (
            "MADR superseded, linked",
            "---\nstatus: superseded by [ADR-0123](0123-x.md)\n---\n# T\n",
            Superseded,
        ),
        ("key of its own", "---\nstatus: accepted\nsuperseded_by: ADR-0007\n---\n# T\n", Superseded),
        ("key of its own, empty", "---\nstatus: accepted\nsuperseded_by: []\n---\n# T\n", Accepted),
        ("key of its own, null", "---\nstatus: accepted\nsuperseded_by: null\n---\n# T\n", Accepted),
        (
            "MADR 2 bullet",
            "# T\n\n- Status: accepted\n- Deciders: A, B\n- Date: 2020-01-01\n\n## Context\n",
            Accepted,
        ),
        ("star bullet", "# T\n\n* Status: draft\n", Draft),
        ("log4brains", "# T\n\n- Status: superseded by [20200102-y](20200102-y.md)\n", Superseded),
        ("plain line", "# T\n\nStatus: Deprecated\n", Deprecated),
        ("bold label", "# T\n\n**Status:** Accepted\n", Accepted),
        ("bold label, colon outside", "# T\n\n**Status**: Accepted\n", Accepted),
        ("bold value", "# T\n\nStatus: **Accepted**\n", Accepted),
        ("bold bullet", "# T\n\n- **Status**: _Accepted_\n", Accepted),
        ("table", "# T\n\n| | |\n|---|---|\n| Status | Accepted |\n", Accepted),
        ("bold table", "# T\n\n| **Status** | Proposed |\n", Proposed),
        ("quote", "# T\n\n> Status: Accepted\n", Accepted),
        ("Nygard", "# 9. T\n\nDate: 2020-01-01\n\n## Status\n\nAccepted\n\n## Context\n", Accepted),
        ("Nygard, numbered heading", "# T\n\n## 1. Status\n\nAccepted\n", Accepted),
        ("Nygard, underlined heading", "T\n=\n\nStatus\n------\n\nAccepted\n", Accepted),
        ("Nygard, bold", "# T\n## Status\n**Accepted**\n", Accepted),
        ("Nygard, bullet", "# T\n## Status\n- Accepted\n", Accepted),
        ("Nygard, with a full stop", "# T\n## Status\nAccepted.\n", Accepted),
        ("Nygard, with a day", "# T\n## Status\nAccepted (2024-05-06)\n", Accepted),
        ("Nygard, with a person", "# T\n## Status\nAccepted on 2024-05-06 by the board\n", Accepted),
        (
            "Nygard, supersedes another",
            "# T\n## Status\nAccepted\n\nSupersedes [3. Y](0003-y.md)\n",
            Accepted,
        ),
        ("Nygard, superseded", "# T\n## Status\nSuperseded by [10. X](0010-x.md)\n", Superseded),
        (
            "Nygard, superseded later",
            "# T\n## Status\nAccepted\n\nSuperseded by [10. X](0010-x.md)\n",
            Superseded,
        ),
        ("Nygard, amended", "# T\n## Status\nAccepted\n\nAmended by [10. X](0010-x.md)\n", Accepted),
        ("Nygard, comment before", "# T\n## Status\n<!-- proposed, accepted -->\nAccepted\n", Accepted),
        ("emoji", "# T\n## Status\n✅ Accepted\n", Accepted),
        ("emoji name", "# T\n## Status\n:white_check_mark: Accepted\n", Accepted),
        ("badge", "# T\n## Status\n![Accepted](https://img.shields.io/badge/x-green)\n", Accepted),
        ("struck through", "# T\n## Status\n~~Proposed~~ Accepted\n", Accepted),
        ("struck through, superseded", "# T\n## Status\n~~Accepted~~ Superseded by ADR-4\n", Superseded),
        ("arrow", "# T\n## Status\nProposed -> Accepted\n", Accepted),
        ("ticked box", "# T\n## Status\n- [ ] Proposed\n- [x] Accepted\n", Accepted),
        ("no box ticked", "# T\n## Status\n- [ ] Proposed\n- [ ] Accepted\n", Absent),
        ("approved", "# T\nStatus: approved\n", Accepted),
        ("withdrawn", "# T\nStatus: withdrawn\n", Rejected),
        ("accepted, then deprecated", "# T\nStatus: Accepted, deprecated 2025\n", Deprecated),
        ("misspelt", "# T\nStatus: superceded by ADR-3\n", Superseded),
        ("none", "# T\n\n## Context\nWords.\n", Absent),
        ("empty text", "", Absent),
        ("empty value", "---\nstatus:\n---\n# T\n", Absent),
        ("in a fence", "# T\n```\nStatus: accepted\n```\n", Absent),
        ("in a comment", "# T\n<!--\nStatus: accepted\n-->\n", Absent),
        ("in the body", "# T\n## Context\nx\n- Status: accepted\n", Absent),
    ] {
        assert_eq!(status(text), expected, "{form}");
    }
}

#[test]
fn what_nobody_decided_is_never_accepted() {
    for (text, raw) in [
        (
            "---\nstatus: \"{proposed | rejected | accepted | deprecated}\"\n---\n",
            "{proposed | rejected | accepted | deprecated}",
        ),
        ("# T\n## Status\nAccepted | Proposed\n", "Accepted | Proposed"),
        (
            "# T\n## Status\nWhat is the status, such as proposed, accepted?\n",
            "What is the status, such as proposed, accepted?",
        ),
        ("# T\n## Status\nAccepted?\n", "Accepted?"),
        ("# T\n## Status\nNot yet accepted\n", "Not yet accepted"),
        ("# T\n## Status\nAccepted pending review\n", "Accepted pending review"),
        ("# T\n## Status\nTo be accepted\n", "To be accepted"),
        ("# T\n## Status\non hold\n", "on hold"),
        ("# T\n## Status\n- [x] Proposed\n- [x] Accepted\n", "Proposed, Accepted"),
    ] {
        assert_eq!(status(text), unknown(raw), "{text}");
    }
}

/// Every trick that could pass for a decision which nobody made, and forms whose words are not known here.
#[test]
fn nothing_but_a_plain_acceptance_is_accepted() {
    for text in [
        // Words of other languages: unknown, as any word that is not known.
        "---\nstatus: angenommen\n---\n",
        "# T\n## Status\nAkzeptiert\n",
        "# T\n## Estado\nAceptada\n",
        "# T\n## Status\nAceptado\n",
        "# T\n## Status\nAccepté\n",
        "# T\n## Status\nПринято\n",
        "# T\n## 状态\n已接受\n",
        "# T\n## Statut\nAccepted\n",
        // Letters that look like others.
        "---\nstatus: аccepted\n---\n",
        "---\nstatus: ac\u{200b}cepted\n---\n",
        "---\nstatus: ａｃｃｅｐｔｅｄ\n---\n",
        // Templates that nobody edited.
        "---\nstatus: \"{proposed | rejected | accepted | deprecated | … | superseded by ADR-0123}\"\n---\n",
        "---\nstatus: {accepted}\n---\n",
        "# T\n\n* Status: [proposed | rejected | accepted | deprecated | … | superseded by [ADR-0005](0005-x.md)] <!-- optional -->\n",
        "# NUMBER. TITLE\n\nDate: DATE\n\n## Status\n\nSTATUS\n",
        "# T\n## Status\nproposed/accepted/rejected\n",
        "# T\n## Status\nProposed, Accepted, Rejected, Deprecated or Superseded\n",
        "# T\n## Status\n<accepted>\n",
        "# T\n## Status\nAccepted / Proposed\n",
        "# T\n## Status\n[Accepted|Proposed]\n",
        // Conditions and ends.
        "# T\n## Status\nAccepted on hold\n",
        "# T\n## Status\nTentatively accepted\n",
        "# T\n## Status\nAccepted (tentatively)\n",
        "# T\n## Status\nAccepted, subject to review\n",
        "# T\n## Status\nAccepted - awaiting the board\n",
        "# T\n## Status\nAccepted, then revoked\n",
        "# T\n## Status\nAccepted; reverted in May\n",
        "# T\n## Status\nAccepted, but rejected by the board\n",
        "# T\n## Status\nAccepted. Superseded in May.\n",
        "# T\n## Status\nno longer accepted\n",
        "# T\n## Status\nUnaccepted\n",
        "# T\n## Status\nAcceptedish\n",
        "# T\n## Status\nto be accepted\n",
        "# T\n## Status\n~~Accepted~~\n",
        "# T\n## Status\n~~Accepted\n~~ Rejected\n",
        // Not where a status stands.
        "# T\n## Status\n```\nAccepted\n```\n",
        "# T\n## Status\n<!-- Accepted -->\n",
        "# T\n## Status\n<!--\nAccepted\n",
        "# T\n## Status of the market\nAccepted\n",
        "# T\n## Context\nStatus: accepted\n",
        "# T\nThe last status: accepted\n",
        "# T\n| Decision | Accepted |\n",
        "---\nadr:\n  status: accepted\n---\n# T\n",
        "---\n# status: accepted\n---\n# T\n",
        "\n---\nstatuses: accepted\n---\n# T\n",
        "+++\n[extra]\nstatus_old = \"accepted\"\n+++\n",
        "# T\n## Status\n- [ ] Accepted\n",
        // Badges whose words are not a status.
        "# T\n## Status\n![status](https://img.shields.io/badge/status-accepted-green)\n",
        "# T\n## Status\nhttps://img.shields.io/badge/status-accepted-green\n",
        // Disagreeing.
        "---\nstatus: accepted\n---\n# T\n- Status: proposed\n",
        "---\nstatus: accepted\n---\n# T\n## Status\nProposed\n",
        "# T\n## Status\nAccepted\n## Status\nRejected\n",
        "# T\n## Status: Rejected\nStatus: accepted\n## Status\nAccepted\n",
        "---\nstatus: accepted\nsuperseded by: ADR-4\n---\n",
        "---\nstatus: accepted\nsupersededBy: ADR-4\n---\n",
    ] {
        assert_ne!(status(text), RecordStatus::Accepted, "{text}");
    }
}

#[test]
fn a_word_of_acceptance_that_goes_on_otherwise_is_not_understood() {
    for text in [
        "Decided against",
        "Decided to reject",
        "Agreed to postpone",
        "Adopted nowhere",
        "Accepted: no",
        "Approved by nobody yet",
        "Accepted by",
        "Accepted by Ada, waiting for Bob",
        "Accepted (in spirit)",
        "Accepted in principle",
        "Accepted with reservations",
        "Decided: against",
    ] {
        assert_eq!(status(&format!("# T\n## Status\n{text}\n")), unknown(text));
        assert_eq!(status(&format!("# T\nStatus: {text}\n")), unknown(text));
    }
    assert_eq!(status("# T\n## Status\n> Status: accepted\n"), unknown("> Status: accepted"));
}

#[test]
fn who_accepted_when_and_what_it_amends_take_nothing_back() {
    for text in [
        "Accepted by the architecture board on 2024-05-01",
        "Accepted (2024-05-01)",
        "Accepted, 1 May 2024",
        "✅ Accepted",
        "Accepted; amended by ADR-7",
        "Accepted in v1.2",
        "Accepted in May",
        "Accepted by Ada, Bob and Cleo (2024-05-01)",
        "Accepted and implemented",
        "Accepted - see [ADR-4](0004-x.md).",
    ] {
        assert_eq!(status(&format!("# T\n## Status\n{text}\n")), RecordStatus::Accepted, "{text}");
    }
}

/// The table of examples in docs/checklist.md.
#[test]
fn the_documented_forms_are_read_as_documented() {
    let documentation = include_str!("../../../../../docs/checklist.md");
    let rows: Vec<Vec<&str>> = documentation
        .lines()
        .skip_while(|line| *line != "| status line | counts as |")
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| line.trim_matches('|').split(" | ").map(str::trim).collect())
        .collect();
    assert!(rows.len() >= 15, "{rows:?}");
    for row in rows {
        let [example, counts] = row.as_slice() else { panic!("{row:?}") };
        // A `|` within a cell is written behind a backslash, and a line's end as a sign.
        let text = example.trim_matches('`').replace("\\|", "|").replace(" ⏎ ", "\n");
        let found = declared(&format!("# T\n\n{text}\n"));
        let under_heading =
            declared(&format!("# T\n\n## Status\n\n{}\n", text.trim_start_matches("Status: ")));
        for found in
            [Some(found), text.starts_with("Status: ").then_some(under_heading)].into_iter().flatten()
        {
            let words = match found.status {
                RecordStatus::Unknown(_) => "not understood".to_owned(),
                RecordStatus::Contradictory(_) => "several".to_owned(),
                status => status.words(),
            };
            assert_eq!(words, *counts, "{text}");
        }
    }
}

#[test]
fn what_tools_and_people_write_beside_an_acceptance_takes_nothing_back() {
    for text in [
        "# T\n\n- Status: accepted\n- Date: 2020-09-27\n- Source: <https://github.com/contoso/wiki/blob/master/a.md> <!-- more? -->\n\n## Context\n",
        "# T\n\nStatus: Accepted (ADR board)\n",
        "# T\n\n- Status: Accepted (Architecture Review Board, 2026-01-02)\n",
        "# T\n\nStatus: Accepted by the [ADR board](https://example.com/board) on 2026-01-02\n",
        "# T\n\nStatus: accepted, 2026-01-02\n",
        "# T\n\nStatus: Accepted on 2nd May 2026\n",
        "# T\n\nStatus: :white_check_mark: Accepted\n",
        "# T\n\n*Status: Accepted*\n",
        "# T\n\n**Status: Accepted**\n",
        "# T\n\n| Status: Accepted | Date: 2026-01-02 |\n|---|---|\n",
        "# T\n\n| Status | Accepted | Date | 2026-01-02 |\n|---|---|---|---|\n",
        "# T\n\n**Status**: Accepted | **Date**: 2026-01-02 | **Owner**: Ada\n",
        "# T\n\nStatus: Accepted · Decided: 2026-01-02 · Scope: `src`\n",
        "# T\n\nStatus: Accepted\nDate: 2026-01-02\n",
        "# T\n\n## Status\n\nAccepted\n\nAmends [3. Y](0003-y.md)\n\nAmended by [9. Z](0009-z.md)\n",
        "# T\n\n## Status\n\n- Accepted\n- Deciders: Ada, Bob\n- Date: 2026-01-02\n",
        "# T\n\n> Status: Accepted\n> Date: 2026-01-02\n\n## Context\n",
        "# T\n\n> **Status:** Accepted | **Date:** 2026-01-02\n>\n> Words on why this was written.\n\n## Context\n",
        "T\n===\n\n> Status: Accepted\n",
    ] {
        assert_eq!(status(text), RecordStatus::Accepted, "{text}");
    }
}

#[test]
fn a_condition_is_never_accepted_wherever_it_stands() {
    for condition in [
        "Accepted if the board agrees",
        "accepted, pending the security review",
        "not accepted",
        "will be accepted",
        "Accepted with reservations",
        "Accepted on 2026-01-02 with reservations",
        "Accepted on 2026-01-02, with conditions",
        "Accepted in 2026 provided that the test passes",
        "Accepted by 2026-12-01",
        "Accepted by end of May",
        "Accepted by next week",
        "Accepted for 30 days",
        "Accepted (2/3)",
        "Accepted (partial)",
        "Accepted, reviewed with reservations",
        "Accepted - see section 4 for what is open",
        "Accepted, see [the conditions](#conditions)",
        "Accepted [if the board agrees](https://example.com/1)",
        "Accepted[^1]",
        "Accepted*",
        "❌ Accepted",
        "🚧 Accepted",
        "⏳ Accepted",
        ":x: Accepted",
        "Accepted :construction:",
        "Accepted…",
        "Accepted, Proposed",
        "Accepted by vote once quorate",
        "Accepted by Ada, Conditional",
        "Accepted | Condition: the board agrees",
        "Accepted · Pending: legal",
    ] {
        for text in [
            format!("# T\n\nStatus: {condition}\n"),
            format!("# T\n\n- **Status:** {condition}\n"),
            format!("# T\n\n## Status\n\n{condition}\n"),
            format!("# T\n\n> Status: {condition}\n"),
            format!("---\nstatus: {condition}\n---\n# T\n"),
            format!("# T\n\n| Status | {condition} |\n|---|---|\n"),
        ] {
            assert_ne!(status(&text), RecordStatus::Accepted, "{text}");
        }
    }
    for text in [
        // The paragraph goes on.
        "# T\n\nStatus: Accepted\nif the board agrees\n",
        "# T\n\n- Status: Accepted\n  if the board agrees\n",
        "# T\n\n## Status\n\nAccepted\nif the board agrees\n",
        "# T\n\n> Status: Accepted\n> if the board agrees\n",
        // A paragraph of its own.
        "# T\n\n## Status\n\nAccepted\n\nSubject to the security review.\n",
        "# T\n\n## Status\n\nAccepted\n\nNot yet in force.\n",
        "# T\n\n## Status\n\nAccepted\n\nRejected by the board in May.\n",
        "# T\n\n## Status\n\n- Accepted\n- Condition: the board agrees\n",
        "# T\n\n## Status\n\nAccepted\n\nDeprecated\n",
        // Beside it.
        "# T\n\n| Status | Accepted | if the board agrees |\n|---|---|---|\n",
        "# T\n\n| Status: Accepted | if the board agrees |\n|---|---|\n",
        "---\nstatus: \"accepted\" if the board agrees\n---\n# T\n",
        "---\nstatus: >-\n  accepted\n  if the board agrees\n---\n# T\n",
        "---\nstatus: [accepted, proposed]\n---\n# T\n",
    ] {
        assert_ne!(status(text), RecordStatus::Accepted, "{text}");
    }
}

#[test]
fn what_somebody_else_said_is_quoted_and_does_not_count() {
    for text in [
        "# T\n\nAda wrote:\n\n> Status: Accepted\n",
        "# T\n\nDate: 2026-01-02\n\n> Status: Accepted\n",
        "# T\n\n> In ADR-3:\n> Status: Accepted\n",
        "# T\n\n> As the board said,\n> Status: Accepted\n",
        "# T\n\n> Date: 2026-01-02\n>\n> Status: Accepted\n",
        "# T\n\n> Date: 2026-01-02\n\n> Status: Accepted\n",
    ] {
        let found = declared(text);
        assert_eq!(found.status, unknown("> Status: Accepted"), "{text}");
        let line = text.lines().position(|line| line.contains("Status")).map(|at| at + 1);
        assert_eq!(found.line, line, "{text}");
    }
    // Beside a status of its own it is nothing; it ends a decision wherever it stands.
    assert_eq!(status("# T\n\nStatus: Proposed\n\n> Status: Accepted\n"), RecordStatus::Proposed);
    assert_eq!(status("# T\n\nStatus: Accepted\n\n> Superseded by: ADR-4\n"), RecordStatus::Superseded);
}

#[test]
fn the_line_of_a_status_is_kept() {
    for (text, line) in [
        ("---\ndate: 2026-01-02\nstatus: accepted\n---\n# T\n", Some(3)),
        ("---\nid: 1\n---\n# T\n\n- Status: accepted\n", Some(6)),
        ("+++\nid = 1\n+++\n\n# T\n## Status\n\n<!-- x -->\nAccepted\n", Some(9)),
        ("# T\n\n## Status: Accepted\n", Some(3)),
        ("# T\n", None),
    ] {
        assert_eq!(declared(text).line, line, "{text}");
    }
}

#[test]
fn usual_decorations_do_not_hide_an_acceptance() {
    for text in [
        "# T\n## Status: Accepted\n",
        "# T\n## **Status**\n\n**Accepted** ✅\n",
        "# T\n## Status\n[![Accepted](https://img.shields.io/badge/a-b)](https://example.com)\n",
        "---\nstatus: [accepted]\n---\n",
        "---\nstatus:\n  - accepted\n---\n",
        "---\r\nstatus: 'accepted'\r\n---\r\n# T\r\n\r\n## Status\r\n\r\nAccepted\r\n",
        "\u{feff}# T\r\n\r\n## Status\r\n\r\nAccepted\r\n",
        "+++\nstatus = 'accepted' # since May\n+++\n",
        "# T\n\n- Status: accepted\n- Deciders: Ada\n- Date: 2020-01-01\n- Tags: a, b\n\n## Context\n",
        "# T\n## Status\nAccepted (proposed 2024-01-01)\n",
        "<!-- markdownlint-disable -->\n# T\n\nStatus: Accepted\n",
    ] {
        assert_eq!(status(text), RecordStatus::Accepted, "{text}");
    }
}

#[test]
fn statuses_that_disagree_are_contradictory() {
    let text = "---\nstatus: accepted\n---\n# T\n\n## Status\n\nRejected\n";
    assert_eq!(status(text), RecordStatus::Contradictory("accepted (line 2); Rejected (line 8)".into()));
    let twice = "---\nstatus: accepted\nstatus: proposed\n---\n";
    assert_eq!(status(twice), RecordStatus::Contradictory("accepted (line 2); proposed (line 3)".into()));
}

#[test]
fn references_day_and_deciders_are_kept() {
    let text = "---\nstatus: superseded by ADR-0010\ndate: 2026-01-02\ndecision-makers:\n  - Ada\n  - Bob\nsupersedes: [ADR-3]\nid: ADR-9\n---\n";
    let found = declared(text);
    assert_eq!(found.superseded_by, ["ADR-0010"]);
    assert_eq!(found.supersedes, ["[ADR-3]"]);
    assert_eq!(found.date.as_deref(), Some("2026-01-02"));
    assert_eq!(found.deciders.as_deref(), Some("Ada, Bob"));
    assert_eq!(found.id.as_deref(), Some("ADR-9"));
    let nygard = "# 4. T\n\nDate: 2020-01-01\n\n## Status\n\nAccepted\n\nSuperseded by [10. X](0010-x.md)\n";
    assert_eq!(declared(nygard).superseded_by, ["[10. X](0010-x.md)"]);
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in "(?s).{0,300}|(---\n|status|: |accepted|## Status\n|~~|\\[|x|\\]|\\(|İ|\n| ){0,40}") {
        let _ = declared(&text);
    }

    #[test]
    fn accepted_needs_the_word(text in "(---\n|status: |\n|## Status\n|proposed|on hold|x|\\[x\\] ){0,20}") {
        prop_assert_ne!(status(&text), RecordStatus::Accepted);
    }
}
