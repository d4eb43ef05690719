"""Routes of accounts: logins and tokens, the caller itself, users, teams, roles, clients, grants."""

from fastapi import APIRouter

from custhub.features.accounts.router import auth, clients, grants, me, oauth, roles, teams, users

#: All of them, the often called first.
ROUTERS: tuple[APIRouter, ...] = (
    me.router,
    me.checks,
    oauth.router,
    oauth.well_known,
    auth.router,
    users.router,
    teams.router,
    roles.router,
    clients.router,
    grants.router,
)
TAGS = [
    {"name": "auth", "description": "Logins, tokens and second factors; who a token is and what it may do."},
    {"name": "accounts", "description": "Users, teams, roles, partners' programs, and scopes granted for a while."},
]

__all__ = ["ROUTERS", "TAGS"]
