"""One file from a web server that nobody trusts: checked, bounded, and only if it has changed."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

import httpx

import hearth
from hearth.core.errors import (
    BadConfiguration,
    BadInput,
    HearthError,
    NotAllowed,
    NotFound,
    TooLarge,
    Unavailable,
)

_TIMEOUT = httpx.Timeout(30.0, connect=15.0)
_WHOLE_SECONDS = 120.0  # for all of it, however slowly the bytes come
_REDIRECTS = 5
_WEBCAL = {"webcal": "https", "webcals": "https"}  # how calendar programs write an address
KEPT = "What was fetched before stays in use."


@dataclass(frozen=True)
class Validators:
    """By what a server knows the version that we have."""

    etag: str | None = None
    modified: str | None = None

    def headers(self) -> dict[str, str]:
        """The conditions of a request."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {key: value for key, value in given.items() if value}


@dataclass(frozen=True)
class Fetched:
    """A whole file."""

    data: bytes
    validators: Validators


def address(text: str) -> httpx.URL:
    """The address in a credential. BadConfiguration says what is wrong, and never the address."""
    try:
        url = httpx.URL(text.strip())
        if url.scheme in _WEBCAL:
            url = url.copy_with(scheme=_WEBCAL[url.scheme])
        good = url.scheme in {"http", "https"} and bool(url.host)
    except (httpx.InvalidURL, ValueError):  # whose words would repeat the address
        good = False
    if not good:
        raise BadConfiguration(
            "the credential holds no address",
            remedy="Write one line into its file: https://… or http://….",
        )
    return url


def fetch(
    url: httpx.URL, known: Validators, *, most_bytes: int, ca_file: Path | None = None
) -> Fetched | None:
    """The file behind an address, or None when it is the one that is `known`.

    Raises NotFound, NotAllowed, TooLarge, BadInput, Unavailable or BadConfiguration in words that
    name the host alone: the rest of an address is often all that it takes to read a calendar.
    """
    return asyncio.run(_fetch(url, known, most_bytes, _trust(ca_file)))


def _trust(ca_file: Path | None) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(ca_file)
        except (OSError, ssl.SSLError) as error:
            raise BadConfiguration(
                "the file of certificates cannot be read",
                where=str(ca_file),
                remedy="It must hold certificates as PEM, readable by the connector's user.",
            ) from error
    return context


async def _fetch(
    url: httpx.URL, known: Validators, most_bytes: int, trust: ssl.SSLContext
) -> Fetched | None:
    try:
        async with (
            asyncio.timeout(_WHOLE_SECONDS),
            # Neither a proxy nor certificates from the environment, and no cookies between hops.
            httpx.AsyncClient(verify=trust, trust_env=False, timeout=_TIMEOUT) as client,
        ):
            return await _follow(client, url, known, most_bytes)
    except (TimeoutError, httpx.TimeoutException):
        raise _unavailable(url, "does not answer in time") from None
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        # From here on nothing may carry their words: some repeat the address.
        raise _broken(url, error) from None


async def _follow(
    client: httpx.AsyncClient, url: httpx.URL, known: Validators, most_bytes: int
) -> Fetched | None:
    request: httpx.Request | None = client.build_request(
        "GET",
        url,
        headers={
            "User-Agent": f"Hearth/{hearth.__version__}",
            "Accept": "text/calendar, */*;q=0.5",
            "Accept-Encoding": "identity",  # what is not compressed cannot swell
            **known.headers(),
        },
    )
    for _ in range(_REDIRECTS + 1):
        assert request is not None
        response = await client.send(request, stream=True)
        try:
            if response.next_request is None:
                return await _taken(url, response, most_bytes, conditional=bool(known.headers()))
            if request.url.scheme == "https" != response.next_request.url.scheme:
                raise _refused(url, "leads to an address without encryption")
            request = response.next_request
            client.cookies.clear()
        finally:
            await response.aclose()
    raise _refused(url, f"leads on more than {_REDIRECTS} times")


async def _taken(
    url: httpx.URL, response: httpx.Response, most_bytes: int, *, conditional: bool
) -> Fetched | None:
    if response.status_code == httpx.codes.NOT_MODIFIED and conditional:
        return None
    if response.status_code != httpx.codes.OK:
        raise _status(url, response.status_code)
    if response.headers.get("content-encoding", "identity").lower() != "identity":
        raise _refused(url, "compresses what it was asked to send as it is")
    data = bytearray()
    async for piece in response.aiter_raw(65_536):
        data += piece
        if len(data) > most_bytes:
            raise TooLarge(
                f"{url.host} sends more than {most_bytes / 1e6:.1f} MB",
                remedy=f"{KEPT} Raise `file_bytes` of this pod, or ask for a shorter calendar.",
            )
    validators = Validators(response.headers.get("etag"), response.headers.get("last-modified"))
    return Fetched(bytes(data), validators)


def _status(url: httpx.URL, code: int) -> HearthError:
    if code in {401, 403}:
        return NotAllowed(
            f"{url.host} refuses (HTTP {code})",
            remedy=f"{KEPT} Get a new address from there, and put it into the credential.",
        )
    if code in {404, 410}:
        return NotFound(
            f"there is nothing at this address of {url.host} any more (HTTP {code})",
            remedy=f"{KEPT} Put a new address into the credential, or remove the connector: "
            "then the pod forgets what came by it.",
        )
    if code == 429 or code >= 500:
        return _unavailable(url, f"cannot answer now (HTTP {code})")
    return _refused(url, f"answers with HTTP {code}")


def _broken(url: httpx.URL, error: Exception) -> HearthError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return _refused(
            url,
            "shows a certificate that is not trusted",
            "For one of your own authority, name its certificate in `ca_file` (caFile).",
        )
    if isinstance(error, httpx.ConnectError):
        return _unavailable(url, "cannot be reached")
    if isinstance(error, httpx.TransportError):
        return _unavailable(url, "broke off, or does not speak HTTP")
    return _refused(url, "answers with something that cannot be understood")


def _refused(url: httpx.URL, what: str, remedy: str = "") -> BadInput:
    return BadInput(f"{url.host} {what}", remedy=f"{KEPT} {remedy}".strip())


def _unavailable(url: httpx.URL, what: str) -> Unavailable:
    return Unavailable(f"{url.host} {what}", remedy=f"{KEPT} The next look comes by itself.")
