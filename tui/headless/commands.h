#ifndef TUI_COMMANDS_H
#define TUI_COMMANDS_H

#include "tui/headless/headless.h"

/*
 * The commands and the options, in two tables: what the command line is read by is what its help is made of.
 */
struct subcommand {
	const char *name, *args, *help; /* help NULL: internal */
	int (*run)(const struct arguments *a);
	bool worker; /* carried out by watchdesk-worker, which reads the line itself */
	const char *options; /* those that it takes beside --config, --store, --json */
	const char *more;    /* its page: what a line cannot say */
	const char *examples[2];
};

/* NULL: there is none of that name. */
const struct subcommand *command_find(const char *name);
/* By number, NULL after the last: all, or with those that are internal. */
const struct subcommand *command_at_number(size_t i);
/* "no such command "lst": did you mean "list"? ..." on stderr. */
void command_unknown(const char *name);
/* The same for "--limt". */
void option_unknown(const char *word);
/* All commands, and how they end. */
void commands_print(void);
/* The page of one. */
void command_print(const struct subcommand *c);
/* Is "--help" or "-h" among the words of a command that the worker's program reads? */
bool wants_help(char *const *words);

/* What an option fills: a text or a switch at an offset of struct arguments, or something of its own. */
enum fills {
	FILLS_TEXT,
	FILLS_SWITCH,
	FILLS_TARGET,
	FILLS_PARAM,
	FILLS_LIMIT,
	FILLS_PART,
};

struct command_option {
	const char *name;
	enum fills fills;
	size_t offset;
	const char *value, *help; /* value NULL: a switch */
};
/* NULL after the last. */
const struct command_option *option_at(size_t i);

#endif
