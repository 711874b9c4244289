"""Models inside models, and rows of them: added, removed, moved, read."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

import pytest
from msgspec import Meta, field

from segue import App, SeeOther, Struct
from segue.html import FormOf, Page, Templates
from segue.html.forms import Textarea, Widget
from segue.testing import Client


class Address(Struct):
    street: str
    city: str = "Paris"


class Track(Struct):
    title: Annotated[str, Meta(max_length=20)]
    live: bool = False


class Record(Struct):
    name: str
    label: Address
    tracks: Annotated[list[Track], Meta(min_length=1, max_length=3)]
    studio: Address | None = None
    notes: list[str] = field(default_factory=list)


class RecordForm(FormOf[Record]):
    widgets: ClassVar[Mapping[str, Widget]] = {"tracks.title": Textarea(rows=1)}
    labels: ClassVar[Mapping[str, str]] = {"label.street": "Road"}


def app_of(saved: list[Any], form: Any = RecordForm) -> App:
    app = App(plugins=[Templates(None, texts={"page.html": "{{ form }}"})])

    @app.route("/", methods=["GET", "POST"])
    async def page(form: form) -> Page:  # type: ignore[valid-type]  # known at run time
        if form.valid:  # type: ignore[attr-defined]  # as above
            saved.append(form.value)  # type: ignore[attr-defined]  # as above
            raise SeeOther("/done")
        made: Page = form.render("page.html")  # type: ignore[attr-defined]  # as above
        return made

    return app


SENT = {"name": "Swing", "label.street": "Rue Pigalle", "label.city": "Paris", "studio.city": "Paris"}


def test_groups_and_rows_are_fieldsets() -> None:
    page = Client(app_of([])).get("/").text
    assert '<fieldset class="group" id="record-label"><legend>Label</legend>' in page
    assert '<label for="record-label-street">Road</label>' in page
    assert 'name="studio.city" value="Paris"' in page
    # The one row that there has to be.
    assert (
        '<textarea id="record-tracks-0-title" name="tracks.0.title" rows="1" required maxlength="20">' in page
    )
    assert 'value="add:tracks"' in page
    assert 'value="up:tracks.0"' not in page


def test_they_are_read() -> None:
    saved: list[Any] = []
    client = Client(app_of(saved))
    sent = {
        **SENT,
        "tracks.0.title": "Nuages",
        "tracks.1._": "",
        "tracks.1.title": "",
        "tracks.10.title": "Daphne",
        "tracks.10.live": "on",
        "notes": "one\r\n\r\n two ",
    }
    assert client.post("/", data=sent, follow_redirects=False).status == 303
    assert saved == [
        Record(
            "Swing",
            Address("Rue Pigalle"),
            [Track("Nuages"), Track("Daphne", live=True)],
            notes=["one", "two"],
        )
    ]
    assert client.post("/", data={**sent, "studio.street": "Rue X"}, follow_redirects=False).status == 303
    assert saved[1].studio == Address("Rue X")


def test_errors_are_beside_the_field_of_their_row() -> None:
    client = Client(app_of([]))
    page = client.post(
        "/", data={**SENT, "tracks.0.title": "", "tracks.1.title": "x" * 21, "studio.city": "Rom"}
    )
    assert page.status == 422
    assert '<p class="error" id="record-tracks-1-title-error">Write at most 20 characters.</p>' in page.text
    assert '<p class="error" id="record-studio-street-error">Fill in this field.</p>' in page.text
    few = client.post("/", data=SENT)
    assert '<legend>Tracks</legend><p class="error">Give at least 1.</p>' in few.text
    many = client.post("/", data={**SENT, **{f"tracks.{at}.title": "x" for at in range(4)}})
    assert "Give at most 3." in many.text
    flood = client.post("/", data={**SENT, **{f"tracks.{at}.title": "x" for at in range(900)}})
    assert "There are more rows than a form can have: 500." in flood.text
    assert flood.text.count('class="row"') <= 501


@pytest.mark.row("DJ-17")
@pytest.mark.parametrize(
    ("action", "titles"),
    [
        ("add:tracks", ["a", "b", ""]),
        ("remove:tracks.0", ["b"]),
        ("up:tracks.4", ["b", "a"]),
        ("down:tracks.0", ["b", "a"]),
        ("up:tracks.0", ["a", "b"]),
        ("remove:tracks.7", ["a", "b"]),
        ("remove:name", ["a", "b"]),
        ("add:nothing.0", ["a", "b"]),
        ("up:", ["a", "b"]),
    ],
)
def test_buttons_of_rows_need_no_script(action: str, titles: list[str]) -> None:
    saved: list[Any] = []
    sent = {"name": "", "tracks.0.title": "a", "tracks.4.title": "b", "_do": action}
    answer = Client(app_of(saved)).post("/", data=sent)
    assert answer.status == 200
    assert not saved
    shown = re.findall(r'name="tracks\.\d\.title" rows="1" required maxlength="20">\n(\w*)<', answer.text)
    assert shown == titles
    assert "Fill in this field." not in answer.text


def test_json_has_lists() -> None:
    saved: list[Any] = []
    client = Client(app_of(saved))
    body = {"name": "x", "label": {"street": "y"}, "tracks": [{"title": "z"}], "studio": None, "notes": ["n"]}
    assert client.post("/", json=body, follow_redirects=False).status == 303
    assert saved == [Record("x", Address("y"), [Track("z")], notes=["n"])]
    wrong = client.post("/", json={"name": "x", "label": 3, "tracks": [{"title": 1}, 2]})
    assert [one["loc"] for one in wrong.json()["errors"]] == [
        ["body", "label"],
        ["body", "tracks", 0, "title"],
        ["body", "tracks", 1],
    ]


class Order(Struct):
    name: str
    email: str
    copies: Annotated[int, Meta(ge=1)] = 1
    gift: bool = True
    address: Address | None = None
    agreed: bool = False


class OrderForm(FormOf[Order]):
    steps: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "You": ("name", "email"),
        "What": ("copies", "gift", "address"),
        "Sure?": ("agreed",),
    }
    submit = "Order"


def test_steps_carry_what_was_written_and_check_all_of_it_at_the_end() -> None:
    saved: list[Any] = []
    client = Client(app_of(saved, OrderForm))
    first = client.get("/").text
    assert "<h2>You</h2>" in first
    assert 'name="copies"' not in first
    assert '<button type="submit">Next</button></div>' in first
    wrong = client.post("/", data={"_step": "0", "name": "Django", "email": ""})
    assert wrong.status == 422
    assert "<h2>You</h2>" in wrong.text
    you = {"name": "Django", "email": "<d>"}
    second = client.post("/", data={"_step": "0", **you})
    assert second.status == 200
    assert '<input type="hidden" name="email" value="&lt;d&gt;">' in second.text
    assert 'name="gift" value="on" checked' in second.text
    assert 'value="back" formnovalidate>Back</button>' in second.text
    what = {"copies": "0", "address.street": "Rue", "address.city": "Paris"}
    back = client.post("/", data={"_step": "1", "_do": "back", **you, **what})
    assert "<h2>You</h2>" in back.text
    assert 'name="name" required value="Django"' in back.text
    assert '<input type="hidden" name="address.street" value="Rue">' in back.text
    again = client.post("/", data={"_step": "0", **you, **what})
    assert "<h2>What</h2>" in again.text
    assert 'value="0"' in again.text
    # A step that was skipped, or changed on the way, is shown again.
    skipped = client.post("/", data={"_step": "2", **you, **what, "agreed": "on"})
    assert skipped.status == 422
    assert "<h2>What</h2>" in skipped.text
    third = client.post("/", data={"_step": "1", **you, **what, "copies": "2"})
    assert "<h2>Sure?</h2>" in third.text
    assert "Order</button>" in third.text
    assert not saved
    done = client.post(
        "/", data={"_step": "2", **you, **what, "copies": "2", "agreed": "on"}, follow_redirects=False
    )
    assert done.status == 303
    assert saved == [Order("Django", "<d>", 2, gift=False, address=Address("Rue"), agreed=True)]
