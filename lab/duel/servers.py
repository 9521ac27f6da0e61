"""Starts and stops the real servers, with their logs where Firebreak reads them."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

from .network import SERVERS

DATABASE_HOST, REALM = "db.meridian", "meridian"
PASSWORD = "administrator"


class Processes:
    """Child processes with what they say kept in a directory, stopped together."""

    def __init__(self, home):
        self.home, self.children = pathlib.Path(home), []

    def start(self, name, command, **options):
        said = open(self.home / f"{name}.out", "wb")
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=said, stderr=said, **options)
        self.children.append(child)
        return child

    def stop(self):
        for child in reversed(self.children):
            if child.poll() is None:
                child.send_signal(signal.SIGINT)
        for child in reversed(self.children):
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.children.clear()

    def __exit__(self, *_):
        self.stop()


class Sso(Processes):
    """Keycloak. It takes half a minute to start, so all estates of a run have the same, one after the other."""

    def __init__(self, tools, home):
        super().__init__(home)
        self.tools, self.port = pathlib.Path(tools), free_port()
        self.log = self.home / "keycloak" / "events.json"

    def __enter__(self):
        self.log.parent.mkdir(parents=True)
        command = [str(self.tools / "keycloak/bin/kc.sh"), "start", "--optimized", "--http-enabled=true"]
        command += ["--hostname-strict=false", "--cache=local", f"--http-host={SERVERS}", f"--http-port={self.port}"]
        command += ["--log=file", f"--log-file={self.log}", "--log-file-output=json"]
        # Only the events: Keycloak writes successful ones at this level.
        command += ["--log-level=error,org.keycloak.events:debug"]
        options = {
            **os.environ,
            "JAVA_OPTS": "-Xms64m -Xmx512m -XX:+UseSerialGC -XX:TieredStopAtLevel=1",
            "KC_BOOTSTRAP_ADMIN_USERNAME": "admin",
            "KC_BOOTSTRAP_ADMIN_PASSWORD": PASSWORD,
        }
        self.start("sso", command, env=options)
        try:
            wait_for(self.port, 300, "sso")
        except BaseException:
            self.stop()
            raise
        return self

    def forget(self):
        """Empties its log, which it goes on writing at the end of."""
        os.truncate(self.log, 0)


class Servers(Processes):
    """All servers of one estate below one directory."""

    def __init__(self, tools, work, sso):
        super().__init__(work)
        self.tools, self.work, self.sso = pathlib.Path(tools), pathlib.Path(work), sso
        self.ports = {name: free_port() for name in ("aws_behind", "aws", "database")}
        self.ports["sso"] = sso.port
        self.logs = self.work / "logs"

    def url(self, name):
        return f"http://{SERVERS}:{self.ports[name]}"

    def __enter__(self):
        try:
            self._aws()
            self._database()
            (self.logs / "keycloak").mkdir()
            self.sso.forget()
            for name in ("aws_behind", "database"):
                wait_for(self.ports[name], 60, name)
        except BaseException:
            self.stop()
            raise
        return self

    def _aws(self):
        address = f"{SERVERS}:{self.ports['aws_behind']}"
        program = [str(self.tools / "bin/fakecloud"), "--addr", address, "--verify-sigv4", "--iam", "strict"]
        self.start("fakecloud", program, env={**os.environ, "FAKECLOUD_LOG": "error"})

    def trail(self, identities):
        """The recording proxy in front of AWS. `identities` tells it whose key is whose."""
        log = self.logs / "aws_cloudtrail" / "events.json"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "duel.trail", str(self.ports["aws"]), self.url("aws_behind"), str(log), str(identities)]
        self.start("trail", command, env={**os.environ, "PYTHONPATH": str(pathlib.Path(__file__).parent.parent)})
        wait_for(self.ports["aws"], 30, "trail")

    def _database(self):
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        home, logs = self.work / "database", self.logs / "postgres_log" / DATABASE_HOST
        home.mkdir()
        logs.mkdir(parents=True)
        (home / "password").write_text(PASSWORD)
        # The server refuses to run as root.
        unprivileged = []
        if os.geteuid() == 0:
            unprivileged = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"]
            for directory in (home, logs):
                shutil.chown(directory, "postgres", "postgres")
        make = [*unprivileged, str(programs / "initdb"), "--username=admin", "--auth=scram-sha-256", "--no-sync"]
        make += ["--encoding=UTF8", "--locale=C", f"--pwfile={home}/password", f"--pgdata={home}/data"]
        subprocess.run(make, check=True, stdout=subprocess.DEVNULL, cwd="/")
        with open(home / "data/pg_hba.conf", "a") as hba:
            hba.write("host all all 0.0.0.0/0 scram-sha-256\n")
        settings = {
            "listen_addresses": SERVERS, "port": self.ports["database"], "fsync": "off",
            "unix_socket_directories": f"{home}/data", "max_connections": 1000,
            "logging_collector": "on", "log_destination": "jsonlog", "log_directory": logs, "log_filename": "server.log",
            "log_file_mode": "0644", "log_timezone": "UTC", "log_connections": "on", "log_statement": "all",
            "log_rotation_age": 0, "log_rotation_size": 0,
        }
        command = [*unprivileged, str(programs / "postgres"), "-D", f"{home}/data"]
        for name, value in settings.items():
            command += ["-c", f"{name}={value}"]
        self.start("database", command, cwd="/")


def free_port():
    with socket.socket() as one:
        one.bind((SERVERS, 0))
        return one.getsockname()[1]


def wait_for(port, most, name):
    """Until something listens there."""
    began = time.monotonic()
    while True:
        try:
            socket.create_connection((SERVERS, port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() - began > most:
                raise SystemExit(f"error: {name} does not listen\nhint: read its `.out` file") from None
            time.sleep(0.05)
