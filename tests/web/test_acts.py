"""The page behind a link in an alert."""

from pathlib import Path

from monitor.alerts.links import Links, key_in
from monitor.errors import StoreUnavailable
from monitor.wire.batch import Batch
from tests.web.whole import running, said


async def test_what_cannot_be_stored_now_is_said_on_the_page_and_may_be_tried_again(tmp_path: Path) -> None:
    async with running(tmp_path) as (app, client):
        await client.post("/v1/events", json=[said(1)])
        [wait] = (await client.get("/v1/waits")).json()["waits"]
        links = Links(key_in(tmp_path), str(client.base_url))
        url = links.url("claim", [wait["id"].partition("-")[2]], app.engine.now_ms())
        assert url is not None
        submit = app.engine.submit

        async def full(_: Batch) -> None:
            raise StoreUnavailable("the disk is full")

        app.engine.submit = full  # type: ignore[method-assign, assignment]
        answer = await client.post(url, data={"by": "小王"})
        assert answer.status_code == 503
        assert "请稍后再按一次" in answer.text
        assert '<form method="post">' in answer.text
        assert 'value="小王"' in answer.text
        app.engine.submit = submit  # type: ignore[method-assign]
        done = await client.post(url, data={"by": "小王"})
        assert (done.status_code, "小王 已认领 1 位" in done.text) == (200, True)
