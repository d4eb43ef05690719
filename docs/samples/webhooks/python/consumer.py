"""A consumer of custhub's webhooks with nothing but Python: verify, store, answer, then work; reconcile once a day.

    WEBHOOK_SECRETS=whsec_... PORT=9000 python consumer.py
    CUSTHUB_URL=https://hub.example.com CUSTHUB_TOKEN=... python consumer.py reconcile

WEBHOOK_SECRETS may name several, by commas: the new one and the old one while a rotation overlaps.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300
KEPT_SECONDS = 8 * 86_400  # ids are remembered for longer than seven days
SCHEMA = """
CREATE TABLE IF NOT EXISTS inbox (id TEXT PRIMARY KEY, body BLOB, received_at REAL, done INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS subjects (type TEXT, id TEXT, revision INTEGER, PRIMARY KEY (type, id));
CREATE TABLE IF NOT EXISTS feed (one INTEGER PRIMARY KEY CHECK (one = 1), cursor TEXT, position INTEGER);
"""


class BadSignature(Exception):
    """The message is not from the hub, or too old."""


def verify(secrets: list[str], headers: dict[str, str], body: bytes, now: float) -> None:
    """Check the signature over the raw bytes, in constant time. Raises BadSignature."""
    try:
        message_id, timestamp = headers["webhook-id"], headers["webhook-timestamp"]
        signatures = headers["webhook-signature"].split(" ")
        age = abs(now - int(timestamp))
    except (KeyError, ValueError):
        raise BadSignature from None
    if age > TOLERANCE_SECONDS:
        raise BadSignature
    signed = f"{message_id}.{timestamp}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
        if any(hmac.compare_digest(expected.encode(), given.encode()) for given in signatures):
            return
    raise BadSignature


class Copy:
    """What this consumer knows: messages received, and the revision of each subject."""

    def __init__(self, path: str) -> None:
        self._lock = threading.Lock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.executescript(SCHEMA)

    def store(self, message_id: str, body: bytes) -> bool:
        """Keep a message; False for one that was here before."""
        with self._lock:
            sql = "INSERT OR IGNORE INTO inbox (id, body, received_at) VALUES (?, ?, ?)"
            return self._db.execute(sql, (message_id, body, time.time())).rowcount == 1

    def work(self) -> int:
        """Apply what was stored, and forget what is old enough."""
        with self._lock:
            waiting = self._db.execute("SELECT id, body FROM inbox WHERE done = 0 ORDER BY rowid").fetchall()
        for message_id, body in waiting:
            self.apply(json.loads(body))
            with self._lock:
                self._db.execute("UPDATE inbox SET done = 1, body = NULL WHERE id = ?", (message_id,))
        with self._lock:
            self._db.execute("DELETE FROM inbox WHERE done = 1 AND received_at < ?", (time.time() - KEPT_SECONDS,))
        return len(waiting)

    def apply(self, event: dict) -> bool:
        """Take an event in; False for one that is older than what is known. Here your own work is done."""
        subject = event["subject"]
        key = (subject["type"], subject["id"])
        with self._lock:
            known = self._db.execute("SELECT revision FROM subjects WHERE type = ? AND id = ?", key).fetchone()
            if known is not None and known[0] >= subject["revision"]:
                return False
            sql = "INSERT OR REPLACE INTO subjects VALUES (?, ?, ?)"
            self._db.execute(sql, (*key, subject["revision"]))
        return True

    def feed(self) -> tuple[str | None, int]:
        """Where the feed was left."""
        with self._lock:
            row = self._db.execute("SELECT cursor, position FROM feed").fetchone()
        return (None, 0) if row is None else (row[0], row[1])

    def move(self, cursor: str | None, position: int) -> None:
        """Remember where the feed was left."""
        with self._lock:
            self._db.execute("INSERT OR REPLACE INTO feed VALUES (1, ?, ?)", (cursor, position))

    def forget(self) -> None:
        """Begin anew."""
        with self._lock:
            self._db.executescript("DELETE FROM subjects; DELETE FROM feed;")

    def checksum(self, subject_type: str) -> tuple[int, str]:
        """How many subjects of a type there are, and the checksum that the hub has over them."""
        with self._lock:
            rows = self._db.execute("SELECT id, revision FROM subjects WHERE type = ?", (subject_type,)).fetchall()
        total = sum(
            int.from_bytes(hashlib.sha256(f"{name} {revision}".encode()).digest(), "big") for name, revision in rows
        )
        return len(rows), f"{total % 2**256:064x}"


def reconcile(copy: Copy, url: str, token: str, subject_type: str = "customer") -> bool:
    """Follow the feed to its end and compare with the hub; whether the copy is the same."""
    while True:
        cursor, position = copy.feed()
        try:
            page = get(url, token, f"/v1/events?limit=200&cursor={cursor}" if cursor else "/v1/events?limit=200")
        except urllib.error.HTTPError as error:
            if error.code not in (409, 410):  # epoch_changed, cursor_expired
                raise
            copy.forget()
            continue
        for event in page["data"]:
            copy.apply(event)
            position = event["position"]
        copy.move(page["next_cursor"], position)
        if page["has_more"]:
            continue
        state = get(url, token, f"/v1/events/checksum?type={subject_type}")
        if state["position"] <= position:
            return copy.checksum(subject_type) == (state["count"], state["checksum"])


def get(url: str, token: str, path: str) -> dict:
    """One answer of the hub."""
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
        return json.load(answer)


def serve(copy: Copy, secrets: list[str], port: int) -> None:
    """Take messages: verify, store, answer; the work is done behind."""
    arrived = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            try:
                verify(secrets, headers, body, time.time())
            except BadSignature:
                self.answer(401)
                return
            copy.store(headers["webhook-id"], body)
            self.answer(204)
            arrived.set()

        def answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    def work() -> None:
        while True:
            arrived.wait()
            arrived.clear()
            copy.work()

    copy.work()  # what was stored before a crash
    threading.Thread(target=work, daemon=True).start()
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    sys.stdout.write(f"listening on {server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()


def main() -> int:
    """Serve, or reconcile."""
    copy = Copy(os.environ.get("CONSUMER_DATABASE", "consumer.db"))
    if sys.argv[1:] == ["reconcile"]:
        same = reconcile(copy, os.environ["CUSTHUB_URL"], os.environ["CUSTHUB_TOKEN"])
        sys.stdout.write("in step\n" if same else "different\n")
        return 0 if same else 1
    serve(copy, os.environ["WEBHOOK_SECRETS"].split(","), int(os.environ.get("PORT", "9000")))
    return 0


if __name__ == "__main__":
    sys.exit(main())
