//! New ids on the hot path: UUIDv7 from a per-thread store of randomness, so that no id costs a system call. And, once for a
//! process, its run token.

use std::cell::RefCell;
use std::time::{SystemTime, UNIX_EPOCH};

use cartwright_domain::wire::RunToken;
use uuid::Builder;

/// Random bytes in one id.
const RANDOM_BYTES: usize = 10;

/// Random bytes fetched from the system at a time: 400 ids.
const STORE_BYTES: usize = 400 * RANDOM_BYTES;

struct Store {
    bytes: [u8; STORE_BYTES],
    used: usize,
}

thread_local! {
    static STORE: RefCell<Store> = const { RefCell::new(Store { bytes: [0; STORE_BYTES], used: STORE_BYTES }) };
}

/// Sixteen new bytes that are a UUIDv7 of this moment.
pub(crate) fn id_bytes() -> [u8; 16] {
    Builder::from_unix_timestamp_millis(unix_ms(), &random())
        .into_uuid()
        .into_bytes()
}

/// A new token that nobody can guess.
pub(crate) fn run_token() -> RunToken {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the system has randomness");
    RunToken(format!("cw_run_{}", hex::encode(bytes)))
}

/// Milliseconds since the Unix epoch, by this machine's clock.
pub(crate) fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

fn random() -> [u8; RANDOM_BYTES] {
    STORE.with_borrow_mut(|store| {
        if store.used == STORE_BYTES {
            getrandom::fill(&mut store.bytes).expect("the system has randomness");
            store.used = 0;
        }
        let taken = &store.bytes[store.used..store.used + RANDOM_BYTES];
        store.used += RANDOM_BYTES;
        taken.try_into().expect("RANDOM_BYTES were taken")
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn ids_are_version_7_of_now_and_differ() {
        let before = unix_ms();
        let ids: HashSet<[u8; 16]> = (0..5_000).map(|_| id_bytes()).collect();
        assert_eq!(ids.len(), 5_000);
        for id in ids {
            let id = uuid::Uuid::from_bytes(id);
            assert_eq!(id.get_version_num(), 7);
            let (seconds, nanos) = id.get_timestamp().expect("it has a time").to_unix();
            let ms = seconds * 1_000 + u64::from(nanos) / 1_000_000;
            assert!((before..=unix_ms()).contains(&ms));
        }
    }
}
