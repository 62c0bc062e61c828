"""Mail over SMTP, as plain text: nothing in it can be markup, and a link is a line of its own."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Literal

import aiosmtplib

from monitor.alerts.channels.http import CONNECT_SECONDS
from monitor.alerts.channels.private import PrivateAddress, resolved
from monitor.alerts.inert import plain
from monitor.alerts.router import Route, message_id
from monitor.alerts.saying import Saying, saying_of
from monitor.clock import Clock
from monitor.errors import DeliveryError, UsageError
from monitor.store.entries import Delivery

CONCURRENCY = 2
ANSWER_SECONDS = 10.0  # A mail server may look at what it takes for a while.
PORTS = {"starttls": 587, "tls": 465, "none": 25}
Security = Literal["starttls", "tls", "none"]


class MailChannel:
    """One server and who is written to.

    Raises:
        UsageError: an address or the authority's file cannot be used.
    """

    def __init__(
        self,
        host: str,
        clock: Clock,
        *,
        sender: str,
        to: Sequence[str],
        route: Route,
        port: int | None = None,
        security: Security = "starttls",
        ca_file: str | None = None,
        username: str | None = None,
        password: str | None = None,
        allow_private: bool = False,
        answer_seconds: float = ANSWER_SECONDS,
    ) -> None:
        self.route = route
        self.concurrency = CONCURRENCY
        self._what = f"channel {route.channel}"
        self._host = host
        self._port = port or PORTS[security]
        self._security = security
        self._username = username
        self._password = password
        self._sender = self._address(sender)
        self._to = [self._address(one) for one in to]
        self._clock = clock
        self._allow_private = allow_private
        self._answer_seconds = answer_seconds
        try:
            self._tls = None if security == "none" else ssl.create_default_context(cafile=ca_file)
        except OSError as error:
            raise UsageError(f"{self._what}: ca_file: {error.strerror or 'no certificate in it'}") from None
        self._open = False

    async def open(self) -> None:
        """Nothing is held between two mails: servers close what is idle."""
        self._open = True

    async def close(self) -> None:
        """Nothing is held."""
        self._open = False

    async def send(self, delivery: Delivery) -> None:
        """Send one mail; its Message-ID is the same however often it is tried.

        Raises:
            DeliveryError: as `Channel.send` says.
        """
        if not self._open:
            raise DeliveryError("closed")
        mail = self._mail(saying_of(delivery), message_id(delivery))
        client = aiosmtplib.SMTP(
            hostname=self._host,
            sock=await self._connected(),  # From here on it is the client's to close.
            timeout=self._answer_seconds,
            use_tls=self._security == "tls",
            start_tls=self._security == "starttls",
            tls_context=self._tls,
            username=self._username,
            password=self._password,
        )
        try:
            async with client:
                await client.send_message(mail)
        except aiosmtplib.SMTPAuthenticationError as error:
            raise DeliveryError("secret", permanent=error.code >= 500, detail=f"code {error.code}") from None
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [refused.code for refused in error.recipients]
            raise DeliveryError("refused", permanent=min(codes) >= 500, detail=f"recipients, code {codes[0]}") from None
        except aiosmtplib.SMTPResponseException as error:
            raise DeliveryError("refused", permanent=error.code >= 500, detail=f"code {error.code}") from None
        except (aiosmtplib.SMTPTimeoutError, TimeoutError):
            raise DeliveryError("timeout") from None
        except ssl.SSLError:
            raise DeliveryError("tls") from None
        except (aiosmtplib.SMTPException, OSError) as error:
            raise DeliveryError("tls" if isinstance(error.__cause__, ssl.SSLError) else "reset") from None

    async def _connected(self) -> socket.socket:
        """Return a connection to the very address that was looked at."""
        loop = asyncio.get_running_loop()
        try:
            found = await resolved(self._host, self._port, allow_private=self._allow_private)
        except PrivateAddress:
            said = "the server lies in a private network; allow_private: true lets it"
            raise DeliveryError("private_address", permanent=True, detail=said) from None
        except OSError:
            raise DeliveryError("connect") from None
        for at in found:
            sock = socket.socket(at["family"], socket.SOCK_STREAM)
            sock.setblocking(False)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await loop.sock_connect(sock, (at["host"], self._port))
            except (OSError, TimeoutError):
                sock.close()
                continue
            except BaseException:
                sock.close()
                raise
            return sock
        raise DeliveryError("connect")

    def _mail(self, saying: Saying, name: str) -> EmailMessage:
        mail = EmailMessage()
        mail["Subject"] = plain(saying.title)
        mail["From"] = self._sender
        mail["To"] = self._to
        mail["Date"] = format_datetime(datetime.fromtimestamp(self._clock.now_ms() / 1000, UTC))
        mail["Message-ID"] = f"<{''.join(c if c.isascii() and c.isalnum() else '.' for c in name)}@presales-monitor>"
        mail["Auto-Submitted"] = "auto-generated"
        lines = [plain(saying.title), "", *map(plain, saying.lines)]
        if saying.mentions:
            lines += ["", "、".join(plain(one.name) for one in saying.mentions)]
        lines += ["", *(f"{plain(link.label)}: {link.url}" for link in saying.links)]
        mail.set_content("\n".join(lines).rstrip() + "\n")
        return mail

    def _address(self, text: str) -> Address:
        try:
            return Address(addr_spec=text)
        except Exception:  # It raises whatever its parser stumbles over.
            raise UsageError(f"{self._what}: {text!r} is no mail address") from None
