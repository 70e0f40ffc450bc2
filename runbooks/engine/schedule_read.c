/* What was read when: a record may be older than the change that somebody waits to see in it. */
#include "runbooks/engine/exec.h"
#include "runbooks/engine/schedule_private.h"

bool schedule_read_since(
	const struct schedule *s, const char *source, enum kind kind, usec_t since)
{
	const struct feed *f = schedule_feed(s, source);
	size_t n = 0;

	for (size_t i = 0; f && i < f->n_lanes; i++) {
		if (connector_kind(source_connector(f->source), i) != kind)
			continue;
		if (f->lanes[i].good_began < since)
			return false;
		n++;
	}
	return n > 0;
}
