"""How a chat leaves one agent for another, a group or the queue."""

from demo.livechat import records, routing
from demo.livechat.account import ACCEPTING, OFFLINE
from demo.livechat.errors import ApiError, Json, refused
from demo.livechat.hooks import Fact
from demo.livechat.licence import Licence
from demo.livechat.life import advance, close, join, leave, notice
from demo.livechat.records import ROUTER, Actor, Chat, Member


def transfer_to_agent(
    licence: Licence, chat: Chat, agent: str, by: Actor, *, ignore_availability: bool
) -> None:
    """Hand a chat to one agent."""
    _require_active(chat)
    if licence.statuses.get(licence.require_staff(agent)) != ACCEPTING and not ignore_availability:
        raise refused("Agent cannot be assigned")
    if chat.host and chat.host.id == agent:
        raise refused("Agent is already in the chat")
    leaver = chat.host
    _tell_transfer(licence, chat, by, {"agent_ids": [agent]}, reason="manual")
    if leaver:
        chat = leave(licence, chat, leaver.id, by, reason="manual")
    # A supervisor who takes over stops being invisible.
    chat = records.without_member(chat, agent)
    member = Member(id=agent, visibility="all")
    chat = join(licence, chat, member, by, reason="manual")
    notice(licence, chat, "chat_transferred", agent=licence.name_of(agent))
    advance(licence)


def transfer_to_groups(
    licence: Licence,
    chat: Chat,
    group_ids: tuple[int, ...],
    by: Actor,
    *,
    ignore_availability: bool,
) -> None:
    """Hand a chat to groups, where it waits if nobody is free."""
    _require_active(chat)
    licence.require_groups(group_ids)
    leaver = chat.host.id if chat.host else None
    status = routing.group_status(_others(licence, leaver), group_ids, queue=False)
    if status != "online" and not ignore_availability:
        raise refused("No agent can be assigned from requested groups")
    chat = records.in_groups(chat, group_ids)
    _release(licence, chat, leaver, by, reason="manual")
    group = ", ".join(licence.account.groups[group_id] for group_id in group_ids)
    notice(licence, licence.chat(chat.id), "chat_transferred", group=group)
    advance(licence, but=leaver)


def walk_out(licence: Licence, chat: Chat, user_id: str, by: Actor) -> None:
    """Remove an agent or bot; without a visible agent the chat waits again."""
    member = chat.member(user_id)
    if member is None:
        raise refused("user_id is not in the chat")
    _require_active(chat)
    name = licence.name_of(user_id)
    if member.visibility == "agents":
        chat = leave(licence, chat, user_id, by, reason="manual")
        notice(licence, chat, "agent_left", visibility="agents", agent=name)
        return
    chat = leave(licence, chat, user_id, by, reason="manual")
    chat = notice(licence, chat, "agent_left", agent=name)
    _queue_up(licence, chat, ROUTER, reason="unassigned")
    advance(licence, but=user_id)


def set_status(licence: Licence, email: str, status: str) -> None:
    """Change an agent's routing status; who goes offline loses the chats."""
    licence.statuses[email] = status
    licence.changed()
    # The webhook reference prints the value with a space (section 9, 25).
    payload = {"agent_id": email, "status": status.replace("_", " ")}
    licence.publish(Fact(action="routing_status_set", payload=payload))
    if status == OFFLINE:
        for chat in _hosted(licence, email):
            _sign_out(licence, chat, email)
    advance(licence)


def _hosted(licence: Licence, email: str) -> list[Chat]:
    return [c for c in licence.chats.values() if c.active and c.host and c.host.id == email]


def _sign_out(licence: Licence, chat: Chat, email: str) -> None:
    seats, name = licence.seats(), licence.name_of(email)
    heir = routing.least_busy(seats, chat.group_ids) if licence.account.auto_assign else None
    if heir:
        chat = notice(licence, chat, "routing.assigned_signed_out", agent=name)
        _tell_transfer(licence, chat, ROUTER, {"agent_ids": [heir]}, reason="assigned")
        chat = leave(licence, chat, email, ROUTER, reason="other")
        member = Member(id=heir, visibility="all")
        join(licence, chat, member, ROUTER, reason="assigned")
        return
    online = routing.group_status(seats, chat.group_ids, queue=True) != "offline"
    if not (online and licence.account.queue_enabled):
        close(licence, chat, ROUTER, kind="routing.archived_signed_out")
        return
    chat = notice(licence, chat, "routing.unassigned_signed_out", agent=name)
    _release(licence, chat, email, ROUTER, reason="unassigned")


def _release(licence: Licence, chat: Chat, leaver: str | None, by: Actor, *, reason: str) -> None:
    chat = _queue_up(licence, chat, by, reason=reason)
    if leaver:
        leave(licence, chat, leaver, by, reason="manual" if by.id else "other")


def _queue_up(licence: Licence, chat: Chat, by: Actor, *, reason: str) -> Chat:
    at = licence.now() if licence.account.queue_enabled else None
    chat = licence.save(records.waiting(chat, at))
    _tell_transfer(licence, chat, by, {"group_ids": list(chat.group_ids)}, reason=reason)
    return chat


def _tell_transfer(licence: Licence, chat: Chat, by: Actor, to: Json, *, reason: str) -> None:
    payload: Json = {
        "chat_id": chat.id,
        "thread_id": chat.thread.id,
        "reason": reason,
        "transferred_to": to,
    }
    if by.id and reason == "manual":
        payload["requester_id"] = by.id
    queue = routing.place(chat, licence.chats.values())
    if queue and "group_ids" in to:
        payload["queue"] = queue
    licence.tell("chat_transferred", chat, payload, by=by)


def _others(licence: Licence, leaver: str | None) -> list[routing.Seat]:
    return [seat for seat in licence.seats() if seat.email != leaver]


def _require_active(chat: Chat) -> None:
    if not chat.active:
        raise ApiError("chat_inactive", "Chat is not active")
