#!/bin/sh
# layers.sh OBJECTS: the rules of the architecture that a compiler does not see. OBJECTS is the folder with the archives.
#   1. an include points to its own folder or down;
#   2. the archives link bottom-up: none uses a symbol that only an archive which it must not know defines;
#   3. one library, one place;
#   4. the console links no library that talks to a source.
. tests/check/check.sh
objects=$1
need nm readelf comm sed
layers="base store transport connector triage runbooks tui"

# below LAYER: the layers that it may use.
below() {
	case $1 in
	base) echo "" ;;
	store | transport) echo "base" ;;
	connector) echo "base store transport" ;;
	triage) echo "base store" ;;
	runbooks) echo "base store transport connector triage" ;;
	tui) echo "base store transport connector triage runbooks" ;;
	esac
}

# folders LAYER: where its files are.
folders() {
	case $1 in
	runbooks) echo "runbooks/engine" ;;
	tui) echo "tui tui/views tui/headless tui/term" ;;
	*) echo "backends/$1" ;;
	esac
}

# layer_of FOLDER
layer_of() {
	case $1 in
	backends/*) echo "${1#backends/}" ;;
	runbooks/engine) echo "runbooks" ;;
	*) echo "tui" ;;
	esac
}

# may FOLDER: the folders and files whose headers its files may include.
may() {
	if [ "$1" = tui/term ]; then
		# The terminal sees the contract of the drawing, and nothing of what is drawn.
		echo "tui/term backends/base tui/grid.h tui/theme.h"
		return
	fi
	layer=$(layer_of "$1")
	case " $(for one in $layers; do folders "$one"; done | tr '\n' ' ')" in
	*" $1 "*) ;;
	*) return 1 ;;
	esac
	for one in "$layer" $(below "$layer"); do
		folders "$one"
	done
}

sources 'backends/*.[ch]' 'runbooks/*.[ch]' 'tui/*.[ch]'
for file in $files; do
	allowed=$(may "${file%/*}") || fail "$file: the folder is in no layer"
	for header in $(sed -nE 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*"([^"]*)".*/\1/p' "$file"); do
		case " $(echo $allowed) " in
		*" ${header%/*} "* | *" $header "*) ;;
		*) fail "$file: includes $header, which is not below it" ;;
		esac
	done
done

# symbols OPTIONS LAYER: one name a line.
symbols() {
	# shellcheck disable=SC2086 # options
	nm -P $1 "$objects/libwd-$2.a" | sed -nE 's/^([A-Za-z_][^ ]*) [A-Za-z].*/\1/p' | LC_ALL=C sort -u
}
seen=$(mktemp -d) || stop "no temporary folder"
trap 'rm -rf "$seen"' EXIT
for layer in $layers; do
	symbols -u "$layer" >"$seen/$layer.uses"
	symbols "--defined-only -g" "$layer" >"$seen/$layer.has"
	[ -s "$seen/$layer.uses" ] && [ -s "$seen/$layer.has" ] || stop "$objects/libwd-$layer.a: no symbols to be read; make it first"
done
for layer in $layers; do
	for other in $layers; do
		case " $layer $(below $layer) " in
		*" $other "*) continue ;;
		esac
		bad=$(LC_ALL=C comm -12 "$seen/$layer.uses" "$seen/$other.has")
		[ -z "$bad" ] || fail "libwd-$layer.a uses what only libwd-$other.a has:" $bad
	done
done

# place HEADER FILES: two extended expressions; only FILES may include HEADER.
sources '*.c' '*.h'
place() {
	lines "^[[:space:]]*#[[:space:]]*include[[:space:]]*[<\"]$1[>\"]"
	found "<$1> belongs to $2" "$(printf '%s\n' "$lines" | grep -vE "^($2):")"
}
place '(ncursesw/)?(curses|ncurses|term)\.h' 'tui/term/[a-z_]*\.[ch]'
place 'curl/.*' 'backends/transport/http[a-z_]*\.[ch]'
place 'zlib\.h' 'backends/transport/http_unpack\.c'
place 'libpq-fe\.h' 'backends/transport/pg[a-z_]*\.[ch]|backends/store/postgres\.c'
place 'libssh2.*' 'backends/transport/ssh[a-z0-9_]*\.[ch]'
place 'jansson\.h' 'backends/base/json\.h'
place 'yaml\.h' 'backends/base/yaml[a-z_]*\.[ch]'
place 'sqlite3\.h' 'backends/store/sqlite\.c'
place 'openssl/.*' 'backends/base/crypto\.c'
place 'pthread\.h' 'backends/transport/resolve\.c'

console=$(readelf -dW "$objects/watchdesk") || stop "$objects/watchdesk cannot be read; make it first"
found "the console links what talks to a source" "$(printf '%s\n' "$console" | grep -oE 'lib(curl|ssh2|pq)[^]]*')"
exit $status
