"""The app is a server of CAS 2.0 and 3.0: other programs let people in who have signed in here.

- ``model``: tickets; ``tickets``: giving and taking them; ``answers``: what programs are told; ``plugin``: CASServer, which puts it into an app
"""
