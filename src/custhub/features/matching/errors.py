"""What can go wrong in matching."""

from __future__ import annotations


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
