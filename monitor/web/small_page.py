"""How the pages look that stand alone: the login, and what a link in an alert opens on a phone.

They load nothing, so their style is in them, and their content policy allows it by its hash. The colours are those of
the other pages; which, the browser prefers, for the service's clock is not known there.
"""

import base64
import hashlib

STYLE = (
    "body{margin:0;padding:14vh 16px 0;background:#f2f5f8;color:#16202b;"
    "font:17px/1.6 'Noto Sans SC',system-ui,sans-serif}"
    "main{box-sizing:border-box;max-width:400px;margin:0 auto;padding:28px 30px 32px;border:1px solid #d8dfe6;"
    "border-radius:12px;background:#fff}h1{margin:0;font-size:24px}h1 span,p span{color:#526272;font-weight:400}"
    "p{margin:10px 0 18px}label{display:block;font-weight:600}input,button{box-sizing:border-box;width:100%;"
    "min-height:44px;padding:0 12px;border-radius:8px;font:inherit}input{margin:6px 0 14px;border:1px solid #8795a3;"
    "background:#fff;color:inherit}button{border:0;background:#1f6c99;color:#fff;font-weight:600;cursor:pointer}"
    "input:focus,button:focus{outline:3px solid #5ba3c9;outline-offset:1px}a{color:inherit}"
    "ul{margin:14px 0;padding:0;list-style:none;font-variant-numeric:tabular-nums}"
    "li{padding:8px 0;border-top:1px solid #d8dfe6}"
    "@media(prefers-color-scheme:dark){body{background:#0b0f14;color:#e8edf2}main{border-color:#232c36;"
    "background:#111820}h1 span,p span{color:#9aa7b4}input{border-color:#56636f;background:#0b0f14}"
    "li{border-color:#232c36}button{background:#5ba3c9;color:#0b0f14}}"
)


def allowed(what: str) -> str:
    """Return how a content policy names a style or script that stands in the page."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(what.encode()).digest()).decode()}'"
