//! The names under which the console may be called. A page of another site that has its name lead here (DNS rebinding) is
//! refused by the name that it calls us.

use std::net::SocketAddr;

/// Our own names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    /// Hosts with their ports, in small letters.
    hosts: Vec<String>,
    /// Origins.
    origins: Vec<String>,
    address: String,
}

impl Names {
    /// The names of a listener at `listening`, behind `address` where a proxy stands before it (`https://firebreak.example.com`).
    pub fn of(listening: SocketAddr, address: Option<&str>) -> Names {
        let port = listening.port();
        let mut hosts = vec![format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("[::1]:{port}")];
        let mut origins: Vec<String> = hosts.iter().map(|host| format!("http://{host}")).collect();
        let own = format!("http://{listening}");
        let outside = address.map(|address| address.trim_end_matches('/').to_lowercase());
        if let Some(outside) = &outside {
            hosts.extend(outside.split_once("://").map(|(_, host)| host.to_owned()));
            origins.push(outside.clone());
        }
        Names { hosts, origins, address: outside.unwrap_or(own) }
    }

    /// Whether a `Host` header names us.
    pub fn is_host(&self, host: &str) -> bool {
        self.hosts.iter().any(|ours| ours.eq_ignore_ascii_case(host))
    }

    /// Whether an `Origin` header is ours.
    pub fn is_origin(&self, origin: &str) -> bool {
        self.origins.iter().any(|ours| ours.eq_ignore_ascii_case(origin))
    }

    /// Whether people reach us by TLS.
    pub fn is_private(&self) -> bool {
        self.address.starts_with("https://")
    }

    /// Where people reach us.
    pub fn address(&self) -> &str {
        &self.address
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_names_are_ours() {
        let names = Names::of("127.0.0.1:9470".parse().unwrap(), Some("https://Firebreak.example.com/"));
        for host in ["127.0.0.1:9470", "LOCALHOST:9470", "[::1]:9470", "firebreak.example.com"] {
            assert!(names.is_host(host), "{host}");
        }
        for host in [
            "",
            "127.0.0.1",
            "127.0.0.1:80",
            "evil.example",
            "firebreak.example.com.evil.example",
            "localhost:9470.evil",
        ] {
            assert!(!names.is_host(host), "{host}");
        }
        assert!(names.is_origin("https://firebreak.example.com") && names.is_origin("http://localhost:9470"));
        for origin in ["null", "http://firebreak.example.com", "https://localhost:9470", "http://evil.example"] {
            assert!(!names.is_origin(origin), "{origin}");
        }
        assert!(names.is_private() && !Names::of("127.0.0.1:1".parse().unwrap(), None).is_private());
    }
}
