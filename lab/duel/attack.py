"""`lab/attack`: a stolen set of credentials, an intruder, Firebreak, and a judge; once for each seed."""

import argparse
import datetime
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from . import history, network
from .adversary import Adversary
from .defender import Defender
from .estate import Estate
from .judge import Judge
from .servers import Servers, Sso

ROOT = pathlib.Path(__file__).resolve().parents[2]
# So long nothing is to begin before a defender counts as at rest, in seconds.
CALM = 3


def arguments():
    parser = argparse.ArgumentParser(prog="lab/attack", description=__doc__)
    parser.add_argument("--seeds", type=int, default=1, help="how many estates, each attacked once (default 1)")
    parser.add_argument("--first", type=int, default=1, help="the first seed (default 1)")
    parser.add_argument("--seconds", type=float, default=90, help="longest attack (default 90)")
    parser.add_argument("--quiet", type=float, default=6, help="it ends when nothing has worked for so long (default 6)")
    parser.add_argument("--settle", type=float, default=20, help="longest time until the judge begins after that: what the "
                        "defender is in the middle of it may finish (default 20)")
    parser.add_argument("--json", action="store_true", help="print one object, and nothing else, to standard output")
    parser.add_argument("--undefended", action="store_true", help="without Firebreak: what is lost when nobody acts")
    parser.add_argument("--keep", help="keep logs, state and configuration of each seed below this directory")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    parser.add_argument("--home", default=memory, help="where servers and Firebreak keep their state meanwhile "
                        "(default /dev/shm: the speed of the machine's disk does not count)")
    parser.add_argument("--tools", default=os.environ.get("FIREBREAK_LAB", ROOT / ".test-tools"), help="what lab/prepare made")
    built = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug/firebreak"
    parser.add_argument("--firebreak", default=os.environ.get("FIREBREAK_BIN", built))
    return parser.parse_args()


def say(text):
    print(text, file=sys.stderr, flush=True)


class Innocents:
    """Those at work beside the attack, in a process of their own."""

    def __init__(self, servers, estate):
        told = {
            "aws": servers.url("aws"), "sso": servers.url("sso"), "database": servers.ports["database"],
            "keys": {name: [keys.identifier, keys.secret] for name, keys in estate.keys.items()},
            "passwords": estate.passwords, "clients": estate.clients,
        }
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "lab")}
        self.child = subprocess.Popen([sys.executable, "-m", "duel.innocents"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                      text=True, env=environment)
        self.child.stdin.write(json.dumps(told) + "\n")
        self.child.stdin.flush()

    def end(self):
        said, _ = self.child.communicate("\n", timeout=60)
        return json.loads(said)


def settle(defender, most):
    """Until the defender has nothing left to do about what was logged. The judge's answer could only be better later: nothing
    that is denied now works again."""
    began, logs = time.monotonic(), defender.logs()
    while time.monotonic() - began < most and not defender.at_rest(logs, CALM):
        time.sleep(0.25)


def attack(seed, options, work, sso):
    """One seed; gives its figures."""
    work.mkdir(parents=True)
    work.chmod(0o755)
    with Servers(options.tools, work, sso) as servers:
        estate = Estate(servers, seed)
        estate.make()
        (work / "identities.json").write_text(json.dumps(estate.identities()))
        servers.trail(work / "identities.json")
        now = datetime.datetime.now(datetime.timezone.utc)
        history.write(estate, servers.logs, now)
        defender = Defender(options.firebreak, servers, estate)
        if not options.undefended:
            defender.prepare((now - datetime.timedelta(days=history.DAYS)).strftime("%Y-%m-%dT%H:%M:%SZ"))
            defender.start()
        innocents = Innocents(servers, estate)
        time.sleep(3)
        intruder = Adversary(servers, random.Random(f"intruder {seed}"))
        try:
            intruder.run(estate.stolen(), options.seconds, options.quiet)
            if not options.undefended:
                settle(defender, options.settle)
            beside = innocents.end()
            judged = Judge(servers).judge(intruder.held)
            alive = options.undefended or defender.alive()
        finally:
            innocents.child.kill()
            defender.stop()
        return figures(seed, intruder, beside, judged, alive)


def figures(seed, intruder, beside, judged, alive):
    """What one attack came to."""
    works, known = judged
    alive_names = {(row["kind"], row["name"]) for row in works}
    denied, first = {}, None
    for one in intruder.held:
        if one.worked is None or (one.kind, one.name) in alive_names:
            continue
        denied.setdefault(one.kind, []).append(round(one.worked - intruder.began, 3))
        first = min(first or one.worked, one.worked)
    by_kind = {}
    for one in intruder.held:
        by_kind[one.kind] = by_kind.get(one.kind, 0) + 1
    return {
        "seed": seed, "agent": intruder.aws.agent.split("/")[0], "defended": alive,
        "survivors": len(works), "survived": works[:20], "recognised_only": len(known),
        "held": by_kind, "minted": sum(one.made_by is not None for one in intruder.held),
        "seconds_to_first_cut": None if first is None else round(first - intruder.began, 3),
        "seconds_to_last_success": round(intruder.last_success - intruder.began, 3),
        "denied": denied,
        "records_lost": sum(records for _, _, records, _ in intruder.loot),
        "bytes_lost": sum(size for *_, size in intruder.loot),
        "false_cuts": len(beside["refused"]), "refused": {name: times[:3] for name, times in beside["refused"].items()},
        "innocent_uses": sum(beside["done"].values()),
    }


def quantile(values, share):
    """The value at this share of the sorted list (nearest rank)."""
    values = sorted(values)
    return values[max(0, -(-len(values) * share // 100) - 1)] if values else None


def spread(values):
    values = [value for value in values if value is not None]
    return {"p50": quantile(values, 50), "p99": quantile(values, 99)} if values else None


def summary(runs):
    """All seeds together."""
    denied = {}
    for run in runs:
        for kind, seconds in run["denied"].items():
            denied.setdefault(kind, []).extend(seconds)
    total = lambda name: sum(run[name] for run in runs)
    return {
        "seeds": len(runs), "survivors": total("survivors"), "false_cuts": total("false_cuts"),
        "seconds_to_first_cut": spread([run["seconds_to_first_cut"] for run in runs]),
        "seconds_to_denial": {kind: spread(seconds) for kind, seconds in sorted(denied.items())},
        "seconds_to_last_success": spread([run["seconds_to_last_success"] for run in runs]),
        "bytes_lost": total("bytes_lost"), "records_lost": total("records_lost"), "minted": total("minted"),
        "innocent_uses": total("innocent_uses"), "recognised_only": total("recognised_only"),
        "defended": all(run["defended"] for run in runs), "runs": [{k: v for k, v in run.items() if k != "denied"} for run in runs],
    }


def keep(kept, work, sso):
    """Copies what somebody may want to look at."""
    if kept is None or not work.exists():
        return
    kept.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(kept / work.name, ignore_errors=True)
    shutil.copytree(work, kept / work.name, ignore=shutil.ignore_patterns("database"))
    shutil.copy(sso.log, kept / work.name / "logs" / "keycloak")


def tell(run, seconds):
    say(f"seed {run['seed']}: {run['survivors']} survivors of {sum(run['held'].values())} held, first cut after "
        f"{run['seconds_to_first_cut']} s, last success after {run['seconds_to_last_success']} s, "
        f"{run['records_lost']} records lost, {run['false_cuts']} false cuts ({seconds:.0f} s)")


def main():
    options = arguments()
    network.enter()
    network.up()
    kept = pathlib.Path(options.keep) if options.keep else None
    home = pathlib.Path(tempfile.mkdtemp(prefix="firebreak-duel-", dir=options.home))
    home.chmod(0o755)
    runs = []
    # Interrupted or told to end, it tells of the seeds that were judged.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with Sso(options.tools, home) as sso:
            for seed in range(options.first, options.first + options.seeds):
                began, work = time.monotonic(), home / str(seed)
                try:
                    runs.append(attack(seed, options, work, sso))
                finally:
                    keep(kept, work, sso)
                    shutil.rmtree(work, ignore_errors=True)
                tell(runs[-1], time.monotonic() - began)
    except KeyboardInterrupt:
        say(f"interrupted: {len(runs)} of {options.seeds} seeds were judged")
    finally:
        shutil.rmtree(home, ignore_errors=True)
    print(json.dumps(summary(runs), indent=None if options.json else 2))


if __name__ == "__main__":
    main()
