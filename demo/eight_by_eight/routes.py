"""Which call is which: method, path, who may, and what answers."""

from collections.abc import Iterator

from starlette.routing import Route

from demo.eight_by_eight import conversations_api as rooms
from demo.eight_by_eight import messages_api as messages
from demo.eight_by_eight import setup_api as setup
from demo.eight_by_eight import statistics_api as statistics
from demo.eight_by_eight.gate import Check, Gate, Handler, bearing, keyed, open_to_all

GATEWAY = "/chat-gateway/v1"
ROOM = f"{GATEWAY}/conversations/{{room}}"
REALTIME = "/analytics/cc/v5/realtime-metrics"

Row = tuple[str, str, str, Handler]

WITH_KEY: tuple[Row, ...] = (
    ("GET", f"{GATEWAY}/webhooks", "list_webhooks", setup.webhooks),
    ("POST", f"{GATEWAY}/webhooks", "create_webhook", setup.save_webhook),
    ("POST", f"{GATEWAY}/webhooks/verify", "verify_webhook", setup.verify_webhook),
    ("GET", f"{GATEWAY}/webhooks/{{id}}", "get_webhook", setup.webhook),
    ("PUT", f"{GATEWAY}/webhooks/{{id}}", "update_webhook", setup.save_webhook),
    ("DELETE", f"{GATEWAY}/webhooks/{{id}}", "delete_webhook", setup.delete_webhook),
    ("GET", f"{GATEWAY}/channels", "list_channels", setup.channels),
    ("POST", f"{GATEWAY}/channels", "create_channel", setup.save_channel),
    ("GET", f"{GATEWAY}/channels/{{id}}", "get_channel", setup.channel),
    ("PUT", f"{GATEWAY}/channels/{{id}}", "update_channel", setup.save_channel),
    ("DELETE", f"{GATEWAY}/channels/{{id}}", "delete_channel", setup.delete_channel),
    ("POST", f"{GATEWAY}/conversations", "create_conversation", rooms.create),
    ("GET", f"{GATEWAY}/conversations", "list_conversations", rooms.listed),
    ("GET", ROOM, "get_conversation", rooms.get),
    ("PATCH", ROOM, "update_conversation", rooms.update),
    ("PUT", ROOM, "replace_conversation", rooms.replace),
    ("GET", f"{ROOM}/participants", "list_participants", rooms.participants),
    ("PATCH", f"{ROOM}/participants/user", "leave", rooms.leave),
    ("POST", f"{ROOM}/messages", "post_message", messages.post),
    ("GET", f"{ROOM}/messages", "list_messages", messages.listed),
    ("GET", f"{ROOM}/messages/{{message}}", "get_message", messages.get),
    ("POST", f"{ROOM}/attachments", "attach", messages.attach),
    ("GET", f"{ROOM}/attachments", "list_attachments", messages.attachments),
    ("GET", f"{ROOM}/attachments/{{file}}", "get_attachment", messages.attachment),
    ("GET", f"{ROOM}/attachments/{{file}}/content", "download", messages.content),
    ("GET", f"{ROOM}/interactions", "list_interactions", rooms.interactions),
    ("POST", f"{ROOM}/typing", "typing", rooms.activity),
    ("POST", f"{ROOM}/thinking", "thinking", rooms.activity),
    ("POST", f"{ROOM}/read-receipt", "read_receipt", rooms.activity),
    ("POST", f"{ROOM}/post-agent-assignment", "post_agent_assignment", rooms.post_agent),
    ("GET", "/cc/v1/stats/rt/queue/{queue}", "queue_statistics", statistics.queue_statistics),
    ("GET", "/cc/v1/stats/rt/queues", "queues_statistics", statistics.queues_statistics),
    ("GET", "/cc/v1/schedules/{id}/status", "schedule_status", statistics.schedule),
    ("GET", "/cc/v1/schedules", "list_schedules", statistics.schedules),
)
WITH_TOKEN: tuple[Row, ...] = (
    ("GET", f"{REALTIME}/queues/{{queue}}", "queue_metrics", statistics.queue_metrics),
    ("GET", f"{REALTIME}/queues", "queue_metrics", statistics.queues_metrics),
    ("GET", f"{REALTIME}/agents", "agents", statistics.agents),
)
OPEN: tuple[Row, ...] = (
    ("GET", f"{GATEWAY}/jwk/{{kid}}/public", "key", setup.key),
    ("POST", "/oauth/v2/token", "token", statistics.token),
)


def routes(gate: Gate) -> Iterator[Route]:
    """Yield every route of the vendor."""
    tables: tuple[tuple[str, Check, tuple[Row, ...]], ...] = (
        ("gateway", keyed, WITH_KEY),
        ("realtime", bearing, WITH_TOKEN),
        ("open", open_to_all, OPEN),
    )
    for api, check, table in tables:
        for method, path, name, handler in table:
            yield Route(path, gate.endpoint(api, name, handler, check), methods=[method])
