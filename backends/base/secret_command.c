/*
 * Secrets that a program tells. A password manager may ask for a finger or write to its own log, and 200 sources ask it
 * often: one command runs once at a time, and what it said is kept for as long as that is good.
 */
#include "backends/base/secret_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "backends/base/crypto.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/shown.h"

#define STDERR_MAX 512
#define COMMAND_MS 10000
#define KEPT_MS ((int64_t)600000)
/* A refused secret is not asked for again at once: the far side may refuse any. */
#define RENEW_MS ((int64_t)60000)

struct waiter {
	struct waiter *next;
	secret_fn *fn;
	void *arg;
};

struct command {
	struct command *next;
	struct loop *loop;
	json_t *spec;
	struct loop_child *child; /* NULL: it does not run */
	struct waiter *waiters;
	struct str out, complaint;
	char *value; /* kept, or NULL */
	int64_t got_ms, until_ms;
	char owners[2]; /* log_redact_renewed: by their addresses */
	unsigned turn;
};

/* Process-wide as the environment of secret.c is: sources come and go with the configuration, what they ask stays. */
static struct command *commands;

static void drop_value(struct command *c)
{
	if (c->value)
		explicit_bzero(c->value, strlen(c->value));
	free(c->value);
	c->value = NULL;
}

static struct command *find(struct loop *l, const json_t *spec)
{
	for (struct command *c = commands; c; c = c->next)
		if (c->loop == l && json_equal(c->spec, spec))
			return c;
	return NULL;
}

static struct command *find_or_add(struct loop *l, const json_t *spec)
{
	struct command *c = find(l, spec);

	if (c)
		return c;
	c = xcalloc(1, sizeof(*c));
	c->loop = l;
	c->spec = json_deep_copy(spec);
	str_init(&c->out, SECRET_MAX);
	str_init(&c->complaint, SECRET_MAX);
	c->next = commands;
	commands = c;
	return c;
}

/* ---- how long it is good ---- */

static usec_t time_of(const char *text)
{
	usec_t t = 0;
	double number;

	if (clock_parse(text, &t))
		return t;
	return str_to_double(text, &number) ? clock_from_epoch(number) : 0;
}

/* "expires: TIME" on a line of its own after the first. */
static usec_t said_expiry(const char *more)
{
	static const char word[] = "expires:";
	usec_t at = 0;

	while (*more) {
		size_t len = strcspn(more, "\r\n");

		if (strncmp(more, word, sizeof(word) - 1) == 0) {
			char *text =
				xstrndup(more + sizeof(word) - 1, len - sizeof(word) + 1);

			at = time_of(text + strspn(text, " \t"));
			free(text);
		}
		more += len + strspn(more + len, "\r\n");
	}
	return at;
}

/* A JWT says it itself: the `exp` of its second part. */
static usec_t token_expiry(const char *value)
{
	const char *first = strchr(value, '.'),
		   *second = first ? strchr(first + 1, '.') : NULL;
	struct str text = STR_INIT_MAX(SECRET_MAX), part = STR_INIT_MAX(SECRET_MAX);
	struct err ignored = ERR_INIT;
	json_t *v = NULL;
	usec_t at = 0;

	for (const char *p = first ? first + 1 : value; p < second; p++)
		str_addc(&part, *p);
	for (size_t i = 0; i < part.len; i++)
		if (part.buf[i] == '-' || part.buf[i] == '_')
			part.buf[i] = part.buf[i] == '-' ? '+' : '/';
	if (part.len && crypto_unbase64(&text, part.buf, part.len) && text.buf[0] == '{')
		v = json_read(text.buf, text.len, &ignored);
	if (json_is_number(json_object_get(v, "exp")))
		at = clock_from_epoch(json_num(v, "exp", 0));
	json_wipe(v);
	str_wipe(&text);
	str_wipe(&part);
	return at;
}

/* A tenth early, so that it does not end on its way. */
static int64_t good_for_ms(const char *value, const char *more)
{
	usec_t at = said_expiry(more);
	int64_t left;

	if (!at)
		at = token_expiry(value);
	if (!at)
		return KEPT_MS;
	left = (at - clock_now()) / 1000;
	return left > 0 ? left - left / 10 : 0;
}

/* ---- running ---- */

static void tell_all(struct command *c, const char *value, const struct err *e)
{
	struct waiter *list = c->waiters;

	c->waiters = NULL;
	while (list) {
		struct waiter *w = list;

		list = w->next;
		w->fn(w->arg, value, e);
		free(w);
	}
}

static const char *program(const struct command *c)
{
	return json_string_value(json_array_get(json_object_get(c->spec, "command"), 0));
}

static bool ended_well(const struct command *c, int status, bool timed_out, struct err *e)
{
	struct str said = STR_INIT_MAX(2UL * STDERR_MAX);

	shown_safely(
		&said, c->complaint.buf, c->complaint.len, STDERR_MAX, UTF8_ONE_LINE);
	const char *colon = said.len ? ": " : "";
	if (timed_out)
		err_set(e, ERR_TIMEOUT,
			"the secret's command %s gave no answer in 10 s%s%s", program(c),
			colon, said.buf);
	else if (WIFSIGNALED(status))
		err_set(e, ERR_CONFIG,
			"the secret's command %s was ended by signal %d%s%s", program(c),
			WTERMSIG(status), colon, said.buf);
	else if (WEXITSTATUS(status) != 0)
		err_set(e, ERR_CONFIG,
			"the secret's command %s failed with status %d%s%s", program(c),
			WEXITSTATUS(status), colon, said.buf);
	else if (c->out.over)
		err_set(e, ERR_LIMIT, "the secret's command %s wrote more than 64 KiB",
			program(c));
	str_release(&said);
	return e->code == ERR_NONE;
}

/* The first line is the secret. */
static bool take(struct command *c, struct err *e)
{
	size_t line = strcspn(c->out.buf, "\r\n");
	int64_t good = good_for_ms(c->out.buf, c->out.buf + line);

	/* A NUL ends it for strcspn: what is behind it must not be lost without a word. */
	if (c->out.buf[line] == '\0')
		line = c->out.len;
	str_cut(&c->out, line);
	if (!secret_good(&c->out, e))
		return false;
	c->value = xstrdup(c->out.buf);
	c->got_ms = clock_mono_ms();
	c->until_ms = c->got_ms + good;
	/* A token is another one every few minutes, for years: the one before may still turn up, in what is under way. */
	log_redact_renewed(&c->owners[c->turn++ % 2], c->value);
	return true;
}

static void on_exit_status(void *arg, int status, bool timed_out)
{
	struct command *c = arg;
	struct err e = ERR_INIT;
	bool ok;

	c->child = NULL;
	ok = ended_well(c, status, timed_out, &e) && take(c, &e);
	str_wipe(&c->out);
	str_clear(&c->complaint);
	/* Told from a copy of its own: a callback may drop the kept one. */
	char *value = ok ? xstrdup(c->value) : NULL;
	tell_all(c, value, ok ? NULL : &e);
	if (value)
		explicit_bzero(value, strlen(value));
	free(value);
}

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct command *c = arg;

	str_add(stream == 1 ? &c->out : &c->complaint, bytes, len);
}

static void run(struct command *c)
{
	const json_t *list = json_object_get(c->spec, "command");
	size_t n = json_array_size(list);
	const char **argv = xcalloc(n + 1, sizeof(*argv));
	struct err e = ERR_INIT;
	struct loop_child_spec child = {.argv = argv,
		.deadline_ms = COMMAND_MS,
		.on_output = on_output,
		.on_exit = on_exit_status,
		.arg = c};

	for (size_t i = 0; i < n; i++)
		argv[i] = json_string_value(json_array_get(list, i));
	secret_make_room(&c->out);
	c->child = loop_spawn(c->loop, &child, &e);
	free(argv);
	if (!c->child) {
		err_wrap(&e, "the secret's command");
		tell_all(c, NULL, &e);
	}
}

void secret_command(struct loop *l, const json_t *spec, secret_fn *fn, void *arg)
{
	struct command *c = find_or_add(l, spec);
	struct waiter *w;

	if (c->value && clock_mono_ms() < c->until_ms) {
		char *value = xstrdup(c->value);

		fn(arg, value, NULL);
		explicit_bzero(value, strlen(value));
		free(value);
		return;
	}
	drop_value(c);
	w = xcalloc(1, sizeof(*w));
	*w = (struct waiter){c->waiters, fn, arg};
	c->waiters = w;
	if (!c->child)
		run(c);
}

void secret_refused(struct loop *l, const json_t *spec)
{
	struct command *c = find(l, spec);

	if (c && c->value && clock_mono_ms() >= c->got_ms + RENEW_MS)
		drop_value(c);
}

void secret_forget(struct loop *l)
{
	struct command **at = &commands;
	struct err ending = {ERR_CONFIG, "the program ends"};

	while (*at) {
		struct command *c = *at;

		if (c->loop != l) {
			at = &c->next;
			continue;
		}
		*at = c->next;
		if (c->child)
			loop_child_abandon(c->child);
		tell_all(c, NULL, &ending);
		drop_value(c);
		str_wipe(&c->out);
		str_release(&c->complaint);
		json_decref(c->spec);
		free(c);
	}
}
