"""A real Mosquitto for tests: started on a free port, killed, restarted.

Use ``needs_mosquitto()`` first, or ``mosquitto()``, which does.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from tests import needs
from tests.program import free_port
from tests.waiting import DEADLINE_SECONDS


def needs_mosquitto() -> None:
    """Skip the test where the broker is not installed; fail in CI."""
    needs.programs(
        "mosquitto", "mosquitto_pub", "mosquitto_passwd", "openssl", packages="mosquitto mosquitto-clients openssl"
    )


@dataclass
class Mosquitto:
    """One broker on 127.0.0.1, with its files in ``folder``.

    Attributes:
        config: further lines of its configuration.
        password: of the user "monitor"; None: everybody may come in.
        tls: whether its port speaks TLS, with a certificate of ``certificates``.
        persistent: whether it keeps sessions and messages over a restart, also over ``kill``.
    """

    folder: Path
    config: tuple[str, ...] = ()
    password: str | None = None
    tls: "Certificates | None" = None
    persistent: bool = False
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Mosquitto":
        """Start and return when it takes connections."""
        self.folder.mkdir(parents=True, exist_ok=True)
        config = self.folder / "mosquitto.conf"
        log = self.folder / "mosquitto.log"
        config.write_text("\n".join(self._lines()) + "\n")
        program = needs.find("mosquitto")
        assert program is not None
        with log.open("ab") as out:
            self._process = subprocess.Popen([program, "-c", config], stdout=out, stderr=out)
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
                return self
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
                break
        raise AssertionError(f"mosquitto did not start: {log.read_text()}")

    def stop(self) -> None:
        """End it as an administrator does; it saves what it keeps."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, how: int) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(how)
            process.wait(DEADLINE_SECONDS)

    def publish(self, topic: str, lines: Iterable[bytes], *, qos: int = 1) -> None:
        """Publish one payload a line and return when the broker has them all.

        By a client of our own: given many lines, mosquitto_pub 2.1 loses some and says nothing.
        """
        client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
        if self.password:
            client.username_pw_set("monitor", self.password)
        if self.tls:
            client.tls_set(str(self.tls.ca))
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        try:
            for sent in [client.publish(topic, line, qos) for line in lines]:
                sent.wait_for_publish(DEADLINE_SECONDS)
                assert sent.is_published(), "the broker does not take what is published"
            client.disconnect()
        finally:
            client.loop_stop()

    def publish_file(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish one payload of any bytes."""
        flags = ["-r"] if retain else []
        how = ["-s"] if payload else ["-n"]
        self._pub("-t", topic, "-q", "1", *how, *flags, stdin=payload)

    def _pub(self, *args: str, stdin: bytes) -> None:
        program = needs.find("mosquitto_pub")
        assert program is not None
        who = ["-u", "monitor", "-P", self.password] if self.password else []
        tls = ["--cafile", str(self.tls.ca)] if self.tls else []
        command = [program, "-h", "127.0.0.1", "-p", str(self.port), "-V", "5", *who, *tls, *args]
        subprocess.run(command, input=stdin, check=True, timeout=120, capture_output=True)

    def _lines(self) -> Iterator[str]:
        yield f"listener {self.port} 127.0.0.1"
        yield "max_packet_size 100000000"  # From 2.1 on, the default is less than a body may have.
        yield "max_queued_messages 0"  # The default, 1000, drops what a service that is away has missed.
        if os.geteuid() == 0:
            yield "user root"  # Else it gives up its rights and cannot read its own files here.
        if self.password is None:
            yield "allow_anonymous true"
        else:
            program = needs.find("mosquitto_passwd")
            assert program is not None
            passwords = self.folder / "passwords"
            passwords.unlink(missing_ok=True)  # From 2.1 on, Mosquitto makes none where one is.
            subprocess.run([program, "-b", "-c", passwords, "monitor", self.password], check=True, capture_output=True)
            yield "allow_anonymous false"
            yield f"password_file {passwords}"
        if self.tls is not None:
            yield f"cafile {self.tls.ca}"
            yield f"certfile {self.tls.certificate}"
            yield f"keyfile {self.tls.key}"
        if self.persistent:
            yield "persistence true"
            yield f"persistence_location {self.folder}/"
            yield "autosave_on_changes true"
            yield "autosave_interval 1"  # Save at every change.
        yield from self.config


@dataclass(frozen=True)
class Certificates:
    """A throw-away authority and a certificate of it for 127.0.0.1."""

    ca: Path
    certificate: Path
    key: Path

    @classmethod
    def make(cls, folder: Path) -> "Certificates":
        folder.mkdir(parents=True, exist_ok=True)
        ca, ca_key = folder / "ca.pem", folder / "ca.key"
        certificate, key, request = folder / "server.pem", folder / "server.key", folder / "server.csr"
        curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
        # From 3.13 on, Python takes an authority only if its certificate says that it may sign.
        may_sign = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
        subject = ("-subj", "/CN=Test authority", "-days", "2")
        _openssl("req", "-x509", *curve, "-keyout", ca_key, "-out", ca, *may_sign, *subject)
        _openssl("req", "-new", *curve, "-keyout", key, "-out", request, "-subj", "/CN=127.0.0.1")
        names = folder / "names.ext"
        names.write_text("subjectAltName=IP:127.0.0.1,DNS:localhost\n")
        signed_by = ("-CA", ca, "-CAkey", ca_key, "-CAcreateserial", "-extfile", names)
        _openssl("x509", "-req", "-in", request, *signed_by, "-out", certificate, "-days", "2")
        return cls(ca, certificate, key)


def _openssl(*args: str | Path) -> None:
    subprocess.run(["openssl", *args], check=True, capture_output=True, timeout=60)


@contextlib.contextmanager
def mosquitto(
    folder: Path,
    *,
    config: tuple[str, ...] = (),
    password: str | None = None,
    tls: Certificates | None = None,
    persistent: bool = False,
) -> Iterator[Mosquitto]:
    """Run a broker for the length of a block."""
    needs_mosquitto()
    broker = Mosquitto(folder, config=config, password=password, tls=tls, persistent=persistent)
    try:
        yield broker.start()
    finally:
        broker.kill()
