/*
 * Framing of a script for a remote `sh -s`. Text and values travel as single-quoted strings, in which POSIX shells know no
 * special character but the quote; the login shell sees nothing of it.
 */
#include "backends/transport/ssh_private.h"

#include <string.h>

#include "backends/base/crypto.h"
#include "backends/base/mem.h"

/* Setting one of these would change the shell itself, not the script. */
static const char *const reserved[] = {"CDPATH", "ENV", "HOME", "IFS", "MAIL", "MAILPATH",
	"OLDPWD", "OPTARG", "OPTIND", "PATH", "PPID", "PWD", "SHELL", "SHELLOPTS", "UID",
	"EUID"};

void ssh_frame_init(struct ssh_frame *f)
{
	*f = (struct ssh_frame){.ready = false};
	crypto_random_hex(f->nonce, 16);
}

void ssh_frame_hello(const struct ssh_frame *f, struct str *out)
{
	str_addf(out, "printf '\\036%%s R\\n' %s\n", f->nonce);
}

static void add_quoted(struct str *out, const char *s)
{
	str_addc(out, '\'');
	for (; *s; s++) {
		if (*s == '\'')
			str_adds(out, "'\\''");
		else
			str_addc(out, *s);
	}
	str_addc(out, '\'');
}

static bool name_valid(const char *name)
{
	if (name[0] < 'A' || name[0] > 'Z' || strlen(name) > 64 ||
		name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")])
		return false;
	if (str_starts(name, "LD_") || str_starts(name, "BASH") || str_starts(name, "PS"))
		return false;
	for (size_t i = 0; i < LENGTH(reserved); i++)
		if (!strcmp(name, reserved[i]))
			return false;
	return true;
}

static bool add_variable(
	struct str *out, const char *name, const json_t *v, struct err *e)
{
	struct str text = STR_INIT_MAX(SSH_SCRIPT_MAX);
	bool ok;

	if (!name_valid(name))
		return err_set(e, ERR_CONFIG,
			"\"%s\" cannot be a variable of a script: capital letters, "
			"digits and _, not a "
			"name that the shell uses itself",
			name);
	if (json_is_object(v) || json_is_array(v))
		return err_set(e, ERR_CONFIG,
			"the script's variable %s is no single value", name);
	json_scalar_to(&text, v);
	ok = !memchr(text.buf, '\0', text.len);
	str_addf(out, "%s=", name);
	add_quoted(out, text.buf);
	str_addc(out, '\n');
	str_wipe(&text);
	return ok || err_set(e, ERR_PARSE,
			     "the script's variable %s holds a NUL character", name);
}

bool ssh_frame_script(const struct ssh_frame *f, const char *text, const json_t *vars,
	struct str *out, struct err *e)
{
	/* jansson iterates over what is not const only. */
	json_t *all = json_deep_copy(vars);
	const char *name;
	json_t *v;
	bool ok = true;

	/* The braces make it one command: a shell that sees the end of its input before the last one has
	 * run nothing. /dev/null: the script's commands must not read the rest from our stdin. The
	 * subshell keeps `exit`, `set` and `cd` of the script away from the mark. */
	str_adds(out, "{\n(\n");
	json_object_foreach (all, name, v)
		ok = ok && add_variable(out, name, v, e);
	json_wipe(all);
	str_adds(out, "eval ");
	add_quoted(out, text);
	str_addf(out, "\n) </dev/null\nprintf '\\036%%s %%d\\n' %s $?\nexit 0\n}\n",
		f->nonce);
	if (ok && out->over)
		return err_set(e, ERR_LIMIT,
			"the script and its variables are larger than %zu bytes",
			SSH_SCRIPT_MAX);
	return ok;
}

/* ---- recognising ------------------------------------------------------------------------------- */

enum match { MATCH_NO, MATCH_PART, MATCH_READY, MATCH_CODE };

/* Begins a mark. Rare in output, so that a line's end is not held back until the next line comes. */
#define MARK '\036'

/* What follows the nonce and a blank: "R\n" before READY came, "<1..3 digits>\n" after it. */
static enum match match_tail(const struct ssh_frame *f, const char *s, size_t len)
{
	size_t body = 0;

	if (!f->ready) {
		if (s[0] != 'R')
			return MATCH_NO;
		body = 1;
	}
	while (f->ready && body < len && body < 3 && s[body] >= '0' && s[body] <= '9')
		body++;
	if (body == len)
		return MATCH_PART;
	if (body == 0 || body + 1 != len || s[body] != '\n')
		return MATCH_NO;
	return f->ready ? MATCH_CODE : MATCH_READY;
}

/* Is held[len] a mark, "<MARK><nonce> R\n" or "<MARK><nonce> <1..3 digits>\n", or the beginning of one? */
static enum match match_held(const struct ssh_frame *f)
{
	const char *s = f->held;
	size_t len = f->held_len, fixed = 1 + 32 + 1;
	size_t known = len - 1 < 32 ? len - 1 : 32;

	if (s[0] != MARK || memcmp(s + 1, f->nonce, known) != 0)
		return MATCH_NO;
	if (len >= fixed && s[fixed - 1] != ' ')
		return MATCH_NO;
	return len <= fixed ? MATCH_PART : match_tail(f, s + fixed, len - fixed);
}

static int held_code(const struct ssh_frame *f)
{
	int code = 0;

	for (size_t i = 1 + 32 + 1; i + 1 < f->held_len; i++)
		code = code * 10 + (f->held[i] - '0');
	return code;
}

static void release(struct ssh_frame *f, struct str *out)
{
	if (f->ready)
		str_add(out, f->held, f->held_len);
	f->held_len = 0;
}

static void feed_byte(struct ssh_frame *f, char c, struct str *out)
{
	f->held[f->held_len++] = c;
	switch (match_held(f)) {
	case MATCH_PART:
		return;
	case MATCH_READY:
		f->held_len = 0;
		f->ready = true;
		return;
	case MATCH_CODE:
		f->code = held_code(f);
		f->held_len = 0;
		f->ended = true;
		return;
	case MATCH_NO:
		break;
	}
	/* MARK is nowhere inside of a mark: a new one can begin no earlier than at c. */
	f->held_len--;
	release(f, out);
	if (c == MARK)
		f->held[f->held_len++] = c;
	else if (f->ready)
		str_addc(out, c);
}

void ssh_frame_feed(struct ssh_frame *f, const char *bytes, size_t len, struct str *out)
{
	size_t i = 0;

	while (i < len) {
		const char *mark;
		size_t plain;

		if (f->held_len > 0 && !f->ended) {
			feed_byte(f, bytes[i++], out);
			continue;
		}
		mark = f->ended ? NULL : memchr(bytes + i, MARK, len - i);
		plain = mark ? (size_t)(mark - bytes) - i : len - i;
		if (f->ready)
			str_add(out, bytes + i, plain);
		i += plain;
		if (mark)
			feed_byte(f, bytes[i++], out);
	}
}

void ssh_frame_finish(struct ssh_frame *f, struct str *out)
{
	release(f, out);
}
