/* The worker's pulse: a line in a file in memory, "PID MONO_MS SINCE_MS ok" or "... refused WHY", padded to one length. */
#include "backends/store/pulse.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "backends/base/log.h"
#include "backends/store/store_private.h"

enum { LINE = 400, ROOM_LOW = 1 << 20 };

struct pulse_beat {
	struct store *store;
	char *path;
	int fd;
	struct loop_timer *timer;
	bool refused, said;
	int64_t since_ms;
};

/* ---- does it take writes? ---- */

static bool write_mark(struct store *s, struct err *e)
{
	if (!db_try_begin(s->db, 0, e))
		return false;
	if (db_exec(s->db,
		    "INSERT INTO setting(key, value) VALUES('written', '1') ON "
		    "CONFLICT(key) DO UPDATE SET value=CAST(value AS INTEGER)+1",
		    e))
		return db_commit(s->db, false, e);
	db_rollback(s->db);
	return false;
}

static bool little_room(const struct store *s)
{
	struct statvfs fs;

	return statvfs(s->path, &fs) != 0 ||
	       (unsigned long long)fs.f_bavail * fs.f_frsize < ROOM_LOW;
}

/* To take the lock shows most; only to write shows that there is room, and so it is done where there is doubt. */
static bool takes_writes(struct store *s, struct err *e)
{
	struct err last;

	if (db_refused(s->db, &last) || little_room(s))
		return write_mark(s, e);
	if (!db_try_begin(s->db, 0, e))
		return false;
	db_rollback(s->db);
	return true;
}

/* ---- the worker ---- */

static void write_line(const struct pulse_beat *b, const char *why)
{
	char line[LINE];

	(void)str_format(line, sizeof(line) - 1, "%ld %lld %lld %s%.300s", (long)getpid(),
		(long long)clock_mono_ms(), (long long)b->since_ms,
		b->refused ? "refused " : "ok", why);
	size_t n = strlen(line);
	memset(line + n, ' ', sizeof(line) - n);
	line[sizeof(line) - 1] = '\n';
	if (b->fd >= 0 && pwrite(b->fd, line, sizeof(line), 0) != (ssize_t)sizeof(line))
		log_at(LOG_WARN, "store", "the pulse %s cannot be written", b->path);
}

static void beat(struct loop *l, void *arg)
{
	struct pulse_beat *b = arg;
	struct err e = ERR_INIT;
	bool ok = takes_writes(b->store, &e);

	if (ok == b->refused) {
		b->refused = !ok;
		b->since_ms = clock_mono_ms();
	}
	/* Another's turn is soon over, and not worth a line. */
	bool say = b->refused && clock_mono_ms() - b->since_ms >= PULSE_REFUSED_MS;
	if (say != b->said && (say || ok))
		log_at(say ? LOG_WARN : LOG_INFO, "store", "%s",
			say ? e.msg : "the store takes writes again");
	b->said = say;
	write_line(b, ok ? "" : e.msg);
	b->timer = loop_timer(l, PULSE_EVERY_MS, beat, b);
}

struct pulse_beat *pulse_beat_new(struct store *s, const char *store_path)
{
	struct pulse_beat *b = xcalloc(1, sizeof(*b));

	b->store = s;
	b->path = bell_beside(store_path, "pulse");
	b->fd = bell_file(b->path);
	b->since_ms = clock_mono_ms();
	beat(s->loop, b);
	return b;
}

void pulse_beat_free(struct pulse_beat *b)
{
	if (b == NULL)
		return;
	loop_timer_cancel(b->store->loop, b->timer);
	(void)unlink(b->path);
	if (b->fd >= 0)
		close(b->fd);
	free(b->path);
	free(b);
}

/* ---- the other side ---- */

static bool parse(char *line, struct pulse *out, int64_t *at)
{
	char *end = NULL;

	(void)strtoll(line, &end, 10);
	*at = strtoll(end, &end, 10);
	out->since_ms = strtoll(end, &end, 10);
	end += strspn(end, " ");
	for (size_t n = strlen(line); n > 0 && line[n - 1] == ' '; n--)
		line[n - 1] = '\0';
	if (strcmp(end, "ok") == 0)
		out->state = PULSE_OK;
	else if (str_starts(end, "refused "))
		out->state = PULSE_REFUSED;
	else
		return false;
	if (out->state == PULSE_REFUSED)
		(void)str_copy(out->why, sizeof(out->why), end + strlen("refused "));
	return *at > 0;
}

void pulse_read(const char *store_path, struct pulse *out)
{
	char line[LINE + 1] = "", *path = bell_beside(store_path, "pulse");
	int64_t at = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd >= 0 ? pread(fd, line, LINE, 0) : 0;

	if (fd >= 0)
		close(fd);
	free(path);
	*out = (struct pulse){.state = PULSE_NONE};
	if (n != LINE || line[LINE - 1] != '\n')
		return;
	line[LINE - 1] = '\0';
	if (!parse(line, out, &at))
		*out = (struct pulse){.state = PULSE_SILENT};
	else if (clock_mono_ms() - at > PULSE_SILENT_MS)
		*out = (struct pulse){.state = PULSE_SILENT, .since_ms = at};
	else if (out->state == PULSE_REFUSED &&
		 clock_mono_ms() - out->since_ms < PULSE_REFUSED_MS)
		out->state = PULSE_OK;
}

bool pulse_words(const struct pulse *p, struct str *out)
{
	char age[32];

	if (p->state == PULSE_OK)
		return false;
	if (p->state == PULSE_NONE)
		return str_adds(out, "No worker serves the store: nothing new comes in.");
	clock_format_words(age, sizeof(age), (clock_mono_ms() - p->since_ms) * 1000);
	if (p->state == PULSE_SILENT)
		return str_addf(out,
			"The worker says nothing for %s: nothing new is stored. It "
			"waits for the disk or a lock, or has crashed.",
			age);
	return str_addf(out, "The store takes no writes for %s: %s", age, p->why);
}

bool store_try_write(const char *store_path, int within_ms, struct err *e)
{
	struct db *d = db_open(store_path, DB_PROBE, e);
	bool ok = d != NULL && db_try_begin(d, within_ms, e);

	if (ok)
		db_rollback(d);
	db_close(d);
	return ok;
}
