//! The Firefox Profiler's "processed profile": one thread whose samples are stacks, weighed by the fuel they burned.
//! <https://profiler.firefox.com> opens it, and computes in the browser alone.

use serde_json::{Value, json};

use super::tree::{Tree, shown};

/// The newest version of the format that this writes; the profiler brings older ones up to date itself.
const FORMAT_VERSION: u32 = 47;
const GECKO_VERSION: u32 = 27;

/// Categories, by their place in the list.
const MODULE: u32 = 0;
const HOST: u32 = 1;

/// The profile as a document. Its timeline counts fuel: a thousand units of fuel are shown as a microsecond.
pub(super) fn document(tree: &Tree, title: &str) -> Value {
    let mut strings = Strings::default();
    let functions: Vec<usize> = tree
        .nodes
        .iter()
        .map(|node| strings.index(&shown(&node.function, node.host)))
        .collect();
    let length = tree.nodes.len();
    let category: Vec<u32> = tree
        .nodes
        .iter()
        .map(|node| if node.host { HOST } else { MODULE })
        .collect();
    let zeros = vec![0; length];
    let nulls = vec![Value::Null; length];
    let names = strings.list;
    let places: Vec<usize> = (0..length).collect();
    let prefix: Vec<Option<usize>> = tree.nodes.iter().map(|node| node.parent).collect();
    let of_each_name = |value: Value| vec![value; names.len()];
    let thread = json!({
        "name": title, "processType": "default", "processName": "cartwright", "isMainThread": true,
        "processStartupTime": 0, "processShutdownTime": null, "registerTime": 0, "unregisterTime": null,
        "pausedRanges": [], "pid": "0", "tid": 0,
        "frameTable": {
            "length": length, "address": vec![-1; length], "inlineDepth": zeros, "category": category,
            "subcategory": zeros, "func": functions, "nativeSymbol": nulls, "innerWindowID": zeros,
            "implementation": nulls, "line": nulls, "column": nulls,
        },
        "funcTable": {
            "length": names.len(), "name": (0..names.len()).collect::<Vec<_>>(), "isJS": of_each_name(false.into()),
            "relevantForJS": of_each_name(false.into()), "resource": of_each_name((-1).into()),
            "fileName": of_each_name(Value::Null), "lineNumber": of_each_name(Value::Null),
            "columnNumber": of_each_name(Value::Null),
        },
        "stackTable": {
            "length": length, "frame": places, "prefix": prefix, "category": category, "subcategory": zeros,
        },
        "samples": samples(tree),
        "nativeSymbols": {"length": 0, "address": [], "functionSize": [], "libIndex": [], "name": []},
        "resourceTable": {"length": 0, "lib": [], "name": [], "host": [], "type": []},
        "markers": {
            "length": 0, "category": [], "data": [], "endTime": [], "name": [], "phase": [], "startTime": [],
        },
        "stringArray": names,
    });
    json!({
        "meta": {
            "version": GECKO_VERSION, "preprocessedProfileVersion": FORMAT_VERSION, "product": format!("fuel of {title}"),
            "importedFrom": "cartwright", "interval": 1, "startTime": 0, "processType": 0, "stackwalk": 1, "debug": false,
            "symbolicated": true, "markerSchema": [],
            "categories": [
                {"name": "Function", "color": "yellow", "subcategories": ["Other"]},
                {"name": "Host call", "color": "blue", "subcategories": ["Other"]},
            ],
        },
        "libs": [], "pages": [], "counters": [], "profilerOverhead": [], "threads": [thread],
    })
}

/// One sample for each stack that burned something itself.
fn samples(tree: &Tree) -> Value {
    let (mut stacks, mut times, mut weights, mut burned) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for index in tree.in_order() {
        let fuel = tree.nodes[index].fuel;
        if fuel > 0 {
            stacks.push(index);
            times.push(burned as f64 / 1e6);
            weights.push(fuel);
            burned += fuel;
        }
    }
    json!({
        "length": stacks.len(), "stack": stacks, "time": times, "weight": weights, "weightType": "samples",
    })
}

/// Texts by their place in one list.
#[derive(Default)]
struct Strings {
    list: Vec<String>,
    places: std::collections::HashMap<String, usize>,
}

impl Strings {
    fn index(&mut self, text: &str) -> usize {
        if let Some(place) = self.places.get(text) {
            return *place;
        }
        self.list.push(text.to_owned());
        self.places.insert(text.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

#[cfg(test)]
mod tests {
    use super::super::tree::tests::small;
    use super::*;

    #[test]
    fn every_stack_is_a_sample_weighed_by_its_fuel() {
        let document = document(&small(), "discount.wasm");
        let thread = &document["threads"][0];
        assert_eq!(
            thread["stringArray"],
            json!(["run", "main", "fd_write (host)", "fee<&u8>"])
        );
        assert_eq!(thread["stackTable"]["prefix"], json!([null, 0, 1, 1, 3]));
        assert_eq!(thread["samples"]["stack"], json!([0, 1, 3, 4, 2]));
        assert_eq!(thread["samples"]["weight"], json!([5, 10, 300, 85, 200]));
        // Every column of a table is as long as the table says.
        for (name, table) in thread.as_object().expect("it is one") {
            let Some(length) = table["length"].as_u64() else {
                continue;
            };
            for (column, values) in table.as_object().expect("it is one") {
                if let Some(values) = values.as_array() {
                    assert_eq!(values.len() as u64, length, "{name}.{column}");
                }
            }
        }
    }
}
