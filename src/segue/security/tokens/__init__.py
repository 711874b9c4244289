"""Tokens in requests: who has one is somebody, and may do what it says.

- ``bearer``: tokens in ``Authorization`` (RFC 6750), ``apikeys``: keys in a field, in the query or in a cookie; ``reading``: how guards refuse
- ``jwt``: tokens that say themselves whose they are (RFC 7519, RFC 9068); ``claims``: what they say
- ``families``: refresh tokens, each good for once; ``memory``, ``sqlite``: where it is kept how far they are
- ``plugin``: TokenAuth, which gives them out (RFC 6749) and takes them back (RFC 7009)
"""
