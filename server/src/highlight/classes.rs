//! What the scopes of grammars mean here.

use protocol::highlight::Class;
use syntect::parsing::Scope;

/// Scopes by their beginnings, the longer of two before the shorter.
const MEANINGS: &[(&str, Class)] = &[
    ("comment", Class::Comment),
    ("constant.numeric", Class::Number),
    ("constant", Class::Constant),
    ("entity.name.class", Class::Type),
    ("entity.name.enum", Class::Type),
    ("entity.name.function", Class::Function),
    ("entity.name.impl", Class::Type),
    ("entity.name.interface", Class::Type),
    ("entity.name.macro", Class::Function),
    ("entity.name.namespace", Class::Type),
    ("entity.name.section", Class::Heading),
    ("entity.name.struct", Class::Type),
    ("entity.name.tag.toml", Class::Property),
    ("entity.name.tag.yaml", Class::Property),
    ("entity.name.tag", Class::Tag),
    ("entity.name.trait", Class::Type),
    ("entity.name.type", Class::Type),
    ("entity.name.union", Class::Type),
    ("entity.other.attribute-name", Class::Attribute),
    ("entity.other.inherited-class", Class::Type),
    ("keyword.operator.word", Class::Keyword),
    ("keyword.operator.logical.python", Class::Keyword),
    ("keyword.operator.expression", Class::Keyword),
    ("keyword.operator.new", Class::Keyword),
    ("keyword.operator", Class::Operator),
    ("keyword", Class::Keyword),
    ("markup.deleted", Class::Deleted),
    ("markup.heading", Class::Heading),
    ("markup.inserted", Class::Inserted),
    ("markup.raw", Class::String),
    ("markup.underline.link", Class::String),
    ("meta.annotation", Class::Attribute),
    ("meta.diff.header", Class::Heading),
    ("meta.diff.range", Class::Heading),
    // Code within a string, and one language within another, are not of what surrounds them.
    ("meta.embedded", Class::Plain),
    ("meta.interpolation", Class::Plain),
    ("meta.mapping.key", Class::Property),
    ("meta.object-literal.key", Class::Property),
    ("meta.property-name", Class::Property),
    ("meta.template.expression", Class::Plain),
    ("punctuation.definition.variable", Class::Variable),
    ("source", Class::Plain),
    ("storage.type.annotation", Class::Attribute),
    ("storage.type.numeric", Class::Type),
    ("storage", Class::Keyword),
    ("string", Class::String),
    ("support.class", Class::Type),
    ("support.constant", Class::Constant),
    ("support.function", Class::Function),
    ("support.macro", Class::Function),
    ("support.type.property-name", Class::Property),
    ("support.type", Class::Type),
    ("support.variable", Class::Variable),
    ("text", Class::Plain),
    ("variable.annotation", Class::Attribute),
    ("variable.function", Class::Function),
    ("variable.language", Class::Keyword),
    ("variable.other.constant", Class::Constant),
    ("variable", Class::Variable),
];

/// The meanings, ready for use.
pub(super) struct Classes(Vec<(Scope, Class)>);

impl Classes {
    pub(super) fn new() -> Self {
        // What is written above are scopes; were one none, it would mean nothing.
        let scope = |name: &str| Scope::new(name).ok();
        Self(
            MEANINGS
                .iter()
                .filter_map(|(name, class)| Some((scope(name)?, *class)))
                .collect(),
        )
    }

    /// What is in this scope, within something of the class `around`.
    pub(super) fn within(&self, around: Class, scope: Scope) -> Class {
        let meaning = self.0.iter().find(|(beginning, _)| beginning.is_prefix_of(scope));
        match meaning {
            // A key may be written as a string, and is a key all the same.
            Some((_, Class::String)) if around == Class::Property => around,
            Some((_, class)) => *class,
            None => around,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_meaning_is_a_scope_and_none_is_hidden_by_one_before_it() {
        let classes = Classes::new();
        assert_eq!(classes.0.len(), MEANINGS.len());
        for (index, (scope, _)) in classes.0.iter().enumerate() {
            let first = classes
                .0
                .iter()
                .position(|(beginning, _)| beginning.is_prefix_of(*scope));
            assert_eq!(first, Some(index), "{scope}");
        }
    }
}
