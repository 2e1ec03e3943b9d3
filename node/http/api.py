"""The application behind the API's listener: every route under `/v1`, refusals of one form, and a gate in front.

`/v1/openapi.json` describes it all. There is no page that shows the description: such pages load their scripts from a
foreign network, and a consortium's network may have no way out.
"""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope, Send

from ledger.api import PREFIX
from ledger.errors import refuse
from node.http.bodies import Bodies
from node.http.contract_routes import ContractRoutes
from node.http.events import EventRoutes
from node.http.gate import Gate
from node.http.ledger_routes import LedgerRoutes
from node.http.metrics import HttpMetrics
from node.http.openapi import DescribedApi
from node.http.problems import install_handlers
from node.http.seams import NodeSeams
from node.http.status_routes import SOFTWARE, StatusRoutes
from node.http.submit_routes import SubmitRoutes

TITLE: Final = "陆港链节点 · Lugang Chain node"
DESCRIPTION: Final = (
    "Reading and submitting. Digests, keys and ids are lower-case hexadecimal, other bytes base64. "
    "Every refusal is application/problem+json with a stable code (docs/codes.md)."
)


class StrictRoute(APIRoute):
    """Refuses parameters that it does not know: a misspelt filter must not silently become no filter."""

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["query_string"]:
            known = {field.alias for field in self.dependant.query_params}
            for name in QueryParams(scope["query_string"]):
                if name not in known:
                    raise refuse("RPC-001", detail=f"query: there is no parameter {name[:40]}")
        await super().handle(scope, receive, send)


def make_api(node: NodeSeams, metrics: HttpMetrics, *, loopback_only: bool) -> tuple[Gate, EventRoutes]:
    """The whole application, and its event routes, whose `stopping` ends the open streams."""
    app = DescribedApi(
        title=TITLE,
        description=DESCRIPTION,
        version=SOFTWARE.split()[-1],
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    router = APIRouter(prefix=PREFIX, route_class=StrictRoute)
    bodies = Bodies(node.limits)
    events = EventRoutes(node, metrics)
    for rooms in (
        StatusRoutes(node, bodies),
        SubmitRoutes(node, bodies, metrics),
        LedgerRoutes(node, bodies),
        ContractRoutes(node, bodies),
        events,
    ):
        rooms.mount(router)
    app.include_router(router)
    install_handlers(app, metrics.note_refusal)
    return Gate(app, node.limits, metrics, loopback_only=loopback_only), events
