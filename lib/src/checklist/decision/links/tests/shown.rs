//! What counts of a text: not what is struck out, not what a link to another place shows. And how long reading takes.

use super::*;

const OTHER: &str = "https://github.com/other/repo/blob/main/docs/adr/0001-a.md";

#[test]
fn a_link_to_any_other_place_shows_nothing_of_this_repository() {
    for text in [
        "x [ADR-1](https://evil.example/decisions?id=1)",
        "x [ADR-1](https://github.com/other/repo/pull/5)",
        "x [ADR-1](//github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x [ADR-1](\thttps://github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x [ADR-1](https:/\\github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x [ADR-1](http:\\\\github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x [ADR-1](ftp://github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x [ADR-1 [x]](https://github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x [![ADR-1](https://img/x.svg)](https://github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x ![ADR-1](https://img/x.svg)",
        "x [ADR-1\nof b](https://github.com/other/repo/blob/main/docs/adr/0001-a.md)",
        "x [ADR-1][r]\n\n[r]: https://github.com/other/repo/blob/main/docs/adr/0001-a.md",
        "x [ADR-1]\n\n[adr-1]: https://github.com/other/repo/blob/main/docs/adr/0001-a.md",
        "x [ADR-1][r]\n[r]: https://github.com/other/repo/blob/main/docs/adr/0001-a.md",
        "- x [ADR-1][]\n  - y\n\n> [ADR-1]: <https://evil.example/1>",
        "x <a href=\"https://github.com/other/repo/blob/main/docs/adr/0001-a.md\">ADR-1</a>",
        "<a class='x' href='https://evil.example/1'>ADR-1</a>",
        "x <A HREF=https://evil.example/1>ADR-1",
        "<p><a href=\"https://evil.example/1\">ADR-1</a>",
        "1. - [ADR-1](https://evil.example/1)",
        "-\t\t[ADR-1](https://evil.example/1)",
    ] {
        let found = targets(text);
        assert!(
            !found.is_empty() && found.iter().all(|target| matches!(target, LinkTarget::Elsewhere(_))),
            "{text} {found:?}"
        );
    }
    let links = record_links(&format!("a\n\nb\n[ADR-1]({OTHER})"), &Template::default(), &homes());
    assert_eq!((links[0].line, links[0].written.as_str()), (4, OTHER));
}

#[test]
fn a_link_to_another_place_that_shows_no_record_is_nothing() {
    for text in [
        "[log](https://ci.example/12)",
        "[a.rs](https://github.com/other/repo/pull/5)",
        "[x][y]",
        "[//]: # (a)",
    ] {
        assert_eq!(targets(text), [], "{text}");
    }
}

#[test]
fn what_is_struck_out_or_never_shown_is_not_counted() {
    for text in [
        "~~ADR-1~~",
        "x ~~and docs/adr/0001-a.md~~ y",
        "<del>ADR-1</del>",
        "x <s>ADR-1</s>",
        "<strike>a ADR-1",
        "[//]: # (ADR-1)",
        "x\n[//]: # (ADR-1)\n[//]: # (ADR-2)",
        "[comment]: <> (ADR-1)",
        "see repo#ADR-1",
        "1. ```\n   ADR-1\n   ```",
        "`[ADR-1](https://evil.example/1)`",
    ] {
        assert_eq!(targets(text), [], "{text}");
    }
    assert_eq!(targets("see other/repo#ADR-1"), [path("other/repo")]);
}

#[test]
fn what_stands_beside_it_counts() {
    for (text, expected) in [
        ("~~ADR-1~~ ADR-2", vec![adr(2)]),
        ("<del>ADR-1</del> ADR-2", vec![adr(2)]),
        ("[ADR-12]: refactor", vec![adr(12)]),
        ("[adr]: docs/adr/0012-x.md", vec![path("docs/adr/0012-x.md")]),
        ("[why][r] \n\n[r]: docs/adr/0012-x.md", vec![path("docs/adr/0012-x.md")]),
        ("<a href=\"docs/adr/0012-x.md\">ADR-12</a>", vec![path("docs/adr/0012-x.md"), path("/a"), adr(12)]),
        ("[ADR-12](https://github.com/contoso/orders/pull/5)", vec![adr(12)]),
        (
            "[![ADR-12](https://img/x.svg)](docs/adr/0012-x.md)",
            vec![LinkTarget::Elsewhere("img/x.svg".into()), path("docs/adr/0012-x.md")],
        ),
        ("#ADR-12", vec![adr(12)]),
        ("Map<S> for ADR-12", vec![adr(12)]),
        ("ADR: 11\n~~ADR: 12~~\nADR: 13", vec![adr(11), adr(13)]),
        ("ADR-~~1~~2", vec![]),
    ] {
        assert_eq!(targets(text), expected, "{text}");
    }
}

#[test]
fn a_link_that_is_longer_than_any_address_is_not_read() {
    let long = "a/".repeat(LONGEST_LINK);
    for text in [
        format!("docs/adr/{long}0012-x.md"),
        format!("[ADR-1](https://github.com/{long}0012-x.md)"),
        format!("https://github.com/contoso/orders/blob/{long}docs/adr/0012-x.md"),
    ] {
        let found = targets(&text);
        assert!(found.iter().all(|target| matches!(target, LinkTarget::Elsewhere(_))), "{found:?}");
    }
}

/// Whatever is repeated, it is read once: at this size a way that looks ahead from every mark would not end.
#[test]
fn texts_of_any_marks_are_read_to_their_end() {
    for mark in [
        "](",
        "<",
        "[a]: ",
        "[",
        "](<",
        "[a](",
        "[a][",
        "]",
        "![",
        "<a ",
        "<a href=\"",
        "<del>",
        "~~",
        "~~a",
        "`",
        "``a",
        "[a](b \"",
        "[a](b '",
        "[a](b (",
        "<!---->",
        "<!--",
        ">",
        "> ",
        "- ",
        "1. ",
        "\\",
        "*a_",
        "[a]: b\n",
        "[a]\n",
        "[a][b]\n\n",
        "&",
        "adr",
        "adrs 1, ",
        "ADR: 1, ",
        "://",
        "https://[",
        "https://a/[",
        "(",
        ")",
        "](((",
        "a/",
        "\"",
        "#",
        "<a href=//x>",
        "[![",
        "\n- ",
    ] {
        let text = format!("{}{}\nADR-1", mark.repeat(60_000 / mark.len()), " ".repeat(20_000));
        let _ = targets(&text);
        let _ = no_decision(&text, &Template::default());
    }
}
