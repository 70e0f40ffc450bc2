#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The memory that replies may take in one process, whatever number of sources: 96 MiB, of which 40 are for text that has come
 * and is not read yet, the rest for trees. Trees are counted by themselves, every json_t of the process from its first to its last
 * byte, what has nothing to do with replies too: so no owner can forget one. A tree takes 6 to 12 times its text, `[{},{}]` 75
 * times; what is to be read is estimated first (json_need), and waits or is refused.
 */
#define BUDGET_TEXT_BYTES ((size_t)40 << 20)
#define BUDGET_TREE_BYTES ((size_t)56 << 20)

/* Text comes and goes. Only counted: who holds more than a little asks before more of it. */
void budget_text_add(size_t bytes);
void budget_text_drop(size_t bytes);
size_t budget_text_used(void);
/*
 * May a text that has `own` bytes grow? `first`: it is the oldest of those that come. Others stop while 16 MiB are left, the
 * largest that most replies may be, so that one always comes to its end. A text that is alone may grow to what its reader
 * allows, which then is more than the budget by the user's own word (max_bytes).
 */
bool budget_text_fits(size_t own, bool first);

/* All trees of the process, and the most that they were since the last call of budget_tree_peak. */
size_t budget_tree_used(void);
size_t budget_tree_peak(void);
/* Is there room for a tree of so many bytes now? And ever? */
bool budget_tree_fits(size_t need);
bool budget_tree_possible(size_t need);

#endif
