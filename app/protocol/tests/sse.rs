//! The property that the fuzzer tries, on its corpus and on random bytes.

#[path = "../fuzz/property.rs"]
mod property;

use proptest::prelude::*;

#[test]
fn what_the_fuzzer_starts_from_holds() {
    let corpus = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/corpus/sse_decoder");
    let cases: Vec<_> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|case| case.unwrap().path())
        .collect();
    assert!(cases.len() >= 10, "the corpus is there");
    for case in cases {
        property::decodes_alike_however_it_is_cut(&std::fs::read(case).unwrap());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_decoded_or_refused_alike_however_they_are_cut(
        bytes in prop::collection::vec(prop_oneof![
            4 => prop::sample::select(b"data: id\n\r:\0\xef\xbb\xbf\xc3\xbc".to_vec()),
            1 => any::<u8>(),
        ], 0..300),
    ) {
        property::decodes_alike_however_it_is_cut(&bytes);
    }
}
