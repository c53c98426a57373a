/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trimming of long replies: what a proxy needs to go on with its call goes last, totals and result
 * stay always. Pure; control's only thread.
 */
#include "ng_trim.h"

#define CALLS_STEP 6

static const struct {
	const char *key;
	unsigned int step; /* left out from this step on */
	bool dict_only; /* `SSRC` is an integer in a stream, and small */
} rows[] = {
	{ "ingress SSRCs", 1, false },
	{ "egress SSRCs", 1, false },
	{ "MOS progression", 1, false },
	{ "SSRC", 2, true },
	{ "streams", 3, false },
	{ "medias", 4, false },
	{ "subscriptions", 4, false },
	{ "subscribers", 4, false },
	{ "tags", 5, false },
	{ "proxies", 5, false },
	{ "interfaces", 5, false },
};

static bool left_out(const struct ng_item *it, unsigned int step)
{
	for (size_t i = 0; it->key.p && i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (step >= rows[i].step && str_is(it->key, rows[i].key) &&
		    (!rows[i].dict_only || it->value->type == NG_DICT))
			return true;
	}
	return false;
}

static struct ng_value *copy(struct arena *a, const struct ng_value *v, unsigned int step,
			     size_t count_max)
{
	struct ng_value *out;

	if (v->type == NG_INT)
		return ng_int(a, v->i);
	if (v->type == NG_STR)
		return ng_str(a, v->s);
	out = v->type == NG_DICT ? ng_dict(a) : ng_list(a);
	for (const struct ng_item *it = v->first; out && it; it = it->next) {
		size_t max = SIZE_MAX;

		if (left_out(it, step))
			continue;
		if (out->count >= count_max)
			break;
		if (step >= CALLS_STEP && str_is(it->key, "calls"))
			max = it->value->count >> (step - CALLS_STEP + 1);
		if (!ng_put_key(a, out, it->key, copy(a, it->value, step, max)))
			return NULL;
	}
	return out;
}

struct ng_value *ng_trim(struct arena *a, const struct ng_value *reply, unsigned int step)
{
	struct ng_value *out = copy(a, reply, step, SIZE_MAX);

	if (!ng_put_str(a, out, "warning",
			STR("Reply is trimmed to fit a datagram: use unix or tcp for all of it")))
		return NULL;
	return out;
}
