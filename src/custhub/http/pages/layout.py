"""The frame of a page, its words in two languages, and the small part of Markdown that docstrings use."""

from __future__ import annotations

import html
import re
from typing import Literal

Language = Literal["en", "zh"]

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "answers": "Answers",
        "body": "Body",
        "code": "Code",
        "codes": "Error codes",
        "deprecated": "deprecated",
        "errors": "Errors",
        "errors_intro": "Every failure is an application/problem+json document; decide by its code.",
        "example": "Example",
        "headers": "Headers",
        "issues": "Codes of single members",
        "issues_intro": "These stand in errors[].code, each beside the pointer to the member or parameter it is about.",
        "meaning": "Meaning",
        "operations": "Operations that answer with it",
        "optional": "optional",
        "other": "中文",
        "parameters": "Parameters",
        "public": "No token needed",
        "reference": "API reference",
        "required": "required",
        "schemas": "Schemas",
        "scope": "Scope",
        "scopes": "Scopes",
        "status": "Status",
        "document": "OpenAPI document",
        "webhooks": "Webhooks",
    },
    "zh": {
        "answers": "响应",
        "body": "请求体",
        "code": "错误码",
        "codes": "错误码",
        "deprecated": "已弃用",
        "errors": "错误",
        "errors_intro": "所有失败都以 application/problem+json 返回，请根据 code 判断。",
        "example": "示例",
        "headers": "响应头",
        "issues": "单项错误码",
        "issues_intro": "出现在 errors[].code 中，旁边的 pointer 指明所涉及的成员或参数。",
        "meaning": "含义",
        "operations": "可能返回此错误的操作",
        "optional": "可选",
        "other": "English",
        "parameters": "参数",
        "public": "无需令牌",
        "reference": "API 参考",
        "required": "必填",
        "schemas": "数据模型",
        "scope": "权限范围",
        "scopes": "权限范围",
        "status": "状态码",
        "document": "OpenAPI 文档",
        "webhooks": "事件通知",
    },
}
_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Ccircle cx='8' cy='8' r='7' fill='%230b7a75'/%3E%3Ccircle cx='8' cy='8' r='3' fill='white'/%3E%3C/svg%3E"
)
_CODE = re.compile(r"`([^`]+)`")
_BOLD = re.compile(r"\*\*([^*]+)\*\*")
_LINES = re.compile(r"\n\s*\n")


def text(value: object) -> str:
    """`value` as text of a page."""
    return html.escape(str(value))


def inline(value: str) -> str:
    """One line with `code` and **bold**."""
    return _BOLD.sub(r"<strong>\1</strong>", _CODE.sub(r"<code>\1</code>", text(value)))


def prose(value: str) -> str:
    """Paragraphs and lists that start with `- `."""
    blocks = []
    for block in _LINES.split(value.strip()):
        lines = block.strip().split("\n")
        if lines[0].startswith("- "):
            items = re.split(r"(?:^|\n)- ", block.strip())[1:]
            blocks.append("<ul>" + "".join(f"<li>{inline(item)}</li>" for item in items) + "</ul>")
        elif block.strip():
            blocks.append(f"<p>{inline(block)}</p>")
    return "".join(blocks)


def frame(*, language: Language, title: str, here: str, menu: str, main: str) -> bytes:
    """A whole page; `here` is its address, `menu` the inside of the side bar."""
    words = WORDS[language]
    other = "zh" if language == "en" else "en"
    return f"""\
<!doctype html>
<html lang="{"zh-CN" if language == "zh" else "en"}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{text(title)} · custhub</title>
<link rel="icon" href="{_ICON}">
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header>
<a class="brand" href="/docs?lang={language}">custhub</a>
<nav>
<a href="/docs?lang={language}">{words["reference"]}</a>
<a href="/docs/errors?lang={language}">{words["codes"]}</a>
<a href="/openapi.json">{words["document"]}</a>
<a href="{here}?lang={other}" hreflang="{other}">{words["other"]}</a>
</nav>
</header>
<div class="columns">
<aside>{menu}</aside>
<main>
{main}
</main>
</div>
</body>
</html>
""".encode()
