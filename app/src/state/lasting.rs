//! Signals that live as long as the page, read by what comes and goes.

use std::panic::Location;

use leptos::{
    prelude::*,
    reactive::{
        graph::{Observer, Source, ToAnySource},
        traits::{Notify, UntrackableGuard},
    },
};

/// A signal that forgets a reader when the reader is dropped.
///
/// The reactive graph keeps a reader in a signal's list until that signal changes next, so that what hardly ever changes (the
/// registry, the clock) gathers every row of every conversation that was opened. This one takes the reader out with the
/// owner in which it read. Where it is read, that owner must be the reader's own, as it is in components, memos, effects and
/// the closures of a view.
pub(crate) struct Lasting<T: Send + Sync + 'static>(RwSignal<T>);

impl<T: Send + Sync> Lasting<T> {
    /// A signal of that value.
    #[track_caller]
    pub(crate) fn new(value: T) -> Self {
        Self(RwSignal::new(value))
    }
}

impl<T: Send + Sync> Clone for Lasting<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync> Copy for Lasting<T> {}

impl<T: Send + Sync> std::fmt::Debug for Lasting<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Send + Sync> Track for Lasting<T> {
    #[track_caller]
    fn track(&self) {
        self.0.track();
        if let Some(reader) = Observer::get() {
            let source = self.0.to_any_source();
            on_cleanup(move || source.remove_subscriber(&reader));
        }
    }
}

impl<T: Send + Sync> ReadUntracked for Lasting<T> {
    type Value = <RwSignal<T> as ReadUntracked>::Value;

    fn try_read_untracked(&self) -> Option<Self::Value> {
        self.0.try_read_untracked()
    }
}

impl<T: Send + Sync> Write for Lasting<T> {
    type Value = T;

    fn try_write(&self) -> Option<impl UntrackableGuard<Target = T>> {
        self.0.try_write()
    }

    fn try_write_untracked(&self) -> Option<impl std::ops::DerefMut<Target = T>> {
        Write::try_write_untracked(&self.0)
    }
}

impl<T: Send + Sync> Notify for Lasting<T> {
    fn notify(&self) {
        self.0.notify();
    }
}

impl<T: Send + Sync> IsDisposed for Lasting<T> {
    fn is_disposed(&self) -> bool {
        self.0.is_disposed()
    }
}

impl<T: Send + Sync> DefinedAt for Lasting<T> {
    fn defined_at(&self) -> Option<&'static Location<'static>> {
        self.0.defined_at()
    }
}

impl<T: Send + Sync + Clone> From<Lasting<T>> for Signal<T> {
    fn from(signal: Lasting<T>) -> Self {
        Self::derive(move || signal.get())
    }
}

#[cfg(test)]
mod tests;
