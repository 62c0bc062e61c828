"""Where an MQTT broker is, and how it lets us in."""

import ssl
from dataclasses import dataclass, field
from typing import Literal, Self

from monitor.errors import UsageError
from monitor.settings import Mqtt


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """Where the broker is and how it lets us in.

    Attributes:
        client_id: stable over restarts: the broker keeps our unacknowledged messages under it. Two
            programs with one id throw each other out.
        tls: encrypt; also on where ``ca_file`` or ``cert_file`` is given.
        ca_file: PEM of the authority that signed the broker's certificate; None: the system's.
        cert_file: PEM of our own certificate, where the broker wants one; ``key_file`` its key.
    """

    host: str
    port: int = 1883
    client_id: str
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    version: Literal["5", "3.1.1"] = "5"
    tls: bool = False
    ca_file: str | None = None
    cert_file: str | None = None
    key_file: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, settings: Mqtt, client_id: str) -> Self | None:
        """Return the broker of the settings, or None where there is none.

        Args:
            settings: what the operator has set.
            client_id: where the settings name none; kept with the data, so that it outlives a container.
        """
        if settings.host is None:
            return None
        return cls(
            host=settings.host,
            port=settings.port,
            client_id=settings.client_id or client_id,
            username=settings.username,
            password=settings.password.get_secret_value() if settings.password else None,
            version=settings.version,
            tls=settings.tls,
            ca_file=str(settings.ca_file) if settings.ca_file else None,
            cert_file=str(settings.cert_file) if settings.cert_file else None,
            key_file=str(settings.key_file) if settings.key_file else None,
        )

    def tls_context(self) -> ssl.SSLContext | None:
        """Return what TLS needs, or None for a plain connection.

        Raises:
            UsageError: a file is missing or is not PEM.
        """
        if not (self.tls or self.ca_file or self.cert_file):
            return None
        try:
            context = ssl.create_default_context(cafile=self.ca_file)
            if self.cert_file:
                context.load_cert_chain(self.cert_file, self.key_file)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(name for name in (self.ca_file, self.cert_file, self.key_file) if name)
            raise UsageError(f"mqtt: cannot use the TLS files {files}: {error.strerror or error}") from None
        return context
