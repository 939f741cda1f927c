use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering},
};

use leptos::reactive::graph::{AnySource, AnySubscriber, ReactiveNode, Subscriber, WithObserver};

use super::*;

/// Counts how often it is told of a change.
#[derive(Default)]
struct Reader(AtomicUsize);

impl ReactiveNode for Reader {
    fn mark_dirty(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn mark_check(&self) {}

    fn mark_subscribers_check(&self) {}

    fn update_if_necessary(&self) -> bool {
        false
    }
}

impl Subscriber for Reader {
    fn add_source(&self, _: AnySource) {}

    fn clear_sources(&self, _: &AnySubscriber) {}
}

/// A reader that has read the signal, in an owner of its own.
fn reads(signal: impl Get<Value = u8>) -> (Arc<Reader>, Owner) {
    let reader = Arc::new(Reader::default());
    let weak: Weak<Reader> = Arc::downgrade(&reader);
    let owner = Owner::new();
    owner.with(|| AnySubscriber(Arc::as_ptr(&reader).addr(), weak).with_observer(|| signal.get()));
    (reader, owner)
}

/// The owner of all that is made from here on.
fn page() -> Owner {
    let owner = Owner::new();
    owner.set();
    owner
}

#[test]
fn a_reader_is_told_of_a_change() {
    let _page = page();
    let signal = Lasting::new(1);
    let (reader, _owner) = reads(signal);
    signal.set(2);
    assert_eq!(reader.0.load(Ordering::Relaxed), 1);
}

#[test]
fn nothing_of_a_reader_is_kept_once_it_is_gone() {
    let _page = page();
    let signal = Lasting::new(1);
    let (reader, owner) = reads(signal);
    assert_eq!(
        Arc::weak_count(&reader),
        2,
        "by the signal, and by what will take it out"
    );
    drop(owner);
    assert_eq!(Arc::weak_count(&reader), 0);
}

#[test]
fn who_goes_on_reading_is_kept() {
    let _page = page();
    let signal = Lasting::new(1);
    let (_gone, owner) = reads(signal);
    let (stays, _owner) = reads(signal);
    drop(owner);
    signal.set(2);
    assert_eq!(stays.0.load(Ordering::Relaxed), 1);
}

#[test]
fn what_is_made_of_it_takes_readers_out_too() {
    let _page = page();
    let signal = Lasting::new(1);
    let made: Signal<u8> = signal.into();
    let (reader, owner) = reads(made);
    drop(owner);
    assert_eq!(Arc::weak_count(&reader), 0);
}
