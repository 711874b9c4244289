"""Signing in with SAML 2.0: the Web Browser SSO profile, asked by a redirect, answered by a form.

- ``provider``: SAML, who is asked; ``metadata``: what both sides say of themselves
- ``flow``: there and back; ``answers``: what an answer has to be like to be believed, ``signatures``: who has signed it
"""
