"""A Chat Gateway of 8x8 that runs offline: its APIs, its signed webhooks and an agent's desk."""

from demo.eight_by_eight.account import Account, Agent
from demo.eight_by_eight.app import create_app

__all__ = ["Account", "Agent", "create_app"]
