"""A service to be killed: the MQTT door before a file of ids that is synced like a journal.

Usage: python -m tests.sources.service PORT FILE
"""

import asyncio
import os
import signal
import sys

from monitor.clock import Clock
from monitor.mqtt import Backoff, Broker
from monitor.sources.mqtt import MqttSource
from monitor.wire import decode
from monitor.wire.batch import Batch


async def main(port: int, path: str) -> None:
    file = os.open(path, os.O_WRONLY | os.O_APPEND)

    def write(batch: Batch) -> None:
        os.write(file, "".join(f"{event.id}\n" for event in batch.events).encode())
        os.fsync(file)

    async def submit(batch: Batch) -> None:
        await asyncio.to_thread(write, batch)

    source = MqttSource(
        Broker(host="127.0.0.1", port=port, client_id="presales-test"),
        decode=decode,
        submit=submit,
        clock=Clock(),
        backoff=lambda: Backoff(0.02, 0.1),
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, source.stop)
    await source.run()
    os.close(file)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
