//! Signatures of tokens: JWS in its compact form (RFC 7515) with RS256 and ES256 (RFC 7518), and key sets (RFC 7517).
//!
//! It knows no claim. `none`, symmetric algorithms and keys that a token brings along are never followed: the key is found by
//! `kid` in the issuer's own set, and its algorithm is the key's, not the token's.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents, UnparsedPublicKey,
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use thiserror::Error;

/// No set of more keys is read.
const KEYS_MAX: usize = 100;

/// Why a signature does not count.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum JoseError {
    /// It has not the form of a signed token.
    #[error("it is not a signed token: {0}")]
    Malformed(&'static str),
    /// Its algorithm is none that we take.
    #[error("it is signed with `{0}`, which is not taken")]
    Algorithm(String),
    /// The key is not in the issuer's set.
    #[error("the issuer has no key `{0}`")]
    UnknownKey(String),
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Forged,
}

/// What we sign with.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Algorithm {
    /// RSA with SHA-256: what the interoperability profile asks of everyone.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl Algorithm {
    /// Its name.
    pub const fn word(self) -> &'static str {
        match self {
            Algorithm::Rs256 => "RS256",
            Algorithm::Es256 => "ES256",
        }
    }
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

/// A private key.
pub struct Signer {
    pair: Pair,
    kid: String,
}

impl Signer {
    /// The key in `pem`: RSA (PKCS #1 or PKCS #8, 2048 bits or more) or P-256 (PKCS #8).
    ///
    /// # Errors
    /// Where it is none; the text never holds anything of it.
    pub fn of_pem(pem: &SecretString) -> Result<Signer, String> {
        let broken = || {
            "the signing key cannot be read\nhint: a PEM file of an RSA key of 2048 bits or more, made with `openssl genpkey \
             -algorithm RSA -pkeyopt rsa_keygen_bits:2048`"
                .to_owned()
        };
        let text = pem.expose_secret().replace("\\n", "\n");
        let body: String = text.lines().filter(|line| !line.starts_with("-----")).map(str::trim).collect();
        let der = zeroize::Zeroizing::new(STANDARD.decode(body).map_err(|_| broken())?);
        let rsa = match text.contains("-----BEGIN RSA PRIVATE KEY-----") {
            true => RsaKeyPair::from_der(&der),
            false => RsaKeyPair::from_pkcs8(&der),
        };
        let pair = match rsa {
            Ok(pair) if pair.public().modulus_len() >= 256 => Pair::Rsa(pair),
            Ok(_) => return Err(broken()),
            Err(_) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &der, &SystemRandom::new());
                Pair::Ec(pair.map_err(|_| broken())?)
            }
        };
        let mut signer = Signer { pair, kid: String::new() };
        signer.kid = thumbprint(&signer.public());
        Ok(signer)
    }

    /// The key's name: its thumbprint (RFC 7638).
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::Ec(_) => Algorithm::Es256,
        }
    }

    /// The public half, with the members that its thumbprint is made of and no others.
    fn public(&self) -> Value {
        match &self.pair {
            Pair::Rsa(pair) => {
                let parts: RsaPublicKeyComponents<Vec<u8>> = pair.public().into();
                let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
                json!({"e": text(&parts.e), "kty": "RSA", "n": text(&parts.n)})
            }
            Pair::Ec(pair) => {
                // An uncompressed point: a mark and two halves of 32 bytes.
                let point = pair.public_key().as_ref();
                let half = |from: usize| URL_SAFE_NO_PAD.encode(point.get(from..from + 32).unwrap_or_default());
                json!({"crv": "P-256", "kty": "EC", "x": half(1), "y": half(33)})
            }
        }
    }

    /// The public half as it stands in a key set.
    pub fn jwk(&self) -> Value {
        let mut key = self.public();
        key["kid"] = json!(self.kid);
        key["alg"] = json!(self.algorithm().word());
        key["use"] = json!("sig");
        key
    }

    /// `claims` as a signed token of type `typ`.
    ///
    /// # Errors
    /// Where the key cannot sign.
    pub fn sign(&self, typ: &str, claims: &Value) -> Result<String, String> {
        let header = json!({"alg": self.algorithm().word(), "kid": self.kid, "typ": typ});
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let text = format!("{}.{}", part(&header), part(claims));
        let failed = |_| "the signing key cannot sign".to_owned();
        let signature = match &self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).map_err(failed)?;
                signature
            }
            Pair::Ec(pair) => pair.sign(&SystemRandom::new(), text.as_bytes()).map_err(failed)?.as_ref().to_vec(),
        };
        Ok(format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

fn thumbprint(key: &Value) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(key.to_string().as_bytes()))
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum Key {
    Rsa { n: Vec<u8>, e: Vec<u8> },
    P256(Vec<u8>),
}

/// The public keys of one issuer, by `kid`.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Keys(BTreeMap<String, Key>);

impl Keys {
    /// The keys in a set. What is no RSA key of 2048 bits or more and no key on P-256, or is not for signatures, is passed
    /// over; a key without `kid` cannot be found and is passed over too.
    ///
    /// # Errors
    /// Where it is no key set, or holds none that could be used.
    pub fn parse(bytes: &[u8]) -> Result<Keys, String> {
        let set: Value = serde_json::from_slice(bytes).map_err(|_| "it is not JSON".to_owned())?;
        let listed = set["keys"].as_array().ok_or("it has no `keys`")?;
        if listed.len() > KEYS_MAX {
            return Err(format!("it has more than {KEYS_MAX} keys"));
        }
        let keys: BTreeMap<String, Key> = listed.iter().filter_map(Keys::one).collect();
        if keys.is_empty() { Err("it has no key that we could use".to_owned()) } else { Ok(Keys(keys)) }
    }

    fn one(key: &Value) -> Option<(String, Key)> {
        let text = |name: &str| key[name].as_str();
        let bytes = |name: &str| URL_SAFE_NO_PAD.decode(text(name)?).ok();
        if text("use").is_some_and(|purpose| purpose != "sig") {
            return None;
        }
        let kid = text("kid").filter(|kid| !kid.is_empty())?.to_owned();
        let found = match (text("kty")?, text("alg")) {
            ("RSA", None | Some("RS256")) => {
                let mut n = bytes("n")?;
                while n.first() == Some(&0) {
                    n.remove(0);
                }
                (n.len() >= 256).then_some(Key::Rsa { n, e: bytes("e")? })?
            }
            ("EC", None | Some("ES256")) if text("crv") == Some("P-256") => {
                let (x, y) = (bytes("x")?, bytes("y")?);
                (x.len() == 32 && y.len() == 32).then(|| Key::P256([vec![4], x, y].concat()))?
            }
            _ => return None,
        };
        Some((kid, found))
    }

    /// Whether there is a key of that name.
    pub fn has(&self, kid: &str) -> bool {
        self.0.contains_key(kid)
    }

    fn verify(&self, header: &Header, text: &[u8], signature: &[u8]) -> Result<(), JoseError> {
        let key = self.0.get(&header.kid).ok_or_else(|| JoseError::UnknownKey(header.kid.clone()))?;
        let verified = match (key, header.algorithm) {
            (Key::Rsa { n, e }, Algorithm::Rs256) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, text, signature)
            }
            (Key::P256(point), Algorithm::Es256) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(text, signature)
            }
            _ => return Err(JoseError::Algorithm(header.algorithm.word().to_owned())),
        };
        verified.map_err(|_| JoseError::Forged)
    }
}

/// What a token says of its signature.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Header {
    /// Which algorithm.
    pub algorithm: Algorithm,
    /// Which key.
    pub kid: String,
    /// Of which type it is said to be; empty where it says none.
    pub typ: String,
}

/// A token taken apart; nothing of it is believed yet.
#[derive(Debug)]
pub struct Unverified<'t> {
    /// The head.
    pub header: Header,
    claims: Value,
    text: &'t [u8],
    signature: Vec<u8>,
}

impl<'t> Unverified<'t> {
    /// Takes `token` apart.
    ///
    /// # Errors
    /// Where it has not the form of a signed token or is signed in a way that we do not take.
    pub fn parse(token: &'t str) -> Result<Unverified<'t>, JoseError> {
        let malformed = JoseError::Malformed;
        let (text, signature) = token.rsplit_once('.').ok_or(malformed("it has no signature"))?;
        let (head, body) = text.split_once('.').ok_or(malformed("it has no body"))?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed("a part is not base64url"));
        let json = |part: &str| -> Result<Value, JoseError> {
            serde_json::from_slice(&decoded(part)?).map_err(|_| malformed("a part is not JSON"))
        };
        let head = json(head)?;
        let word = |name: &str| head[name].as_str().unwrap_or_default().to_owned();
        // What a token asks us to understand, and we do not, makes it one that we cannot judge.
        if head.get("crit").is_some() {
            return Err(malformed("it has extensions that must be understood"));
        }
        let algorithm = match word("alg").as_str() {
            "RS256" => Algorithm::Rs256,
            "ES256" => Algorithm::Es256,
            other => return Err(JoseError::Algorithm(other.chars().take(40).collect())),
        };
        let header = Header { algorithm, kid: word("kid").chars().take(200).collect(), typ: word("typ") };
        let claims = json(body)?;
        if !claims.is_object() {
            return Err(malformed("its body is no object"));
        }
        Ok(Unverified { header, claims, text: text.as_bytes(), signature: decoded(signature)? })
    }

    /// A claim, to find the issuer's keys by. It is not believed.
    pub fn hint(&self, name: &str) -> Option<&str> {
        self.claims[name].as_str()
    }

    /// The claims, if one of `keys` signed them.
    ///
    /// # Errors
    /// Why the signature does not count.
    pub fn verified(self, keys: &Keys) -> Result<Value, JoseError> {
        keys.verify(&self.header, self.text, &self.signature)?;
        Ok(self.claims)
    }
}
