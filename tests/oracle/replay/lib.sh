# SPDX-License-Identifier: Apache-2.0
# Sourced by scenes (bash) in place of the oracle's own library, for scenes of the command line alone: programs and the
# files below /proc are answered by a server (see server.py) that works on tables in memory. No root, no kernel.

# call PROGRAM ARGUMENT...: ask the server, print its answer, return its exit code.
call() {
	local code
	printf '%s\0' "$@" >"$REPLAY/words"
	case "$1 $2" in
	'ipvsadm -R'* | 'ipvsadm --restore'* | 'ipvsadm-restore '*) command cat >"$REPLAY/stdin" 2>/dev/null ;;
	*) : >"$REPLAY/stdin" ;;
	esac
	echo >"$REPLAY/ask"
	read -r code <"$REPLAY/answer"
	print_file "$REPLAY/stdout"
	print_file "$REPLAY/stderr" >&2
	return "$code"
}

print_file() {
	local text
	[ -s "$1" ] || return 0
	mapfile -d '' text <"$1"
	printf '%s' "${text[0]}"
}

ipvsadm() { call ipvsadm "$@"; }
ipvsadm-save() { call ipvsadm-save "$@"; }
ipvsadm-restore() { call ipvsadm-restore "$@"; }
cat() { case $1 in /proc/*) for path; do call proc read "$path" || return; done ;; *) command cat "$@" ;; esac; }
vs_list() { call proc list /proc/sys/net/ipv4/vs; }
vs_set() { call proc write "/proc/sys/net/ipv4/vs/$1" "$2"; }

# What scenes say, in the oracle's words: t shows a command, its output and exit code; ti its input too; q only failures.
note() { printf '# %s\n' "$*"; }
t() {
	show_command "$@"
	"$@" >"$REPLAY/o" 2>"$REPLAY/e" </dev/null
	show_result $?
}
ti() {
	local text
	mapfile -d '' text
	printf '%s' "${text[0]}" >"$REPLAY/i"
	show_command "$@"
	show_lines '<' "$REPLAY/i"
	"$@" >"$REPLAY/o" 2>"$REPLAY/e" <"$REPLAY/i"
	show_result $?
}
q() { "$@" >"$REPLAY/q" 2>&1 || { echo "!! setup failed ($?): $*"; command cat "$REPLAY/q"; }; }
show_command() {
	local word
	printf '$'
	for word; do case $word in '' | *[[:space:]]*) printf " '%s'" "$word" ;; *) printf ' %s' "$word" ;; esac; done
	printf '\n'
}
show_lines() {
	local line
	while IFS= read -r line; do printf '%s %s\n' "$1" "$line"; line=; done <"$2"
	[ -z "$line" ] || printf '%s %s\\no-newline\n' "$1" "$line"
}
show_result() {
	show_lines '|' "$REPLAY/o"
	show_lines '!' "$REPLAY/e"
	printf '= %s\n' "$1"
}
