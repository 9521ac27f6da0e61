"""The estate of one seed: a hiring platform's accounts, roles, clients, secrets, buckets and tables, made on the servers."""

import contextlib
import json
import random
import time

import pg8000.dbapi
import pg8000.exceptions

from . import database
from .aws import ACCOUNT, Aws, Keys, Refused
from .network import SERVERS
from .servers import DATABASE_HOST, PASSWORD, REALM
from .sso import Keycloak

BUCKETS = ("interviews", "tax-forms", "archive")
# Where keys of others lie. The emulator asks nobody's rights for Secrets Manager, so nothing of worth is there.
CONFIG = "config"
CALLERS_ARN = "arn:aws:iam::" + ACCOUNT + ":user/"
# The emulator asks for the second to list a bucket, where AWS asks for the first.
READ = ["s3:ListBucket", "s3:ListObjectsV2", "s3:GetObject"]
# AWS answers this to everyone, the emulator to who is allowed.
WHO = ("sts:GetCallerIdentity", "*")
# The emulator believes who calls itself so.
ROOT = Keys("test", "test")


def allow(*statements):
    listed = [{"Effect": "Allow", "Action": actions, "Resource": resources} for actions, resources in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": listed})


class Estate:
    """What was made, with the secrets that the lab needs to play its people."""

    def __init__(self, servers, seed):
        self.servers, self.seed, self.dice = servers, seed, random.Random(seed)
        self.keys, self.passwords, self.clients = {}, {}, {}
        self.tables = []

    def word(self):
        return "".join(self.dice.choice("abcdefghijkmnpqrstuvwxyz23456789") for _ in range(20))

    def make(self):
        self.make_database()
        self.make_sso()
        self.make_aws()

    # AWS

    def make_aws(self):
        aws = Aws(self.servers.url("aws_behind"), SERVERS, "seed")
        root = lambda action, **fields: aws.query(ROOT, "iam", action, **fields)
        sizes = {}
        for bucket in BUCKETS:
            aws.call(ROOT, "s3", "PUT", f"/{bucket}")
            count, size = self.dice.randint(120, 300), self.dice.randint(4, 64) * 1024
            sizes[bucket] = (count, count * size)
            for number in range(count):
                aws.call(ROOT, "s3", "PUT", f"/{bucket}/{number:05}.bin", body=self.dice.randbytes(size))
        bucket = lambda name: [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"]
        own_keys = lambda user: (["iam:CreateAccessKey", "iam:ListAccessKeys"], CALLERS_ARN + user)
        users = {
            "ci-eval": [
                ("secretsmanager:*", "*"), (READ, bucket(CONFIG)), ("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/data-reader"), own_keys("ci-eval"),
            ],
            "backup-agent": [("s3:*", bucket("tax-forms")), own_keys("backup-agent")],
            "nightly-backup": [(READ, bucket("archive"))],
            "deploy": [("sts:AssumeRole", f"arn:aws:iam::{ACCOUNT}:role/reports"), ("iam:ListRoles", "*")],
            "firebreak": [
                (["iam:ListAccessKeys", "iam:UpdateAccessKey", "iam:GetUserPolicy", "iam:PutUserPolicy", "iam:DeleteUserPolicy",
                  "iam:GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy", "iam:GetUser", "iam:GetRole",
                  "iam:ListUserPolicies", "iam:ListRolePolicies"], "*"),
                (["iam:GetAccountAuthorizationDetails", "sts:GetCallerIdentity", "s3:ListAllMyBuckets", "s3:ListBuckets", "s3:GetBucketPolicy",
                  "s3:GetBucketPublicAccessBlock", "s3:GetAccountPublicAccessBlock", "s3:GetPublicAccessBlock", "secretsmanager:ListSecrets",
                  "secretsmanager:GetResourcePolicy", "organizations:*", "kms:*", "sqs:*", "sns:*", "lambda:*", "ecr:*"], "*"),
            ],
        }
        for user, statements in users.items():
            root("CreateUser", UserName=user)
            root("PutUserPolicy", UserName=user, PolicyName="work", PolicyDocument=allow(*statements, WHO))
            self.keys[user] = Keys.of(root("CreateAccessKey", UserName=user))
        trusted = {"data-reader": ("ci-eval", "interviews"), "reports": ("deploy", "archive")}
        for role, (user, reads) in trusted.items():
            trust = {"Version": "2012-10-17", "Statement": [
                {"Effect": "Allow", "Principal": {"AWS": CALLERS_ARN + user}, "Action": "sts:AssumeRole"}]}
            root("CreateRole", RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))
            document = allow((READ, bucket(reads)), WHO)
            root("PutRolePolicy", RoleName=role, PolicyName="work", PolicyDocument=document)
        found = {
            "warehouse": {"kind": "database", "role": "warehouse", "password": self.passwords["warehouse"]},
            "backup-agent": {
                "kind": "aws", "id": self.keys["backup-agent"].identifier, "secret": self.keys["backup-agent"].secret},
            "sso-provisioner": {"kind": "client", "client": "provisioner", "secret": self.clients["provisioner"]},
        }
        for number in range(self.dice.randint(5, 20)):
            found[f"service-{number:02}"] = {"kind": "dull", "value": self.word()}
        aws.call(ROOT, "s3", "PUT", f"/{CONFIG}")
        for name in found:
            aws.call(ROOT, "s3", "PUT", f"/{CONFIG}/{name}.json", body=json.dumps(found[name]).encode())
        for number in range(self.dice.randint(22, 40)):
            body = {"Name": f"prod/service-{number:02}", "SecretString": self.word(), "ClientRequestToken": self.word() * 2}
            aws.json(ROOT, "secretsmanager", "secretsmanager.CreateSecret", body)
        self.sizes = sizes

    # PostgreSQL

    def administrator(self, name):
        """A session of the server's administrator. The server listens a moment before it lets anyone in."""
        port, began = self.servers.ports["database"], time.monotonic()
        while True:
            try:
                admin = pg8000.dbapi.connect(user="admin", password=PASSWORD, host=SERVERS, port=port, database=name)
            except pg8000.exceptions.DatabaseError:
                if time.monotonic() - began > 60:
                    raise
                time.sleep(0.1)
                continue
            admin.autocommit = True
            return admin

    def make_database(self):
        admin = self.administrator("postgres")
        run = lambda statement: database.run(admin, statement)
        run(f"CREATE DATABASE {database.DATABASE}")
        for role, rights in (
            ("eval_app", ""), ("warehouse", "CREATEROLE"), ("payroll", ""), ("analytics", ""), ("legacy_etl", ""),
            ("firebreak", "CREATEROLE"),
        ):
            self.passwords[role] = self.word()
            run(f"CREATE ROLE {role} LOGIN {rights} PASSWORD '{self.passwords[role]}'")
        run("GRANT pg_signal_backend, pg_read_all_stats TO firebreak")
        admin.close()
        admin = self.administrator(database.DATABASE)
        self.tables = ["people", "payouts"] + [f"forms_{year}_{half}" for year in range(2020, 2026) for half in (1, 2)]
        self.rows = 0
        for table in self.tables:
            rows = self.dice.randint(300, 1200)
            self.rows += rows
            run(f"CREATE TABLE {table} AS SELECT n AS id, md5(n::text || '{self.seed}{table}') AS ssn, "
                f"repeat('x', 80) AS address FROM generate_series(1, {rows}) n")
            run(f"GRANT SELECT ON {table} TO warehouse, legacy_etl")
        run("GRANT SELECT ON people TO eval_app, analytics")
        run("GRANT SELECT ON payouts TO payroll")
        admin.close()

    # Keycloak

    def make_sso(self):
        # From a private address: the master realm demands HTTPS of others.
        sso = Keycloak(self.servers.url("sso"), "127.0.0.1", "seed")
        form = {"grant_type": "password", "client_id": "admin-cli", "username": "admin", "password": PASSWORD}
        root = lambda: sso.tokens("master", **form)["access_token"]
        roles = {
            "evals": ["view-users"], "provisioner": ["manage-users", "manage-clients", "view-users", "view-clients", "query-clients"],
            "payroll": ["view-users"],
            "firebreak": ["manage-users", "manage-clients", "view-users", "view-clients", "view-realm", "view-events", "query-groups",
                          "view-identity-providers"],
        }
        clients, users = [], []
        for client, of in roles.items():
            self.clients[client] = self.word()
            clients.append({"clientId": client, "secret": self.clients[client], "serviceAccountsEnabled": True,
                            "publicClient": False, "standardFlowEnabled": False})
            users.append({"username": f"service-account-{client}", "enabled": True, "serviceAccountClientId": client,
                          "clientRoles": {"realm-management": of}})
        clients.append({"clientId": "portal", "publicClient": True, "directAccessGrantsEnabled": True})
        self.people = self.dice.randint(60, 140)
        for number in range(self.people):
            secret = self.word()
            name = f"worker{number:03}"
            users.append({"username": name, "enabled": True, "email": f"{name}@meridian.example", "emailVerified": True,
                          "firstName": "Worker", "lastName": str(number),
                          "credentials": [{"type": "password", "value": secret, "temporary": False}] if number < 2 else []})
            if number < 2:
                self.passwords[name] = secret
        with contextlib.suppress(Refused):
            sso.admin(root(), "DELETE", f"/{REALM}")
        sso.admin(root(), "POST", "", {
            "realm": REALM, "enabled": True, "accessTokenLifespan": 300, "sslRequired": "none", "eventsEnabled": False,
            "adminEventsEnabled": True, "adminEventsDetailsEnabled": True, "eventsListeners": ["jboss-logging"],
            "clients": clients, "users": users,
        })
        # Logs name accounts by their ids.
        self.accounts = {}
        for name in [f"service-account-{client}" for client in roles] + ["worker000", "worker001"]:
            [found] = sso.admin(root(), "GET", f"/{REALM}/users?exact=true&username={name}")
            self.accounts[name.removeprefix("service-account-")] = found["id"]

    # What the lab tells Firebreak

    def stolen(self):
        """What the poisoned package read in the job's environment."""
        return [
            {"platform": "aws", "keys": self.keys["ci-eval"], "user": "ci-eval"},
            {"platform": "database", "role": "eval_app", "password": self.passwords["eval_app"]},
            {"platform": "sso", "client": "evals", "secret": self.clients["evals"]},
        ]

    def identities(self):
        """Whose key is whose, for the trail."""
        from .trail import user_identity

        return {keys.identifier: user_identity(user) for user, keys in self.keys.items()}

    def statement(self, taken):
        """The owner's word on where what lies, and which secret holds which key."""
        aws = lambda arn: f"resource:aws/{arn}"
        key = lambda user: f"credential:aws/{self.keys[user].identifier}"
        store = lambda resource, label, kind, records, size: {
            "resource": resource, "label": label, "account": ACCOUNT, "crown_jewel": True,
            "holdings": [{"class": kind, "residency": "US-CA", "records": records, "bytes": size}],
        }
        stores = [
            store(aws(f"arn:aws:s3:::{bucket}"), bucket, "identity_document", *self.sizes[bucket]) for bucket in BUCKETS]
        for table in self.tables:
            one = store(f"resource:postgres/{DATABASE_HOST}/{database.DATABASE}/public.{table}", table, "ssn", 700, 70_000)
            del one["account"]
            stores.append(one)
        realm = store(f"resource:keycloak/{REALM}", "the people's accounts", "contact", self.people, self.people * 500)
        del realm["account"]
        stores.append(realm)
        stores.append({
            "resource": aws(f"arn:aws:s3:::{CONFIG}"), "label": CONFIG, "account": ACCOUNT, "crown_jewel": False, "holdings": [],
            "stores_credentials": [f"credential:postgres/{DATABASE_HOST}/warehouse", key("backup-agent"),
                                   f"credential:keycloak/{REALM}/provisioner"],
        })
        credentials = []
        for user, keys in self.keys.items():
            credentials.append({
                "credential": key(user), "label": f"key of {user}", "authenticates": f"identity:aws/{CALLERS_ARN}{user}",
                "cut": {"action": "aws_access_key/deactivate", "parameters": {"account": ACCOUNT, "user": user}, "cost": 20,
                        "delay_seconds": 60, "reversibility": "reversible_reissues_access"},
            })
        return {"format": "firebreak.estate/1", "taken": taken, "complete": True, "stores": stores, "credentials": credentials}

    def snapshot(self, taken):
        """What could be read in the job that ran the poisoned package."""
        credentials = [
            {"credential": f"credential:aws/{self.keys['ci-eval'].identifier}", "where": "env AWS_ACCESS_KEY_ID"},
            {"credential": f"credential:postgres/{DATABASE_HOST}/eval_app", "where": "env DATABASE_URL"},
            {"credential": f"credential:keycloak/{REALM}/evals", "where": "env SSO_CLIENT_SECRET"},
        ]
        return {"format": "firebreak.snapshot/1", "environment": "environment:ci/meridian/evals/4711/eval", "taken": taken,
                "complete": False, "credentials": credentials}
