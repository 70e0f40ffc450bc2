/* A form: fields, moving between them, checks. */
#include "tui/form.h"

#include <stdlib.h>
#include <string.h>

void form_init(struct form *f, void (*check)(void *arg, struct form_field *f), void *arg)
{
	memset(f, 0, sizeof(*f));
	f->check = check;
	f->arg = arg;
}

void form_release(struct form *f)
{
	free(f->fields);
	memset(f, 0, sizeof(*f));
}

void form_add(struct form *f, const char *name, const char *label, const char *help,
	const char **choices, bool required, const char *value)
{
	f->fields = mem_grow(f->fields, &f->cap, f->n + 1, sizeof(*f->fields));
	struct form_field *field = &f->fields[f->n++];
	*field = (struct form_field){.name = name,
		.label = label,
		.help = help,
		.choices = choices,
		.required = required};
	if (choices && choices[0] && !*value)
		value = choices[0];
	line_set(&field->line, value);
}

const char *form_value(const struct form *f, const char *name)
{
	for (size_t i = 0; i < f->n; i++)
		if (strcmp(f->fields[i].name, name) == 0)
			return f->fields[i].line.text;
	return "";
}

static void check(struct form *f, struct form_field *field)
{
	field->error[0] = '\0';
	if (field->required && strspn(field->line.text, " ") == strlen(field->line.text))
		(void)str_copy(field->error, sizeof(field->error), "must be filled in");
	else if (f->check)
		f->check(f->arg, field);
}

bool form_ok(struct form *f)
{
	bool ok = true;
	for (size_t i = 0; i < f->n; i++) {
		check(f, &f->fields[i]);
		f->fields[i].touched = true;
		if (f->fields[i].error[0] && ok) {
			f->at = i;
			ok = false;
		}
	}
	return ok;
}

static void leave_field(struct form *f)
{
	if (f->at >= f->n)
		return;
	f->fields[f->at].touched = true;
	check(f, &f->fields[f->at]);
}

static void step_choice(struct form_field *field, int by)
{
	size_t n = 0, at = 0;
	for (; field->choices[n]; n++)
		if (strcmp(field->choices[n], field->line.text) == 0)
			at = n;
	if (n)
		line_set(&field->line,
			field->choices[by > 0 ? (at + 1) % n : (at + n - 1) % n]);
}

static bool choice_event(struct form_field *field, const struct event *ev)
{
	if (ev->type != EVENT_KEY)
		return true;
	if (ev->key == K_RIGHT || ev->key == K_SPACE)
		step_choice(field, 1);
	else if (ev->key == K_LEFT || ev->key == K_BACKSPACE)
		step_choice(field, -1);
	else
		return ev->key >= ' ' &&
		       ev->key <
			       K_FIRST; /* letters do nothing here, and are no commands either */
	return true;
}

static bool go(struct form *f, int key)
{
	if (key == K_TAB || key == K_DOWN || (key == K_ENTER && f->at < f->n)) {
		leave_field(f);
		f->at = f->at >= f->n ? (key == K_TAB ? 0 : f->n) : f->at + 1;
		return true;
	}
	if (key == K_BACKTAB || key == K_UP) {
		leave_field(f);
		if (f->at > 0)
			f->at--;
		else if (key == K_BACKTAB)
			f->at = f->n;
		return true;
	}
	return false;
}

bool form_event(struct form *f, const struct event *ev)
{
	if (ev->type == EVENT_KEY && go(f, ev->key))
		return true;
	if (f->at >= f->n)
		return false;
	struct form_field *field = &f->fields[f->at];
	char before[sizeof(field->line.text)];
	(void)str_copy(before, sizeof(before), field->line.text);
	bool used =
		field->choices ? choice_event(field, ev) : line_event(&field->line, ev);
	if (strcmp(before, field->line.text) != 0) {
		f->changed = true;
		/* What was wrong is said no longer than it is; what is not finished is not complained about yet. */
		if (field->touched)
			check(f, field);
	}
	return used;
}

/* What stands below a field: what is wrong with it, else what it is for while it is filled in. */
static const char *text_below(const struct form_field *field, bool active)
{
	const char *below = field->touched && field->error[0] ? field->error
			    : active                          ? field->help
							      : NULL;
	return below && *below ? below : NULL;
}

static int rows_of(const struct form *f, size_t i)
{
	return text_below(&f->fields[i], i == f->at) ? 2 : 1;
}

int form_rows(const struct form *f)
{
	int rows = 0;
	for (size_t i = 0; i < f->n; i++)
		rows += rows_of(f, i);
	return rows;
}

int form_rows_above(const struct form *f)
{
	int rows = 0;
	for (size_t i = 0; i < f->at && i < f->n; i++)
		rows += rows_of(f, i);
	return rows;
}

size_t form_outside(const struct form *f, int row, int rows)
{
	size_t out = 0;
	for (size_t i = 0; i < f->n; i++) {
		out += row < 0 || row >= rows;
		row += rows_of(f, i);
	}
	return out;
}

static int draw_field(const struct form_field *field, const struct canvas *c, int row,
	int label_width, bool active)
{
	int col = label_width + 3, width = c->cols - col - 2;
	canvas_field(c, row, 1, label_width, ALIGN_LEFT, UTF8_CUT_END,
		active ? ROLE_KEY : ROLE_HEADER, field->label);
	if (active)
		canvas_put(c, row, label_width + 1, 1, ROLE_CURSOR, ">");
	if (field->choices) {
		int used = canvas_put(c, row, col, width, active ? ROLE_INPUT : ROLE_TEXT,
			field->line.text);
		if (active)
			canvas_put(c, row, col + used + 3, width - used - 3, ROLE_DIM,
				"Left, Right: others");
	} else {
		line_draw(&field->line, c, row, col, width, active);
	}
	const char *below = text_below(field, active);
	if (!below)
		return 1;
	canvas_put(c, row + 1, col, width, below == field->error ? ROLE_BAD : ROLE_DIM,
		below);
	return 2;
}

int form_draw(struct form *f, const struct canvas *c, int row, int label_width)
{
	int first = row;
	for (size_t i = 0; i < f->n; i++)
		row += draw_field(&f->fields[i], c, row, label_width, i == f->at);
	return row - first;
}
