# shellcheck shell=sh
# What the checks share. Sourced by them, from the top of the tree.
# A check that could not look ends with `stop`, so that no one takes it for a check that found nothing.
set -u
status=0

fail() {
	echo "$*" >&2
	status=1
}

# found TITLE TEXT: every line of TEXT is a finding.
found() {
	[ -z "$2" ] || fail "$(printf '%s\n' "$2" | while IFS= read -r line; do printf '%s: %s\n' "$1" "$line"; done)"
}

stop() {
	echo "${0##*/}: $*" >&2
	exit 2
}

need() {
	for tool in "$@"; do
		command -v "$tool" >/dev/null || stop "there is no $tool: nothing was checked"
	done
}

# sources PATTERN...: sets $files, new files included, deleted ones not.
sources() {
	need git
	files=$(git ls-files --cached --others --exclude-standard -- "$@") || stop "git lists no files"
	files=$(for file in $files; do [ ! -e "$file" ] || echo "$file"; done)
	[ -n "$files" ] || stop "no file is named $*"
}

# lines EXPRESSION: sets $lines to path:number:text of what matches in $files.
lines() {
	# shellcheck disable=SC2086 # a list of names without blanks
	lines=$(grep -HnE -e "$1" $files)
	[ $? -le 1 ] || stop "grep failed"
}
