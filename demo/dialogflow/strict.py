"""What Dialogflow accepts as a webhook's answer: size, JSON, and the published protobuf message.

Without the client libraries only the shape of the top level is checked.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any, TypeAlias

from demo.dialogflow.model import Dialect, Json

LARGEST_ANSWER = 64 * 1024
LIBRARIES = {"cx": "google.cloud.dialogflowcx_v3", "es": "google.cloud.dialogflow_v2"}

# https://docs.cloud.google.com/dialogflow/cx/docs/reference/rest/v3/WebhookResponse
# https://docs.cloud.google.com/dialogflow/es/docs/reference/rpc/google.cloud.dialogflow.v2
TOP_LEVEL: dict[str, dict[str, type]] = {
    "cx": {
        "fulfillmentResponse": dict,
        "pageInfo": dict,
        "sessionInfo": dict,
        "payload": dict,
        "targetPage": str,
        "targetFlow": str,
    },
    "es": {
        "fulfillmentText": str,
        "fulfillmentMessages": list,
        "source": str,
        "payload": dict,
        "outputContexts": list,
        "followupEventInput": dict,
        "sessionEntityTypes": list,
    },
}


class InvalidAnswer(ValueError):
    """The webhook's answer is not what Dialogflow accepts."""


Check: TypeAlias = Callable[[bytes], Json]


def checker(dialect: Dialect) -> Check:
    """Make the check for a dialect: raw bytes in, the answer in proto-JSON form out."""
    parse = _proto_parser(dialect)

    def check(body: bytes) -> Json:
        if len(body) > LARGEST_ANSWER:
            raise InvalidAnswer(f"answer of {len(body)} bytes, at most {LARGEST_ANSWER} are taken")
        return parse(_json_object(body))

    return check


def _json_object(body: bytes) -> Json:
    try:
        answer = json.loads(body)
    except ValueError as error:
        raise InvalidAnswer(f"answer is not JSON: {error}") from error
    if not isinstance(answer, dict):
        raise InvalidAnswer("answer is not a JSON object")
    return answer


def _proto_parser(dialect: Dialect) -> Callable[[Json], Json]:
    try:
        library = importlib.import_module(LIBRARIES[dialect])
        json_format = importlib.import_module("google.protobuf.json_format")
    except ImportError:
        return lambda answer: _top_level(answer, TOP_LEVEL[dialect])
    return lambda answer: _proto(answer, library.WebhookResponse, json_format)


def _proto(answer: Json, response: Any, json_format: Any) -> Json:
    """Parse strictly and write out again: names, enums and numbers become canonical."""
    try:
        message = json_format.ParseDict(answer, response.pb(response()))
        _refuse_non_objects(answer, message.DESCRIPTOR)
        parsed: Json = json_format.MessageToDict(message)
    except (json_format.ParseError, json_format.SerializeToJsonError) as error:
        raise InvalidAnswer(f"answer is no WebhookResponse: {error}") from error
    except InvalidAnswer:
        raise
    except (TypeError, ValueError, AttributeError) as error:
        raise InvalidAnswer(f"answer has an impossible shape: {error}") from error
    return parsed


def _refuse_non_objects(value: Any, descriptor: Any) -> None:
    """Refuse `[]` and `""` where an object is due: the server does, the parser does not."""
    if not isinstance(value, dict):
        raise InvalidAnswer(f"answer is no WebhookResponse: {descriptor.name} has the wrong type")
    fields = {**descriptor.fields_by_name, **descriptor.fields_by_camelcase_name}
    for name, member in value.items():
        kind = fields[name].message_type
        if kind is None or member is None or _is_checked_by_the_parser(kind):
            continue
        for item in member if fields[name].is_repeated else [member]:
            _refuse_non_objects(item, kind)


def _is_checked_by_the_parser(kind: Any) -> bool:
    return bool(kind.GetOptions().map_entry or kind.full_name.startswith("google.protobuf."))


def _top_level(answer: Json, members: dict[str, type]) -> Json:
    for name, value in answer.items():
        if name not in members:
            raise InvalidAnswer(f"answer is no WebhookResponse: no field named {name}")
        if not isinstance(value, members[name]):
            raise InvalidAnswer(f"answer is no WebhookResponse: {name} has the wrong type")
    return answer
