/* Drawing a runbook's form and preview on one screen. */
#include "tui/views/run.h"

#include <stdlib.h>
#include <string.h>

enum { LABEL_MIN = 9, LABEL_MAX = 22, REQUESTS_MAX = 3, ROOMY = 14, VERDICT_LINES = 3 };

/* Tags of the lines of the preview. */
enum { LINE_OTHER, LINE_REQUEST };

/* ---- the preview as text ----------------------------------------------------------------------------- */

static void add_tagged(struct run_view *f, look_t look, long long tag, const char *label,
	const char *text)
{
	struct str line = STR_INIT;
	str_addf(&line, "%-*s  %s", f->label, label, text);
	pager_add(&f->text, look, tag, line.buf);
	str_release(&line);
}

static void add_label(
	struct run_view *f, look_t look, const char *label, const char *text)
{
	add_tagged(f, look, LINE_OTHER, label, text);
}

static size_t width_of_titles(const json_t *targets)
{
	size_t width = 0, i;
	json_t *t;
	json_array_foreach (targets, i, t) {
		size_t w = (size_t)utf8_width(json_str(t, "title", ""));
		width = w > width ? w : width;
	}
	return width > 40 ? 40 : width;
}

static void add_target(struct run_view *f, const json_t *t, size_t width)
{
	const char *error = json_str(t, "error", ""), *title = json_str(t, "title", "");
	const json_t *lines = json_sub(t, "lines");
	struct str text = STR_INIT, cut = STR_INIT;
	size_t n = json_array_size(lines);
	utf8_cut(&cut, title, (int)width, UTF8_CUT_MIDDLE);
	for (size_t i = 0; i < n || (i == 0 && !n); i++) {
		int pad = (int)width - (i ? 0 : utf8_width(cut.buf));
		str_clear(&text);
		str_addf(&text, "  %s%*s  %s", i ? "" : cut.buf, pad, "",
			*error ? error
			: n    ? json_string_value(json_array_get(lines, i))
			       : "not tried out: see what is sent below");
		pager_add(&f->text,
			*error ? ROLE_BAD
			: n    ? ROLE_TEXT
			       : ROLE_DIM,
			0, text.buf);
		if (*error)
			break;
	}
	str_release(&text);
	str_release(&cut);
}

static bool any_lines(const json_t *targets)
{
	size_t i;
	json_t *t;
	json_array_foreach (targets, i, t) {
		if (json_array_size(json_sub(t, "lines")) || *json_str(t, "error", ""))
			return true;
	}
	return false;
}

/* A dry run of the source says some of it. */
static bool any_dry(const json_t *targets)
{
	size_t i;
	json_t *t;
	json_array_foreach (targets, i, t) {
		if (json_flag(t, "dry", json_array_size(json_sub(t, "lines")) > 0))
			return true;
	}
	return false;
}

static void add_targets(struct run_view *f, const json_t *result)
{
	const json_t *targets = json_sub(result, "targets");
	usec_t at = json_int(f->preview.json, "ended", 0);
	char time[48], head[120];
	size_t i, width = width_of_titles(targets);
	json_t *t;
	app_when(f->v.app, NULL, time, sizeof(time), at);
	(void)str_format(head, sizeof(head), "%s, %s%s",
		any_dry(targets) ? "from the source's dry run" : "not tried out", time,
		f->fresh ? "" : "; values changed since");
	add_label(f, ROLE_TEXT, "Preview", head);
	f->text_first = f->text.n;
	if (!any_lines(targets))
		return;
	json_array_foreach (targets, i, t)
		add_target(f, t, width);
}

/* The short form: the address without its host, which the source's name says already, and cut in its middle, so that what is
 * sent to it is seen too. */
static void shorten(const char *request, int width, struct str *out)
{
	const char *url = strchr(request, ' '), *host = url ? strstr(url, "://") : NULL,
		   *path = host ? strchr(host + 3, '/') : NULL,
		   *end = url ? url + 1 + strcspn(url + 1, " ") : NULL;
	if (!path || path >= end) {
		str_adds(out, request);
		return;
	}
	char *only = xstrndup(path, (size_t)(end - path));
	int method = (int)(url - request) + 1, rest = utf8_width(end);
	str_add(out, request, (size_t)method);
	utf8_cut(out, only, width - method - (rest > width / 2 ? width / 2 : rest),
		UTF8_CUT_MIDDLE);
	str_adds(out, end);
	free(only);
}

/* What every request of a JSON API says beside what it wants. The whole plan has it. */
static void without_accept(struct str *line)
{
	static const char accept[] = " headers {\"Accept\":\"application/json\"}";
	char *at = strstr(line->buf, accept);
	if (!at)
		return;
	size_t from = (size_t)(at - line->buf);
	memmove(at, at + sizeof(accept) - 1, line->len - from - sizeof(accept) + 2);
	str_cut(line, line->len - sizeof(accept) + 1);
}

/* Of the short form: what does not fit beside the address stands below it. */
static void add_short(struct run_view *f, const char *label, const char *request)
{
	int width = f->v.cols - f->label - 4;
	struct str text = STR_INIT, line = STR_INIT;
	str_adds(&text, request);
	without_accept(&text);
	const char *url = strchr(text.buf, ' '),
		   *body = url ? strchr(url + 1, ' ') : NULL;
	bool http = url && body && memmem(url, (size_t)(body - url), "://", 3);
	shorten(text.buf, width, &line);
	if (!http || utf8_width(line.buf) <= width) {
		add_tagged(f, ROLE_TEXT, LINE_REQUEST, label, line.buf);
	} else {
		char *head = xstrndup(text.buf, (size_t)(body - text.buf));
		str_clear(&line);
		shorten(head, width, &line);
		add_tagged(f, ROLE_TEXT, LINE_REQUEST, label, line.buf);
		add_tagged(f, ROLE_TEXT, LINE_OTHER, "", body + 1);
		free(head);
	}
	str_release(&line);
	str_release(&text);
}

static void add_requests(struct run_view *f, const json_t *result)
{
	const json_t *requests = json_sub(result, "requests");
	size_t i, most = f->full ? SIZE_MAX : REQUESTS_MAX, n = json_array_size(requests);
	const char *label = "Requests";
	json_t *one;
	json_array_foreach (requests, i, one) {
		if (i >= most)
			break;
		const char *text = json_string_value(one) ? json_string_value(one) : "";
		if (f->full)
			add_tagged(f, ROLE_TEXT, LINE_REQUEST, label, text);
		else
			add_short(f, label, text);
		label = "";
	}
	f->more_requests = n - i;
	if (!n)
		add_label(f, ROLE_DIM, label, "none");
}

/* One title for all ("orders_daily"): NULL when they differ. */
static const char *shared_title(const struct view_arg *arg)
{
	for (size_t i = 1; i < arg->n_targets; i++)
		if (strcmp(arg->targets[i].title, arg->targets[0].title) != 0)
			return NULL;
	return arg->n_targets > 1 ? arg->targets[0].title : NULL;
}

/* The preview's titles tell targets of one name apart: "orders_daily 2026-11-22"; what all begin with is said once. */
static void add_titles(struct run_view *f, struct str *out)
{
	const struct view_arg *arg = &f->v.arg;
	const json_t *previewed = json_sub(run_preview_result(f), "targets");
	const char *shared = shared_title(arg);
	bool known = json_array_size(previewed) == arg->n_targets;
	if (shared)
		str_addf(out, "%zu of %s%s", arg->n_targets, shared, known ? ": " : "");
	else if (arg->n_targets > 1)
		str_addf(out, "%zu: ", arg->n_targets);
	for (size_t i = 0; (!shared || known) && i < arg->n_targets && out->len < 2000;
		i++) {
		const char *title =
			known ? json_str(json_array_get(previewed, i), "title", "")
			      : arg->targets[i].title;
		if (shared && str_starts(title, shared) && title[strlen(shared)] == ' ')
			title += strlen(shared) + 1;
		str_addf(out, "%s%s", i ? ", " : "", title);
	}
	if (*arg->targets[0].source)
		str_addf(out, "   %s", arg->targets[0].source);
}

static void add_batches(const struct run_view *f, struct str *out)
{
	str_addf(out, "at most %d at a time, none more after %d that failed",
		runbook_parallel(f->r), runbook_stop_after(f->r));
}

/* On the whole screen there is no form above the preview: what it is about belongs to it. */
static void add_about(struct run_view *f)
{
	struct str text = STR_INIT;
	if (!f->v.arg.n_targets)
		return;
	add_titles(f, &text);
	add_label(f, ROLE_TEXT, "Targets", text.buf);
	if (f->v.arg.n_targets > 1) {
		str_clear(&text);
		add_batches(f, &text);
		add_label(f, ROLE_TEXT, "Batches", text.buf);
	}
	str_release(&text);
}

static void fill(struct run_view *f)
{
	const json_t *result = run_preview_result(f);
	const char *state = json_str(f->preview.json, "state", "");
	if (f->text_of == result && result && f->text_fresh == f->fresh &&
		f->text_cols == f->v.cols && f->text_label == f->label)
		return;
	size_t at = f->text_of == result ? f->text.at : 0;
	f->text_of = result;
	f->text_fresh = f->fresh;
	f->text_cols = f->v.cols;
	f->text_label = f->label;
	pager_clear(&f->text);
	f->more_requests = 0;
	f->text.plain = true;
	f->text.wrap = f->full;
	if (*f->invalid) {
		add_label(f, ROLE_WARN, "Preview", f->invalid);
	} else if (result) {
		add_targets(f, result);
		add_requests(f, result);
		if (f->full)
			run_verdict_add(f);
		if (f->full)
			add_about(f);
	} else if (strcmp(state, "failed") == 0 || strcmp(state, "canceled") == 0) {
		add_label(f, ROLE_BAD, "Preview",
			json_str(f->preview.json, "error", "failed"));
		add_label(f, ROLE_DIM, "", "F5 asks again");
	} else {
		add_label(f, ROLE_DIM, "Preview",
			strcmp(state, "running") == 0 ? "the worker asks the source ..."
						      : "waiting for the worker ...");
	}
	f->text.at = at;
}

/* ---- the screen ------------------------------------------------------------------------------------------ */

static int draw_head(struct run_view *f, const struct canvas *c)
{
	int col = c->cols - 1, row = 1;
	const char *risk = risk_name(runbook_risk(f->r));
	const char *prod = run_prod(f);
	if (prod) {
		col -= (int)strlen(prod);
		canvas_put(c, 0, col, (int)strlen(prod), ROLE_WARN | LOOK_BOLD, prod);
		col -= 3;
	}
	col -= (int)strlen(risk);
	canvas_put(c, 0, col, (int)strlen(risk), run_danger(f) ? ROLE_DANGER : ROLE_DIM,
		risk);
	canvas_put(c, 0, 1, col - 3, ROLE_TITLE, runbook_title(f->r));
	if (runbook_risk(f->r) == RISK_IRREVERSIBLE)
		canvas_put(c, row++, 1, -1, ROLE_DANGER,
			"This cannot be taken back once it is sent.");
	if (runbook_risk(f->r) == RISK_SECURITY)
		canvas_put(c, row++, 1, -1, ROLE_DANGER,
			"This changes who may do what. A typed confirmation follows.");
	return row + (c->rows > 12);
}

static int draw_targets(struct run_view *f, const struct canvas *c, int row)
{
	struct str text = STR_INIT;
	if (!f->v.arg.n_targets)
		return row;
	add_titles(f, &text);
	canvas_field(
		c, row, 1, f->label, ALIGN_LEFT, UTF8_CUT_END, ROLE_HEADER, "Targets");
	row += canvas_wrap(c, row, f->label + 3, c->cols - f->label - 4,
		c->rows < ROOMY ? 1 : 2, ROLE_TEXT, text.buf);
	if (f->v.arg.n_targets > 1) {
		str_clear(&text);
		add_batches(f, &text);
		canvas_field(c, row, 1, f->label, ALIGN_LEFT, UTF8_CUT_END, ROLE_HEADER,
			"Batches");
		canvas_put(c, row++, f->label + 3, -1, ROLE_TEXT, text.buf);
	}
	str_release(&text);
	return row;
}

static void measure(struct run_view *f, const struct canvas *c)
{
	f->label = LABEL_MIN;
	for (size_t i = 0; i < f->form.n; i++) {
		int w = utf8_width(f->form.fields[i].label);
		f->label = w > f->label ? w : f->label;
	}
	if (f->label > LABEL_MAX)
		f->label = LABEL_MAX;
	if (f->label > c->cols / 4)
		f->label = c->cols / 4;
}

/* The fields that there is room for, the one that is filled in among them. */
static int draw_form(struct run_view *f, const struct canvas *c, int row, int rows)
{
	int above = form_rows_above(&f->form), need = form_rows(&f->form);
	/* The form gets at most half of what is left, the preview the rest. */
	if (rows > 12 && need > rows / 2 + 2)
		rows = rows / 2 + 2;
	struct canvas box = canvas_sub(c, row, 0, rows < 1 ? 1 : rows, c->cols);
	int skip = above + 2 > box.rows && need > box.rows ? above + 2 - box.rows : 0;
	/* The help of the last field goes first. */
	if (skip > above)
		skip = above;
	f->more_fields = form_outside(&f->form, -skip, box.rows);
	int used = form_draw(&f->form, &box, -skip, f->label) - skip;
	return row + (used < box.rows ? used : box.rows);
}

/* Start is only for what was shown: the first thing that the preview says, at least. */
static void draw_preview(struct run_view *f, const struct canvas *c, int row, int rows)
{
	int used = rows < (int)f->text.n || f->full ? rows : (int)f->text.n;
	struct canvas box = canvas_sub(c, row, -2, used, c->cols + 2);
	f->room = rows;
	pager_draw(&f->text, &box);
	if (box.rows > 0 && f->fresh && run_preview_result(f) &&
		(f->full ||
			(f->text.top <= f->text_first && f->text_first < f->text.end)))
		f->seen = f->preview_id;
}

static void add_more(struct str *out, size_t n, const char *one, const char *many)
{
	if (n)
		str_addf(out, "%s%zu more %s", out->len ? ", " : "", n,
			n == 1 ? one : many);
}

/* Beside Start, where there always is room: what there was no room for. */
static void draw_hidden(const struct run_view *f, const struct canvas *c, int col)
{
	const struct pager *p = &f->text;
	struct str text = STR_INIT;
	size_t requests = f->more_requests, lines = 0, end = f->room > 0 ? p->end : 0;
	for (size_t i = 0; i < p->n; i++) {
		bool hidden = i < p->top || i >= end;
		requests += hidden && p->lines[i].tag == LINE_REQUEST;
		lines += hidden && p->lines[i].tag != LINE_REQUEST;
	}
	add_more(&text, f->more_fields, "field", "fields");
	if (c->cols < 64) {
		add_more(&text, lines + requests, "line", "lines");
	} else {
		add_more(&text, lines, "line", "lines");
		add_more(&text, requests, "request", "requests");
	}
	if (text.len && lines + requests)
		str_adds(&text, ", F2");
	canvas_put(c, c->rows - 1, col + 3, -1, ROLE_WARN, text.buf);
	str_release(&text);
}

static void draw_start(struct run_view *f, const struct canvas *c)
{
	bool here = f->form.at >= f->form.n;
	int used = canvas_put(c, c->rows - 1, 1, -1,
		here ? (look_t)(ROLE_KEY | LOOK_REVERSE) : (look_t)ROLE_TEXT,
		f->starting ? "[ Starting ... ]"
		: f->sent   ? "[ Started: Actions shows it ]"
			    : "[ Start... ]");
	if (here)
		canvas_put(c, c->rows - 1, 0, 1, ROLE_CURSOR, ">");
	draw_hidden(f, c, 1 + used);
}

/* Form, preview, verdict, from the top; the verdict and Start are given room before anything else. */
static void draw_all(struct run_view *f, const struct canvas *c)
{
	bool roomy = c->rows >= ROOMY;
	int row = draw_targets(f, c, draw_head(f, c)), gap = roomy ? 1 : 0,
	    lines = roomy ? VERDICT_LINES : 1;
	fill(f);
	int verdict = run_verdict_rows(f, c, lines),
	    /* Start, the verdict, and what keeps them apart from the rest */
		below = 1 + gap + verdict + (verdict ? gap : 0),
	    least = f->text.n && c->rows - row - below > 4 ? 3 : 0;
	row = draw_form(f, c, row, c->rows - row - below - gap - least) + gap;
	draw_preview(f, c, row, c->rows - row - below);
	row += (f->text.end > f->text.top ? (int)(f->text.end - f->text.top) : 0) + gap;
	if (row + verdict >= c->rows)
		row = c->rows - 1 - verdict;
	(void)run_verdict_draw(f, c, row, lines);
	draw_start(f, c);
}

void run_draw(struct view *v, const struct canvas *c)
{
	struct run_view *f = (struct run_view *)v;
	measure(f, c);
	if (f->full && f->ready) {
		fill(f);
		draw_preview(f, c, 0, c->rows);
		return;
	}
	if (!f->ready)
		canvas_put(c, draw_head(f, c), 1, -1, ROLE_DIM, "Reading the store ...");
	else
		draw_all(f, c);
}
