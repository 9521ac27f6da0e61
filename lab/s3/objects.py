"""Writes objects into a bucket of the S3 gateway through its file back end: files, with the ETag beside them as the gateway keeps it.

    objects.py BUCKET_DIRECTORY COUNT [CHANGED]

makes COUNT objects in folders of a thousand; every tenth holds a number of social security. With CHANGED, it writes so many of them anew, one
every COUNT / CHANGED, instead.
"""

import hashlib
import os
import sys


def content(at, version):
    """What object `at` holds."""
    if at % 10:
        return f"notes of {at}, version {version}\n".encode()
    return f"id,ssn\n{at + version},219-09-{1 + at % 9998:04}\n".encode()


def write(bucket, at, version):
    """Writes object `at`."""
    path = os.path.join(bucket, f"{at // 1000:06}", f"{at % 1000:03}.csv")
    data = content(at, version)
    with open(path, "wb") as file:
        file.write(data)
    os.setxattr(path, "user.etag", f'"{hashlib.md5(data).hexdigest()}"'.encode())


def main(bucket, count, changed=0):
    """Writes all, or those that change."""
    if changed:
        for at in range(0, count, count // changed):
            write(bucket, at, 1)
        return
    for folder in range((count + 999) // 1000):
        os.makedirs(os.path.join(bucket, f"{folder:06}"), exist_ok=True)
    for at in range(count):
        write(bucket, at, 0)


main(sys.argv[1], *(int(number) for number in sys.argv[2:]))
