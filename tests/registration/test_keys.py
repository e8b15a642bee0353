"""Keys show as hashes and signatures only."""

from mainstem.engine import EngineOptions
from mainstem.registration.keys import Keys, bearer, is_signed, keys_of, signed

from .stage import OTHER_KEY, SIGNING_KEY, settings_for


def test_dev_mode_has_no_keys_even_where_some_are_set() -> None:
    settings = settings_for("http://127.0.0.1:1", INNGEST_SIGNING_KEY=SIGNING_KEY)
    assert keys_of(settings) == Keys()


def test_the_fallback_key_comes_second() -> None:
    settings = settings_for(
        "http://127.0.0.1:1", "production", INNGEST_SIGNING_KEY_FALLBACK=OTHER_KEY
    )
    assert keys_of(settings).signing == (SIGNING_KEY, OTHER_KEY)


def test_keys_do_not_show() -> None:
    assert "ab" * 16 not in repr(Keys((SIGNING_KEY,), "an-event-key"))
    assert "an-event-key" not in repr(Keys((SIGNING_KEY,), "an-event-key"))


def test_a_signature_is_over_canonical_json() -> None:
    one = signed(b'{"b": 1, "a": 2}', SIGNING_KEY, now_seconds=7)
    assert one == signed(b'{"a":2,"b":1}', SIGNING_KEY, now_seconds=7)
    assert one != signed(b'{"a":2,"b":1}', OTHER_KEY, now_seconds=7)


def test_a_signature_is_known_again_and_no_other() -> None:
    header = signed(b'{"a":2}', SIGNING_KEY, now_seconds=7)["x-inngest-signature"]
    assert is_signed(b'{"a":2}', header, SIGNING_KEY)
    assert not is_signed(b'{"a":3}', header, SIGNING_KEY)
    assert not is_signed(b'{"a":2}', "", SIGNING_KEY)


def test_the_api_is_shown_the_hash_that_the_engine_takes() -> None:
    from mainstem.engine.signatures import is_authorised

    options = EngineOptions(signing_key=SIGNING_KEY)
    assert is_authorised(bearer(SIGNING_KEY)["authorization"], options.signing_keys)
