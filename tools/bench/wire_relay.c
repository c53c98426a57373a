/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reads the relay's counters (wire_relay.h). Main thread.
 */
#include "wire_relay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rtpwire/clock.h"

#define WAIT_MS 10000

/* The value of a key of a dictionary, as it stands; p NULL when there is none. */
static struct ng_text value_of(struct ng_text dictionary, const char *key)
{
	struct ng_text rest = dictionary, name, value;
	char want[96];

	snprintf(want, sizeof(want), "%zu:%s", strlen(key), key);
	if (!rest.p || rest.bytes == 0 || *rest.p != 'd')
		return (struct ng_text){ NULL, 0 };
	rest.p++;
	rest.bytes--;
	while (ng_take(&rest, &name) && ng_take(&rest, &value))
		if (ng_is(name, want))
			return value;
	return (struct ng_text){ NULL, 0 };
}

static uint64_t integer_of(struct ng_text dictionary, const char *key)
{
	struct ng_text v = value_of(dictionary, key);

	return v.p && *v.p == 'i' ? strtoull(v.p + 1, NULL, 10) : 0;
}

static void read_all(struct ng_text body, struct wire_relay *out)
{
	struct ng_text own = value_of(value_of(body, "statistics"), "rtpwire");
	struct ng_text counters = value_of(own, "counters"), drops = value_of(own, "drops");
	struct ng_text backend = ng_find(value_of(own, "dataplane"), "backend");

	out->known = counters.p && drops.p;
	out->busy_turns = integer_of(counters, "polls") - integer_of(counters, "empty_polls");
	out->rx_packets = integer_of(counters, "rx_packets");
	for (unsigned int n = 0; n < RW_DROP_MAX && drops.p; n++)
		out->drops[n] = integer_of(drops, rw_drop_name(n));
	if (backend.p)
		snprintf(out->backend, sizeof(out->backend), "%.*s", (int)backend.bytes, backend.p);
}

/* False when it does not come in time. */
static bool wait_reply(struct ng *ng, struct ng_reply *reply)
{
	uint64_t deadline_ns = rw_monotonic_ns() + WAIT_MS * 1000000ull, now_ns;
	int ret = 0;

	/* 0: something has moved, but no whole reply is there yet */
	while (ret == 0 && (now_ns = rw_monotonic_ns()) < deadline_ns)
		ret = ng_wait(ng, (int)((deadline_ns - now_ns) / 1000000u) + 1, reply);
	return ret > 0 && reply->body.p;
}

void wire_relay_read(struct ng *ng, struct wire_relay *out)
{
	static struct ng_body b;
	struct ng_reply reply = { .user = 0 };

	memset(out, 0, sizeof(*out));
	ng_begin(&b);
	ng_string(&b, "command", "statistics");
	ng_end(&b);
	if (ng_send(ng, &b, 0) == 0 && wait_reply(ng, &reply))
		read_all(reply.body, out);
}

uint64_t wire_relay_drops(const struct wire_relay *before, const struct wire_relay *after,
			  char *text, size_t bytes)
{
	uint64_t sum = 0;
	size_t used = 0;

	text[0] = 0;
	for (unsigned int n = 0; n < RW_DROP_MAX; n++) {
		uint64_t more = after->drops[n] - before->drops[n];

		sum += more;
		if (more && used < bytes)
			used += (size_t)snprintf(text + used, bytes - used, "%s%llu %s",
						 used ? ", " : "", (unsigned long long)more,
						 rw_drop_name(n));
	}
	return sum;
}
