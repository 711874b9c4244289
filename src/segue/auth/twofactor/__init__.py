"""A second step when somebody signs in: codes of a telephone (TOTP, RFC 6238), and codes on paper for the day it is lost.

- ``models``: what is kept; ``steps``: setting up and checking; ``plugin``, ``pages``: TwoFactor, which puts it into an app
"""
