"""What `segue explain` says of formats."""

from segue import App, Struct
from segue.core.inspection.explaining import explain
from segue.formats import CSV, JSON, XML


class Film(Struct):
    title: str


def test_formats_of_results_and_bodies_are_told_with_what_goes_wrong_without_them() -> None:
    app = App()

    @app.post("/films", formats=[JSON, CSV], accepts=[JSON, XML])
    async def add(film: Film) -> list[Film]:
        return [film]

    told = explain(app, "POST", "/films")
    assert told.route is not None
    assert told.route.formats == ["application/json", "text/csv"]
    assert told.route.accepts == ["application/json", "application/xml"]
    assert told.route.options == {}
    assert {one.status: one.when for one in told.errors} == {
        400: "the body is no json or xml",
        406: "the client accepts none of the formats",
        413: "the body is too large",
        415: "the body is said to be something else than json or xml",
        422: "film is missing or not valid",
    }
