//! Front matter of a record: YAML between `---`, TOML between `+++`.

/// A key and its value.
pub(super) struct Entry {
    /// In small letters.
    pub(super) key: String,
    /// Lists and folded texts as one text.
    pub(super) value: String,
    /// The line of the key, from 1.
    pub(super) line: usize,
}

/// More lines than this are no front matter.
const MOST_LINES: usize = 200;

/// The entries of a text's front matter, the text after it, and how many lines stand before that. Only what stands at the left
/// margin is a key.
pub(super) fn matter(text: &str) -> (Vec<Entry>, &str, usize) {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next();
    let Some(fence) = first.map(str::trim_end).filter(|first| matches!(*first, "---" | "+++")) else {
        return (Vec::new(), text, 0);
    };
    let split = if fence == "---" { ':' } else { '=' };
    let mut at = first.map_or(0, str::len);
    let mut entries: Vec<Entry> = Vec::new();
    for (index, line) in lines.take(MOST_LINES).enumerate() {
        at += line.len();
        let written = line.trim_end();
        if written == fence || (fence == "---" && written == "...") {
            return (entries, text.get(at..).unwrap_or(""), index + 2);
        }
        let indented = written.starts_with([' ', '\t', '-']);
        match written.split_once(split) {
            Some((key, value)) if !indented && !written.starts_with('#') => entries.push(Entry {
                key: key.trim().trim_matches('"').to_lowercase(),
                value: scalar(value),
                line: index + 2,
            }),
            _ => {
                if let Some(Entry { value, .. }) = entries.last_mut() {
                    let more = scalar(written.trim().trim_start_matches("- "));
                    let gap = if value.is_empty() || more.is_empty() { "" } else { ", " };
                    value.push_str(gap);
                    value.push_str(&more);
                }
            }
        }
    }
    // It never ends: it is no front matter but a line of dashes.
    (Vec::new(), text, 0)
}

fn scalar(value: &str) -> String {
    let text = value.trim();
    for quote in ['"', '\''] {
        if let Some((inner, after)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            // What stands behind the quotes is a comment, or belongs to what is said.
            let commented = after.trim().is_empty() || after.trim_start().starts_with('#');
            return if commented { inner.to_owned() } else { text.to_owned() };
        }
    }
    let uncommented = text.split_once(" #").map_or(text, |(before, after)| {
        // `superseded by #12` is a reference, `accepted # since May` a comment.
        if after.starts_with(|c: char| c.is_ascii_digit()) { text } else { before }
    });
    let plain = uncommented.trim();
    if matches!(plain, ">" | "|" | ">-" | "|-") || plain.starts_with("# ") {
        String::new()
    } else {
        plain.to_owned()
    }
}
