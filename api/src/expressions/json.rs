//! Writes a value as JSON. What an expression names of the event may stand in its value many times, so writing costs too.

use serde::ser::{Error, Serialize, SerializeMap, SerializeSeq, Serializer};

use super::Failure;
use super::evaluate::Evaluation;
use super::value::Value;

/// Bytes of JSON that an expression may make.
pub(super) const BYTES_MAX: usize = 1 << 20;

/// The JSON of this value.
pub(super) fn write(value: &Value<'_>, evaluation: &mut Evaluation) -> Result<Vec<u8>, Failure> {
    let mut out = Bounded(Vec::new());
    serde_json::to_writer(&mut out, &Written(value)).map_err(|error| {
        Failure::Event(if error.is_io() {
            format!("what the expression makes is over {BYTES_MAX} bytes long")
        } else {
            error.to_string()
        })
    })?;
    evaluation.spend_bytes(out.0.len())?;
    Ok(out.0)
}

/// Takes so many bytes and no more.
struct Bounded(Vec<u8>);

impl std::io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > BYTES_MAX {
            return Err(std::io::ErrorKind::FileTooLarge.into());
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

struct Written<'w, 'a>(&'w Value<'a>);

impl Serialize for Written<'_, '_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Null => to.serialize_unit(),
            Value::Bool(bool) => to.serialize_bool(*bool),
            Value::Int(int) => to.serialize_i64(*int),
            Value::UInt(uint) => to.serialize_u64(*uint),
            Value::Double(double) if double.is_finite() => to.serialize_f64(*double),
            Value::Double(double) => Err(S::Error::custom(format!("JSON has no number {double}"))),
            Value::Text(text) => to.serialize_str(text.as_str()),
            Value::Array(array) => array.serialize(to),
            Value::Object(object) => object.serialize(to),
            Value::List(list) => {
                let mut elements = to.serialize_seq(Some(list.len()))?;
                for each in list.iter() {
                    elements.serialize_element(&Written(each))?;
                }
                elements.end()
            }
            Value::Map(map) => {
                let mut entries = to.serialize_map(Some(map.len()))?;
                for (key, each) in map.iter() {
                    entries.serialize_entry(key.as_str(), &Written(each))?;
                }
                entries.end()
            }
        }
    }
}
