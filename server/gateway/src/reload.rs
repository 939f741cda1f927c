//! Takes changes of `agents.toml` and `models.toml` over while the Gateway runs.
//!
//! The files are read every few seconds rather than watched: it is a few kilobytes, and it sees what editors, mounted
//! volumes and symbolic links do to a file alike. A turn keeps the registry with which it began.

use std::{path::Path, sync::Weak};

use crate::{Inner, error::ConfigError, models::Catalog, registry::Registry};

/// Looks at the files again and again, until the Gateway is gone or shuts down.
/// `seen` is what they held when they were taken over last.
pub(crate) async fn watch(gateway: Weak<Inner>, mut seen: Texts) {
    loop {
        let Some(inner) = gateway.upgrade() else { return };
        let every = inner.settings.reload_every;
        let files = (inner.settings.agents_file.clone(), inner.settings.models_file.clone());
        // Files may lie on a disk that is slow or gone for a while.
        let read = move || Texts::read(files.0.as_deref(), files.1.as_deref());
        let Ok(now) = tokio::task::spawn_blocking(read).await else {
            return;
        };
        if seen != now {
            match inner.reload() {
                Ok(()) => {
                    inner.models.fresh().await;
                    tracing::info!(
                        agents = inner.registry().agents().len(),
                        "the files changed and were taken over"
                    );
                }
                Err(error) => tracing::error!("{error}; the agents and models stay as they were"),
            }
        }
        seen = now;
        let closing = inner.answers.closing();
        drop(inner);
        tokio::select! {
            () = closing.cancelled_owned() => return,
            () = tokio::time::sleep(every) => {}
        }
    }
}

/// What the files hold; `None`: there is no such file, or it cannot be read.
#[derive(PartialEq)]
pub(crate) struct Texts {
    agents: Option<Vec<u8>>,
    models: Option<Vec<u8>>,
}

impl Texts {
    pub(crate) fn read(agents: Option<&Path>, models: Option<&Path>) -> Self {
        let read = |file: Option<&Path>| std::fs::read(file?).ok();
        Self {
            agents: read(agents),
            models: read(models),
        }
    }
}

impl Inner {
    /// Reads both files; takes both over, or neither.
    fn reload(&self) -> Result<(), ConfigError> {
        let catalog = Catalog::load(&self.settings)?;
        let registry = Registry::load(self.settings.agents_file.as_deref(), &catalog)?;
        self.models.replace_catalog(catalog);
        *self.registry.write() = registry.into();
        Ok(())
    }
}
