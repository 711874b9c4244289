"""A chat for each film: members talk, whatever worker each of them is connected to."""

from filmclub.chat.pages import chat

__all__ = ["chat"]
