/* Arrays that grow, and the arena. */
#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_grow(void **state)
{
	int *items = NULL;
	size_t cap = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		items = mem_grow(items, &cap, (size_t)i + 1, sizeof(*items));
		items[i] = i;
	}
	assert_true(cap >= 1000 && cap < 2100);
	assert_int_equal(items[777], 777);
	free(items);
	free(xmalloc(0));
	free(xcalloc(0, 8));
}

static void test_arena(void **state)
{
	struct arena a = ARENA_INIT;
	const char *first = arena_strdup(&a, "first");
	const char *texts[200];
	const char *large;

	(void)state;
	for (int i = 0; i < 200; i++)
		texts[i] = arena_printf(&a, "text %d", i);
	large = arena_alloc(&a, 100000);
	for (size_t i = 0; i < 100000; i++)
		assert_int_equal(large[i], 0);
	assert_string_equal(first, "first");
	assert_string_equal(texts[150], "text 150");
	assert_null(arena_strdup(&a, NULL));
	assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
	assert_true(a.total > 100000);
	for (size_t i = 1; i < 100; i++)
		assert_int_equal(
			(uintptr_t)arena_alloc(&a, i) % _Alignof(max_align_t), 0);
	arena_clear(&a);
	assert_int_equal(a.total, 0);
	/* Reused memory is zeroed again. */
	memset(arena_alloc(&a, 16), 0xFF, 16);
	arena_clear(&a);
	assert_int_equal(*(char *)arena_alloc(&a, 16), 0);
	arena_release(&a);
	arena_release(&a);
}

static void test_dup(void **state)
{
	char *s = xasprintf("%s-%d", "a", 5);
	char *t = xstrndup("abc", 2);

	(void)state;
	assert_string_equal(s, "a-5");
	assert_string_equal(t, "ab");
	free(s);
	free(t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_grow),
		cmocka_unit_test(test_arena), cmocka_unit_test(test_dup)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
