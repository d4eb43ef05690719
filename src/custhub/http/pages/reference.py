"""The API reference: every operation and schema of the document on one page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from custhub.http.pages.layout import WORDS, Language, frame, inline, prose, text
from custhub.http.pages.samples import curl, pretty, resolve, sample
from custhub.http.pages.types import default_of, members_table, type_of

Json = dict[str, Any]


def render_reference(document: Json, language: Language) -> bytes:
    """The whole page."""
    page = _Reference(document, language)
    return frame(
        language=language,
        title=page.words["reference"],
        here="/docs",
        menu="".join(page.menu()),
        main="".join(page.main()),
    )


class _Reference:
    def __init__(self, document: Json, language: Language) -> None:
        self.document = document
        self.language = language
        self.words = WORDS[language]
        self._by_tag: dict[str, list[tuple[str, str, Json]]] = {tag["name"]: [] for tag in document["tags"]}
        for path, item in document["paths"].items():
            for method, operation in item.items():
                self._by_tag[operation["tags"][0]].append((path, method, operation))

    def menu(self) -> Iterator[str]:
        for tag, operations in self._by_tag.items():
            if not operations:
                continue
            yield f'<details open><summary>{text(tag)}</summary><ul class="operations">'
            for _, method, operation in operations:
                name = operation["operationId"]
                yield f'<li><a href="#{name}">{_badge(method)}<span>{text(operation["summary"])}</span></a></li>'
            yield "</ul></details>"
        if self.document.get("webhooks"):
            yield f'<p><a href="#webhooks">{self.words["webhooks"]}</a></p>'
        yield f'<p><a href="#scopes">{self.words["scopes"]}</a></p>'
        yield f'<p><a href="#schemas">{self.words["schemas"]}</a></p>'

    def main(self) -> Iterator[str]:
        info = self.document["info"]
        yield f"<h1>{self.words['reference']} <small>{text(info['version'])}</small></h1>"
        yield prose(info["description"])
        for tag in self.document["tags"]:
            operations = self._by_tag[tag["name"]]
            if not operations:
                continue
            yield f"<section><h2>{text(tag['name'])}</h2>{prose(tag.get('description', ''))}"
            for path, method, operation in operations:
                yield from self._operation(path, method, operation)
            yield "</section>"
        yield from self._webhooks()
        yield from self._scopes()
        yield from self._schemas()

    def _operation(self, path: str, method: str, operation: Json) -> Iterator[str]:
        name = operation["operationId"]
        parameters = [resolve(self.document, node) for node in operation.get("parameters", ())]
        content = operation.get("requestBody", {}).get("content", {})
        scopes = [scope for requirement in operation["security"] for names in requirement.values() for scope in names]
        secured = any(operation["security"])
        deprecated = f' <em class="note">{self.words["deprecated"]}</em>' if operation.get("deprecated") else ""
        yield f'<article id="{name}"><h3><a href="#{name}">{text(operation["summary"])}</a>{deprecated}</h3>'
        yield f'<p class="address">{_badge(method)}<code>{text(path)}</code></p>'
        yield prose(operation["description"].removeprefix(operation["summary"]).lstrip(".:; \n"))
        yield self._rights(scopes, secured=secured)
        yield self._parameters(parameters)
        yield from self._content(self.words["body"], content)
        yield self._answers(operation["responses"])
        call = curl(path, method, parameters, content, secured=secured)
        yield f"<details><summary>{self.words['example']}</summary><pre><code>{text(call)}</code></pre>"
        yield self._sample_answer(operation["responses"])
        yield "</details></article>"

    def _rights(self, scopes: list[str], *, secured: bool) -> str:
        if not secured:
            return f'<p class="rights">{self.words["public"]}</p>'
        listed = " ".join(f'<a href="#scopes"><code>{text(scope)}</code></a>' for scope in scopes)
        return f'<p class="rights">{self.words["scope"]}: {listed}</p>' if scopes else ""

    def _parameters(self, parameters: list[Json]) -> str:
        rows = "".join(self._parameter(parameter) for parameter in parameters)
        return f"<h4>{self.words['parameters']}</h4><table>{rows}</table>" if rows else ""

    def _parameter(self, parameter: Json) -> str:
        place = parameter["in"] + (f" · {self.words['required']}" if parameter["required"] else "")
        what = type_of(parameter["schema"]) + default_of(parameter["schema"])
        return (
            f"<tr><th><code>{text(parameter['name'])}</code><small>{place}</small></th>"
            f"<td>{what}<div>{inline(parameter['description'])}</div></td></tr>"
        )

    def _content(self, heading: str, content: Json) -> Iterator[str]:
        if not content:
            return
        schema = next(iter(content.values())).get("schema", {})
        types = " ".join(f"<code>{text(media_type)}</code>" for media_type in content)
        yield f'<h4>{heading}</h4><p class="media">{type_of(schema)} <small>{types}</small></p>'
        if "$ref" in schema:
            yield members_table(resolve(self.document, schema), self.words)

    def _answers(self, responses: Json) -> str:
        rows = []
        for status, node in responses.items():
            response = resolve(self.document, node)
            codes = [
                code
                for media in response.get("content", {}).values()
                for code in media.get("examples", {})
                if status >= "400"
            ]
            if codes:
                what = " ".join(
                    f'<a href="/docs/errors/{text(code)}?lang={self.language}"><code>{text(code)}</code></a>'
                    for code in codes
                )
            else:
                media: Json = next(iter(response.get("content", {}).values()), {})
                what = (type_of(media["schema"]) + " " if "schema" in media else "") + inline(response["description"])
                what += self._headers(response)
            rows.append(f'<tr><th><code class="s{status[0]}">{text(status)}</code></th><td>{what}</td></tr>')
        return f"<h4>{self.words['answers']}</h4><table>{''.join(rows)}</table>"

    def _headers(self, response: Json) -> str:
        names = [name for name in response.get("headers", ()) if not name.startswith(("RateLimit", "X-Request-Id"))]
        listed = " ".join(f"<code>{text(name)}</code>" for name in names)
        return f"<div><small>{self.words['headers']}: {listed}</small></div>" if names else ""

    def _sample_answer(self, responses: Json) -> str:
        for status, response in responses.items():
            schema = response.get("content", {}).get("application/json", {}).get("schema")
            if status.startswith("2") and schema is not None:
                return f"<pre><code>{text(pretty(sample(self.document, schema)))}</code></pre>"
        return ""

    def _webhooks(self) -> Iterator[str]:
        webhooks = self.document.get("webhooks", {})
        if not webhooks:
            return
        yield f'<section id="webhooks"><h2>{self.words["webhooks"]}</h2>'
        for name, item in webhooks.items():
            for operation in item.values():
                yield f'<article id="{operation["operationId"]}"><h3><code>{text(name)}</code></h3>'
                yield prose(operation["description"])
                yield self._parameters([resolve(self.document, node) for node in operation.get("parameters", ())])
                yield from self._content(self.words["body"], operation.get("requestBody", {}).get("content", {}))
                yield "</article>"
        yield "</section>"

    def _scopes(self) -> Iterator[str]:
        yield f'<section id="scopes"><h2>{self.words["scopes"]}</h2>'
        for scheme in self.document["components"]["securitySchemes"].values():
            yield prose(scheme["description"])
            rows = (
                f"<tr><th><code>{text(scope)}</code></th><td>{inline(description)}</td></tr>"
                for scope, description in scheme["flows"]["clientCredentials"]["scopes"].items()
            )
            yield f"<table>{''.join(rows)}</table>"
        yield "</section>"

    def _schemas(self) -> Iterator[str]:
        yield f'<section id="schemas"><h2>{self.words["schemas"]}</h2>'
        for name, schema in self.document["components"]["schemas"].items():
            yield f'<article id="schema-{text(name)}"><h3><a href="#schema-{text(name)}">{text(name)}</a></h3>'
            yield prose(schema.get("description", ""))
            yield members_table(schema, self.words) if "properties" in schema else f"<p>{type_of(schema)}</p>"
            yield "</article>"
        yield "</section>"


def _badge(method: str) -> str:
    return f'<b class="method {method}">{method.upper()}</b>'
