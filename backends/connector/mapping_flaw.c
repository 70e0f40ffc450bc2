/*
 * What an item held that its record cannot: counted, the first of each kind in words with the place of its expression.
 */
#include "backends/connector/mapping.h"

void map_spoiled(const struct mapper *m, const struct def_field *f, const json_t *v,
	const char *why)
{
	struct map_flaws *all = m->flaws;
	if (all->spoiled++ > 0)
		return;
	if (v)
		str_format(all->spoiled_first, sizeof(all->spoiled_first),
			"%s: \"%s\" %s (%s)", f->name, map_text(m->arena, v, 60), why,
			f->place);
	else
		str_format(all->spoiled_first, sizeof(all->spoiled_first), "%s: %s (%s)",
			f->name, why, f->place);
}

void map_unknown(const struct mapper *m, const struct def_field *f, const json_t *v)
{
	struct map_flaws *all = m->flaws;
	const char *text = map_text(m->arena, v, 80);
	if (all->unknown++ > 0)
		return;
	if (*text)
		str_format(all->unknown_first, sizeof(all->unknown_first),
			"\"%s\" has no mapping (%s)", text, f->place);
	else
		str_format(all->unknown_first, sizeof(all->unknown_first),
			"a state is empty (%s)", f->place);
}
