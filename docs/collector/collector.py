"""A collector to start from: standard library only, one file, nothing is lost when the line or the PC goes down.

    python collector.py --url http://127.0.0.1:8480 --source pc-12 --shop senye --account senye:lin < messages.jsonl

Reads messages as JSON lines on standard input (put your own reading of the chat client in place of `messages`), keeps
them in a queue on disk, sends them in batches, and deletes what the monitor has stored. Heartbeats say it is alive.
After a pause it sends what waited, and then a sync_range: "I have caught up on this stretch".

The token, where one is needed, comes from the environment: PRESALES_TOKEN.
"""

import argparse
import json
import os
import queue
import socket
import sqlite3
import sys
import threading
import time
import urllib.error
import urllib.request

BATCH = 200
BEAT_SECONDS = 10.0
WAITS_SECONDS = (0.5, 1, 2, 5, 10, 30)  # Between tries, the last one again and again.
PAUSE_MS = 30_000  # What waited longer than this was a pause, and is followed by a sync_range.


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Queue:
    """Events on disk until the monitor has them."""

    def __init__(self, path: str) -> None:
        self.db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = FULL")
        self.db.execute(
            "CREATE TABLE IF NOT EXISTS events (n INTEGER PRIMARY KEY, body TEXT NOT NULL, at_ms INTEGER NOT NULL)"
        )
        self.lock = threading.Lock()

    def put(self, event: dict) -> None:
        body = json.dumps(event, ensure_ascii=False)
        with self.lock:
            self.db.execute("INSERT INTO events (body, at_ms) VALUES (?, ?)", (body, now_ms()))

    def first(self) -> list[tuple[int, str, int]]:
        with self.lock:
            return self.db.execute("SELECT n, body, at_ms FROM events ORDER BY n LIMIT ?", (BATCH,)).fetchall()

    def drop(self, to: int) -> None:
        with self.lock:
            self.db.execute("DELETE FROM events WHERE n <= ?", (to,))

    def backlog(self) -> int:
        with self.lock:
            return self.db.execute("SELECT count(*) FROM events").fetchone()[0]


class Collector:
    def __init__(self, args: argparse.Namespace) -> None:
        self.args = args
        self.queue = Queue(args.queue)
        self.newest_ms = 0
        self.stop = threading.Event()

    def take(self, message: dict) -> None:
        """Keep one message: {"id", "ts", "conversation" or "buyer", "role", "text", …}."""
        event = {"platform": self.args.platform, "shop": self.args.shop, "account": self.args.account} | message
        event["source"] = self.args.source
        self.queue.put(event)

    def beat(self) -> None:
        """Say that we live, what we see and how far we are. An old one says nothing, so none goes through the queue."""
        while not self.stop.wait(BEAT_SECONDS if self.newest_ms or self.queue.backlog() else 1.0):
            beat = {
                "type": "source_heartbeat",
                "id": f"beat-{now_ms()}",
                "ts": now_ms(),
                "source": self.args.source,
                "host": socket.gethostname(),
                "version": "1",
                "backlog": self.queue.backlog(),
                "clock": now_ms(),
                "accounts": {self.args.account: "online"},
            }
            if self.newest_ms:
                beat["newest_ts"] = self.newest_ms
            self.post([json.dumps(beat)])

    def send(self, until_empty: bool) -> None:
        """Send what is in the queue, in order, for ever; or until it is empty, if so asked."""
        failed = 0
        paused_since_ms = 0
        while not self.stop.is_set():
            rows = self.queue.first()
            if not rows:
                if paused_since_ms:
                    self.queue.put(
                        {
                            "type": "sync_range",
                            "id": f"sync-{now_ms()}",
                            "ts": now_ms(),
                            "source": self.args.source,
                            "shop": self.args.shop,
                            "account": self.args.account,
                            "from": paused_since_ms,
                            "to": now_ms(),
                            "complete": True,
                        }
                    )
                    paused_since_ms = 0
                    continue
                if until_empty:
                    return
                time.sleep(0.2)
                continue
            if self.post([body for _, body, _ in rows]):
                oldest_ms = rows[0][2]
                if now_ms() - oldest_ms > PAUSE_MS and not paused_since_ms:
                    paused_since_ms = oldest_ms
                self.queue.drop(rows[-1][0])
                self.newest_ms = max(self.newest_ms, rows[-1][2])
                failed = 0
            else:
                self.stop.wait(WAITS_SECONDS[min(failed, len(WAITS_SECONDS) - 1)])
                failed += 1

    def post(self, lines: list[str]) -> bool:
        """Send lines; True once the monitor has them, or will never take them (it keeps and shows what it refuses)."""
        request = urllib.request.Request(
            self.args.url.rstrip("/") + "/v1/events",
            "\n".join(lines).encode(),
            {"Content-Type": "application/x-ndjson"},
        )
        if token := os.environ.get("PRESALES_TOKEN"):
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                told = json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                said = error.read(2000).decode("utf-8", "replace")
            print(f"{error.code}: {said}", file=sys.stderr)
            return error.code == 400
        except (OSError, ValueError) as error:
            print(f"not sent, tried again later: {error}", file=sys.stderr)
            return False
        for refused in told["rejected"]:
            print(f"refused: {refused['path']}: {refused['error']}", file=sys.stderr)
        return True


def messages() -> "queue.SimpleQueue[dict | None]":
    """Put your own reading of the chat here: with the platform's ids and times, and with what your people answer."""
    read: queue.SimpleQueue = queue.SimpleQueue()

    def lines() -> None:
        for line in sys.stdin:
            if line.strip():
                read.put(json.loads(line))
        read.put(None)

    threading.Thread(target=lines, daemon=True).start()
    return read


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", default="http://127.0.0.1:8480")
    parser.add_argument("--source", required=True, help="the name of this collector")
    parser.add_argument("--platform", default="taobao")
    parser.add_argument("--shop", required=True)
    parser.add_argument("--account", required=True, help="the account that is watched")
    parser.add_argument("--queue", default="collector-queue.db", help="where the queue lies")
    parser.add_argument("--once", action="store_true", help="end when the input has ended and all of it is stored")
    args = parser.parse_args()
    collector = Collector(args)
    threading.Thread(target=collector.beat, daemon=True).start()
    read = messages()
    sender = threading.Thread(target=collector.send, args=(False,), daemon=True)
    if not args.once:
        sender.start()
    while (message := read.get()) is not None:
        collector.take(message)
    collector.send(until_empty=True) if args.once else sender.join()


if __name__ == "__main__":
    main()
