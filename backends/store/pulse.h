#ifndef STORE_PULSE_H
#define STORE_PULSE_H

#include "backends/store/store.h"

/*
 * Is the store written? The worker tries, and says so twice a second in a small file beside the bell: in memory, so that it
 * is written and read also while the disk is full or stands still. Readers judge by its age: a worker that waits for a lock
 * or a disk says nothing, and then nothing is stored either.
 */
enum {
	PULSE_EVERY_MS = 500,
	PULSE_SILENT_MS = 2000, /* older than that nobody beats */
	PULSE_REFUSED_MS = 1000 /* refused for so long: not just another's turn */
};

enum pulse_state {
	PULSE_NONE,    /* no worker serves this store */
	PULSE_OK,      /* it was writable a moment ago */
	PULSE_REFUSED, /* it takes no writes; `why` */
	PULSE_SILENT   /* there is a worker, or it ended badly, and it says nothing */
};

struct pulse {
	enum pulse_state state;
	int64_t since_ms; /* monotonic: when that began, as far as known */
	char why[300];
};

/* The worker's. */
struct pulse_beat;
struct pulse_beat *pulse_beat_new(struct store *s, const char *store_path);
void pulse_beat_free(struct pulse_beat *b); /* nobody serves the store any more */

/* Now. Cheap: a read of the small file. */
void pulse_read(const char *store_path, struct pulse *out);
/* "The store takes no writes, for 7 s: ..."; false: nothing is wrong. */
bool pulse_words(const struct pulse *p, struct str *out);

/* Can it be written from here, now or within `within_ms`? For those who have the time to wait: `watchdesk doctor`. */
bool store_try_write(const char *store_path, int within_ms, struct err *e) MUST_USE;

#endif
