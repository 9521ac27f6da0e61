"""Keycloak as its documentation has it: tokens by form, administration by JSON."""

import json
from urllib.parse import urlencode

from .aws import Refused
from .http import Door


class Keycloak:
    """A caller."""

    def __init__(self, url, source, agent):
        self.door, self.agent = Door(url, source, timeout=30), agent

    def call(self, method, path, headers=None, body=b""):
        """Status, JSON and nothing else. Raises Refused where it says no."""
        headers = {"user-agent": self.agent, **(headers or {})}
        status, answer = self.door.send(method, path, headers, body)
        if status >= 400:
            raise Refused(f"{status} {answer[:200].decode(errors='replace')}")
        try:
            return json.loads(answer or b"null")
        except ValueError:
            return None

    def tokens(self, realm, **form):
        """What the token endpoint gives."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        path = f"/realms/{realm}/protocol/openid-connect/token"
        return self.call("POST", path, headers, urlencode(form).encode())

    def service(self, realm, client, secret):
        """An access token of a client's own account."""
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
        return self.tokens(realm, **form)["access_token"]

    def admin(self, token, method, path, body=None):
        """A call of the administration's interface."""
        headers = {"authorization": f"Bearer {token}"}
        if body is not None:
            headers["content-type"] = "application/json"
        return self.call(method, f"/admin/realms{path}", headers, json.dumps(body).encode() if body is not None else b"")
