//! What a tenant's plan allows and charges, as the snapshot and an upload need it. The tables and all rating are billing's.

pub(crate) mod store;
