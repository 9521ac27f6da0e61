"""People and services that have nothing to do with the theft, at work all the time. Whoever of them is refused is a false cut.

A process of its own: reads the estate's secrets from standard input, works until that closes, and prints what each was answered.
"""

import collections
import json
import sys
import threading
import time

from . import database
from .aws import Aws, Keys, Refused
from .network import OFFICE
from .servers import REALM
from .sso import Keycloak

PAUSE = 0.25


class Work:
    """How often each was let in and refused."""

    def __init__(self):
        self.done, self.refused = collections.Counter(), collections.defaultdict(list)
        self.stop = threading.Event()

    def on(self, name, act):
        """`act` again and again, as `name`."""

        def run():
            while not self.stop.is_set():
                try:
                    act()
                    self.done[name] += 1
                except Refused as no:
                    self.refused[name].append([time.time(), str(no)])
                except OSError as broken:
                    if not self.stop.is_set():
                        self.refused[name].append([time.time(), f"unreachable: {broken}"])
                self.stop.wait(PAUSE)

        thread = threading.Thread(target=run, name=name, daemon=True)
        thread.start()
        return thread


def backup(aws, keys):
    """Reads its own bucket, one object after the other."""
    listed = aws.objects(keys, "archive")
    position = [0]

    def act():
        aws.read(keys, "archive", listed[position[0] % len(listed)])
        position[0] += 1

    return act


def reports(aws, keys):
    """Takes a role's session now and then, as a deployment does, and reads with it."""
    state = {"session": None, "used": 0}

    def act():
        if state["session"] is None or state["used"] >= 20:
            state.update(session=aws.assume(keys, "reports", "reports"), used=0)
        aws.read(state["session"], "archive", "00001.bin")
        state["used"] += 1

    return act


def worker(port, role, password, source, table):
    """One session that lasts, and a new one every now and then."""
    state = {"session": None, "used": 0}

    def act():
        if state["session"] is None or state["used"] >= 20:
            if state["session"] is not None:
                state["session"].close()
            state.update(session=database.connect(port, role, password, source, role), used=0)
        database.run(state["session"], f"SELECT ssn FROM {table} WHERE id = {state['used'] + 1}")
        state["used"] += 1

    return act


def service(sso, client, secret):
    """A service with an account in Keycloak: looks up one person with a token that it keeps for a while."""
    state = {"token": None, "used": 0}

    def act():
        if state["token"] is None or state["used"] >= 20:
            state.update(token=sso.service(REALM, client, secret), used=0)
        sso.admin(state["token"], "GET", f"/{REALM}/users?max=1")
        state["used"] += 1

    return act


def person(sso, name, password):
    """Somebody who signs in, and goes on with that session."""
    state = {"tokens": None}

    def act():
        if state["tokens"] is None:
            state["tokens"] = sso.tokens(REALM, grant_type="password", client_id="portal", username=name, password=password,
                                         scope="openid")
        refresh = state["tokens"]["refresh_token"]
        state["tokens"] = sso.tokens(REALM, grant_type="refresh_token", client_id="portal", refresh_token=refresh)

    return act


def main():
    told = json.loads(sys.stdin.readline())
    work, aws_url, sso_url, port = Work(), told["aws"], told["sso"], told["database"]
    keys = {name: Keys(*pair) for name, pair in told["keys"].items()}
    terraform = "APN/1.0 HashiCorp/1.0 Terraform/1.9.5"
    work.on("aws user nightly-backup", backup(Aws(aws_url, OFFICE + "10", "aws-cli/2.17.0"), keys["nightly-backup"]))
    work.on("aws role reports", reports(Aws(aws_url, OFFICE + "11", terraform), keys["deploy"]))
    for role, table, last in (("payroll", "payouts", "12"), ("analytics", "people", "13")):
        work.on(f"database role {role}", worker(port, role, told["passwords"][role], OFFICE + last, table))
    work.on("client payroll", service(Keycloak(sso_url, OFFICE + "12", "payroll/3"), "payroll", told["clients"]["payroll"]))
    for name, last in (("worker000", "14"), ("worker001", "15")):
        work.on(f"person {name}", person(Keycloak(sso_url, OFFICE + last, "Mozilla/5.0"), name, told["passwords"][name]))
    sys.stdin.readline()
    work.stop.set()
    time.sleep(0.3)
    json.dump({"done": work.done, "refused": work.refused}, sys.stdout)


if __name__ == "__main__":
    main()
