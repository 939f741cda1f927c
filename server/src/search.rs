//! What a search is, apart from the database: what was asked for, where it stands in a text, how good a find that is, and how
//! it is shown.
//!
//! - [`words`]: text as the index takes it, word by word
//! - [`question`]: what a person has typed
//! - [`mod@matches`]: where in a text it stands
//! - [`rank`]: which finds come first
//! - [`snippet`]: the place in a text that is shown

pub mod matches;
pub mod question;
pub mod rank;
pub mod snippet;
pub mod words;
