"""What can go wrong in matching."""

from __future__ import annotations

from custhub.kit.errors import RuleBroken, Text


class PeopleFileInvalid(ValueError):
    """The file is no CSV in UTF-8 with a column `record_id` that is filled and unique. No route reads such files."""

    def __init__(self) -> None:
        super().__init__("no CSV in UTF-8 with a column record_id that is filled and different in every row")


class WeightsFileInvalid(ValueError):
    """The file holds no weights in the form of weights.json. No route reads such files."""

    def __init__(self) -> None:
        super().__init__("no weights in the form that `custhub dedupe estimate` writes")


class LabelsFileInvalid(ValueError):
    """The file holds no decisions about pairs of the list. No route reads such files."""

    def __init__(self, least: int) -> None:
        super().__init__(
            f"no CSV in UTF-8 with columns left, right, decision (merge or not_same) and at least {least} decisions "
            "about records of the list"
        )


class SplinkMissing(RuntimeError):
    """The extra with Splink is not installed. No route asks for it."""

    def __init__(self) -> None:
        super().__init__("Splink is not installed; install it with: pip install 'custhub[dedupe]'")


class CheckUnclear(RuleBroken):
    """Send either a customer to compare, or the id of one that is stored."""

    code = "check_unclear"
    title = "Nobody to compare, or two"
    zh = Text("比对对象不明确", "请提供待比对的客户资料，或已有客户的 ID，二者择一。")
