//! The models, from `models.toml`: this protocol lists none, so all that the file lists are taken for active.

use std::path::PathBuf;

use gateway::ConfigError;
use protocol::registry::GatewayModel;
use tokio::sync::Mutex;

/// The file, read again where it has changed whenever the models are asked for. Parley asks every few seconds.
pub(super) struct ModelsFile {
    file: Option<PathBuf>,
    taken_over: Mutex<TakenOver>,
}

struct TakenOver {
    models: Vec<GatewayModel>,
    /// What the file held when it was read last; `None`: it could not be read.
    text: Option<Vec<u8>>,
}

impl ModelsFile {
    /// Reads `file`, or takes the built-in list.
    ///
    /// # Errors
    /// When the file cannot be read or is wrong.
    pub(super) fn load(file: Option<PathBuf>) -> Result<Self, ConfigError> {
        // Read before it is taken over, so that no change in between is missed.
        let text = file.as_ref().and_then(|file| std::fs::read(file).ok());
        let models = gateway::models_of(file.as_deref())?;
        if file.is_none() {
            tracing::info!(
                models = models.len(),
                "PARLEY_MODELS is not set: the built-in models are offered, whether or not the Gateway has them"
            );
        }
        let taken_over = Mutex::new(TakenOver { models, text });
        Ok(Self { file, taken_over })
    }

    /// The models as the file has them now; as it had them, where it is faulty now.
    pub(super) async fn now(&self) -> Vec<GatewayModel> {
        let mut taken_over = self.taken_over.lock().await;
        if let Some(file) = &self.file {
            let text = tokio::fs::read(file).await.ok();
            if text != taken_over.text {
                taken_over.text = text;
                let file = file.clone();
                let read = tokio::task::spawn_blocking(move || gateway::models_of(Some(&file))).await;
                match read {
                    Ok(Ok(models)) => {
                        tracing::info!(models = models.len(), "PARLEY_MODELS changed and was taken over");
                        taken_over.models = models;
                    }
                    Ok(Err(error)) => tracing::error!("PARLEY_MODELS: {error}; the models stay as they were"),
                    Err(error) => tracing::error!(%error, "PARLEY_MODELS was not read"),
                }
            }
        }
        taken_over.models.clone()
    }
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use super::*;

    /// What is logged.
    #[derive(Clone, Default)]
    struct Log(Arc<parking_lot::Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Log {
        fn count(&self, words: &str) -> usize {
            String::from_utf8(self.0.lock().clone()).unwrap().matches(words).count()
        }
    }

    #[tokio::test]
    async fn a_broken_file_is_told_once_with_its_line_and_that_none_is_set_at_the_start() {
        let log = Log::default();
        let written = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || written.clone()).finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("models.toml");
        let entry = "[[models]]\nmodel_id = \"m\"\nmodel_name = \"M\"\nprovider = \"openai\"\n";
        std::fs::write(&file, entry).unwrap();
        let models = ModelsFile::load(Some(file.clone())).unwrap();
        assert_eq!(models.now().await.len(), 1);
        assert_eq!(log.count("PARLEY_MODELS"), 0, "nothing changed");
        std::fs::write(&file, entry.repeat(2)).unwrap();
        for _ in 0..3 {
            assert_eq!(models.now().await.len(), 1);
        }
        let fault = "models.toml:6: models[1].model_id: `m` is there twice; the models stay as they were";
        assert_eq!((log.count(fault), log.count("ERROR")), (1, 1));
        std::fs::write(&file, entry.replace("\"m\"", "\"n\"")).unwrap();
        assert_eq!(models.now().await[0].model_id, "n");
        assert_eq!(log.count("was taken over"), 1);

        ModelsFile::load(None).unwrap().now().await;
        assert_eq!(log.count("PARLEY_MODELS is not set"), 1);
    }
}
