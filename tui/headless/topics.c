/* watchdesk help [COMMAND|TOPIC]. */
#include <stdio.h>
#include <string.h>

#include "tui/headless/commands.h"

int cmd_help(const struct arguments *a)
{
	const struct subcommand *c = a->n_rest > 0 ? command_find(a->rest[0]) : NULL;

	if (a->n_rest == 0)
		commands_print();
	else if (c && c->help)
		command_print(c);
	else
		command_unknown(a->rest[0]);
	return a->n_rest == 0 || (c && c->help) ? EXIT_DONE : EXIT_WRONG_CALL;
}
