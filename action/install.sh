#!/usr/bin/env bash
# Puts hatch-lambda-zip into an environment of its own, where `python` is the same on every system.
set -euo pipefail
tools=$RUNNER_TEMP/lambda-zip-tools
python=$(command -v python3 || command -v python)
"$python" -m venv "$tools/venv"
scripts=$tools/venv/bin
[ -d "$scripts" ] || scripts=$tools/venv/Scripts
"$scripts/python" -m pip install --quiet --disable-pip-version-check "$REQUIREMENT"
printf '#!/usr/bin/env bash\nexec "%s/python" "$@"\n' "$scripts" > "$tools/python"
chmod +x "$tools/python"
