"""The login page: a token becomes a cookie, for browsers only.

A link to a board may carry its token behind ``#``, which browsers send to nobody: ``/login?next=/?tv=1#prs_...``. The
page takes it out of the address and logs in with it.
"""

from urllib.parse import parse_qs

from starlette.types import Receive, Scope, Send

from monitor.web.access import COOKIE, Access, Denied
from monitor.web.answers import Header
from monitor.web.small_page import STYLE, allowed

PATH = "/login"
AWAY = "/logout"
FORM_BYTES = 4096
COOKIE_SECONDS = 365 * 24 * 3600  # A TV on a wall logs in once; who loses the token's right is out at once anyway.

_SCRIPT = (
    "var t=location.hash.slice(1),f=document.forms[0],l=location;"
    f"f.action=l.pathname=='{PATH}'?l.href.split('#')[0]:'{PATH}?next='+encodeURIComponent(l.pathname+l.search);"
    "if(/^[\\x21-\\x7e]{16,}$/.test(t)){history.replaceState(null,'',l.pathname+l.search);"
    "f.token.value=t;f.submit()}"
)
_POLICY = (
    f"default-src 'none'; style-src {allowed(STYLE)}; script-src {allowed(_SCRIPT)}; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
).encode()
_PAGE = f"""<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>登录 · Log in</title><style>{STYLE}</style>
<main><h1>登录 <span lang="en">Log in</span></h1><p>[said]
<form method="post" action="{PATH}"><label>令牌 <span lang="en">Token</span>
<input name="token" type="password" autocomplete="current-password" autofocus required></label>
<button>登录 · <span lang="en">Log in</span></button></form></main><script>{_SCRIPT}</script></html>
"""
_ASK = '请输入管理员给您的令牌。<br><span lang="en">Enter the token your administrator gave you.</span>'
_WRONG = '令牌不正确或已失效。<br><span lang="en">This token is wrong or no longer valid.</span>'


async def login(scope: Scope, receive: Receive, send: Send, access: Access) -> bool:
    """Show the form, or take it; return False if a token was tried that is none."""
    if scope["method"] != "POST":
        await show(send, 200)
        return True
    form = bytearray()
    more = True
    while more and len(form) <= FORM_BYTES:
        message = await receive()
        if message["type"] == "http.disconnect":
            return True
        form += message.get("body", b"")
        more = message.get("more_body", False)
    token = parse_qs(form.decode("utf-8", "replace")).get("token", [""])[0].strip()
    found = await access.tried(token, scope) if token and not more else Denied(401, "")
    if isinstance(found, Denied):
        await show(send, found.status, wrong=True)
        return False
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    cookie = f"{COOKIE}={token}; Path=/; Max-Age={COOKIE_SECONDS}; HttpOnly; SameSite=Strict{secure}"
    await _go(send, _next(scope), cookie)
    return True


async def leave(scope: Scope, send: Send) -> None:
    """Take the cookie away."""
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    await _go(send, PATH, f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict{secure}")


def _next(scope: Scope) -> str:
    """Return the page of ours that was wanted; never another site's."""
    wanted = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("next", ["/"])[0]
    ours = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isascii() and wanted.isprintable()
    return wanted if ours else "/"


async def _go(send: Send, where: str, cookie: str) -> None:
    headers: list[Header] = [
        (b"location", where.encode("ascii")),
        (b"set-cookie", cookie.encode()),
        (b"content-length", b"0"),
    ]
    await send({"type": "http.response.start", "status": 303, "headers": headers})
    await send({"type": "http.response.body"})


async def show(send: Send, status: int, *, wrong: bool = False) -> None:
    """Send the form."""
    body = _PAGE.replace("[said]", _WRONG if wrong else _ASK).encode()
    headers: list[Header] = [
        (b"content-type", b"text/html; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
        (b"content-security-policy", _POLICY),
        (b"cache-control", b"no-store"),
    ]
    if status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    elif status == 429:
        headers.append((b"retry-after", b"60"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
