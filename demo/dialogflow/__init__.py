"""A Dialogflow agent, CX or ES, that runs on a desk: strict as the real one, and breakable."""

from demo.dialogflow.model import BotSettings, HttpAnswer, HttpCall
from demo.dialogflow.server import create_app

__all__ = ["BotSettings", "HttpAnswer", "HttpCall", "create_app"]
