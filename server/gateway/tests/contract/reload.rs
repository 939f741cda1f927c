use std::{path::PathBuf, time::Duration};

use axum::http::StatusCode;
use gateway::{Gateway, Settings};
use serde_json::json;
use uuid::Uuid;

use crate::common::{Client, chat, kinds, settings};

/// A file in a folder of its own, removed at the end.
pub(crate) struct File(pub(crate) PathBuf);

impl File {
    pub(crate) fn new(text: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("parley-{}", Uuid::new_v4()));
        std::fs::create_dir(&folder).unwrap();
        let file = Self(folder.join("agents.toml"));
        file.write(text);
        file
    }

    /// As editors do: the old file is replaced, so that no reader sees half of the new one.
    fn write(&self, text: &str) {
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

fn agents(names: &[&str]) -> String {
    let agent = |(at, name): (usize, &&str)| {
        let parent = if at == 0 { "" } else { "parent_id = \"architect\"\n" };
        let id = if at == 0 { "architect" } else { name };
        format!("[[agents]]\nagent_id = \"{id}\"\nagent_name = \"{name}\"\ntier = 2\nrole = \"R\"\n{parent}\n")
    };
    names.iter().enumerate().map(agent).collect()
}

fn with(file: &File) -> Settings {
    Settings {
        agents_file: Some(file.0.clone()),
        reload_every: Duration::from_millis(10),
        rehearsal_delay: Duration::from_secs(3_600),
        ..settings()
    }
}

async fn names(client: &Client) -> Vec<String> {
    let listed = client.get("/agents").await["agents"].clone();
    let listed = listed.as_array().unwrap().iter();
    listed
        .map(|agent| agent["agent_name"].as_str().unwrap().to_owned())
        .collect()
}

async fn until(client: &Client, expected: &[&str]) {
    let changed = async {
        while names(client).await != expected {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let changed = tokio::time::timeout(Duration::from_secs(20), changed).await;
    assert!(changed.is_ok(), "{:?} instead of {expected:?}", names(client).await);
}

#[tokio::test]
async fn a_change_is_taken_over_and_the_running_turn_goes_on() {
    let file = File::new(&agents(&["First", "Old"]));
    let client = Client::new(with(&file)).await;
    let session = client.start("/echo a b", None).await;
    let mut reader = client.read(session, None).await;
    while reader.next().await.unwrap().data["type"] != "token" {}
    file.write(&agents(&["Second", "New"]));
    until(&client, &["Second", "New"]).await;
    // The agent that has gone is refused, the turn that was running still runs.
    let mut body = chat(Uuid::new_v4(), "hi", None);
    body["agent_id"] = json!("Old");
    assert_eq!(client.post("/chat", &body).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(client.cancel(session).await.0, StatusCode::OK);
    assert_eq!(kinds(&reader.rest().await), ["done:cancelled"]);
}

#[tokio::test]
async fn a_broken_file_changes_nothing_and_a_mended_one_is_taken() {
    let file = File::new(&agents(&["First"]));
    let client = Client::new(with(&file)).await;
    for broken in ["[[agents]", "agents = []", ""] {
        file.write(broken);
        tokio::time::sleep(Duration::from_millis(60)).await;
        assert_eq!(names(&client).await, ["First"], "{broken:?}");
    }
    std::fs::remove_file(&file.0).unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert_eq!(names(&client).await, ["First"]);
    file.write(&agents(&["Mended"]));
    until(&client, &["Mended"]).await;
}

#[tokio::test]
async fn at_start_a_broken_file_is_told_with_its_line() {
    let file = File::new(&agents(&["First", "Second"]).replace("parent_id = \"architect\"", "parent_id = \"nobody\""));
    let error = Gateway::new(with(&file)).await.err().unwrap().to_string();
    let expected = format!(
        "{}:12: agents[1].parent_id: there is no agent `nobody`",
        file.0.display()
    );
    assert_eq!(error, expected);
}
