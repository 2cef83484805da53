//! Whose a page is: this repository's, its wiki's, or another's that looks like it.

use super::*;

const WIKI: &str = "_wiki/wikis/w/12/ADR-0012-Use-x";
const FILE: &str = "_git/orders?path=/docs/adr/0012-x.md";

#[test]
fn wikis_of_this_repository_and_project_count_in_every_form_of_their_address() {
    for (remote, page) in [
        (
            "git@github.com:contoso/orders.git",
            "https://github.com/Contoso/Orders/wiki/ADR-0012-Use-x".to_owned(),
        ),
        (
            "git@github.com:contoso/orders.git",
            "https://GITHUB.com:443/contoso/%6Frders/wiki/ADR-0012-Use-x".to_owned(),
        ),
        (
            "https://gitlab.contoso.com:8443/group/orders.git",
            "https://gitlab.contoso.com:8443/group/orders/-/wikis/ADR-0012-Use-x".to_owned(),
        ),
        ("https://dev.azure.com/org/proj/_git/orders", format!("https://dev.azure.com/Org/Proj/{WIKI}")),
        ("https://dev.azure.com/org/proj/_git/orders", format!("https://org.visualstudio.com/proj/{WIKI}")),
        (
            "https://dev.azure.com/org/proj/_git/orders",
            format!("https://somebody@dev.azure.com/org/proj/{WIKI}"),
        ),
        (
            "git@ssh.dev.azure.com:v3/org/My%20Proj/orders",
            format!("https://org.visualstudio.com/DefaultCollection/My%20Proj/{WIKI}"),
        ),
        ("https://dev.azure.com/org/_git/orders", format!("https://dev.azure.com/org/orders/{WIKI}")),
        (
            "http://tfs.contoso.com:8080/tfs/Main/proj/_git/orders",
            format!("http://tfs.contoso.com:8080/tfs/main/Proj/{WIKI}"),
        ),
        (
            "http://tfs.contoso.com:8080/tfs/Main/_git/orders",
            format!("http://tfs.contoso.com:8080/tfs/Main/orders/{WIKI}"),
        ),
    ] {
        let homes = [Home::of_remote(remote).unwrap()];
        let found: Vec<LinkTarget> =
            record_links(&page, &Template::default(), &homes).into_iter().map(|link| link.target).collect();
        assert_eq!(found, [LinkTarget::WikiPage("ADR-0012-Use-x".into())], "{remote} {page}");
    }
}

#[test]
fn what_looks_like_a_place_of_this_repository_and_is_another_does_not_count() {
    for place in [
        // Hosts
        format!("https://dev.azure.com.evil.example/org/proj/{WIKI}"),
        format!("https://dev.azure.com.evil.example/org/proj/{FILE}"),
        format!("https://dev.azure.com@evil.example/org/proj/{WIKI}"),
        format!("https://dev.azure.com:org@evil.example/org/proj/{WIKI}"),
        format!("https://evil.example/dev.azure.com/org/proj/{WIKI}"),
        format!("https://evil.example/@dev.azure.com/org/proj/{WIKI}"),
        format!("https://dev.azure.com./org/proj/{WIKI}"),
        format!("https://xdev.azure.com/org/proj/{WIKI}"),
        format!("https://dev.azure.com:8443/org/proj/{WIKI}"),
        format!("https://dev.azure.com:8443/org/proj/{FILE}"),
        format!("https://dev.azure.c\u{43e}m/org/proj/{WIKI}"),
        format!("https://org.visualstudio.com.evil.example/proj/{WIKI}"),
        format!("https://evil.org.visualstudio.com/proj/{WIKI}"),
        "https://github.com.evil.example/contoso/orders/wiki/ADR-0012-Use-x".to_owned(),
        "https://evil.example/contoso/orders/wiki/ADR-0012-Use-x".to_owned(),
        "https://github.com@evil.example/contoso/orders/wiki/ADR-0012-Use-x".to_owned(),
        "https://github.com:444/contoso/orders/wiki/ADR-0012-Use-x".to_owned(),
        "https://wiki.evil.example/wiki/ADR-0012-Use-x".to_owned(),
        // Organisations, projects and repositories
        format!("https://dev.azure.com/other/proj/{WIKI}"),
        format!("https://dev.azure.com/org/other/{WIKI}"),
        format!("https://dev.azure.com/org/{WIKI}"),
        format!("https://dev.azure.com/org/proj/team/{WIKI}"),
        format!("https://other.visualstudio.com/proj/{WIKI}"),
        format!("https://dev.azure.com/org/proj/../other/{WIKI}"),
        format!("https://dev.azure.com/org/proj/%2e%2e/other/{WIKI}"),
        format!("https://dev.azure.com/org%2Fproj/{WIKI}"),
        format!("https://dev.azure.com/org/proj/../../other/proj/{FILE}"),
        "https://github.com/contoso/orders-old/wiki/ADR-0012-Use-x".to_owned(),
        "https://github.com/evil/orders/wiki/ADR-0012-Use-x".to_owned(),
        "https://github.com/contoso/orders/../billing/wiki/ADR-0012-Use-x".to_owned(),
        "https://github.com/contoso/orders/%2E%2E/billing/wiki/ADR-0012-Use-x".to_owned(),
        "https://github.com/contoso%2Forders/wiki/ADR-0012-Use-x".to_owned(),
        "https://raw.githubusercontent.com/evil/orders/main/docs/adr/0012-x.md".to_owned(),
    ] {
        for text in
            [place.clone(), format!("<{place}>"), format!("[why]({place})"), format!("[ADR-12]({place})")]
        {
            let found = targets(&text);
            assert!(matches!(found.as_slice(), [LinkTarget::Elsewhere(_)]), "{text} {found:?}");
        }
    }
    // Without a remote every address is another's.
    let links = record_links("https://github.com/contoso/orders/wiki/ADR-12", &Template::default(), &[]);
    assert!(matches!(links[0].target, LinkTarget::Elsewhere(_)));
}

#[test]
fn pages_elsewhere_that_name_no_record_are_no_links_at_all() {
    for page in [
        "https://github.com/contoso/billing/wiki/Home",
        "https://en.wikipedia.org/wiki/Adrenaline",
        "https://github.com/contoso/billing/blob/main/README.md",
    ] {
        assert_eq!(targets(page), [], "{page}");
    }
}

#[test]
fn a_path_that_leaves_the_repository_is_no_record_of_it() {
    let homes = homes();
    let files = [("docs/adr/0012-x.md", &b"Status: accepted"[..])];
    let index = crate::checklist::RecordIndex::read(&crate::checklist::RecordRules::runbook(), &homes, files);
    for page in [
        "https://dev.azure.com/org/proj/_git/orders?path=/../../docs/adr/0012-x.md",
        "https://github.com/contoso/orders/blob/main%2F..%2F..%2Fdocs/adr/0012-x.md",
        "https://github.com/contoso/orders/blob/main/docs/adr/..%2Fadr/0012-x.md",
    ] {
        for link in index.links(page, &Template::default()) {
            let found = index.resolve(&link.target);
            assert!(!matches!(found, crate::checklist::Resolved::Record(_)), "{page} {found:?}");
        }
    }
}
