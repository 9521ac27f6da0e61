"""AWS as its documentation has it: Signature Version 4 and the few calls that the lab makes."""

import datetime
import hashlib
import hmac
import json
import re
from urllib.parse import quote, urlencode

from .http import Door

REGION = "us-east-1"
ACCOUNT = "123456789012"
VERSIONS = {"iam": "2010-05-08", "sts": "2011-06-15"}


class Refused(Exception):
    """The platform said no."""


class Keys:
    """An access key or a session's three parts."""

    def __init__(self, identifier, secret, token=None):
        self.identifier, self.secret, self.token = identifier, secret, token

    @staticmethod
    def of(xml):
        """The first key in an answer."""
        return Keys(element(xml, "AccessKeyId"), element(xml, "SecretAccessKey"), element(xml, "SessionToken"))


def element(xml, name):
    found = re.search(f"<{name}>([^<]*)</{name}>", xml)
    return found and found.group(1).replace("&amp;", "&")


def elements(xml, name):
    return re.findall(f"<{name}>([^<]*)</{name}>", xml)


def _hash(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed(keys, service, method, host, path, query, headers, body):
    """The headers with those of a signature over all of them."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-date": stamp, "x-amz-content-sha256": digest, **headers}
    if keys.token:
        headers["x-amz-security-token"] = keys.token
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers))
    request = "\n".join([method, quote(path, safe="/-_.~"), query, lines, names, digest])
    scope = f"{day}/{REGION}/{service}/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
    key = _hash(_hash(_hash(_hash(b"AWS4" + keys.secret.encode(), day), REGION), service), "aws4_request")
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    credential = f"AWS4-HMAC-SHA256 Credential={keys.identifier}/{scope}"
    headers["authorization"] = f"{credential}, SignedHeaders={names}, Signature={signature}"
    return headers


class Aws:
    """A caller with one client."""

    def __init__(self, url, source, agent):
        self.door, self.agent = Door(url, source), agent
        self.host = url.split("://")[1]

    def call(self, keys, service, method, path="/", query="", headers=None, body=b""):
        """The body as bytes.

        Raises Refused with what the platform said.
        """
        headers = signed(keys, service, method, self.host, path, query, headers or {}, body)
        headers["user-agent"] = self.agent
        status, answer = self.door.send(method, path + ("?" + query if query else ""), headers, body)
        if status >= 300:
            raise Refused(f"{status} {answer[:200].decode(errors='replace')}")
        return answer

    def query(self, keys, service, action, **fields):
        """A call of a Query API; gives the XML."""
        body = urlencode({"Action": action, "Version": VERSIONS[service], **fields}).encode()
        headers = {"content-type": "application/x-www-form-urlencoded"}
        return self.call(keys, service, "POST", headers=headers, body=body).decode()

    def json(self, keys, service, target, body):
        """A call of a JSON API."""
        headers = {"content-type": "application/x-amz-json-1.1", "x-amz-target": target}
        return json.loads(self.call(keys, service, "POST", headers=headers, body=json.dumps(body).encode()) or b"{}")

    def identity(self, keys):
        return element(self.query(keys, "sts", "GetCallerIdentity"), "Arn")

    def assume(self, keys, role, name):
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        return Keys.of(self.query(keys, "sts", "AssumeRole", RoleArn=arn, RoleSessionName=name))

    def session(self, keys):
        return Keys.of(self.query(keys, "sts", "GetSessionToken"))

    def new_key(self, keys, user):
        return Keys.of(self.query(keys, "iam", "CreateAccessKey", UserName=user))

    def secrets(self, keys):
        listed = self.json(keys, "secretsmanager", "secretsmanager.ListSecrets", {"MaxResults": 100})
        return [one["Name"] for one in listed["SecretList"]]

    def secret(self, keys, name):
        return self.json(keys, "secretsmanager", "secretsmanager.GetSecretValue", {"SecretId": name})["SecretString"]

    def objects(self, keys, bucket):
        return elements(self.call(keys, "s3", "GET", f"/{bucket}", "list-type=2").decode(), "Key")

    def read(self, keys, bucket, key):
        return self.call(keys, "s3", "GET", f"/{bucket}/{key}")
