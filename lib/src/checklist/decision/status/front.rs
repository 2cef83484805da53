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

/// What a text goes on in over the ends of lines: nothing in it is a key.
enum Open {
    No,
    /// Until this stands on a line.
    Until(&'static str),
    /// Until so many brackets are closed.
    Brackets(usize),
}

/// The entries of a text's front matter, the text after it, and how many lines stand before that. Only what stands at the left
/// margin is a key; the tables of TOML are of other things.
pub(super) fn matter(text: &str) -> (Vec<Entry>, &str, usize) {
    let mut lines = text.split_inclusive('\n');
    let first = lines.next();
    let Some(fence) = first.map(str::trim_end).filter(|first| matches!(*first, "---" | "+++")) else {
        return (Vec::new(), text, 0);
    };
    let yaml = fence == "---";
    let mut at = first.map_or(0, str::len);
    let mut entries: Vec<Entry> = Vec::new();
    let mut open = Open::No;
    let mut in_table = false;
    for (index, line) in lines.take(MOST_LINES).enumerate() {
        at += line.len();
        let written = line.trim_end();
        if written == fence || (yaml && written == "...") {
            return (entries, text.get(at..).unwrap_or(""), index + 2);
        }
        let goes_on = !matches!(open, Open::No);
        open = match open {
            Open::No => Open::No,
            Open::Until(mark) if written.contains(mark) => Open::No,
            Open::Until(mark) => Open::Until(mark),
            Open::Brackets(depth) => brackets(written, depth),
        };
        if !yaml && !goes_on && written.trim_start().starts_with('[') {
            in_table = true;
        }
        let margin = !written.starts_with([' ', '\t', '-', '#']);
        match written.split_once(if yaml { ':' } else { '=' }) {
            _ if in_table => {}
            Some((key, value)) if !goes_on && margin => {
                open = opened(value.trim(), yaml);
                entries.push(Entry {
                    key: key.trim().trim_matches(['"', '\'']).to_lowercase(),
                    value: scalar(value),
                    line: index + 2,
                });
            }
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

/// What a value leaves open at the end of its line.
fn opened(value: &str, yaml: bool) -> Open {
    for mark in ["\"\"\"", "'''"] {
        if let Some(rest) = value.strip_prefix(mark).filter(|_| !yaml) {
            return if rest.contains(mark) { Open::No } else { Open::Until(mark) };
        }
    }
    for mark in ["\"", "'"] {
        if let Some(rest) = value.strip_prefix(mark) {
            return if rest.contains(mark) { Open::No } else { Open::Until(mark) };
        }
    }
    if value.starts_with(['[', '{']) { brackets(value, 0) } else { Open::No }
}

fn brackets(line: &str, before: usize) -> Open {
    let depth = line.chars().fold(before, |depth, c| match c {
        '[' | '{' => depth + 1,
        ']' | '}' => depth.saturating_sub(1),
        _ => depth,
    });
    if depth == 0 { Open::No } else { Open::Brackets(depth) }
}

fn scalar(value: &str) -> String {
    let text = value.trim();
    for quote in ['"', '\''] {
        if let Some((inner, after)) = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            // What stands behind the quotes is a comment, or belongs to what is said.
            let commented = after.trim().is_empty()
                || after.starts_with([' ', '\t']) && after.trim_start().starts_with('#');
            return if commented { inner.to_owned() } else { text.to_owned() };
        }
    }
    let uncommented = text.split_once(" #").map_or(text, |(before, after)| {
        // `superseded by #12` is a reference, `accepted # since May` a comment.
        if after.starts_with(|c: char| c.is_ascii_digit()) { text } else { before }
    });
    let plain = uncommented.trim();
    if matches!(plain, ">" | "|" | ">-" | "|-") || plain.starts_with('#') {
        String::new()
    } else {
        plain.to_owned()
    }
}
