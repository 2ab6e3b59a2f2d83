"""Keeps secrets and control characters out of what is shown.

`urls` knows where URLs have secrets, `values` which others there are here; `clean` blots them out.
"""

from hatch_lambda_zip.redact.clean import printable, redact, redact_urls
from hatch_lambda_zip.redact.urls import has_password, has_query, has_token
from hatch_lambda_zip.redact.values import secret_values

__all__ = [
    "has_password",
    "has_query",
    "has_token",
    "printable",
    "redact",
    "redact_urls",
    "secret_values",
]
