"""Passwords that are known elsewhere: people type them here, and a directory or the system says whether they are right.

- ``source``: who may be asked; ``plugin``: CheckPasswordsWith, which puts it into an app
- ``ldap``: a directory, ``ldapconnection``: how one speaks with it; ``pam``: the accounts of the system
"""
