#!/usr/bin/env python3
"""Second verifier of ledger bundles: python3 verify_bundle.py BUNDLE VERIFIER_KEY

Written from the formats (RFC 6962, RFC 8032, C2SP signed-note and tlog-checkpoint, and the lines described in the crate),
not from the first verifier. Standard library only. Prints one JSON object; exit code 0 if all is well, 1 if not.
"""
import base64
import hashlib
import json
import sys

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)


class Fault(Exception):
    def __init__(self, what, entry=None, offset=None):
        super().__init__(what)
        self.entry, self.offset = entry, offset


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def add(a, b):
    """Adds two points of edwards25519 in extended coordinates."""
    (x1, y1, z1, t1), (x2, y2, z2, t2) = a, b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(k, point):
    result = (0, 1, 1, 0)
    while k:
        if k & 1:
            result = add(result, point)
        point, k = add(point, point), k >> 1
    return result


def same(a, b):
    return (a[0] * b[2] - b[0] * a[2]) % P == 0 and (a[1] * b[2] - b[1] * a[2]) % P == 0


def point(data):
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        raise Fault("a point is out of range")
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - xx) % P or (x == 0 and sign):
        raise Fault("a point is not on the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(public, text, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(r + public + text).digest(), "little") % L
    return same(times(s, BASE), add(point(r), times(k, point(public))))


def b64(text):
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Fault("base64 is not canonical")
    return data


def open_note(note, name, public):
    """Size and root of a signed checkpoint."""
    key_id = sha256(name.encode(), b"\n\x01", public)[:4]
    text, line = note.split("\n\n")
    text += "\n"
    origin, size, root, rest = text.split("\n")
    head = f"— {name} "
    if origin != name or rest or str(int(size)) != size or not line.startswith(head) or not line.endswith("\n"):
        raise Fault("a checkpoint is not one of this ledger")
    signature = b64(line[len(head) : -1])
    if signature[:4] != key_id or not ed25519(public, text.encode(), signature[4:]):
        raise Fault("a checkpoint's signature does not verify")
    return int(size), b64(root)


def read_record(line, index):
    """The commitment in a record's line, after everything in the line was found to fit it."""
    start, middle = b'{"commitment":"', b'","record":'
    digits, rest = line[15:79], line[79:]
    commitment = bytes.fromhex(digits.decode("ascii"))
    if not line.startswith(start) or commitment.hex().encode() != digits:
        raise Fault("it does not begin as a record")
    if rest == b'","leaf":"' + sha256(b"\0", commitment).hex().encode() + b'"}':
        return commitment
    record, salt = rest[len(middle) : -75], rest[-66:-2]
    raw_salt = bytes.fromhex(salt.decode("ascii"))
    if rest != middle + record + b',"salt":"' + salt + b'"}' or raw_salt.hex().encode() != salt:
        raise Fault("it is not written as a record is")
    if sha256(raw_salt, record) != commitment:
        raise Fault("it does not fit its commitment")
    if json.loads(record)["index"] != index:
        raise Fault("it has another number")
    return commitment


def root_of(leaves):
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaves[0]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1", root_of(leaves[:split]), root_of(leaves[split:]))


def verify(data, verifier):
    name, _, key = verifier.split("+", 2)
    public = b64(key)[1:]
    if not data.endswith(b"\n"):
        raise Fault("the last line has no end", offset=len(data))
    lines = data[:-1].split(b"\n")
    size = json.loads(lines[0])["size"]
    offset, leaves = len(lines[0]) + 1, []
    for index in range(size):
        try:
            leaves.append(sha256(b"\0", read_record(lines[1 + index], index)))
            offset += len(lines[1 + index]) + 1
        except (Fault, ValueError, KeyError, TypeError, IndexError) as error:
            raise Fault(f"record {index}: {error}", index, offset) from error
    root = root_of(leaves)
    fields = {"format": "firebreak.ledger/1", "key": verifier, "root": root.hex(), "size": size}
    if lines[0] != json.dumps(fields, separators=(",", ":")).encode():
        raise Fault("the header does not fit the records and the key", offset=0)
    last = 0
    for line in lines[1 + size :]:
        try:
            note = json.loads(line)["checkpoint"]
            if line != json.dumps({"checkpoint": note}, separators=(",", ":"), ensure_ascii=False).encode():
                raise Fault("a checkpoint is not written canonically")
            signed, signed_root = open_note(note, name, public)
            if signed < last or signed > size or root_of(leaves[:signed]) != signed_root:
                raise Fault("a signed root is not that of the records")
        except (Fault, ValueError, KeyError, TypeError) as error:
            raise Fault(str(error), offset=offset) from error
        last, offset = signed, offset + len(line) + 1
    if last != size:
        raise Fault("no checkpoint covers the last records", last, offset)
    return {"verified": True, "entries": size, "root": root.hex()}


def main(path, verifier):
    with open(path, "rb") as file:
        data = file.read()
    try:
        result = verify(data, verifier)
    except (Fault, ValueError, KeyError, TypeError) as error:
        where = {"entry": getattr(error, "entry", None), "offset": getattr(error, "offset", None)}
        result = {"verified": False, "what": str(error), **where}
    print(json.dumps(result))
    return 0 if result["verified"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
