//! One type per id, so that a function's id can never stand where a tenant's is asked for.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id: a UUIDv7, so that ids sort by the time of their making.
            #[must_use]
            #[allow(clippy::new_without_default)] // an id is made on purpose, never by default
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }

            /// The id with exactly these 16 bytes.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the id, most significant first.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }

            /// The id as a plain UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// Milliseconds since the Unix epoch at which the id was made.
            #[must_use]
            pub fn unix_ms(&self) -> u64 {
                let bytes = self.0.as_bytes();
                bytes[..6].iter().fold(0, |ms, byte| ms << 8 | u64::from(*byte))
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::from_str(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

id!(
    /// A tenant: a merchant of the platform.
    TenantId
);
id!(
    /// A person who signs in.
    UserId
);
id!(
    /// A function of a tenant.
    FunctionId
);
id!(
    /// One run of one version. Minted at admission; its first 48 bits are the time of admission.
    InvocationId
);
id!(
    /// One HTTP request, as logs and problem documents name it.
    RequestId
);
id!(
    /// One start of an executor process, as the writer of a meter log.
    WriterId
);
id!(
    /// One job in the queue.
    JobId
);
