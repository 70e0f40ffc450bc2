#!/bin/sh
# headers.sh CC FLAGS...: every header of the product compiles alone.
. tests/check/check.sh
need "$1"
sources 'backends/*.h' 'runbooks/*.h' 'tui/*.h'
for file in $files; do
	"$@" -x c -fsyntax-only -include "$file" /dev/null || fail "$file does not compile alone"
done
exit $status
