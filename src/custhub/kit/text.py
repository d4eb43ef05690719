"""What of a text can be seen."""

from __future__ import annotations

import re

# Characters that show nothing: controls other than white space, bidirectional marks, zero-width and format
# characters, fillers, variation selectors, lone surrogates, noncharacters. Unassigned and private-use code points
# stay: rare surnames are written with ideographs newer than this Python's Unicode tables.
_INVISIBLE_SET = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Persian and the Indic scripts spell with joiners; anywhere else a joiner is invisible.
_JOINING = "\u0600-\u06ff\u0900-\u0dff"
_INVISIBLE = re.compile(
    f"[{_INVISIBLE_SET}]|(?<![{_JOINING}])[\u200c\u200d]+|[\u200c\u200d]+(?![{_JOINING}\u200c\u200d])"
)


def visible(text: str) -> str:
    """The text without characters that show nothing; white space and everything visible as it was."""
    return _INVISIBLE.sub("", text)
