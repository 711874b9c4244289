"""A second step when somebody signs in: a code that comes by mail.

- ``models``: what is kept; ``codes``: sending and checking; ``plugin``, ``pages``: EmailCodes, which puts it into an app
"""
