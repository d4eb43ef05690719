"""Pages for people, served without the internet: the API reference and one page per error code (J5, E1).

Rendered on the server, once per language, without a script: nothing is loaded from elsewhere, the policy of
the page forbids all but its own style sheet, and the browser's own search finds every operation.
"""

from __future__ import annotations

from custhub.http.pages.mount import mount_pages

__all__ = ["mount_pages"]
