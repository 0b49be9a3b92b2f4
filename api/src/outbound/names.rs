//! From a name to its addresses, at the moment of sending.

use std::net::IpAddr;

/// Resolves names. Tests have one whose answers change.
pub(crate) trait Names: Send + Sync + 'static {
    /// The addresses of this name now; none when it has none.
    fn addresses(&self, name: &str) -> impl Future<Output = Vec<IpAddr>> + Send;
}

/// The system's resolver.
pub(crate) struct SystemNames;

impl Names for SystemNames {
    async fn addresses(&self, name: &str) -> Vec<IpAddr> {
        match tokio::net::lookup_host((name, 0)).await {
            Ok(found) => found.map(|place| place.ip()).collect(),
            Err(error) => {
                tracing::debug!("a name of a receiver does not resolve: {error}");
                Vec::new()
            }
        }
    }
}
