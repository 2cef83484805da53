//! Work items of Azure Boards that changes on GitHub link: `AB#12`.

use std::collections::BTreeSet;

use crate::checklist::{Change, Fences, Template, TextSource, visible};

/// More work items than this are not asked for.
pub(super) const MOST: usize = 1_000;

/// The work items that a change links in its title, its description and its commits, where Azure Boards takes them from. What
/// stands in comments of HTML and in code links nothing.
pub(super) fn linked(change: &Change) -> BTreeSet<u64> {
    change
        .texts
        .iter()
        .filter(|text| matches!(text.source, TextSource::Description | TextSource::CommitMessage))
        .flat_map(|text| visible(&text.text, &Template::default(), Fences::Hidden))
        .flat_map(|line| in_line(line.text))
        .collect()
}

/// The numbers after each `AB#` that begins a word.
fn in_line(line: &str) -> Vec<u64> {
    let mut numbers = Vec::new();
    let mut before = ' ';
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let mark = rest.get(..3).is_some_and(|mark| mark.eq_ignore_ascii_case("ab#"));
        if mark && !before.is_alphanumeric() {
            let after = rest.get(3..).unwrap_or_default();
            let digits = after.len() - after.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let ends = !after.get(digits..).is_some_and(|rest| rest.starts_with(char::is_alphanumeric));
            let number =
                after.get(..digits).filter(|digits| digits.len() <= 9).and_then(|it| it.parse::<u64>().ok());
            numbers.extend(number.filter(|number| *number > 0 && ends));
        }
        before = first;
        rest = rest.get(first.len_utf8()..).unwrap_or_default();
    }
    numbers
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_stand_after_the_mark_of_azure_boards() {
        for (line, expected) in [
            ("AB#12", vec![12]),
            ("Fixes ab#12, AB#13.", vec![12, 13]),
            ("[AB#12](https://dev.azure.com/x)", vec![12]),
            ("AB#12AB#13", vec![]),
            ("LAB#12", vec![]),
            ("AB# 12", vec![]),
            ("AB#0", vec![]),
            ("AB#9999999999", vec![]),
            ("#12", vec![]),
            ("äAB#12 ÄB#1", vec![]),
        ] {
            assert_eq!(in_line(line), expected, "{line}");
        }
    }

    proptest! {
        #[test]
        fn no_line_breaks_it(line in "\\PC{0,30}|(AB#|[0-9ä ]){0,12}") {
            let _ = in_line(&line);
        }
    }
}
