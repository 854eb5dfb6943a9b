# SPDX-License-Identifier: Apache-2.0
# Sourced by the programs beside it, with `here` set to a folder next to this file: the interpreter for this checkout.
root=$(cd "$here/../../.." && pwd)
python=$root/.venv/bin/python
# The environment's interpreter may belong to root alone; the package needs nothing but a Python, so others use theirs.
[ -x "$python" ] || python=python3
export PYTHONPATH="$root/src" PYTHONSAFEPATH=1 PYTHONNOUSERSITE=1
