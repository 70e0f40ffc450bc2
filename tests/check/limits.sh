#!/bin/sh
# limits.sh LIZARD: file and function limits, banned functions, no typedefs of structs. The same for tests and product.
. tests/check/check.sh
lizard=$1
need "$lizard" grep wc

sources '*.c' '*.h'
for file in $files; do
	case $file in
	*.h) most=200 ;;
	*) most=500 ;;
	esac
	lines=$(wc -l <"$file")
	[ "$lines" -le $most ] || fail "$file: $lines lines, at most $most"
done

# shellcheck disable=SC2086 # a list of names without blanks
long=$("$lizard" -l c -C 15 -L 60 -w $files 2>&1) || {
	found "too long or too complex" "${long:-lizard failed without a word}"
	status=1
}

lines '^[[:space:]]*typedef[[:space:]]+(struct|enum|union)[^(]*$'
found "a typedef of a struct, union or enum" "$lines"

# A name in a string, a member's name or a comment is none of these. A test that sleeps is a test that guesses.
banned='strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|system|popen|alloca|tmpnam|mktemp|rand|srand|sleep|usleep|nanosleep'
lines "(^|[^a-zA-Z0-9_>.\"])($banned)\("
found "a banned function" "$(printf '%s\n' "$lines" | grep -vE '^[^:]*:[0-9]+:[[:space:]]*(/?\*|//)')"
exit $status
