/* The list of views. */
#include "tui/view.h"

const struct view_type *const views[] = {&list_view, &actions_view, &sources_view,
	&source_view, &detail_view, &log_view, &raw_view, &run_view, &action_view,
	&runbooks_view, &help_view, &palette_view, &prompt_view, &confirm_view, NULL};
