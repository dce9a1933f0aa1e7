"""What a server's address is, for every plugin's settings."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from calbridge.fields import ServerUrl

ADDRESS: TypeAdapter[str] = TypeAdapter(ServerUrl)
GOOD = (
    "https://calendar.example/dav/",
    "http://127.0.0.1:5232/",
    "http://[::1]:80/",
    "HTTPS://Calendar.Example",
    "https://bücher.example/dav",
    "https://calendar.example/dav/?a=b#c",
    "https://calendar.example/a@b/",
)
NO_ADDRESS = (
    "", "calendar.example", "//calendar.example/", "https:/calendar.example", "https:calendar.example", "https://",
    "https:///dav/", "ftp://calendar.example/", "https://calendar example/", "https://calendar.example:65536/",
    "https://calendar.example:dav/", "https://calendar\t.example/", "https://calendar.example/\n", "https://[::1/",
)  # fmt: skip
WITH_A_LOGIN = ("https://anna@calendar.example/", "https://anna:geheim@calendar.example/", "https://@calendar.example/")


@pytest.mark.parametrize("text", GOOD)
def test_an_address_is_taken_as_it_is_written(text: str) -> None:
    assert ADDRESS.validate_python(text) == text


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_what_no_request_could_go_to_is_refused(text: str) -> None:
    with pytest.raises(ValidationError, match="a server is written like"):
        ADDRESS.validate_python(text)


@pytest.mark.parametrize("text", WITH_A_LOGIN)
def test_a_login_in_an_address_is_refused_and_not_repeated_in_the_sentence(text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        ADDRESS.validate_python(text)
    (fault,) = refused.value.errors()
    assert "no user name or password" in fault["msg"]
    assert "geheim" not in fault["msg"]
