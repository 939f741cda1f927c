//! Fields of other programs' exports, which nobody has promised: one that is not as it should be is as if it were not there.
//!
//! Lists are added up as they are read and never kept, so that what a file takes in memory is its texts.

use std::{fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// A value that stands alone; of a list or an object nothing is kept.
#[derive(Debug)]
enum Scalar {
    Text(String),
    Whole(u64),
    Number(f64),
    Flag(bool),
    Nothing,
    Other,
}

/// What can be made of whatever there is.
trait FromAny: Sized {
    fn from_scalar(scalar: Scalar) -> Self;

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Self::from_scalar(Scalar::Other))
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Self::from_scalar(Scalar::Other))
    }
}

struct Anything<T>(PhantomData<T>);

impl<'de, T: FromAny> Visitor<'de> for Anything<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("anything")
    }

    fn visit_bool<E>(self, value: bool) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Flag(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Whole(value)))
    }

    fn visit_i64<E>(self, value: i64) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Number(value as f64)))
    }

    fn visit_f64<E>(self, value: f64) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Number(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Text(value.to_owned())))
    }

    fn visit_unit<E>(self) -> Result<T, E> {
        Ok(T::from_scalar(Scalar::Nothing))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<T, A::Error> {
        T::from_list(list)
    }

    fn visit_map<A: MapAccess<'de>>(self, object: A) -> Result<T, A::Error> {
        T::from_object(object)
    }
}

fn any<'de, T: FromAny, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    deserializer.deserialize_any(Anything(PhantomData))
}

impl FromAny for Scalar {
    fn from_scalar(scalar: Scalar) -> Self {
        scalar
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        any(deserializer)
    }
}

/// A text.
pub(super) fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match any(deserializer)? {
        Scalar::Text(text) => Some(text),
        _ => None,
    })
}

/// A number.
pub(super) fn number<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(match any(deserializer)? {
        Scalar::Number(number) => Some(number),
        Scalar::Whole(number) => Some(number as f64),
        _ => None,
    })
}

/// Yes or no.
pub(super) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<bool>, D::Error> {
    Ok(match any(deserializer)? {
        Scalar::Flag(flag) => Some(flag),
        _ => None,
    })
}

/// Whether there is something, and it is not `false`.
pub(super) fn is_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(!matches!(any(deserializer)?, Scalar::Nothing | Scalar::Flag(false)))
}

/// How many elements a list has.
#[derive(Debug, Default)]
pub(super) struct Count(pub(super) u64);

impl FromAny for Count {
    fn from_scalar(_: Scalar) -> Self {
        Self(0)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut count = 0;
        while list.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        Ok(Self(count))
    }
}

/// The first text of a list.
#[derive(Debug, Default)]
pub(super) struct First(pub(super) Option<String>);

impl FromAny for First {
    fn from_scalar(_: Scalar) -> Self {
        Self(None)
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut first = None;
        while let Some(element) = list.next_element::<Scalar>()? {
            if let (None, Scalar::Text(text)) = (&first, element) {
                first = Some(text);
            }
        }
        Ok(Self(first))
    }
}

/// Tokens that an answer took; some servers count in their own way.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) prompt_tokens: Option<u64>,
    pub(super) completion_tokens: Option<u64>,
}

impl FromAny for Counts {
    fn from_scalar(_: Scalar) -> Self {
        Self::default()
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let mut counts = Self::default();
        while let Some(key) = object.next_key::<String>()? {
            let count = match object.next_value()? {
                Scalar::Whole(count) => Some(count),
                _ => None,
            };
            match key.as_str() {
                "prompt_tokens" => counts.prompt_tokens = count,
                "completion_tokens" => counts.completion_tokens = count,
                _ => {}
            }
        }
        Ok(counts)
    }
}

/// What a message is made of: a text, or a list of texts, pictures and other things.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The texts, with an empty line between them.
    pub(super) text: String,
    pub(super) pictures: u64,
    pub(super) others: u64,
}

impl FromAny for Parts {
    fn from_scalar(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => Self {
                text,
                ..Self::default()
            },
            _ => Self::default(),
        }
    }

    fn from_list<'de, A: SeqAccess<'de>>(mut list: A) -> Result<Self, A::Error> {
        let mut parts = Self::default();
        while let Some(part) = list.next_element::<Part>()? {
            match part {
                Part::Text(text) if text.is_empty() => {}
                Part::Text(text) => {
                    if !parts.text.is_empty() {
                        parts.text.push_str("\n\n");
                    }
                    parts.text.push_str(&text);
                }
                Part::Picture => parts.pictures += 1,
                Part::Other => parts.others += 1,
                Part::Nothing => {}
            }
        }
        Ok(parts)
    }
}

enum Part {
    Text(String),
    Picture,
    Other,
    Nothing,
}

impl FromAny for Part {
    fn from_scalar(scalar: Scalar) -> Self {
        match scalar {
            Scalar::Text(text) => Self::Text(text),
            Scalar::Nothing => Self::Nothing,
            _ => Self::Other,
        }
    }

    fn from_object<'de, A: MapAccess<'de>>(mut object: A) -> Result<Self, A::Error> {
        let (mut kind, mut own) = (None, None);
        while let Some(key) = object.next_key::<String>()? {
            match (key.as_str(), object.next_value()?) {
                ("type" | "content_type", Scalar::Text(text)) => kind = Some(text),
                ("text", Scalar::Text(text)) => own = Some(text),
                _ => {}
            }
        }
        Ok(match (kind.as_deref(), own) {
            (Some("image" | "image_url" | "image_asset_pointer"), _) => Self::Picture,
            // What was said aloud, written down.
            (None | Some("text" | "audio_transcription"), Some(text)) => Self::Text(text),
            _ => Self::Other,
        })
    }
}

macro_rules! deserialize_any {
    ($($of:ty),*) => {$(
        impl<'de> Deserialize<'de> for $of {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                any(deserializer)
            }
        }
    )*};
}

deserialize_any!(Count, First, Counts, Parts, Part);

#[cfg(test)]
mod tests {
    use serde_json::{from_str, to_string};

    use super::*;

    #[test]
    fn lists_are_added_up_and_what_is_odd_is_passed_over() {
        let parts: Parts = from_str(
            r#"["a", null, "", {"type": "text", "text": "b"}, {"content_type": "image_asset_pointer"}, 5, [["x"]],
                {"content_type": "audio_transcription", "text": "c"}, {"type": 7, "text": [], "x": {"y": [0]}}]"#,
        )
        .unwrap();
        assert_eq!(
            (parts.text.as_str(), parts.pictures, parts.others),
            ("a\n\nb\n\nc", 1, 3)
        );
        assert_eq!(from_str::<Parts>("\"whole\"").unwrap().text, "whole");
        let first = |json| from_str::<First>(json).unwrap().0;
        assert_eq!(first(r#"[null, 1, "m", "n"]"#).as_deref(), Some("m"));
        assert_eq!(first(r#"{"m": "n"}"#), None);
        let counts: Counts = from_str(r#"{"prompt_tokens": 7, "completion_tokens": 5.5, "x": []}"#).unwrap();
        assert_eq!((counts.prompt_tokens, counts.completion_tokens), (Some(7), None));
        for odd in ["[]", "\"x\"", "null", "-1", "true"] {
            assert_eq!(from_str::<Counts>(odd).unwrap().prompt_tokens, None, "{odd}");
        }
        let many = to_string(&vec![(); 1_000]).unwrap();
        assert_eq!(from_str::<Count>(&many).unwrap().0, 1_000);
        assert_eq!(from_str::<Count>("{}").unwrap().0, 0);
    }
}
