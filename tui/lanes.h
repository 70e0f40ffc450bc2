#ifndef TUI_LANES_H
#define TUI_LANES_H

#include "tui/table.h"
#include "tui/view.h"

/* The lanes: what Tab and the digits go to. A lane of records is a row of the table in lanes.c, no code. */
struct lane_cells { /* the argument of the cells of lanes */
	const struct table *table;
	struct app *app;
};

struct lane {
	const char *title, *brief; /* "Incidents", "Inc" where there is little room */
	const struct view_type *view;
	unsigned kinds; /* bits 1 << KIND_x; 0: all */
	bool need_only, fold;
	enum store_sort sort;
	const struct column *columns;
	size_t n_columns;
	const char *empty; /* what to say when nothing is in it */
};

enum {
	LANE_TRIAGE,
	LANE_RUNS,
	LANE_INCIDENTS,
	LANE_ACCESS,
	LANE_COST,
	LANE_CHECKS,
	LANE_ACTIONS,
	LANE_SOURCES,
	LANE_CHANGES,
	LANE_COUNT
};
extern const struct lane lanes[LANE_COUNT];

/* The number beside the lane: how many need a person; of actions, how many run; of sources, how many fail or are stale. */
long long lane_count(int lane, const json_t *counts);

#endif
