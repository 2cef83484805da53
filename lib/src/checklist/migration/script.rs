//! What a migration's text says about undoing it.

mod comments;
mod destructive;

use crate::checklist::markdown::bounded;

use destructive::{MOST_REASONS, destructive};

/// Why a migration cannot be undone by its own `down`; empty where nothing was found.
pub(crate) fn irreversible(path: &str, text: &str) -> Vec<String> {
    // Old editors end lines with a lone carriage return, and so do comments end there.
    let text = bounded(text).replace("\r\n", "\n").replace('\r', "\n");
    let text = text.as_str();
    let lower_path = path.to_ascii_lowercase();
    let mut reasons = Vec::new();
    if text.to_ascii_lowercase().contains("runbook-gate: irreversible") {
        reasons.push("it is marked irreversible".to_owned());
    }
    let language = Language::of(&lower_path);
    let code = uncommented(text, language);
    let (up, down) = match language {
        Language::Sql => sql_parts(&lower_path, text, &code),
        _ => code_parts(&code, language),
    };
    for (start, part) in &up {
        destructive(part, *start, &mut reasons);
    }
    match down {
        Down::Empty => reasons.push("its `down` is empty".to_owned()),
        Down::Throws => reasons.push("its `down` only raises an error".to_owned()),
        Down::Unknown | Down::Present => {}
    }
    reasons.truncate(MOST_REASONS);
    reasons
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Language {
    Sql,
    /// Braces, `//` and `/* */`: C#, TypeScript, JavaScript, PHP, Java, Kotlin, Go.
    Braces,
    Python,
    Ruby,
    Other,
}

impl Language {
    fn of(path: &str) -> Self {
        match path.rsplit_once('.').map_or("", |(_, ending)| ending) {
            "sql" | "ddl" | "psql" | "pgsql" => Self::Sql,
            "cs" | "ts" | "js" | "mjs" | "cjs" | "php" | "java" | "kt" | "go" | "fs" | "vb" => Self::Braces,
            "py" => Self::Python,
            "rb" => Self::Ruby,
            _ => Self::Other,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Down {
    /// There is none that could be found.
    Unknown,
    Present,
    Empty,
    Throws,
}

/// Small letters, with comments blanked out and every line where it was.
fn uncommented(text: &str, language: Language) -> String {
    let (line_mark, block) = match language {
        Language::Sql => return comments::without_comments(text),
        Language::Other => return comments::without_comments(&without_plain_lines(text)),
        Language::Braces => ("//", true),
        Language::Python | Language::Ruby => ("#", false),
    };
    let mut out = String::with_capacity(text.len());
    let mut quote: Option<char> = None;
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(open) = quote {
            if c == open || c == '\n' && open != '`' {
                quote = None;
            } else if c == '\\' {
                // An escaped character, whatever it is.
                out.push(' ');
                rest = rest.get(1..).unwrap_or("");
                let Some(escaped) = rest.chars().next() else { break };
                rest = rest.get(escaped.len_utf8()..).unwrap_or("");
                out.push(if escaped == '\n' { '\n' } else { ' ' });
                continue;
            }
        } else if rest.starts_with(line_mark) {
            rest = rest.find('\n').and_then(|at| rest.get(at..)).unwrap_or("");
            continue;
        } else if block && rest.starts_with("/*") {
            let end = rest.find("*/").map_or(rest.len(), |at| at + 2);
            let (comment, after) = rest.split_at(end);
            out.extend(comment.chars().filter(|c| *c == '\n'));
            out.push(' ');
            rest = after;
            continue;
        } else if matches!(c, '"' | '\'' | '`') {
            quote = Some(c);
        }
        out.push(c.to_ascii_lowercase());
        rest = rest.get(c.len_utf8()..).unwrap_or("");
    }
    out
}

/// A text of some other language, without lines that are a comment in many: of `#` or `//` and words, and no string or statement.
fn without_plain_lines(text: &str) -> String {
    let plain = |line: &str| {
        let start = line.trim_start();
        (start.starts_with('#') || start.starts_with("//")) && !line.contains(['\'', '"', '`', ';'])
    };
    text.split('\n').map(|line| if plain(line) { "" } else { line }).collect::<Vec<_>>().join("\n")
}

/// Parts with the number of their first line, from 1.
type Parts = Vec<(usize, String)>;

/// SQL: everything is `up`, but for down scripts and what stands after a down marker.
fn sql_parts(path: &str, text: &str, code: &str) -> (Parts, Down) {
    let name = path.rsplit('/').next().unwrap_or(path);
    let flyway_undo = name.starts_with('u')
        && name.get(1..2).is_some_and(|c| c.bytes().all(|b| b.is_ascii_digit()))
        && name.contains("__");
    let is_down = name.contains(".down.")
        || name.contains("_down.")
        || name == "down.sql"
        || name.contains(".undo.")
        || flyway_undo;
    let statements = |part: &str| part.chars().any(char::is_alphabetic);
    if is_down {
        return (Vec::new(), if statements(code) { Down::Present } else { Down::Empty });
    }
    let mut up = String::new();
    let mut down: Option<String> = None;
    let mut undoing = false;
    for (line, written) in code.lines().zip(text.lines()) {
        let marker = written.trim().to_ascii_lowercase().replace(' ', "");
        let marks = |known: &[&str]| known.iter().any(|known| marker.starts_with(known));
        if marks(&["--+goosedown", "--migrate:down", "--+migratedown", "--@undo", "--//@undo"]) {
            undoing = true;
            down.get_or_insert_default();
        } else if marks(&["--+gooseup", "--migrate:up", "--+migrateup"]) {
            undoing = false;
        }
        match down.as_mut().filter(|_| undoing) {
            Some(down) => down.push_str(line),
            None => up.push_str(line),
        }
        // Every line keeps its number.
        up.push('\n');
    }
    let found = match down {
        None => Down::Unknown,
        Some(part) if statements(&part) => Down::Present,
        Some(_) => Down::Empty,
    };
    (vec![(1, up)], found)
}

/// Code: the body of `down` apart from everything else.
fn code_parts(code: &str, language: Language) -> (Parts, Down) {
    let Some((start, body, end)) = down_body(code, language) else {
        return (vec![(1, code.to_owned())], Down::Unknown);
    };
    let before = code.get(..start).unwrap_or("").to_owned();
    let after = code.get(end..).unwrap_or("").to_owned();
    let after_line = code.get(..end).unwrap_or("").lines().count();
    let compact: String = body.chars().filter(|c| !c.is_whitespace()).collect();
    let nothing = matches!(
        compact.as_str(),
        "" | ";" | "pass" | "end" | "returnnone" | "return" | "return;" | "returnpromise.resolve();" | "..."
    );
    let throws = ["throw", "raise"].iter().any(|word| compact.starts_with(word));
    let down = if nothing {
        Down::Empty
    } else if throws {
        Down::Throws
    } else {
        Down::Present
    };
    (vec![(1, before), (after_line.max(1), after)], down)
}

/// Where the body of the function that undoes begins and ends, and its text.
fn down_body(code: &str, language: Language) -> Option<(usize, &str, usize)> {
    match language {
        Language::Python => {
            let at = code.find("def downgrade(").or_else(|| code.find("def down("))?;
            indented_body(code, at)
        }
        Language::Ruby => {
            let at = ["def down\n", "def down ", "def self.down"].iter().find_map(|mark| code.find(mark))?;
            let (start, body, end) = indented_body(code, at)?;
            Some((start, body, end))
        }
        Language::Braces => {
            let marks = [
                " down(",
                " down (",
                ".down=",
                ".down =",
                " down:",
                "\tdown:",
                "\"down\":",
                "fun down(",
                "\ndown:",
                ".down:",
                "\tdown(",
                " down=",
                " down =",
            ];
            let at = marks.iter().filter_map(|mark| code.find(mark)).min()?;
            let open = at + code.get(at..)?.find('{')?;
            // `down: () => {}` is a body; `down(a, b);` is a call and has no brace of its own.
            if code.get(at..open)?.contains(';') {
                return None;
            }
            let mut depth = 0_usize;
            let mut quote: Option<char> = None;
            for (offset, c) in code.get(open..)?.char_indices() {
                match (quote, c) {
                    (Some(mark), c) if mark == c => quote = None,
                    (Some(_), _) => {}
                    (None, '"' | '\'' | '`') => quote = Some(c),
                    (None, '{') => depth += 1,
                    (None, '}') => {
                        depth = depth.saturating_sub(1);
                        if depth == 0 {
                            let end = open + offset;
                            return Some((open + 1, code.get(open + 1..end)?, end));
                        }
                    }
                    _ => {}
                }
            }
            None
        }
        Language::Sql | Language::Other => None,
    }
}

/// The lines after a `def` that are indented deeper than it.
fn indented_body(code: &str, at: usize) -> Option<(usize, &str, usize)> {
    let line_start = code.get(..at)?.rfind('\n').map_or(0, |newline| newline + 1);
    let indent = at - line_start;
    let start = at + code.get(at..)?.find('\n')? + 1;
    let mut end = start;
    for line in code.get(start..)?.split_inclusive('\n') {
        let depth = line.len() - line.trim_start().len();
        if !line.trim().is_empty() && depth <= indent {
            break;
        }
        end += line.len();
    }
    // Python's docstring is no statement.
    let body = code.get(start..end)?;
    let trimmed = body.trim_start();
    for quote in ["\"\"\"", "'''"] {
        if let Some((_, after)) = trimmed.strip_prefix(quote).and_then(|rest| rest.split_once(quote)) {
            return Some((start, after, end));
        }
    }
    Some((start, body, end))
}

#[cfg(test)]
mod tests;
