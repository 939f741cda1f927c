//! Code with what each part of it is, for a page to colour.

use serde::{Deserialize, Serialize};

/// The most blocks that one request may hold.
pub const MAX_BLOCKS: usize = 64;
/// The most code that one request may hold, of all its blocks together, in bytes.
pub const MAX_BYTES: usize = 512 * 1024;

/// A block of code.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Code {
    /// What its author calls the language: `rust`, `rs`, `ts`, `console` ….
    pub language: String,
    /// The text.
    pub code: String,
}

/// So many bytes of the code, in UTF-8, are of this class. `[7,5]` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run(pub u32, pub Class);

/// All of a block, in order: their lengths add up to the length of the code, and no two neighbours are of one class.
pub type Runs = Vec<Run>;

/// What a part of code is. A number on the wire, for there are many of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "u8", from = "u8")]
#[repr(u8)]
pub enum Class {
    /// Nothing in particular.
    #[default]
    Plain = 0,
    /// A comment.
    Comment = 1,
    /// Text in quotes, a regular expression.
    String = 2,
    /// A number.
    Number = 3,
    /// `true`, `null`, an escape in a string.
    Constant = 4,
    /// `if`, `fn`, `class`.
    Keyword = 5,
    /// `+`, `=>`.
    Operator = 6,
    /// The name of a function or a macro.
    Function = 7,
    /// The name of a type.
    Type = 8,
    /// The name of a variable or a parameter.
    Variable = 9,
    /// The name of an element.
    Tag = 10,
    /// The name of an attribute; an annotation.
    Attribute = 11,
    /// A key, the name of a property.
    Property = 12,
    /// What a change brings in.
    Inserted = 13,
    /// What a change takes out.
    Deleted = 14,
    /// A heading, the head of a change.
    Heading = 15,
}

impl Class {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 16] = [
        Self::Plain,
        Self::Comment,
        Self::String,
        Self::Number,
        Self::Constant,
        Self::Keyword,
        Self::Operator,
        Self::Function,
        Self::Type,
        Self::Variable,
        Self::Tag,
        Self::Attribute,
        Self::Property,
        Self::Inserted,
        Self::Deleted,
        Self::Heading,
    ];

    /// Its name, in small letters.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Comment => "comment",
            Self::String => "string",
            Self::Number => "number",
            Self::Constant => "constant",
            Self::Keyword => "keyword",
            Self::Operator => "operator",
            Self::Function => "function",
            Self::Type => "type",
            Self::Variable => "variable",
            Self::Tag => "tag",
            Self::Attribute => "attribute",
            Self::Property => "property",
            Self::Inserted => "inserted",
            Self::Deleted => "deleted",
            Self::Heading => "heading",
        }
    }
}

impl From<Class> for u8 {
    fn from(class: Class) -> Self {
        class as u8
    }
}

impl From<u8> for Class {
    /// A number that is not known here is plain: a newer server may tell more apart.
    fn from(number: u8) -> Self {
        Self::ALL.get(usize::from(number)).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_two_numbers_and_an_unknown_class_is_plain() {
        for (number, class) in Class::ALL.into_iter().enumerate() {
            let run = Run(7, class);
            let json = serde_json::to_string(&run).unwrap();
            assert_eq!(json, format!("[7,{number}]"));
            assert_eq!(serde_json::from_str::<Run>(&json).unwrap(), run);
        }
        assert_eq!(serde_json::from_str::<Run>("[1,200]").unwrap(), Run(1, Class::Plain));
    }
}
