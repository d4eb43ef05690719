"""A check for Schemathesis: a request that follows the document is never refused for its shape.

Schemathesis knows statuses; 422 is the answer to a broken rule and to a broken shape alike. The first is the hub's own
business, the second means that document and hub disagree.
"""

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
