//! Targets: what the operator may define, what tenants read of it, and which functions they may bind.

use cartwright_tests::{Answer, Stack, Tenant};
use reqwest::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::guests::writing;

/// A name that no other test uses.
pub(crate) fn new_name() -> String {
    format!("test.t{}", Uuid::new_v4().simple())
}

/// A target whose payloads have a cart with lines, and whose outputs have a `hide` list or nothing.
pub(crate) fn definition() -> Value {
    json!({
        "title": "A test",
        "description": "Asks for nothing in particular.",
        "input_schema": {
            "type": "object",
            "properties": {
                "cart": {
                    "type": "object",
                    "properties": {
                        "id": {"type": "string"},
                        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}}
                    },
                    "required": ["lines"]
                }
            },
            "required": ["cart"],
            "$defs": {"line": {"type": "object", "properties": {"sku": {"type": "string"}, "quantity": {"type": "integer", "minimum": 1}}}}
        },
        "output_schema": {
            "type": "object",
            "properties": {"hide": {"type": "array", "items": {"type": "string"}}},
            "additionalProperties": false
        },
        "examples": [{"name": "Empty", "input": {"cart": {"lines": []}}, "output": {"hide": []}}],
        "input_query_allowed": true
    })
}

/// The operator's requests.
pub(crate) async fn operate(
    stack: &Stack,
    by: &Tenant,
    method: Method,
    path: &str,
    body: Option<&Value>,
) -> Answer {
    let key = stack.platform_key().await;
    let request = by
        .anonymous(method, &format!("/v1/platform/targets{path}"))
        .bearer_auth(key);
    by.send(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

/// Define a target of this test's own.
pub(crate) async fn define(stack: &Stack, by: &Tenant, definition: &Value) -> String {
    let name = new_name();
    let mut new = definition.clone();
    new["name"] = json!(name);
    operate(stack, by, Method::POST, "", Some(&new))
        .await
        .expect(201);
    name
}

/// Put a module live on a new function that answers a target.
pub(crate) async fn deploy_for(tenant: &Tenant, function: &str, target: &str, module: Vec<u8>) {
    tenant
        .post(
            "/v1/functions",
            &json!({"name": function, "target": target}),
        )
        .await
        .expect(201);
    tenant.upload(function, module).await.expect(201);
}

/// The pointers of a refusal's `errors[]`.
fn pointers(answer: &Answer) -> Vec<String> {
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (400, "invalid_request"),
        "{}",
        answer.text()
    );
    let errors = answer.json()["errors"].clone();
    let errors = errors.as_array().expect("errors[]");
    let pointer = |error: &Value| error["pointer"].as_str().unwrap().to_owned();
    errors.iter().map(pointer).collect()
}

#[tokio::test]
async fn the_operator_defines_changes_and_deletes_a_target_and_every_tenant_reads_it() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let name = define(stack, &ada, &definition()).await;
    let path = format!("/{name}");

    let taken = {
        let mut again = definition();
        again["name"] = json!(name);
        operate(stack, &ada, Method::POST, "", Some(&again)).await
    };
    assert_eq!((taken.status, taken.code().as_str()), (409, "conflict"));
    let read = bob
        .get(&format!("/v1/targets/{name}"))
        .await
        .expect(200)
        .json();
    for member in [
        "title",
        "input_schema",
        "output_schema",
        "examples",
        "input_query_allowed",
    ] {
        assert_eq!(read[member], definition()[member], "{member}");
    }
    assert_eq!(
        read,
        operate(stack, &ada, Method::GET, &path, None)
            .await
            .expect(200)
            .json()
    );

    let mut changed = definition();
    changed["title"] = json!("Another title");
    changed["limits"] = json!({"fuel": 1_000_000});
    let put = operate(stack, &ada, Method::PUT, &path, Some(&changed))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&put["title"], &put["limits"]),
        (&changed["title"], &changed["limits"])
    );
    assert!(put["updated_at"].as_str() > read["updated_at"].as_str());

    operate(stack, &ada, Method::DELETE, &path, None)
        .await
        .expect(204);
    for answer in [
        bob.get(&format!("/v1/targets/{name}")).await,
        operate(stack, &ada, Method::GET, &path, None).await,
        operate(stack, &ada, Method::PUT, &path, Some(&changed)).await,
        operate(stack, &ada, Method::DELETE, &path, None).await,
    ] {
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (404, "not_found"),
            "{}",
            answer.text()
        );
    }
    let listed = async |path: &str| ada.get(path).await.expect(200).json();
    let first = listed("/v1/targets?limit=1").await;
    assert_eq!(first["data"][0]["name"], "cart.discount");
    let next = first["next_cursor"].as_str().expect("more than one");
    let second = listed(&format!("/v1/targets?limit=1&cursor={next}")).await;
    assert_eq!(second["data"][0]["name"], "payment.filter");
}

#[tokio::test]
async fn what_is_no_target_is_refused_with_the_place_of_every_offence() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let with = |member: &str, value: Value| {
        let mut body = definition();
        body["name"] = json!(new_name());
        body[member] = value;
        body
    };
    let large: serde_json::Map<_, _> = (0..900)
        .map(|at| {
            (
                format!("member-{at}"),
                json!({"description": "x".repeat(100)}),
            )
        })
        .collect();
    let many: Vec<_> = (0..1_001).map(|at| json!({"const": at})).collect();
    for (body, places) in [
        (
            with("input_schema", json!({"type": "objekt"})),
            vec!["/input_schema/type"],
        ),
        (
            with(
                "output_schema",
                json!({"properties": {"a": {"pattern": "("}}}),
            ),
            vec!["/output_schema/properties/a/pattern"],
        ),
        (
            with(
                "input_schema",
                json!({"properties": {"a": {"$ref": "https://example.com/cart.json"}}}),
            ),
            vec!["/input_schema/properties/a/$ref"],
        ),
        (
            with("output_schema", json!({"$ref": "file:///etc/passwd"})),
            vec!["/output_schema/$ref"],
        ),
        (
            with(
                "input_schema",
                json!({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}),
            ),
            vec!["/input_schema/$defs/a/$ref"],
        ),
        (
            with(
                "input_schema",
                json!({"$schema": "http://json-schema.org/draft-07/schema#"}),
            ),
            vec!["/input_schema/$schema"],
        ),
        (with("input_schema", json!(7)), vec!["/input_schema"]),
        (
            with("input_schema", json!({"properties": large})),
            vec!["/input_schema"],
        ),
        (
            with("input_schema", json!({"anyOf": many})),
            vec!["/input_schema"],
        ),
        (
            with(
                "examples",
                json!([{"name": "", "input": {"cart": {"lines": [{"quantity": 0}]}}, "output": {"hide": [1]}}]),
            ),
            vec![
                "/examples/0/name",
                "/examples/0/input/cart/lines/0/quantity",
                "/examples/0/output/hide/0",
            ],
        ),
        (
            with(
                "examples",
                json!(vec![
                    json!({"name": "a", "input": {"cart": {"lines": []}}});
                    11
                ]),
            ),
            vec!["/examples"],
        ),
        (with("limits", json!({"fuel": 0})), vec!["/limits/fuel"]),
        (with("title", json!("")), vec!["/title"]),
        (
            with("description", json!("x".repeat(2_001))),
            vec!["/description"],
        ),
    ] {
        let answer = operate(stack, &ada, Method::POST, "", Some(&body)).await;
        assert_eq!(pointers(&answer), places);
        assert!(answer.text().len() < 4_000, "{}", answer.text());
    }
    for unread in [
        with("name", json!("Cart")),
        with("limits", json!({"fule": 1})),
        with("schema", json!({})),
    ] {
        let answer = operate(stack, &ada, Method::POST, "", Some(&unread)).await;
        assert_eq!(
            (answer.status, answer.code().as_str()),
            (400, "invalid_request")
        );
    }
}

#[tokio::test]
async fn a_target_that_a_function_answers_is_not_deleted_until_none_does() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let name = define(stack, &ada, &definition()).await;
    let path = format!("/{name}");
    let function = json!({"name": "answers", "target": name});
    ada.post("/v1/functions", &function).await.expect(201);
    bob.post("/v1/functions", &function).await.expect(201);

    let refused = operate(stack, &ada, Method::DELETE, &path, None).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    assert!(
        refused.text().contains("2 functions of 2 tenants"),
        "{}",
        refused.text()
    );

    ada.delete("/v1/functions/answers").await.expect(204);
    bob.patch("/v1/functions/answers", &json!({"target": null}))
        .await
        .expect(200);
    operate(stack, &ada, Method::DELETE, &path, None)
        .await
        .expect(204);
    let answer = bob
        .patch("/v1/functions/answers", &json!({"target": name}))
        .await;
    assert_eq!(pointers(&answer), ["/target"]);
    assert!(
        answer.text().contains("the platform has cart.discount"),
        "{}",
        answer.text()
    );
}

#[tokio::test]
async fn a_tenant_binds_up_to_25_of_its_functions_that_answer_and_have_a_version() {
    let stack = Stack::shared().await;
    let (ada, bob) = (stack.tenant("ada").await, stack.tenant("bob").await);
    let name = define(stack, &ada, &definition()).await;
    let bindings = format!("/v1/targets/{name}/bindings");
    for function in ["first", "second"] {
        deploy_for(&ada, function, &name, writing("{}")).await;
    }
    ada.post("/v1/functions", &json!({"name": "empty", "target": name}))
        .await
        .expect(201);
    ada.deploy("other", writing("{}")).await;
    let bind = |function: &str| json!({"function": function, "on_error": "skip"});

    let bound = ada
        .put(&bindings, &json!([bind("second"), bind("first")]))
        .await
        .expect(200);
    assert_eq!(
        bound.json()["data"],
        json!([
            {"function": "second", "on_error": "skip", "alias": "live", "version": 1},
            {"function": "first", "on_error": "skip", "alias": "live", "version": 1}
        ])
    );
    let refused = ada
        .put(
            &bindings,
            &json!([bind("first"), bind("other"), bind("absent"), bind("empty"), bind("first"),
            {"function": "second", "on_error": "fail", "alias": "beta"}]),
        )
        .await;
    assert_eq!(
        pointers(&refused),
        [
            "/1/function",
            "/2/function",
            "/3/alias",
            "/4/function",
            "/5/alias"
        ]
    );
    let too_many = ada.put(&bindings, &json!(vec![bind("first"); 26])).await;
    assert_eq!(
        (too_many.status, too_many.code().as_str()),
        (400, "invalid_request")
    );
    let unread = ada
        .put(
            &bindings,
            &json!([{"function": "first", "on_error": "ignore"}]),
        )
        .await;
    assert_eq!(unread.status, 400);
    // Nothing of what was refused stands.
    assert_eq!(ada.get(&bindings).await.expect(200).json(), bound.json());
    assert_eq!(
        bob.get(&bindings).await.expect(200).json()["data"],
        json!([])
    );
    assert_eq!(
        ada.put(&format!("/v1/targets/{}/bindings", new_name()), &json!([]))
            .await
            .status,
        404
    );

    // A bound function keeps its target, and is not deleted from under it.
    let held = ada
        .patch("/v1/functions/first", &json!({"target": "cart.discount"}))
        .await;
    assert_eq!((held.status, held.code().as_str()), (409, "conflict"));
    let kept = ada.delete("/v1/functions/second").await.expect(409);
    assert_eq!(kept.code(), "conflict");
    let told = format!("unbind it with PUT {bindings}");
    assert!(kept.text().contains(&told), "{}", kept.text());
    let unchanged = ada.get(&bindings).await.expect(200);
    assert_eq!(unchanged.json(), bound.json());
    ada.put(&bindings, &json!([])).await.expect(200);
    ada.delete("/v1/functions/second").await.expect(204);
    ada.patch("/v1/functions/first", &json!({"target": "cart.discount"}))
        .await
        .expect(200);
}

#[tokio::test]
async fn of_many_who_bind_at_once_each_leaves_a_whole_list() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let name = define(stack, &ada, &definition()).await;
    for function in ["first", "second"] {
        deploy_for(&ada, function, &name, writing("{}")).await;
    }
    let path = format!("/v1/targets/{name}/bindings");
    let lists = [
        json!(["first", "second"]),
        json!(["second", "first"]),
        json!(["first"]),
    ];
    let puts = (0..30).map(|at| {
        let names = lists[at % 3].as_array().unwrap();
        let list: Vec<_> = names
            .iter()
            .map(|function| json!({"function": function, "on_error": "skip"}))
            .collect();
        let (ada, path) = (&ada, &path);
        async move { ada.put(path, &json!(list)).await.expect(200) }
    });
    futures_util::future::join_all(puts).await;
    let bound = ada.get(&path).await.expect(200).json();
    let bound: Vec<_> = bound["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["function"].clone())
        .collect();
    assert!(lists.contains(&json!(bound)), "{bound:?}");
}

#[tokio::test]
async fn a_function_asks_only_for_what_the_payload_of_its_target_has() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let name = define(stack, &ada, &definition()).await;
    let mut whole = definition();
    whole["input_query_allowed"] = json!(false);
    let whole = define(stack, &ada, &whole).await;
    let mut of_orders = definition();
    of_orders["input_schema"] =
        json!({"properties": {"order": {"properties": {"total": {}, "id": {}}}}});
    of_orders["examples"] = json!([]);
    let of_orders = define(stack, &ada, &of_orders).await;
    let create = async |query: Value, target: Value| {
        let body = json!({"name": "asks", "target": target, "input_query": query});
        ada.post("/v1/functions", &body).await
    };

    for (query, target, places) in [
        (
            json!(["/cart/lines/sku", "/cart/lines/skus", "/cart/lines/0"]),
            json!(name),
            vec!["/input_query/1", "/input_query/2"],
        ),
        (json!(["cart"]), json!(name), vec!["/input_query/0"]),
        (json!([]), json!(name), vec!["/input_query"]),
        (json!(["/cart"]), json!(whole), vec!["/input_query"]),
        (json!(["/cart"]), Value::Null, vec!["/input_query"]),
    ] {
        assert_eq!(pointers(&create(query, target).await), places);
    }
    let created = create(json!(["/cart/lines/sku"]), json!(name))
        .await
        .expect(201)
        .json();
    assert_eq!(created["input_query"], json!(["/cart/lines/sku"]));
    // {"cart":{"lines":[]}}: the one example has no more than what is asked for.
    let cuts = json!([{"example": "Empty", "payload_bytes": 21, "input_bytes": 21}]);
    assert_eq!(created["input_cuts"], cuts);
    // Another target has another payload.
    let moved = ada
        .patch("/v1/functions/asks", &json!({"target": of_orders}))
        .await;
    assert_eq!(pointers(&moved), ["/input_query/0"]);
    let moved = json!({"target": of_orders, "input_query": ["/order/total", "/order/id"]});
    let moved = ada
        .patch("/v1/functions/asks", &moved)
        .await
        .expect(200)
        .json();
    assert_eq!(moved["input_query"], json!(["/order/total", "/order/id"]));
    let all = ada
        .patch("/v1/functions/asks", &json!({"input_query": null}))
        .await
        .expect(200)
        .json();
    assert_eq!(
        (&all["input_query"], &all["target"]),
        (&Value::Null, &json!(of_orders))
    );
}

#[tokio::test]
async fn an_upload_checks_what_its_function_asks_for_and_shows_the_bytes_before_and_after() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let mut with_example = definition();
    let payload = json!({"cart": {"id": "cart-1", "lines": [{"sku": "TEE", "quantity": 2}]}});
    with_example["examples"] = json!([{"name": "One line", "input": payload}]);
    let name = define(stack, &ada, &with_example).await;
    let new = json!({"name": "asks", "target": name, "input_query": ["/cart/lines/sku"]});
    ada.post("/v1/functions", &new).await.expect(201);
    let asked = json!({"cart": {"lines": [{"sku": "TEE"}]}});
    let cuts = json!([{
        "example": "One line",
        "payload_bytes": payload.to_string().len(),
        "input_bytes": asked.to_string().len()
    }]);

    let uploaded = ada.upload("asks", writing("{}")).await.expect(201).json();
    assert_eq!(uploaded["input_cuts"], cuts);
    let read = ada.get("/v1/functions/asks").await.expect(200).json();
    assert_eq!(read["input_cuts"], cuts);

    // The operator renames what was asked for.
    let mut renamed = with_example.clone();
    renamed["input_schema"]["$defs"]["line"]["properties"] = json!({"code": {"type": "string"}});
    operate(
        stack,
        &ada,
        Method::PUT,
        &format!("/{name}"),
        Some(&renamed),
    )
    .await
    .expect(200);
    let refused = ada.upload("asks", writing("{\"hide\":[]}")).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "conflict"));
    for part in ["/cart/lines/sku", "PATCH /v1/functions/asks"] {
        assert!(refused.text().contains(part), "{}", refused.text());
    }
    let listed = ada.get("/v1/functions/asks/versions").await.expect(200);
    assert_eq!(listed.json()["data"].as_array().unwrap().len(), 1);
    ada.patch(
        "/v1/functions/asks",
        &json!({"input_query": ["/cart/lines/code"]}),
    )
    .await
    .expect(200);
    ada.upload("asks", writing("{\"hide\":[]}"))
        .await
        .expect(201);
}
