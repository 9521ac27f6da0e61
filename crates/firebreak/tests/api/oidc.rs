//! Logging in by an identity provider that stands in for a real one: it holds us to PKCE and to our secret, and gives what it is
//! told to. Who comes in has a fresh session of the role that their groups give; whoever tampers comes in nowhere.

use crate::here;
use crate::installation::Came;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use firebreak_signals::Signer;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use secrecy::SecretString;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

/// What the provider was asked for a code, and what it will say of the person.
#[derive(Clone)]
struct Grant {
    challenge: String,
    back: String,
    claims: Value,
}

struct Provider {
    address: SocketAddr,
    signer: Signer,
    grants: Mutex<BTreeMap<String, Grant>>,
}

fn fields(text: &str) -> BTreeMap<String, String> {
    let plain = |text: &str| {
        let (bytes, mut out, mut at) = (text.as_bytes(), Vec::new(), 0);
        while let Some(byte) = bytes.get(at) {
            match byte {
                b'%' => {
                    out.push(u8::from_str_radix(&text[at + 1..at + 3], 16).unwrap());
                    at += 2;
                }
                other => out.push(*other),
            }
            at += 1;
        }
        String::from_utf8(out).unwrap()
    };
    text.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (plain(name), plain(value))).collect()
}

impl Provider {
    fn start() -> Arc<Provider> {
        let random = ring::rand::SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        let pem = format!("-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----", STANDARD.encode(made.as_ref()));
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let signer = Signer::of_pem(&SecretString::from(pem)).unwrap();
        let provider = Arc::new(Provider { address, signer, grants: Mutex::default() });
        let serving = Arc::clone(&provider);
        std::thread::spawn(move || listener.incoming().flatten().for_each(|stream| serving.answer(stream)));
        provider
    }

    fn issuer(&self) -> String {
        format!("http://{}", self.address)
    }

    fn answer(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut first, mut length, mut authorization) = (String::new(), 0, String::new());
        reader.read_line(&mut first).unwrap();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            match name.to_lowercase().as_str() {
                "content-length" => length = value.parse().unwrap(),
                "authorization" => authorization = value.to_owned(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        let path = first.split(' ').nth(1).unwrap_or_default();
        let (status, said) = match path {
            "/.well-known/openid-configuration" => {
                let at = |path: &str| format!("{}{path}", self.issuer());
                (
                    200,
                    json!({"issuer": self.issuer(), "authorization_endpoint": at("/authorize"), "token_endpoint": at("/token"),
                    "jwks_uri": at("/keys"), "code_challenge_methods_supported": ["S256"]}),
                )
            }
            "/keys" => (200, json!({"keys": [self.signer.jwk()]})),
            "/token" => self.token(&fields(&String::from_utf8(body).unwrap()), &authorization),
            _ => (404, json!({})),
        };
        let said = said.to_string();
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            said.len()
        );
        stream.write_all((head + &said).as_bytes()).unwrap();
    }

    fn token(&self, asked: &BTreeMap<String, String>, authorization: &str) -> (u16, Value) {
        let grant = self.grants.lock().unwrap().remove(asked.get("code").map_or("", String::as_str));
        let verifier = asked.get("code_verifier").cloned().unwrap_or_default();
        let held = grant.filter(|grant| {
            URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes())) == grant.challenge
                && asked.get("redirect_uri") == Some(&grant.back)
                && authorization == format!("Basic {}", STANDARD.encode("firebreak:a%20secret"))
        });
        match held {
            Some(grant) => {
                (200, json!({"id_token": self.signer.sign("JWT", &grant.claims).unwrap(), "token_type": "Bearer"}))
            }
            None => (400, json!({"error": "invalid_grant"})),
        }
    }

    /// Logs somebody in at the provider: the code that goes back.
    fn grant(&self, asked: &BTreeMap<String, String>, change: &dyn Fn(&mut Value)) -> String {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.issuer(), "aud": "firebreak", "exp": now + 60, "iat": now, "nonce": asked["nonce"], "sub": "7",
            "email": "grace@example.com", "email_verified": true, "groups": ["responders"],
        });
        change(&mut claims);
        let grant = Grant { challenge: asked["code_challenge"].clone(), back: asked["redirect_uri"].clone(), claims };
        let code = format!("code-{}", self.grants.lock().unwrap().len() + now as usize);
        self.grants.lock().unwrap().insert(code.clone(), grant);
        code
    }
}

struct Door {
    provider: Arc<Provider>,
    address: SocketAddr,
}

impl Door {
    fn open() -> Door {
        let provider = Provider::start();
        let secret = std::env::temp_dir().join(format!("firebreak-oidc-{}", provider.address.port()));
        std::fs::write(&secret, "a secret").unwrap();
        let config = format!(
            "oidc = {{ issuer = \"{}\", client = \"firebreak\", secret = \"file:{}\", role = [{{ group = \"responders\", role = \"responder\" }}] }}\n",
            provider.issuer(),
            secret.display()
        );
        Door { address: here().beside(&config), provider }
    }

    fn get(&self, path: &str, headers: &[(&str, &str)]) -> Came {
        here().call_at(self.address, "GET", path, headers, "")
    }

    /// Begins: what the provider is asked, and the cookie of the browser.
    fn begin(&self) -> (BTreeMap<String, String>, String) {
        let came = self.get("/api/v1/login", &[]);
        assert_eq!(came.status, 303, "{came:?}");
        let (door, asked) = came.header("location").unwrap().split_once('?').unwrap();
        assert_eq!(door, format!("{}/authorize", self.provider.issuer()));
        let set = came.header("set-cookie").unwrap();
        assert!(
            set.contains("HttpOnly") && set.contains("SameSite=Lax") && set.contains("Path=/api/v1/login"),
            "{set}"
        );
        (fields(asked), set.split(';').next().unwrap().to_owned())
    }

    fn end(&self, state: &str, code: &str, cookie: &str) -> Came {
        self.get(&format!("/api/v1/login/return?state={state}&code={code}&session_state=x"), &[("Cookie", cookie)])
    }

    fn refused(&self, came: &Came, word: &str) {
        let set = came.head.to_lowercase().contains("firebreak_session=");
        assert_eq!(
            (came.status, came.header("location"), set),
            (303, Some(format!("/#refused={word}").as_str()), false),
            "{came:?}"
        );
    }
}

#[test]
fn a_person_comes_in_by_the_provider_with_a_fresh_session_and_the_role_of_their_group() {
    let door = Door::open();
    let ways = door.get("/api/v1/login/ways", &[]).json();
    assert_eq!(
        (&ways["provider"], &ways["start"]),
        (&json!(door.provider.issuer()), &json!(format!("http://{}/api/v1/login", door.address)))
    );
    let (asked, cookie) = door.begin();
    let wanted = [("response_type", "code"), ("client_id", "firebreak"), ("code_challenge_method", "S256")];
    assert!(wanted.iter().all(|(name, value)| asked[*name] == *value), "{asked:?}");
    assert_eq!(asked["redirect_uri"], format!("http://{}/api/v1/login/return", door.address));
    let code = door.provider.grant(&asked, &|_| {});
    let fixed = format!("firebreak_session=fixed; {cookie}");
    let came = door.end(&asked["state"], &code, &fixed);
    assert_eq!((came.status, came.header("location")), (303, Some("/")), "{came:?}");
    let set = came.header("set-cookie").unwrap().to_owned();
    assert!(
        set.starts_with("firebreak_session=") && set.contains("SameSite=Strict") && !set.contains("fixed"),
        "{set}"
    );
    let session = set.split(';').next().unwrap();
    let who = door.get("/api/v1/session", &[("Cookie", session)]).json();
    assert_eq!((&who["name"], &who["role"]), (&json!("grace@example.com"), &json!("responder")));
    let entries = here().as_role("auditor", "GET", "/ledger?entry_kind=api_call&limit=500", "").json();
    let entered = |entry: &Value| entry["body"]["by"] == "grace@example.com" && entry["body"]["endpoint"] == "/session";
    assert!(entries["items"].as_array().unwrap().iter().any(entered), "a login stands in the ledger");
    let own = format!("http://{}", door.address);
    let headers = [("Cookie", session), ("Origin", own.as_str()), ("X-CSRF-Token", who["csrf"].as_str().unwrap())];
    assert_eq!(here().call_at(door.address, "DELETE", "/api/v1/session", &headers, "").status, 204);
    assert_eq!(door.get("/api/v1/session", &[("Cookie", session)]).status, 401, "after the logout");
    door.refused(&door.end(&asked["state"], &code, &cookie), "late");
}

#[test]
fn whoever_tampers_comes_in_nowhere() {
    let door = Door::open();
    let (asked, cookie) = door.begin();
    let (other, _) = door.begin();
    let code = door.provider.grant(&asked, &|_| {});
    door.refused(&door.end("guessed", &code, &cookie), "late");
    door.refused(&door.end(&other["state"], &code, &cookie), "late");
    let (asked, _) = door.begin();
    let code = door.provider.grant(&asked, &|_| {});
    door.refused(&door.end(&asked["state"], &code, "firebreak_login=another"), "late");
    for (word, change) in [
        ("no-role", &(|claims: &mut Value| claims["groups"] = json!(["staff"])) as &dyn Fn(&mut Value)),
        ("unnamed", &|claims| claims["email_verified"] = json!(false)),
        ("token", &|claims| claims["aud"] = json!("another")),
        ("token", &|claims| claims["nonce"] = json!("another")),
        ("token", &|claims| claims["iss"] = json!("https://evil.example")),
    ] {
        let (asked, cookie) = door.begin();
        let code = door.provider.grant(&asked, change);
        door.refused(&door.end(&asked["state"], &code, &cookie), word);
    }
    // Strangers may not call much oftener than that: another door.
    let door = Door::open();
    // A code that another login got: the provider holds it against the challenge.
    let ((mine, cookie), (theirs, _)) = (door.begin(), door.begin());
    let code = door.provider.grant(&theirs, &|_| {});
    door.refused(&door.end(&mine["state"], &code, &cookie), "provider");
    let (asked, cookie) = door.begin();
    let denied = format!("/api/v1/login/return?state={}&error=access_denied", asked["state"]);
    door.refused(&door.get(&denied, &[("Cookie", &cookie)]), "denied");
}
