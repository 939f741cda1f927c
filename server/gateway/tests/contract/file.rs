//! A file in a folder of its own, removed at the end.

use std::path::PathBuf;

use uuid::Uuid;

pub(crate) struct File(PathBuf);

impl File {
    pub(crate) fn new(name: &str, text: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("parley-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let file = Self(folder.join(name));
        file.write(text);
        file
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.clone()
    }

    /// As editors do: the old file is replaced, so that no reader sees half of the new one.
    pub(crate) fn write(&self, text: &str) {
        let new = self.0.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, &self.0).unwrap();
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.0.parent().unwrap());
    }
}
