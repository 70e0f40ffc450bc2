/* The first line: where I am, and how far what is shown can be trusted. */
#include "tui/app_inside.h"

#include <string.h>

enum { WIDE = 100, LEFT_MIN = 12, PATH_MIN = 20 };
/* Nothing collected for so long: no worker runs, or it cannot reach anything. */
#define OLD (300 * USEC_PER_SEC)

/* "Triage > orders_daily > load_orders": the lane first. */
static void add_path(struct app *a, const struct view *v, struct str *path)
{
	const struct view *chain[16];
	size_t n = 0;
	struct str side = STR_INIT;
	(void)a;
	for (; v && n < LENGTH(chain); v = v->below)
		if (!v->type->overlay)
			chain[n++] = v;
	while (n-- > 0) {
		struct str one = STR_INIT;
		if (chain[n]->type->title) {
			/* The title does not change its view; it is not const because it may look at the app. */
			union {
				const struct view *in;
				struct view *out;
			} cast = {chain[n]};
			chain[n]->type->title(cast.out, &one, &side);
		}
		if (one.len)
			str_addf(path, "%s%s", path->len ? " > " : "", one.buf);
		str_release(&one);
	}
	str_release(&side);
}

/* Before the worker first ran the store knows no sources; the configuration does. */
static void add_no_sources(const struct app *a, struct str *out)
{
	size_t n = a->config->n_sources;
	if (n)
		str_addf(out, "%zu %s, nothing collected yet", n,
			plural((long long)n, "source", "sources"));
	else
		str_adds(out, "no sources");
}

/* ", newest 7 min old" when nothing new came for long. */
static bool add_old(const json_t *counts, struct str *out)
{
	usec_t as_of = json_int(counts, "as_of", 0), age = clock_now() - as_of;
	char words[32];
	if (!as_of || age <= OLD)
		return false;
	clock_format_words(words, sizeof(words), age);
	str_addf(out, ", newest %s old", words);
	return true;
}

/* What is not stored is not shown, whatever the sources answer. */
static bool add_unwritten(const struct app *a, struct str *out)
{
	static const char *const words[] = {[PULSE_NONE] = "no worker",
		[PULSE_OK] = NULL,
		[PULSE_REFUSED] = "store takes no writes",
		[PULSE_SILENT] = "worker silent"};
	const char *word = a->store_path && pulse_known(a) ? words[a->pulse.state] : NULL;
	if (word)
		str_addf(out, "%s%s", out->len ? ", " : "", word);
	return word != NULL;
}

/* How far the data can be trusted. Returns the look it deserves. */
static look_t add_trust(const struct app *a, bool brief, struct str *out)
{
	char n[32];
	const json_t *c = a->counts;
	long long sources = json_int(c, "sources", 0),
		  failing = json_int(c, "failing", 0), stale = json_int(c, "stale", 0);
	if (!c)
		return ROLE_DIM;
	if (!sources) {
		add_no_sources(a, out);
		return ROLE_WARN;
	}
	count_format(n, sizeof(n), sources);
	if (!brief || !failing)
		str_addf(out, "%s %s", n, plural(sources, "source", "sources"));
	if (failing)
		str_addf(out, "%s%lld failing", out->len ? ", " : "", failing);
	if (stale)
		str_addf(out, ", %lld stale", stale);
	bool bad = add_unwritten(a, out) || add_old(c, out) || failing || stale;
	if (app_wrong(a))
		str_adds(out, ", an edit is wrong");
	if (bad || app_wrong(a))
		return ROLE_WARN;
	if (pulse_known(a))
		str_adds(out, ", all fresh");
	return ROLE_DIM;
}

/* What the first line loses, in this order, so that a warning keeps its place. */
enum tight {
	TIGHT_NOT,
	TIGHT_OPERATOR,
	TIGHT_BANNER,
	TIGHT_WORDS,
	TIGHT_CLOCK,
	TIGHT_COUNT
};

/* "2 fail", "3 stale": the loudest warning in the fewest columns. */
static void add_short_trust(const struct app *a, struct str *out)
{
	long long failing = json_int(a->counts, "failing", 0),
		  stale = json_int(a->counts, "stale", 0);
	char age[16];
	if (add_unwritten(a, out))
		return;
	if (failing)
		str_addf(out, "%lld fail", failing);
	else if (stale)
		str_addf(out, "%lld stale", stale);
	else if (!json_int(a->counts, "sources", 0))
		str_adds(out, "no data");
	else {
		app_age(age, sizeof(age), json_int(a->counts, "as_of", 0));
		str_addf(out, "%s old", age);
	}
}

/* "14:02:07 UTC" -> "14:02 UTC": it is painted when it changes, and that is once a minute. */
static void add_clock(struct app *a, struct str *out)
{
	char clock[48];
	app_clock(a, NULL, clock, sizeof(clock), clock_now());
	if (strlen(clock) > 8)
		memmove(clock + 5, clock + 8, strlen(clock + 8) + 1);
	str_adds(out, clock);
}

static void add_right(struct app *a, enum tight tight, struct str *out)
{
	const char *banner = a->config->banner;
	if (banner && *banner && tight < TIGHT_BANNER)
		str_addf(out, "%s   ", banner);
	if (a->read_only)
		str_addf(out, "read-only%s", tight < TIGHT_CLOCK ? "   " : "");
	if (tight < TIGHT_CLOCK)
		add_clock(a, out);
	if (a->cols >= WIDE && *a->me && tight < TIGHT_OPERATOR)
		str_addf(out, "   %s", a->me);
}

/* Columns between what stands right and what stands left of it. */
static int gap(const struct app *a)
{
	return a->cols >= WIDE ? 4 : 3;
}

/* How much has to go so that `middle` finds room right of the path; it is shortened on the way. */
static void squeeze(struct app *a, struct str *middle, struct str *right)
{
	for (enum tight t = TIGHT_NOT; t < TIGHT_COUNT; t++) {
		if (t == TIGHT_WORDS) {
			str_clear(middle);
			add_short_trust(a, middle);
		}
		str_clear(right);
		add_right(a, t, right);
		if (a->cols - 1 - utf8_width(right->buf) - gap(a) -
				utf8_width(middle->buf) >
			LEFT_MIN)
			return;
	}
}

/* What stands right of the middle; returns the column where it begins. A middle that is no warning gives way to a path that
 * would not be readable any more in what it leaves. */
static int draw_right(struct app *a, look_t look, struct str *middle, int path)
{
	struct str right = STR_INIT;
	if (look == ROLE_WARN && middle->len)
		squeeze(a, middle, &right);
	else
		add_right(a, TIGHT_NOT, &right);
	int col = a->cols - 1 - utf8_width(right.buf);
	if (col < 0)
		col = 0;
	grid_put(&a->grid, 0, col, a->cols - col,
		a->config->banner ? ROLE_WARN : ROLE_DIM, right.buf);
	str_release(&right);
	if (!middle->len)
		return col;
	int left = col - utf8_width(middle->buf) - gap(a);
	if (look != ROLE_WARN && left < (path < PATH_MIN ? path : PATH_MIN) + gap(a))
		return col;
	col = left;
	if (col <= LEFT_MIN)
		return LEFT_MIN;
	grid_put(&a->grid, 0, col, a->cols, look, middle->buf);
	return col;
}

void paint_first_line(struct app *a, struct view *v)
{
	struct str path = STR_INIT, side = STR_INIT, trust = STR_INIT, none = STR_INIT;
	bool lane = v->lane >= 0;
	look_t look = lane ? add_trust(a, a->cols < WIDE, &trust) : ROLE_DIM;
	add_path(a, v, &path);
	if (v->type->title)
		v->type->title(v, &none, &side);
	int width = utf8_width(path.buf),
	    room = draw_right(a, look, lane ? &trust : &side, width) - 3;
	if (room < 8)
		room = 8;
	grid_field(&a->grid, 0, 1, width < room ? width : room, ALIGN_LEFT,
		UTF8_CUT_MIDDLE, ROLE_TITLE, path.buf);
	if (lane && room - width > 6)
		grid_put(&a->grid, 0, 1 + width + 3, room - width - 3, ROLE_TEXT,
			side.buf);
	str_release(&path);
	str_release(&side);
	str_release(&trust);
	str_release(&none);
}
