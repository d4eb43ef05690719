"""Routes of quality."""

from custhub.features.quality.router import findings, scans, verification

ROUTERS = (findings.router, scans.router, verification.router, verification.policy_router)
TAGS = [{"name": "quality", "description": "What may be wrong with customers, and who is to be called."}]
