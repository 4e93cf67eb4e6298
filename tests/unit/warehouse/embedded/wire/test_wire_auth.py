"""mysql_native_password: who gets in, and that nobody learns who exists."""

import asyncio
import hashlib

import pytest

from nereus.warehouse.embedded.wire import auth
from tests.unit.warehouse.embedded.wire.raw_client import scramble

NONCE = b"abcdefghijklmnopqrst"


class Book:
    def __init__(self):
        self.asked = []

    def native_hash(self, user, host):
        self.asked.append((user, host))
        known = {"ann": hashlib.sha1(hashlib.sha1(b"secret").digest()).digest(), "empty": b""}
        return known.get(user)


def accepted(user, proof, nonce=NONCE):
    found = asyncio.run(auth.AccountIdentities(Book(), "10.0.0.1").get_user(user))
    return auth.NativePassword().password_matches(user=found, scramble=proof, nonce=nonce)


def test_the_right_password():
    assert accepted("ann", scramble(b"secret", NONCE))


@pytest.mark.parametrize(
    "proof",
    [
        scramble(b"Secret", NONCE),
        scramble(b"", NONCE),
        scramble(b"secret", b"another nonce 123456"),
        scramble(b"secret", NONCE)[:19],
        scramble(b"secret", NONCE) + b"\0",
        b"",
        b"\0" * 20,
        b"x" * 20,
    ],
)
def test_anything_else(proof):
    assert not accepted("ann", proof)


def test_a_user_without_a_password_gets_in_without_one_only():
    assert accepted("empty", b"")
    assert not accepted("empty", scramble(b"", NONCE))
    assert not accepted("empty", scramble(b"x", NONCE))


@pytest.mark.parametrize("proof", [b"", scramble(b"secret", NONCE), scramble(b"", NONCE)])
def test_an_unknown_user_never_gets_in(proof):
    assert not accepted("nobody", proof)


def test_the_host_decides_who_is_known():
    book = Book()
    asyncio.run(auth.AccountIdentities(book, "10.0.0.1").get_user("ann"))
    assert book.asked == [("ann", "10.0.0.1")]


def test_an_unknown_user_has_a_hash_that_differs_by_name_and_stays():
    identities = auth.AccountIdentities(Book(), "h")
    first, again, other = (asyncio.run(identities.get_user(name)).auth_string for name in ("x", "x", "y"))
    assert first == again != other
    assert len(bytes.fromhex(first)) == 20


def test_a_nonce_is_twenty_printable_bytes_and_new_each_time():
    made = {auth.new_nonce() for _ in range(50)}
    assert len(made) == 50
    assert all(len(nonce) == 20 and nonce.isalnum() for nonce in made)


def test_the_denial_says_whether_a_password_came():
    assert auth.denied("x", "h", b"p").text == "Access denied for user 'x@h' (using password: YES)"
    assert auth.denied("x", "h", b"").text == "Access denied for user 'x@h' (using password: NO)"
