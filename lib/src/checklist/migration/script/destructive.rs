//! Statements and calls that lose data.

/// At most so many reasons are given: the first are enough.
pub(super) const MOST_REASONS: usize = 10;
/// A `where` further behind its `delete from` than so many words is not looked for.
const LONGEST_STATEMENT: usize = 200;

/// A word, `;` or `)`.
struct Token<'t> {
    word: &'t str,
    line: usize,
}

/// Adds why a part cannot be undone; `first_line` is the number of its first line, from 1.
pub(super) fn destructive(part: &str, first_line: usize, reasons: &mut Vec<String>) {
    let tokens = tokens(part, first_line);
    let word = |at: usize| tokens.get(at).map_or("", |token| token.word);
    let mut in_alter = false;
    for (at, token) in tokens.iter().enumerate() {
        if reasons.len() >= MOST_REASONS {
            return;
        }
        match token.word {
            "alter" => in_alter = true,
            ";" | "go" => in_alter = false,
            _ => {}
        }
        let following = word(at + 1);
        let what = match (token.word, following) {
            ("drop", "table") => Some("drops a table"),
            ("drop", "column") => Some("drops a column"),
            ("drop", "database" | "schema") => Some("drops a database or schema"),
            ("truncate", _) => Some("truncates a table"),
            ("droptable" | "drop_table" | "dropifexists" | "droptableifexists", _) => Some("drops a table"),
            (
                "dropcolumn" | "drop_column" | "remove_column" | "removecolumn" | "dropcolumns"
                | "remove_columns",
                _,
            ) => Some("drops a column"),
            ("dropschema" | "dropdatabase", _) => Some("drops a database or schema"),
            ("delete", "from") if takes_every_row(tokens.iter().skip(at + 2)) => {
                Some("deletes every row of a table")
            }
            // `ALTER TABLE t DROP c` drops a column without the word.
            ("drop", "if") if in_alter && is_column(word(at + 3)) => Some("drops a column"),
            ("drop", following) if in_alter && is_column(following) => Some("drops a column"),
            _ => None,
        };
        if let Some(what) = what {
            let reason = format!("it {what} (line {})", token.line);
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
}

fn tokens(part: &str, first_line: usize) -> Vec<Token<'_>> {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut tokens = Vec::new();
    for (number, line) in part.lines().enumerate() {
        let mut rest = line;
        while let Some(first) = rest.chars().next() {
            let length = rest.find(|c| !of_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(length.max(first.len_utf8()));
            if length > 0 || matches!(first, ';' | ')') {
                tokens.push(Token { word, line: first_line + number });
            }
            rest = after;
        }
    }
    tokens
}

/// Whether what follows `ALTER … DROP` is a column: no word that says of what else.
fn is_column(word: &str) -> bool {
    !matches!(
        word,
        "" | ";"
            | ")"
            | "constraint"
            | "index"
            | "key"
            | "primary"
            | "foreign"
            | "default"
            | "check"
            | "not"
            | "expression"
            | "identity"
            | "if"
            | "partition"
            | "trigger"
            | "view"
    )
}

/// Whether a `delete from` has no condition, or one that is always true. A condition stands before the next statement begins.
fn takes_every_row<'t>(rest: impl Iterator<Item = &'t Token<'t>>) -> bool {
    let ends = |word: &str| {
        matches!(
            word,
            ";" | ")"
                | "go"
                | "select"
                | "insert"
                | "update"
                | "delete"
                | "merge"
                | "create"
                | "alter"
                | "drop"
                | "truncate"
                | "exec"
                | "execute"
                | "begin"
                | "end"
                | "commit"
        )
    };
    let statement = rest.map(|token| token.word).take_while(|word| !ends(word)).take(LONGEST_STATEMENT);
    let mut condition = statement.skip_while(|word| *word != "where");
    condition.next().is_none() || always_true(&condition.collect::<Vec<_>>())
}

/// `1 = 1`, `true`, `a = a`, `… or 1 = 1`: the usual ways to say nothing.
fn always_true(condition: &[&str]) -> bool {
    let number = |word: &str| word.bytes().all(|byte| byte.is_ascii_digit());
    let of_no_row = |word: &&str| {
        number(word) || matches!(*word, "true" | "false" | "not" | "null" | "is" | "and" | "or")
    };
    condition.iter().all(of_no_row)
        || matches!(condition, [one, other] if one == other)
        || condition.windows(2).any(|pair| pair == ["or", "true"])
        || condition
            .windows(3)
            .any(|three| matches!(three, ["or", one, other] if number(one) && one == other))
}
