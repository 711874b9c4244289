"""Members: their accounts, and what everybody may see of them."""

from filmclub.members.pages import members

__all__ = ["members"]
