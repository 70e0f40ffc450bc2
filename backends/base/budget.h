#ifndef BASE_BUDGET_H
#define BASE_BUDGET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The memory that replies may take in one process, whatever number of sources: 96 MiB. A third is for text that has come and
 * is not read yet, the rest for trees. Trees are counted by themselves, every json_t of the process from its first to its last
 * byte, what has nothing to do with replies too: so no owner can forget one. A tree takes 6 to 12 times its text, `[{},{}]` 75
 * times; what is to be read is estimated first (json_need), and waits or is refused.
 */
#define BUDGET_TEXT_BYTES ((size_t)32 << 20)
#define BUDGET_TREE_BYTES ((size_t)64 << 20)

/* Text comes (bytes > 0) and goes. Only counted: who holds more than a little asks budget_text_full before more of it. */
void budget_text_add(size_t bytes);
void budget_text_drop(size_t bytes);
size_t budget_text_used(void);
bool budget_text_full(void);

/* All trees of the process, and the most that they were since the last call of budget_tree_peak. */
size_t budget_tree_used(void);
size_t budget_tree_peak(void);
/* Is there room for a tree of so many bytes now? And ever? */
bool budget_tree_fits(size_t need);
bool budget_tree_possible(size_t need);

#endif
