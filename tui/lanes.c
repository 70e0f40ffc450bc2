/* The lanes of records and their columns. */
#include "tui/lanes.h"

#include <string.h>

#define RECORD(row) ((const struct record *)(row))

static void cell_severity(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	str_adds(out, severity_short(RECORD(row)->severity));
	*look = look_of_severity(RECORD(row)->severity);
}

static void add_group(const struct record *r, struct str *out)
{
	if (r->group > 1)
		str_addf(out, " x%d", r->group);
}

static void cell_kind(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	*look = ROLE_DIM;
	str_adds(out, kind_name(RECORD(row)->kind));
	add_group(RECORD(row), out);
}

static void cell_state(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	/* Neutral: rank is told by colour once, and that is severity. */
	str_adds(out, word_of_state(RECORD(row)->state));
	*look = state_open(RECORD(row)->kind, RECORD(row)->state) ||
				state_bad(RECORD(row)->kind, RECORD(row)->state)
			? ROLE_TEXT
			: ROLE_DIM;
}

/* Of a grant, since when it is held: that somebody was a member when we first looked says nothing of the beginning. */
static usec_t since(const struct record *r)
{
	if (r->kind == KIND_GRANT)
		return r->started;
	return r->since ? r->since : r->started ? r->started : r->updated;
}

static void cell_since(const void *row, void *arg, struct str *out, look_t *look)
{
	char age[16];
	(void)arg;
	usec_t t = since(RECORD(row));
	*look = ROLE_DIM;
	if (!t)
		return;
	app_age(age, sizeof(age), t);
	str_adds(out, age);
}

static int width_of(const struct lane_cells *cells,
	void (*cell)(const void *, void *, struct str *, look_t *))
{
	const struct table *t = cells->table;
	for (size_t i = 0; i < t->n_columns; i++)
		if (t->columns[i].cell == cell)
			return t->widths[i];
	return 0;
}

static void cell_actor(const void *row, void *arg, struct str *out, look_t *look);
static void cell_amount(const void *row, void *arg, struct str *out, look_t *look);
static void cell_due(const void *row, void *arg, struct str *out, look_t *look);

/* "m.ito: finance_ro" beside a column WHO, "WH_ETL $1 840 today, usual 450" beside AMOUNT: once is enough. */
static void add_title(
	const struct record *r, const struct lane_cells *cells, struct str *out)
{
	const char *title = r->title, *cut = NULL;
	size_t who = strlen(r->actor);
	char amount[64];
	if (who && width_of(cells, cell_actor) && strncmp(title, r->actor, who) == 0 &&
		strncmp(title + who, ": ", 2) == 0)
		title += who + 2;
	money_format(amount, sizeof(amount), r->amount, r->currency);
	/* Titles round where the column does not: what stands before the point is looked for. */
	amount[strcspn(amount, ".")] = '\0';
	if (*amount && width_of(cells, cell_amount))
		cut = strstr(title, amount);
	while (cut && cut > title && (cut[-1] == ' ' || cut[-1] == ':' || cut[-1] == ','))
		cut--;
	if (cut && cut > title)
		str_add(out, title, (size_t)(cut - title));
	else
		str_adds(out, title);
}

/* The group's size belongs to the kind; where that column is not shown it follows the title. */
static void cell_what(const void *row, void *arg, struct str *out, look_t *look)
{
	const struct record *r = row;
	(void)look;
	add_title(r, arg, out);
	if (*r->run)
		str_addf(out, " %s", r->run);
	if (!width_of(arg, cell_kind))
		add_group(r, out);
}

static void cell_source(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	str_adds(out, RECORD(row)->source);
	*look = ROLE_DIM;
}

static void cell_owner(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	str_adds(out, RECORD(row)->owner);
	*look = ROLE_DIM;
}

static void cell_actor(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, RECORD(row)->actor);
}

static void cell_asset(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, RECORD(row)->asset);
}

/* A phrase that a column of the same row says is no reason. */
static bool repeats(const struct record *r, const struct lane_cells *cells,
	const char *phrase, size_t len)
{
	const char *said[] = {
		width_of(cells, cell_severity) ? severity_name(r->severity) : "",
		width_of(cells, cell_state) ? state_name(r->state) : "",
		width_of(cells, cell_state) ? word_of_state(r->state) : "",
		width_of(cells, cell_owner) ? r->owner : "",
		width_of(cells, cell_actor) ? r->actor : "",
	};
	for (size_t i = 0; i < LENGTH(said); i++)
		if (*said[i] && strlen(said[i]) == len &&
			strncmp(said[i], phrase, len) == 0)
			return true;
	bool due = strncmp(phrase, "due ", 4) == 0 || strncmp(phrase, "was due", 7) == 0;
	return due && width_of(cells, cell_due);
}

static bool has_digit(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] >= '0' && text[i] <= '9')
			return true;
	return false;
}

/* At a blank, and not behind a number: "over 30" instead of "over 30 min", or 1 of 14, would be another reason. */
static void cut_phrase(struct str *out, size_t from, int width)
{
	int used = 0;
	size_t end = from + utf8_fit(out->buf + from, width - 1, &used), word = end;
	for (;;) {
		while (word > from && out->buf[word] != ' ')
			word--;
		if (word == from)
			break;
		size_t start = word;
		while (start > from && out->buf[start - 1] != ' ')
			start--;
		if (!has_digit(out->buf + start, word - start)) {
			str_cut(out, word);
			str_addc(out, '~');
			return;
		}
		word = start > from ? start - 1 : from;
	}
	/* One long word: it is cut where it is drawn, unless it is a number. */
	if (has_digit(out->buf + from, end - from)) {
		str_cut(out, from);
		str_adds(out, "see Enter");
	}
}

/* The phrases are stored strongest first with "; " between. As many as fit whole: half a reason says less than none. */
static void add_why(const struct record *r, const struct lane_cells *cells, int width,
	struct str *out)
{
	size_t begin = out->len;
	for (const char *at = r->why; *at; at += strspn(at, "; ")) {
		size_t before = out->len, len = strcspn(at, ";");
		const char *phrase = at;
		at += len;
		if (repeats(r, cells, phrase, len))
			continue;
		str_adds(out, before > begin ? ", " : "");
		str_add(out, phrase, len);
		if (width <= 0 || utf8_width(out->buf + begin) <= width)
			continue;
		if (before > begin)
			str_cut(out, before);
		else
			cut_phrase(out, begin, width);
		return;
	}
	if (out->len == begin)
		str_adds(out, r->cause);
}

/* Why it is where it is: until then, nobody is asked to look. */
static bool add_snoozed(const struct record *r, const struct lane_cells *cells,
	struct str *out, look_t *look)
{
	char until[48];
	if (r->snoozed_until <= clock_now())
		return false;
	app_when(cells->app, NULL, until, sizeof(until), r->snoozed_until);
	/* "15:02:03 UTC": nobody waits for the second. */
	if (until[2] == ':' && strlen(until) > 8)
		memmove(until + 5, until + 8, strlen(until + 8) + 1);
	str_addf(out, "snoozed until %s", until);
	*look = ROLE_DIM;
	return true;
}

static void cell_why(const void *row, void *arg, struct str *out, look_t *look)
{
	if (!add_snoozed(RECORD(row), arg, out, look))
		add_why(RECORD(row), arg, width_of(arg, cell_why), out);
}

static void cell_cause(const void *row, void *arg, struct str *out, look_t *look)
{
	if (add_snoozed(RECORD(row), arg, out, look))
		return;
	if (*RECORD(row)->cause)
		str_adds(out, RECORD(row)->cause);
	else
		add_why(RECORD(row), arg, width_of(arg, cell_cause), out);
}

static void cell_took(const void *row, void *arg, struct str *out, look_t *look)
{
	const struct record *r = row;
	char text[16];
	(void)arg;
	*look = ROLE_DIM;
	if (!r->started || !r->ended || r->ended < r->started)
		return;
	clock_format_age(text, sizeof(text), r->ended - r->started);
	str_adds(out, text);
}

static void cell_due(const void *row, void *arg, struct str *out, look_t *look)
{
	const struct record *r = row;
	char text[16];
	(void)arg;
	if (!r->due)
		return;
	if (r->due < clock_now()) {
		str_adds(out, "passed");
		return;
	}
	clock_format_age(text, sizeof(text), r->due - clock_now());
	str_adds(out, text);
	*look = r->due - clock_now() < 3600 * USEC_PER_SEC ? ROLE_TEXT : ROLE_DIM;
}

static void cell_amount(const void *row, void *arg, struct str *out, look_t *look)
{
	char text[64];
	(void)arg;
	(void)look;
	money_format(text, sizeof(text), RECORD(row)->amount, RECORD(row)->currency);
	str_adds(out, text);
}

static void cell_usual(const void *row, void *arg, struct str *out, look_t *look)
{
	char text[64];
	(void)arg;
	money_format(text, sizeof(text), RECORD(row)->expected, RECORD(row)->currency);
	str_adds(out, text);
	*look = ROLE_DIM;
}

#define SEV                                                                \
	{                                                                  \
		.title = "SEV", .min = 4, .rank = 1, .cell = cell_severity \
	}
#define KIND                                                            \
	{                                                               \
		.title = "KIND", .min = 8, .rank = 4, .cell = cell_kind \
	}
#define STATE                                                  \
	{                                                      \
		.title = "STATE", .min = 9, .cell = cell_state \
	}
#define SINCE                                                                \
	{                                                                    \
		.title = "SINCE", .min = 5, .rank = 2, .align = ALIGN_RIGHT, \
		.cell = cell_since                                           \
	}
#define WHAT                                                                       \
	{                                                                          \
		.title = "WHAT", .min = 24, .max = 90, .share = 4, .strong = true, \
		.cell = cell_what                                                  \
	}
#define SOURCE                                                      \
	{                                                           \
		.title = "SOURCE", .min = 12, .max = 16, .rank = 5, \
		.cut = UTF8_CUT_MIDDLE, .cell = cell_source         \
	}
#define OWNER                                                                        \
	{                                                                            \
		.title = "OWNER", .min = 9, .max = 12, .rank = 6, .cell = cell_owner \
	}
#define WHY                                                                  \
	{                                                                    \
		.title = "WHY", .min = 20, .max = 90, .share = 3, .rank = 3, \
		.cell = cell_why                                             \
	}

static const struct column triage[] = {SEV, KIND, STATE, SINCE, WHAT, SOURCE, OWNER, WHY};
static const struct column runs[] = {STATE, SINCE,
	{.title = "TOOK", .min = 5, .rank = 7, .align = ALIGN_RIGHT, .cell = cell_took},
	WHAT, SOURCE, OWNER,
	{.title = "CAUSE OR WHY",
		.min = 18,
		.max = 90,
		.share = 4,
		.rank = 3,
		.cell = cell_cause}};
static const struct column incidents[] = {SEV, STATE, SINCE, WHAT, SOURCE, OWNER, WHY};
static const struct column access_columns[] = {KIND, STATE, SINCE,
	{.title = "DUE", .min = 6, .rank = 3, .align = ALIGN_RIGHT, .cell = cell_due},
	{.title = "WHO", .min = 12, .max = 20, .share = 1, .rank = 4, .cell = cell_actor},
	WHAT, SOURCE, WHY};
static const struct column cost[] = {STATE, SINCE, WHAT,
	{.title = "AMOUNT",
		.min = 10,
		.rank = 2,
		.align = ALIGN_RIGHT,
		.cell = cell_amount},
	{.title = "USUAL",
		.min = 10,
		.rank = 6,
		.align = ALIGN_RIGHT,
		.cell = cell_usual},
	SOURCE, OWNER, WHY};
static const struct column changes[] = {STATE, SINCE, WHAT,
	{.title = "WHO", .min = 10, .max = 20, .share = 1, .rank = 3, .cell = cell_actor},
	{.title = "ON", .min = 12, .max = 30, .share = 2, .rank = 4, .cell = cell_asset},
	SOURCE, OWNER, WHY};
static const struct column checks[] = {SEV, STATE, SINCE, WHAT, SOURCE, OWNER, WHY};

#define COLUMNS(array) .columns = (array), .n_columns = LENGTH(array)
#define BIT(kind) (1u << (kind))

const struct lane lanes[LANE_COUNT] = {
	[LANE_TRIAGE] = {.title = "Triage",
		.brief = "Triage",
		.view = &list_view,
		.need_only = true,
		.fold = true,
		COLUMNS(triage),
		.empty = "Nothing needs a person."},
	[LANE_RUNS] = {.title = "Runs",
		.brief = "Runs",
		.view = &list_view,
		.kinds = BIT(KIND_RUN),
		COLUMNS(runs),
		.empty = "No runs are known yet."},
	[LANE_INCIDENTS] = {.title = "Incidents",
		.brief = "Inc",
		.view = &list_view,
		.kinds = BIT(KIND_INCIDENT),
		COLUMNS(incidents),
		.empty = "No incidents are known."},
	[LANE_ACCESS] = {.title = "Access",
		.brief = "Acc",
		.view = &list_view,
		.kinds = BIT(KIND_ACCESS) | BIT(KIND_GRANT),
		COLUMNS(access_columns),
		.empty = "No requests for access and no grants are known."},
	[LANE_COST] = {.title = "Cost",
		.brief = "Cost",
		.view = &list_view,
		.kinds = BIT(KIND_COST),
		COLUMNS(cost),
		.empty = "No cost anomalies are known."},
	[LANE_CHECKS] = {.title = "Checks",
		.brief = "Chk",
		.view = &list_view,
		.kinds = BIT(KIND_CHECK),
		COLUMNS(checks),
		.empty = "No checks are known."},
	[LANE_CHANGES] = {.title = "Changes",
		.brief = "Chg",
		.view = &list_view,
		.kinds = BIT(KIND_CHANGE),
		.sort = SORT_STARTED,
		COLUMNS(changes),
		.empty = "No changes are known: no source tells of deploys or the like."},
	[LANE_ACTIONS] = {.title = "Actions", .brief = "Act", .view = &actions_view},
	[LANE_SOURCES] = {.title = "Sources", .brief = "Src", .view = &sources_view},
};
