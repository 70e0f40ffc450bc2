/* What is wrong with a collection whose source answered, in sentences that say how much and where to look. */
#include "runbooks/engine/schedule_private.h"

static void next_sentence(struct str *out)
{
	if (out->len)
		str_adds(out, "; ");
}

void lane_flaws(const struct lane *ln, struct str *out)
{
	if (ln->partial[0])
		str_addf(out, "not all was read: %s", ln->partial);
	if (ln->refused) {
		next_sentence(out);
		str_addf(out, "%zu item%s refused, the first: %s", ln->refused,
			ln->refused == 1 ? "" : "s", ln->reason);
	}
	if (ln->spoiled) {
		next_sentence(out);
		str_addf(out, "%zu value%s left out, the first: %s", ln->spoiled,
			ln->spoiled == 1 ? "" : "s", ln->spoiled_why);
	}
	if (ln->unknown_states) {
		next_sentence(out);
		str_addf(out, "%zu in a state that is not known: %s", ln->unknown_states,
			ln->unknown);
	}
	if (ln->repaired) {
		next_sentence(out);
		str_addf(out,
			"%zu value%s could not be read as sent (text that is no UTF-8, "
			"numbers out of range) and %s shown changed",
			ln->repaired, ln->repaired == 1 ? "" : "s",
			ln->repaired == 1 ? "is" : "are");
	}
}
