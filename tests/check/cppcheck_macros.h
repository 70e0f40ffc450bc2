/* jansson's loops for cppcheck, which does not read system headers. */
#ifndef CHECK_CPPCHECK_MACROS_H
#define CHECK_CPPCHECK_MACROS_H

#define json_array_foreach(array, index, value)                 \
	for (index = 0; index < json_array_size(array) &&       \
			(value = json_array_get(array, index)); \
		index++)
#define json_object_foreach(object, key, value)                                          \
	for (key = json_object_iter_key(object), value = json_object_iter_value(object); \
		key; key = json_object_iter_key(object))
#define json_object_foreach_safe(object, next, key, value)                               \
	for (key = json_object_iter_key(object), value = json_object_iter_value(object), \
	    next = 0;                                                                    \
		key; key = json_object_iter_key(next))

#endif
