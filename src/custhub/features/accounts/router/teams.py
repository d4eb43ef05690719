"""Routes of teams."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response

from custhub.features.accounts.deps import CanManageUsers, IfMatch, TheTeams
from custhub.features.accounts.errors import ReferenceUnknown, TeamCycle, TeamInUse, TeamNameTaken, TeamNotFound
from custhub.features.accounts.queries.people import TEAMS, team_by_id
from custhub.features.accounts.router.shapes import show, show_page, show_unless_seen
from custhub.features.accounts.schemas.answers import TeamPage, TeamQuery, TeamRead, etag_of, team_view
from custhub.features.accounts.schemas.bodies import TeamCreate, TeamPatch
from custhub.http.answers import created, no_content
from custhub.http.fields import TeamId
from custhub.http.hub import call_of
from custhub.http.openapi import CONDITIONAL, problems, traits
from custhub.http.routing import hub_router

router = hub_router("/v1/teams", "accounts")


@router.get("", response_model=TeamPage)
async def list_teams(request: Request, query: Annotated[TeamQuery, Query()], _: CanManageUsers) -> Response:
    """List teams, in the order in which they were made."""
    return await show_page(request, TEAMS, query, team_view)


@router.post("", status_code=201, response_model=TeamRead, responses=problems(TeamNameTaken, ReferenceUnknown))
async def create_team(body: TeamCreate, _: CanManageUsers, teams: TheTeams) -> Response:
    """Create a team, below another one if named."""
    view = team_view(await teams.create(body))
    return created(view, f"/v1/teams/{view['id']}", etag_of(view["revision"]))


@router.get("/{team_id}", response_model=TeamRead, responses=problems(TeamNotFound), openapi_extra=traits(CONDITIONAL))
async def get_team(team_id: TeamId, request: Request, _: CanManageUsers) -> Response:
    """Get one team."""
    row = await team_by_id(call_of(request).hub.database, team_id)
    if row is None:
        raise TeamNotFound
    return show_unless_seen(request, team_view(row))


@router.patch(
    "/{team_id}",
    response_model=TeamRead,
    responses=problems(TeamNotFound, TeamNameTaken, TeamCycle, ReferenceUnknown),
)
async def update_team(
    team_id: TeamId, body: TeamPatch, _: CanManageUsers, teams: TheTeams, if_match: IfMatch
) -> Response:
    """Rename or move a team. It cannot stand below itself."""
    return show(team_view(await teams.patch(team_id, body, if_match)))


@router.delete("/{team_id}", status_code=204, responses=problems(TeamNotFound, TeamInUse))
async def delete_team(team_id: TeamId, _: CanManageUsers, teams: TheTeams, if_match: IfMatch) -> Response:
    """Delete a team without members, teams below it, or customers."""
    await teams.delete(team_id, if_match)
    return no_content()
