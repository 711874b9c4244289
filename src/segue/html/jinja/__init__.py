"""Jinja2: the engine of Segue's own pages. It is loaded when an app renders its first template."""
