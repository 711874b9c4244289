"""Signing in with a certificate (X.509) that the browser shows for TLS: a smart card, a certificate of one's organisation.

- ``reading``: what a certificate says; ``plugin``: ClientCertificates, which puts it into an app
"""
