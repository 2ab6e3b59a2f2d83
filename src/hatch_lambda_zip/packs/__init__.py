"""Packs: third-party distributions as they ship, compressed, each in a file with an index.

A pack is made from content that was verified against lock and RECORD, and is found by what its
wheel is called and pinned by. What comes from one is checked again, so it can save work, and change
no byte.
"""

from hatch_lambda_zip.packs.cache import PackCache
from hatch_lambda_zip.packs.pack import Pack, PackedContent

__all__ = ["Pack", "PackCache", "PackedContent"]
