"""A network of the lab's own: addresses of documentation ranges on a loopback device that nobody else sees.

Private and loopback addresses say nothing about where somebody is, so detection ignores them. Here everyone has an address
that counts, and nothing leaves the machine: the network namespace has no other device.
"""

import fcntl
import os
import shutil
import socket
import struct
import sys

SERVERS = "127.0.0.1"  # all servers: clients may speak to this one without TLS
OFFICE = "198.51.100."  # who works there
INTRUDER = "203.0.113."  # who broke in
INSIDE = "FIREBREAK_DUEL_INSIDE"
SIOCSIFADDR, SIOCGIFFLAGS, SIOCSIFFLAGS = 0x8916, 0x8913, 0x8914
IFF_UP = 1


def enter():
    """Starts this program again inside a namespace of its own, unless it is there."""
    if os.environ.get(INSIDE):
        return
    unshare = shutil.which("unshare")
    if not unshare:
        sys.exit("error: `unshare` is missing\nhint: install util-linux")
    root = os.geteuid() == 0
    way = ["--net"] if root else ["--user", "--map-current-user", "--keep-caps", "--net"]
    if os.spawnv(os.P_WAIT, unshare, [unshare, *way, "true"]) != 0:
        print("error: the lab needs a network namespace of its own, and this machine allows none", file=sys.stderr)
        print("hint: run it as root, or allow user namespaces", file=sys.stderr)
        sys.exit(77)
    os.environ[INSIDE] = "1"
    os.execv(unshare, [unshare, *way, sys.executable, *sys.orig_argv[1:]])


def up():
    """Brings up the loopback device with the lab's addresses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        _raise(door, "lo")
        hosts = [INTRUDER + "9", INTRUDER + "66"] + [f"{OFFICE}{last}" for last in range(10, 16)]
        for number, host in enumerate(hosts):
            name = f"lo:{number + 1}".encode()
            address = struct.pack("16sH2x4s8x", name, socket.AF_INET, socket.inet_aton(host))
            fcntl.ioctl(door, SIOCSIFADDR, address)


def _raise(door, name):
    asked = struct.pack("16sH14x", name.encode(), 0)
    (flags,) = struct.unpack("16xH14x", fcntl.ioctl(door, SIOCGIFFLAGS, asked))
    fcntl.ioctl(door, SIOCSIFFLAGS, struct.pack("16sH14x", name.encode(), flags | IFF_UP))
