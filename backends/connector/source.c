/*
 * A source: an instance of a connector at work. It knows what is under way, so that freeing it ends everything.
 */
#include "backends/base/log.h"
#include "backends/connector/source_private.h"

#include <stdlib.h>
#include <string.h>

void op_add(struct source *s, struct op *op, void (*cancel)(struct op *op))
{
	op->cancel = cancel;
	op->next = s->ops;
	op->at = &s->ops;
	if (s->ops)
		s->ops->at = &op->next;
	s->ops = op;
}

void op_remove(struct op *op)
{
	*op->at = op->next;
	if (op->next)
		op->next->at = op->at;
}

json_t *source_scope(const struct source *s)
{
	char now[32];
	clock_format(now, sizeof(now), clock_now(), false);
	return json_pack("{s:O,s:O,s:O,s:s,s:s}", "settings", s->settings, "given",
		s->given, "source", s->info, "operator", s->reach.config->operator_name,
		"now", now);
}

json_t *scope_with(json_t *scope, const char *key, json_t *value)
{
	json_t *copy = json_copy(scope);
	json_object_set(copy, key, value ? value : json_null());
	return copy;
}

void scope_merge(json_t *scope, json_t *more)
{
	if (json_is_object(more))
		json_object_update_missing(scope, more);
}

void scrub_err(struct err *e)
{
	if (e->code == ERR_NONE)
		return;
	struct str text = STR_INIT_MAX(4 * sizeof(e->msg));
	str_adds(&text, e->msg);
	log_scrub(&text);
	str_copy(e->msg, sizeof(e->msg), text.buf);
	str_wipe(&text);
}

void json_wipe_own(json_t *v)
{
	const char *key;
	json_t *sub;
	size_t i;
	if (!v || v->refcount != 1) {
		json_decref(v);
		return;
	}
	if (json_is_string(v)) {
		json_wipe(v);
		return;
	}
	/* containers: each member is judged alone, so it must lose its place first */
	if (json_is_object(v)) {
		void *it;
		while ((it = json_object_iter(v))) {
			key = json_object_iter_key(it);
			sub = json_incref(json_object_iter_value(it));
			json_object_del(v, key);
			json_wipe_own(sub);
		}
	} else if (json_is_array(v)) {
		for (i = json_array_size(v); i-- > 0;) {
			sub = json_incref(json_array_get(v, i));
			json_array_remove(v, i);
			json_wipe_own(sub);
		}
	}
	json_decref(v);
}

static bool choose_auth(struct source *s, struct err *e)
{
	json_t *scope = source_scope(s);
	s->auth = NULL;
	for (size_t i = 0; i < s->def->n_auth && !s->auth; i++) {
		const struct def_auth *a = &s->def->auth[i];
		json_t *holds =
			a->when.jmes ? jmes_search(a->when.jmes, scope, scope, e) : NULL;
		if (a->when.jmes && !holds) {
			json_decref(scope);
			return err_wrap(e, "source %s: auth.when", s->cfg.name);
		}
		if (!a->when.jmes || jmes_truthy(holds))
			s->auth = a;
		json_decref(holds);
	}
	json_decref(scope);
	return s->auth ||
	       err_set(e, ERR_CONFIG,
		       "source %s: no kind of auth of connector %s fits the given "
		       "settings and secrets",
		       s->cfg.name, s->def->name);
}

static json_t *given_secrets(const struct connector *c, const json_t *values)
{
	json_t *given = json_object();
	for (size_t i = 0; i < c->n_secrets; i++)
		json_object_set_new(given, c->secrets[i].name,
			json_boolean(
				json_object_get(values, c->secrets[i].name) != NULL));
	return given;
}

struct source *source_new(const struct reach *reach, struct connector *c,
	const struct config_source *cfg, struct err *e)
{
	json_t *settings = source_settings(c, reach->config, cfg, e);
	if (!settings) {
		connector_free(c);
		return NULL;
	}
	struct source *s = xcalloc(1, sizeof(*s));
	s->reach = *reach;
	s->def = c;
	s->cfg = *cfg;
	s->settings = settings;
	s->given = given_secrets(c, cfg->values);
	s->info = json_pack("{s:s,s:s}", "name", cfg->name, "env", cfg->env);
	s->ca_file = source_path(reach->config, json_str(cfg->values, "ca_file", NULL));
	s->client_cert =
		source_path(reach->config, json_str(cfg->values, "client_cert", NULL));
	s->client_key =
		source_path(reach->config, json_str(cfg->values, "client_key", NULL));
	s->proxy = json_str(cfg->values, "proxy", NULL);
	s->plain_http = json_flag(cfg->values, "plain_http", false);
	if (!choose_auth(s, e)) {
		source_free(s);
		return NULL;
	}
	if (s->auth->kind == AUTH_LOGIN)
		s->login = login_new(s);
	return s;
}

/* Reading and compiling a file takes longer than all else of a source. */
static struct connector *find_connector(const struct reach *reach,
	const struct config_source *cfg, const struct source *like, struct err *e)
{
	if (like && str_equal(like->cfg.connector, cfg->connector))
		return connector_share(like->def);
	char *path = config_find(
		reach->config, "connectors", "backends/catalog", cfg->connector, e);
	struct connector *c = path ? connector_load(path, e) : NULL;
	free(path);
	return c;
}

struct source *source_open(const struct reach *reach, const struct config_source *cfg,
	const struct source *like, struct err *e)
{
	struct connector *c = find_connector(reach, cfg, like, e);
	return c ? source_new(reach, c, cfg, e) : NULL;
}

void source_free(struct source *s)
{
	if (!s)
		return;
	while (s->ops)
		s->ops->cancel(s->ops);
	login_free(s->login);
	json_decref(s->settings);
	json_decref(s->given);
	json_decref(s->info);
	free(s->ca_file);
	free(s->client_cert);
	free(s->client_key);
	connector_free(s->def);
	free(s);
}

bool source_busy(const struct source *s)
{
	return s->ops != NULL;
}

void source_config(struct source *s, const struct config_source *cfg)
{
	s->cfg = *cfg;
	s->proxy = json_str(cfg->values, "proxy", NULL);
}

const char *source_name(const struct source *s)
{
	return s->cfg.name;
}

const struct connector *source_connector(const struct source *s)
{
	return s->def;
}

bool source_secret(
	const struct source *s, size_t i, const char **name, const json_t **spec)
{
	if (i >= s->def->n_secrets)
		return false;
	*name = s->def->secrets[i].name;
	*spec = json_object_get(s->cfg.values, *name);
	return true;
}

int64_t source_every_ms(const struct source *s, size_t collection)
{
	const struct def_collect *d = &s->def->collects[collection];
	int64_t every = s->cfg.every_ms ? s->cfg.every_ms : d->every_ms;
	return every > d->min_every_ms ? every : d->min_every_ms;
}

int64_t source_min_every_ms(const struct source *s, size_t collection)
{
	return s->def->collects[collection].min_every_ms;
}
