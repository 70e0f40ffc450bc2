/* Reads theme files: role -> colours and attributes. */
#include "tui/theme.h"

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/base/yaml.h"
#include <stdlib.h>
#include <string.h>

static const char *const colours[] = {"black", "red", "green", "yellow", "blue",
	"magenta", "cyan", "white", "bright-black", "bright-red", "bright-green",
	"bright-yellow", "bright-blue", "bright-magenta", "bright-cyan", "bright-white"};

static const struct style plain = {-1, -1, -1, -1, 0};

void theme_plain(struct theme *t)
{
	for (size_t i = 0; i < ROLE_COUNT; i++)
		t->roles[i] = plain;
	t->no_colour = true;
	t->roles[ROLE_TITLE].attrs = t->roles[ROLE_LANE_NOW].attrs = STYLE_BOLD;
	t->roles[ROLE_BAD].attrs = t->roles[ROLE_CURSOR].attrs = STYLE_BOLD;
	t->roles[ROLE_DANGER].attrs = STYLE_REVERSE | STYLE_BOLD;
	t->roles[ROLE_MATCH].attrs = STYLE_REVERSE;
}

static bool colour_of(const json_t *v, int16_t *out)
{
	if (json_is_integer(v)) {
		json_int_t n = json_integer_value(v);
		*out = (int16_t)n;
		return n >= 0 && n <= 255;
	}
	const char *name = json_string_value(v);
	if (!name)
		return false;
	if (strcmp(name, "default") == 0) {
		*out = -1;
		return true;
	}
	for (size_t i = 0; i < LENGTH(colours); i++) {
		if (strcmp(colours[i], name) == 0) {
			*out = (int16_t)i;
			return true;
		}
	}
	return false;
}

static bool read_colour(const struct yaml_doc *doc, const json_t *obj, const char *key,
	int16_t *many, int16_t *few, struct err *e)
{
	const json_t *v = json_object_get(obj, key), *first = v, *second = v;
	if (!v)
		return true;
	if (json_is_array(v)) {
		first = json_array_get(v, 0);
		second = json_array_get(v, 1);
	}
	if (!colour_of(first, many) || !colour_of(second, few))
		return yaml_err_value(e, doc, obj, key,
			"not a colour: use 0..255, a name such as red or bright-blue, or "
			"a pair [203, red]");
	if (*few > 15)
		return yaml_err_value(e, doc, obj, key,
			"a colour above 15 needs a second one for terminals with 16: "
			"[%d, red]",
			*many);
	return true;
}

static bool read_style(const struct yaml_doc *doc, const json_t *roles, const char *name,
	struct style *s, struct err *e)
{
	static const struct yaml_key keys[] = {
		{"fg", YAML_STRING | YAML_INT | YAML_ARRAY, false},
		{"bg", YAML_STRING | YAML_INT | YAML_ARRAY, false},
		{"bold", YAML_BOOL, false},
		{"dim", YAML_BOOL, false},
		{"underline", YAML_BOOL, false},
		{"reverse", YAML_BOOL, false},
		{"italic", YAML_BOOL, false},
		{NULL, 0, false},
	};
	static const struct {
		const char *key;
		unsigned bit;
	} attrs[] = {{"bold", STYLE_BOLD}, {"dim", STYLE_DIM},
		{"underline", STYLE_UNDERLINE}, {"reverse", STYLE_REVERSE},
		{"italic", STYLE_ITALIC}};
	const json_t *obj = json_object_get(roles, name);
	*s = plain;
	if (!obj)
		return true;
	if (!yaml_check(doc, obj, name, keys, e))
		return false;
	for (size_t i = 0; i < LENGTH(attrs); i++)
		if (json_flag(obj, attrs[i].key, false))
			s->attrs |= attrs[i].bit;
	return read_colour(doc, obj, "fg", &s->fg, &s->fg16, e) &&
	       read_colour(doc, obj, "bg", &s->bg, &s->bg16, e);
}

static bool read_doc(struct theme *t, const struct yaml_doc *doc, struct err *e)
{
	static const struct yaml_key top[] = {
		{"theme", YAML_STRING, true},
		{"title", YAML_STRING, false},
		{"roles", YAML_OBJECT, true},
		{NULL, 0, false},
	};
	struct yaml_key keys[ROLE_COUNT + 1] = {{NULL, 0, false}};
	if (!yaml_check(doc, doc->root, "theme", top, e))
		return false;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		keys[i] = (struct yaml_key){role_name((enum role)i), YAML_OBJECT, false};
	const json_t *roles = json_object_get(doc->root, "roles");
	if (!yaml_check(doc, roles, "roles", keys, e))
		return false;
	for (size_t i = 0; i < ROLE_COUNT; i++)
		if (!read_style(doc, roles, role_name((enum role)i), &t->roles[i], e))
			return false;
	return true;
}

bool theme_parse(
	struct theme *t, const char *path, const char *text, size_t len, struct err *e)
{
	struct yaml_doc doc = {0};
	theme_plain(t);
	t->no_colour = false;
	if (!yaml_parse(&doc, path, text, len, e))
		return false;
	bool ok = read_doc(t, &doc, e);
	yaml_release(&doc);
	return ok;
}

bool theme_load(struct theme *t, const char *name, struct err *e)
{
	struct yaml_doc doc = {0};
	char *below = strchr(name, '/') ? NULL : xasprintf("themes/%s.yaml", name);
	char *path = below ? file_data(below) : xstrdup(name);
	bool ok = (below || file_trusted(path, e)) && yaml_load(&doc, path, e);
	if (ok) {
		theme_plain(t);
		t->no_colour = false;
		ok = read_doc(t, &doc, e);
		yaml_release(&doc);
	} else {
		err_wrap(e, "theme %s", name);
	}
	free(path);
	free(below);
	return ok;
}
