# SPDX-License-Identifier: Apache-2.0
# Read by every bash that starts with BASH_ENV (see env.sh). Where ORACLE_PROC_HOOK is set, the runner's own function
# `cat` prints the files that it is given and, given none, nothing: scenes that write `cat > FILE <<END` get an empty
# file. Once the runner's library is there, let `cat` without arguments be the program again.
if [ -n "${ORACLE_LIB:-}" ] && [ "${ORACLE_INNER:-}" = 1 ]; then
	trap 'if declare -F _proc >/dev/null; then
		trap - DEBUG
		eval "_cat_files() $(declare -f cat | tail -n +2)"
		cat() { if [ $# = 0 ]; then command cat; else _cat_files "$@"; fi; }
	fi' DEBUG
fi
