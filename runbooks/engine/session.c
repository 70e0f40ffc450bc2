/* Handing over the environment of a session. One JSON object a connection, name -> value, closed by the end of what is sent. */
#include "runbooks/engine/session.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backends/base/json.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/secret.h"
#include "runbooks/engine/worker.h"

enum { OFFER_MAX = 64 << 10, DEPTH_MAX = 16, WITHIN_MS = 2000 };

static const char *const always[] = {"SSH_AUTH_SOCK", "KRB5CCNAME", "HTTPS_PROXY",
	"https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY",
	"no_proxy"};

struct session_door {
	struct worker *worker;
	char *path;
	int fd, guest; /* guest: one at a time; -1: none */
	struct loop_watch *watch, *reading;
	struct loop_timer *timer;
	struct str text;
};

static bool address(const char *store_path, struct sockaddr_un *at)
{
	*at = (struct sockaddr_un){.sun_family = AF_UNIX};
	return str_format(at->sun_path, sizeof(at->sun_path), "%s.session", store_path);
}

/* ---- which variables ---- */

/* {env: NAME} anywhere below: to names, as keys. */
static void add_names(const json_t *in, json_t *names, int depth)
{
	const char *key, *name = json_str(in, "env", "");
	json_t *v;
	size_t i;

	if (depth > DEPTH_MAX)
		return;
	if (json_is_object(in) && json_object_size(in) == 1 && *name)
		json_object_set_new(names, name, json_true());
	if (json_is_object(in))
		json_object_foreach ((json_t *)(uintptr_t)in, key, v)
			add_names(v, names, depth + 1);
	json_array_foreach ((json_t *)(uintptr_t)in, i, v)
		add_names(v, names, depth + 1);
}

static json_t *names_of(const struct config *c)
{
	json_t *names = json_object();

	for (size_t i = 0; i < LENGTH(always); i++)
		json_object_set_new(names, always[i], json_true());
	for (size_t i = 0; i < c->n_sources; i++)
		add_names(c->sources[i].values, names, 0);
	return names;
}

/* Who is at the other end, as the kernel says it: the folder of the store may be shared, and whoever may write there may
 * listen in the worker's place. */
static bool is_me(int fd)
{
	struct ucred who = {0};
	socklen_t len = sizeof(who);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) == 0 &&
	       len == sizeof(who) && who.uid == geteuid();
}

/* ---- the session's side ---- */

void session_offer(const char *store_path, const struct config *c)
{
	struct sockaddr_un at;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	json_t *names = names_of(c), *mine = json_object(), *v;
	struct str text = STR_INIT_MAX(OFFER_MAX);
	const char *name;

	str_expect(&text, OFFER_MAX); /* what grows leaves copies behind */
	json_object_foreach (names, name, v)
		if (getenv(name))
			json_object_set_new(mine, name, json_string(getenv(name)));
	/* It is small, so that the socket takes it whole or the worker is not there. */
	if (fd >= 0 && address(store_path, &at) &&
		connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0 && is_me(fd) &&
		json_text_to(&text, mine) &&
		send(fd, text.buf, text.len, MSG_NOSIGNAL) < 0)
		log_at(LOG_INFO, "session", "not handed over: %s", strerror(errno));
	if (fd >= 0)
		close(fd);
	str_wipe(&text);
	json_wipe(mine);
	json_decref(names);
}

/* ---- the worker's side ---- */

/* The lists that were made here: another thread may still be reading one that is outdated. */
static struct made {
	struct made *before;
	char **list, *text;
} * made;

/* Another list in place of the old one, which stays. */
static void set_variable(const char *name, const char *value)
{
	size_t n = 0, len = strlen(name);
	struct made *kept = xcalloc(1, sizeof(*kept));

	while (environ[n])
		n++;
	char **next = xcalloc(n + 2, sizeof(char *));
	memcpy(next, environ, n * sizeof(char *));
	for (size_t i = 0; i <= n; i++) {
		if (next[i] && (strncmp(next[i], name, len) != 0 || next[i][len] != '='))
			continue;
		kept->text = next[i] = xasprintf("%s=%s", name, value);
		break;
	}
	kept->list = next;
	kept->before = made;
	made = kept;
	environ = next;
}

/* An agent of ours that answers. */
static bool agent_good(const char *path)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	struct stat st;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool ok = fd >= 0 && str_copy(at.sun_path, sizeof(at.sun_path), path) &&
		  stat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
		  st.st_uid == geteuid() &&
		  connect(fd, (const struct sockaddr *)&at, sizeof(at)) == 0;

	if (fd >= 0)
		close(fd);
	return ok;
}

static bool is_always(const char *name)
{
	for (size_t i = 0; i < LENGTH(always); i++)
		if (strcmp(always[i], name) == 0)
			return true;
	return false;
}

/* What children and libraries read. False: it is so already, or of no use. */
static bool set_plain(const char *name, const char *value)
{
	const char *old = getenv(name);

	if ((old && strcmp(old, value) == 0) ||
		(strcmp(name, "SSH_AUTH_SOCK") == 0 && !agent_good(value)))
		return false;
	set_variable(name, value);
	return true;
}

static void take(struct session_door *d, const json_t *offer)
{
	json_t *names = names_of(&d->worker->config), *v;
	const char *name;

	json_object_foreach ((json_t *)(uintptr_t)offer, name, v) {
		const char *value = json_string_value(v);

		if (!value || !*value || !json_object_get(names, name) ||
			!(is_always(name) ? set_plain(name, value)
					  : secret_env_set(name, value)))
			continue;
		log_at(LOG_INFO, "session", "%s is that of a new session now", name);
	}
	json_decref(names);
}

static void part(struct session_door *d)
{
	struct loop *l = d->worker->loop;

	loop_unwatch(l, d->reading);
	loop_timer_cancel(l, d->timer);
	if (d->guest >= 0)
		close(d->guest);
	d->reading = NULL;
	d->timer = NULL;
	d->guest = -1;
	str_wipe(&d->text);
	str_init(&d->text, OFFER_MAX);
	if (d->watch) /* the next one has waited */
		loop_watch_events(l, d->watch, LOOP_READ);
}

static void too_long(struct loop *l, void *arg)
{
	struct session_door *d = arg;

	(void)l;
	d->timer = NULL;
	part(d);
}

static void on_text(struct loop *l, int fd, unsigned events, void *arg)
{
	struct session_door *d = arg;
	struct err e = ERR_INIT;
	char buf[4096];
	ssize_t n = read(fd, buf, sizeof(buf));

	(void)l;
	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n > 0 && str_add(&d->text, buf, (size_t)n)) {
		explicit_bzero(buf, sizeof(buf));
		return;
	}
	json_t *offer = n == 0 ? json_read(d->text.buf, d->text.len, &e) : NULL;
	if (json_is_object(offer))
		take(d, offer);
	json_wipe(offer);
	explicit_bzero(buf, sizeof(buf));
	part(d);
}

static void on_guest(struct loop *l, int fd, unsigned events, void *arg)
{
	struct session_door *d = arg;
	int guest = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)events;
	if (guest < 0)
		return;
	if (!is_me(guest)) {
		close(guest);
		return;
	}
	/* Others wait at the door: two sessions may begin at once. */
	loop_watch_events(l, d->watch, 0);
	str_expect(&d->text, OFFER_MAX);
	d->guest = guest;
	d->reading = loop_watch(l, guest, LOOP_READ, on_text, d);
	d->timer = loop_timer(l, WITHIN_MS, too_long, d);
}

/* The lock of the worker is held: what stands there is left by one that is gone. */
struct session_door *session_open_door(struct worker *w)
{
	struct session_door *d = xcalloc(1, sizeof(*d));
	struct sockaddr_un at;

	d->worker = w;
	d->guest = -1;
	str_init(&d->text, OFFER_MAX);
	d->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (!address(w->store_path, &at) || d->fd < 0) {
		log_at(LOG_WARN, "session", "new sessions are not noticed");
		return d;
	}
	d->path = xstrdup(at.sun_path);
	(void)unlink(d->path);
	/* umask is 077: nobody else may connect. */
	if (bind(d->fd, (const struct sockaddr *)&at, sizeof(at)) != 0 ||
		listen(d->fd, 8) != 0)
		log_at(LOG_WARN, "session", "%s: %s", d->path, strerror(errno));
	else
		d->watch = loop_watch(w->loop, d->fd, LOOP_READ, on_guest, d);
	return d;
}

void session_close_door(struct session_door *d)
{
	if (!d)
		return;
	part(d);
	loop_unwatch(d->worker->loop, d->watch);
	if (d->fd >= 0)
		close(d->fd);
	if (d->path)
		(void)unlink(d->path);
	free(d->path);
	str_release(&d->text);
	free(d);
}
