"""Pages for people without an account: one card, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from hashlib import sha256

from custhub.http.pages.layout import Language, text

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --paper: #f5f7f8; --card: #fff; --accent: #0b7a75; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dfe5ea; --soft: #97a3ad; --paper: #14191d; --card: #1b2126; --accent: #2a9d97; }
}
* { box-sizing: border-box; }
body {
  margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1rem; background: var(--paper);
  color: var(--ink); overflow-wrap: anywhere;
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei",
    sans-serif;
}
main {
  width: 100%; max-width: 30rem; padding: 2rem; background: var(--card); border-radius: 0.75rem;
  box-shadow: 0 1px 3px #0003;
}
h1 { font-size: 1.4rem; line-height: 1.3; margin: 0 0 1rem; }
p { margin: 0 0 0.75rem; }
button {
  width: 100%; margin-top: 0.75rem; padding: 0.8rem 1rem; border: 0; border-radius: 0.5rem; background: var(--accent);
  color: #fff; font: inherit; font-weight: 600; cursor: pointer;
}
button:focus-visible, a:focus-visible { outline: 3px solid var(--ink); outline-offset: 2px; }
footer { margin-top: 1.5rem; font-size: 0.85rem; color: var(--soft); }
footer a { color: inherit; }
"""
_DIGEST = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The content security policy these pages are sent with."""


def person_page(language: Language, title: str, paragraphs: Sequence[str], button: str | None) -> bytes:
    """A whole page; with a button it is a form that is posted to its own address."""
    other, name = ("zh", "中文") if language == "en" else ("en", "English")
    body = "".join(f"<p>{text(paragraph)}</p>" for paragraph in paragraphs)
    form = "" if button is None else f'<form method="post"><button type="submit">{text(button)}</button></form>'
    return f"""\
<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>{text(title)}</title>
<style>{_STYLE}</style>
</head>
<body>
<main>
<h1>{text(title)}</h1>
{body}
{form}
<footer><a href="?lang={other}" hreflang="{other}">{name}</a></footer>
</main>
</body>
</html>
""".encode()
