"""Own files that look like secrets."""

from __future__ import annotations

import pytest

from hatch_lambda_zip.contents.own.secrets import secret_names


@pytest.mark.parametrize(
    "name",
    [
        *(
            "gha-creds-0a1b.json",
            "credentials.json",
            "client_secret.json",
            "app/client_secrets.json",
        ),
        *("service-account.json", "service_account_prod.json", "pip.conf", "pip.ini"),
        *("pdm.toml", "auth.json", "credentials.csv", "AuthKey_1.p8", "token.json", "kubeconfig"),
        *("secrets.yml", "secrets.yaml", "secrets.json", "app/secrets.toml"),
    ],
)
def test_it_looks_like_a_secret(name: str) -> None:
    assert list(secret_names([name])) == [name]


@pytest.mark.parametrize("name", ["secrets.py", "credentials.py", "pip.py", "service_account.py"])
def test_a_module_does_not(name: str) -> None:
    assert list(secret_names([name])) == []
