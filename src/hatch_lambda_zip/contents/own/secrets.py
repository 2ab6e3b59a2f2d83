"""Own files whose names say that they hold what nobody should ship."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

# By the last component of the path.
_SECRET: Final = re.compile(
    r"""
    \.env(rc|\.(?!(example|sample|template|dist|defaults?)$).+)?  # of dotenv, direnv and compose
    | .+\.env
    | .+\.(pem|key|p12|pfx|jks|keystore|kdbx|ppk)
    | id_(rsa|dsa|ecdsa|ed25519)(_sk)?
    | \.(netrc|pypirc|pgpass|htpasswd|git-credentials)
    | _netrc
    | gha-creds-.+\.json | client_secret.*\.json | service[-_]account.*\.json
    | (pdm|poetry|auth)\.toml | auth\.json | (credentials|rootkey)\.csv | .+\.p8
    | .*firebase-adminsdk.*\.json | token\.(json|pickle) | kubeconfig
    | credentials\.json | secrets\.(ya?ml|json|toml) | pip\.(conf|ini)
    | (.+\.)?(tfstate|tfvars)(\.backup)?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CREDENTIALS: Final = re.compile(r"(^|/)\.aws/(credentials|config)$")


def secret_names(names: Iterable[str]) -> Iterator[str]:
    """Yield those that look like secrets, such as ``.env`` and private keys.

    >>> list(secret_names(["app/.env", ".env.example", "certs/server.key", "keys.py", "id_rsa"]))
    ['app/.env', 'certs/server.key', 'id_rsa']
    """
    for name in names:
        if _SECRET.fullmatch(name.rpartition("/")[2]) or _CREDENTIALS.search(name):
            yield name
