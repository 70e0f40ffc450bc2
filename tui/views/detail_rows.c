/* The rows of a record: how it stands, why, and what was there before and after. */
#include "tui/views/detail.h"

#include <ctype.h>
#include <string.h>

enum { WRAP_MAX = 6 };

struct detail_row *detail_add(
	struct detail_view *d, const char *label, look_t look, const char *text)
{
	d->rows = mem_grow(d->rows, &d->cap, d->n + 1, sizeof(*d->rows));
	struct detail_row *row = &d->rows[d->n++];
	*row = (struct detail_row){.label = label,
		.look = look,
		.text = arena_strdup(&d->mem, text),
		.mark = "",
		.mark_width = 9};
	return row;
}

void detail_blank(struct detail_view *d)
{
	if (d->n && (*d->rows[d->n - 1].text || *d->rows[d->n - 1].label))
		(void)detail_add(d, "", ROLE_TEXT, "");
}

/* How many bytes of text go on a line: up to its end, the last blank that fits, or all that fits. */
static size_t line_bytes(const char *text, int width)
{
	int used = 0;
	size_t fit = utf8_fit(text, width, &used);
	const char *lf = memchr(text, '\n', fit);
	if (lf)
		return (size_t)(lf - text);
	if (!text[fit])
		return fit;
	for (size_t n = fit; n > 0; n--)
		if (text[n] == ' ')
			return n;
	return fit;
}

void detail_add_wrapped(struct detail_view *d, const char *label, look_t look, int width,
	const char *text)
{
	for (int lines = 0; *text && lines < WRAP_MAX; lines++) {
		size_t n = line_bytes(text, width);
		/* The last line that there is room for is cut where it is drawn, with "~". */
		bool last = lines + 1 == WRAP_MAX || (n == 0 && *text != '\n');
		char *line = last ? arena_strdup(&d->mem, text)
				  : arena_strndup(&d->mem, text, n);
		(void)detail_add(d, lines ? "" : label, look, line);
		if (last)
			return;
		text += n;
		text += *text == ' ' || *text == '\n';
	}
}

const char *detail_time(struct detail_view *d, usec_t t)
{
	char time[48];
	app_when(d->v.app, d->r.source, time, sizeof(time), t);
	return arena_strdup(&d->mem, time);
}

bool detail_says_more(const char *raw, const char *state)
{
	return *raw && strncasecmp(raw, state, 5) != 0;
}

/* ---- how it stands ------------------------------------------------------------------------------------------ */

static void part(struct str *out, const char *fmt, const char *value)
{
	if (!*value)
		return;
	str_adds(out, out->len ? "   " : "");
	const char *at = strstr(fmt, "%s");
	str_add(out, fmt, (size_t)(at - fmt));
	str_adds(out, value);
	str_adds(out, at + 2);
}

static void headline(struct detail_view *d)
{
	const struct record *r = &d->r;
	struct str text = STR_INIT;
	char state[32], tier[24] = "";
	(void)str_copy(state, sizeof(state), word_of_state(r->state));
	for (char *p = state; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	part(&text, "%s", r->severity == SEVERITY_NONE ? "" : severity_name(r->severity));
	if (r->tier)
		(void)str_format(tier, sizeof(tier), "tier %d", r->tier);
	part(&text, "%s", tier);
	part(&text, "%s", r->env);
	part(&text, "%s", r->owner);
	part(&text, "%s has it", r->claimed_by);
	if (r->snoozed_until > clock_now())
		part(&text, "snoozed until %s", detail_time(d, r->snoozed_until));
	if (r->gone_at)
		part(&text, "gone at its source since %s", detail_time(d, r->gone_at));
	if (*r->unread)
		part(&text, "not read again: %s", r->unread);
	if (detail_says_more(r->raw_state, state_name(r->state)))
		part(&text, "its source says \"%s\"", r->raw_state);
	struct detail_row *row = detail_add(d, "", ROLE_TEXT, text.buf);
	row->mark = arena_strdup(&d->mem, state);
	row->mark_look = look_of_state(r->kind, r->state) | LOOK_BOLD;
	row->label = NULL;
	str_release(&text);
}

void detail_span(char *dst, size_t size, usec_t t)
{
	long long s = (long long)(t / USEC_PER_SEC);
	if (s >= 60 && s < 3600)
		(void)str_format(dst, size, "%lldm%02lld", s / 60, s % 60);
	else if (s < 60)
		clock_format_words(dst, size, t);
	else
		clock_format_age(dst, size, t);
}

static void times(struct detail_view *d)
{
	const struct record *r = &d->r;
	struct str text = STR_INIT;
	char took[32];
	usec_t usual = detail_usual(d);
	if (r->started)
		part(&text, "started %s", detail_time(d, r->started));
	bool held = r->kind == KIND_GRANT && r->state != STATE_REVOKED;
	if (!held && r->since && r->since != r->started && r->since != r->ended) {
		char since[48];
		(void)str_format(
			since, sizeof(since), "%s since %%s", word_of_state(r->state));
		part(&text, since, detail_time(d, r->since));
	}
	if (r->ended)
		part(&text, "ended %s", detail_time(d, r->ended));
	if (r->due) {
		part(&text, r->due < clock_now() ? "was due %s" : "due %s",
			detail_time(d, r->due));
	}
	if (r->started && r->ended >= r->started && r->ended) {
		detail_span(took, sizeof(took), r->ended - r->started);
		part(&text, "took %s", took);
		if (usual) {
			detail_span(took, sizeof(took), usual);
			str_addf(&text, ", usually %s", took);
		}
	}
	if (text.len)
		detail_add(d, "", ROLE_TEXT, text.buf)->label = NULL;
	str_release(&text);
}

static void fact(struct detail_view *d, const char *label, const char *text)
{
	if (*text)
		(void)detail_add(d, label, ROLE_TEXT, text);
}

static void amount(struct detail_view *d)
{
	const struct record *r = &d->r;
	char now[64], usual[64], both[160];
	money_format(now, sizeof(now), r->amount, r->currency);
	money_format(usual, sizeof(usual), r->expected, r->currency);
	(void)str_format(
		both, sizeof(both), "%s%s%s", now, *usual ? "   usually " : "", usual);
	fact(d, "Amount", *r->amount ? both : "");
}

static void facts(struct detail_view *d)
{
	const struct record *r = &d->r;
	fact(d, "Who", r->actor);
	fact(d, "Asset", strcmp(r->asset, r->title) == 0 ? "" : r->asset);
	fact(d, "Service", r->service);
	fact(d, "Id", strcmp(r->id, r->title) == 0 ? "" : r->id);
}

/* ---- evidence -------------------------------------------------------------------------------------------------- */

static void cause(struct detail_view *d, int width)
{
	size_t others = json_array_size(d->group.json);
	if (*d->r.cause)
		detail_add_wrapped(d, "Cause", ROLE_BAD, width, d->r.cause);
	if (others > 1) {
		char text[120];
		(void)str_format(text, sizeof(text), "the same in %zu other %s",
			others - 1, others == 2 ? "record" : "records");
		(void)detail_add(d, *d->r.cause ? "" : "Group", ROLE_DIM, text);
	}
	if (*d->r.why)
		detail_add_wrapped(d, "Why here", ROLE_TEXT, width, d->r.why);
}

void detail_build(struct detail_view *d, int width)
{
	width -= DETAIL_LABEL + 4;
	d->n = 0;
	arena_clear(&d->mem);
	if (!d->have)
		return;
	headline(d);
	times(d);
	detail_blank(d);
	cause(d, width);
	amount(d);
	detail_links(d, width);
	detail_blank(d);
	detail_tasks(d);
	detail_not_read(d);
	detail_siblings(d, width);
	detail_history(d);
	detail_blank(d);
	detail_actions(d);
	detail_notes(d, width);
	detail_blank(d);
	facts(d);
	detail_labels(d, width);
	fact(d, "Address", d->r.url);
}
