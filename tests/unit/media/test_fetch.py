import asyncio
import gzip
import logging
import ssl
import traceback
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import httpx
import pytest

from bot.errors import FetchError, FetchRefused
from bot.media.fetch import Fetcher, Resolve, Timeouts

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[int]]

PUBLIC = "104.16.132.229"
SHORT = Timeouts(connect_seconds=5, stall_seconds=0.1, total_seconds=5)
CERTIFICATE = Path(__file__).parents[2] / "data" / "videos.test.pem"


def body(content: bytes, *headers: str, status: str = "200 OK") -> Answer:
    """Answer with exactly this head and these bytes."""
    head = "\r\n".join([f"HTTP/1.1 {status}", *headers, "", ""]).encode()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(head + content)
        await writer.drain()

    return answer


def names_in(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def whole(content: bytes, *headers: str) -> Answer:
    return body(content, f"Content-Length: {len(content)}", *headers)


def to(location: str) -> Answer:
    return body(b"", f"Location: {location}", "Content-Length: 0", status="302 Found")


async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"10000\r\n" + bytes(65536) + b"\r\n")
        await writer.drain()


async def stalling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    await reader.read()


async def trickling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while not reader.at_eof():
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.01)


async def resetting(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
    await writer.drain()
    writer.transport.abort()


class Names:
    """A resolver that knows a few names, and counts what it was asked."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        if not self.answers:
            raise OSError("no such name")
        return self.answers.pop(0)


class Wire(httpx.AsyncBaseTransport):
    """Keeps the requests that would have gone out."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return self.answers.pop(0) if self.answers else httpx.Response(200, stream=Bytes(b"video"))


class Bytes(httpx.AsyncByteStream):
    """A body that has come so far, and comes no further when ``stuck`` is given."""

    def __init__(self, content: bytes, stuck: asyncio.Event | None = None) -> None:
        self.content = content
        self.stuck = stuck

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.content
        if self.stuck is not None:
            self.stuck.set()
            await asyncio.Event().wait()


def local(port: int, timeouts: Timeouts = SHORT) -> Fetcher:
    return Fetcher(trusted_hosts=[f"127.0.0.1:{port}"], user_agent="Veogram/1", timeouts=timeouts)


def outside(resolve: Resolve, wire: Wire) -> Fetcher:
    return Fetcher(trusted_hosts=[], user_agent="Veogram/1", resolve=resolve, transport=wire)


async def test_file_is_stored_whole_and_its_size_told(serve: Serve, tmp_path: Path) -> None:
    content = bytes(range(256)) * 4096
    port = await serve(whole(content))
    written = await local(port).fetch(f"http://127.0.0.1:{port}/v.mp4", tmp_path / "v", 2**20)
    assert written == len(content)
    assert (tmp_path / "v").read_bytes() == content
    assert names_in(tmp_path) == ["v"]


async def test_request_names_the_bot_and_wants_no_encoding(serve: Serve, tmp_path: Path) -> None:
    heads: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx")

    port = await serve(answer)
    await local(port).fetch(f"http://127.0.0.1:{port}/v?sig=a%2Fb+c", tmp_path / "v", 9)
    (head,) = heads
    assert head.startswith(b"GET /v?sig=a%2Fb+c HTTP/1.1\r\n")
    assert f"Host: 127.0.0.1:{port}\r\n".encode() in head
    assert b"User-Agent: Veogram/1\r\n" in head
    assert b"Accept-Encoding: identity\r\n" in head


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/v",
        "http://10.0.0.1/v",
        "https://192.168.1.1/v",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/v",
        "http://0.0.0.0/v",
        "http://0x7f.1/v",
        "http://0x7f000001/v",
        "http://2130706433/v",
        "http://0177.0.0.1/v",
        "http://127.1/v",
        "http://127.0.0.1./v",
        "http://127。0。0。1/v",
        "http://%31%32%37.0.0.1/v",
        "http://[::1]/v",
        "http://[::]/v",
        "http://[::ffff:127.0.0.1]/v",
        "http://[64:ff9b::7f00:1]/v",
        "http://[2002:7f00:1::]/v",
        "http://[fe80::1%25eth0]/v",
        "http://[ff02::1]/v",
        "file:///etc/passwd",
        "ftp://example.com/v",
        "data:video/mp4;base64,AAAA",
        "//example.com/v",
        "example.com/v",
        "http:///v",
        "",
        "https://user:s3cret@example.com/v",
        "https://user@example.com/v",
        "https://example.com\\@127.0.0.1/v",
        "https://exa mple.com/v",
        "https://example.com:65536/v",
        "https://example.com:0/v",
        "https://example.com/\x00",
        "https://example.com/\ud800",
        f"https://example.com/{'a' * 70000}",
    ],
)
async def test_link_that_leads_inside_or_is_none_is_refused_before_connecting(
    url: str, tmp_path: Path
) -> None:
    names, wire = Names(), Wire()
    with pytest.raises(FetchRefused):
        await outside(names, wire).fetch(url, tmp_path / "v", 9)
    assert names.asked == []
    assert wire.requests == []


@pytest.mark.parametrize(
    "found",
    [["127.0.0.1"], ["10.1.2.3"], ["::1"], ["::ffff:127.0.0.1"], [PUBLIC, "192.168.0.1"]],
)
async def test_name_that_resolves_inside_is_refused_before_connecting(
    found: list[str], tmp_path: Path
) -> None:
    wire = Wire()
    with pytest.raises(FetchRefused, match=r"videos\.example: not a public address"):
        await outside(Names(found), wire).fetch("https://videos.example/v", tmp_path / "v", 9)
    assert wire.requests == []


async def test_localhost_is_refused_by_what_the_system_says_of_it(tmp_path: Path) -> None:
    fetcher = Fetcher(trusted_hosts=[], user_agent="Veogram/1")
    with pytest.raises(FetchRefused):
        await fetcher.fetch("http://localhost/v", tmp_path / "v", 9)
    await fetcher.aclose()


async def test_name_that_changes_after_the_check_is_asked_once_and_the_checked_address_used(
    tmp_path: Path,
) -> None:
    names, wire = Names([PUBLIC], ["127.0.0.1"]), Wire()
    await outside(names, wire).fetch("https://videos.example:8443/v", tmp_path / "v", 9)
    assert names.asked == [("videos.example", 8443)]
    (request,) = wire.requests
    assert str(request.url) == f"https://{PUBLIC}:8443/v"
    assert request.headers["Host"] == "videos.example:8443"
    assert request.extensions["sni_hostname"] == "videos.example"


async def test_ipv6_address_of_a_name_is_used(tmp_path: Path) -> None:
    wire = Wire()
    names = Names(["2606:4700::6810:84e5"])
    await outside(names, wire).fetch("https://videos.example/v", tmp_path / "v", 9)
    assert str(wire.requests[0].url) == "https://[2606:4700::6810:84e5]/v"


async def test_certificate_is_checked_for_the_name_not_the_address(
    serve: Serve, tmp_path: Path
) -> None:
    server_side = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    server_side.load_cert_chain(CERTIFICATE)
    port = await serve(whole(b"video"), tls=server_side)

    def fetcher(name: str) -> Fetcher:
        return Fetcher(
            trusted_hosts=[name],
            user_agent="Veogram/1",
            resolve=Names(["127.0.0.1"]),
            transport=httpx.AsyncHTTPTransport(
                verify=ssl.create_default_context(cafile=CERTIFICATE)
            ),
        )

    right = await fetcher("videos.test").fetch(f"https://videos.test:{port}/", tmp_path / "v", 9)
    assert right == len(b"video")
    with pytest.raises(FetchError, match=r"other\.test: ConnectError"):
        await fetcher("other.test").fetch(f"https://other.test:{port}/", tmp_path / "w", 9)


async def test_http_becomes_https_except_on_trusted_hosts(tmp_path: Path) -> None:
    wire = Wire()
    fetcher = Fetcher(
        trusted_hosts=["media.test"],
        user_agent="Veogram/1",
        resolve=Names([PUBLIC], [PUBLIC]),
        transport=wire,
    )
    await fetcher.fetch("http://videos.example/v", tmp_path / "v", 9)
    await fetcher.fetch("http://MEDIA.test/v", tmp_path / "v", 9)
    assert [request.url.scheme for request in wire.requests] == ["https", "http"]


@pytest.mark.parametrize(
    ("trusted", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/v"),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/v"),
        ("[::1]", "http://[::1]:8000/v"),
        ("[::1]:8000", "http://[::1]:8000/v"),
        ("::1", "http://[::1]/v"),
        ("127.0.0.1:80", "http://127.0.0.1/v"),
        ("127.0.0.1:443", "https://127.0.0.1/v"),
    ],
)
async def test_trusted_host_may_have_any_address(trusted: str, url: str, tmp_path: Path) -> None:
    wire = Wire()
    fetcher = Fetcher(trusted_hosts=[trusted], user_agent="Veogram/1", transport=wire)
    await fetcher.fetch(url, tmp_path / "v", 9)
    assert str(wire.requests[0].url) == url


@pytest.mark.parametrize("trusted", ["127.0.0.1:8001", "127.0.0.2", "localhost", ""])
async def test_trust_ends_at_another_host_or_port(trusted: str, tmp_path: Path) -> None:
    fetcher = Fetcher(trusted_hosts=[trusted], user_agent="Veogram/1", transport=Wire())
    with pytest.raises(FetchRefused):
        await fetcher.fetch("http://127.0.0.1:8000/v", tmp_path / "v", 9)


async def test_next_address_is_tried_when_the_first_does_not_answer(
    serve: Serve, tmp_path: Path
) -> None:
    port = await serve(whole(b"video"))
    fetcher = Fetcher(
        trusted_hosts=["media.test"],
        user_agent="Veogram/1",
        resolve=Names(["127.0.0.2", "127.0.0.1"]),
    )
    assert await fetcher.fetch(f"http://media.test:{port}/v", tmp_path / "v", 9) == len(b"video")
    await fetcher.aclose()


async def test_three_redirects_are_followed_and_a_fourth_is_not(
    serve: Serve, tmp_path: Path
) -> None:
    end = await serve(whole(b"video"))
    ports = [end]
    for _ in range(4):
        ports.append(await serve(to(f"http://127.0.0.1:{ports[-1]}/v")))
    fetcher = Fetcher(trusted_hosts=["127.0.0.1"], user_agent="Veogram/1")
    written = await fetcher.fetch(f"http://127.0.0.1:{ports[3]}/v", tmp_path / "v", 9)
    assert written == len(b"video")
    with pytest.raises(FetchError, match="redirected too often"):
        await fetcher.fetch(f"http://127.0.0.1:{ports[4]}/v", tmp_path / "w", 9)
    await fetcher.aclose()


async def test_relative_redirect_stays_on_the_host(serve: Serve, tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if (await reader.readuntil(b"\r\n\r\n")).startswith(b"GET /there "):
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nvideo")
        else:
            writer.write(b"HTTP/1.1 302 Found\r\nLocation: /there\r\nContent-Length: 0\r\n\r\n")

    port = await serve(answer)
    assert await local(port).fetch(f"http://127.0.0.1:{port}/here", tmp_path / "v", 9) == 5


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.1:{inside}/v",
        "http://[::ffff:127.0.0.1]:{inside}/v",
        "http://2130706433:{inside}/v",
        "http://localhost:{inside}/v",
        "file:///etc/passwd",
        "http://user:s3cret@127.0.0.1/v",
        "http://[broken/v",
    ],
)
async def test_redirect_inward_is_refused_before_connecting(
    location: str, serve: Serve, tmp_path: Path
) -> None:
    knocks: list[str] = []

    async def inside(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        knocks.append("inside")

    port = await serve(to(location.format(inside=await serve(inside))))
    with pytest.raises(FetchRefused):
        await local(port).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "v", 9)
    assert knocks == []
    assert names_in(tmp_path) == []


GZIP_BOMB = gzip.compress(bytes(50_000_000))


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(endless, id="endless"),
        pytest.param(body(b"x", "Content-Length: 3000000000"), id="3 GB announced"),
        pytest.param(whole(bytes(1_000_001)), id="one byte too many"),
        pytest.param(whole(GZIP_BOMB, "Content-Encoding: gzip"), id="gzip bomb"),
        pytest.param(
            whole(zlib.compress(bytes(50_000_000)), "Content-Encoding: Deflate"), id="zlib bomb"
        ),
    ],
)
async def test_too_large_a_file_is_refused_at_the_cap_and_leaves_nothing(
    answer: Answer, serve: Serve, tmp_path: Path
) -> None:
    port = await serve(answer)
    with pytest.raises(FetchRefused, match="larger than 1000000 bytes"):
        await local(port).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "v", 1_000_000)
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(body(b"gone", status="404 Not Found"), id="404"),
        pytest.param(body(b"", status="500 Oops"), id="500"),
        pytest.param(body(b"", "Content-Range: bytes 0-1/9", status="206 Partial"), id="206"),
        pytest.param(body(b"", status="302 Found"), id="redirect to nowhere"),
        pytest.param(whole(b""), id="empty"),
        pytest.param(body(b"short", "Content-Length: 10"), id="shorter than announced"),
        pytest.param(body(b"x", "Content-Length: abc"), id="length that is no number"),
        pytest.param(
            body(b"5\r\nhello\r\n", "Transfer-Encoding: chunked"), id="chunks without an end"
        ),
        pytest.param(resetting, id="reset in the middle"),
        pytest.param(stalling, id="stalled"),
        pytest.param(body(b"", "Content-Encoding: br"), id="unknown encoding"),
        pytest.param(
            whole(gzip.compress(b"video" * 99)[:-9], "Content-Encoding: gzip"), id="cut gzip"
        ),
        pytest.param(whole(b"no gzip at all", "Content-Encoding: gzip"), id="damaged gzip"),
    ],
)
async def test_failed_download_can_be_tried_again_and_leaves_nothing(
    answer: Answer, serve: Serve, tmp_path: Path
) -> None:
    port = await serve(answer)
    with pytest.raises(FetchError) as caught:
        await local(port).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "v", 1_000_000)
    assert not isinstance(caught.value, FetchRefused)
    assert names_in(tmp_path) == []


async def test_no_answer_that_is_http_is_a_failure_for_later(serve: Serve, tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.9\r\n")

    port = await serve(answer)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1: RemoteProtocolError"):
        await local(port).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "v", 9)


async def test_trickle_ends_at_the_total_deadline(serve: Serve, tmp_path: Path) -> None:
    port = await serve(trickling)
    timeouts = Timeouts(connect_seconds=5, stall_seconds=5, total_seconds=0.2)
    with pytest.raises(FetchError, match=r"127\.0\.0\.1: timed out"):
        await local(port, timeouts).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "v", 2**20)
    assert names_in(tmp_path) == []


async def test_resolver_that_hangs_ends_at_the_connect_deadline(tmp_path: Path) -> None:
    async def hang(host: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    fetcher = Fetcher(
        trusted_hosts=[],
        user_agent="Veogram/1",
        resolve=hang,
        timeouts=Timeouts(connect_seconds=0.05),
        transport=Wire(),
    )
    with pytest.raises(FetchError, match="has no address now"):
        await fetcher.fetch("https://videos.example/v", tmp_path / "v", 9)


@pytest.mark.parametrize("names", [Names(), Names([])], ids=["error", "empty"])
async def test_name_without_address_can_be_tried_again(names: Names, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match=r"videos\.example: has no address now") as caught:
        await outside(names, Wire()).fetch("https://videos.example/v", tmp_path / "v", 9)
    assert not isinstance(caught.value, FetchRefused)


async def test_compressed_file_is_stored_as_it_was_before(serve: Serve, tmp_path: Path) -> None:
    content = b"video" * 200_000
    port = await serve(whole(gzip.compress(content), "Content-Encoding: gzip"))
    fetched = await local(port).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "v", 2**20)
    assert fetched == len(content)
    assert (tmp_path / "v").read_bytes() == content


async def test_failure_leaves_an_earlier_file_alone(serve: Serve, tmp_path: Path) -> None:
    (tmp_path / "v").write_bytes(b"earlier")
    port = await serve(resetting)
    with pytest.raises(FetchError):
        await local(port).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "v", 100)
    assert (tmp_path / "v").read_bytes() == b"earlier"


async def test_cancelled_download_leaves_nothing(tmp_path: Path) -> None:
    stuck = asyncio.Event()
    wire = Wire(httpx.Response(200, stream=Bytes(bytes(1_000_000), stuck)))
    fetcher = outside(Names([PUBLIC]), wire)
    download = asyncio.create_task(
        fetcher.fetch("https://videos.example/v", tmp_path / "v", 9_000_000)
    )
    await stuck.wait()
    assert len(names_in(tmp_path)) == 1
    download.cancel()
    with pytest.raises(asyncio.CancelledError):
        await download
    assert names_in(tmp_path) == []


async def test_folder_that_cannot_be_written_is_a_failure_for_later(
    serve: Serve, tmp_path: Path
) -> None:
    port = await serve(whole(b"video"))
    with pytest.raises(FetchError, match="cannot be stored"):
        await local(port).fetch(f"http://127.0.0.1:{port}/v", tmp_path / "none" / "v", 9)


@pytest.mark.parametrize(
    "answer",
    [
        body(b"", status="403 Forbidden"),
        whole(bytes(100)),
        resetting,
        to("/v?sig=s3cret&again"),
        to("ftp://elsewhere.example/s3cret"),
        to("http://[s3cret/"),
        to("http://127.0.0.1:s3cret/"),
    ],
)
async def test_neither_error_nor_log_shows_more_of_a_link_than_its_host(
    answer: Answer, serve: Serve, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.WARNING, logger="httpcore")  # as the bot's own logging has it
    port = await serve(answer)
    url = f"http://127.0.0.1:{port}/v?sig=s3cret"
    with pytest.raises(FetchError) as caught:
        await local(port).fetch(url, tmp_path / "v", 9)
    told = "".join(traceback.format_exception(caught.value)) + caplog.text
    assert "127.0.0.1: " in told
    assert "s3cret" not in told


async def test_refused_link_shows_no_more_than_its_host(tmp_path: Path) -> None:
    for url in ("https://u:s3cret@h.example/", "http://h:s3cret/", "s3cret://h/", "/s3cret"):
        with pytest.raises(FetchRefused) as caught:
            await outside(Names(), Wire()).fetch(url, tmp_path / "v", 9)
        assert "s3cret" not in "".join(traceback.format_exception(caught.value))
