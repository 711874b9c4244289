"""The texts of a catalogue for scripts: ``gettext`` and its kin in the browser."""

import hashlib
import json
import re
from typing import Any

from segue.http.request import Request
from segue.http.response import Response
from segue.i18n.catalogues import Catalogue
from segue.i18n.speaker import speaker_language
from segue.i18n.spoken import SPOKEN, Spoken

__all__ = ["javascript_texts"]

#: What a rule for plurals is made of (GNU gettext, section 11.2.6); all of it means the same in JavaScript.
_RULE = re.compile(r"[n0-9\s()<>=!?:&|%+*-]{1,2000}\Z")
_DANGEROUS = {ord(char): f"\\u{ord(char):04x}" for char in "<>&'\u2028\u2029"}

_SCRIPT = """(()=>{
const t=%s,rule=n=>Number(%s),key=(c,s)=>c===null?s:c+"\\u0004"+s;
const put=(s,v)=>v===undefined?s:s.replace(/%%(?:\\((\\w+)\\)[sd]|%%)/g,(all,name)=>name===undefined?"%%":name in v?String(v[name]):all);
const one=(c,s,v)=>{const f=t.texts[key(c,s)];return put(typeof f==="string"?f:s,v)};
const many=(c,s,p,n,v)=>{const f=t.texts[key(c,s)];return put(Array.isArray(f)?f[rule(n)]||(n===1?s:p):n===1?s:p,{num:n,...v})};
Object.assign(window,{gettext:(s,v)=>one(null,s,v),ngettext:(s,p,n,v)=>many(null,s,p,n,v),
pgettext:(c,s,v)=>one(c,s,v),npgettext:(c,s,p,n,v)=>many(c,s,p,n,v),language:t.language});
})();
"""


async def javascript_texts(request: Request, domain: str = "javascript") -> Response:
    """A handler: the texts of a domain in the language of who asks, as a script that defines ``gettext`` and its kin.

        app.get("/texts.js")(javascript_texts)

        <script src="/texts.js"></script>
        <script>alert(ngettext("%(num)s film", "%(num)s films", films.length))</script>

    ``domain``: a catalogue that ``segue i18n extract`` fills from the scripts of the app. A page that forbids inline
    scripts may load it; ``?domain=`` asks for one of the other domains of the app.
    """
    spoken: Spoken = request.app[SPOKEN] if SPOKEN in request.app else _missing()
    language = speaker_language()
    known = {*spoken.catalogues.domains, "javascript"}
    catalogue = spoken.catalogues.of(language.tag, domain) if domain in known else Catalogue({}, {}, {})
    body = _script(catalogue, language.tag)
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {"etag": tag, "cache-control": "no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(b"", 304, headers)
    return Response(body, 200, headers, "text/javascript; charset=utf-8")


def _missing() -> Spoken:
    raise LookupError(
        "javascript_texts gives the texts of an app that speaks languages: App(plugins=[I18n(...)])"
    )


def _script(catalogue: Catalogue, language: str) -> bytes:
    texts: dict[str, Any] = {_key(context, text): found for (context, text), found in catalogue.texts.items()}
    rule = "n!=1"
    for (context, text), plural in catalogue.plurals.items():
        texts[_key(context, text)] = list(plural.forms)
        if _RULE.match(plural.expression):
            rule = plural.expression
    data = json.dumps({"language": language, "texts": texts}, ensure_ascii=False).translate(_DANGEROUS)
    return (_SCRIPT % (data, rule)).encode()


def _key(context: str | None, text: str) -> str:
    return text if context is None else f"{context}\x04{text}"
