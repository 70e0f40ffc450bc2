/*
 * Values from outside as text, times and safe trees.
 */
#include "backends/base/log.h"
#include "backends/base/utf8.h"
#include "backends/connector/mapping.h"

#include <string.h>

static bool printable(const char *s, size_t len)
{
	for (size_t i = str_plain(s, len); i < len; i++)
		if (s[i] < ' ' || s[i] > '~')
			return false;
	return true;
}

/* As it is, it may be stored and shown. A far side may say back what it was sent, a secret among it. */
static bool plain(const char *s, size_t len)
{
	return printable(s, len) && !log_has_secret(s, len);
}

/* Scrubbed before it is cut: half a secret is a hint. */
static void make_safe(
	struct str *out, const char *s, size_t len, size_t max, enum utf8_flags flags)
{
	struct str raw = STR_INIT, safe = STR_INIT;
	if (log_has_secret(s, len)) {
		str_add(&raw, s, len);
		log_scrub_bulk(&raw);
		s = raw.buf;
		len = raw.len;
	}
	utf8_clean(&safe, s, len, 8 * len, flags);
	log_scrub_bulk(&safe); /* what is not seen may have parted it */
	utf8_clean(out, safe.buf, safe.len, max, flags);
	str_wipe(&raw);
	str_wipe(&safe);
}

static const char *to_text(struct arena *a, const json_t *v, size_t max, bool is_id)
{
	const char *s = json_string_value(v);
	size_t len = s ? json_string_length(v) : 0;
	if (!v || json_is_null(v))
		return "";
	if (s && len <= max && (is_id ? printable(s, len) : plain(s, len)))
		return arena_strndup(a, s, len);
	struct str raw = STR_INIT_MAX(1 << 20), safe = STR_INIT_MAX(max + 16);
	if (!s) {
		json_scalar_to(&raw, v);
		s = raw.buf;
		len = raw.len;
	}
	if (is_id)
		utf8_clean(&safe, s, len, max, UTF8_ONE_LINE);
	else
		make_safe(&safe, s, len, max, UTF8_ONE_LINE);
	const char *out = arena_strndup(a, safe.buf, safe.len);
	str_release(&raw);
	str_release(&safe);
	return out;
}

const char *map_text(struct arena *a, const json_t *v, size_t max)
{
	return to_text(a, v, max, false);
}

const char *map_id_text(struct arena *a, const json_t *v, size_t max)
{
	return to_text(a, v, max, true);
}

usec_t map_time(const json_t *v)
{
	usec_t t = 0;
	double number = 0;
	const char *text = json_string_value(v);
	if (json_is_number(v))
		return clock_from_epoch(json_number_value(v));
	if (!text || clock_parse(text, &t))
		return t;
	return str_to_double(text, &number) ? clock_from_epoch(number) : 0;
}

/* ---- trees: depth is bounded by JSON_DEPTH_MAX of json_read ---- */

struct look {
	size_t size, max;
	bool safe;
};

static void look(struct look *l, json_t *v)
{
	const char *key;
	json_t *sub;
	size_t i, len;
	if (l->size > l->max)
		return;
	l->size += 4;
	if (json_is_string(v)) {
		l->size += json_string_length(v);
		l->safe = l->safe && plain(json_string_value(v), json_string_length(v));
		return;
	}
	json_array_foreach (v, i, sub)
		look(l, sub);
	json_object_keylen_foreach(v, key, len, sub)
	{
		l->size += len;
		l->safe = l->safe && plain(key, len);
		look(l, sub);
	}
}

bool map_gives_away(json_t *v)
{
	const char *key;
	json_t *sub;
	size_t i;
	bool away = json_is_string(v) &&
		    log_gives_away(json_string_value(v), json_string_length(v));
	json_array_foreach (v, i, sub)
		away = away || map_gives_away(sub);
	json_object_foreach (v, key, sub)
		away = away || log_gives_away(key, strlen(key)) || map_gives_away(sub);
	return away;
}

static json_t *safe_string(const char *s, size_t len, size_t max)
{
	struct str out = STR_INIT;
	make_safe(&out, s, len, max, UTF8_LINES);
	json_t *v = json_stringn(out.buf, out.len);
	str_release(&out);
	return v ? v : json_string("");
}

static json_t *safe_copy(json_t *v, size_t max)
{
	const char *key;
	json_t *sub, *out;
	size_t i;
	if (json_is_string(v))
		return safe_string(json_string_value(v), json_string_length(v), max);
	if (json_is_array(v)) {
		out = json_array();
		json_array_foreach (v, i, sub)
			json_array_append_new(out, safe_copy(sub, max));
		return out;
	}
	if (!json_is_object(v))
		return json_incref(v);
	out = json_object();
	json_object_foreach (v, key, sub) {
		json_t *name = safe_string(key, strlen(key), 512);
		json_object_set_new(out, json_string_value(name), safe_copy(sub, max));
		json_decref(name);
	}
	return out;
}

json_t *map_safe_tree(json_t *v, size_t max)
{
	struct look l = {0, max, true};
	look(&l, v);
	if (l.size > max)
		return json_pack("{s:b}", "cut", true);
	return l.safe ? json_incref(v) : safe_copy(v, max);
}
