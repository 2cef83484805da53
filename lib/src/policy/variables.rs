//! `${NAME}`: which names expand, and what stays as it is.
//!
//! Only `${NAME}` is a variable. `$window`, `$1` and a `$` at the end of a pattern stay untouched; `$${` is a literal `${` and
//! `$$(` a literal `$(`. A value is put in as it is: what it contains is not expanded again.

use std::collections::BTreeMap;

use super::node::Text;
use crate::Secret;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::spelling;

/// The variables beside the policy's own: of the pipeline, or given by the caller.
pub trait Variables {
    /// What a name stands for.
    fn get(&self, name: &str) -> Variable;
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Variable {
    /// A value that may be printed.
    Value(String),
    /// A value that must not be printed: it may stand only in a field made for a secret.
    Secret(Secret),
    /// It may be used, and has no value.
    Unset,
    /// It may not be used by a policy.
    NotAllowed,
}

/// The pipeline's variables that every policy may use, because they hold no secret and nobody can choose them at will.
pub const PIPELINE_VARIABLES: [&str; 24] = [
    "BUILD_BUILDID",
    "BUILD_BUILDNUMBER",
    "BUILD_DEFINITIONNAME",
    "BUILD_REASON",
    "BUILD_REPOSITORY_NAME",
    "BUILD_REPOSITORY_URI",
    "BUILD_SOURCEBRANCH",
    "BUILD_SOURCEBRANCHNAME",
    "BUILD_SOURCEVERSION",
    "BUILD_SOURCESDIRECTORY",
    "AGENT_BUILDDIRECTORY",
    "AGENT_TEMPDIRECTORY",
    "ENVIRONMENT_NAME",
    "ENVIRONMENT_RESOURCENAME",
    "PIPELINE_WORKSPACE",
    "SYSTEM_COLLECTIONURI",
    "SYSTEM_DEFINITIONID",
    "SYSTEM_JOBATTEMPT",
    "SYSTEM_JOBNAME",
    "SYSTEM_PHASENAME",
    "SYSTEM_STAGEATTEMPT",
    "SYSTEM_STAGENAME",
    "SYSTEM_TEAMPROJECT",
    "SYSTEM_TEAMPROJECTID",
];

/// The longest text that variables may make, in bytes.
const LONGEST: usize = 16 * 1024;

/// The variables of one environment.
pub(crate) struct Scope<'v> {
    /// The policy's own.
    own: BTreeMap<String, Own>,
    /// The others that each of the policy's own is made of.
    behind: BTreeMap<String, Vec<String>>,
    /// All others.
    outer: Outer<'v>,
    need: Need,
}

/// Whether a variable needs a value where the policy is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Each does, also one of the policy's own that nothing names.
    Everywhere,
    /// It does in what is read now; of the policy's own those that it names.
    WhereUsed,
    /// What is read now is not used: what has no value, or may not be used, stays open.
    NotHere,
}

/// The variables beside the policy's own, as far as they are known.
#[derive(Clone, Copy)]
pub(crate) enum Outer<'v> {
    /// Nothing is known of them: all are open.
    Open,
    /// The policy is only checked: which may be used is known, and one without a value is open.
    Checked(&'v dyn Variables),
    /// The policy is used: each must have its value.
    Used(&'v dyn Variables),
}

/// What to do where a field made for a secret names a variable that is not allowed.
const SECRET_HELP: &str = "allow its name with the task input `allowedVariables`, which takes secret variables too (`--secret-var` on a desk)";

/// What a text is for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Printed,
    Secret,
}

/// A variable of the policy's own.
#[derive(Clone, Debug)]
enum Own {
    Known(String),
    Open,
    /// Its value was refused already.
    Refused,
    /// It names a variable without a value, which is said where it is used.
    Lacking(Vec<Diagnostic>),
}

/// A text with its variables put in.
#[derive(Clone, Debug)]
pub(crate) enum Expanded {
    /// All are known.
    Known(String),
    /// All are known, and one is a secret.
    Secret(Secret),
    /// One is known only when the policy is used.
    Open,
    /// One cannot be put in, and `findings` says why.
    Refused,
}

impl<'v> Scope<'v> {
    pub(crate) const fn new(outer: Outer<'v>) -> Self {
        Self { own: BTreeMap::new(), behind: BTreeMap::new(), outer, need: Need::Everywhere }
    }

    /// Whether variables need a value in what is read from here on.
    pub(crate) const fn need(&mut self, need: Need) {
        self.need = need;
    }

    /// Defines one of the policy's own variables. Its value may use the pipeline's, not the policy's.
    pub(crate) fn define(&mut self, name: &str, value: &Text, findings: &mut Vec<Diagnostic>) {
        let pipeline = Scope::new(self.outer);
        let mut found = Vec::new();
        let lacks =
            |found: &Diagnostic| matches!(found.code(), Code::VariableUnset | Code::VariableNotAllowed);
        let own = match pipeline.expand(value, &mut found) {
            Expanded::Known(value) => Own::Known(value),
            Expanded::Open => Own::Open,
            Expanded::Refused if self.need != Need::Everywhere && found.iter().all(lacks) => {
                Own::Lacking(std::mem::take(&mut found))
            }
            Expanded::Refused => Own::Refused,
            Expanded::Secret(_) => {
                found.push(misplaced(value));
                Own::Refused
            }
        };
        findings.append(&mut found);
        self.behind.insert(name.to_owned(), pipeline.named(value));
        self.own.insert(name.to_owned(), own);
    }

    /// The variables from outside the policy that a text is made of.
    pub(crate) fn named(&self, text: &Text) -> Vec<String> {
        let names = pieces(text.as_str()).into_iter().filter_map(|piece| match piece {
            Piece::Variable(_, name) => Some(name),
            _ => None,
        });
        names
            .flat_map(|name| match self.behind.get(name) {
                Some(behind) => behind.clone(),
                None => vec![name.to_owned()],
            })
            .collect()
    }

    /// Puts the variables into a text.
    pub(crate) fn expand(&self, text: &Text, findings: &mut Vec<Diagnostic>) -> Expanded {
        self.expand_for(Field::Printed, text, findings)
    }

    /// The same of a text in a field made for a secret.
    pub(crate) fn expand_secret(&self, text: &Text, findings: &mut Vec<Diagnostic>) -> Expanded {
        self.expand_for(Field::Secret, text, findings)
    }

    fn expand_for(&self, field: Field, text: &Text, findings: &mut Vec<Diagnostic>) -> Expanded {
        let written = text.as_str();
        if !written.contains('$') {
            return Expanded::Known(written.to_owned());
        }
        let mut out = String::with_capacity(written.len());
        let (mut open, mut refused, mut secret) = (false, false, false);
        for piece in pieces(written) {
            match piece {
                Piece::Literal(literal) => out.push_str(literal),
                Piece::Broken(range) => {
                    findings.push(
                        Diagnostic::new(
                            Code::VariableSyntax,
                            text.place(range),
                            "`${` begins a variable that has no name or no end",
                        )
                        .help("write `${NAME}`: letters, digits and `_`; for a literal `${` write `$${`"),
                    );
                    refused = true;
                }
                Piece::Unexpanded(range, name) => {
                    findings.push(unexpanded(text, range, name));
                    refused = true;
                }
                Piece::Variable(range, name) => match self.value(name) {
                    Ok(Value::Text(value)) => out.push_str(&value),
                    Ok(Value::Secret(value)) => {
                        secret = true;
                        out.push_str(value.reveal());
                    }
                    Ok(Value::Open) => {
                        open = true;
                        if let Some(found) = self.doubtful(text, range, name) {
                            findings.push(found);
                        }
                    }
                    Err(Refusal::Lacks(said)) => {
                        refused = true;
                        // Once, however often it is used.
                        let new = |found: &&Diagnostic| !findings.contains(found);
                        let new: Vec<Diagnostic> = said.iter().filter(new).cloned().collect();
                        findings.extend(new);
                    }
                    Err(why) => {
                        refused = true;
                        findings.extend(self.refusal(field, text.place(range), name, why));
                    }
                },
            }
            if out.len() > LONGEST {
                let message = format!("the text is longer than {LONGEST} bytes with its variables");
                findings.push(Diagnostic::new(Code::VariableSyntax, text.span, message));
                return Expanded::Refused;
            }
        }
        match (refused, open, secret) {
            (true, ..) => Expanded::Refused,
            (_, true, _) => Expanded::Open,
            (_, _, true) => Expanded::Secret(Secret::new(out)),
            _ => Expanded::Known(out),
        }
    }

    fn value(&self, name: &str) -> Result<Value, Refusal<'_>> {
        match (self.own.get(name), self.need) {
            (Some(Own::Known(value)), _) => return Ok(Value::Text(value.clone())),
            (Some(Own::Open), _) | (Some(Own::Lacking(_)), Need::NotHere) => return Ok(Value::Open),
            (Some(Own::Lacking(found)), _) => return Err(Refusal::Lacks(found)),
            (Some(Own::Refused), _) => return Err(Refusal::SaidAlready),
            (None, _) => {}
        }
        let (outer, without_value) = match self.outer {
            Outer::Open => return Ok(Value::Open),
            Outer::Checked(outer) => (outer, Ok(Value::Open)),
            Outer::Used(outer) if self.need == Need::NotHere => (outer, Ok(Value::Open)),
            Outer::Used(outer) => (outer, Err(Refusal::Unset)),
        };
        match outer.get(name) {
            Variable::Value(value) => Ok(Value::Text(value)),
            Variable::Secret(secret) => Ok(Value::Secret(secret)),
            Variable::Unset => without_value,
            Variable::NotAllowed if self.need == Need::NotHere => Ok(Value::Open),
            Variable::NotAllowed => Err(Refusal::NotAllowed),
        }
    }

    fn refusal(&self, field: Field, place: Span, name: &str, why: Refusal<'_>) -> Option<Diagnostic> {
        let (code, message, help) = match (why, field) {
            (Refusal::SaidAlready | Refusal::Lacks(_), _) => return None,
            (Refusal::Unset, Field::Printed) => (
                Code::VariableUnset,
                format!("the variable `{name}` has no value"),
                "set it in the pipeline, give it with `--var NAME=VALUE`, or define it in the policy's `vars`",
            ),
            (Refusal::Unset, Field::Secret) => (
                Code::VariableUnset,
                format!("the secret variable `{name}` has no value"),
                "map it into the step's `env`, or set it in the environment of the command: a secret has no place on a command line",
            ),
            (Refusal::NotAllowed, Field::Printed) => (
                Code::VariableNotAllowed,
                format!("a policy may not use the variable `{name}`"),
                "define it in the policy's `vars`, give it with `--var NAME=VALUE`, or allow its name with the task input `allowedVariables` (`--allow-var` on a desk)",
            ),
            (Refusal::NotAllowed, Field::Secret) => {
                (Code::VariableNotAllowed, format!("a policy may not use the variable `{name}`"), SECRET_HELP)
            }
        };
        let found = Diagnostic::new(code, place, message).help(help);
        Some(match self.near(name) {
            Some(near) => found.label(format!("did you mean `${{{near}}}`?")),
            None => found,
        })
    }

    /// A warning where an open name is almost that of a known variable.
    fn doubtful(&self, text: &Text, range: std::ops::Range<usize>, name: &str) -> Option<Diagnostic> {
        if PIPELINE_VARIABLES.contains(&name) {
            return None;
        }
        let near = self.near(name)?;
        Some(
            Diagnostic::new(
                Code::VariableDoubtful,
                text.place(range),
                format!("`{name}` is no variable of this policy or of every pipeline"),
            )
            .label(format!("did you mean `${{{near}}}`?"))
            .help("if it is meant, its name must be allowed where the policy is used"),
        )
    }

    fn near(&self, name: &str) -> Option<&str> {
        let known = self.own.keys().map(String::as_str).chain(PIPELINE_VARIABLES);
        spelling::nearest(&name.replace('.', "_"), known).filter(|near| *near != name)
    }
}

/// A secret where none may stand.
pub(crate) fn misplaced(text: &Text) -> Diagnostic {
    Diagnostic::new(Code::SecretMisplaced, text.span, "a secret variable cannot stand here: this text is printed in reports").help(
        "a secret may stand in a header marked `{ secret: … }` or in a webhook's `url`; a server that asks for credentials gets them by a `connection`",
    )
}

enum Value {
    Text(String),
    Secret(Secret),
    Open,
}

enum Refusal<'s> {
    Unset,
    NotAllowed,
    SaidAlready,
    /// A variable of the policy's own has no value, for this.
    Lacks(&'s [Diagnostic]),
}

/// Whether a text is Azure Pipelines' `$(NAME)` and nothing that could be a secret: the name of a scheme before it at the
/// most.
pub(crate) fn is_unexpanded(text: &Text) -> bool {
    let pieces = pieces(text.as_str());
    let beside = |piece: &Piece<'_>| match piece {
        Piece::Literal(literal) => {
            let word = literal.trim();
            word.is_empty() || ["Bearer", "Basic", "Token"].iter().any(|name| word.eq_ignore_ascii_case(name))
        }
        Piece::Variable(..) | Piece::Unexpanded(..) => true,
        Piece::Broken(_) => false,
    };
    pieces.iter().any(|piece| matches!(piece, Piece::Unexpanded(..))) && pieces.iter().all(beside)
}

fn unexpanded(text: &Text, range: std::ops::Range<usize>, name: &str) -> Diagnostic {
    let upper = name.to_ascii_uppercase().replace('.', "_");
    Diagnostic::new(
        Code::VariableUnexpanded,
        text.place(range),
        format!("`$({name})` is Azure Pipelines' syntax, which is not expanded in a policy"),
    )
    .help(format!("write `${{{upper}}}`; for a literal `$(` write `$$(`"))
}

/// A part of a text.
enum Piece<'t> {
    Literal(&'t str),
    /// `${NAME}`: its bytes and its name.
    Variable(std::ops::Range<usize>, &'t str),
    /// `$(Name)`.
    Unexpanded(std::ops::Range<usize>, &'t str),
    /// `${` without a name or an end.
    Broken(std::ops::Range<usize>),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let Some(found) = rest.find('$') else {
            pieces.push(Piece::Literal(rest));
            break;
        };
        let (before, tail) = rest.split_at(found);
        pieces.push(Piece::Literal(before));
        at += found;
        let (piece, length) = dollar(tail, at);
        pieces.push(piece);
        at += length;
    }
    pieces
}

/// The piece that begins with a `$`, and its length.
fn dollar(tail: &str, at: usize) -> (Piece<'_>, usize) {
    if tail.starts_with("$${") || tail.starts_with("$$(") {
        return (Piece::Literal(&tail[1..3]), 3);
    }
    if let Some(inner) = tail.strip_prefix("${") {
        let length = inner.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let name = &inner[..length];
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if named && inner[length..].starts_with('}') {
            return (Piece::Variable(at..at + length + 3, name), length + 3);
        }
        return (Piece::Broken(at..at + 2), 2);
    }
    if let Some(inner) = tail.strip_prefix("$(") {
        let length = inner.bytes().take_while(|byte| is_name_byte(*byte)).count();
        let name = &inner[..length];
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if named && inner[length..].starts_with(')') {
            return (Piece::Unexpanded(at..at + length + 3, name), length + 3);
        }
    }
    (Piece::Literal(&tail[..1]), 1)
}

const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.'
}

#[cfg(test)]
mod tests;
