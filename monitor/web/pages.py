"""The pages: the built front end, held in memory and served as it is.

They are a few hundred kilobytes, so they are read once; a path is looked up among
what was read and can lead nowhere else. What a build names by its content
(``assets/``) is kept by browsers for ever, the pages themselves are asked for
again each time. Everything comes from here: the policy sent along forbids any
other origin and anything inline.
"""

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.types import Scope, Send

from monitor.web.answers import Header

# Pages of the contract and the file each is in; all are served by the wallboard's until they have their own.
ROUTES = {
    "/": "index.html",
    "/console": "console.html",
    "/agent": "agent.html",
    "/reports": "reports.html",
    "/sources": "sources.html",
}
PACK_OVER_BYTES = 1024

_HOST = re.compile(r"[A-Za-z0-9.:\[\]-]+")
_TYPES = {".js": "text/javascript", ".webmanifest": "application/manifest+json", ".woff2": "font/woff2"}

NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Presales Monitor</title>
<h1>Presales Monitor is running. Its pages are not built.</h1>
<p>They come with the installed package. In a working copy of the source, build them with:
<pre>cd dashboards/pages &amp;&amp; npm ci &amp;&amp; npm run build</pre>
<p>The API is there all the same: <a href="/docs">/docs</a>, <a href="/v1/waits">/v1/waits</a>.
<h1 lang="zh">服务已启动，页面尚未构建。</h1>
<p lang="zh">安装包自带页面；在源码目录中请运行上面的命令。接口照常可用。</html>
"""


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    packed: bytes | None  # gzip, where it is smaller.
    kind: str
    etag: bytes
    for_ever: bool


class Pages:
    """All files of a folder of built pages; an empty or missing folder gives the page that says so."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, _File] = {}
        if folder.is_dir():
            for path in sorted(folder.rglob("*")):
                if path.is_file():
                    name = path.relative_to(folder).as_posix()
                    self._files[f"/{name}"] = _file(name, path.read_bytes())
        if "/index.html" not in self._files:
            self._files["/index.html"] = _file("index.html", NOT_BUILT.encode())

    def has(self, path: str) -> bool:
        """Whether there is something at a path."""
        return self._find(path) is not None

    def _find(self, path: str) -> _File | None:
        page = ROUTES.get(path)
        return self._files.get(path if page is None else f"/{page}")

    async def serve(self, scope: Scope, send: Send) -> None:
        """Answer a GET or HEAD of a path that is there."""
        file = self._find(scope["path"])
        assert file is not None
        headers = dict(scope["headers"])
        answer: list[Header] = [
            (b"etag", file.etag),
            (b"cache-control", b"public, max-age=31536000, immutable" if file.for_ever else b"no-cache"),
            (b"vary", b"accept-encoding"),
        ]
        if file.kind.startswith("text/html"):
            # With a 304 too: a browser takes the headers it brings for those of the page it has kept.
            answer.append((b"content-security-policy", policy(headers.get(b"host", b"").decode("latin-1"))))
        if file.etag in [tag.strip() for tag in headers.get(b"if-none-match", b"").split(b",")]:
            await send({"type": "http.response.start", "status": 304, "headers": answer})
            await send({"type": "http.response.body"})
            return
        body = file.body
        if file.packed is not None and b"gzip" in headers.get(b"accept-encoding", b""):
            body = file.packed
            answer.append((b"content-encoding", b"gzip"))
        answer += [(b"content-type", file.kind.encode()), (b"content-length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": 200, "headers": answer})
        await send({"type": "http.response.body", "body": body})


def policy(host: str) -> bytes:
    """What a page may load: our own files, and our own live feed.

    The feed's address is spelled out beside 'self', for the browsers of older TVs
    do not take 'self' to mean WebSockets too.
    """
    feed = f" ws://{host} wss://{host}" if _HOST.fullmatch(host) else ""
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        f"media-src 'self'; manifest-src 'self'; worker-src 'self'; connect-src 'self'{feed}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ).encode()


@cache  # Packing takes longer than all else of a start; several servers of one process share what is packed.
def _file(name: str, body: bytes) -> _File:
    suffix = Path(name).suffix
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind == "image/svg+xml":
        kind += "; charset=utf-8"
    packed = gzip.compress(body, mtime=0) if len(body) > PACK_OVER_BYTES else body
    return _File(
        body=body,
        packed=packed if len(packed) < len(body) else None,
        kind=kind,
        etag=b'"%s"' % hashlib.sha256(body).hexdigest()[:20].encode(),
        for_ever=name.startswith("assets/"),
    )
