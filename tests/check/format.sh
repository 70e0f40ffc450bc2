#!/bin/sh
# format.sh: every C file is as clang-format would write it.
. tests/check/check.sh
need clang-format
sources '*.c' '*.h'
# shellcheck disable=SC2086 # a list of names without blanks
clang-format --style=file --dry-run --Werror $files
