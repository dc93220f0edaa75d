"""Every route of another system. None of them begins with `/v1`, and none but a dashboard answers a page."""

from __future__ import annotations

from typing import Final

from interlock.api.compat import health, tasks
from interlock.api.compat.agentops import agents, socket
from interlock.api.compat.agentos import dashboard, graphs, policies, set_elsewhere
from interlock.api.compat.agentos import runs as agentos_runs
from interlock.api.compat.builder import compiling, looking_back, running
from interlock.api.compat.delivery import asking
from interlock.api.compat.delivery import costs as delivery_costs
from interlock.api.compat.delivery import tasks as delivery_tasks
from interlock.api.compat.platform import costs, direct, registry
from interlock.api.compat.platform import socket as platform_socket
from interlock.api.compat.platform import tasks as platform_tasks

ROUTERS: Final = (
    health.router,
    tasks.router,
    agents.router,
    socket.router,
    direct.router,
    platform_tasks.router,
    costs.router,
    registry.router,
    platform_socket.router,
    agentos_runs.router,
    graphs.router,
    policies.router,
    set_elsewhere.router,
    dashboard.router,
    compiling.router,
    running.router,
    looking_back.router,
    asking.router,
    delivery_tasks.router,
    delivery_costs.router,
)
