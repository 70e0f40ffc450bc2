/* The cursor of short lists. */
#include "tui/views/cursor.h"

void cursor_fit(struct cursor *c, size_t n, size_t height)
{
	c->n = n;
	c->height = height ? height : 1;
	if (c->at >= n)
		c->at = n ? n - 1 : 0;
	if (c->at < c->top)
		c->top = c->at;
	if (c->at >= c->top + c->height)
		c->top = c->at - c->height + 1;
	if (c->top && c->top + c->height > n)
		c->top = n > c->height ? n - c->height : 0;
}

void cursor_move(struct cursor *c, enum move m)
{
	size_t page = c->height > 1 ? c->height - 1 : 1;
	switch (m) {
	case MOVE_UP:
		c->at -= c->at > 0;
		break;
	case MOVE_DOWN:
		c->at++;
		break;
	case MOVE_PGUP:
		c->at = c->at > page ? c->at - page : 0;
		c->top = c->top > page ? c->top - page : 0;
		break;
	case MOVE_PGDN:
		c->at += page;
		c->top += page;
		break;
	case MOVE_TOP:
		c->at = 0;
		break;
	case MOVE_BOTTOM:
		c->at = c->n;
		break;
	}
	cursor_fit(c, c->n, c->height);
}
