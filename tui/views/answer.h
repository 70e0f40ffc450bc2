#ifndef TUI_VIEWS_ANSWER_H
#define TUI_VIEWS_ANSWER_H

#include "tui/view.h"

/*
 * The latest answer to one question, kept and kept fresh: what a view draws from. Begin with a zeroed struct (a view is).
 * When a question fails the answer before stays, and the reason is on the last line.
 */
struct answer;
typedef void answer_fn(struct view *v, struct answer *a);
struct answer {
	json_t *json;      /* the answer, or NULL: none yet */
	bool known;        /* there was one, or a refusal */
	struct view *view; /* the rest is its own */
	struct store_req *req;
	const char *question;
	json_t *args;
	answer_fn *fn;
	bool again;
};

/* Asks; the answer before is shown until the new one is there. `question` is a literal, `fn` may be NULL. */
void answer_ask(struct view *v, struct answer *a, const char *question,
	json_t *args /* taken */, answer_fn *fn);
/* The same once more, as soon as what is under way is answered: for view_type.changed. Nothing before the first answer_ask. */
void answer_again(struct answer *a);
/* The first answer is under way. */
bool answer_waits(const struct answer *a);
/* Forgets the answer and what is under way. */
void answer_clear(struct answer *a);

#endif
