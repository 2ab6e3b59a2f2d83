"""The modules that Lambda's Python runtimes bring along, by the first component of their names.

The standard library, from `sys.stdlib_module_names` of CPython 3.10.13, 3.11.7, 3.12.1, 3.13.18,
3.14.10 and 3.15.2 (read in November 2026). 3.8 and 3.9 have no such list: what stands for it are
the modules in the library's directories and the built-in ones of CPython 3.8.18 and 3.9.18, less
and plus what the same way of looking finds too many and too few in 3.10. What only other operating
systems have (`winreg`, `msvcrt`, `_scproxy`, …) is left out, since nobody can import it on Lambda.
"""

from __future__ import annotations

from functools import cache
from typing import Final

_ALWAYS: Final = """
__future__ _abc _ast _asyncio _bisect _blake2 _bz2 _codecs _codecs_cn _codecs_hk _codecs_iso2022
_codecs_jp _codecs_kr _codecs_tw _collections _collections_abc _compat_pickle _contextvars _csv
_ctypes _curses _curses_panel _datetime _dbm _decimal _elementtree _frozen_importlib
_frozen_importlib_external _functools _gdbm _hashlib _heapq _imp _io _json _locale _lsprof _lzma
_markupbase _md5 _multibytecodec _multiprocessing _opcode _operator _osx_support _pickle
_posixshmem _posixsubprocess _py_abc _pydecimal _pyio _queue _random _sha1 _sha3 _signal
_sitebuiltins _socket _sqlite3 _sre _ssl _stat _statistics _string _strptime _struct _symtable
_thread _threading_local _tkinter _tracemalloc _uuid _warnings _weakref _weakrefset abc
antigravity argparse array ast asyncio atexit base64 bdb binascii bisect builtins bz2 cProfile
calendar cmath cmd code codecs codeop collections colorsys compileall concurrent configparser
contextlib contextvars copy copyreg csv ctypes curses dataclasses datetime dbm decimal difflib
dis doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch
fractions ftplib functools gc genericpath getopt getpass gettext glob grp gzip hashlib heapq
hmac html http idlelib imaplib importlib inspect io ipaddress itertools json keyword linecache
locale logging lzma mailbox marshal math mimetypes mmap modulefinder multiprocessing netrc
ntpath nturl2path numbers opcode operator optparse os pathlib pdb pickle pickletools pkgutil
platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc
pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched
secrets select selectors shelve shlex shutil signal site smtplib socket socketserver sqlite3 ssl
stat statistics string stringprep struct subprocess symtable sys sysconfig syslog tabnanny
tarfile tempfile termios textwrap this threading time timeit tkinter token tokenize trace
traceback tracemalloc tty turtle turtledemo types typing unicodedata unittest urllib uuid venv
warnings wave weakref webbrowser wsgiref xml xmlrpc zipapp zipfile zipimport zlib
"""

# The N of the first and the last Python 3.N (of those above) that has a module -> modules.
_SOMETIMES: Final = {
    (8, 8): "_dummy_thread dummy_threading",
    (8, 9): "_bootlocale formatter parser symbol",
    (8, 10): "binhex",
    (8, 11): "_sha256 _sha512 asynchat asyncore distutils imp smtpd",
    (8, 12): (
        "_crypt aifc audioop cgi cgitb chunk crypt imghdr lib2to3 mailcap nis nntplib "
        "ossaudiodev pipes sndhdr spwd sunau telnetlib uu xdrlib"
    ),
    (8, 13): "_compression",
    (8, 14): "sre_compile sre_constants sre_parse",
    (9, 9): "_peg_parser",
    (9, 11): "_bootsubprocess",
    (9, 15): "_aix_support _zoneinfo graphlib zoneinfo",
    (11, 15): "_tokenize _typing tomllib",
    (12, 15): "_pydatetime _pylong _sha2",
    (13, 15): (
        "_colorize _interpchannels _interpqueues _interpreters _opcode_metadata _pyrepl "
        "_suggestions _sysconfig"
    ),
    (14, 15): (
        "_ast_unparse _hmac _py_warnings _remote_debugging _types _zstd annotationlib compression"
    ),
    (15, 15): "_math_integer profiling",
}

STDLIB_MINORS: Final = range(8, 16)
"""The N of each Python 3.N whose standard library is known."""

SDK_MODULES: Final = frozenset(
    ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")
)
"""The AWS SDK and what it is made of, which every runtime has in /var/runtime.

AWS Lambda developer guide, "Runtime dependencies in Python" (the SDK and its dependencies); these
are the requirements of boto3 1.44 and of what it requires, and six of dateutil.
"""

RUNTIME_MODULES: Final = frozenset(
    ("awslambdaric", "bootstrap", "runtime_client", "simplejson", "snapshot_restore_py")
)
"""What runs the handler: awslambdaric 3.1 with its requirements, and AWS's entry script."""

# AWS's base images have pip in every version, and setuptools until Python 3.11 (ensurepip of 3.12
# no longer installs it). Nobody should import them, but it works.
_INSTALLERS: Final = ("pip",)
_OLD_INSTALLERS: Final = ("_distutils_hack", "pkg_resources", "setuptools")
_LAST_WITH_SETUPTOOLS: Final = 11


@cache
def standard_library(minor: int) -> frozenset[str]:
    """Return the first components of the modules of Python 3.``minor`` on Linux.

    A Python that is newer than the table gets the newest row.
    """
    minor = min(max(minor, STDLIB_MINORS[0]), STDLIB_MINORS[-1])
    names = {"__main__", *_ALWAYS.split()}
    for (first, last), more in _SOMETIMES.items():
        if first <= minor <= last:
            names.update(more.split())
    return frozenset(names)


@cache
def modules_of_runtime(minor: int) -> frozenset[str]:
    """Return what the runtime of Python 3.``minor`` has besides standard library and SDK."""
    old = _OLD_INSTALLERS if minor <= _LAST_WITH_SETUPTOOLS else ()
    return RUNTIME_MODULES.union(_INSTALLERS, old)


def pythons_with(module: str) -> str | None:
    """Say which Pythons' standard libraries have a module, if only some do.

    >>> pythons_with("cgi"), pythons_with("tomllib"), pythons_with("graphlib")
    ('until Python 3.12', 'from Python 3.11 on', 'from Python 3.9 on')
    >>> pythons_with("json")
    """
    for (first, last), modules in _SOMETIMES.items():
        if module in modules.split():
            since = [] if first == STDLIB_MINORS[0] else [f"from Python 3.{first} on"]
            until = [] if last == STDLIB_MINORS[-1] else [f"until Python 3.{last}"]
            return " and ".join((*since, *until))
    return None
