/* What allows, refuses, proves and undoes an action: it stands above Start on every screen, whatever else there is no room for. */
#include "tui/views/run.h"

#include <string.h>

struct part {
	const char *label, *text;
	look_t look;
};

static size_t parts_of(const struct run_view *f, struct part parts[3])
{
	const json_t *result = run_preview_result(f);
	const char *refused = json_str(result, "refused", "");
	size_t n = 0;
	if (*f->invalid || !result)
		return 0;
	if (*refused)
		parts[n++] = (struct part){"Refused", refused, ROLE_BAD};
	else
		parts[n++] = (struct part){
			"Allowed", json_str(result, "allowed", ""), ROLE_TEXT};
	parts[n++] = (struct part){"Proof", json_str(result, "proof", ""), ROLE_TEXT};
	if (*runbook_undo(f->r))
		parts[n++] = (struct part){"Undo", runbook_undo(f->r), ROLE_TEXT};
	return n;
}

void run_verdict_add(struct run_view *f)
{
	struct part parts[3];
	size_t n = parts_of(f, parts);
	if (n)
		pager_add(&f->text, ROLE_TEXT, 0, "");
	for (size_t i = 0; i < n; i++)
		pager_addf(&f->text, parts[i].look, 0, "%-*s  %s", f->label,
			parts[i].label, parts[i].text);
}

int run_verdict_draw(struct run_view *f, const struct canvas *c, int row, int lines)
{
	struct part parts[3];
	size_t n = parts_of(f, parts);
	int first = row, width = f->v.cols - f->label - 4;
	for (size_t i = 0; i < n; i++) {
		canvas_field(c, row, 1, f->label, ALIGN_LEFT, UTF8_CUT_END, parts[i].look,
			parts[i].label);
		int used = canvas_wrap(
			c, row, f->label + 3, width, lines, parts[i].look, parts[i].text);
		row += used ? used : 1;
	}
	return row - first;
}

int run_verdict_rows(struct run_view *f, const struct canvas *c, int lines)
{
	struct canvas nowhere = canvas_sub(c, 0, 0, 0, 0);
	return run_verdict_draw(f, &nowhere, 0, lines);
}
