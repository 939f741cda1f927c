use super::*;
use crate::export::samples::{exchange, rich};

fn schema() -> jsonschema::Validator {
    let text = include_str!("../../../docs/parley-conversation.schema.json");
    jsonschema::validator_for(&serde_json::from_str(text).unwrap()).unwrap()
}

#[test]
fn what_is_written_is_what_the_schema_describes() {
    let schema = schema();
    for conversation in [rich(), exchange("Hello", "Hello **you**")] {
        let json = serde_json::from_str(&json::write(&conversation)).unwrap();
        let errors: Vec<String> = schema.iter_errors(&json).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0]);
    }
}

#[test]
fn the_schema_describes_every_field_and_refuses_what_is_none() {
    let schema = schema();
    let good: serde_json::Value = serde_json::from_str(&json::write(&rich())).unwrap();
    let refused = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut json = good.clone();
        change(&mut json);
        assert_ne!(json, good, "the change is one");
        assert!(!schema.is_valid(&json), "{json:#}");
    };
    refused(&|json| json["version"] = 4.into());
    refused(&|json| json["format"] = "other".into());
    refused(&|json| json["surprise"] = 1.into());
    refused(&|json| json["session"]["surprise"] = 1.into());
    refused(&|json| json["session"]["status"] = "deleted".into());
    refused(&|json| json["session"]["session_id"] = "1".into());
    refused(&|json| json["session"]["created_at"] = 1.into());
    refused(&|json| json["messages"][0]["surprise"] = 1.into());
    refused(&|json| json["messages"][0]["message_type"] = "tool".into());
    refused(&|json| drop(json["messages"][0].as_object_mut().unwrap().remove("content")));
    refused(&|json| json["messages"][1]["usage"]["total_tokens"] = (-1).into());
    refused(&|json| json["messages"][2]["metadata"]["tasks"][0]["status"] = "odd".into());
    refused(&|json| json["messages"][2]["metadata"]["surprise"] = 1.into());
}

#[test]
fn names_among_others_are_readable_ordered_and_never_the_same() {
    let mut conversation = exchange("x", "y");
    let mut name = |title: &str| {
        conversation.session.title = title.into();
        name_among_others(&conversation, ExportFormat::Markdown)
    };
    let id = "c0de0000000040018000000000000000";
    assert_eq!(name("Plan the <move>"), format!("2025-11-24_plan-the-move_{id}.md"));
    assert_eq!(name("../../etc/passwd"), format!("2025-11-24_etc-passwd_{id}.md"));
    assert_eq!(name("???"), format!("2025-11-24_conversation_{id}.md"));
    assert_eq!(name("Größe שלום"), format!("2025-11-24_größe-שלום_{id}.md"));
    assert!(name(&"ﷺ".repeat(200)).len() < 255, "file systems take no longer names");
}
