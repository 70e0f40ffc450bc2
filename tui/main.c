/* watchdesk: the command line. The commands: headless/commands.c. Those that talk to sources are the other program's. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "tui/headless/commands.h"

enum { OPTIONS_MAX = 48, OPTION_FIRST = 256 };

/* How many words before the command are --config and --store with their files. */
static int words_before(int argc, char **argv)
{
	int i = 1;

	while (i < argc &&
		(str_starts(argv[i], "--config") || str_starts(argv[i], "--store")))
		i += strchr(argv[i], '=') ? 1 : 2;
	return i < argc ? i - 1 : 0;
}

/* The command comes first there, and what stood before it behind. */
static int exec_worker(int argc, char **argv, int before)
{
	char *folder = file_exe_dir(),
	     *program = xasprintf("%s/watchdesk-worker", folder),
	     **words = xcalloc((size_t)argc + 1, sizeof(*words));
	int n = 0;

	words[n++] = program;
	for (int i = before + 1; i < argc; i++)
		words[n++] = argv[i];
	for (int i = 1; i <= before; i++)
		words[n++] = argv[i];
	execv(program, words);
	fprintf(stderr,
		"watchdesk: %s cannot be started: build or install both programs into "
		"one folder\n",
		program);
	return EXIT_NO_STORE;
}

static bool add_word(const char **list, int *n, int most, const char *word)
{
	if (*n >= most) {
		fprintf(stderr, "watchdesk: at most %d of these\n", most);
		return false;
	}
	list[(*n)++] = word;
	return true;
}

static bool number(const char *text, long long most, long long *out)
{
	if (str_to_int(text, out) && *out >= 0 && *out <= most)
		return true;
	fprintf(stderr, "watchdesk: \"%s\" is not a number of 0 to %lld\n", text, most);
	return false;
}

static bool take(struct arguments *a, const struct command_option *o)
{
	char *at = (char *)a + o->offset;
	long long part;

	switch (o->fills) {
	case FILLS_TEXT:
		memcpy(at, &optarg, sizeof(optarg));
		return true;
	case FILLS_SWITCH:
		*(bool *)at = true;
		return true;
	case FILLS_TARGET:
		return add_word(
			a->targets, &a->n_targets, (int)LENGTH(a->targets), optarg);
	case FILLS_PARAM:
		return add_word(a->params, &a->n_params, (int)LENGTH(a->params), optarg);
	case FILLS_LIMIT:
		return number(optarg, 100000, &a->limit);
	case FILLS_PART:
		if (!number(optarg, 10000, &part))
			return false;
		a->part = (int)part;
		return true;
	}
	return false;
}

static bool refuse(int c, char **argv)
{
	if (c == ':')
		fprintf(stderr, "watchdesk: %s wants a value\n", argv[optind - 1]);
	else
		option_unknown(argv[optind - 1]);
	return false;
}

static bool parse(int argc, char **argv, struct arguments *a)
{
	struct option list[OPTIONS_MAX + 1] = {{NULL, 0, NULL, 0}};
	int c;

	for (int i = 0; option_at((size_t)i); i++) {
		const struct command_option *o = option_at((size_t)i);

		BUG_ON(i == OPTIONS_MAX);
		list[i] = (struct option){o->name,
			o->value ? required_argument : no_argument, NULL,
			i + OPTION_FIRST};
	}
	opterr = 0;
	while ((c = getopt_long(argc, argv, ":h", list, NULL)) != -1) {
		if (c == 'h')
			a->help = true;
		else if (c < OPTION_FIRST)
			return refuse(c, argv);
		else if (!take(a, option_at((size_t)(c - OPTION_FIRST))))
			return false;
	}
	return true;
}

static int run(int argc, char **argv, struct arguments *a)
{
	const char *name = optind < argc ? argv[optind] : "console";
	const struct subcommand *c = command_find(name);

	if (a->version) {
		printf("watchdesk %s\n", WD_VERSION);
		return EXIT_DONE;
	}
	if (a->help && (optind >= argc || !c || !c->help)) {
		commands_print();
		return EXIT_DONE;
	}
	if (a->help) {
		command_print(c);
		return EXIT_DONE;
	}
	if (!c) {
		command_unknown(name);
		return EXIT_WRONG_CALL;
	}
	if (!c->run) {
		fprintf(stderr, "watchdesk: this command comes first: watchdesk %s ...\n",
			name);
		return EXIT_WRONG_CALL;
	}
	a->rest = argv + (optind < argc ? optind + 1 : argc);
	a->n_rest = argc - (int)(a->rest - argv);
	return c->run(a);
}

int main(int argc, char **argv)
{
	struct arguments a = {.part = -1};
	const struct subcommand *c;
	int before;

	utf8_locale();
	before = words_before(argc, argv);
	c = argc > before + 1 ? command_find(argv[before + 1]) : NULL;
	if (c && c->worker && !wants_help(argv + before + 2))
		return exec_worker(argc, argv, before);
	if (c && c->worker) {
		command_print(c);
		return file_end_output(EXIT_DONE);
	}
	if (!parse(argc, argv, &a))
		return EXIT_WRONG_CALL;
	return file_end_output(run(argc, argv, &a));
}
