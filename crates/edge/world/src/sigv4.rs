//! How AWS is shown our credential: a request signed by its fourth version of signatures.
//!
//! It is no SDK: whose credentials, which service and which region are the caller's to say.

use crate::{Request, Secrets, SecretsError};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings, UriPathNormalizationMode,
    sign,
};
use aws_sigv4::sign::v4;
use firebreak_model::Time;
use secrecy::ExposeSecret;
use std::time::{Duration, UNIX_EPOCH};

/// One set of AWS credentials. Shown without its secrets.
#[derive(Clone, Debug)]
pub struct AwsKeys {
    credentials: Credentials,
}

impl AwsKeys {
    /// Reads the credentials that three references name; only temporary ones have a session token.
    ///
    /// # Errors
    /// If one of the references names no secret.
    pub fn read(
        secrets: &dyn Secrets,
        access_key_id: &str,
        secret_access_key: &str,
        session_token: Option<&str>,
    ) -> Result<AwsKeys, SecretsError> {
        let text = |reference: &str| secrets.secret(reference).map(|secret| secret.expose_secret().to_owned());
        let token = session_token.map(text).transpose()?;
        Ok(AwsKeys::new(&text(access_key_id)?, &text(secret_access_key)?, token))
    }

    /// These credentials.
    pub fn new(access_key_id: &str, secret_access_key: &str, session_token: Option<String>) -> AwsKeys {
        let credentials = Credentials::new(access_key_id, secret_access_key, session_token, None, "firebreak");
        AwsKeys { credentials }
    }

    /// The public id.
    pub fn access_key_id(&self) -> &str {
        self.credentials.access_key_id()
    }

    /// `request` as `service` in `region` accepts it at `now`; an error says in words why it cannot be signed.
    ///
    /// # Errors
    /// If the address or the headers are no such.
    pub fn signed(&self, service: &str, region: &str, now: Time, mut request: Request) -> Result<Request, String> {
        let mut settings = SigningSettings::default();
        if service == "s3" {
            // Objects' names are signed as they are sent.
            settings.percent_encoding_mode = PercentEncodingMode::Single;
            settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let identity = self.credentials.clone().into();
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name(service)
            .time(UNIX_EPOCH + Duration::from_secs(seconds))
            .settings(settings)
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let headers = request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let body = SignableBody::Bytes(&request.body);
        let signable = SignableRequest::new(&request.method, request.url.as_str(), headers, body)
            .map_err(|error| error.to_string())?;
        let (signature, _) = sign(signable, &parameters).map_err(|error| error.to_string())?.into_parts();
        let added: Vec<_> = signature.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        request.headers.extend(added);
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed(service: &str, token: Option<String>) -> Vec<(String, String)> {
        let keys = AwsKeys::new("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token);
        let request = Request {
            method: "GET".to_owned(),
            url: "https://example.amazonaws.com/".to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        keys.signed(service, "us-east-1", Time::parse("2015-08-30T12:36:00Z").unwrap(), request).unwrap().headers
    }

    fn header<'h>(headers: &'h [(String, String)], name: &str) -> Option<&'h str> {
        headers.iter().find(|(own, _)| own == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn signs_as_the_published_example_does() {
        let headers = signed("service", None);
        assert_eq!(
            header(&headers, "authorization").unwrap(),
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
             SignedHeaders=host;x-amz-date, \
             Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"
        );
        assert_eq!(header(&headers, "x-amz-date"), Some("20150830T123600Z"));
        assert_eq!(header(&headers, "x-amz-security-token"), None);
    }

    #[test]
    fn temporary_credentials_and_s3_say_more() {
        let headers = signed("s3", Some("token".to_owned()));
        assert_eq!(header(&headers, "x-amz-security-token"), Some("token"));
        assert!(header(&headers, "x-amz-content-sha256").is_some());
    }

    #[test]
    fn secrets_are_not_shown() {
        let shown = format!("{:?}", AwsKeys::new("AKIDEXAMPLE", "hush-hush", Some("token-hush".to_owned())));
        assert!(shown.contains("AKIDEXAMPLE") && !shown.contains("hush"), "{shown}");
    }
}
