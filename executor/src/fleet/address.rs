//! Under which addresses this executor is reached: as it is told, else where it listens. A process that listens on every
//! address of its machine tells the one by which the machine reaches the api, which is what a container has.

use std::net::{IpAddr, SocketAddr};

use tokio::net::UdpSocket;

/// How others reach this process.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct AdvertiseConfig {
    /// Base URL of the data plane as others reach it, such as `http://10.0.0.7:8081`, for the operator's list of the fleet.
    /// By default the address it listens on; where that is all addresses (0.0.0.0), the one by which the api is reached.
    #[arg(long, env = "CARTWRIGHT_EXECUTOR_ADVERTISED_URL")]
    pub(crate) advertised_url: Option<String>,
    /// The same for the internal listener, where the api asks for test runs.
    #[arg(long, env = "CARTWRIGHT_EXECUTOR_ADVERTISED_INTERNAL_URL")]
    pub(crate) advertised_internal_url: Option<String>,
}

/// Where this executor is reached.
pub(crate) struct Addresses {
    config: AdvertiseConfig,
    public: SocketAddr,
    internal: SocketAddr,
    /// `host:port` of the api, whose direction says which of our addresses to tell.
    api: String,
}

impl Addresses {
    /// Of a process that listens on these two and reaches the api at this base URL.
    pub(crate) fn new(
        config: AdvertiseConfig,
        public: SocketAddr,
        internal: SocketAddr,
        api_url: &str,
    ) -> Self {
        Self {
            config,
            public,
            internal,
            api: host_and_port(api_url),
        }
    }

    /// The base URLs of the public and the internal listener. Asked anew each time: a container's network may change.
    pub(crate) async fn urls(&self) -> (String, String) {
        let (public, internal) = (
            &self.config.advertised_url,
            &self.config.advertised_internal_url,
        );
        (
            self.url(public.as_deref(), self.public).await,
            self.url(internal.as_deref(), self.internal).await,
        )
    }

    async fn url(&self, told: Option<&str>, listens: SocketAddr) -> String {
        if let Some(url) = told {
            return url.trim_end_matches('/').to_owned();
        }
        let mut address = listens;
        if listens.ip().is_unspecified()
            && let Some(own) = self.own_address().await
        {
            address.set_ip(own);
        }
        format!("http://{address}")
    }

    /// The address of ours from which the api is reached. Nothing is sent: the kernel only looks up the way.
    async fn own_address(&self) -> Option<IpAddr> {
        for any in ["0.0.0.0:0", "[::]:0"] {
            let socket = UdpSocket::bind(any).await.ok()?;
            if socket.connect(&self.api).await.is_ok() {
                return Some(socket.local_addr().ok()?.ip());
            }
        }
        None
    }
}

fn host_and_port(url: &str) -> String {
    let uri: Option<http::Uri> = url.parse().ok();
    let port = uri.as_ref().and_then(http::Uri::port_u16).unwrap_or(
        match uri.as_ref().and_then(http::Uri::scheme_str) {
            Some("https") => 443,
            _ => 80,
        },
    );
    let host = uri.as_ref().and_then(http::Uri::host).unwrap_or_default();
    format!("{host}:{port}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(listens: &str, told: Option<&str>) -> Addresses {
        let config = AdvertiseConfig {
            advertised_url: told.map(str::to_owned),
            advertised_internal_url: None,
        };
        let internal = "127.0.0.1:8091".parse().unwrap();
        Addresses::new(
            config,
            listens.parse().unwrap(),
            internal,
            "http://127.0.0.1:8090",
        )
    }

    #[tokio::test]
    async fn an_address_that_was_told_wins_and_one_for_everywhere_becomes_one_that_leads_here() {
        for (listens, told, public) in [
            ("10.1.2.3:8081", None, "http://10.1.2.3:8081"),
            (
                "0.0.0.0:8081",
                Some("https://e1.example/"),
                "https://e1.example",
            ),
            ("0.0.0.0:8081", None, "http://127.0.0.1:8081"),
        ] {
            let urls = addresses(listens, told).urls().await;
            let internal = "http://127.0.0.1:8091".to_owned();
            assert_eq!(urls, (public.to_owned(), internal), "{listens}");
        }
    }

    #[test]
    fn a_url_without_a_port_has_that_of_its_scheme() {
        for (url, expected) in [
            ("http://api:8090", "api:8090"),
            ("http://api", "api:80"),
            ("https://api.example/", "api.example:443"),
        ] {
            assert_eq!(host_and_port(url), expected);
        }
    }
}
