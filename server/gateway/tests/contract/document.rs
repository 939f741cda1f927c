//! The contract's document names the routes that there are, and no others.

use std::collections::BTreeSet;

use axum::http::{Method, StatusCode};
use serde_json::Value;
use uuid::Uuid;

use crate::common::{Client, settings};

const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

fn documented() -> Value {
    serde_json::from_str(include_str!("../../../../docs/gateway.openapi.json")).unwrap()
}

/// The router does not list its paths, but names them where it shows itself, those of its fallback among them.
#[tokio::test]
async fn the_document_has_the_paths_of_the_router() {
    let shown = format!("{:?}", Client::new(settings()).await.gateway.router());
    let paths = shown.split('"').filter(|part| part.starts_with('/'));
    let served: BTreeSet<&str> = paths
        .filter(|path| *path != "/" && !path.contains("fallback"))
        .collect();
    let document = documented();
    let documented = document["paths"].as_object().unwrap();
    assert_eq!(served, documented.keys().map(String::as_str).collect());
}

#[tokio::test]
async fn each_path_takes_the_methods_of_the_document_and_no_others() {
    let client = Client::new(settings()).await;
    for (path, operations) in documented()["paths"].as_object().unwrap() {
        let url = path.replace("{session_id}", &Uuid::new_v4().to_string());
        for method in METHODS {
            let operation = operations.get(method.as_str().to_ascii_lowercase());
            let (status, body) = client.call(method.clone(), &url, None).await;
            let is_taken = status != StatusCode::METHOD_NOT_ALLOWED;
            assert_eq!(is_taken, operation.is_some(), "{method} {path}");
            assert_ne!(body["error"]["code"], "route_not_found", "{method} {path}");
            if let Some(operation) = operation {
                assert!(
                    operation["responses"][status.as_str()].is_object(),
                    "{status} to {method} {path}"
                );
            }
        }
    }
}
