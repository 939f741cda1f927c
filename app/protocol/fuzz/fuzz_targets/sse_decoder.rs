//! Looks for bytes on which the decoder of server-sent events panics, or gives other events when they are cut elsewhere.
#![no_main]

#[path = "../property.rs"]
mod property;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| property::decodes_alike_however_it_is_cut(bytes));
