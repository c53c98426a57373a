/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: any bytes into the bencode reader. What it accepts must survive writing and reading
 * again.
 */
#include <stdint.h>
#include <stdlib.h>

#include "bencode.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	const struct ng_value *first = NULL, *second = NULL;
	struct str text, again;

	if (bencode_decode(a, (struct str){ (const char *)data, size }, &first) == 0) {
		text = bencode_encode(a, first);
		if (bencode_decode(a, text, &second) != 0)
			abort();
		again = bencode_encode(a, second);
		if (!str_equal(text, again))
			abort();
	}
	arena_free(a);
	return 0;
}
