"""Pages for people without an account: one card, no script, nothing from elsewhere."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Literal

from custhub.http.pages.layout import Language, text

_STYLE = """
:root { color-scheme: light dark; --ink: #1d2329; --soft: #5b6670; --paper: #f5f7f8; --card: #fff; --accent: #0b7a75;
  --wrong: #b3261e;
}
@media (prefers-color-scheme: dark) {
  :root { --ink: #dfe5ea; --soft: #97a3ad; --paper: #14191d; --card: #1b2126; --accent: #2a9d97;
    --wrong: #ff8a80;
  }
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
button.other { margin-top: 0.5rem; background: none; color: var(--accent); border: 1px solid currentColor; }
label, legend { display: block; font-weight: 600; }
legend { padding: 0; margin-bottom: 0.5rem; }
fieldset { margin: 0 0 1rem; padding: 1rem 1rem 0; border: 1px solid #8886; border-radius: 0.5rem; min-width: 0; }
fieldset label { font-weight: 400; }
.entry { margin: 0 0 1rem; }
.hint, .wrong { display: block; margin: 0; font-size: 0.9rem; }
.hint { color: var(--soft); }
.wrong, .alert { color: var(--wrong); }
.alert { padding: 0.75rem 1rem; border: 1px solid currentColor; border-radius: 0.5rem; }
input, select {
  width: 100%; min-height: 2.75rem; margin-top: 0.25rem; padding: 0.5rem 0.75rem; border: 1px solid #8889;
  border-radius: 0.5rem; background: var(--paper); color: var(--ink); font: inherit;
}
input:focus-visible, select:focus-visible { outline: 3px solid var(--accent); outline-offset: 1px; }
[aria-invalid="true"] { border-color: var(--wrong); }
footer { margin-top: 1.5rem; font-size: 0.85rem; color: var(--soft); }
footer a { color: inherit; }
"""
_DIGEST = base64.b64encode(sha256(_STYLE.encode()).digest()).decode()
POLICY = (
    f"default-src 'none'; style-src 'sha256-{_DIGEST}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""The content security policy these pages are sent with."""


EntryKind = Literal["text", "tel", "email", "date", "code", "select", "hidden"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing to fill in. Those of one `group` that follow each other stand together under that heading."""

    name: str
    label: str = ""
    value: str = ""
    kind: EntryKind = "text"
    hint: str = ""
    error: str = ""
    #: (value, what is shown) of a selection.
    options: tuple[tuple[str, str], ...] = ()
    group: str = ""
    #: What browsers may fill in by themselves (HTML, section 4.10.18.7).
    autocomplete: str = "off"
    max_length: int = 400
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """What can be filled in, and the buttons: one to send it, and others that send a name and a value besides."""

    button: str
    entries: tuple[Entry, ...] = ()
    others: tuple[tuple[str, str, str], ...] = ()


def person_page(
    language: Language, title: str, paragraphs: Sequence[str], form: Form | None = None, alert: str = ""
) -> bytes:
    """A whole page; a form is posted to the page's own address. `alert` is what went wrong."""
    other, name = ("zh", "中文") if language == "en" else ("en", "English")
    body = "".join(f"<p>{text(paragraph)}</p>" for paragraph in paragraphs)
    said = f'<p class="alert" role="alert">{text(alert)}</p>' if alert else ""
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
{said}{body}
{"" if form is None else _form(form)}
<footer><a href="?lang={other}" hreflang="{other}">{name}</a></footer>
</main>
</body>
</html>
""".encode()


def _form(form: Form) -> str:
    inner = ""
    for group, entries in groupby(form.entries, key=lambda entry: entry.group):
        told = "".join(map(_entry, entries))
        inner += f"<fieldset><legend>{text(group)}</legend>{told}</fieldset>" if group else told
    inner += f'<button type="submit">{text(form.button)}</button>'
    for name, value, label in form.others:
        inner += (
            f'<button type="submit" class="other" name="{text(name)}" value="{text(value)}" formnovalidate>'
            f"{text(label)}</button>"
        )
    return f'<form method="post">{inner}</form>'


def _entry(entry: Entry) -> str:
    name, value = text(entry.name), text(entry.value)
    if entry.kind == "hidden":
        return f'<input type="hidden" name="{name}" value="{value}">'
    notes, described = "", []
    for kind, note in (("hint", entry.hint), ("wrong", entry.error)):
        if note:
            notes += f'<span class="{kind}" id="{kind}-{name}">{text(note)}</span>'
            described.append(f"{kind}-{name}")
    more = f' aria-describedby="{" ".join(described)}"' if described else ""
    more += ' aria-invalid="true"' if entry.error else ""
    more += " required" if entry.is_required else ""
    more = f'id="{name}" name="{name}" autocomplete="{text(entry.autocomplete)}"{more}'
    if entry.kind == "select":
        options = "".join(
            f'<option value="{text(key)}"{" selected" if key == entry.value else ""}>{text(shown)}</option>'
            for key, shown in entry.options
        )
        field = f"<select {more}>{options}</select>"
    elif entry.kind == "code":
        field = f'<input type="text" inputmode="numeric" maxlength="12" {more}>'
    else:
        field = f'<input type="{entry.kind}" value="{value}" maxlength="{entry.max_length}" {more}>'
    return f'<div class="entry"><label for="{name}">{text(entry.label)}</label>{field}{notes}</div>'
