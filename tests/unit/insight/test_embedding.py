"""The guest's token is what Superset reads, and the frame cannot be broken out of."""

from __future__ import annotations

from datetime import UTC, datetime

from joserfc import jwt
from joserfc.jwk import OctKey

from nereus.insight import embedding

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECRET = "a secret of thirty-two characters!"


def test_the_token_opens_one_dashboard_for_a_while() -> None:
    token = embedding.guest_token(SECRET, "an-id", NOW)
    claims = jwt.decode(token, OctKey.import_key(SECRET)).claims
    assert claims["resources"] == [{"type": "dashboard", "id": "an-id"}]
    assert (claims["aud"], claims["type"]) == ("superset", "guest")
    assert claims["exp"] - claims["iat"] == embedding.LASTS.total_seconds()


def test_nothing_in_the_frame_ends_its_script() -> None:
    shown = embedding.frame("http://127.0.0.1:8088", "id", "</script><b>", 'a "title" <b>')
    assert shown.count("</script>") == 1
    assert "<b>" not in shown
