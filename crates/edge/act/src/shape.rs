//! Whether a call is one that the specification lists.
//!
//! It reads templates, not platforms: `{x}` stands for one path segment, a path that begins with `{` for an address from
//! the configuration, `{api}/x` for an address from the configuration under which the path `/x` is asked, `{role}` in SQL
//! for one quoted identifier, `{hex}` in SQL for hexadecimal digits.

use firebreak_world::Request;

/// Whether `request` has the shape `shape`.
pub fn http_matches(shape: &str, request: &Request) -> bool {
    let mut words = shape.split(' ');
    let (Some(method), Some(target)) = (words.next(), words.next()) else { return false };
    if method != request.method {
        return false;
    }
    let action = words.next().is_none_or(|field| match field.strip_prefix("X-Amz-Target=") {
        Some(wanted) => request.headers.iter().any(|(name, value)| name == "x-amz-target" && value == wanted),
        None => form_holds(&request.body, field),
    });
    let path = path_of(&request.url);
    action
        && match target.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((_, "")) => true,
            Some((_, below)) => path_matches(below, tail(path, below)),
            None => path_matches(target, path),
        }
}

/// As many segments from the end of `path` as `below` has: what comes before them is the configured address.
fn tail<'a>(path: &'a str, below: &str) -> &'a str {
    let segments = |text: &str| text.split('?').next().unwrap_or_default().matches('/').count();
    let bare = path.split('?').next().unwrap_or_default();
    let skipped = segments(path).saturating_sub(segments(below));
    let start = bare.match_indices('/').nth(skipped).map_or(0, |(at, _)| at);
    path.get(start..).unwrap_or(path)
}

/// Path and query of a URL.
fn path_of(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = rest.find(['/', '?']).and_then(|start| rest.get(start..)).unwrap_or("/");
    if path.is_empty() { "/" } else { path }
}

fn path_matches(template: &str, path: &str) -> bool {
    let (wanted, wanted_query) = template.split_once('?').unwrap_or((template, ""));
    let (given, given_query) = path.split_once('?').unwrap_or((path, ""));
    let mut given_segments = given.split('/');
    let segments = wanted.split('/').all(|segment| match given_segments.next() {
        // What follows the braces is the platform's word, as in `{key}:disable`.
        Some(given) if segment.starts_with('{') => {
            let word = segment.split_once('}').map_or("", |(_, word)| word);
            given.strip_suffix(word).is_some_and(|id| !id.is_empty() && (word.is_empty() || !id.contains(':')))
        }
        Some(given) => given == segment,
        None => false,
    });
    let query_matches = || {
        let given: Vec<&str> = given_query.split('&').map(|pair| pair.split('=').next().unwrap_or_default()).collect();
        let wanted: Vec<&str> = wanted_query.split('&').collect();
        given == wanted
    };
    segments && given_segments.next().is_none() && query_matches()
}

fn form_holds(body: &[u8], field: &str) -> bool {
    std::str::from_utf8(body).is_ok_and(|body| body.split('&').any(|pair| pair == field))
}

/// Whether `statement` has the shape `shape`: equal but for quoted identifiers and hexadecimal digits.
pub fn sql_matches(shape: &str, statement: &str) -> bool {
    let next = ["{role}", "{hex}"].into_iter().filter_map(|one| Some((shape.find(one)?, one))).min();
    let Some((at, placeholder)) = next else { return shape == statement };
    let (before, after) = (shape.get(..at), shape.get(at + placeholder.len()..).unwrap_or_default());
    let Some(rest) = before.and_then(|before| statement.strip_prefix(before)) else { return false };
    if placeholder == "{hex}" {
        let end = rest.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(rest.len());
        return rest.get(end..).is_some_and(|rest| sql_matches(after, rest));
    }
    rest.strip_suffix(after).is_some_and(is_quoted_identifier)
}

fn is_quoted_identifier(text: &str) -> bool {
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    // Inside, a quote may only stand doubled: nothing can end the identifier early.
    inner.is_some_and(|inner| !inner.is_empty() && !inner.replace("\"\"", "").contains(['"', '\0']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, url: &str, body: &str) -> Request {
        Request { method: method.into(), url: url.into(), headers: Vec::new(), body: body.as_bytes().to_vec() }
    }

    #[test]
    fn a_query_call_is_known_by_its_action() {
        let shape = "POST / Action=UpdateAccessKey";
        let call = |url, body| http_matches(shape, &request("POST", url, body));
        assert!(call("http://127.0.0.1:1/", "Action=UpdateAccessKey&UserName=ci"));
        assert!(call("https://iam.amazonaws.com", "Version=2010-05-08&Action=UpdateAccessKey"));
        assert!(!call("http://127.0.0.1:1/", "Action=DeleteAccessKey&Note=Action=UpdateAccessKey"));
        assert!(!call("http://127.0.0.1:1/other", "Action=UpdateAccessKey"));
    }

    #[test]
    fn a_json_call_is_known_by_its_target_alone() {
        let shape = "POST / X-Amz-Target=AWSOrganizationsV20161128.AttachPolicy";
        let call = |target: &str| {
            let mut request = request("POST", "https://h/", "X-Amz-Target=AWSOrganizationsV20161128.AttachPolicy");
            request.headers.push(("x-amz-target".to_owned(), target.to_owned()));
            http_matches(shape, &request)
        };
        assert!(call("AWSOrganizationsV20161128.AttachPolicy"));
        assert!(!call("AWSOrganizationsV20161128.LeaveOrganization"));
    }

    #[test]
    fn a_path_segment_stands_for_one_segment_and_a_query_must_be_whole() {
        let shape = "PUT /{bucket}?publicAccessBlock";
        assert!(http_matches(shape, &request("PUT", "http://h:1/interviews?publicAccessBlock", "")));
        for (method, url) in [
            ("GET", "http://h/interviews?publicAccessBlock"),
            ("PUT", "http://h/interviews"),
            ("PUT", "http://h/interviews?policy"),
            ("PUT", "http://h/interviews?publicAccessBlock&policy"),
            ("PUT", "http://h/a/b?publicAccessBlock"),
            ("PUT", "http://h/?publicAccessBlock"),
        ] {
            assert!(!http_matches(shape, &request(method, url, "")), "{method} {url}");
        }
    }

    #[test]
    fn below_a_configured_address_only_the_path_counts() {
        let shape = "DELETE {api}/orgs/{org}/members/{user}";
        assert!(http_matches(shape, &request("DELETE", "https://h/orgs/meridian/members/mallory", "")));
        assert!(http_matches(shape, &request("DELETE", "https://ghe/api/v3/orgs/meridian/members/m%2F..%2Fx", "")));
        for (method, url) in [
            ("GET", "https://h/orgs/meridian/members/mallory"),
            ("DELETE", "https://h/orgs/meridian/members/mallory/x"),
            ("DELETE", "https://h/orgs/meridian/outside/mallory"),
            ("DELETE", "https://h/orgs/meridian/members/mallory?x=1"),
            ("DELETE", "https://h/members/mallory"),
            ("DELETE", "https://h/orgs//members/mallory"),
        ] {
            assert!(!http_matches(shape, &request(method, url, "")), "{method} {url}");
        }
        let shape = "POST {iam}/v1/{name}/keys/{key}:disable";
        assert!(http_matches(shape, &request("POST", "https://h/v1/a/keys/k:disable", "")));
        for url in ["https://h/v1/a/keys/k:enable", "https://h/v1/a/keys/:disable", "https://h/v1/a/keys/k:x:disable"] {
            assert!(!http_matches(shape, &request("POST", url, "")), "{url}");
        }
    }

    #[test]
    fn a_statement_cannot_smuggle_a_second_one() {
        let shape = "ALTER ROLE {role} NOLOGIN";
        for good in [r#"ALTER ROLE "ci" NOLOGIN"#, r#"ALTER ROLE "a ""quoted"" one" NOLOGIN"#] {
            assert!(sql_matches(shape, good), "{good}");
        }
        for bad in [
            r#"ALTER ROLE ci NOLOGIN"#,
            r#"ALTER ROLE "" NOLOGIN"#,
            r#"ALTER ROLE "a" SUPERUSER; ALTER ROLE "a" NOLOGIN"#,
            r#"ALTER ROLE "ci" LOGIN"#,
        ] {
            assert!(!sql_matches(shape, bad), "{bad}");
        }
    }
}
