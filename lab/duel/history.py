"""Fourteen ordinary days before the theft, in the form of each server's log, so that Firebreak knows what is usual.

The live part of the logs is real; this part is written. It holds what those who own the credentials do from where they are.
"""

import datetime
import json
import uuid

from .aws import ACCOUNT, REGION
from .database import DATABASE
from .network import OFFICE
from .servers import DATABASE_HOST, REALM
from .trail import user_identity

DAYS = 14
# Before the live logs, in the order in which files are read.
NAME = "0-history.json"
TERRAFORM = "APN/1.0 HashiCorp/1.0 Terraform/1.9.5"


def moments(end, every):
    """Every so many seconds up to a minute before the end."""
    at = end - datetime.timedelta(days=DAYS)
    while at < end - datetime.timedelta(minutes=1):
        yield at
        at += datetime.timedelta(seconds=every)


def write(estate, logs, end):
    """All three logs."""
    with open(logs / "aws_cloudtrail" / NAME, "w") as log:
        for row in sorted(trail(estate, end), key=lambda row: row["eventTime"]):
            log.write(json.dumps(row) + "\n")
    with open(logs / "postgres_log" / DATABASE_HOST / NAME, "w") as log:
        for row in sorted(sessions(end), key=lambda row: row["timestamp"]):
            log.write(json.dumps(row, separators=(",", ":")) + "\n")
    with open(logs / "keycloak" / NAME, "w") as log:
        for row in sorted(sign_ins(estate, end), key=lambda row: row["timestamp"]):
            log.write(json.dumps(row) + "\n")


def trail(estate, end):
    workers = (
        ("nightly-backup", "10", "aws-cli/2.17.0", "s3", "GetObject", {"bucketName": "archive", "key": "00001.bin"}),
        ("deploy", "11", TERRAFORM, "iam", "ListRoles", None),
        ("ci-eval", "13", "Boto3/1.34.0", "s3", "GetObject", {"bucketName": "config", "key": "service-01.json"}),
        ("backup-agent", "10", "aws-cli/2.17.0", "s3", "GetObject", {"bucketName": "tax-forms", "key": "00001.bin"}),
    )
    for number, (user, last, agent, service, name, asked) in enumerate(workers):
        for at in moments(end - datetime.timedelta(seconds=97 * number), 7200):
            yield {
                "eventVersion": "1.09",
                "userIdentity": {**user_identity(user), "accessKeyId": estate.keys[user].identifier},
                "eventTime": at.strftime("%Y-%m-%dT%H:%M:%SZ"), "eventSource": f"{service}.amazonaws.com",
                "eventName": name, "awsRegion": REGION, "sourceIPAddress": OFFICE + last, "userAgent": agent,
                "requestParameters": asked, "responseElements": None, "eventID": str(uuid.uuid4()), "readOnly": True,
                "eventType": "AwsApiCall", "recipientAccountId": ACCOUNT,
            }


def sessions(end):
    workers = (("eval_app", "13"), ("warehouse", "10"), ("payroll", "12"), ("analytics", "13"))
    for number, (role, last) in enumerate(workers):
        for turn, at in enumerate(moments(end - datetime.timedelta(seconds=89 * number), 7200)):
            yield {
                "timestamp": at.strftime("%Y-%m-%d %H:%M:%S.000 UTC"), "user": role, "dbname": DATABASE, "pid": 1000 + number,
                "remote_host": OFFICE + last, "remote_port": 50000 + number, "session_id": f"{number:08x}.{turn}", "line_num": 3,
                "error_severity": "LOG", "message": "statement: SELECT ssn FROM people WHERE id = 1", "application_name": role,
                "backend_type": "client backend",
            }


def sign_ins(estate, end):
    workers = (
        ("CLIENT_LOGIN", "evals", "evals", "13"), ("CLIENT_LOGIN", "provisioner", "provisioner", "11"),
        ("CLIENT_LOGIN", "payroll", "payroll", "12"), ("LOGIN", "portal", "worker000", "14"), ("LOGIN", "portal", "worker001", "15"),
    )
    for number, (kind, client, who, last) in enumerate(workers):
        name = who if kind == "LOGIN" else f"service-account-{who}"
        for at in moments(end - datetime.timedelta(seconds=83 * number), 7200):
            yield {
                "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"), "sequence": number, "loggerName": "org.keycloak.events",
                "level": "DEBUG",
                "message": f'type="{kind}", realmId="{REALM}", realmName="{REALM}", clientId="{client}", '
                           f'userId="{estate.accounts[who]}", ipAddress="{OFFICE}{last}", username="{name}"',
            }
