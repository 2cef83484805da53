//! As much of KQL as tells a typo: tables, columns, functions and operators that the documented schema and language have.

use std::collections::BTreeSet;

/// Columns that every table of Application Insights has.
const COMMON: [&str; 17] = [
    "TimeGenerated",
    "ItemCount",
    "OperationId",
    "OperationName",
    "ParentId",
    "AppRoleName",
    "AppRoleInstance",
    "AppVersion",
    "SessionId",
    "UserId",
    "ClientType",
    "SDKVersion",
    "SyntheticSource",
    "Properties",
    "Measurements",
    "_ResourceId",
    "Type",
];

/// Tables with the columns that are their own, as Azure Monitor's reference has them.
const TABLES: [(&str, &[&str]); 6] = [
    (
        "AppRequests",
        &["Id", "Name", "Success", "ResultCode", "DurationMs", "Url", "Source", "PerformanceBucket"],
    ),
    (
        "AppDependencies",
        &["Id", "Name", "Success", "ResultCode", "DurationMs", "Target", "DependencyType", "Data"],
    ),
    (
        "AppExceptions",
        &[
            "ProblemId",
            "ExceptionType",
            "HandledAt",
            "SeverityLevel",
            "Message",
            "Method",
            "Assembly",
            "Details",
            "OuterMessage",
            "OuterType",
            "OuterMethod",
            "OuterAssembly",
            "InnermostMessage",
            "InnermostType",
            "InnermostMethod",
        ],
    ),
    ("AppAvailabilityResults", &["Id", "Name", "Success", "Location", "DurationMs", "Message", "Size"]),
    ("AppTraces", &["Message", "SeverityLevel"]),
    ("OrdersAudit", &["Mismatch"]),
];

const FUNCTIONS: [&str; 24] = [
    "sum",
    "sumif",
    "count",
    "countif",
    "min",
    "minif",
    "max",
    "take_any",
    "take_anyif",
    "percentilew",
    "bin",
    "datetime",
    "strcat",
    "replace_regex",
    "substring",
    "isempty",
    "isnotempty",
    "iff",
    "toreal",
    "tolong",
    "coalesce",
    "isnull",
    "tostring",
    "now",
];

const WORDS: [&str; 31] = [
    "where",
    "summarize",
    "extend",
    "project",
    "order",
    "sort",
    "take",
    "limit",
    "by",
    "asc",
    "desc",
    "and",
    "or",
    "not",
    "in",
    "union",
    "let",
    "true",
    "false",
    "null",
    "has",
    "contains",
    "between",
    "join",
    "on",
    "kind",
    "distinct",
    "top",
    "print",
    "with",
    "materialize",
];

/// Whether a query can be resolved.
///
/// # Errors
/// The first name that cannot.
pub fn check(query: &str) -> Result<(), String> {
    let tokens = tokens(query)?;
    let mut known: BTreeSet<&str> = FUNCTIONS.into_iter().chain(WORDS).collect();
    let tables: Vec<&str> = tokens
        .iter()
        .filter(|token| TABLES.iter().any(|(name, _)| name == *token))
        .map(String::as_str)
        .collect();
    if tables.is_empty() {
        return Err("no table of the schema is named".to_owned());
    }
    known.extend(COMMON);
    for (name, columns) in TABLES.iter().filter(|(name, _)| tables.contains(name)) {
        known.insert(name);
        known.extend(*columns);
    }
    // A name that is assigned is known.
    for pair in tokens.windows(2) {
        if let [name, equals] = pair
            && equals == "="
        {
            known.insert(name);
        }
    }
    let is_name = |token: &&String| token.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    match tokens.iter().filter(is_name).find(|token| !known.contains(token.as_str())) {
        Some(name) => Err(format!("Failed to resolve scalar expression or table named '{name}'")),
        None => Ok(()),
    }
}

/// Names, and every other sign; texts, numbers and lengths of time are left out.
fn tokens(query: &str) -> Result<Vec<String>, String> {
    let mut tokens = Vec::new();
    let mut open: Vec<char> = Vec::new();
    let chars: Vec<char> = query.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let rest = |test: fn(char) -> bool| chars[at..].iter().take_while(|c| test(**c)).count();
        at += match c {
            '"' | '\'' => {
                let mut end = at + 1;
                while chars.get(end).is_some_and(|inner| *inner != c) {
                    end += if chars[end] == '\\' { 2 } else { 1 };
                }
                chars.get(end).ok_or("a text is not closed")?;
                end + 1 - at
            }
            // A literal of a time holds what is no name.
            'd' if chars[at..].starts_with(&['d', 'a', 't', 'e', 't', 'i', 'm', 'e', '(']) => {
                chars[at..].iter().position(|c| *c == ')').ok_or("a time is not closed")? + 1
            }
            c if c.is_ascii_digit() => rest(|c| c.is_ascii_alphanumeric() || c == '.'),
            c if c.is_ascii_alphabetic() || c == '_' => {
                let length = rest(|c| c.is_ascii_alphanumeric() || c == '_');
                tokens.push(chars[at..at + length].iter().collect());
                length
            }
            '=' | '<' | '>' | '!' => {
                let length = rest(|c| matches!(c, '=' | '<' | '>' | '!' | '~'));
                tokens.push(chars[at..at + length].iter().collect());
                length
            }
            '(' | '[' => {
                open.push(c);
                1
            }
            ')' | ']' => {
                open.pop().ok_or("a bracket is closed that is not open")?;
                1
            }
            '$' => return Err("a variable was not expanded".to_owned()),
            _ => 1,
        };
    }
    if open.is_empty() { Ok(tokens) } else { Err("a bracket is not closed".to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_typo_is_found() {
        let good = "AppRequests | where Success == false | summarize value = sum(ItemCount) by bin(TimeGenerated, 60s)";
        assert_eq!(check(good), Ok(()));
        for (from, to) in [
            ("AppRequests", "AppRequest"),
            ("ItemCount", "ItemCounts"),
            ("Success", "Succes"),
            ("summarize", "summarise"),
            ("60s)", "60s"),
            ("TimeGenerated", "timestamp"),
            ("Success", "ProblemId"),
        ] {
            assert!(check(&good.replace(from, to)).is_err(), "{from} to {to}");
        }
    }
}
