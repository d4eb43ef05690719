"""What can go wrong in matching."""

from __future__ import annotations


class PeopleFileInvalid(ValueError):
    """The file is no CSV in UTF-8 with a column `record_id` that is filled and unique. No route reads such files."""

    def __init__(self) -> None:
        super().__init__("no CSV in UTF-8 with a column record_id that is filled and different in every row")
