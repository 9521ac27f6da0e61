//! Addresses taken apart: the host, and the origin that a credential is for. Nothing is asked here.

/// Scheme, who signs on, and host with port; what is after them is left out.
fn parts(address: &str) -> Option<(&str, Option<&str>, &str)> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#', '\\']).next()?;
    let (user, host) = match authority.rsplit_once('@') {
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    (!scheme.is_empty() && !host.is_empty()).then_some((scheme, user, host))
}

/// The host of an address, with its port, whoever signs on there.
pub(crate) fn host_of(address: &str) -> Option<&str> {
    parts(address).map(|(_, _, host)| host)
}

/// Scheme, host and port of an address: what our credential is for. `None` for one that names who signs on, since readers
/// differ on where that is.
pub(crate) fn origin_of(address: &str) -> Option<&str> {
    let (scheme, user, host) = parts(address)?;
    if user.is_some() {
        return None;
    }
    address.get(..scheme.len() + "://".len() + host.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_what_comes_before_the_path() {
        assert_eq!(origin_of("https://a.example:8443/x?y"), Some("https://a.example:8443"));
        assert_eq!(origin_of("https://a.example"), Some("https://a.example"));
        assert_eq!(origin_of("https://a.example\\@b.example/"), Some("https://a.example"));
        for address in ["https:///x", "x/y", "https://a@b/x", "://a", ""] {
            assert_eq!(origin_of(address), None, "{address}");
        }
    }

    #[test]
    fn a_host_is_that_of_the_server_and_not_who_signs_on() {
        assert_eq!(host_of("https://a.example:8443/x?y"), Some("a.example:8443"));
        assert_eq!(host_of("https://token@a.example#x"), Some("a.example"));
        assert_eq!(host_of("https://a.example@b.example/"), Some("b.example"));
        for address in ["https://", "a.example", "https://user@/x"] {
            assert_eq!(host_of(address), None, "{address}");
        }
    }
}
