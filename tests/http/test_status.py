import pytest

from segue.http.status import PHRASES, may_have_body, phrase


def test_phrases_are_those_of_the_registry() -> None:
    assert phrase(413) == "Content Too Large"
    assert phrase(422) == "Unprocessable Content"
    assert phrase(599) == ""
    assert len(PHRASES) == 62
    assert {306, 418}.isdisjoint(PHRASES)  # registered as "(Unused)"


@pytest.mark.parametrize(
    ("code", "may"),
    [(100, False), (199, False), (200, True), (204, False), (205, False), (304, False), (404, True)],
)
def test_which_may_have_a_body(code: int, may: bool) -> None:
    assert may_have_body(code) is may
