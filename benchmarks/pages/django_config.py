"""The app of Django that the models belong to: its admin looks for one."""

from __future__ import annotations

from django.apps import AppConfig


class Films(AppConfig):
    name = "pages"
    label = "films"
