/* Keys of commands: reading the lists, and the rules that tables must keep. */
#include "tui/keymap.h"

#include <string.h>

/* The i-th word of a list separated by blanks. */
static const char *word_at(const char *list, size_t i, size_t *len)
{
	while (list && *list) {
		list += strspn(list, " ");
		*len = strcspn(list, " ");
		if (*len && i-- == 0)
			return list;
		list += *len;
	}
	return NULL;
}

bool keymap_at(const char *keys, size_t i, int *key)
{
	size_t len = 0;
	const char *word = word_at(keys, i, &len);
	return word && key_parse(word, len, key);
}

bool keymap_has(const char *keys, int key)
{
	int k = 0;
	for (size_t i = 0; keymap_at(keys, i, &k); i++)
		if (k == key)
			return true;
	return false;
}

void keymap_all(const char *keys, struct str *out)
{
	int key = 0;
	char name[16];
	for (size_t i = 0; keymap_at(keys, i, &key); i++) {
		key_format(name, key);
		str_addf(out, "%s%s", i ? ", " : "", name);
	}
}

static bool check_keys(
	const struct command *c, const struct command *table, struct err *e)
{
	size_t len = 0;
	const char *word = NULL;
	for (size_t i = 0; (word = word_at(c->keys, i, &len)); i++) {
		int key = 0;
		if (!key_parse(word, len, &key))
			return err_set(e, ERR_CONFIG, "command %s: \"%.*s\" is no key",
				c->name, (int)len, word);
		bool control =
			key < ' ' && key != K_TAB && key != K_ENTER && key != K_ESC;
		if (control && (c->flags & CMD_ACTS))
			return err_set(e, ERR_CONFIG,
				"command %s: a change must not be on a control key",
				c->name);
		for (const struct command *o = table; o != c; o++)
			if (keymap_has(o->keys, key))
				return err_set(e, ERR_CONFIG,
					"key %.*s: given to %s and to %s", (int)len, word,
					o->name, c->name);
	}
	return true;
}

bool keymap_check(const struct command *table, struct err *e)
{
	for (const struct command *c = table; c && c->name; c++) {
		if (!c->help || !*c->help)
			return err_set(e, ERR_CONFIG, "command %s: has no help", c->name);
		if (!c->run)
			return err_set(
				e, ERR_CONFIG, "command %s: does nothing", c->name);
		for (const struct command *o = table; o != c; o++)
			if (strcmp(o->name, c->name) == 0)
				return err_set(e, ERR_CONFIG, "command %s: listed twice",
					c->name);
		if (!check_keys(c, table, e))
			return false;
	}
	return true;
}
