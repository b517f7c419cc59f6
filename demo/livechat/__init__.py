"""A LiveChat that runs offline: the vendor's APIs, its webhooks and an agent's desk in one app."""

from demo.livechat.account import Account, Agent
from demo.livechat.app import create_app

__all__ = ["Account", "Agent", "create_app"]
