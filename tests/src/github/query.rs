//! Questions in GraphQL: as much of the language as a client of GitHub needs to read.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::str::Chars;

use serde_json::{Map, Value};

/// Part of a question.
#[derive(Debug)]
pub enum Selected {
    /// A field.
    Field(Field),
    /// What is asked of an object of one type: `... on Commit { … }`.
    On(String, Vec<Selected>),
}

/// A field of a question.
#[derive(Debug)]
pub struct Field {
    /// The name that its answer has.
    pub alias: String,
    /// Its own name.
    pub name: String,
    /// Its arguments, with the values of their variables.
    pub arguments: BTreeMap<String, Value>,
    /// What is asked of it.
    pub selected: Vec<Selected>,
}

/// What a question asks for, with these variables; an error in words where it is none.
pub fn parse(text: &str, variables: &Map<String, Value>) -> Result<Vec<Selected>, String> {
    let mut reader = Reader { rest: text.chars().peekable(), variables };
    reader.skip();
    if reader.rest.peek() != Some(&'{') {
        let word = reader.word()?;
        if word != "query" {
            return Err(format!("Expected a query, actual: {word}"));
        }
        if reader.take('(') {
            while !reader.take(')') {
                reader.declared()?;
            }
        }
    }
    let selected = reader.selected()?;
    reader.skip();
    match reader.rest.next() {
        None => Ok(selected),
        Some(more) => Err(format!("Expected one of the end, actual: {more}")),
    }
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    variables: &'t Map<String, Value>,
}

impl Reader<'_> {
    fn skip(&mut self) {
        while self.rest.peek().is_some_and(|next| next.is_whitespace() || *next == ',') {
            self.rest.next();
        }
    }

    /// Whether this sign comes next, which is then read.
    fn take(&mut self, sign: char) -> bool {
        self.skip();
        self.rest.next_if_eq(&sign).is_some()
    }

    fn expect(&mut self, sign: char) -> Result<(), String> {
        if self.take(sign) { Ok(()) } else { Err(format!("Expected {sign}, actual: {:?}", self.rest.peek())) }
    }

    fn word(&mut self) -> Result<String, String> {
        self.skip();
        let mut word = String::new();
        while let Some(next) = self.rest.next_if(|next| next.is_ascii_alphanumeric() || *next == '_') {
            word.push(next);
        }
        if word.is_empty() {
            Err(format!("Expected a name, actual: {:?}", self.rest.peek()))
        } else {
            Ok(word)
        }
    }

    /// `$name:String!`
    fn declared(&mut self) -> Result<(), String> {
        self.expect('$')?;
        let name = self.word()?;
        self.expect(':')?;
        self.word()?;
        if self.take('!') && self.variables.get(&name).is_none_or(Value::is_null) {
            return Err(format!("Variable ${name} was provided invalid value"));
        }
        Ok(())
    }

    fn selected(&mut self) -> Result<Vec<Selected>, String> {
        self.expect('{')?;
        let mut selected = Vec::new();
        while !self.take('}') {
            if self.take('.') {
                self.expect('.')?;
                self.expect('.')?;
                let word = self.word()?;
                if word != "on" {
                    return Err(format!("Fragment {word} was used, but not defined"));
                }
                selected.push(Selected::On(self.word()?, self.selected()?));
            } else {
                selected.push(Selected::Field(self.field()?));
            }
        }
        Ok(selected)
    }

    fn field(&mut self) -> Result<Field, String> {
        let alias = self.word()?;
        let name = if self.take(':') { self.word()? } else { alias.clone() };
        let mut arguments = BTreeMap::new();
        if self.take('(') {
            while !self.take(')') {
                let name = self.word()?;
                self.expect(':')?;
                arguments.insert(name, self.value()?);
            }
        }
        self.skip();
        let selected = if self.rest.peek() == Some(&'{') { self.selected()? } else { Vec::new() };
        Ok(Field { alias, name, arguments, selected })
    }

    fn value(&mut self) -> Result<Value, String> {
        if self.take('$') {
            let name = self.word()?;
            return Ok(self.variables.get(&name).cloned().unwrap_or_default());
        }
        if self.take('"') {
            let mut text = String::new();
            loop {
                match self.rest.next() {
                    Some('"') => return Ok(Value::from(text)),
                    Some('\\') | None => return Err("Expected the end of a text".to_owned()),
                    Some(next) => text.push(next),
                }
            }
        }
        if self.take('[') {
            let mut values = Vec::new();
            while !self.take(']') {
                values.push(self.value()?);
            }
            return Ok(Value::from(values));
        }
        let word = self.word()?;
        Ok(word.parse::<i64>().map_or_else(|_| Value::from(word), Value::from))
    }
}
