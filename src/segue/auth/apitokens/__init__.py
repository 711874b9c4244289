"""Tokens that people make for their programs: each for some things, until a day, and taken back with a click.

- ``model``: what is kept; ``plugin``: APITokens, which puts them into an app; ``pages``: where people make them
"""
