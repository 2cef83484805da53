//! What stands in a status' own place has to be understood, all of it; what stands elsewhere is of another record.

use super::super::*;

fn accepted(text: &str) -> bool {
    declared(text).status == RecordStatus::Accepted
}

fn none_is_accepted(texts: &[&str]) {
    let passed: Vec<&&str> = texts.iter().filter(|text| accepted(text)).collect();
    assert!(passed.is_empty(), "{passed:#?}");
}

fn all_are_accepted(texts: &[&str]) {
    let held: Vec<(&&str, RecordStatus)> = texts
        .iter()
        .map(|text| (text, declared(text).status))
        .filter(|(_, status)| *status != RecordStatus::Accepted)
        .collect();
    assert!(held.is_empty(), "{held:#?}");
}

#[test]
fn a_line_beside_a_status_that_is_not_understood_holds() {
    none_is_accepted(&[
        "# T\n\nStatus: Accepted\nRejected by the board in May\n",
        "# T\n\nStatus: Accepted\nDeprecated in 2026\n",
        "# T\n\nStatus: Accepted\nSuperseded by ADR-9\n",
        "# T\n\nStatus: Accepted\nPending the security review\n",
        "# T\n\nStatus: Accepted\n❌\n",
        "# T\n\nStatus: Accepted\n:x:\n",
        "# T\n\nStatus: Accepted\nDecided: not yet\n",
        "# T\n\nStatus: Accepted\nOpen: the security review\n",
        "# T\n\nStatus: Accepted\nDecision: Rejected\n",
        "# T\n\nStatus: Accepted\nDecision status: Rejected\n",
        "# T\n\nStatus: Accepted\nStatus quo: Rejected\n",
        "# T\n\nStatus: Accepted\nNot in force.\n",
        "# T\n\nStatus: Accepted\nThe board has to agree first.\n",
        "# T\n\nStatus: Accepted.\nNot yet in force.\n",
        "# T\n\nStatus: Accepted\n- if legal agrees\n",
        "# T\n\nStatus: Accepted\n1) only if legal agrees\n",
        "# T\n\nStatus: Accepted\n  - under the condition that legal agrees\n",
        "# T\n\nStatus: Accepted\n\nDeprecated in favour of y.\n",
        "# T\n\nStatus: Accepted\n\nIt is superseded by ADR-9.\n",
        "# T\n\nStatus: Accepted\n\nif the board agrees\n",
        "# T\n\nStatus: Accepted\n\nPending the security review.\n",
        "# T\n\nStatus: Accepted\n\nWords on it.\n\nStatus: Rejected\n",
        "# T\n\nStatus: Accepted\n\n**Current status**: Deprecated\n\n## Context\n",
        "# T\n\n**Status:** Accepted\nSuperseded by [ADR-9](0009-x.md)\n",
        "# T\n\n**Status** Rejected\nStatus: Accepted\n",
        "# T\n\n- Status: Accepted\n- Superseded by [ADR-9](0009-x.md)\n",
        "# T\n\n- Status: accepted\n- Deprecated since 2026-05-01\n- Date: 2026-01-02\n",
        "# T\n\n- Status: Accepted\n  - only if legal agrees\n",
        "# T\n\n- Status: Accepted\n\n- only if legal agrees\n",
        "# T\n\n- Condition: legal agrees\n- Status: Accepted\n",
        "# T\n\n* Status: accepted\n* Rejected: by the board\n",
        "# T\n\n> Status: Accepted\n> Rejected by the board\n",
        "# T\n\n> Status: Accepted\n> Superseded by ADR-9\n",
        "# T\n\n| Status | Accepted |\n|---|---|\n| | Rejected |\n",
        "# T\n\n| Status | Accepted |\n|---|---|\n| Open | the review |\n",
        "# T\n\n| Status | Accepted |\n|---|---|\n| Superseded by | ADR-9 |\n",
        "# T\n\n| ADR | Status |\n|---|---|\n| Status | Accepted |\n",
        "# T\n\nStatus: Accepted | Decided: not yet\n",
        "# T\n\nStatus: Accepted | Date: pending\n",
        "# T\n\nStatus: Accepted | Scope: only if legal agrees\n",
        "# T\n\nStatus: Accepted\nDeciders: Ada, Bob (vetoed)\n",
        "# T\n\nStatus: Accepted\nDepends on: legal\n",
    ]);
}

#[test]
fn all_of_a_status_section_has_to_be_understood() {
    none_is_accepted(&[
        "# T\n\n## Status: Accepted\n\nRejected in May.\n",
        "# T\n\n## Status: Accepted\n\nif the board agrees\n",
        "# T\n\n## Status: Accepted\n\nSuperseded by ADR-9\n",
        "# T\n\n## Status\n\nAccepted\nScope: if the board agrees\n",
        "# T\n\n## Status\n\nAccepted\nrelated to: approval of the board, if given\n",
        "# T\n\n## Status\n\nAccepted\n(proposed, not decided)\n",
        "# T\n\n## Status\n\nAccepted\n\nIt was rejected by the board in May.\n",
        "# T\n\n## Status\n\nAccepted\n\nAda withdrew it.\n",
        "# T\n\n## Status\n\nAccepted\n\nWithdrawal is proposed\n",
        "# T\n\n## Status\n\nAccepted\n\nNo longer in force.\n",
        "# T\n\n## Status\n\nAccepted\n\n~~Not~~ yet\n",
        "# T\n\n## Status\n\nAccepted\n\nThe board meets in May.\n",
        "# T\n\n## Status\n\nAccepted\n\n- Rejected by the board\n",
        "# T\n\n## Status\n\nAccepted\n\n1. Superseded by ADR-9\n",
        "# T\n\n## Status\n\nAccepted\n\n> Rejected by the board\n",
        "# T\n\n## Status\n\nAccepted\n\n❌\n",
        "# T\n\n## Status\n\nAccepted\n\n:x:\n",
        "# T\n\n## Status\n\nAccepted\n\n### Update\n\nRejected\n",
        "# T\n\n## Status\n\nAccepted\n\n### Superseded\n\nby ADR-9\n",
        "# T\n\n## Status\n\nAccepted\n\n## Status update\n\nRejected\n",
        "# T\n\n## Status\n\nAccepted\n\n## Status history\n\n- 2026-01-02 Accepted\n- 2026-05-02 Rejected\n",
        "# T\n\n## Status\n\n| x | y |\n|---|---|\n| Accepted | no |\n",
        "# T\n\n## Status\n\n| Accepted | Rejected |\n|---|---|\n| no | yes |\n",
        "# T\n\n## Status\n\nAccepted\n\n## Superseded by\n\nADR-9\n",
        "# T\n\nStatus: Accepted\n\n## Deprecated\n\nIn May.\n",
        "# T\n\nStatus: Accepted\n\n## Status\n\n> Rejected\n",
        "# [REJECTED] T\n\nStatus: Accepted\n",
        "# T (superseded)\n\nStatus: Accepted\n",
        "# Draft: T\n\nStatus: Accepted\n",
        "# ~~T~~\n\nStatus: Accepted\n",
        "# T\n\nStatus: Accepted\n\nUPDATE: rejected in May.\n",
        // Boxes.
        "# T\n\n## Status\n\nRejected\n\n- [x] Accepted\n",
        "# T\n\n## Status\n\nProposed\n\nReviewers:\n\n- [x] Approved by Ada\n- [ ] Approved by legal\n",
        "# T\n\n## Status\n\n- [x] Approved by Ada\n- [ ] Approved by legal\n",
        "# T\n\n## Status\n\n- [x] Accepted\n- [ ] legal agreed\n",
        "# T\n\n## Status\n\n- [x] Accepted\n- not yet in force\n",
        "# T\n\n## Status\n\n- [ ] Proposed\n- [x] Accepted\n  if the board agrees\n",
        "# T\n\n## Status\n\n- [x] Accepted\n\nSuperseded by ADR-9\n",
        "# T\n\n## Status\n\n- [x] Accepted\n\nDeprecated\n",
        "# T\n\n## Status\n\n- [x] Accepted\n- Superseded by [ADR-9](0009-x.md)\n",
    ]);
}

#[test]
fn a_status_that_stands_elsewhere_is_not_the_records_own() {
    none_is_accepted(&[
        "Use x\n=====\n\nContext\n-------\n\nADR-3 said:\n\nStatus: Accepted\n",
        "Use x\n=====\n\nStatus of others\n----------------\n\n- Status: Accepted\n",
        "# T\n\n## Context\n\n### ADR-3\n\n#### Status\n\nAccepted\n",
        "# T\n\n## Context\n\n### ADR-3, Status: Accepted\n",
        "# T\n\n## Others\n\n### Status: Accepted\n",
        "# T\n\n## Status\n\n### ADR-3\n\nAccepted\n",
        "# T\n\n# Appendix: ADR 3\n\nStatus: Accepted\n",
        "# T\n\n# Appendix: ADR 3\n\n## Status\n\nAccepted\n",
        "# T\n\n# Appendix\n\n# Status\n\nAccepted\n",
        "# T\n\n### Comparison with ADR-3\n\n#### Status\n\nAccepted\n\n## Status\n\n",
        "# T\n\n- ADR-3\n  - Status: Accepted\n",
        "# T\n\n- Related: ADR-3\n  - Status: Accepted\n",
        "# T\n\nRelated records:\n\n- ADR-3\n  - Status: Accepted\n",
        "# T\n\nADR-3 said:\n\nStatus: Accepted\n",
        "# T\n\nIn `ADR-3` they wrote:\n\nStatus: Accepted\n",
        "# T\n\nThe state of ADR-3 is this.\nState: Accepted\n",
        "# T\n\nAccepted records have this line:\n\n- Status: Accepted\n",
        "# T\n\n## Overview\n\n| State | Accepted |\n",
        "# T\n\n## Status of ADR-3\n\nAccepted\n",
        "Status: Accepted\n\n# T\n\n## Context\n",
        "# T\n\nDeciders: Ada <del>\nStatus: Accepted\nDate: 2026-01-02 </del>\n",
        // Hidden, struck through, folded away.
        "# T\n\n<del>\n\nStatus: Accepted\n\n</del>\n",
        "# T\n\n<div hidden>\n\nStatus: Accepted\n\n</div>\n",
        "# T\n\n<pre>\nStatus: Accepted\n</pre>\n",
        "# T\n\n<details>\n\n## Status\n\nAccepted\n\n</details>\n",
        "<del>\n\n# T\n\nStatus: Accepted\n\n</del>\n",
        "# T\n\n[//]: # (\nStatus: Accepted\n)\n",
        "# T\n\n## Status\n\n[//]: # (\nAccepted\n)\n",
        "# T\n\n~~Author: Ada\nStatus: Accepted\nDate: 2026-01-02~~\n",
        "# T\n\n$$\nStatus: Accepted\n$$\n",
        "# T\n\n## Status\n\n<details><summary>old</summary>\n\nAccepted\n\n</details>\n\nRejected by all\n",
    ]);
    let found = declared("# T\n\n## Others\n\n### Status: Accepted\n");
    assert_eq!(
        (found.status, found.line),
        (RecordStatus::Unknown("### Status: Accepted".to_owned()), Some(5))
    );
    let found = declared("# T\n\nADR-3 said:\n\nStatus: Accepted\n");
    assert_eq!(
        (found.status, found.line),
        (RecordStatus::Unknown("ADR-3 said: Status: Accepted".to_owned()), Some(3))
    );
}

#[test]
fn what_stands_beside_an_acceptance_on_its_line_has_to_be_understood() {
    for status in [
        "pending legal review → Accepted",
        "if the board agrees -> Accepted",
        "not yet (→ Accepted)",
        "not => Accepted",
        "Proposed, hopefully soon -> Accepted",
        "!Accepted",
        "-Accepted",
        "Accepted by Ada denied by Bob",
        "Accepted by Ada contested by Bob",
        "Accepted by the board, overturned by the council",
        "Accepted by Ada overturned by the board",
        "Accepted by Ada, Vetoed",
        "Accepted by Ada; Overruled",
        "Accepted by Ada, Suspended",
        "Accepted by Ada, Unconfirmed",
        "Accepted by Ada, Paused",
        "Accepted by Ada (On Ice)",
        "Accepted by Ada, Bob (Dissenting: Cleo)",
        "Accepted by Ada on 2026-01-02, Bob Dissents",
        "Accepted by Ada providing legal agrees",
        "Accepted by Ada Providing Legal Agrees",
        "Accepted by Ada given legal agrees",
        "Accepted by Ada whenever legal agrees",
        "Accepted by Ada as soon as legal agrees",
        "Accepted by mistake",
        "Accepted by Ada, Mostly",
        "Accepted by Ada Without Legal",
        "Accepted by Ada, Bob Abstains",
        "Accepted by Ada, Wait",
        "Accepted ([Delayed](https://example.com/pull/1))",
        "Accepted by no-one",
        "Accepted by No-One",
        "Accepted by nearly all",
        "Accepted by half",
        "Accepted by nobody yet",
        "Accepted by Ada sofern Legal zustimmt",
        "Accepted by Ada falls Legal zustimmt",
        "Accepted by Ada erst wenn Legal zustimmt",
        "Accepted by the board vorbehaltlich der Zustimmung",
        "Accepted by Ada unter Vorbehalt",
        "Accepted by Ada widerrufen",
        "Accepted by Ada, Zurückgezogen",
        "Accepted nicht",
        "Accepted, see [what is open](#open)",
        "Accepted, see [4](#conditions)",
        "Accepted, see [what is open](0004-x.md)",
        "Accepted, see [3. x] if the board agrees, and [ADR-4](0004-x.md)",
        "[Accepted][rejected]",
    ] {
        none_is_accepted(&[
            &format!("# T\n\nStatus: {status}\n"),
            &format!("# T\n\n## Status\n\n{status}\n"),
            &format!("# T\n\n## Status: {status}\n"),
            &format!("# T\n\n## Status\n\n- [x] {status}\n"),
            &format!("---\nstatus: '{status}'\n---\n# T\n"),
        ]);
    }
}

#[test]
fn front_matter_is_read_as_its_language_has_it() {
    none_is_accepted(&[
        "---\nstatus: #accepted\n---\n# T\n",
        "---\nstatus:\n  #accepted\n---\n# T\n",
        "---\nstatus:\n#accepted\n---\n# T\n",
        "---\nstatus: # accepted\n---\n# T\n",
        "---\nstatus: !accepted\n---\n# T\n",
        "---\nstatus: proposed #accepted\n---\n# T\n",
        "---\nstatus: \"accepted\"#if\n---\n# T\n",
        "---\nstatus: {accepted: false}\n---\n",
        "---\nstatus:\n  accepted: false\n---\n",
        "---\nd: \"\nstatus: accepted\n\"\n---\n# T\n",
        "---\nd: [\nstatus: accepted\n]\n---\n# T\n",
        "---\nstatus: accepted\nsuperseded: ADR-9\n---\n# T\n",
        "---\nstatus: accepted\nsuperseded-by: ADR-9\n---\n# T\n",
        "---\nstatus: accepted\ndeprecated: true\n---\n# T\n",
        "---\nstatus: accepted\ndeprecated_on: 2026-05-01\n---\n# T\n",
        "---\nstatus: accepted\ndraft: true\n---\n# T\n",
        "---\nstatus: accepted\naccepted: pending\n---\n# T\n",
        "---\nstatus: accepted\nstatus_note: waits for legal\n---\n# T\n",
        "---\nstatus: accepted\nconditions: legal agrees\n---\n# T\n",
        "---\nstatus: accepted\n...\nstatus: rejected\n---\n# T\n",
        "---\nstatus: proposed\n---\n---\nstatus: accepted\n---\n# T\n",
        "---\ntitle: x\n---\n---\nstatus: accepted\n---\n# T\n",
        "+++\n[previous]\nstatus = \"accepted\"\n+++\n# T\n",
        "+++\n[[related]]\nid = 3\nstatus = \"accepted\"\n+++\n# T\n",
        "+++\nd = \"\"\"\nstatus = \"accepted\"\n\"\"\"\n+++\n# T\n",
        "+++\nstatus = \"\"\"accepted\nif legal agrees\"\"\"\n+++\n",
    ]);
    all_are_accepted(&[
        "---\nstatus: accepted\ndraft: false\n---\n# T\n",
        "---\nstatus: accepted\nproposed: 2026-01-01\naccepted: 2026-01-02\n---\n# T\n",
        "---\ntags: [a,\n  b]\nstatus: accepted\ntitle: \"Use x: y\"\n---\n# T\n",
        "---\n# These are optional.\nstatus: accepted\ndate: 2026-01-02\ndecision-makers: [Ada, Bob]\nconsulted:\ninformed:\n---\n# T\n\n## Context\n",
        "---\nlayout: decision\nid: 3\nstatus: accepted\n---\n\n# T\n\nWords on what it is.\n",
        "+++\nstatus = \"accepted\"\ntags = [\"a\", \"b\"]\n[extra]\nx = 1\n+++\n# T\n",
    ]);
}

#[test]
fn what_the_known_tools_write_is_accepted() {
    all_are_accepted(&[
        // MADR 2 and 3, log4brains
        "# Use x\n\n* Status: accepted\n* Deciders: Ada, Bob\n* Date: 2020-01-01\n\nTechnical Story: [description | ticket/issue URL]\n\n## Context\n",
        "# Use x\n\n- Status: accepted\n- Deciders: Ada, Bob\n- Date: 2020-01-01\n- Tags: dev-tools, doc\n\nTechnical Story: We have to choose with care.\n\n## Context\n",
        "# Use x\n\n- Status: accepted\n- Date: [YYYY-MM-DD when the decision was last updated]\n\n## Context\n",
        "# Use x\n\n- Status: accepted\n- Deciders:\n  - Ada Lovelace\n  - Bob\n- Date: 2020-01-01\n",
        // adr-tools
        "# 3. Use x\n\nDate: 2016-02-12\n\n## Status\n\nAccepted\n\nSupersedes [2. Do not use y](0002-do-not-use-y.md)\n\nAmended by [9. Use z](0009-use-z.md)\n\n## Context\n",
        "# 3. Use x\n\n## Status\n\nAccepted\n\n## Superseded by\n\nNone\n\n## Rejected\n\n- y\n",
        // Nygard, Azure docs
        "# ADR 3: Use x\n\n## Status\n\nAccepted.\n\n## Context\n",
        "# Title\n\n**Status**: Accepted\n\n**Date**: 2026-01-02\n\nWe choose a database here, if only for a year.\n\n## Context\n",
        "# Title\n\n| Status | Accepted |\n| --- | --- |\n| Date | 2026-01-02 |\n| Deciders | Ada, Bob |\n\n## Context\n",
        "# Title\n\n| Field | Value |\n|---|---|\n| Status | Accepted |\n| Date | 2026-01-02 |\n",
        "# Title\n\nStatus: Accepted\n---\n\n## Context\n",
        "Use x\n=====\n\nDate: 2026-01-02\n\nStatus\n------\n\nAccepted\n\nContext\n-------\n\nWords.\n",
        "# T\n\n# Status\n\nAccepted\n\n# Context\n\nWords.\n",
        "# T\n\nStatus: Accepted\n\n---\n\n## Context\n",
        "# T\n\nStatus: Accepted\n\nServices with an API must use x.\n\n- Open source is fine\n\n## Context\n",
        "# T\n\n## Status\n\nAccepted\n\nDate: 2026-01-02\n\nDeciders: Ada Lovelace, B. Babbage\n",
        "# T\n\n## Status\n\nAccepted\n\nby the board, on 2026-01-02\n",
        "# T\n\n## Status\n\n- [ ] Proposed\n- [x] Accepted\n- [ ] Superseded by ADR-XXXX\n- [ ] Rejected\n",
        "# T\n\n## Status\n\nProposed (2026-01-01) → Accepted (2026-01-02)\n",
    ]);
    for who in [
        "Ada Lovelace",
        "A. Lovelace",
        "Ludwig van Beethoven",
        "Jean-Luc O'Neill and Éva Kovács",
        "@ada and @bob-b",
        "ada.lovelace@example.com",
        "Ada, Bob, and the SRE team",
        "the Payments team",
        "the CTO",
        "the architecture review board on 2026-01-02",
        "Alfred Harding & Fred",
        "Emily Kelly",
        "consensus",
        "the board (see PR #12)",
        "Ada in [PR 12](https://github.com/o/r/pull/12)",
    ] {
        all_are_accepted(&[&format!("# T\n\nStatus: Accepted by {who}\n")]);
    }
}

#[test]
fn the_last_day_that_an_acceptance_names_is_kept() {
    for (text, day) in [
        ("# T\n\nStatus: Accepted from 2099-01-01\n", Some("2099-01-01")),
        ("# T\n\nStatus: Accepted on 2026-01-02, implemented in 2027\n", Some("2027")),
        ("# T\n\nStatus: Accepted on 1 May 2099\n", Some("2099")),
        ("---\nstatus: accepted\nvalid_from: 2099-01-01\n---\n# T\n", Some("2099-01-01")),
        ("# T\n\nStatus: Accepted\n", None),
    ] {
        assert_eq!(declared(text).from.as_deref(), day, "{text}");
    }
}

#[test]
fn a_status_that_never_ends_is_not_understood() {
    for rest in ["[", "~~a~~", "[a](", "by Ada, ", "\n"] {
        let text = format!("# T\n\nStatus: Accepted {}", rest.repeat(200_000 / rest.len()));
        assert_eq!(accepted(&text), rest == "\n", "{rest}");
    }
    let text = format!("# T\n\n{}Status: Accepted\n", "> a: b\n".repeat(30_000));
    assert!(!accepted(&text));
    let text = format!("# T\n\n## Status\n\n{}", "Accepted\n".repeat(20_000));
    assert!(!accepted(&text));
}

#[test]
fn what_a_record_begins_with_ends_no_decision_by_its_words_alone() {
    all_are_accepted(&[
        "# T\n\nStatus: Accepted\n\nThe old queue is deprecated by its makers.\n",
        "# T\n\nStatus: Accepted\n\nWords.\n\nRejected choices were these:\n\n- y\n",
        "# T\n\nStatus: Accepted\n\nNote: x was chosen with care.\n",
    ]);
    none_is_accepted(&["# T\n\nStatus: Accepted\n\nWords.\n\nRejected by the board in May.\n"]);
}
