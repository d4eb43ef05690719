"""One page per error code, and their index, from the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from custhub.http.errors import status_of
from custhub.http.issues import TEXTS
from custhub.http.json_body import ISSUES
from custhub.http.pages.layout import WORDS, Language, frame, inline, prose, text
from custhub.http.pages.samples import pretty, resolve
from custhub.kit.errors import HubError

Json = dict[str, Any]
Registry = Mapping[str, type[HubError]]


def render_index(registry: Registry, language: Language) -> bytes:
    """All codes by status, and the codes of single members."""
    words = WORDS[language]
    main = [f"<h1>{words['codes']}</h1>", prose(words["errors_intro"])]
    for status, codes in _by_status(registry).items():
        rows = "".join(
            f'<tr><th><a href="/docs/errors/{text(code)}?lang={language}"><code>{text(code)}</code></a></th>'
            f"<td>{inline(registry[code].text(language).detail)}</td></tr>"
            for code in codes
        )
        main.append(f'<section id="s{status}"><h2>{status}</h2><table>{rows}</table></section>')
    rows = "".join(
        f"<tr><th><code>{text(code)}</code></th><td>{inline(meaning)}</td></tr>" for code, meaning in _issues(language)
    )
    main.append(
        f'<section id="issues"><h2>{words["issues"]}</h2>{prose(words["issues_intro"])}<table>{rows}</table></section>'
    )
    menu = _menu(registry, language) + f'<p><a href="#issues">{words["issues"]}</a></p>'
    return frame(language=language, title=words["codes"], here="/docs/errors", menu=menu, main="\n".join(main))


def render_error(document: Json, registry: Registry, code: str, language: Language) -> bytes:
    """The page behind the `type` of a problem document."""
    words = WORDS[language]
    error = registry[code]
    texts = error.text(language)
    status = status_of(error)
    example = document["components"]["examples"][code]["value"] | {"title": texts.title, "detail": texts.detail}
    operations = "".join(
        f'<li><a href="/docs?lang={language}#{operation["operationId"]}">{text(operation["summary"])}</a> '
        f"<small>{method.upper()} {text(path)}</small></li>"
        for method, path, operation in _answering(document, code)
    )
    main = (
        f"<h1>{text(texts.title)}</h1>"
        f'<p class="address"><code class="s{status // 100}">{status}</code><code>{text(code)}</code></p>'
        f"{prose(texts.detail)}"
        f"<h2>{words['example']}</h2><pre><code>{text(pretty(example))}</code></pre>"
    )
    if operations:
        main += f"<h2>{words['operations']}</h2><ul>{operations}</ul>"
    menu = _menu(registry, language)
    return frame(language=language, title=texts.title, here=f"/docs/errors/{code}", menu=menu, main=main)


def _by_status(registry: Registry) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for code in sorted(registry):
        found.setdefault(status_of(registry[code]), []).append(code)
    return dict(sorted(found.items()))


def _menu(registry: Registry, language: Language) -> str:
    lists = []
    for status, codes in _by_status(registry).items():
        items = "".join(
            f'<li><a href="/docs/errors/{text(code)}?lang={language}">{text(code)}</a></li>' for code in codes
        )
        lists.append(f"<details open><summary>{status}</summary><ul>{items}</ul></details>")
    return "".join(lists)


def _issues(language: Language) -> Iterator[tuple[str, str]]:
    found = {code: meaning[language == "zh"] for code, meaning in TEXTS.items()}
    found |= {issue.code: issue.detail_zh if language == "zh" else issue.detail for issue in ISSUES}
    yield from sorted(found.items())


def _answering(document: Json, code: str) -> Iterator[tuple[str, str, Json]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            for node in operation["responses"].values():
                content = resolve(document, node).get("content", {})
                if any(code in media.get("examples", ()) for media in content.values()):
                    yield method, path, operation
