//! The OpenAPI document as tests read it: every route there is, so that none is forgotten.

use cartwright_tests::Stack;
use reqwest::Method;
use serde_json::Value;

/// The document as it is served.
pub(crate) async fn document(stack: &Stack) -> Value {
    reqwest::get(format!("{}/openapi.json", stack.api_url))
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

/// Every operation that the api answers: its method, its path and itself. Those that name another server are an executor's.
pub(crate) fn operations(document: &Value) -> Vec<(Method, String, Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, methods)| {
            methods
                .as_object()
                .unwrap()
                .iter()
                .filter(|(_, operation)| operation["servers"].is_null())
                .map(|(method, operation)| {
                    let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
                    (method, path.clone(), operation.clone())
                })
        })
        .collect()
}
