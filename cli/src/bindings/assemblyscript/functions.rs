//! The functions that read and write lists, maps and what may be `null`: one pair for each such type that is used.

use std::fmt::Write;

use super::super::types::Type;
use super::values::Values;

/// Both functions of a type, called so after `read` and `write`.
pub(super) fn write(text: &mut String, ty: &Type, name: &str, values: &mut Values<'_>) {
    match ty {
        Type::List(item) => list(text, values, ty, item, name),
        Type::Map(value) => map(text, values, ty, value, name),
        Type::Nullable(_) => nullable(text, values, ty, name),
        _ => unreachable!("functions are kept for no other types"),
    }
}

fn list(text: &mut String, values: &mut Values<'_>, ty: &Type, item: &Type, name: &str) {
    let list = values.of(ty);
    let (read, write) = (values.read(item), values.write(item, "list[i]"));
    write!(
        text,
        "\nfunction read{name}(reader: JsonReader): {list} {{\n  \
           const list = new {list}();\n  \
           reader.enterArray();\n  \
           while (reader.nextElement()) list.push({read});\n  \
           return list;\n\
         }}\n\n\
         function write{name}(writer: JsonWriter, list: {list}): void {{\n  \
           writer.raw(\"[\");\n  \
           for (let i = 0; i < list.length; i++) {{\n    \
             writer.element();\n    \
             {write};\n  \
           }}\n  \
           writer.raw(\"]\");\n\
         }}\n"
    )
    .ok();
}

fn map(text: &mut String, values: &mut Values<'_>, ty: &Type, value: &Type, name: &str) {
    let map = values.of(ty);
    let (read, write) = (values.read(value), values.write(value, "values[i]"));
    write!(
        text,
        "\nfunction read{name}(reader: JsonReader): {map} {{\n  \
           const map = new {map}();\n  \
           reader.enterObject();\n  \
           while (reader.nextMember()) {{\n    \
             const name = reader.memberName();\n    \
             map.set(name, {read});\n  \
           }}\n  \
           return map;\n\
         }}\n\n\
         function write{name}(writer: JsonWriter, map: {map}): void {{\n  \
           const names = map.keys();\n  \
           const values = map.values();\n  \
           writer.raw(\"{{\");\n  \
           for (let i = 0; i < names.length; i++) {{\n    \
             writer.key(names[i]);\n    \
             {write};\n  \
           }}\n  \
           writer.raw(\"}}\");\n\
         }}\n"
    )
    .ok();
}

fn nullable(text: &mut String, values: &mut Values<'_>, ty: &Type, name: &str) {
    let nullable = values.of(ty);
    let read = values.read_inner(ty);
    let write = values.write_inner(ty, "value");
    write!(
        text,
        "\nfunction read{name}(reader: JsonReader): {nullable} {{\n  \
           if (reader.takeNull()) return null;\n  \
           return {read};\n\
         }}\n\n\
         function write{name}(writer: JsonWriter, value: {nullable}): void {{\n  \
           if (value == null) {{\n    \
             writer.raw(\"null\");\n  \
           }} else {{\n    \
             {write};\n  \
           }}\n\
         }}\n"
    )
    .ok();
}
