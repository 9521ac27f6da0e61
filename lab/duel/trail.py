"""A proxy in front of the AWS emulator that writes a CloudTrail record of each real request and answer.

The emulator keeps no trail. What is written is what happened: who signed, from where, what was asked, what was answered.
Unlike CloudTrail, which delivers after minutes (and through EventBridge after seconds), the record is there at once.
"""

import datetime
import http.client
import json
import re
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from .aws import ACCOUNT, REGION, element
from .network import SERVERS

SECRET_FIELDS = {"SecretAccessKey", "SecretString", "Password"}
OBJECTS = {"GET": "GetObject", "PUT": "PutObject", "HEAD": "HeadObject", "DELETE": "DeleteObject"}
BUCKETS = {"PUT": "CreateBucket", "HEAD": "HeadBucket", "DELETE": "DeleteBucket"}
SUBRESOURCES = {"policy": "BucketPolicy", "publicAccessBlock": "BucketPublicAccessBlock", "location": "BucketLocation"}


class Identities:
    """Whose key is whose, as the emulator knows it: told at the start, then learnt from its answers."""

    def __init__(self, known):
        self.known, self.lock = dict(known), threading.Lock()

    def of(self, identifier):
        with self.lock:
            return self.known.get(identifier)

    def learn(self, name, caller, fields, answer):
        identifier = element(answer, "AccessKeyId")
        if not identifier:
            return
        if name == "CreateAccessKey":
            user = element(answer, "UserName") or (caller or {}).get("userName", "")
            found = user_identity(user)
        elif name == "AssumeRole":
            found = role_identity(fields.get("RoleArn", ""), fields.get("RoleSessionName", ""))
        elif name == "GetSessionToken":
            found = caller
        else:
            return
        with self.lock:
            self.known[identifier] = found


def user_identity(user):
    return {
        "type": "IAMUser", "principalId": "AIDA" + user.upper()[:16], "arn": f"arn:aws:iam::{ACCOUNT}:user/{user}",
        "accountId": ACCOUNT, "userName": user,
    }


def role_identity(arn, session):
    role = arn.rsplit("/", 1)[-1]
    return {
        "type": "AssumedRole", "principalId": f"AROA{role.upper()[:16]}:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}", "accountId": ACCOUNT,
        "sessionContext": {"sessionIssuer": {
            "type": "Role", "principalId": f"AROA{role.upper()[:16]}", "arn": arn, "accountId": ACCOUNT, "userName": role,
        }},
    }


def lower(name):
    return name[:1].lower() + name[1:]


def asked(service, method, path, query, headers, body):
    """The name of the operation and what it was asked."""
    if service == "s3":
        parts = unquote(path).lstrip("/").split("/", 1)
        parameters = {"bucketName": parts[0]} if parts[0] else {}
        if len(parts) == 2 and parts[1]:
            return OBJECTS.get(method, method), {**parameters, "key": parts[1]}
        for name, of in SUBRESOURCES.items():
            if name in parse_qs(query, keep_blank_values=True):
                return {"GET": "Get", "PUT": "Put", "DELETE": "Delete"}.get(method, method) + of, parameters
        return ("ListObjects" if parts[0] else "ListBuckets") if method == "GET" else BUCKETS.get(method, method), parameters
    if "x-amz-target" in headers:
        name = headers["x-amz-target"].rsplit(".", 1)[-1]
        return name, {lower(k): v for k, v in json.loads(body or b"{}").items() if k not in SECRET_FIELDS}
    fields = dict(parse_qsl(body.decode(errors="replace")) or parse_qsl(query))
    return fields.pop("Action", method), {k: v for k, v in fields.items() if k not in SECRET_FIELDS | {"Version"}}


def answered(name, text):
    """What a trail tells of the answer: of calls that make something."""
    identifier = element(text, "AccessKeyId")
    if name == "CreateAccessKey" and identifier:
        user = element(text, "UserName")
        return {"accessKey": {"userName": user, "accessKeyId": identifier, "status": "Active"}}
    if name in ("AssumeRole", "GetSessionToken") and identifier:
        return {"credentials": {"accessKeyId": identifier, "expiration": element(text, "Expiration")}}
    return None


def error_of(status, body):
    if status < 400:
        return {}
    text = body.decode(errors="replace")
    code = element(text, "Code")
    if code is None:
        found = re.search(r'"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"', text)
        code = found.group(1) if found else str(status)
    return {"errorCode": code, "errorMessage": (element(text, "Message") or code)[:200]}


class Trail(ThreadingHTTPServer):
    """The proxy."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port, behind, log, identities):
        super().__init__((SERVERS, port), Handler)
        self.behind = urlsplit(behind)
        self.log, self.lock = open(log, "ab", buffering=0), threading.Lock()
        self.identities = identities

    def write(self, record):
        line = json.dumps(record, separators=(",", ":")).encode() + b"\n"
        with self.lock:
            self.log.write(line)

    def handle_error(self, request, client_address):
        """A caller that went away is nobody's error."""


class Handler(BaseHTTPRequestHandler):
    """One connection of a caller."""

    protocol_version = "HTTP/1.1"
    # Small answers at once.
    disable_nagle_algorithm = True

    def setup(self):
        super().setup()
        behind = self.server.behind
        self.there = http.client.HTTPConnection(behind.hostname, behind.port, timeout=30)

    def finish(self):
        self.there.close()
        super().finish()

    def log_message(self, *_):
        """The trail is the log."""

    def relay(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        for attempt in (1, 2):
            try:
                self.there.request(self.command, self.path, body=body, headers=headers)
                response = self.there.getresponse()
                break
            except (http.client.HTTPException, OSError):
                self.there.close()
                if attempt == 2:
                    raise
        answer = response.read()
        # First the trail, then the answer: what was answered is always written.
        self.record(body, response.status, answer)
        self.send_response_only(response.status)
        for name, value in response.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = relay

    def record(self, body, status, answer):
        found = re.search(r"Credential=([^/]+)/\d+/[^/]+/([^/]+)/", self.headers.get("authorization") or "")
        if not found:
            return
        identifier, service = found.groups()
        parts = urlsplit(self.path)
        lowered = {name.lower(): value for name, value in self.headers.items()}
        name, parameters = asked(service, self.command, parts.path, parts.query, lowered, body)
        caller = self.server.identities.of(identifier)
        text = "" if service == "s3" else answer.decode(errors="replace")
        if status < 300 and service in ("iam", "sts"):
            self.server.identities.learn(name, caller, parameters, text)
        identity = {**(caller or {"type": "Unknown"}), "accessKeyId": identifier}
        if service != "s3":
            parameters = {lower(key): value for key, value in parameters.items()}
        record = {
            "eventVersion": "1.09", "userIdentity": identity,
            "eventTime": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "eventSource": f"{service}.amazonaws.com", "eventName": name, "awsRegion": REGION,
            "sourceIPAddress": self.client_address[0], "userAgent": self.headers.get("user-agent", ""),
            **error_of(status, answer),
            "requestParameters": parameters or None,
            "responseElements": answered(name, text) if status < 300 else None,
            "eventID": str(uuid.uuid4()), "readOnly": name.startswith(("Get", "List", "Head", "Describe")),
            "eventType": "AwsApiCall", "managementEvent": name not in OBJECTS.values(), "recipientAccountId": ACCOUNT,
        }
        if name == "GetObject" and status < 300:
            record["additionalEventData"] = {"bytesTransferredOut": len(answer)}
        self.server.write(record)


def main():
    port, behind, log, identities = sys.argv[1:5]
    with open(identities) as known:
        Trail(int(port), behind, log, Identities(json.load(known))).serve_forever()


if __name__ == "__main__":
    main()
