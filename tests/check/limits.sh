#!/bin/sh
# limits.sh LIZARD: file and function limits, banned functions, headers that compile alone.
# Exceptions, five at most, each with its reason, stand in tests/check/limits.allow: "path  reason".
lizard=$1
status=0
fail() {
	echo "$*" >&2
	status=1
}
allow=tests/check/limits.allow
allowed() {
	[ -e $allow ] && grep -q "^$1  *." $allow
}
[ ! -e $allow ] || [ "$(grep -c '^[^#]' $allow)" -le 5 ] || fail "$allow: more than five exceptions"

for file in $(git ls-files '*.c' '*.h'); do
	lines=$(wc -l <"$file")
	most=500
	case $file in
	tests/*) most=700 ;; # one program a module
	*.h) most=200 ;;
	esac
	[ "$lines" -le $most ] || allowed "$file" || fail "$file: $lines lines, at most $most"
done

# A test tells one story from top to bottom: it may be a little longer.
{ "$lizard" -l c -C 15 -L 60 -w $(git ls-files 'backends/*.c' 'runbooks/*.c' 'tui/*.c') &&
	"$lizard" -l c -C 15 -L 80 -w $(git ls-files 'tests/*.c'); } >/tmp/lizard.$$ ||
	{ sed 's/^/too long or too complex: /' /tmp/lizard.$$ >&2; status=1; }
rm -f /tmp/lizard.$$

banned='strcpy|strcat|sprintf|vsprintf|gets|strtok|atoi|atol|atof|system|popen|alloca|tmpnam|mktemp|rand|srand'
git grep -nE "(^|[^a-zA-Z0-9_>.\"])($banned)\(" -- 'backends/*.c' 'runbooks/*.c' 'tui/*.c' |
	grep -vE '^[^:]*:[0-9]+:\s*(/?\*|//)' >/tmp/banned.$$ && { sed 's/^/banned function: /' /tmp/banned.$$ >&2; status=1; }
rm -f /tmp/banned.$$

git grep -nE '^\s*typedef (struct|enum|union)[^(]*;' -- '*.c' '*.h' && fail "no typedefs of structs and enums"
exit $status
