#ifndef TUI_KEYMAP_H
#define TUI_KEYMAP_H

#include "tui/view.h"

/* The keys of commands, as written in the tables: "j Down". */
bool keymap_has(const char *keys, int key);
/* The i-th key of the list; false after the last. */
bool keymap_at(const char *keys, size_t i, int *key);
/* All keys as they are shown, ", " between. */
void keymap_all(const char *keys, struct str *out);
/* What is wrong with a table of commands: a key that cannot be read or is given twice, no help, a change on a control key. */
bool keymap_check(const struct command *table, struct err *e) MUST_USE;

#endif
