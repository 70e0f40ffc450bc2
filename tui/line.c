/* A line editor: the keys of readline that fingers know. */
#include "tui/line.h"

#include <string.h>

void line_set(struct line *l, const char *text)
{
	memset(l, 0, sizeof(*l));
	(void)str_copy(l->text, sizeof(l->text), text ? text : "");
	l->cursor = strlen(l->text);
}

static size_t previous(const struct line *l)
{
	size_t i = l->cursor;
	while (i > 0 && ((unsigned char)l->text[--i] & 0xc0) == 0x80)
		;
	return i;
}

static size_t next(const struct line *l)
{
	size_t i = l->cursor, len = strlen(l->text);
	if (i < len)
		i++;
	while (i < len && ((unsigned char)l->text[i] & 0xc0) == 0x80)
		i++;
	return i;
}

static size_t word_start(const struct line *l)
{
	size_t i = l->cursor;
	while (i > 0 && l->text[i - 1] == ' ')
		i--;
	while (i > 0 && l->text[i - 1] != ' ')
		i--;
	return i;
}

static void erase(struct line *l, size_t from, size_t to)
{
	memmove(l->text + from, l->text + to, strlen(l->text + to) + 1);
	l->cursor = from;
}

static void insert(struct line *l, const char *bytes, size_t n)
{
	size_t len = strlen(l->text);
	if (len + n >= sizeof(l->text))
		return;
	memmove(l->text + l->cursor + n, l->text + l->cursor, len - l->cursor + 1);
	memcpy(l->text + l->cursor, bytes, n);
	l->cursor += n;
}

static bool edit(struct line *l, int key)
{
	size_t len = strlen(l->text);
	if (key == K_BACKSPACE)
		erase(l, previous(l), l->cursor);
	else if (key == K_DELETE)
		erase(l, l->cursor, next(l));
	else if (key == K_LEFT)
		l->cursor = previous(l);
	else if (key == K_RIGHT)
		l->cursor = next(l);
	else if (key == K_HOME || key == K_CTRL('a'))
		l->cursor = 0;
	else if (key == K_END || key == K_CTRL('e'))
		l->cursor = len;
	else if (key == K_CTRL('u'))
		erase(l, 0, l->cursor);
	else if (key == K_CTRL('k'))
		l->text[l->cursor] = '\0';
	else if (key == K_CTRL('w'))
		erase(l, word_start(l), l->cursor);
	else
		return false;
	return true;
}

bool line_event(struct line *l, const struct event *ev)
{
	char bytes[4];
	if (ev->type == EVENT_PASTE) {
		insert(l, ev->text, strlen(ev->text));
		return true;
	}
	if (edit(l, ev->key))
		return true;
	if (ev->key < ' ' || ev->key >= K_FIRST || ev->key == 127)
		return false;
	char safe[8];
	size_t n = utf8_encode((uint32_t)ev->key, bytes);
	struct str out = STR_INIT;
	if (utf8_clean(&out, bytes, n, sizeof(safe), UTF8_ONE_LINE))
		insert(l, bytes, n);
	str_release(&out);
	return true;
}

void line_draw(const struct line *l, const struct canvas *c, int row, int col, int width,
	bool active)
{
	char before[sizeof(l->text)];
	memcpy(before, l->text, l->cursor);
	before[l->cursor] = '\0';
	const char *from = l->text;
	int at = utf8_width(before);
	/* Scrolled by whole characters until the cursor is within. */
	while (at >= width && *from) {
		uint32_t cp = 0;
		size_t n = utf8_decode(from, strlen(from), &cp);
		from += n;
		at -= utf8_width_cp(cp);
	}
	canvas_put(c, row, col, width, active ? ROLE_INPUT : ROLE_TEXT, from);
	if (active)
		canvas_cursor(c, row, col + at);
}
