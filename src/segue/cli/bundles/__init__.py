"""Bundles: an app, Segue and all that both need, in one file that Python runs."""
