"""Answers made of anything at all, for the tests that nothing may be raised by surprise."""

import json

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

NAMES = (
    "code",
    "credits",
    "data",
    "errorCode",
    "info",
    "msg",
    "response",
    "resultJson",
    "resultUrl",
    "resultUrls",
    "seeds",
    "state",
    "status",
    "successFlag",
    "taskId",
)
CODES = (200, 400, 404, 422, 500, 501, "200")
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.just("https://a.example/v.mp4")
)


@pytest.fixture(scope="session")
def json_values() -> SearchStrategy[object]:
    return st.recursive(
        SCALARS,
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=5), inner, max_size=6)
            | inner.map(json.dumps)
        ),
        max_leaves=20,
    )


@pytest.fixture(scope="session")
def answers(json_values: SearchStrategy[object]) -> SearchStrategy[bytes]:
    envelopes = st.fixed_dictionaries(
        {"code": st.sampled_from(CODES) | json_values, "msg": st.text(), "data": json_values}
    )
    bodies = (json_values | envelopes).map(lambda value: json.dumps(value).encode())
    return st.binary(max_size=200) | bodies


@pytest.fixture(scope="session")
def statuses() -> SearchStrategy[int]:
    return st.sampled_from([200, 204, 302, 400, 401, 403, 404, 429, 500, 502, 524])
