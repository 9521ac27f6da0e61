"""Requests over kept connections, from an address of the caller's choice."""

import http.client
import threading
from urllib.parse import urlsplit


class Door:
    """One caller's way to one server: a connection for each thread."""

    def __init__(self, url, source, timeout=10):
        parts = urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.source, self.timeout = source, timeout
        self.kept = threading.local()

    def send(self, method, path, headers=None, body=b""):
        """Status and body. A connection that the server closed is opened again, once."""
        for attempt in (1, 2):
            connection = getattr(self.kept, "connection", None)
            if connection is None:
                connection = http.client.HTTPConnection(
                    self.host, self.port, timeout=self.timeout, source_address=(self.source, 0)
                )
                self.kept.connection = connection
            try:
                connection.request(method, path, body=body, headers=headers or {})
                response = connection.getresponse()
                return response.status, response.read()
            except (http.client.HTTPException, OSError):
                connection.close()
                self.kept.connection = None
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")
