#ifndef TUI_ACT_H
#define TUI_ACT_H

#include "tui/view.h"

/* The commands on records: on the marked ones, else on the one under the cursor. */
void act_detail(struct view *v);
void act_log(struct view *v);
void act_raw(struct view *v);
void act_runbooks(struct view *v);
void act_acknowledge(struct view *v);
void act_snooze(struct view *v);
void act_claim(struct view *v);
void act_note(struct view *v);
void act_url(struct view *v);
void act_copy(struct view *v);

/* Opens the form of a runbook for these targets. */
bool act_open_runbook(
	struct app *a, const char *runbook, const struct target *targets, size_t n);

#endif
