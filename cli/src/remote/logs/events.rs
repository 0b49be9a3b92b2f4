//! Server-sent events, as the HTML standard has them, out of bytes that come in any pieces.

/// One event.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Event {
    /// What it is: `message` where it was not said.
    pub(super) name: String,
    /// Its data, the lines of it joined.
    pub(super) data: String,
    /// The last id that was seen up to and with it.
    pub(super) id: Option<String>,
}

/// Takes bytes, gives events. It keeps the last id, by which a stream goes on after it broke.
#[derive(Default)]
pub(super) struct Events {
    bytes: Vec<u8>,
    name: String,
    data: Vec<String>,
    last_id: Option<String>,
    after_return: bool,
}

impl Events {
    /// The last id that was seen.
    pub(super) fn last_id(&self) -> Option<&str> {
        self.last_id.as_deref()
    }

    /// A new connection: what was begun on the old one will not be finished. The last id stays.
    pub(super) fn begin_again(&mut self) {
        let last_id = self.last_id.take();
        *self = Self {
            last_id,
            ..Self::default()
        };
    }

    /// Take the next bytes in; the events that they complete.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut events = Vec::new();
        for byte in bytes {
            // A line ends with CR, LF, or both.
            let follows_return = std::mem::replace(&mut self.after_return, *byte == b'\r');
            match byte {
                b'\n' if follows_return => {}
                b'\n' | b'\r' => {
                    let line = String::from_utf8_lossy(&self.bytes).into_owned();
                    self.bytes.clear();
                    events.extend(self.line(&line));
                }
                byte => self.bytes.push(*byte),
            }
        }
        events
    }

    fn line(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            return self.complete();
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => self.name = value.to_owned(),
            "data" => self.data.push(value.to_owned()),
            "id" if !value.contains('\0') => self.last_id = Some(value.to_owned()),
            // Comments, which are heartbeats, have an empty field; others are of a later standard.
            _ => {}
        }
        None
    }

    fn complete(&mut self) -> Option<Event> {
        let (name, data) = (
            std::mem::take(&mut self.name),
            std::mem::take(&mut self.data),
        );
        (!data.is_empty()).then(|| Event {
            name: if name.is_empty() {
                "message".to_owned()
            } else {
                name
            },
            data: data.join("\n"),
            id: self.last_id.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = ": heartbeat\n\nevent: open\r\ndata: {}\r\n\r\nid: 1.0\nevent: line\ndata: é\ndata:two\n\ndata\rid: 1.1\r\revent: nothing\n\n";

    fn seen(piece_bytes: usize) -> Vec<(String, String, Option<String>)> {
        let mut events = Events::default();
        STREAM
            .as_bytes()
            .chunks(piece_bytes)
            .flat_map(|piece| events.take(piece))
            .map(|event| (event.name, event.data, event.id))
            .collect()
    }

    #[test]
    fn events_are_the_same_however_their_bytes_come() {
        let own = |text: &str| text.to_owned();
        let expected = [
            (own("open"), own("{}"), None),
            (own("line"), own("é\ntwo"), Some(own("1.0"))),
            (own("message"), own(""), Some(own("1.1"))),
        ];
        for piece_bytes in [1, 2, 3, 7, 1000] {
            assert_eq!(seen(piece_bytes), expected, "pieces of {piece_bytes}");
        }
    }

    #[test]
    fn what_a_broken_connection_had_begun_is_forgotten_and_its_last_id_is_not() {
        let mut events = Events::default();
        events.take(b"id: 7\ndata: half");
        events.begin_again();
        assert_eq!(events.last_id(), Some("7"));
        let next = events.take(b"data: whole\n\n");
        assert_eq!(next[0].data, "whole");
    }
}
