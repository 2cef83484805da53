//! As much of KQL as tells a typo: tables and, operator by operator, the columns that the documented schema leaves.

mod tokens;

use std::collections::BTreeSet;

use self::tokens::{Token, tokens};
use super::schema;

/// Functions of a row.
const FUNCTIONS: [&str; 14] = [
    "bin",
    "coalesce",
    "datetime",
    "iff",
    "isempty",
    "isnotempty",
    "isnull",
    "now",
    "replace_regex",
    "strcat",
    "substring",
    "tolong",
    "toreal",
    "tostring",
];

/// Functions of many rows, which `summarize` alone takes.
const AGGREGATES: [&str; 10] =
    ["count", "countif", "max", "min", "minif", "percentilew", "sum", "sumif", "take_any", "take_anyif"];

/// Words of expressions.
const WORDS: [&str; 9] = ["and", "or", "not", "in", "has", "contains", "true", "false", "null"];

/// Columns by their names.
type Columns = BTreeSet<String>;

/// Whether a query can be resolved.
///
/// # Errors
/// What the service would say of the first name that cannot.
pub fn check(query: &str) -> Result<(), String> {
    let tokens = tokens(query)?;
    let mut steps = tokens.split(|token| *token == Token::Sign('|'));
    let mut columns = source(steps.next().unwrap_or_default())?;
    for step in steps {
        columns = operator(step, columns)?;
    }
    Ok(())
}

/// `T`, or `union T, U`: what any of them has.
fn source(tokens: &[Token]) -> Result<Columns, String> {
    let names = match tokens {
        [Token::Name(union), rest @ ..] if union == "union" => rest,
        names => names,
    };
    let mut columns = Columns::new();
    for part in names.split(|token| *token == Token::Sign(',')) {
        let [Token::Name(table)] = part else { return Err("a table is named here".to_owned()) };
        let of_table = schema::columns(table).ok_or_else(|| unresolved("table", table))?;
        columns.extend(of_table.into_iter().map(str::to_owned));
    }
    Ok(columns)
}

/// What an operator leaves.
fn operator(tokens: &[Token], columns: Columns) -> Result<Columns, String> {
    let [Token::Name(name), rest @ ..] = tokens else {
        return Err("an operator stands after each `|`".to_owned());
    };
    match name.as_str() {
        "where" => expression(rest, &columns, &[]).map(|()| columns),
        "extend" => {
            let mut columns = columns;
            for part in parts(rest) {
                let (name, value) = assigned(part);
                expression(value, &columns, &[])?;
                columns.insert(name.ok_or("`extend` gives each column a name")?.to_owned());
            }
            Ok(columns)
        }
        "project" => parts(rest).into_iter().map(|part| column(part, &columns, &[])).collect(),
        "summarize" => {
            let by = rest.iter().position(|token| matches!(token, Token::Name(name) if name == "by"));
            let (values, keys) = rest.split_at(by.unwrap_or(rest.len()));
            let values = parts(values).into_iter().map(|part| column(part, &columns, &AGGREGATES));
            let keys = parts(keys.get(1..).unwrap_or_default());
            values.chain(keys.into_iter().map(|part| column(part, &columns, &[]))).collect()
        }
        "order" | "sort" => {
            let [Token::Name(by), rest @ ..] = rest else {
                return Err("`order` is followed by `by`".to_owned());
            };
            let way = |token: &&Token| !matches!(token, Token::Name(name) if name == "asc" || name == "desc");
            let keys: Vec<Token> = rest.iter().filter(way).cloned().collect();
            if by == "by" { expression(&keys, &columns, &[]) } else { Err(unresolved("word", by)) }
                .map(|()| columns)
        }
        "take" | "limit" => match rest {
            [Token::Number] => Ok(columns),
            _ => Err(format!("`{name}` is followed by a number")),
        },
        other => Err(unresolved("operator", other)),
    }
}

/// The parts between commas that stand in no bracket.
fn parts(tokens: &[Token]) -> Vec<&[Token]> {
    let mut depth = 0_usize;
    let mut parts: Vec<&[Token]> = Vec::new();
    let mut begin = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Sign('(' | '[') => depth += 1,
            Token::Sign(')' | ']') => depth = depth.saturating_sub(1),
            Token::Sign(',') if depth == 0 => {
                parts.push(&tokens[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    if begin < tokens.len() {
        parts.push(&tokens[begin..]);
    }
    parts
}

/// `name = value`, or a value alone.
fn assigned(part: &[Token]) -> (Option<&str>, &[Token]) {
    match part {
        [Token::Name(name), Token::Assign, value @ ..] => (Some(name), value),
        value => (None, value),
    }
}

/// The name that a part gives its column: its own, that of the column in it, or the function's with an underscore.
fn column(part: &[Token], columns: &Columns, more: &[&str]) -> Result<String, String> {
    let (name, value) = assigned(part);
    expression(value, columns, more)?;
    let inner = match value {
        [Token::Name(function), Token::Sign('('), Token::Name(first), ..] if function == "bin" => {
            first.clone()
        }
        [Token::Name(function), Token::Sign('('), ..] => format!("{function}_"),
        [Token::Name(name)] => name.clone(),
        _ => "Column1".to_owned(),
    };
    Ok(name.map_or(inner, str::to_owned))
}

/// Whether every name of an expression is a column, a function before its bracket, or a word.
fn expression(tokens: &[Token], columns: &Columns, more: &[&str]) -> Result<(), String> {
    if tokens.is_empty() {
        return Err("an expression is missing".to_owned());
    }
    for (at, token) in tokens.iter().enumerate() {
        let Token::Name(name) = token else { continue };
        let called = tokens.get(at + 1) == Some(&Token::Sign('('));
        let is = |names: &[&str]| names.contains(&name.as_str());
        let known = match called {
            true => is(&FUNCTIONS) || is(more) || is(&["in", "not"]),
            false => columns.contains(name) || is(&WORDS),
        };
        if !known {
            return Err(unresolved(if called { "function" } else { "scalar expression" }, name));
        }
    }
    Ok(())
}

fn unresolved(what: &str, name: &str) -> String {
    format!("Failed to resolve {what} named '{name}'")
}

#[cfg(test)]
mod tests {
    use super::check;

    const GOOD: &str = "AppRequests\n| where Success == false and AppRoleName == 'a'\n\
        | summarize value = sumif(ItemCount, Name != ''), n = count() by bin(TimeGenerated, 60s)\n\
        | extend rate = toreal(value) / (60s / 1s)\n| order by TimeGenerated asc\n| take 5";

    #[test]
    fn a_typo_is_found_wherever_it_stands() {
        assert_eq!(check(GOOD), Ok(()));
        for (from, to) in [
            ("AppRequests", "AppRequest"),
            ("ItemCount", "ItemCounts"),
            ("Success", "Succes"),
            ("summarize", "summarise"),
            ("60s)\n", "60s\n"),
            ("TimeGenerated, 60s", "timestamp, 60s"),
            ("Success", "ProblemId"),
            ("sumif(", "sumIf("),
            ("toreal(value)", "toreal(values)"),
            // What `summarize` did not keep is gone.
            ("toreal(value)", "toreal(DurationMs)"),
            ("order by TimeGenerated", "order by Name"),
            ("take 5", "take"),
        ] {
            assert!(check(&GOOD.replacen(from, to, 1)).is_err(), "{from} to {to}");
        }
    }

    #[test]
    fn a_column_of_another_table_is_none_of_this_one() {
        for (table, column) in [
            ("AppTraces", "Success"),
            ("AppAvailabilityResults", "ResultCode"),
            ("AppRequests", "Target"),
            ("AppDependencies", "Url"),
            ("AppExceptions", "DurationMs"),
            ("OrdersAudit", "ItemCount"),
        ] {
            assert!(
                check(&format!("{table} | summarize n = count() by {column}")).is_err(),
                "{table} {column}"
            );
        }
        assert_eq!(check("union AppRequests, AppTraces | summarize n = count() by Success"), Ok(()));
        assert!(check("union AppRequests, Nothing | take 1").is_err());
    }
}
