"""A check for Schemathesis: a request that follows the document is never refused for its shape.

Schemathesis knows statuses; 422 is the answer to a broken rule and to a broken shape alike. The first is the hub's own
business, the second means that document and hub disagree.
"""

from collections.abc import Callable
from typing import Any

import schemathesis

#: The codes of issues that tell of a shape; all others are named rules (`custhub.http.issues`).
SHAPES = frozenset(
    {
        "required",
        "unknown_field",
        "null_not_allowed",
        "wrong_type",
        "too_short",
        "too_long",
        "out_of_range",
        "pattern_mismatch",
        "unknown_value",
        "invalid_timestamp",
        "invalid_date",
        "invalid_id",
        "invalid_value",
        "repeated",
    }
)

#: The codes of problems that name no rule themselves.
GENERIC = frozenset({"validation_failed", "unknown_field"})

#: What RFC 6749, section 5.2, answers with 400 to a form that its schema allows.
REFUSED_GRANTS = frozenset({"invalid_request", "invalid_grant", "invalid_scope", "unsupported_grant_type"})

#: Members that may be any JSON value, by name.
OPEN = frozenset({"custom_fields", "schema"})


@schemathesis.check  # type: ignore[untyped-decorator]  # installed beside the hub
def refused_by_rule_only(_context: object, response: schemathesis.Response, case: schemathesis.Case) -> None:
    """Fails where well-formed data met 422 with an issue about its shape."""
    if response.status_code != 422 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    problem = response.json()
    # Between steps Schemathesis carries whatever is called an id, null and those of other kinds included.
    issues = [one for one in problem["errors"] if (one["location"], one["code"]) != ("path", "invalid_id")]
    if any(one["code"] in SHAPES for one in issues) or (problem["errors"] == [] and problem["code"] in GENERIC):
        raise AssertionError(f"schema-valid, yet refused for its shape: {issues}")


@schemathesis.check  # type: ignore[untyped-decorator]  # installed beside the hub
def not_json_only_for_what_no_schema_of_any_value_says(
    _context: object, response: schemathesis.Response, case: schemathesis.Case
) -> None:
    """Fails where well-formed data met 400, unless a member that may be any JSON value holds what P17 refuses."""
    if response.status_code != 400 or case.meta is None or not case.meta.generation.mode.is_positive:
        return
    if case.path == "/v1/oauth/token" and response.json().get("error") in REFUSED_GRANTS:
        return  # RFC 6749 wants 400 for them; their rules join members of the form (contract_h1).
    codes = [one["code"] for one in response.json().get("errors", ())]
    is_refused = UNREADABLE.get(codes[0]) if len(codes) == 1 else None
    if is_refused is None or not _holds(case.body, is_refused) or _holds(_without_open(case.body), is_refused):
        raise AssertionError(f"schema-valid, yet refused unread: {response.text}")


def _is_nul(value: Any) -> bool:
    return isinstance(value, str) and "\0" in value


def _is_too_large(value: Any) -> bool:
    return isinstance(value, int) and not -(2**63) <= value < 2**63


#: What is refused before anything knows which member it is (contract_p17), by code.
UNREADABLE: dict[str, Callable[[Any], bool]] = {"forbidden_character": _is_nul, "integer_out_of_range": _is_too_large}


def _holds(value: Any, wanted: Callable[[Any], bool]) -> bool:
    if isinstance(value, dict):
        return any(_holds(part, wanted) for pair in value.items() for part in pair)
    return any(_holds(one, wanted) for one in value) if isinstance(value, list) else wanted(value)


def _without_open(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_open(member) for name, member in value.items() if name not in OPEN}
    return [_without_open(one) for one in value] if isinstance(value, list) else value
