//! JSON that is evidence: each key of an object stands once.
//!
//! Of a key that stands twice JSON's readers take the first, the last, or refuse both. What decides must not depend on who reads.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// The longest key that a message repeats, in characters.
const LONGEST_KEY: usize = 60;

/// Reads a document.
///
/// # Errors
/// Where it is not JSON, or an object has a key twice; with the line and column.
///
/// ```
/// use runbook_gate::json;
///
/// assert_eq!(json::read(br#"{"a":[1,{"b":null}]}"#)?["a"][0], 1);
/// let error = json::read(b"{\"a\":1,\n\"a\":2}").unwrap_err();
/// assert_eq!(error.to_string(), "the key `a` stands twice at line 2 column 3");
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn read(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice(text).map(|Once(value)| value)
}

/// Why a document of one line is none, without its place in the line.
pub(crate) fn why(error: &serde_json::Error) -> String {
    if error.is_data() { "one of its keys stands twice" } else { "it is not JSON" }.to_owned()
}

/// A value without a key that stands twice.
struct Once(Value);

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OnceVisitor).map(Self)
    }
}

struct OnceVisitor;

impl<'de> Visitor<'de> for OnceVisitor {
    type Value = Value;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(Once(item)) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                let short: String = key.chars().take(LONGEST_KEY).collect();
                return Err(A::Error::custom(format!("the key `{}` stands twice", short.escape_debug())));
            }
            let Once(value) = entries.next_value()?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_any_reader_of_json_reads_where_no_key_stands_twice() {
        for text in [
            "null",
            "[1, -1, 1.5, 1e300, true, \"ä\\u00e4\\n\"]",
            r#"{"a": {"a": {"a": []}}, "b": [{"a": 1}, {"a": 2}]}"#,
            "18446744073709551615",
        ] {
            assert_eq!(
                read(text.as_bytes()).unwrap(),
                serde_json::from_str::<Value>(text).unwrap(),
                "{text}"
            );
        }
        for wrong in ["", "{", "[1,]", "{\"a\":1}x", "\u{0}"] {
            assert!(read(wrong.as_bytes()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_an_error_however_deep_and_however_it_is_escaped() {
        for text in [
            r#"{"a":1,"a":1}"#,
            r#"[{"x":{"a":1,"b":2,"a":3}}]"#,
            r#"{"a":1,"\u0061":2}"#,
            r#"{"a":null,"a":1}"#,
        ] {
            assert!(
                read(text.as_bytes()).unwrap_err().to_string().starts_with("the key `a` stands twice"),
                "{text}"
            );
        }
        let long = format!("{{\"{0}\":1,\"{0}\":2}}", "\\u0007".repeat(1000));
        assert!(read(long.as_bytes()).unwrap_err().to_string().len() < 500);
    }

    #[test]
    fn a_document_that_nests_deeper_than_a_reader_goes_is_an_error() {
        let deep = "[".repeat(100_000);
        assert!(read(deep.as_bytes()).is_err());
    }
}
