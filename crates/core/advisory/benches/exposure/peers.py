#!/usr/bin/env python3
"""Runs another program over the lockfiles of the benchmark and says how long it took and what it met.

peers.py osv-scanner|pip-audit FOLDER PROGRAM

FOLDER holds `records.json` (OSV records of PyPI), `affected.json` (name, version and places in it of what is affected) and
`locks/<number>/requirements.txt`. osv-scanner (Apache-2.0) reads its own local database, an archive of the same records;
pip-audit (Apache-2.0) has none, and asks a server on this machine that knows the answers.
"""

import http.server
import json
import os
import subprocess
import sys
import threading
import time
import zipfile

ROUNDS = 3


def timed(command):
    """Median seconds of a few runs, and what the last one printed."""
    took = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        took.append(time.perf_counter() - begun)
        # Both say with 1 that they met something.
        if done.returncode not in (0, 1) or not done.stdout:
            sys.exit(f"it stopped with {done.returncode}: {done.stderr.strip()[-300:]}")
    return sorted(took)[ROUNDS // 2], json.loads(done.stdout)


def osv_scanner(folder, program):
    database = os.path.join(folder, "database")
    os.makedirs(os.path.join(database, "osv-scanner", "PyPI"), exist_ok=True)
    with open(os.path.join(folder, "records.json")) as file:
        records = json.load(file)
    with zipfile.ZipFile(os.path.join(database, "osv-scanner", "PyPI", "all.zip"), "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            archive.writestr(record["id"] + ".json", json.dumps(record))
    command = [program, "scan", "source", "--offline", "--local-db-path", database, "--format", "json"]
    seconds, said = timed(command + ["--recursive", os.path.join(folder, "locks")])
    met = {
        (package["package"]["name"], package["package"]["version"])
        for result in said["results"]
        for package in result["packages"]
        if package.get("vulnerabilities")
    }
    return seconds, met


def pip_audit(folder, program):
    with open(os.path.join(folder, "records.json")) as file:
        records = json.load(file)
    for record in records:
        for affected in record["affected"]:
            # It reads ranges from every record.
            affected.setdefault("ranges", [])
    with open(os.path.join(folder, "affected.json")) as file:
        answers = {
            (name, version): json.dumps({"vulns": [records[at] for at in places]}).encode()
            for name, version, places in json.load(file)
        }

    class Service(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer is one packet, or the peer would wait for the second.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_POST(self):
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            answer = answers.get((asked["package"]["name"], asked["version"]), b"{}")
            self.send_response(200)
            self.send_header("content-length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    command = [program, "--disable-pip", "--no-deps", "--progress-spinner", "off", "--format", "json"]
    command += ["--vulnerability-service", "osv", "--osv-url", f"http://127.0.0.1:{server.server_port}/v1/query"]
    locks = os.path.join(folder, "locks")
    for lock in sorted(os.listdir(locks)):
        command += ["--requirement", os.path.join(locks, lock, "requirements.txt")]
    seconds, said = timed(command)
    return seconds, {(one["name"], one["version"]) for one in said["dependencies"] if one.get("vulns")}


peer, folder, program = sys.argv[1:4]
seconds, met = {"osv-scanner": osv_scanner, "pip-audit": pip_audit}[peer](folder, program)
print(json.dumps({"seconds": seconds, "met": sorted(met)}))
