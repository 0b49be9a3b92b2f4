//! `cartwright bindings --language assemblyscript`: what it makes is compiled and run, as an author's project is.

use std::path::{Path, PathBuf};

use cartwright_tests::Stack;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::local::{Said, cartwright};

/// A new project, and the compiler that `cargo xtask test` installs.
fn project() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().expect("a folder");
    let arguments = ["init", "--template", "assemblyscript", "my-function"];
    cartwright(home.path(), &arguments).expect(0);
    let project = home.path().join("my-function");
    let packages =
        xtask::place::root().join("functions/volume-discount-assemblyscript/node_modules");
    assert!(
        packages.join("assemblyscript").is_dir(),
        "this test needs the compiler: `npm ci` in functions/volume-discount-assemblyscript"
    );
    std::os::unix::fs::symlink(packages, project.join("node_modules")).expect("it is linked");
    (home, project)
}

/// Make the bindings of a target, and a function of this source; the next run builds it.
fn bind(project: &Path, target: &Value, source: &str) {
    write(project, "target.json", &target.to_string());
    let language = ["--language", "assemblyscript", "-o", "assembly/bindings.ts"];
    let arguments = [&["bindings", "--schema", "target.json"], &language[..]].concat();
    cartwright(project, &arguments).expect(0);
    write(project, "assembly/index.ts", source);
}

/// What a run that ends with an exit code says.
#[track_caller]
fn refusal(said: Said) -> String {
    let told = said.expect(1).json();
    told["log"].as_str().expect("a log").to_owned()
}

/// A function that reads a value of the class and writes it again, with something between.
fn echo(class: &str, between: &str) -> String {
    format!(
        "import {{ {class} }} from \"./bindings\";\n\
         import {{ readInput, writeAnswer }} from \"./streams\";\n\
         const value = {class}.parse(readInput());\n{between}\nwriteAnswer(value.toJson());\n"
    )
}

fn run(project: &Path, input: &str) -> Said {
    write(project, "input.json", input);
    cartwright(project, &["run", "-i", "input.json", "--json"])
}

fn write(project: &Path, file: &str, text: &str) {
    std::fs::write(project.join(file), text).expect("it is written");
}

#[tokio::test]
async fn what_the_first_targets_send_and_take_is_read_and_written_again() {
    let stack = Stack::shared().await;
    let ada = stack.tenant("ada").await;
    let (_home, project) = project();
    for target in ["cart.discount", "payment.filter", "shipping.rates"] {
        let target = ada.get(&format!("/v1/targets/{target}")).await.expect(200);
        let target = target.json();
        for half in ["input", "output"] {
            let class = target[format!("{half}_schema")]["title"].as_str();
            bind(&project, &target, &echo(class.expect("a title"), ""));
            let examples = target["examples"].as_array().expect("a list");
            assert!(!examples.is_empty(), "{target}");
            for example in examples {
                let ran = run(&project, &example[half].to_string()).expect(0);
                assert_eq!(ran.json()["output"], example[half]);
            }
        }
    }
}

/// A target with everything that a schema may say of shapes, and names that mean something to the compiler.
fn odd_target() -> Value {
    parsed(
        r##"{
        "input_schema": {
            "title": "OddInput", "type": "object",
            "required": ["tree", "class", "größe", "it's \"q\"", "any", "nul", "flag", "whole", "ratio", "level", "lists"],
            "properties": {
                "tree": {"$ref": "#/$defs/node"},
                "class": {"type": "string", "description": "A reserved word."},
                "größe": {"type": "number"}, "it's \"q\"": {"type": "string"},
                "any": {"oneOf": [{"type": "string"}, {"type": "number"}]}, "some": {},
                "nul": {"type": ["integer", "null"]},
                "flag": {"type": "boolean"}, "no_flag": {"type": ["boolean", "null"]},
                "whole": {"type": "integer"}, "no_whole": {"type": "integer"},
                "ratio": {"type": "number"}, "no_ratio": {"type": "number"},
                "level": {"enum": ["low", "hoch ü", "a\"b", ""]}, "no_level": {"enum": ["low", "high"]},
                "lists": {"type": "array", "items": {"type": "array", "items": {"type": ["integer", "null"]}}},
                "map": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "boolean"}}},
                "free": {"type": "object"}, "empty": {"type": "object", "properties": {}},
                "Text": {"type": "string"}, "Node": {"type": "string"}, "read": {"type": "string"},
                "toJson": {"type": "string"}, "write": {"type": "string"}, "readTextList": {"type": "string"},
                "constructor": {"type": "string"}, "a-b": {"type": "string"}, "a_b": {"type": "string"},
                "2nd": {"type": "string"}, "": {"type": "string"}, "has_flag": {"type": "string"},
                "i32": {"type": "integer"}, "i64": {"type": "integer"}, "f64": {"type": "number"}, "Array": {"type": "array", "items": {"type": "string"}}
            },
            "$defs": {"node": {
                "title": "Node", "type": "object", "required": ["name"],
                "properties": {
                    "name": {"type": "string"}, "next": {"$ref": "#/$defs/node"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}
                }
            }}
        },
        "output_schema": {"type": ["array", "null"], "items": {"title": "Map", "type": "number"}}
    }"##,
    )
}

fn odd_input() -> Value {
    let mut input = parsed(
        r##"{
        "tree": {"name": "a", "next": {"name": "b"}, "children": [{"name": "c", "children": []}]},
        "class": "\"\\/\u0001\n\u007fü中😀", "größe": 1.5, "it's \"q\"": "'",
        "any": {"a": [1, null, "ü"]}, "some": null, "nul": null, "flag": true, "whole": 0, "no_whole": 0,
        "ratio": 1e300, "no_ratio": -2.5e-7, "level": "hoch ü", "no_level": "high",
        "lists": [[1, null], []], "map": {"ü\"": [true, false], "": []}, "free": {"x": {"y": null}}, "empty": {},
        "Text": "t", "Node": "n", "read": "r", "toJson": "j", "write": "w", "readTextList": "l", "constructor": "c",
        "a-b": "1", "a_b": "2", "2nd": "3", "": "4", "has_flag": "5", "i32": 6, "i64": 7, "f64": 0.1, "Array": ["7"]
    }"##,
    );
    input["whole"] = json!(i64::MIN);
    input["no_whole"] = json!(i64::MAX);
    input
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn every_shape_and_every_name_is_read_and_written_again_and_what_does_not_fit_is_refused() {
    let (_home, project) = project();
    let between = "if (value.i32 == null) value.ratio = value.ratio / <f64>value.whole;";
    bind(&project, &odd_target(), &echo("OddInput", between));
    let mut input = odd_input();
    let mut sent = input.clone();
    sent["unknown"] = json!([{"a": 1}]);
    sent["no_flag"] = Value::Null;

    let ran = run(&project, &sent.to_string()).expect(0);

    assert_eq!(ran.json()["output"], input);
    for (member, value, says) in [
        ("class", json!(1), "expected a string"),
        ("flag", json!(null), "expected true or false"),
        (
            "whole",
            json!(9_223_372_036_854_775_808_u64),
            "expected a whole number",
        ),
        ("whole", json!(0.5), "expected a whole number"),
        ("ratio", json!("1"), "expected a number"),
        ("level", json!("high"), r#"expected one of "low", "#),
        (
            "tree",
            json!({"next": {"name": "b"}}),
            r#"Node has no "name""#,
        ),
    ] {
        let mut wrong = odd_input();
        wrong[member] = value;
        let told = refusal(run(&project, &wrong.to_string()));
        assert!(told.contains(says), "{says}: {told}");
    }
    let told = refusal(run(&project, r#"{"class":"a","class":"b"}"#));
    assert!(told.contains(r#""class" stands here twice"#), "{told}");

    // A division by zero has no number in JSON, and is not written.
    input.as_object_mut().expect("an object").remove("i32");
    input["whole"] = json!(0);
    let told = refusal(run(&project, &input.to_string()));
    let says = "NaN and Infinity are no numbers in JSON";
    assert!(told.contains(says), "{told}");

    let source = "import { formatOutput, parseOutput } from \"./bindings\";\n\
        import { readInput, writeAnswer } from \"./streams\";\n\
        writeAnswer(formatOutput(parseOutput(readInput())));\n";
    bind(&project, &odd_target(), source);
    for output in ["null", "[0,-1.25,1e21,100000000000000000000]"] {
        let ran = run(&project, output).expect(0);
        assert_eq!(ran.json()["output"], parsed(output));
    }
}
