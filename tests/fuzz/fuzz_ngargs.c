/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fuzz target: the arguments of a request. A dictionary is read as one; anything else is the text
 * of `rtpp-flags`. Views must point into memory (the sums read every byte), numbers must be in
 * their range.
 */
#include <stdint.h>
#include <stdlib.h>

#include "bencode.h"
#include "fuzz.h"
#include "ng_args.h"

static volatile unsigned int bytes_read; /* keeps the reads of check() in the program */

static unsigned int sum(struct str s)
{
	unsigned int total = 0;

	for (size_t i = 0; i < s.n; i++)
		total += (unsigned char)s.p[i];
	return total;
}

static void check(const struct ng_args *args)
{
	unsigned int total;

	total = sum(args->call_id) + sum(args->from_tag) + sum(args->to_tag) + sum(args->sdp);
	total += sum(args->via_branch) + sum(args->label) + sum(args->metadata);
	total += sum(args->from_interface) + sum(args->to_interface);
	bytes_read = total;
	if (args->tos < -1 || args->tos > 255 || args->delete_delay_s < -1 || args->limit < -1)
		abort();
	if (!rw_ip_valid(&args->received_from) || !rw_ip_valid(&args->media_address))
		abort();
	if (args->received_from_bad && args->received_from.family != RW_FAMILY_NONE)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_new();
	struct str text = { (const char *)data, size };
	const struct ng_value *v = NULL;
	struct ng_args args;

	if (bencode_decode(a, text, &v) != 0) {
		struct ng_value *dict = ng_dict(a);

		ng_put_str(a, dict, "rtpp-flags", text);
		v = dict;
	}
	if (ng_args_parse(a, v, &args) != 0)
		abort();
	check(&args);
	arena_free(a);
	return 0;
}
