/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: any bytes as JSON, and any bytes that bencode lets into the tree written as JSON:
 * the result must be JSON again.
 */
#include <stdint.h>
#include <stdlib.h>

#include <jansson.h>

#include "bencode.h"
#include "fuzz.h"
#include "json.h"

static void write_and_read(struct arena *a, const struct ng_value *v)
{
	struct str text = json_encode(a, v);
	json_error_t why;
	json_t *json;

	if (!text.p)
		abort();
	json = json_loadb(text.p, text.n, JSON_ALLOW_NUL, &why);
	/* a key with a NUL is good JSON, but jansson does not read it */
	if (!json && json_error_code(&why) != json_error_null_byte_in_key)
		abort();
	json_decref(json);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct str text = { (const char *)data, size };
	const struct ng_value *v = NULL;

	if (json_decode(a, text, &v) == 0)
		write_and_read(a, v);
	if (bencode_decode(a, text, &v) == 0)
		write_and_read(a, v);
	arena_free(a);
	return 0;
}
