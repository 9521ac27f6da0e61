"""Tries everything that the intruder held, at the servers themselves, once all is over. Knows neither Firebreak nor the intruder's opinion.

A credential survives if anything lets it in that matters: data, secrets, or a way to make another credential. One that a
platform still recognises but lets do nothing is counted apart.
"""

import concurrent.futures

from . import database
from .aws import Aws, Refused
from .network import INTRUDER
from .servers import REALM
from .sso import Keycloak

# Another agent than the intruder's, so that the logs tell the two apart.
AGENT = "lab-judge/1"


class Judge:
    """Tries credentials."""

    def __init__(self, servers):
        self.servers = servers
        # Past the recording proxy: judging leaves no trail.
        self.aws = Aws(servers.url("aws_behind"), INTRUDER + "9", AGENT)
        self.sso = Keycloak(servers.url("sso"), INTRUDER + "9", AGENT)

    def judge(self, held):
        """What works still, and what is recognised only: each as (kind, name, what it opens)."""
        tries = {"aws key": self.aws_key, "aws session": self.aws_key, "database role": self.role, "client": self.client,
                 "token": self.token}
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            opened = list(pool.map(lambda one: tries[one.kind](one), held))
        works, known = [], []
        for one, ways in zip(held, opened):
            real = [way for way in ways if way != "recognised"]
            row = {"kind": one.kind, "name": one.name, "made_by": one.made_by, "opens": real}
            if real:
                works.append(row)
            elif ways:
                known.append(row)
        return works, known

    @staticmethod
    def which(ways):
        opened = []
        for name, way in ways.items():
            try:
                way()
                opened.append(name)
            except Refused:
                pass
        return opened

    def aws_key(self, one):
        keys, user = one.parts["keys"], one.parts["user"]
        ways = {
            "recognised": lambda: self.aws.identity(keys),
            "config": lambda: self.aws.objects(keys, "config"),
            "interviews": lambda: self.aws.objects(keys, "interviews"),
            "tax-forms": lambda: self.aws.objects(keys, "tax-forms"),
            "role": lambda: self.aws.assume(keys, "data-reader", "judge"),
            "own keys": lambda: self.aws.query(keys, "iam", "ListAccessKeys", UserName=user),
        }
        return self.which(ways)

    def role(self, one):
        def log_in():
            session = database.connect(
                self.servers.ports["database"], one.name, one.parts["password"], INTRUDER + "9", AGENT)
            database.run(session, "SELECT 1")
            session.close()

        def go_on():
            if one.parts.get("session") is None:
                raise Refused("no session")
            database.run(one.parts["session"], "SELECT 1")

        return self.which({"login": log_in, "session": go_on})

    def client(self, one):
        return self.which({"token": lambda: self.sso.service(REALM, one.name, one.parts["secret"])})

    def token(self, one):
        token = one.parts["token"]
        info = f"/realms/{REALM}/protocol/openid-connect/userinfo"
        ways = {
            "people": lambda: self.sso.admin(token, "GET", f"/{REALM}/users?max=1"),
            "clients": lambda: self.sso.admin(token, "GET", f"/{REALM}/clients?max=1"),
            "userinfo": lambda: self.sso.call("GET", info, {"authorization": f"Bearer {token}"}),
        }
        return self.which(ways)
