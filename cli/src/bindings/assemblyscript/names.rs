//! Names and texts as AssemblyScript writes them.

use super::super::names::snake;

/// Names of types that a file of bindings uses, beside those that are taken in every language.
pub(in super::super) const TAKEN: [&str; 9] = [
    "Boolean",
    "ExitCode",
    "Integer",
    "Json",
    "JsonReader",
    "JsonWriter",
    "Map",
    "Number",
    "Text",
];

/// What the compiler takes for no name of a variable, and what the bindings call their own.
const RESERVED: [&str; 62] = [
    "abstract",
    "async",
    "await",
    "bool",
    "break",
    "case",
    "catch",
    "class",
    "const",
    "constructor",
    "continue",
    "debugger",
    "declare",
    "default",
    "delete",
    "do",
    "else",
    "enum",
    "export",
    "extends",
    "f64",
    "false",
    "finally",
    "for",
    "function",
    "i64",
    "if",
    "implements",
    "import",
    "in",
    "instanceof",
    "interface",
    "let",
    "made",
    "new",
    "null",
    "of",
    "override",
    "package",
    "private",
    "protected",
    "public",
    "reader",
    "return",
    "static",
    "string",
    "super",
    "switch",
    "this",
    "throw",
    "toJson",
    "true",
    "try",
    "typeof",
    "unreachable",
    "var",
    "void",
    "while",
    "with",
    "write",
    "writer",
    "yield",
];

/// What a member's field is called: as in JSON where that is a name, with a line after it where the name means something else.
pub(super) fn field(name: &str, is_type: impl Fn(&str) -> bool) -> String {
    let is_name = name
        .chars()
        .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && !name.starts_with(|first: char| first.is_ascii_digit())
        && !name.is_empty();
    let field = if is_name {
        name.to_owned()
    } else {
        snake(name)
    };
    if RESERVED.contains(&&*field) || is_function(&field) || is_type(&field) {
        field + "_"
    } else {
        field
    }
}

/// Whether a function that reads or writes values may have the name.
fn is_function(name: &str) -> bool {
    let of = ["read", "write"]
        .into_iter()
        .find_map(|verb| name.strip_prefix(verb));
    of.is_some_and(|of| of.starts_with(|first: char| first.is_ascii_uppercase()))
}

/// A text in quotes, of ASCII alone: what JSON and AssemblyScript both read as that text.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ (b'"' | b'\\')) => quoted.extend(['\\', char::from(byte)]),
            Ok(byte @ b' '..=b'~') => quoted.push(char::from(byte)),
            _ => quoted += &format!("\\u{unit:04x}"),
        }
    }
    quoted + "\""
}

/// A piece of source that is that text, in the quotes that need fewer escapes.
pub(super) fn literal(text: &str) -> String {
    if text.contains(['\'', '\\']) || !text.contains('"') {
        quoted(text)
    } else {
        let quoted = quoted(&text.replace('"', "'"));
        format!("'{}'", quoted[1..quoted.len() - 1].replace('\'', "\""))
    }
}

/// A piece of source for the text's bytes in UTF-8, each as one unit: so the template compares names.
pub(super) fn bytes(text: &str) -> String {
    let units: String = text.bytes().map(char::from).collect();
    literal(&units)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_called_as_in_json_unless_that_is_no_name_or_means_something_else() {
        let fields = [
            "unit_price",
            "weightGrams",
            "class",
            "toJson",
            "readKind",
            "Line",
            "a-b",
            "größe",
            "2nd",
            "",
        ]
        .map(|name| field(name, |field| field == "Line"));
        assert_eq!(
            fields,
            [
                "unit_price",
                "weightGrams",
                "class_",
                "toJson_",
                "readKind_",
                "Line_",
                "a_b",
                "gr_e",
                "n2nd",
                "member"
            ]
        );
    }

    #[test]
    fn a_text_is_written_in_ascii() {
        assert_eq!(quoted("a\"\\\n😀"), r#""a\"\\\u000a\ud83d\ude00""#);
        assert_eq!(literal("\"a\":"), "'\"a\":'");
        assert_eq!(literal("it's \"a\""), r#""it's \"a\"""#);
        assert_eq!(bytes("ö"), r#""\u00c3\u00b6""#);
    }
}
