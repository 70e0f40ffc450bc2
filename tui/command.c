/* The general commands, and running one. Commands on records are in act.c. */
#include "tui/command.h"

#include "tui/act.h"
#include "tui/app_inside.h"
#include "tui/keymap.h"
#include <string.h>

static void move_down(struct view *v)
{
	v->type->move(v, MOVE_DOWN);
}

static void move_up(struct view *v)
{
	v->type->move(v, MOVE_UP);
}

static void move_page_down(struct view *v)
{
	v->type->move(v, MOVE_PGDN);
}

static void move_page_up(struct view *v)
{
	v->type->move(v, MOVE_PGUP);
}

static void move_top(struct view *v)
{
	v->type->move(v, MOVE_TOP);
}

static void move_bottom(struct view *v)
{
	v->type->move(v, MOVE_BOTTOM);
}

static void open_help(struct view *v)
{
	(void)app_open(v->app, &help_view, NULL);
}

static void open_palette(struct view *v)
{
	(void)app_open(v->app, &palette_view, NULL);
}

static void back(struct view *v)
{
	app_back(v->app);
}

static void history_back(struct view *v)
{
	history_step(v->app, -1);
}

static void history_forward(struct view *v)
{
	history_step(v->app, 1);
}

static bool can_back(struct view *v, struct str *why)
{
	if (v->app->history.at > 0)
		return true;
	str_adds(why, "This is where it began.");
	return false;
}

static bool can_forward(struct view *v, struct str *why)
{
	if (v->app->history.at + 1 < v->app->history.n)
		return true;
	str_adds(why, "Nothing comes after this.");
	return false;
}

static void leave(struct view *v)
{
	if (v->lane < 0)
		app_close(v);
	else
		app_quit(v->app);
}

static void quit(struct view *v)
{
	app_quit(v->app);
}

static void next_lane(struct view *v)
{
	app_lane(v->app, (v->app->lane + 1) % LANE_COUNT);
}

static void previous_lane(struct view *v)
{
	app_lane(v->app, (v->app->lane + LANE_COUNT - 1) % LANE_COUNT);
}

static void times(struct view *v)
{
	static const char *const words[] = {
		[TIMES_UTC] = "Times are UTC now.",
		[TIMES_LOCAL] = "Times are local now.",
		[TIMES_SOURCE] =
			"Times are in the zone of their source now, where it has one.",
	};
	v->app->times = (v->app->times + 1) % TIMES_COUNT;
	app_say(v->app, ROLE_TEXT, "%s", words[v->app->times]);
}

static void redraw(struct view *v)
{
	if (v->app->term)
		term_redraw(v->app->term);
	app_paint(v->app);
}

static void suspend(struct view *v)
{
	if (v->app->term)
		term_suspend(v->app->term);
	app_paint(v->app);
}

#define LANE_COMMAND(n)                      \
	static void lane_##n(struct view *v) \
	{                                    \
		app_lane(v->app, (n)-1);     \
	}
LANE_COMMAND(1)
LANE_COMMAND(2)
LANE_COMMAND(3)
LANE_COMMAND(4)
LANE_COMMAND(5)
LANE_COMMAND(6)
LANE_COMMAND(7)
LANE_COMMAND(8)
LANE_COMMAND(9)

/* The order is that of hints and help. */
const struct command general_commands[] = {
	{"down", "j Down", "j k move", "down; k or Up: up", 0, move_down},
	{"up", "k Up", NULL, "up", 0, move_up},
	{"log", "l", "l log", "the log of the run, at its first error", CMD_TARGET,
		act_log, act_may_log},
	{"runbooks", "r", "r runbooks", "the runbooks that apply to it",
		CMD_TARGET | CMD_AIMED, act_runbooks, act_may_runbooks},
	{"acknowledge", "a", "a acknowledge", "acknowledge or approve it",
		CMD_TARGET | CMD_ACTS, act_acknowledge, act_may_acknowledge},
	{"palette", ":", ": go to", "go to a view, run a command or a runbook by name", 0,
		open_palette},
	{"back", "Esc", NULL, "out of this view, to the one below it", 0, back},
	{"history-back", "[", "[ back", "back to what was shown before", 0, history_back,
		can_back},
	{"history-forward", "]", "] forward", "forward again", 0, history_forward,
		can_forward},
	{"page-down", "PgDn C-f", NULL, "a page down", 0, move_page_down},
	{"page-up", "PgUp C-b", NULL, "a page up", 0, move_page_up},
	{"top", "g Home", NULL, "to the first", 0, move_top},
	{"bottom", "G End", NULL, "to the last", 0, move_bottom},
	{"detail", "d", NULL, "all that is known about it", CMD_TARGET, act_detail},
	{"raw", "y", NULL, "what its source said, as JSON", CMD_TARGET, act_raw},
	{"snooze", "z", NULL, "out of Triage for a while; again: back into it",
		CMD_TARGET | CMD_AIMED | CMD_NOW, act_snooze},
	{"snoozed", "", NULL, "what is snoozed, and until when", 0, act_snoozed},
	{"claim", "c", NULL, "say that I have it; again: give it back",
		CMD_TARGET | CMD_AIMED | CMD_NOW, act_claim},
	{"note", "n", NULL, "write a note on it", CMD_TARGET | CMD_AIMED | CMD_NOW,
		act_note},
	{"open-url", "o", NULL, "show its address at the source and copy it",
		CMD_TARGET | CMD_NOW, act_url, act_may_url},
	{"copy", "Y", NULL, "copy its key to the clipboard", CMD_TARGET | CMD_NOW,
		act_copy},
	{"next-lane", "Tab", NULL, "the next lane", 0, next_lane},
	{"previous-lane", "Shift-Tab", NULL, "the lane before", 0, previous_lane},
	{"triage", "1", NULL, "what needs a person, most urgent first", 0, lane_1},
	{"runs", "2", NULL, "pipeline runs", 0, lane_2},
	{"incidents", "3", NULL, "incidents and alerts", 0, lane_3},
	{"access", "4", NULL, "requests for access and grants", 0, lane_4},
	{"cost", "5", NULL, "cost anomalies", 0, lane_5},
	{"checks", "6", NULL, "data quality, freshness, health", 0, lane_6},
	{"actions", "7", NULL, "what was started from here, and how it went", 0, lane_7},
	{"sources", "8", NULL, "where the records come from, and how fresh they are", 0,
		lane_8},
	{"changes", "9", NULL, "deploys and other changes: what may have caused the rest",
		0, lane_9},
	{"times", "T", NULL, "times in UTC, local, or in the zone of their source", 0,
		times},
	{"help", "?", NULL, "the keys of this view", 0, open_help},
	{"redraw", "C-l", NULL, "draw the screen anew", 0, redraw},
	{"suspend", "C-z", NULL, "back to the shell; fg returns", 0, suspend},
	{"close", "q", NULL, "close this view; on the first screen: leave", 0, leave},
	{"quit", "C-c", NULL, "leave watchdesk; running actions go on", 0, quit},
	{NULL},
};

bool command_moves(const struct command *c)
{
	return c->run == move_down || c->run == move_up || c->run == move_page_down ||
	       c->run == move_page_up || c->run == move_top || c->run == move_bottom;
}

enum key_about command_wants(const struct command *c)
{
	if (command_moves(c))
		return KEY_MOVES;
	return c->flags & CMD_TARGET ? KEY_TARGET : KEY_OTHER;
}

bool command_about_shown(const struct view *v, const struct command *c)
{
	if (c->flags & CMD_TARGET || command_moves(c))
		return true;
	for (const struct command *own = v->type->commands; own && own->name; own++)
		if (own == c)
			return !(c->flags & CMD_FREE);
	return false;
}

/* A command that the view can use at all; whether there is a target now is asked when it runs. */
static bool fits(const struct view *v, const struct command *c)
{
	if ((c->flags & CMD_TARGET) && !v->type->targets)
		return false;
	return !command_moves(c) || v->type->move;
}

/* A general command whose name or key the view took for itself. */
static bool hidden(const struct view *v, const struct command *c)
{
	for (const struct command *own = v->type->commands; own && own->name; own++)
		if (strcmp(own->name, c->name) == 0)
			return true;
	return false;
}

const struct command *command_at(const struct view *v, size_t i)
{
	for (const struct command *c = v->type->commands; c && c->name; c++)
		if (fits(v, c) && i-- == 0)
			return c;
	for (const struct command *c = general_commands; c->name; c++)
		if (fits(v, c) && !hidden(v, c) && i-- == 0)
			return c;
	return NULL;
}

const struct command *command_by_key(const struct view *v, int key)
{
	const struct command *c = NULL;
	for (size_t i = 0; (c = command_at(v, i)); i++)
		if (keymap_has(c->keys, key))
			return c;
	return NULL;
}

const struct command *command_by_name(const struct view *v, const char *name)
{
	const struct command *c = NULL;
	for (size_t i = 0; (c = command_at(v, i)); i++)
		if (strcmp(c->name, name) == 0)
			return c;
	return NULL;
}

/* Keys that do something take the marked ones, those that show something the one under the cursor. */
static bool has_target(struct view *v, const struct command *c)
{
	struct glance g;
	return v->type->glance &&
	       v->type->glance(v, c->flags & (CMD_ACTS | CMD_AIMED), &g);
}

bool command_able(struct view *v, const struct command *c, struct str *why)
{
	if ((c->flags & CMD_TARGET) && !has_target(v, c)) {
		str_adds(why, "Nothing is chosen here.");
		return false;
	}
	return !c->able || c->able(v, why);
}

const char *command_hint(struct view *v, const struct command *c)
{
	struct str why = STR_INIT;
	struct glance g;
	if (!c->hint)
		return NULL;
	bool able = command_able(v, c, &why);
	str_release(&why);
	if (!able || ((c->flags & CMD_ACTS) && v->app->read_only))
		return NULL;
	if (command_moves(c) && v->type->moves && !v->type->moves(v))
		return NULL;
	if (c->run == act_acknowledge && v->type->glance(v, true, &g) &&
		g.kind == KIND_ACCESS)
		return "a approve";
	return c->hint;
}

/* The sentence is on the last line then. */
static bool refused(struct view *v, const struct command *c)
{
	struct str why = STR_INIT;
	bool able = command_able(v, c, &why);
	if (!able && why.len)
		app_say(v->app, ROLE_DIM, "%s", why.buf);
	str_release(&why);
	return !able;
}

void command_run(struct view *v, const struct command *c)
{
	if ((c->flags & CMD_NOW) && v->app->ahead.playing) {
		ahead_say_dropped(v->app);
		return;
	}
	if ((c->flags & (CMD_ACTS | CMD_AIMED)) && app_just_shifted(v)) {
		app_say(v->app, ROLE_WARN,
			"The list changed just now under the cursor. Look, then press it "
			"again.");
		return;
	}
	if (refused(v, c))
		return;
	if ((c->flags & CMD_ACTS) && !app_writable(v->app))
		return;
	c->run(v);
}
