/*
 * Does a source of the configuration give its connector what it declares? The typed settings come out.
 */
#include "backends/base/secret.h"
#include "backends/connector/source_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct check {
	const struct connector *def;
	const struct config *cfg;
	const struct config_source *src;
	struct err *e;
};

static bool wrong(const struct check *k, const char *key, const char *words)
{
	return yaml_err_value(
		k->e, &k->cfg->doc, k->src->values, key, "%s must be %s", key, words);
}

char *source_path(const struct config *cfg, const char *path)
{
	const char *home = getenv("HOME");
	if (!path)
		return NULL;
	if (path[0] == '~' && path[1] == '/' && home)
		return xasprintf("%s%s", home, path + 1);
	return path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", cfg->folder, path);
}

static json_t *path_value(const struct check *k, const char *text)
{
	char *full = source_path(k->cfg, text);
	json_t *v = json_string(full);
	free(full);
	return v;
}

static json_t *url_value(const struct check *k, const char *key, const char *text)
{
	struct str origin = STR_INIT_MAX(2048);
	struct err why = ERR_INIT;
	bool ok = http_origin(text, &origin, &why);
	str_release(&origin);
	if (!ok) {
		yaml_err_value(
			k->e, &k->cfg->doc, k->src->values, key, "%s: %s", key, why.msg);
		return NULL;
	}
	size_t len = strlen(text);
	while (len && text[len - 1] == '/')
		len--;
	return json_stringn(text, len);
}

static json_t *enum_value(
	const struct check *k, const struct def_setting *d, const json_t *v)
{
	struct str words = STR_INIT_MAX(200);
	const json_t *one;
	size_t i;
	json_array_foreach (d->values, i, one) {
		if (json_equal(one, v)) {
			str_release(&words);
			return json_incref((json_t *)(uintptr_t)v);
		}
		str_addf(&words, "%s%s", i ? ", " : "one of ", json_string_value(one));
	}
	wrong(k, d->name, words.buf);
	str_release(&words);
	return NULL;
}

static bool text_list(const json_t *v)
{
	const json_t *one;
	size_t i;
	json_array_foreach (v, i, one)
		if (json_is_object(one) || json_is_array(one))
			return false;
	return json_is_array(v);
}

/* The checked value, a new reference; NULL with e. */
static json_t *value_of(const struct check *k, const struct def_setting *d, json_t *v)
{
	const char *text = json_string_value(v);
	usec_t t;
	bool fits = false;
	const char *words = "";
	switch (d->type) {
	case SETTING_URL:
		if (text)
			return url_value(k, d->name, text);
		words = "a URL, https://...";
		break;
	case SETTING_PATH:
		if (text && *text)
			return path_value(k, text);
		words = "a path";
		break;
	case SETTING_ENUM:
		return enum_value(k, d, v);
	case SETTING_STRING:
		if (json_is_integer(v))
			return json_sprintf("%lld", (long long)json_integer_value(v));
		fits = text != NULL;
		words = "a text";
		break;
	case SETTING_INT:
		fits = json_is_integer(v);
		words = "a whole number";
		break;
	case SETTING_BOOL:
		fits = json_is_boolean(v);
		words = "true or false";
		break;
	case SETTING_LIST:
		fits = text_list(v);
		words = "a list of texts";
		break;
	case SETTING_DURATION:
		fits = text && clock_parse_duration(text, &t);
		words = "a duration such as 30s";
		break;
	}
	if (fits)
		return json_incref(v);
	wrong(k, d->name, words);
	return NULL;
}

static bool read_settings(const struct check *k, json_t *out)
{
	for (size_t i = 0; i < k->def->n_settings; i++) {
		const struct def_setting *d = &k->def->settings[i];
		json_t *v = json_object_get(k->src->values, d->name);
		if (!v && d->required)
			return yaml_err(k->e, &k->cfg->doc, k->src->values, NULL,
				"source %s needs the key \"%s\" (connector %s)",
				k->src->name, d->name, k->def->name);
		if (!v && d->fallback) {
			json_object_set(out, d->name, (json_t *)(uintptr_t)d->fallback);
			continue;
		}
		json_t *typed = v ? value_of(k, d, v) : json_null();
		if (!typed)
			return false;
		json_object_set_new(out, d->name, typed);
	}
	return true;
}

static bool read_secrets(const struct check *k)
{
	for (size_t i = 0; i < k->def->n_secrets; i++) {
		const struct def_secret *d = &k->def->secrets[i];
		const json_t *v = json_object_get(k->src->values, d->name);
		struct err why = ERR_INIT;
		if (!v && d->required)
			return yaml_err(k->e, &k->cfg->doc, k->src->values, NULL,
				"source %s needs the secret \"%s\": write %s: {command: "
				"[...]} or {file: ...}",
				k->src->name, d->name, d->name);
		if (v && !secret_spec_check(v, &why))
			return yaml_err_value(k->e, &k->cfg->doc, k->src->values, d->name,
				"%s: %s", d->name, why.msg);
	}
	return true;
}

static bool known_key(const struct check *k, const char *key)
{
	const char *names[96] = {NULL};
	size_t n = 0;
	for (const struct yaml_key *own = config_source_keys; own->name; own++)
		names[n++] = own->name;
	for (size_t i = 0; i < k->def->n_settings && n < LENGTH(names); i++)
		names[n++] = k->def->settings[i].name;
	for (size_t i = 0; i < k->def->n_secrets && n < LENGTH(names); i++)
		names[n++] = k->def->secrets[i].name;
	for (size_t i = 0; i < n; i++)
		if (strcmp(names[i], key) == 0)
			return true;
	const char *near = yaml_nearest(key, names, n);
	if (near)
		return yaml_err(k->e, &k->cfg->doc, k->src->values, key,
			"unknown key \"%s\" in source %s: did you mean \"%s\"?", key,
			k->src->name, near);
	struct str list = STR_INIT_MAX(240);
	for (size_t i = 0; i < n; i++)
		str_addf(&list, "%s%s", i ? ", " : "", names[i]);
	yaml_err(k->e, &k->cfg->doc, k->src->values, key,
		"unknown key \"%s\" in source %s: connector %s takes %s", key,
		k->src->name, k->def->name, list.buf);
	str_release(&list);
	return false;
}

/* Every request would fail on it. */
static bool check_file(const struct check *k, const char *key)
{
	char *path = source_path(k->cfg, json_str(k->src->values, key, NULL));
	bool ok = !path || access(path, R_OK) == 0 ||
		  yaml_err_value(k->e, &k->cfg->doc, k->src->values, key, "%s: %s: %s",
			  key, path, strerror(errno));
	free(path);
	return ok;
}

/* A key is a secret, though a library reads it: whoever else may read or change its file is found here. */
static bool check_client_key(const struct check *k)
{
	const char *key = json_object_get(k->src->values, "client_key") ? "client_key"
									: "client_cert";
	char *path = source_path(k->cfg, json_str(k->src->values, key, NULL));
	struct err why = ERR_INIT;
	bool ok = !path || secret_file_check(path, &why) ||
		  yaml_err_value(k->e, &k->cfg->doc, k->src->values, key, "%s: %s", key,
			  why.msg);
	free(path);
	return ok;
}

static bool check_keys(const struct check *k)
{
	json_t *values = (json_t *)(uintptr_t)k->src->values, *v;
	const char *key;
	json_object_foreach (values, key, v)
		if (!known_key(k, key))
			return false;
	return check_file(k, "ca_file") && check_file(k, "client_cert") &&
	       check_client_key(k);
}

json_t *source_settings(const struct connector *c, const struct config *cfg,
	const struct config_source *s, struct err *e)
{
	struct check k = {c, cfg, s, e};
	json_t *out = json_object();
	if (check_keys(&k) && read_settings(&k, out) && read_secrets(&k))
		return out;
	json_decref(out);
	return NULL;
}
