import asyncio
import contextlib
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from monitor.alerts.channels.base import Channel
from monitor.alerts.channels.mail import MailChannel, Security
from monitor.alerts.saying import Link, Mention, Saying
from monitor.clock import Clock
from monitor.errors import DeliveryError, UsageError
from tests.alerts.channels.contract import ChannelContract, delivery
from tests.alerts.channels.robot_contract import HOSTILE
from tests.alerts.channels.robots import people
from tests.mosquitto import Certificates, needs_mosquitto
from tests.program import free_port

PASSWORD = "hush-hush-mail"  # noqa: S105 - of a server of this test


class Post:
    """A real mail server, in a thread of its own."""

    def __init__(
        self, folder: Path, *, security: Security = "starttls", password: str = PASSWORD, trusted: bool = True
    ) -> None:
        certificates = Certificates.make(folder)
        self.port = free_port()
        self.bodies: list[bytes] = []
        self.mails: list[email.message.EmailMessage] = []
        self.secrets = [PASSWORD]
        self.refuses: str | None = None
        self.security = security
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(certificates.certificate, certificates.key)
        self._controller: Controller | None = None
        self.channel: Channel = MailChannel(
            "127.0.0.1",
            Clock(),
            sender="monitor@example.com",
            to=["lead@example.com", "manager@example.com"],
            route=people("mail"),
            port=self.port,
            security=security,
            ca_file=str(certificates.ca) if trusted else None,
            username="monitor",
            password=password,
            allow_private=True,
        )

    async def start(self) -> None:
        how: dict[str, Any] = {"authenticator": self._authenticate}
        if self.security == "starttls":
            how |= {"tls_context": self._context, "require_starttls": True, "auth_required": True}
        else:
            how |= {"ssl_context": self._context, "auth_require_tls": False}
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port, **how)
        await asyncio.to_thread(self._controller.start)

    async def stop(self) -> None:
        controller, self._controller = self._controller, None
        if controller is not None:
            await asyncio.to_thread(controller.stop)

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
    ) -> AuthResult:
        return AuthResult(success=data.password == PASSWORD.encode(), handled=False)

    async def handle_RCPT(  # noqa: N802 - so the server calls it
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if self.refuses:
            return self.refuses
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, email.message.EmailMessage)
        self.mails.append(mail)
        self.bodies.append(str(mail["Subject"]).encode())
        return "250 OK"


@pytest.fixture(params=["starttls", "tls"])
async def receiver(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Post]:
    needs_mosquitto()  # For openssl, which comes with it.
    post = Post(tmp_path, security=request.param)
    yield post
    await post.stop()


@contextlib.asynccontextmanager
async def serving(post: Post) -> AsyncIterator[Channel]:
    await post.start()
    await post.channel.open()
    try:
        yield post.channel
    finally:
        await post.channel.close()
        await post.stop()


async def failing(post: Post) -> DeliveryError:
    async with serving(post) as channel:
        with pytest.raises(DeliveryError) as error:
            await channel.send(delivery(channel))
    assert PASSWORD not in f"{error.value!r}"
    assert post.mails == []
    return error.value


class TestContract(ChannelContract):
    pass


async def test_a_mail_says_all_and_is_known_by_its_id(receiver: Post) -> None:
    saying = Saying(
        title="【还剩60秒】B07 小林 2位在等",
        lines=("问：包邮吗", "账号 senye:lin"),
        mentions=(Mention("小王"),),
        links=(Link("认领", "https://monitor.example/a/claim"),),
    )
    async with serving(receiver) as channel:
        for _ in range(2):
            await channel.send(delivery(channel, saying=saying))
    first, again = receiver.mails
    assert str(first["Subject"]) == saying.title
    assert first["To"] == "lead@example.com, manager@example.com"
    text = first.get_content()
    for part in ("包邮吗", "senye:lin", "小王", "认领: https://monitor.example/a/claim"):
        assert part in text
    assert first["Message-ID"] == again["Message-ID"] == "<k.7.slow.raised@presales-monitor>"


async def test_a_hostile_title_adds_no_header(receiver: Post) -> None:
    async with serving(receiver) as channel:
        await channel.send(delivery(channel, saying=Saying(title=f"x\r\nBcc: all@example.com\n{HOSTILE}")))
    (mail,) = receiver.mails
    assert mail["Bcc"] is None
    assert mail.get_content_type() == "text/plain"


async def test_a_wrong_password_is_for_good(tmp_path: Path) -> None:
    needs_mosquitto()
    error = await failing(Post(tmp_path, password="wrong-and-secret"))  # noqa: S106 - of no server
    assert (error.reason, error.permanent) == ("secret", True)
    assert "wrong-and-secret" not in str(error)


async def test_a_certificate_nobody_trusts_is_an_error(tmp_path: Path) -> None:
    needs_mosquitto()
    assert (await failing(Post(tmp_path, trusted=False))).reason == "tls"


@pytest.mark.parametrize(("answer", "permanent"), [("550 no such user", True), ("451 later, please", False)])
async def test_who_cannot_be_written_to_is_an_error(receiver: Post, answer: str, permanent: bool) -> None:
    receiver.refuses = answer
    error = await failing(receiver)
    assert (error.reason, error.permanent) == ("refused", permanent)


async def test_a_server_inside_is_refused() -> None:
    channel = MailChannel("localhost", Clock(), sender="a@example.com", to=["b@example.com"], route=people("mail"))
    await channel.open()
    with pytest.raises(DeliveryError, match="private_address"):
        await channel.send(delivery(channel))
    await channel.close()


def test_an_address_that_is_none_stops_the_start() -> None:
    with pytest.raises(UsageError, match="is no mail address"):
        MailChannel("h", Clock(), sender="a b", to=["b@example.com"], route=people("mail"))
