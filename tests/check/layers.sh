#!/bin/sh
# layers.sh OBJECTS: the rules of DESIGN section 2 that a compiler does not see. OBJECTS is the folder with the archives.
#   1. an include points to its own folder or down;
#   2. the archives link bottom-up: no archive uses a symbol that only an archive which it must not know defines;
#   3. one library, one place;
#   4. the console links no library that talks to a source.
objects=$1
status=0
fail() {
	echo "$*" >&2
	status=1
}

# folder -> folders it may include (itself is always allowed)
allowed() {
	case $1 in
	backends/base) echo "" ;;
	backends/store | backends/transport) echo "backends/base" ;;
	backends/connector) echo "backends/base backends/store backends/transport" ;;
	backends/triage) echo "backends/base backends/store" ;;
	runbooks/engine) echo "backends/base backends/store backends/transport backends/connector backends/triage" ;;
	tui/term) echo "backends/base" ;;
	tui | tui/views | tui/headless) echo "backends/base backends/store backends/transport backends/connector backends/triage runbooks/engine tui tui/term tui/views tui/headless" ;;
	*) echo "?" ;;
	esac
}
for file in $(git ls-files 'backends/*.[ch]' 'runbooks/*.[ch]' 'tui/*.[ch]'); do
	folder=${file%/*}
	may=" $folder $(allowed "$folder") "
	[ "$may" = " $folder ? " ] && fail "$file: the folder is in no layer"
	# What is shared by the whole console sits in tui/; a file of tui/term/ may see tui/grid.h, theme.h and keys.h, its contract.
	sed -n 's/^#include "\(.*\)\/[^/]*".*/\1/p' "$file" | sort -u | while read -r used; do
		case $may in
		*" $used "*) ;;
		*)
			[ "$folder" = tui/term ] && [ "$used" = tui ] && continue
			echo "$file: includes $used, which is not below it"
			;;
		esac
	done
done >/tmp/layers.$$
[ -s /tmp/layers.$$ ] && { cat /tmp/layers.$$ >&2; status=1; }
rm -f /tmp/layers.$$

# symbols: what `layer` must not reach
forbidden() {
	case $1 in
	base) echo "store transport connector triage runbooks tui" ;;
	store) echo "transport connector triage runbooks tui" ;;
	transport) echo "store connector triage runbooks tui" ;;
	connector) echo "triage runbooks tui" ;;
	triage) echo "transport connector runbooks tui" ;;
	runbooks) echo "tui" ;;
	*) echo "" ;;
	esac
}
for layer in base store transport connector triage runbooks; do
	nm -u "$objects/libwd-$layer.a" 2>/dev/null | sed -n 's/^ *U //p' | sort -u >/tmp/undefined.$$
	for other in $(forbidden $layer); do
		nm --defined-only -g "$objects/libwd-$other.a" 2>/dev/null | sed -n 's/^[0-9a-f]* [A-Z] //p' | sort -u >/tmp/defined.$$
		bad=$(comm -12 /tmp/undefined.$$ /tmp/defined.$$ | tr '\n' ' ')
		[ -z "$bad" ] || fail "libwd-$layer.a uses what only libwd-$other.a may have: $bad"
	done
done
rm -f /tmp/undefined.$$ /tmp/defined.$$

place() { # header, pattern of the files that may include it
	found=$(git grep -lE "^#include <$1>" -- '*.c' '*.h' | grep -vE "^($2)\$")
	[ -z "$found" ] || fail "<$1> belongs to $2 only, but is in: $(echo "$found" | tr '\n' ' ')"
}
place '(ncursesw/)?(curses|ncurses|term)\.h' 'tui/term/.*'
place 'curl/.*' 'backends/transport/http[a-z_]*\.[ch]'
place 'libpq-fe\.h' 'backends/transport/pg[a-z_]*\.[ch]|backends/store/postgres\.c'
place 'libssh2.*' 'backends/transport/ssh[a-z0-9_]*\.[ch]'
place 'jansson\.h' 'backends/base/json\.h'
place 'yaml\.h' 'backends/base/yaml[a-z_]*\.[ch]'
place 'sqlite3\.h' 'backends/store/sqlite\.c'
place 'openssl/.*' 'backends/base/crypto\.c'
place 'pthread\.h' 'backends/transport/resolve\.c'

if [ -e "$objects/watchdesk" ]; then
	found=$(readelf -d "$objects/watchdesk" | grep -oE 'lib(curl|ssh2|pq)[^]]*')
	[ -z "$found" ] || fail "the console links $found: it must not be able to talk to a source"
fi
exit $status
