"""Why something ships or does not: the answer to one question about a zip that was decided.

`explain` asks in order who may know: the files of the zip, those left out, distributions, source
trees. `rules` says which option a reason comes from, `ways` what leads to something.
"""

from hatch_lambda_zip.contents.why.explain import explain, names_known
from hatch_lambda_zip.contents.why.model import Answer, Decided, Rule

__all__ = ["Answer", "Decided", "Rule", "explain", "names_known"]
