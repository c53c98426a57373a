/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Arena: alignment, zeroing, big pieces, the failure hook.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arena.h"

static void pieces_are_zeroed_aligned_and_apart(void **state)
{
	struct arena *a = arena_new();
	unsigned char *before = NULL;
	size_t before_n = 0;

	(void)state;
	for (size_t n = 0; n < 20000; n = n * 3 + 1) {
		unsigned char *p = arena_alloc(a, n);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++)
			assert_int_equal(p[i], 0);
		memset(p, 0xff, n);
		for (size_t i = 0; i < before_n; i++)
			assert_int_equal(before[i], 0xff);
		before = p;
		before_n = n;
	}
	assert_false(arena_failed(a));
	arena_free(a);
}

/* Structs of include/rtpwire/ stand on cache lines; their size is a multiple of it. */
static void cache_line_types_are_aligned(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	for (size_t n = 64; n < 40000; n += 64) {
		assert_int_equal((uintptr_t)arena_alloc(a, n) % 64, 0);
		assert_int_equal((uintptr_t)arena_alloc(a, n + 16) % 16, 0);
		assert_non_null(arena_alloc(a, 1));
	}
	arena_free(a);
}

static void strings_are_copied_and_ended(void **state)
{
	struct arena *a = arena_new();
	struct str s = arena_str(a, (struct str){ "a\0b", 3 });

	(void)state;
	assert_int_equal(s.n, 3);
	assert_memory_equal(s.p, "a\0b", 4);
	s = arena_printf(a, "%s-%d", "x", 42);
	assert_int_equal(s.n, 4);
	assert_string_equal(s.p, "x-42");
	s = arena_str(a, (struct str){ NULL, 0 });
	assert_non_null(s.p);
	assert_int_equal(s.n, 0);
	arena_free(a);
}

static void absurd_sizes_fail(void **state)
{
	struct arena *a = arena_new();

	(void)state;
	assert_null(arena_alloc(a, SIZE_MAX));
	assert_true(arena_failed(a));
	assert_null(arena_str(a, (struct str){ "", SIZE_MAX }).p);
	arena_free(a);
	arena_free(NULL);
}

static void hook_fails_the_nth_and_all_after(void **state)
{
	struct arena *a;

	(void)state;
	arena_fail_after(1);
	assert_null(arena_new());
	arena_fail_after(3);
	a = arena_new();
	assert_non_null(a);
	assert_non_null(arena_alloc(a, 8));
	assert_false(arena_failed(a));
	assert_null(arena_printf(a, "x").p);
	assert_null(arena_alloc(a, 8));
	assert_true(arena_failed(a));
	arena_fail_after(0);
	assert_non_null(arena_alloc(a, 8));
	arena_free(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pieces_are_zeroed_aligned_and_apart),
		cmocka_unit_test(cache_line_types_are_aligned),
		cmocka_unit_test(strings_are_copied_and_ended),
		cmocka_unit_test(absurd_sizes_fail),
		cmocka_unit_test(hook_fails_the_nth_and_all_after),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
