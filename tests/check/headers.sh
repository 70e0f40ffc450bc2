#!/bin/sh
# headers.sh CC FLAGS...: every header compiles alone.
status=0
for file in $(git ls-files 'backends/*.h' 'runbooks/*.h' 'tui/*.h'); do
	"$@" -x c -fsyntax-only -include "$file" /dev/null || {
		echo "$file does not compile alone" >&2
		status=1
	}
done
exit $status
