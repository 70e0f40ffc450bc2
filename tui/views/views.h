#ifndef TUI_VIEWS_VIEWS_H
#define TUI_VIEWS_VIEWS_H

/* The views there are; the list of them is tui/views/views.c. */
struct view_type;

extern const struct view_type list_view;    /* lanes 1..6 */
extern const struct view_type actions_view; /* lane 7: action runs */
extern const struct view_type sources_view; /* lane 8 */
extern const struct view_type source_view;  /* arg.name: one of them */
extern const struct view_type detail_view;  /* arg.rid */
/* arg.rid: the log of a run (job of type "log"); arg.job: the output of a job */
extern const struct view_type log_view;
extern const struct view_type raw_view;      /* arg.rid: the source's JSON */
extern const struct view_type run_view;      /* arg.name: the runbook; arg.targets */
extern const struct view_type action_view;   /* arg.job */
extern const struct view_type runbooks_view; /* arg.targets: choose one that applies */
extern const struct view_type help_view;
extern const struct view_type palette_view;
extern const struct view_type prompt_view;
extern const struct view_type confirm_view;

#endif
