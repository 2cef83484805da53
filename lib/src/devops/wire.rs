//! How the wire writes things: nulls anywhere, lists in a `value`, numbers as texts.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use crate::Timestamp;

/// A person, a group, or a service, as the service names it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Identity {
    /// Its id.
    #[serde(deserialize_with = "or_default")]
    pub id: String,
    /// The name that people read: `Jane Doe`, `[orders]\Owners`.
    #[serde(deserialize_with = "or_default")]
    pub display_name: String,
    /// The name that is only theirs: `jane@example.com`.
    #[serde(deserialize_with = "or_default")]
    pub unique_name: String,
}

/// A value that may be null: its default then.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A list that may be null, of things that may be null.
pub(super) fn several<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let items: Option<Vec<Option<T>>> = Option::deserialize(deserializer)?;
    Ok(items.unwrap_or_default().into_iter().flatten().collect())
}

/// Things by their names, of which any may be null: those are left out.
pub(super) fn named<'de, D, T>(deserializer: D) -> Result<BTreeMap<String, T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    let items: Option<BTreeMap<String, Option<T>>> = Option::deserialize(deserializer)?;
    Ok(items.unwrap_or_default().into_iter().filter_map(|(name, item)| Some((name, item?))).collect())
}

/// A time; `None` where it is null, or the service's word for none (the year 1), which has no place in a [`Timestamp`].
pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text: Option<String> = Option::deserialize(deserializer)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// A whole number, which the service writes as a number here and as a text there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub u64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = serde_json::Value::deserialize(deserializer)?;
        let number = match &value {
            serde_json::Value::Number(number) => number.as_u64(),
            serde_json::Value::String(text) => text.parse().ok(),
            _ => None,
        };
        number.map(Number).ok_or_else(|| serde::de::Error::custom("an id is not a number"))
    }
}

/// An id that must be there.
pub(super) fn id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Number::deserialize(deserializer).map(|Number(id)| id)
}

/// `{count, value: […]}`, nulls left out. A list that is not there is no empty list.
pub(super) struct List<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Written<T> {
            value: Vec<Option<T>>,
        }
        let written = Written::deserialize(deserializer)?;
        Ok(Self(written.value.into_iter().flatten().collect()))
    }
}

/// A word of a list that grows: those that are known, and `Other`. Case does not matter.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($(#[$doc:meta])* $word:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
        #[serde(from = "String")]
        pub enum $name {
            $($(#[$doc])* $word,)+
            /// A word that this version does not know, or none.
            #[default]
            Other,
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                match text.to_ascii_lowercase().as_str() {
                    $($text => Self::$word,)+
                    _ => Self::Other,
                }
            }
        }
    };
}
pub(super) use words;
