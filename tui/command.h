#ifndef TUI_COMMAND_H
#define TUI_COMMAND_H

#include "tui/view.h"

/*
 * Commands: the table of the general ones, and finding by key or name. A view's own commands (view_type.commands)
 * come first. Help, hints and palette are made from the same rows.
 */
extern const struct command general_commands[]; /* an empty row at the end */

/* The i-th command that can be used in the view; NULL after the last. */
const struct command *command_at(const struct view *v, size_t i);
const struct command *command_by_key(const struct view *v, int key);
const struct command *command_by_name(const struct view *v, const char *name);
/* One of j k g G PgUp PgDn. */
bool command_moves(const struct command *c);
enum key_about command_wants(const struct command *c);
/* About what the view shows, not about itself as a lane, help or a filter is. */
bool command_about_shown(const struct view *v, const struct command *c);
/* Whether it would do something in the view as it is shown; why: the sentence against it, may be left empty. */
bool command_able(struct view *v, const struct command *c, struct str *why);
/* What the last line says of it: of one that is able, and of a move where there is somewhere to go; else NULL. */
const char *command_hint(struct view *v, const struct command *c);
/* Runs it, or says why not. */
void command_run(struct view *v, const struct command *c);

#endif
