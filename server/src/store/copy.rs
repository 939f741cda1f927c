//! A copy of the whole database, and whether one is sound.

use std::path::Path;

use diesel::{Connection, QueryableByName, RunQueryDsl, SqliteConnection, sql_query, sql_types::Text};

use super::{Store, StoreError};

impl Store {
    /// Copies the database as it is now into a file that is empty or not there. Others go on writing. The copy may not have
    /// reached the disk yet.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn copy_into(&self, file: &Path) -> Result<(), StoreError> {
        let file = path(file)?;
        self.readers
            .run(move |connection| {
                sql_query("VACUUM INTO ?").bind::<Text, _>(file).execute(connection)?;
                Ok(())
            })
            .await
    }
}

/// What is wrong with a database; nothing, where it is sound. Takes as long as it takes to read it.
///
/// # Errors
/// When it cannot be opened.
pub fn verify(file: &Path) -> Result<Vec<String>, StoreError> {
    #[derive(QueryableByName)]
    struct Finding {
        #[diesel(sql_type = Text)]
        integrity_check: String,
    }
    let mut connection =
        SqliteConnection::establish(&path(file)?).map_err(|error| StoreError::Open(error.to_string()))?;
    let findings: Vec<Finding> = sql_query("PRAGMA integrity_check").load(&mut connection)?;
    let problems = findings.into_iter().map(|finding| finding.integrity_check);
    Ok(problems.filter(|problem| problem != "ok").collect())
}

fn path(file: &Path) -> Result<String, StoreError> {
    let path = file
        .to_str()
        .ok_or_else(|| StoreError::Open("its path is not UTF-8".into()))?;
    Ok(path.to_owned())
}
