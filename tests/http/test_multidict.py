from segue.http.multidict import MultiDict

PAIRS = [("tag", "jazz"), ("page", "2"), ("tag", "swing")]


def test_it_is_a_mapping_of_first_values() -> None:
    query = MultiDict(PAIRS)
    assert query["tag"] == "jazz"
    assert query.get("none") is None
    assert dict(query) == {"tag": "jazz", "page": "2"}
    assert list(query) == ["tag", "page"]
    assert len(query) == 2
    assert "tag" in query
    assert "none" not in query


def test_every_value_is_there_in_order() -> None:
    query = MultiDict(PAIRS)
    assert query.get_all("tag") == ["jazz", "swing"]
    assert query.get_all("none") == []
    assert query.multi_items() == PAIRS


def test_what_it_hands_out_does_not_change_it() -> None:
    query = MultiDict(PAIRS)
    query.get_all("tag").append("bop")
    query.multi_items().clear()
    assert query.get_all("tag") == ["jazz", "swing"]
    assert query.multi_items() == PAIRS


def test_equality_minds_order_and_repeats() -> None:
    assert MultiDict(PAIRS) == MultiDict(PAIRS)
    assert hash(MultiDict(PAIRS)) == hash(MultiDict(PAIRS))
    assert MultiDict(PAIRS) != MultiDict(reversed(PAIRS))
    assert MultiDict(PAIRS) == {"tag": "jazz", "page": "2"}
    assert MultiDict(PAIRS) != PAIRS
    assert repr(MultiDict([("a", 1)])) == "MultiDict([('a', 1)])"
