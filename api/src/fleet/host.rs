//! Where an executor may be: at the address from which it reports, or where the operator says that executors are. The api
//! sends tenants' inputs there, so an executor's word alone is not enough.

use std::net::IpAddr;
use std::str::FromStr;

use http::Uri;
use ipnet::IpNet;

/// Where executors may be.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct FleetConfig {
    /// Networks, addresses and host names at which executors may be reached besides the address from which each reports,
    /// separated by commas, such as `10.1.0.0/16,executors.internal`: for executors behind a proxy, a NAT or a host name.
    #[arg(long, env = "CARTWRIGHT_EXECUTOR_HOSTS", value_delimiter = ',')]
    pub(crate) executor_hosts: Vec<Host>,
}

/// A network or a host name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Host {
    /// Every address of it.
    Network(IpNet),
    /// Exactly this name, in small letters.
    Name(String),
}

/// A text that is neither.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "write a network (10.1.0.0/16), an address (10.1.2.3) or a host name (executors.internal), without scheme and port"
)]
pub(crate) struct NoHost;

impl FromStr for Host {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let text = text.trim();
        if let Ok(network) = text.parse() {
            return Ok(Self::Network(network));
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Ok(Self::Network(address.into()));
        }
        let is_name = !text.is_empty()
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if is_name {
            Ok(Self::Name(text.to_ascii_lowercase()))
        } else {
            Err(NoHost)
        }
    }
}

/// Whether an executor that reports from `peer` may be called at this base URL.
pub(super) fn may_be_at(url: &str, peer: IpAddr, hosts: &[Host]) -> bool {
    let Ok(uri) = url.parse::<Uri>() else {
        return false;
    };
    let host = uri.host().unwrap_or_default().to_ascii_lowercase();
    let literal = host.trim_start_matches('[').trim_end_matches(']');
    match literal.parse::<IpAddr>() {
        Ok(address) => {
            let address = address.to_canonical();
            let is_listed =
                |host: &Host| matches!(host, Host::Network(network) if network.contains(&address));
            address == peer.to_canonical() || hosts.iter().any(is_listed)
        }
        Err(_) => hosts.contains(&Host::Name(host)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executor_is_where_it_reports_from_or_where_the_operator_says() {
        let hosts: Vec<Host> = ["10.1.0.0/16", "Executors.internal", "fd00::7"]
            .iter()
            .map(|host| host.parse().unwrap())
            .collect();
        let from = |peer: &str, url: &str| may_be_at(url, peer.parse().unwrap(), &hosts);
        for (peer, url) in [
            ("192.0.2.7", "http://192.0.2.7:8091"),
            ("::ffff:192.0.2.7", "http://192.0.2.7:8091"),
            ("2001:db8::7", "http://[2001:db8::7]:8091"),
            ("192.0.2.7", "http://10.1.2.3:8091"),
            ("192.0.2.7", "https://EXECUTORS.internal"),
            ("192.0.2.7", "http://[fd00::7]:8091"),
        ] {
            assert!(from(peer, url), "{peer} {url}");
        }
        for url in [
            "http://192.0.2.8:8091",
            "http://169.254.169.254",
            "http://127.0.0.1:8091",
            "http://3221225991:8091",
            "http://10.2.0.1:8091",
            "http://evil.executors.internal",
            "http://executors.internal.evil",
            "not a url",
        ] {
            assert!(!from("192.0.2.7", url), "{url}");
        }
    }

    #[test]
    fn a_list_takes_hosts_only() {
        for wrong in ["", "http://e1", "e1:8091", "10.0.0.0/33", "*"] {
            assert_eq!(wrong.parse::<Host>(), Err(NoHost), "{wrong}");
        }
    }
}
