"""One file of a zip, read only when it is needed and verified when it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from hatch_lambda_zip.errors import DistributionError
from hatch_lambda_zip.record import Digest

_UNNAMED: Final = "the project"


class Readable(Protocol):
    """A file, or what can be read like one."""

    def read_bytes(self) -> bytes:
        """Return the content."""


@dataclass(frozen=True)
class Entry:
    """One file of the zip.

    Attributes:
        name: the member's name, as in RECORD.
        content: the file to read, or the bytes themselves where they are made here.
        size: in bytes.
        digest: what the content must hash to.
        distribution: the one that it is counted for.
    """

    name: str
    content: Readable | bytes
    size: int
    digest: Digest
    distribution: str

    @classmethod
    def of(cls, name: str, content: bytes, distribution: str) -> Entry:
        """Return an entry whose content is made here."""
        return cls(name, content, len(content), Digest.of(content), distribution)

    @property
    def owner(self) -> str:
        """What people call the distribution: loose code needs no project with a name."""
        return self.distribution or _UNNAMED

    def read(self) -> bytes:
        """Return the content, verified.

        Raises:
            DistributionError: it is not what RECORD says, or can't be read.
        """
        try:
            data = self.content if isinstance(self.content, bytes) else self.content.read_bytes()
        except OSError as error:
            raise DistributionError(f"{self.name} of {self.distribution}: {error}.") from None
        if len(data) != self.size or Digest.of(data, self.digest.algorithm) != self.digest:
            raise DistributionError(
                f"{self.name} of {self.distribution} is not the file that its RECORD lists. Some "
                "process changed an installed copy, and through a hard link uv's cache with it. "
                f"Run `uv cache clean {self.distribution}` and build again; if that does not "
                "help, the wheel itself is broken."
            )
        return data
