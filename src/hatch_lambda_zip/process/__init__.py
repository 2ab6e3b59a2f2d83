"""Commands that end in time and take along what they started; all that is started goes this way.

`command` runs one and watches over it; `watcher` is the script of a process that does so after
this one was killed.
"""

from hatch_lambda_zip.process.command import Command, Watcher, ending, run
from hatch_lambda_zip.process.descendants import kill_descendants
from hatch_lambda_zip.process.environment import environment_with
from hatch_lambda_zip.process.watcher import MARK_VARIABLE, kill_marked, remove_tree

__all__ = [
    "MARK_VARIABLE",
    "Command",
    "Watcher",
    "ending",
    "environment_with",
    "kill_descendants",
    "kill_marked",
    "remove_tree",
    "run",
]
