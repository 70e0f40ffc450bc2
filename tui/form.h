#ifndef TUI_FORM_H
#define TUI_FORM_H

#include "tui/line.h"
#include "tui/view.h"

/*
 * Fields to fill in, one a line, with what is wrong beside each. It knows nothing of runbooks: the caller gives fields with a
 * check. Tab, Down, Enter go on; Shift-Tab, Up back; Left, Right or Space step through choices.
 */
struct form_field {
	const char *name;     /* the caller's key; borrowed */
	const char *label;    /* "Reason"; borrowed */
	const char *help;     /* or NULL; borrowed */
	const char **choices; /* NULL-terminated, or NULL: free text; borrowed */
	bool required;
	struct line line; /* the value, also of choices */
	char error[160];  /* "" or what is wrong */
	bool touched;
};

struct form {
	struct form_field *fields;
	size_t n, cap;
	size_t at; /* n: past the last field, on the caller's button */
	/* Fills f->error or leaves it "". May be NULL. */
	void (*check)(void *arg, struct form_field *f);
	void *arg;
	bool changed; /* a value changed since the caller cleared it */
};

void form_init(struct form *f, void (*check)(void *arg, struct form_field *f), void *arg);
void form_release(struct form *f);
void form_add(struct form *f, const char *name, const char *label, const char *help,
	const char **choices, bool required, const char *value);
const char *form_value(
	const struct form *f, const char *name); /* "" when there is no such field */
/* Checks all; the first bad field gets the cursor. */
bool form_ok(struct form *f);
/* True when used. On the button only Tab and the like are. */
bool form_event(struct form *f, const struct event *ev);
/* The rows that all fields take; of those before the active one. */
int form_rows(const struct form *f);
int form_rows_above(const struct form *f);
/* How many fields do not lie whole within `rows` rows when the first is drawn in `row`. */
size_t form_outside(const struct form *f, int row, int rows);
/* Returns the rows used. Labels take `label_width` columns. */
int form_draw(struct form *f, const struct canvas *c, int row, int label_width);

#endif
