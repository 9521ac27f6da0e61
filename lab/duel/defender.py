"""Firebreak beside the servers: its configuration, its inventory as `firebreak collect` makes it, and its life."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import time

from .aws import ACCOUNT
from .database import DATABASE
from .network import SERVERS
from .servers import DATABASE_HOST, REALM
from .sso import Keycloak


# A step in one of these is in the middle of it.
UNDER_WAY = ("planned", "applying", "applied", "ambiguous", "converging")


class Defender:
    """One installation of Firebreak."""

    def __init__(self, program, servers, estate):
        self.program, self.servers, self.estate = program, servers, estate
        self.home = servers.work / "firebreak"
        self.inventory = servers.work / "inventory"
        self.config = self.home / "firebreak.toml"
        self.child = None
        self.seen_steps, self.since = None, time.monotonic()

    def prepare(self, taken):
        """Configuration and inventory."""
        self.home.mkdir()
        (self.inventory / "environments").mkdir(parents=True)
        keys = self.estate.keys["firebreak"]
        (self.home / "aws.id").write_text(keys.identifier)
        (self.home / "aws.secret").write_text(keys.secret)
        (self.home / "sso.secret").write_text(self.estate.clients["firebreak"])
        password = self.estate.passwords["firebreak"]
        (self.home / "database.password").write_text(password)
        address = f"{SERVERS}:{self.servers.ports['database']}"
        (self.home / "database.url").write_text(f"postgres://firebreak:{password}@{address}/{DATABASE}?sslmode=disable")
        self.config.write_text(self.settings(address))
        (self.inventory / "estate.json").write_text(json.dumps(self.estate.statement(taken)))
        (self.inventory / "environments" / "eval.json").write_text(json.dumps(self.estate.snapshot(taken)))
        token = self.sso_token()
        (self.home / "sso.token").write_text(token)
        self.run("collect")

    def sso_token(self):
        sso = Keycloak(self.servers.url("sso"), SERVERS, "firebreak")
        return sso.service(REALM, "firebreak", self.estate.clients["firebreak"])

    def settings(self, address):
        home, logs = self.home, self.servers.logs
        own_key = f"credential:aws/{self.estate.keys['firebreak'].identifier}"
        own = [own_key, f"identity:postgres/{DATABASE_HOST}/firebreak", f"identity:app/keycloak/{REALM}/firebreak"]
        return f"""
data = "{home}/data"
[inventory]
paths = ["{self.inventory}"]
[intake]
poll_seconds = 0.05
[detect]
lateness_seconds = 1
[contain]
policy = "act"
[act]
mode = "live"
[[source]]
name = "aws_cloudtrail"
paths = ["{logs}/aws_cloudtrail"]
[[source]]
name = "postgres_log"
paths = ["{logs}/postgres_log"]
[[source]]
name = "keycloak"
paths = ["{logs}/keycloak", "{self.servers.sso.log}"]
[[collect]]
scanner = "aws_authorization_details"
url = "{self.servers.url('aws')}"
credential = "file:{home}/aws.secret"
values = {{ access_key_id = "file:{home}/aws.id", regions = "us-east-1" }}
[[collect]]
scanner = "postgres"
url = "postgresql://firebreak@{address}/{DATABASE}?sslmode=disable"
credential = "file:{home}/database.password"
values = {{ host = "{DATABASE_HOST}" }}
[[collect]]
scanner = "keycloak"
url = "{self.servers.url('sso')}"
credential = "file:{home}/sso.token"
values = {{ realm = "{REALM}" }}
[responder]
own = {json.dumps(own)}
[responder.aws.accounts.{ACCOUNT}]
access_key_id = "file:{home}/aws.id"
secret_access_key = "file:{home}/aws.secret"
endpoint = "{self.servers.url('aws')}"
[responder.postgres_role.servers."{DATABASE_HOST}"]
url = "file:{home}/database.url"
[responder.keycloak.realms.{REALM}]
url = "{self.servers.url('sso')}"
client_id = "firebreak"
client_secret = "file:{home}/sso.secret"
"""

    def run(self, *arguments):
        """One command to its end; gives what it printed."""
        command = [str(self.program), "--config", str(self.config), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        with open(self.home / "commands.out", "a") as said:
            said.write(f"$ {arguments}\n{done.stdout}{done.stderr}\n")
        if done.returncode not in (0, 3):
            raise SystemExit(f"error: firebreak {arguments[0]} failed: {done.stderr.strip()[-400:]}")
        return done.stdout

    def start(self):
        """The long-lived process, once it has read what was there before: patiently, since it reads one log after the other."""
        live = self.config.read_text()
        self.config.write_text(live.replace("lateness_seconds = 1\n", "lateness_seconds = 2000000\n"))
        self.run("run", "--once")
        self.config.write_text(live)
        said = open(self.home / "run.out", "wb")
        command = [str(self.program), "--config", str(self.config), "--json", "run"]
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        time.sleep(2)

    def stop(self):
        if self.child and self.child.poll() is None:
            self.child.send_signal(signal.SIGINT)
            try:
                self.child.wait(30)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        return self.child.returncode if self.child else None

    def alive(self):
        return self.child is not None and self.child.poll() is None

    def logs(self):
        """How long each log is now."""
        logs = [path for path in self.servers.logs.rglob("*") if path.is_file()] + [self.servers.sso.log]
        return {str(path): os.path.getsize(path) for path in logs}

    def state(self):
        """How far it has come, if nothing of it is under way now: what each log was read to, and what the steps are."""
        with contextlib.closing(sqlite3.connect(f"file:{self.home}/data/state.sqlite?mode=ro", uri=True, timeout=10)) as state:
            cursors = [json.loads(body) for (body,) in state.execute("SELECT body FROM input_cursor")]
            steps = state.execute("SELECT plan, key, state FROM step ORDER BY plan, key").fetchall()
        under_way = any(word in UNDER_WAY for *_, word in steps)
        return None if under_way else ({cursor["path"]: cursor["place"]["offset"] for cursor in cursors}, steps)

    def at_rest(self, logs, calm):
        """Whether it has read what the logs held, has no step under way, and has begun none for `calm` seconds since.

        What waits for its time, as the second deny of a role's sessions does for two minutes, is not under way."""
        now = self.state()
        read = now is not None and all(now[0][path] >= size for path, size in logs.items() if path in now[0])
        if not read or now[1] != self.seen_steps:
            self.seen_steps, self.since = now and now[1], time.monotonic()
        return read and time.monotonic() - self.since >= calm
