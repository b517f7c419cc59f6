"""The gateway's calls about messages and files."""

from collections.abc import Container

from demo.eight_by_eight.calls import Answer, Call
from demo.eight_by_eight.errors import Refuse, bad_message, missing
from demo.eight_by_eight.files import read_upload
from demo.eight_by_eight.records import Conversation, Message, Upload
from demo.eight_by_eight.resources import newest_first, page
from demo.eight_by_eight.shapes import Words, read
from demo.eight_by_eight.simulator import Simulator


def message_of(body: object, uploads: Container[str], refuse: Refuse) -> Message:
    """Return the message in a body; the files that it shows are known only by their ids."""
    words = read(Words, body, refuse)
    if any(one.id not in uploads for one in words.attachments):
        raise refuse("unknown attachment")
    if words.text and words.external_provider:
        raise refuse("`text` and `externalProvider` exclude each other")
    cards = [{"contentType": one.content_type, "content": one.content} for one in words.cards]
    files = [{"id": one.id} for one in words.attachments]
    if not (words.text or files or cards or words.external_provider):
        raise refuse("an empty message")
    return Message(words.author_type, words.author_type, words.text, files, cards)


def _room(simulator: Simulator, call: Call) -> Conversation:
    return simulator.tenant.conversation(call.params["room"])


def post(simulator: Simulator, call: Call) -> Answer:
    """Take a message; the answer has no body and no id."""
    room = _room(simulator, call)
    message = message_of(call.json(bad_message), room.uploads, bad_message)
    files = [room.uploads[one["id"]] for one in message.attachments]
    message.attachments = [one.shown(one.url(simulator.address)) for one in files]
    simulator.tenant.write(room, message)
    return Answer(status=202)


def listed(simulator: Simulator, call: Call) -> Answer:
    """List what was said, newest first."""
    newest = newest_first(call, "createdAt:desc", ("createdAt",))
    said = [one.view() for one in _said(_room(simulator, call))]
    return page(call, "messages", said[::-1] if newest else said)


def _said(room: Conversation) -> list[Message]:
    """Return what the gateway knows of: no notes, and nothing of the desk's own."""
    return [one for one in room.messages if one.shown == "all"]


def get(simulator: Simulator, call: Call) -> Answer:
    """Return one message."""
    for one in _said(_room(simulator, call)):
        if one.id == call.params["message"]:
            return Answer(body=one.view())
    raise missing("Message")


def attach(simulator: Simulator, call: Call) -> Answer:
    """Take a file, which nobody sees before a message shows it."""
    room = _room(simulator, call)
    file = read_upload(call.headers.get("content-type", ""), call.raw)
    upload = Upload(file.filename, file.content_type, bytes(file.data))
    room.uploads[upload.id] = upload
    return Answer(body=upload.view())


def attachments(simulator: Simulator, call: Call) -> Answer:
    """List the files of a conversation."""
    uploads = _room(simulator, call).uploads.values()
    return page(call, "attachments", [one.view() for one in uploads])


def _upload(simulator: Simulator, call: Call) -> Upload:
    upload = _room(simulator, call).uploads.get(call.params["file"])
    if upload is None:
        raise missing("Attachment")
    return upload


def attachment(simulator: Simulator, call: Call) -> Answer:
    """Return what is known of a file."""
    return Answer(body=_upload(simulator, call).view())


def content(simulator: Simulator, call: Call) -> Answer:
    """Return a file."""
    upload = _upload(simulator, call)
    name = upload.name.encode("ascii", "replace").decode().replace('"', "_")
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Answer(raw=upload.data, headers=headers)
