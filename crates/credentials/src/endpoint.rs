//! Which endpoints a user may type. `ENDPOINT_URL` is a way into the server's network.

use std::net::IpAddr;

use url::{Host, Url};

use crate::CredentialsError;
use crate::address::{Network, forbidden};

/// The administrator's rules for endpoints that users type. The server's own endpoints are not subject to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EndpointRules {
    hosts: Vec<HostRule>,
    networks: Vec<Network>,
    allow_http: bool,
    /// AWS's S3 hosts are no exception.
    listed_only: bool,
}

/// A line of the rules that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("endpoint rule `{rule}` is not valid: write a host, `*.` and a domain, an address, or a CIDR")]
pub struct EndpointRulesError {
    pub rule: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct HostRule {
    /// Without the `*.`.
    name: String,
    with_subdomains: bool,
    port: Option<u16>,
}

impl EndpointRules {
    /// Only AWS's S3 hosts, only `https`.
    pub fn aws_only() -> Self {
        Self::default()
    }

    /// AWS's S3 hosts and what the lines allow: `minio.internal`, `minio.internal:9000`, `*.example.com`,
    /// `10.1.2.3`, `10.0.0.0/8`. A host allowed by name may have any address that is not forbidden to all.
    pub fn new<S: AsRef<str>>(allowed: &[S], allow_http: bool) -> Result<Self, EndpointRulesError> {
        let mut rules = Self { allow_http, ..Self::default() };
        for rule in allowed {
            let rule = rule.as_ref().trim();
            if let Some(network) = Network::parse(rule) {
                rules.networks.push(network);
            } else {
                let host =
                    HostRule::parse(rule).ok_or_else(|| EndpointRulesError { rule: rule.to_owned() })?;
                rules.hosts.push(host);
            }
        }
        Ok(rules)
    }

    /// Rules for `https` URLs of files: what the lines allow, and nothing else.
    pub fn listed_only<S: AsRef<str>>(allowed: &[S], allow_http: bool) -> Result<Self, EndpointRulesError> {
        Ok(Self { listed_only: true, ..Self::new(allowed, allow_http)? })
    }

    /// No host at all.
    pub fn no_web() -> Self {
        Self { listed_only: true, ..Self::default() }
    }

    /// Whether nothing at all is allowed.
    pub fn allow_nothing(&self) -> bool {
        self.listed_only && self.hosts.is_empty() && self.networks.is_empty()
    }

    /// Whether a host is one of AWS's that need no line.
    fn is_aws_s3_host(&self, host: &str) -> bool {
        !self.listed_only && is_aws_s3_host(host)
    }

    fn not_listed(&self) -> &'static str {
        if self.listed_only { "the administrator does not allow it" } else { "it is not a host of Amazon S3" }
    }

    /// Checks what can be checked on paper and gives the endpoint back in one form, without a final slash.
    pub fn check_url(&self, endpoint: &str) -> Result<Url, CredentialsError> {
        let refuse = |reason: &str| {
            Err(CredentialsError::EndpointRefused {
                endpoint: endpoint.to_owned(),
                reason: reason.to_owned(),
            })
        };
        let Some(url) = parse_endpoint(endpoint) else { return refuse("it is not a URL") };
        if !url.username().is_empty() || url.password().is_some() {
            return refuse("it has a user name or a password in it");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return refuse("it has a query or a fragment");
        }
        match url.scheme() {
            "https" => {}
            "http" if self.allow_http => {}
            "http" => return refuse("only `https` is allowed"),
            _ => return refuse("it is neither `https` nor `http`"),
        }
        let port = url.port();
        match url.host() {
            None => refuse("it has no host"),
            Some(Host::Domain(host)) => {
                let host = host.trim_end_matches('.');
                let by_name = (self.is_aws_s3_host(host) && port.is_none()) || self.allows_host(host, port);
                // Whether a name lies in an allowed network is known when it is resolved.
                if by_name || !self.networks.is_empty() {
                    return Ok(url);
                }
                refuse(self.not_listed())
            }
            Some(Host::Ipv4(address)) => self.check_literal(url.clone(), endpoint, IpAddr::V4(address), port),
            Some(Host::Ipv6(address)) => self.check_literal(url.clone(), endpoint, IpAddr::V6(address), port),
        }
    }

    /// Checks the address a host resolved to, at every connection.
    pub(crate) fn check_address(&self, host: &str, address: IpAddr) -> Result<(), &'static str> {
        if let Some(reason) = forbidden(address) {
            return Err(reason);
        }
        let host = host.trim_end_matches('.');
        let by_name = self.is_aws_s3_host(host) || self.hosts.iter().any(|rule| rule.matches_name(host));
        if by_name || self.networks.iter().any(|network| network.contains(address)) {
            return Ok(());
        }
        Err("its address is not in a network the administrator allows")
    }

    fn check_literal(
        &self,
        url: Url,
        endpoint: &str,
        address: IpAddr,
        port: Option<u16>,
    ) -> Result<Url, CredentialsError> {
        let allowed = self.networks.iter().any(|network| network.contains(address))
            || self.allows_host(&address.to_string(), port);
        let reason = match forbidden(address) {
            Some(reason) => reason,
            None if allowed => return Ok(url),
            None => self.not_listed(),
        };
        Err(CredentialsError::EndpointRefused { endpoint: endpoint.to_owned(), reason: reason.to_owned() })
    }

    fn allows_host(&self, host: &str, port: Option<u16>) -> bool {
        self.hosts.iter().any(|rule| rule.matches_name(host) && (rule.port.is_none() || rule.port == port))
    }
}

impl HostRule {
    fn parse(rule: &str) -> Option<Self> {
        let (name, with_subdomains) = match rule.strip_prefix("*.") {
            Some(name) => (name, true),
            None => (rule, false),
        };
        let url = Url::parse(&format!("stagedoor://{name}")).ok()?;
        let bare = url.path().is_empty() && url.username().is_empty() && url.query().is_none();
        let host = url.host_str().filter(|host| bare && !host.is_empty() && !host.contains('*'))?;
        Some(Self {
            name: host.trim_matches(['[', ']']).to_ascii_lowercase(),
            with_subdomains,
            port: url.port(),
        })
    }

    fn matches_name(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        host == self.name
            || (self.with_subdomains && host.strip_suffix(&self.name).is_some_and(|rest| rest.ends_with('.')))
    }
}

/// Reads an endpoint; without a scheme it is `https`.
pub(crate) fn parse_endpoint(endpoint: &str) -> Option<Url> {
    let text = if endpoint.contains("://") { endpoint.to_owned() } else { format!("https://{endpoint}") };
    Url::parse(text.trim()).ok().filter(|url| url.host().is_some())
}

/// Whether the host is one of S3's own. Other hosts below `amazonaws.com` are run by AWS's customers (EC2,
/// load balancers) and resolve to private addresses from inside a VPC.
/// <https://docs.aws.amazon.com/general/latest/gr/s3.html>
fn is_aws_s3_host(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let Some(rest) = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"))
    else {
        return false;
    };
    let labels: Vec<&str> = rest.split('.').collect();
    labels.iter().enumerate().any(|(place, label)| {
        let is_s3 = *label == "s3" || label.starts_with("s3-");
        let is_s3 = is_s3 && !label.starts_with("s3-website");
        is_s3
            && matches!(&labels[place + 1..], [] | [_] | ["dualstack", _])
            && tail_is_region(&labels[place + 1..])
            || is_s3 && matches!(&labels[place + 1..], [region, "vpce"] if is_region(region))
    })
}

fn tail_is_region(tail: &[&str]) -> bool {
    match tail {
        [] => true,
        [region] | ["dualstack", region] => is_region(region),
        _ => false,
    }
}

/// `eu-central-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    (3..=4).contains(&parts.len())
        && parts.first().is_some_and(|part| part.len() == 2)
        && parts.last().is_some_and(|part| part.chars().all(|c| c.is_ascii_digit()))
}

/// The region an S3 host names, if it names one.
pub(crate) fn region_of_host(host: &str) -> Option<String> {
    if !is_aws_s3_host(host) {
        return None;
    }
    host.split('.').find(|label| is_region(label)).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(rules: &EndpointRules, endpoint: &str) -> bool {
        rules.check_url(endpoint).is_ok()
    }

    #[test]
    fn only_s3_hosts_of_aws_by_default() {
        let rules = EndpointRules::aws_only();
        for endpoint in [
            "https://s3.amazonaws.com",
            "s3.eu-central-1.amazonaws.com",
            "https://s3-us-west-2.amazonaws.com",
            "https://s3.dualstack.eu-west-1.amazonaws.com/",
            "https://s3-fips.us-east-1.amazonaws.com",
            "https://s3.cn-north-1.amazonaws.com.cn",
            "https://bucket.s3.us-gov-west-1.amazonaws.com",
            "https://bucket.vpce-0a1b-xyz.s3.us-east-1.vpce.amazonaws.com",
        ] {
            assert!(allowed(&rules, endpoint), "{endpoint}");
        }
        for endpoint in [
            "http://s3.amazonaws.com",
            "https://s3.amazonaws.com:8443",
            "https://minio.internal:9000",
            "https://ec2-1-2-3-4.compute-1.amazonaws.com",
            "https://s3-inner-12.us-east-1.elb.amazonaws.com",
            "https://s3.amazonaws.com.evil.example",
            "https://evils3.amazonaws.com.example",
            "https://sts.amazonaws.com",
            "https://user:pass@s3.amazonaws.com",
            "https://s3.amazonaws.com/?x=1",
            "ftp://s3.amazonaws.com",
            "https://127.0.0.1",
            "https://169.254.169.254",
            "https://[::1]",
        ] {
            assert!(!allowed(&rules, endpoint), "{endpoint}");
        }
    }

    #[test]
    fn an_administrator_allows_hosts_and_networks() {
        let rules =
            EndpointRules::new(&["minio.internal:9000", "*.example.com", "10.0.0.0/8", "127.0.0.1"], true)
                .unwrap();
        assert!(allowed(&rules, "http://minio.internal:9000"));
        assert!(allowed(&rules, "https://s3.example.com"));
        assert!(allowed(&rules, "http://10.1.2.3:9000"));
        assert!(allowed(&rules, "http://127.0.0.1:4000"));
        assert!(!allowed(&rules, "http://192.168.1.1"));
        assert!(!allowed(&rules, "http://169.254.169.254"));
        // A name that no rule names is decided by its address.
        assert!(rules.check_address("anything.test", "10.2.3.4".parse().unwrap()).is_ok());
        assert!(rules.check_address("anything.test", "192.168.1.1".parse().unwrap()).is_err());
        assert!(rules.check_address("minio.internal", "192.168.1.1".parse().unwrap()).is_ok());
        assert!(EndpointRules::new(&["http://x/y"], false).is_err());
        assert!(EndpointRules::new(&["10.0.0.0/40"], false).is_err());
    }

    #[test]
    fn metadata_addresses_are_never_allowed() {
        let rules = EndpointRules::new(&["0.0.0.0/0", "::/0", "metadata.test"], true).unwrap();
        for endpoint in [
            "http://169.254.169.254",
            "http://2852039166",
            "http://0xa9fea9fe",
            "http://0251.0376.0251.0376",
            "http://0xa9.254.0251.254",
            "http://169.254.43518",
            "http://１６９.２５４.１６９.２５４",
            "http://169.254.169.254.",
            "http://[::169.254.169.254]",
            "http://[2002:a9fe:a9fe::]",
            "http://[::ffff:169.254.169.254]",
            "http://[64:ff9b::a9fe:a9fe]",
            "http://[fd00:ec2::254]",
            "http://[fe80::1]",
            "http://0.0.0.0",
            "http://169.254.170.2",
            "http://100.100.100.200",
        ] {
            assert!(!allowed(&rules, endpoint), "{endpoint}");
        }
        assert!(rules.check_address("metadata.test", "169.254.169.254".parse().unwrap()).is_err());
    }
}
