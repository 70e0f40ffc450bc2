#ifndef BASE_YAML_PLACE_H
#define BASE_YAML_PLACE_H

#include "backends/base/yaml.h"

/* Internal to yaml*.c: the table of places, and the typing of scalars. */
struct yaml_spot {
	int line, column;
	bool cut; /* a comment follows on the line */
};

struct yaml_place *yaml_places_new(void);
void yaml_places_free(struct yaml_place *p);

#define YAML_SELF ((size_t)-1) /* as index: where the container itself starts */

/* Remembers where key (or item `index` when key is NULL) of `box` stands, and where its
 * value starts. */
void yaml_place_add(struct yaml_place *p, const json_t *box, const char *key,
	size_t index, struct yaml_spot key_at, struct yaml_spot value_at);
/* The spots may be NULL. */
bool yaml_place_find(const struct yaml_place *p, const json_t *box, const char *key,
	size_t index, struct yaml_spot *key_at, struct yaml_spot *value_at);

/* A scalar by YAML 1.2 core; NULL with *why when it is not representable. */
json_t *yaml_scalar(const char *text, size_t len, bool plain, const char **why);

#endif
