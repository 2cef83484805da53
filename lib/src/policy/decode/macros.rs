//! One definition gives a document's type, its reader and its JSON Schema.

/// A mapping with known keys. `"key" => field: Type;` or, where the key must be there, `"key" => field: Type, required;`.
macro_rules! document {
    (
        $(#[doc = $doc:literal])+
        $name:ident, $what:literal {
            $( $(#[doc = $key_doc:literal])+ $key:literal => $field:ident : $type:ty $(, $required:ident)?; )*
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug, Default)]
        pub(crate) struct $name {
            $( $(#[doc = $key_doc])+ pub(crate) $field: $crate::policy::decode::Field<$type>, )*
        }

        impl $crate::policy::decode::Decode for $name {
            fn decode(
                node: &$crate::policy::node::Node,
                findings: &mut Vec<$crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                let mut document = Self::default();
                for (key, value) in $crate::policy::decode::known_mapping(node, &[$($key),*], findings)? {
                    match key.as_str() {
                        $( $key => document.$field = $crate::policy::decode::Field::decode(key, value, findings), )*
                        // What was meant by a mistyped key is there, and not readable: nothing more is said about it.
                        _ => match $crate::policy::decode::unknown_key(key, &[$($key),*], $what, findings) {
                            $( Some($key) if document.$field.is_missing() => {
                                document.$field = $crate::policy::decode::Field::Invalid;
                            } )*
                            _ => {}
                        },
                    }
                }
                $( $(
                    let _ = stringify!($required);
                    if document.$field.is_missing() {
                        $crate::policy::decode::missing_key($key, node, $what, findings);
                    }
                )? )*
                Some(document)
            }

            fn schema(schemas: &mut $crate::policy::schema::Schemas) -> serde_json::Value {
                schemas.object(
                    stringify!($name),
                    concat!($($doc),+),
                    |schemas| vec![ $( $crate::policy::schema::Property {
                        key: $key,
                        description: concat!($($key_doc),+),
                        schema: <$type as $crate::policy::decode::Decode>::schema(schemas),
                        required: document!(@required $($required)?),
                    } ),* ],
                )
            }
        }
    };
    (@required) => { false };
    (@required required) => { true };
}

/// One of several words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        $name:ident, $what:literal { $( $(#[doc = $word_doc:literal])+ $word:literal => $variant:ident; )+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $name { $( $(#[doc = $word_doc])+ $variant, )+ }

        impl $crate::policy::decode::Decode for $name {
            fn decode(
                node: &$crate::policy::node::Node,
                findings: &mut Vec<$crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                let word = match &node.value {
                    $crate::policy::node::NodeValue::Text(text) => text,
                    _ => return $crate::policy::decode::wrong_type(node, $what, findings),
                };
                match word.as_str() {
                    $( $word => Some(Self::$variant), )+
                    _ => {
                        $crate::policy::decode::unknown_word(word, &[$($word),+], $what, findings);
                        None
                    }
                }
            }

            fn schema(_: &mut $crate::policy::schema::Schemas) -> serde_json::Value {
                $crate::policy::schema::words(concat!($($doc),+), &[$( ($word, concat!($($word_doc),+)) ),+])
            }
        }
    };
}

/// One of several kinds, each a word (`word "tests" => Tests;`), a mapping with one key (`one "image" => Image(Type);`)
/// or either (`both "attested" => Attested(Type);`, whose type then has a default).
macro_rules! choice {
    (
        $(#[doc = $doc:literal])+
        $name:ident, $what:literal {
            $( $(#[doc = $kind_doc:literal])+ $form:ident $key:literal => $variant:ident $(($type:ty))?; )+
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Debug)]
        pub(crate) enum $name { $( $(#[doc = $kind_doc])+ $variant $(($type))?, )+ }

        impl $crate::policy::decode::Decode for $name {
            fn decode(
                node: &$crate::policy::node::Node,
                findings: &mut Vec<$crate::diagnostic::Diagnostic>,
            ) -> Option<Self> {
                use $crate::policy::decode;
                match decode::kind(node, &[$($key),+], $what, findings)? {
                    decode::Kind::Word(word) => {
                        $( choice!(@word $form word $key $variant $(($type))?); )+
                        decode::unknown_word(word, &[$($key),+], $what, findings);
                    }
                    decode::Kind::One(key, value) => {
                        let _ = value;
                        $( choice!(@one $form key value findings $key $variant $(($type))?); )+
                        decode::unknown_word(key, &[$($key),+], $what, findings);
                    }
                }
                None
            }

            fn schema(schemas: &mut $crate::policy::schema::Schemas) -> serde_json::Value {
                schemas.choice(stringify!($name), concat!($($doc),+), |schemas| {
                    let _ = &schemas;
                    let mut kinds = Vec::new();
                    $( choice!(@schema $form schemas kinds $key concat!($($kind_doc),+), $(($type))?); )+
                    kinds
                })
            }
        }
    };
    (@word word $found:ident $key:literal $variant:ident) => {
        if $found.as_str() == $key { return Some(Self::$variant); }
    };
    (@word both $found:ident $key:literal $variant:ident ($type:ty)) => {
        if $found.as_str() == $key { return Some(Self::$variant(<$type>::default())); }
    };
    (@word one $found:ident $key:literal $variant:ident ($type:ty)) => {};
    (@one word $found:ident $value:ident $findings:ident $key:literal $variant:ident) => {
        if $found.as_str() == $key {
            $crate::policy::decode::bare_word($found, $findings);
            return None;
        }
    };
    (@one $form:ident $found:ident $value:ident $findings:ident $key:literal $variant:ident ($type:ty)) => {
        if $found.as_str() == $key {
            return match $crate::policy::decode::Field::<$type>::decode($found, $value, $findings) {
                $crate::policy::decode::Field::Given(value, _) => Some(Self::$variant(value)),
                _ => None,
            };
        }
    };
    (@schema word $schemas:ident $kinds:ident $key:literal $doc:expr,) => {
        $kinds.push($crate::policy::schema::word($key, $doc));
    };
    (@schema one $schemas:ident $kinds:ident $key:literal $doc:expr, ($type:ty)) => {
        let inner = <$type as $crate::policy::decode::Decode>::schema($schemas);
        $kinds.push($crate::policy::schema::one_key($key, $doc, inner));
    };
    (@schema both $schemas:ident $kinds:ident $key:literal $doc:expr, ($type:ty)) => {
        $kinds.push($crate::policy::schema::word($key, $doc));
        let inner = <$type as $crate::policy::decode::Decode>::schema($schemas);
        $kinds.push($crate::policy::schema::one_key($key, $doc, inner));
    };
}

pub(crate) use {choice, document, words};
