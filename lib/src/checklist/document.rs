//! Documents as evidence: a file, or a section of it, that says something.

use crate::checklist::Template;
use crate::checklist::markdown::{Fences, heading_words, sections, visible, words};

/// What a document has of what is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DocumentFinding {
    /// So many words.
    Words(usize),
    /// The section is not there.
    NoSection,
}

/// How many words a document, or one section of it, has. Comments count for nothing; commands in code fences count.
pub(crate) fn find(text: &str, section: Option<&str>) -> DocumentFinding {
    let lines = visible(text, &Template::default(), Fences::Shown);
    let Some(wanted) = section else { return DocumentFinding::Words(words(&lines)) };
    let wanted = heading_words(wanted);
    sections(&lines, |heading| heading == wanted)
        .into_iter()
        .map(|section| words(&section.lines))
        .max()
        .map_or(DocumentFinding::NoSection, DocumentFinding::Words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_has_the_words_that_a_reader_sees() {
        use DocumentFinding::{NoSection, Words};
        for (text, section, expected) in [
            ("", None, Words(0)),
            ("one two", None, Words(2)),
            ("<!-- one two -->", None, Words(0)),
            ("# T\n## Rollback\none two\n## Next\nthree", Some("Rollback"), Words(2)),
            ("# T\n## 2. ROLLBACK:\none\n", Some("rollback"), Words(1)),
            ("# T\n## Rollback\n```\nmake down\n```\n", Some("Rollback"), Words(2)),
            ("# T\n## Rollback\n", Some("Rollback"), Words(0)),
            ("# T\n## Rollback plan\none", Some("Rollback"), NoSection),
            ("rollback", Some("Rollback"), NoSection),
        ] {
            assert_eq!(find(text, section), expected, "{text}");
        }
    }
}
