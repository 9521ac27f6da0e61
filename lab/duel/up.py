"""`lab/up`: the servers with the estate of one seed, until interrupted."""

import argparse
import datetime
import json
import os
import pathlib
import shutil
import signal
import tempfile

from . import history, network
from .estate import Estate
from .servers import Servers, Sso

ROOT = pathlib.Path(__file__).resolve().parents[2]


def main():
    parser = argparse.ArgumentParser(prog="lab/up", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which estate (default 1)")
    parser.add_argument("--tools", default=os.environ.get("FIREBREAK_LAB", ROOT / ".test-tools"), help="what lab/prepare made")
    options = parser.parse_args()
    network.enter()
    network.up()
    home = pathlib.Path(tempfile.mkdtemp(prefix="firebreak-duel-"))
    home.chmod(0o755)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        (home / "estate").mkdir(mode=0o755)
        with Sso(options.tools, home) as sso, Servers(options.tools, home / "estate", sso) as servers:
            estate = Estate(servers, options.seed)
            estate.make()
            (home / "identities.json").write_text(json.dumps(estate.identities()))
            servers.trail(home / "identities.json")
            now = datetime.datetime.now(datetime.timezone.utc)
            history.write(estate, servers.logs, now)
            stolen = [{key: value if isinstance(value, str) else vars(value) for key, value in one.items()}
                      for one in estate.stolen()]
            print(json.dumps({
                "aws": servers.url("aws"), "sso": servers.url("sso"), "database": servers.ports["database"],
                "logs": str(servers.logs), "stolen": stolen, "enter": f"nsenter --net=/proc/{os.getpid()}/ns/net",
            }, indent=2), flush=True)
            signal.pause()
    except KeyboardInterrupt:
        pass
    finally:
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
