//! The place of each key in Redis: held while its request is worked on, then the answer, for a day.
//!
//! A value is one letter (`h`eld, `k`ept, `l`arge), 32 bytes of what was asked, and what the letter needs more.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::Script;

use crate::fleet_memory::{FleetMemory, Unreachable};
use crate::mint;

/// A hold that nobody renews ends after so long: so long is a key locked by a process that died.
const LEASE: Duration = Duration::from_secs(4);

/// Renewed as often while the request is worked on.
pub(super) const RENEW_EVERY: Duration = Duration::from_millis(1_200);

/// An answer is kept for so long. The charge key is kept unique for longer, by billing.
const KEEP_FOR: Duration = Duration::from_secs(24 * 60 * 60);

/// What was asked under a key: two requests are the same when theirs are.
pub(crate) type Fingerprint = [u8; 32];

/// What stands at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) asked: Fingerprint,
    pub(super) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum What {
    /// Somebody works on it.
    Held,
    /// The answer, as it was given.
    Kept(Bytes),
    /// It was answered, with more than is kept.
    Large,
}

/// What came of the try to hold a place.
pub(super) enum Try {
    /// It is ours now.
    Ours(Hold),
    /// It is not.
    Stands(Standing),
    /// It was not, and the hold ended while we looked.
    Gone,
}

/// The value that a place has while it is ours.
pub(super) struct Hold(Vec<u8>);

/// All places.
pub(super) struct Places {
    memory: Arc<FleetMemory>,
    renew: Script,
    release: Script,
    keep: Script,
}

impl Places {
    pub(super) fn new(memory: Arc<FleetMemory>) -> Self {
        Self {
            memory,
            // Each only if the place is still as we left it.
            renew: Script::new(
                "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('pexpire', KEYS[1], ARGV[2]) end return 0",
            ),
            release: Script::new(
                "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0",
            ),
            // Whoever answers first stands, even when the hold had passed on to another.
            keep: Script::new(
                "local stands = redis.call('get', KEYS[1]) \
                 if stands and string.sub(stands, 1, 1) ~= 'h' then return stands end \
                 redis.call('set', KEYS[1], ARGV[1], 'px', ARGV[2]) return false",
            ),
        }
    }

    /// Hold a place if it is free.
    pub(super) async fn hold(
        &self,
        place: &[u8; 32],
        asked: &Fingerprint,
    ) -> Result<Try, Unreachable> {
        let mine = Hold(value(b'h', asked, &mint::id_bytes()));
        let ask = async |mut connection| {
            redis::pipe()
                .cmd("SET")
                .arg(name(place))
                .arg(&mine.0)
                .arg("NX")
                .arg("PX")
                .arg(millis(LEASE))
                .ignore()
                .get(name(place))
                .query_async::<(Option<Vec<u8>>,)>(&mut connection)
                .await
        };
        let (found,) = self.memory.ask(ask).await?;
        Ok(match found {
            None => Try::Gone,
            Some(found) if found == mine.0 => Try::Ours(mine),
            Some(found) => Try::Stands(standing(found).ok_or(Unreachable)?),
        })
    }

    /// Hold it for longer.
    pub(super) async fn renew(&self, place: &[u8; 32], hold: &Hold) {
        let mut script = self.renew.key(name(place));
        script.arg(&hold.0).arg(millis(LEASE));
        let ask = async |mut connection| script.invoke_async::<i64>(&mut connection).await;
        // Without an answer it may pass on to another, and the two are billed once.
        self.memory.ask(ask).await.ok();
    }

    /// Leave it as if nothing had been asked.
    pub(super) async fn release(&self, place: &[u8; 32], hold: &Hold) {
        let mut script = self.release.key(name(place));
        script.arg(&hold.0);
        let ask = async |mut connection| script.invoke_async::<i64>(&mut connection).await;
        // Without an answer the hold ends by itself.
        self.memory.ask(ask).await.ok();
    }

    /// Keep an answer, or that it was large (`None`). What another has left there before is answered and stands.
    pub(super) async fn keep(
        &self,
        place: &[u8; 32],
        asked: &Fingerprint,
        answer: Option<&[u8]>,
    ) -> Result<Option<Standing>, Unreachable> {
        let kept = match answer {
            Some(answer) => value(b'k', asked, answer),
            None => value(b'l', asked, &[]),
        };
        let mut script = self.keep.key(name(place));
        script.arg(kept).arg(millis(KEEP_FOR));
        let ask = async |mut connection| {
            script
                .invoke_async::<Option<Vec<u8>>>(&mut connection)
                .await
        };
        Ok(self.memory.ask(ask).await?.and_then(standing))
    }
}

fn name(place: &[u8; 32]) -> String {
    format!("cartwright:idempotency:{}", hex::encode(place))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("a day fits")
}

fn value(letter: u8, asked: &Fingerprint, more: &[u8]) -> Vec<u8> {
    [&[letter], asked.as_slice(), more].concat()
}

/// What a value means; `None` when it is none of ours.
fn standing(value: Vec<u8>) -> Option<Standing> {
    let asked = value.get(1..33)?.try_into().ok()?;
    let what = match value.first()? {
        b'h' => What::Held,
        b'k' => What::Kept(Bytes::from(value).slice(33..)),
        b'l' => What::Large,
        _ => return None,
    };
    Some(Standing { asked, what })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_means_what_it_was_written_for() {
        let asked = [7; 32];
        let meant = |letter, more: &[u8]| standing(value(letter, &asked, more));
        let stands = |what| Some(Standing { asked, what });
        assert_eq!(meant(b'h', b"whoever"), stands(What::Held));
        assert_eq!(
            meant(b'k', b"answer"),
            stands(What::Kept(Bytes::from("answer")))
        );
        assert_eq!(meant(b'l', b""), stands(What::Large));
        assert_eq!(meant(b'x', b""), None);
        assert_eq!(standing(b"k".to_vec()), None);
    }
}
