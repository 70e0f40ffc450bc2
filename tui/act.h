#ifndef TUI_ACT_H
#define TUI_ACT_H

#include "tui/view.h"

/* The commands on records. To look at one: the one under the cursor. */
void act_detail(struct view *v);
void act_log(struct view *v);
void act_raw(struct view *v);
void act_url(struct view *v);
void act_copy(struct view *v);

/* To do something: with all marked ones, else with the one under the cursor. */
void act_runbooks(struct view *v);
void act_acknowledge(struct view *v);
void act_snooze(struct view *v);  /* all are snoozed already: not any more */
void act_snoozed(struct view *v); /* to the list of those that are */
void act_claim(struct view *v);
void act_note(struct view *v);

/* What is known beforehand of the keys l o r a: struct command's `able`. */
bool act_may_log(struct view *v, struct str *why);
bool act_may_url(struct view *v, struct str *why);
bool act_may_runbooks(struct view *v, struct str *why);
bool act_may_acknowledge(struct view *v, struct str *why);

/* Opens the form of a runbook for the targets of the view; says why not when it does not apply. */
void act_runbook(struct view *v, const char *runbook);

/* Forgets what a key began and no answer has finished yet. */
void act_cancel(struct app *a);

#endif
