"""How often one token, or one address without one, may come: moved time, real requests."""

import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from monitor.settings import load
from monitor.web import rates
from monitor.web.access import LOCAL, Caller, Denied
from monitor.web.rates import AT_ONCE_SECONDS, Pace, Rate, Rates
from tests.web.stand import an_event, bearing, holding, standing

# One a second, so ten at once; this machine's address is no proxy's.
SLOW = {
    "PRESALES_LISTEN__PROXIES": "192.0.2.1",
    "PRESALES_LIMITS__SENDS_PER_SECOND": "1",
    "PRESALES_LIMITS__ASKS_PER_SECOND": "1",
}


class Clock:
    """A time that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(rates, "time", made)
    return made


def test_ten_seconds_worth_at_once_and_then_the_pace(clock: Clock) -> None:
    rate = Rate(2)
    assert [rate.count("a") for _ in range(20)] == [0.0] * 20
    assert rate.count("a") == 0.5
    assert rate.count("a") == 0.5, "what came too early is not held against the one who sent it"
    assert rate.count("b") == 0.0
    clock.now += 0.5
    assert [rate.count("a"), rate.count("a")] == [0.0, 0.5]
    clock.now += 3_600
    assert [rate.count("a") for _ in range(20)] == [0.0] * 20, "an hour's rest is worth no more"
    assert rate.count("a") == 0.5


def test_what_is_held_back_counts(clock: Clock) -> None:
    rate = Rate(1)
    assert [rate.count("a", anyway=True) for _ in range(12)] == [0.0] * 10 + [1.0, 2.0]
    clock.now += 2
    assert rate.count("a") == 1.0


@pytest.mark.usefixtures("clock")
def test_callers_are_not_remembered_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "ADDRESSES_AT_MOST", 10)
    rate = Rate(1)
    for number in range(100):
        rate.count(f"10.0.0.{number}")
    assert 1 <= len(rate._busy_until) <= 10


def from_(address: str) -> dict[str, tuple[str, int]]:
    return {"client": (address, 1)}


@pytest.mark.usefixtures("clock")
def test_a_token_is_one_caller_wherever_it_comes_from_and_addresses_do_not_use_it_up() -> None:
    made = Rates(load(environ=SLOW))
    lin = Caller("lin")
    for number in range(10):
        assert made.too_often(from_(f"10.0.0.{number}"), lin, brings=False) is None
        assert made.too_often(from_("10.0.0.1"), Denied(401, ""), brings=False) is None
    for denied in (
        made.too_often(from_("10.0.0.77"), lin, brings=False),
        made.too_often(from_("10.0.0.1"), Denied(401, ""), brings=False),
    ):
        assert denied is not None
        assert (denied.status, denied.later) == (429, [(b"retry-after", b"1")])
    assert made.too_often(from_("10.0.0.1"), Caller("wang"), brings=False) is None
    assert made.too_often(from_("10.0.0.1"), lin, brings=True) is None, "bringing and asking are apart"
    for _ in range(50):
        assert made.too_often(from_("192.0.2.1"), LOCAL, brings=True) is None, "a proxy stands for many"


async def test_a_token_that_asks_too_often_is_429_and_others_go_on(clock: Clock) -> None:
    token, tokens = holding("tv", role="viewer")
    other, more = holding("collector-7", role="source")
    tokens.holders |= more.holders
    async with standing(tokens=tokens, environ=SLOW) as stand, stand.client() as client:
        for _ in range(10):
            assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 200
        late = await client.get("/v1/waits", headers=bearing(token))
        assert (late.status_code, late.headers["retry-after"]) == (429, "1")
        assert "limits.asks_per_second" in late.json()["error"]
        assert "default-src 'none'" in late.headers["content-security-policy"]
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{stand.ws}/v1/live", proxy=None, additional_headers=bearing(token))
        response = refused.value.response
        assert (response.status_code, response.headers["retry-after"]) == (429, "1")
        assert stand.metrics.refused == {("http", "rate"): 1, ("live", "rate"): 1}
        for number in range(10):
            sent = await client.post("/v1/events", json=an_event(number), headers=bearing(other))
            assert sent.status_code == 202
        sent = await client.post("/v1/events", json=an_event(99), headers=bearing(other))
        assert sent.status_code == 429
        assert "limits.sends_per_second" in sent.json()["error"]
        assert len(stand.engine.events) == 10
        clock.now += 1
        assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 200
        assert (await client.post("/v1/events", json=an_event(10), headers=bearing(other))).status_code == 202


@pytest.mark.usefixtures("clock")
async def test_an_address_without_a_token_is_bounded_and_tokens_from_there_are_not() -> None:
    token, tokens = holding()
    async with standing(tokens=tokens, environ=SLOW) as stand, stand.client() as client:
        for path in ("/livez", "/login", "/a/nonsense", "/v1/waits", "/v1/waits") * 2:
            assert (await client.get(path)).status_code != 429, path
        for path in ("/livez", "/login", "/a/nonsense", "/v1/waits"):
            assert (await client.get(path)).status_code == 429, path
        for _ in range(10):
            assert (await client.post("/v1/hooks/nothing", json={})).status_code == 401
        hook = await client.post("/v1/hooks/nothing", json={})
        assert (hook.status_code, hook.headers["retry-after"]) == (429, "1")
        assert (await client.get("/v1/waits", headers=bearing(token))).status_code == 200


@pytest.mark.usefixtures("clock")
async def test_a_sender_of_frames_is_held_back_not_turned_away(monkeypatch: pytest.MonkeyPatch) -> None:
    held: list[float] = []
    hold_seconds = Pace.hold_seconds

    def noted(pace: Pace) -> float:
        held.append(hold_seconds(pace))
        return held[-1]

    monkeypatch.setattr(Pace, "hold_seconds", noted)
    monkeypatch.setattr(rates, "AT_ONCE_SECONDS", 0.005)  # Five frames; the opening is one.
    environ = SLOW | {"PRESALES_LIMITS__SENDS_PER_SECOND": "1000"}
    async with standing(environ=environ) as stand:
        async with connect(f"{stand.ws}/v1/ingest", proxy=None) as line:
            for number in range(8):
                await line.send(json.dumps(an_event(number)))
            acks = [json.loads(await line.recv())["ack"] for _ in range(8)]
        assert acks == list(range(1, 9))
        assert len(stand.engine.events) == 8
        assert held == pytest.approx([0, 0, 0, 0, 0.001, 0.002, 0.003, 0.004])
        assert not stand.metrics.refused


def test_the_default_is_out_of_the_way_of_a_busy_floor() -> None:
    limits = load(environ={}).limits
    assert limits.sends_per_second * AT_ONCE_SECONDS >= 10_000
    assert limits.asks_per_second * AT_ONCE_SECONDS >= 100 * 30, "a hundred TVs of one token, loaded at once"
