"""``h``: the elements of HTML by their names."""

from segue.html.attribute import BadAttribute
from segue.html.elements import Tag

__all__ = ["Tags", "h"]


class Tags:
    """Elements by their names: ``h.ul(h.li(x) for x in xs)``.

        h.a("Films", href="/films", class_={"active": here})
        h["my-element"](data_id=7)                    # names that Python cannot have
        h.del_("old")                                 # and those that it reserves

    Names that are not those of HTML or SVG are written in brackets, so that a slip is an error.
    """

    a: Tag
    abbr: Tag
    address: Tag
    area: Tag
    article: Tag
    aside: Tag
    audio: Tag
    b: Tag
    base: Tag
    bdi: Tag
    bdo: Tag
    blockquote: Tag
    body: Tag
    br: Tag
    button: Tag
    canvas: Tag
    caption: Tag
    circle: Tag
    cite: Tag
    code: Tag
    col: Tag
    colgroup: Tag
    data: Tag
    datalist: Tag
    dd: Tag
    defs: Tag
    del_: Tag
    details: Tag
    dfn: Tag
    dialog: Tag
    div: Tag
    dl: Tag
    dt: Tag
    ellipse: Tag
    em: Tag
    embed: Tag
    fieldset: Tag
    figcaption: Tag
    figure: Tag
    footer: Tag
    form: Tag
    g: Tag
    h1: Tag
    h2: Tag
    h3: Tag
    h4: Tag
    h5: Tag
    h6: Tag
    head: Tag
    header: Tag
    hgroup: Tag
    hr: Tag
    html: Tag
    i: Tag
    iframe: Tag
    img: Tag
    input: Tag
    ins: Tag
    kbd: Tag
    label: Tag
    legend: Tag
    li: Tag
    line: Tag
    link: Tag
    main: Tag
    map: Tag
    mark: Tag
    menu: Tag
    meta: Tag
    meter: Tag
    nav: Tag
    noscript: Tag
    object_: Tag
    ol: Tag
    optgroup: Tag
    option: Tag
    output: Tag
    p: Tag
    path: Tag
    picture: Tag
    polygon: Tag
    polyline: Tag
    pre: Tag
    progress: Tag
    q: Tag
    rect: Tag
    rp: Tag
    rt: Tag
    ruby: Tag
    s: Tag
    samp: Tag
    script: Tag
    search: Tag
    section: Tag
    select: Tag
    slot: Tag
    small: Tag
    source: Tag
    span: Tag
    strong: Tag
    style: Tag
    sub: Tag
    summary: Tag
    sup: Tag
    svg: Tag
    symbol: Tag
    table: Tag
    tbody: Tag
    td: Tag
    template: Tag
    text: Tag
    textarea: Tag
    tfoot: Tag
    th: Tag
    thead: Tag
    time: Tag
    title: Tag
    tr: Tag
    track: Tag
    u: Tag
    ul: Tag
    use: Tag
    var: Tag
    video: Tag
    wbr: Tag

    def __init__(self) -> None:
        self._made: dict[str, Tag] = {}
        for name in Tags.__annotations__:
            setattr(self, name, Tag(name.rstrip("_")))

    def __getitem__(self, name: str) -> Tag:
        """The element of any name. Raises BadAttribute for what is none."""
        found = self._made.get(name)
        if found is None:
            if not name or not name[0].isalpha() or not name.isascii() or not name.replace("-", "").isalnum():
                raise BadAttribute(
                    f"{name!r:.80} is no name of an element: letters, digits and -, a letter first"
                )
            found = Tag(name)
            if len(self._made) < 1000:
                self._made[name] = found
        return found


h = Tags()
"""The elements: ``h.ul(h.li("Nuages"), class_="films")`` is markup, and what is put into it is escaped."""
