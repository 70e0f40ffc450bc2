#ifndef ENGINE_SCHEDULE_PRIVATE_H
#define ENGINE_SCHEDULE_PRIVATE_H

#include "runbooks/engine/worker.h"

/* Shared by schedule.c (times) and health.c (what is known of a source, and who is told). */
struct feed;

struct lane { /* one collection of one source */
	struct feed *feed;
	size_t index;
	const char *name;
	struct loop_timer *timer;
	struct store_req *request;
	struct collect *collect;
	char *since;      /* watermark */
	char *next_since; /* of the collection under way, kept when all of it is stored */
	bool since_known; /* read from the store */
	bool running, done;
	bool again,
		acted; /* asked for while it runs: by schedule_refresh, by schedule_acted */
	int puts;      /* batches on their way into the store */
	int failures; /* in a row */
	enum err_code result_code;
	struct err last_err;
	struct err put_err; /* the first that the store did not take */
	bool full;
	enum kind kind;
	enum state gone;
	int64_t gone_after_ms;
	const char *ids; /* what the ids of vanished records begin with */
	usec_t started, last_good;
	usec_t good_began; /* when the last good one did */
	size_t rows, unknown_states, refused, repaired, spoiled;
	int64_t took_ms, retry_after_ms;
	/* Monotonic: not collected again before the far side lets, nor, except once after an action, before min_every is over. */
	int64_t not_before_ms, rested_ms;
	/* In words, "" each: why the first refused item was, why not everything was read, the first value that its field
	 * cannot hold, the first state without a mapping. */
	char reason[300], partial[560], spoiled_why[300], unknown[200];
};

struct feed { /* one source */
	struct schedule *schedule;
	const struct config_source *cfg;
	struct source *source; /* NULL: disabled or broken */
	struct err broken;
	struct err
		edit; /* why what it says now is not taken up, so that it goes on as it was */
	unsigned long long stamp;
	unsigned born,
		died; /* versions of the configuration: from, and before (0: it lives) */
	struct feed *next; /* among the retired */
	struct lane *lanes;
	size_t n_lanes;
	bool untold; /* its row in the store is due */
};

struct schedule {
	struct worker *worker;
	struct feed **feeds;
	size_t n;
	struct feed *retired; /* collect nothing more; kept for what runs */
	bool fresh;           /* something changed in the store since the last retriage */
	struct loop_timer *triage, *stale, *health;
	struct store_req *names; /* which sources there are: until it is told */
	struct loop_timer *names_timer;
};

void feed_start(struct feed *f);
void feed_stop(struct feed *f); /* nothing is collected any more; calls go on */
struct feed *schedule_feed(const struct schedule *s, const char *name); /* or NULL */
void lane_arm(struct lane *ln, int64_t after_ms);
void lane_settle(struct lane *ln);
/* The wait after a failure: the interval, but a minute at most (what is read once an hour is not left failed for an hour),
 * doubled with each further one up to ten minutes. Full jitter from the second failure on; what the far side asks for
 * (Retry-After) is the least. */
int64_t lane_backoff(const struct lane *ln, int64_t retry_after_ms);

/* health_words.c: what is wrong with a collection that ended well, one sentence after the other: "" nothing. */
void lane_flaws(const struct lane *ln, struct str *out);

/* health.c */
/* Writes the source's row, in a moment: records go first. */
void health_soon(struct feed *f);
void health_start(struct schedule *s); /* the check for staleness */
void health_stop(struct schedule *s);
void schedule_settled(struct schedule *s); /* a collection ended: triage soon, causes */

#endif
