use std::collections::HashMap;
use std::time::{Duration, Instant};

use cel::{Context, Program};
use serde_json::json;

use super::*;

const STEPS: u64 = 100_000;

fn order() -> Json {
    json!({
        "id": "0192", "type": "orders/paid", "time": "2026-01-02T03:04:05Z", "source": null,
        "data": {
            "total": 120, "price": "99.50", "rate": 0.25, "big": 18_446_744_073_709_551_615_u64, "currency": "EUR", "vip": true, "none": null,
            "lines": [{"sku": "a", "n": 1}, {"sku": "b", "n": 3}], "tags": ["new", "gift"], "at": {"de": {"city": "Köln"}},
        },
    })
}

fn holds(text: &str, event: &Json) -> Result<bool, Failure> {
    let expression = Expression::read(text).unwrap_or_else(|flaw| panic!("{text}: {flaw}"));
    expression.holds(event, &mut STEPS.clone())
}

fn made(text: &str, event: &Json) -> String {
    let json = Expression::read(text).unwrap().json(event, STEPS).unwrap();
    String::from_utf8(json).unwrap()
}

/// The same for the crate. Its own reading of JSON makes every positive integer a uint, which CEL then adds to no int.
fn theirs(json: &Json) -> cel::Value {
    match json {
        Json::Null => cel::Value::Null,
        Json::Bool(bool) => (*bool).into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(int), _) => int.into(),
            (None, Some(uint)) => uint.into(),
            _ => number.as_f64().unwrap().into(),
        },
        Json::String(text) => text.clone().into(),
        Json::Array(array) => array.iter().map(theirs).collect::<Vec<_>>().into(),
        Json::Object(object) => {
            let entries = object
                .iter()
                .map(|(key, value)| (key.clone(), theirs(value)));
            entries.collect::<HashMap<_, _>>().into()
        }
    }
}

/// Each beside the crate's own evaluation, which is what the language says.
#[test]
fn a_filter_says_what_the_crate_says() {
    let event = order();
    let mut context = Context::default();
    context.add_variable_from_value("event", theirs(&event));
    for (text, expected) in [
        ("event.type == 'orders/paid'", true),
        (
            "event.data.total > 100 && event.data.currency in ['EUR', 'USD']",
            true,
        ),
        ("event.data.total >= 120.0", true),
        ("event.data.total < 119.5 || event.data.total != 120", false),
        ("event.data.big > 5", true),
        ("event.data.big == 18446744073709551615u", true),
        ("double(event.data.price) < 100.0", true),
        ("int('12') + 3 == 15 && uint(4) * 2u == 8u", true),
        ("event.data.lines.all(l, l.n > 0)", true),
        ("event.data.lines.exists(l, l.sku == 'b' && l.n == 3)", true),
        ("event.data.lines.exists_one(l, l.n > 0)", false),
        ("event.data.lines.exists_one(l, l.n > 1)", true),
        ("event.data.lines.map(l, l.n) == [1, 3]", true),
        ("event.data.lines.map(l, l.n > 1, l.sku) == ['b']", true),
        ("event.data.lines.filter(l, l.n > 1).size() == 1", true),
        (
            "event.data.lines.all(l, event.data.tags.exists(t, t != l.sku))",
            true,
        ),
        ("has(event.data.vip) && !has(event.data.missing)", true),
        ("event.data.missing == 1 || event.data.vip", true),
        ("event.data.vip || event.data.missing == 1", true),
        ("event.data.vip ? size(event.data.tags) == 2 : false", true),
        ("'gift' in event.data.tags && !('x' in event.data.at)", true),
        (
            "event.data.at.de.city.startsWith('K') && event.data.at['de'].city.endsWith('ln')",
            true,
        ),
        ("size('Köln') == 4 && 'Köln'.size() == 4", true),
        ("event.data.tags[1].contains('if')", true),
        ("event.data.tags + ['x'] == ['new', 'gift', 'x']", true),
        ("event.data.none == null && event.data.none != 0", true),
        (
            "-event.data.total == -120 && event.data.total % 7 == 1",
            true,
        ),
        (
            "event.data.total / 7 == 17 && event.data.rate * 2.0 == 0.5",
            true,
        ),
        ("{'a': [1, 2.0]} == {'a': [1.0, 2]}", true),
        ("'a' + 'b' == 'ab' && 'b' > 'a' && true > false", true),
        ("1 == 'one' || [1] == [2]", false),
        ("event.data.at.map(k, k) == ['de']", true),
        ("string(1.5) == '1.5' && string(true) == 'true'", true),
        ("'\\u00e9'.size() == 1 && r'\\d'.size() == 2", true),
        ("[].all(x, x > 1) && ![].exists(x, x > 1)", true),
    ] {
        assert_eq!(holds(text, &event), Ok(expected), "{text}");
        let said = Program::compile(text).unwrap().execute(&context);
        assert_eq!(said.unwrap(), cel::Value::Bool(expected), "{text}");
    }
}

#[test]
fn what_cannot_be_evaluated_fails_there_and_here_alike() {
    let event = order();
    let mut context = Context::default();
    context.add_variable_from_value("event", theirs(&event));
    for text in [
        "event.data.missing == 1",
        "event.data.total.x == 1",
        "event.data.total + 1.5 == 2.0",
        "event.data.total + 'x' == 'x'",
        "1 / 0 == 1",
        "1 % 0 == 1",
        "9223372036854775807 + 1 > 0",
        "-9223372036854775807 - 2 < 0",
        "0u - 1u == 0u",
        "event.data.tags[2] == 'x'",
        "event.data.tags[-1] == 'x'",
        "'a' < 1",
        "1 in 'abc'",
        "int('x') == 1",
        "int(1e19) == 1",
        "event.data.vip && 1",
        "event.data.total ? true : false",
        "!event.data.total",
        "event.data.tags.all(t, t > 1)",
    ] {
        assert!(holds(text, &event).is_err(), "{text}");
        let said = Program::compile(text).unwrap().execute(&context);
        assert!(said.is_err(), "{text}: {said:?}");
    }
    // Theirs is a value, and no filter.
    assert!(holds("event.data.total", &event).is_err());
}

#[test]
fn a_transform_makes_json() {
    let event = order();
    for (text, expected) in [
        ("event.data.at", r#"{"de":{"city":"Köln"}}"#),
        (
            "{'z': event.data.total, 'a': [event.data.none, 1.5, 'x\\n']}",
            r#"{"z":120,"a":[null,1.5,"x\n"]}"#,
        ),
        (
            "event.data.lines.map(l, {'sku': l.sku})",
            r#"[{"sku":"a"},{"sku":"b"}]"#,
        ),
        ("event.type", r#""orders/paid""#),
        ("event.data.big", "18446744073709551615"),
    ] {
        assert_eq!(made(text, &event), expected, "{text}");
    }
    let not_json = Expression::read("1.0 / 0.0").unwrap().json(&event, STEPS);
    assert!(matches!(not_json, Err(Failure::Event(_))));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_place() {
    let place = |text: &str| {
        let flaw = Expression::read(text).expect_err(text);
        (flaw.line, flaw.column)
    };
    assert_eq!(place("event.data.total >"), (1, 19));
    assert_eq!(place("event.type == 'a' &&\n  evnt.type == 'b'"), (2, 3));
    assert_eq!(place("event.data.x.matches('a+')").0, 1);
    assert_eq!(place(""), (1, 1));
    assert_eq!(place("true && b'bytes' == b'x'"), (1, 9));
    for bad in [
        "event.?data",
        "type(event) == int",
        "Money{amount: 1}",
        "event.data.map(x)",
        "x",
        "'unclosed",
        "a ++ b",
        "event..data",
        "timestamp(event.time) > 1",
        "\u{0}",
    ] {
        assert!(Expression::read(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn what_cannot_be_parsed_is_refused_in_plain_words() {
    let cases = [
        (
            "event.data.total >",
            "line 1, column 19: it ends, and after `>` a value must follow",
        ),
        (
            r"b'\q'",
            "line 1, column 1: this string has a `\\` that means nothing: write `\\\\` for one, or r'…'",
        ),
        (
            "event.data.",
            "line 1, column 12: it ends, and after `.` a name must follow",
        ),
        (
            "event..data",
            "line 1, column 7: met `.`, and after `.` a name must follow",
        ),
        (
            "event.data.paid ? 1",
            "line 1, column 20: it ends, and a choice needs both values: `condition ? one : other`",
        ),
        (
            "event.type = 'a'",
            "line 1, column 12: met `=`: write `==` to compare",
        ),
        (
            "event.type === 'a'",
            "line 1, column 14: met `=`: write `==` to compare",
        ),
        (
            "event.data.a & event.data.b",
            "line 1, column 14: met `&`: write `&&` for and",
        ),
        (
            "event.data.a\nAND event.data.b",
            "line 2, column 1: met `AND`: write `&&` for and",
        ),
        (
            "not event.data.paid",
            "line 1, column 5: met `event` after `not`: write `!` for not",
        ),
        (
            "event.type == \u{201c}a\u{201d}",
            "line 1, column 15: met `\u{201c}`: write ' or \" around a string",
        ),
        (
            "event.type == 'it's'",
            "line 1, column 20: the string that begins here has no end: close it with the same quote",
        ),
        (
            "event.data.total > 100 event.type",
            "line 1, column 24: met `event` after `100`, where only an operator such as `==`, `&&` or `||` can stand, or the end",
        ),
        (
            "event.data.a && && event.data.b",
            "line 1, column 17: met `&&`, and after `&&` a value must follow",
        ),
        (
            "== 1",
            "line 1, column 1: met `==`, and a value must stand here",
        ),
        (
            "size(event.data.lines",
            "line 1, column 22: it ends, and the `(` of line 1, column 5 is not closed",
        ),
        (
            "event.data.lines[0)",
            "line 1, column 19: met `)`, which does not close the `[` of line 1, column 17",
        ),
        (
            "event.data.a)",
            "line 1, column 13: met `)`, and no `(` is open",
        ),
        (
            "event.data.für 1",
            "line 1, column 12: met `für`: names have the letters a to z, digits and `_`; write ['für'] for a member with another name",
        ),
        (
            "event.data.a > 99999999999999999999",
            "line 1, column 16: a whole number is at most 9223372036854775807",
        ),
        (
            "has(event)",
            "line 1, column 5: `has` asks for a member, as in has(event.data.customer)",
        ),
        (
            "event.data.all(1, true)",
            "line 1, column 16: what goes through a list begins with a name, as in .exists(line, line.quantity > 1)",
        ),
    ];
    let said = |text: &&str| Expression::read(text).expect_err(text).to_string();
    let wrong = cases.iter().map(|(text, expected)| (said(text), *expected));
    let wrong: Vec<_> = wrong.filter(|(said, expected)| said != expected).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// On a stack as small as those of the threads that serve requests.
#[test]
fn hostile_expressions_are_read_or_refused_at_once_on_a_small_stack() {
    let read_all = || {
        let event = order();
        let repeated = |part: &str| part.repeat(BYTES_MAX / part.len());
        let texts = [
            repeated("("),
            repeated("["),
            repeated("{'a':"),
            repeated("!"),
            repeated("-"),
            format!("{}true", repeated("!").split_at(1_000).0),
            format!("event{}", ".a".repeat(1_000)),
            format!("event{}", "[0]".repeat(600)),
            format!("1{}", "+1".repeat(1_000)),
            format!("true{}", "&&true".repeat(300)),
            format!("true{}", "||1<2".repeat(300)),
            format!("{}true", "true?false:".repeat(40)),
            format!("{}1{}", "(".repeat(48), ")".repeat(48)),
            format!("{}1{}", "[".repeat(48), "]".repeat(48)),
            format!("{}1{}", "[1].map(x,".repeat(40), ")".repeat(40)),
            format!("event{}", ".map(x,x)".repeat(200)),
            repeated("a?"),
            repeated("'"),
            repeated("\\"),
            repeated("𝒳"),
            "1".repeat(BYTES_MAX),
            "a".repeat(BYTES_MAX + 1),
        ];
        for text in texts {
            let begun = Instant::now();
            if let Ok(expression) = Expression::read(&text) {
                let _ = expression.holds(&event, &mut STEPS.clone());
            }
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(1), "{took:?}: {text:.80}");
        }
    };
    let small = std::thread::Builder::new().stack_size(2 << 20);
    small.spawn(read_all).unwrap().join().unwrap();
}

#[test]
fn an_expression_that_would_run_for_hours_ends_soon() {
    let event = json!({"data": {
        "a": vec![1; 30_000], "b": vec!["x"; 30_000], "s": "y".repeat(200_000),
    }});
    for text in [
        "event.data.a.all(x, event.data.b.all(y, event.data.a.all(z, x + z > 0)))",
        "event.data.a.all(x, x == 2 || !(x in event.data.b))",
        "event.data.a.map(x, event.data.s + 'x').size() > 0",
        "event.data.a.all(x, event.data.a == event.data.a)",
        "event.data.a.map(x, event.data.a + event.data.a).size() > 0",
        "event.data.a.all(x, event.data.s.contains('yz') || true)",
        "event.data.a.all(x, event.data.s == event.data.s + '')",
        "event.data.a.all(x, event.data.s >= event.data.s)",
        "event.data.a.all(x, event.data.s.size() > 0)",
    ] {
        let begun = Instant::now();
        let failed = holds(text, &event);
        assert_eq!(failed, Err(Failure::TooCostly(STEPS)), "{text}");
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(1), "{text}: {took:?}");
    }
    let copied = Expression::read("event.data.a.map(x, event.data.s)").unwrap();
    let written = copied.json(&event, 10_000_000);
    assert!(matches!(written, Err(Failure::Event(_))), "too long");
}
