"""Whatever a server answers to a request for a range: these bytes, or an error."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from weighbridge.errors import SourceError
from weighbridge.sources.http_ranges import Address, RangeReader
from weighbridge.sources.transport import Query, Reply

DATA = bytes(range(200))
NUMBER = st.integers(0, 210)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-range": st.builds("bytes {}-{}/{}".format, NUMBER, NUMBER, NUMBER)
        | st.sampled_from(["bytes 10-19/200", "bytes */200", "items 10-19/200", "bytes 10-19/*"]),
        "content-encoding": st.sampled_from(["identity", "gzip", ""]),
        "etag": st.sampled_from(['"a"', "W/a", ""]),
        "location": st.sampled_from(["/again", "http://hub/x", "ftp://x", "http://[", ""]),
        "x-linked-size": st.sampled_from(["200", "1"]),
    },
)
REPLY = st.builds(
    Reply,
    st.sampled_from([200, 206, 206, 206, 302, 404, 416]),
    HEADERS,
    st.sampled_from([DATA[10:20], DATA[10:19], DATA, b"", b"x" * 10]),
    st.booleans(),
)


class Server:
    def __init__(self, replies: list[Reply]) -> None:
        self._replies = replies
        self.asked = 0

    def send(self, query: Query, deadline: float, stopped: object = None) -> Reply:
        self.asked += 1
        return self._replies[self.asked % len(self._replies)]


@given(st.lists(REPLY, min_size=1, max_size=6))
def test_a_range_is_the_one_that_was_asked_for(replies: list[Reply]) -> None:
    server = Server(replies)
    reader = RangeReader(server, Address("http://hub/file", len(DATA)))  # type: ignore[arg-type]
    for _ in range(3):
        try:
            data = reader.fetch(10, 10)
        except SourceError:
            continue
        honest = [one for one in replies if one.status == 206 and one.body == data and not one.cut]
        assert any(one.header("content-range") == "bytes 10-19/200" for one in honest)
        assert len(data) == 10
    assert server.asked <= 3 * 12
