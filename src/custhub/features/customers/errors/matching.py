"""Finding the customer that a record is about."""

from __future__ import annotations

from custhub.kit.errors import Conflict, RuleBroken, Text


class MatchAmbiguous(Conflict):
    """The keys belong to more than one customer. `existing_ids` names those within your reach; merge them first."""

    code = "match_ambiguous"
    title = "Ambiguous match"
    zh = Text("匹配到多个客户", "这些匹配键属于多个客户；`existing_ids` 列出您可见的客户，请先合并。")


class MatchNotFound(RuleBroken):
    """Nobody within your reach has these keys, and only customers who are there are to be changed."""

    code = "match_not_found"
    title = "No match"
    zh = Text("没有匹配的客户", "您可见的客户中没有匹配这些键的，而此处只更新已有客户。")


class MatchKeyMissing(RuleBroken):
    """The customer has none of the keys that `match_on` names. A shared number is no key."""

    code = "match_key_missing"
    title = "Match key missing"
    zh = Text("缺少匹配键", "该客户没有 `match_on` 所指定的任何匹配键；共用号码不能作为匹配键。")
