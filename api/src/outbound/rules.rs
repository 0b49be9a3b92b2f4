//! Where a request that a tenant caused may go, as the operator says: which addresses, ports and schemes.

use std::net::{IpAddr, SocketAddr};
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use ipnet::IpNet;
use url::{Host, Url};

use super::address::{is_our_own, is_public};

/// The longest address that is taken, in bytes.
const URL_BYTES_MAX: usize = 2_000;

/// What may be reached from inside, on behalf of tenants.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct OutboundConfig {
    /// Networks that messages may go to although they are private or this machine's, such as `10.1.0.0/16`, separated by
    /// commas. Tenants choose where messages go, so whatever listens there must bear being called by anyone.
    #[arg(long, env = "CARTWRIGHT_OUTBOUND_ALLOW", value_delimiter = ',')]
    pub(crate) outbound_allow: Vec<IpNet>,
    /// Ports that messages may go to: numbers and ranges such as `9000-9099`, separated by commas.
    #[arg(
        long,
        env = "CARTWRIGHT_OUTBOUND_PORTS",
        value_delimiter = ',',
        default_value = "443,8443"
    )]
    pub(crate) outbound_ports: Vec<Ports>,
    /// Let messages go over plain HTTP, too. For development only: what is signed is not secret, and anyone on the way reads it.
    #[arg(long, env = "CARTWRIGHT_OUTBOUND_HTTP")]
    pub(crate) outbound_http: bool,
    /// Seconds within which the receiver of a message must have answered.
    #[arg(long, env = "CARTWRIGHT_OUTBOUND_TIMEOUT_S", default_value_t = 15, value_parser = clap::value_parser!(u64).range(1..=30))]
    pub(crate) outbound_timeout_s: u64,
}

/// A port, or ports from one to another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ports(RangeInclusive<u16>);

impl FromStr for Ports {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let (from, to) = text.split_once('-').unwrap_or((text, text));
        let port = |word: &str| word.parse().ok().filter(|port| *port > 0);
        match (port(from), port(to)) {
            (Some(from), Some(to)) if from <= to => Ok(Self(from..=to)),
            _ => Err("a port is 1 to 65535, a range such as 9000-9099".to_owned()),
        }
    }
}

/// What the operator allows.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    allow: Vec<IpNet>,
    ports: Vec<Ports>,
    http: bool,
    pub(super) timeout: Duration,
}

impl Rules {
    /// As configured.
    pub(crate) fn new(config: &OutboundConfig) -> Self {
        Self {
            allow: config.outbound_allow.clone(),
            ports: config.outbound_ports.clone(),
            http: config.outbound_http,
            timeout: Duration::from_secs(config.outbound_timeout_s),
        }
    }

    /// Read an address that a tenant gave; the error says which rule it breaks. Names are not resolved: that is done, and
    /// checked, each time something is sent.
    pub(crate) fn read(&self, text: &str) -> Result<Url, String> {
        if text.len() > URL_BYTES_MAX {
            return Err(format!(
                "must be at most {URL_BYTES_MAX} bytes; got {}",
                text.len()
            ));
        }
        // This reads decimal, octal and hexadecimal spellings of an IPv4 address as what they are.
        let url = Url::parse(text).map_err(|error| {
            format!("must be an address such as https://example.com/hook: {error}")
        })?;
        match url.scheme() {
            "https" => {}
            "http" if self.http => {}
            other => return Err(format!("must begin with https://; got {other}://")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(
                "must not hold a user or a password: a receiver knows us by the signature"
                    .to_owned(),
            );
        }
        if url.fragment().is_some() {
            return Err("must not hold a fragment (`#…`), which is never sent".to_owned());
        }
        let port = url.port_or_known_default().unwrap_or_default();
        if !self.ports.iter().any(|ports| ports.0.contains(&port)) {
            let allowed: Vec<String> = self.ports.iter().map(ToString::to_string).collect();
            return Err(format!(
                "must name one of the ports {}; got {port}",
                allowed.join(", ")
            ));
        }
        match literal(&url) {
            Some(address) if !self.admits(address) => Err(format!(
                "must be an address of the open internet; {address} is not"
            )),
            _ => Ok(url),
        }
    }

    /// Whether something may be sent to this address.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || self.is_allowed(address)
    }

    /// Whether a connection may be opened to this place: the last question before it is.
    pub(super) fn admits_place(&self, place: SocketAddr) -> bool {
        self.is_allowed(place.ip()) || (is_public(place.ip()) && !is_our_own(place))
    }

    fn is_allowed(&self, address: IpAddr) -> bool {
        self.allow.iter().any(|net| net.contains(&address))
    }
}

impl std::fmt::Display for Ports {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.0.start(), self.0.end()) {
            (from, to_port) if from == to_port => write!(to, "{from}"),
            (from, to_port) => write!(to, "{from}-{to_port}"),
        }
    }
}

/// The address that stands in place of a name.
pub(super) fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Domain(_) => None,
        Host::Ipv4(address) => Some(address.into()),
        Host::Ipv6(address) => Some(address.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(allow: &[&str], ports: &str, http: bool) -> Rules {
        Rules {
            allow: allow.iter().map(|net| net.parse().unwrap()).collect(),
            ports: ports.split(',').map(|each| each.parse().unwrap()).collect(),
            http,
            timeout: Duration::from_secs(1),
        }
    }

    #[test]
    fn an_inner_address_is_refused_in_every_spelling() {
        let rules = rules(&[], "443", false);
        for inside in [
            "127.0.0.1",
            "127.1",
            "2130706433",
            "0x7f000001",
            "0x7f.1",
            "0177.0.0.1",
            "017700000001",
            "127.0.0.1.",
            "0",
            "0.0.0.0",
            "①②⑦.⓪.⓪.①",
            "127。0。0。1",
            "%31%32%37.0.0.1",
            "169.254.169.254",
            "0xa9fea9fe",
            "2852039166",
            "10.0.0.1",
            "[::1]",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:7f00:1]",
            "[0:0:0:0:0:ffff:a9fe:a9fe]",
            "[64:ff9b::169.254.169.254]",
            "[2002:7f00:1::]",
            "[fd00:ec2::254]",
            "[fe80::1]",
        ] {
            let refusal = rules.read(&format!("https://{inside}/hook")).unwrap_err();
            assert!(refusal.contains("open internet"), "{inside}: {refusal}");
        }
    }

    #[test]
    fn what_breaks_another_rule_hears_which() {
        let rules = rules(&[], "443,8443", false);
        for (address, rule) in [
            ("http://example.com/", "https://"),
            ("ftp://example.com/", "https://"),
            ("file:///etc/passwd", "https://"),
            ("https://u:p@example.com/", "password"),
            ("https://u@example.com/", "password"),
            ("https://example.com/#x", "fragment"),
            ("https://example.com:22/", "ports 443, 8443"),
            ("https://", "address such as"),
            ("example.com", "address such as"),
            ("https://1.2.3.4.5/", "address such as"),
        ] {
            let refusal = rules.read(address).unwrap_err();
            assert!(refusal.contains(rule), "{address}: {refusal}");
        }
        let long = format!("https://example.com/{}", "x".repeat(URL_BYTES_MAX));
        assert!(rules.read(&long).unwrap_err().contains("at most"));
        for good in [
            "https://example.com/hook?a=b",
            "https://example.com:8443",
            "https://1.1.1.1/",
            "https://münchen.example/",
        ] {
            rules.read(good).unwrap();
        }
    }

    #[test]
    fn an_operator_opens_networks_ports_and_plain_http() {
        let rules = rules(&["127.0.0.1/32"], "9000-9099", true);
        rules.read("http://127.0.0.1:9001/").unwrap();
        for refused in [
            "http://127.0.0.2:9001/",
            "http://127.0.0.1:443/",
            "http://[::ffff:127.0.0.1]:9001/",
        ] {
            assert!(rules.read(refused).is_err(), "{refused}");
        }
        for wrong in ["", "0", "9-8", "65536", "a"] {
            assert!(wrong.parse::<Ports>().is_err(), "{wrong}");
        }
    }
}
