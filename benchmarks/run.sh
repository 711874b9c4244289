#!/bin/sh
# Builds benchmarks/.venv with the pinned peers and this project, then measures; options as for run.py.
#   ./run.sh --only segue,fastpysgi,blacksheep --work plaintext,json --seconds 3 --repeat 1
set -eu
cd "$(dirname "$0")"

pip=".venv/bin/pip --disable-pip-version-check --quiet install --no-deps"

if ! command -v wrk >/dev/null 2>&1; then
    echo "wrk is not installed. Debian, Ubuntu: apt install wrk; Fedora: dnf install wrk; Arch: pacman -S wrk." >&2
    exit 1
fi

if ! cat requirements.txt requirements-older-uvloop.txt | cmp -s - .venv/installed.txt; then
    rm -rf .venv
    "${PYTHON:-python3}" -m venv .venv
    $pip -r requirements.txt
    $pip --target .venv/older-uvloop -r requirements-older-uvloop.txt
    cat requirements.txt requirements-older-uvloop.txt >.venv/installed.txt
fi
# Editable, so that the next run measures the working tree; its dependencies are pinned above.
if [ -f ../pyproject.toml ] && [ ! -x .venv/bin/segue ]; then
    $pip --no-build-isolation --editable ..
fi

# `./run.sh data`: the data layer beside its peers, on the PostgreSQL of this machine and on SQLite.
if [ "${1:-}" = data ]; then
    shift
    exec .venv/bin/python -m data.run "$@"
fi
# `./run.sh pages`: pages that use it, beside those of Django and FastAPI.
if [ "${1:-}" = pages ]; then
    shift
    exec .venv/bin/python -m data.measure_pages "$@"
fi
# `./run.sh people`: pages for people, a form and a list, beside those of Django, django-tables2 and Flask with WTForms.
if [ "${1:-}" = people ]; then
    shift
    exec .venv/bin/python -m pages.measure "$@"
fi
exec .venv/bin/python run.py "$@"
