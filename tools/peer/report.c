/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What rtpwire-peer tells: a progress line a second, and the JSON result. Program's only thread.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

void report_progress(const struct peer *p, double seconds)
{
	struct totals t;

	count_totals(p, &t);
	printf("t=%.1f streams=%u sent=%llu received=%llu missing=%llu duplicates=%llu "
	       "wrong=%llu jitter_ms=%.3f latency_ms=%.3f latency_max_ms=%.3f\n",
	       seconds, p->stream_count, (unsigned long long)t.sent,
	       (unsigned long long)t.media.received, (unsigned long long)t.missing,
	       (unsigned long long)t.media.duplicates,
	       (unsigned long long)(t.media.misdelivered + t.media.corrupt + t.media.auth_failed +
				    t.media.replayed),
	       t.jitter_ms, t.latency_ms, t.latency_max_ms);
	fflush(stdout);
}

/* Received numbers as "0-99,101-250", for tests that add up several receivers. */
static json_t *ranges(const struct arrivals *a)
{
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);
	json_t *out;

	if (!f)
		return NULL;
	for (uint32_t n = 0, from = 0, in = 0; n <= a->seen_bits; n++) {
		uint32_t set = n < a->seen_bits && a->seen[n / 8] >> (n % 8) & 1;

		if (set && !in)
			from = n;
		if (!set && in)
			fprintf(f, "%s%u-%u", ftell(f) > 0 ? "," : "", from, n - 1);
		in = set;
	}
	fclose(f);
	out = json_string(text);
	free(text);
	return out;
}

static json_t *arrivals_json(const struct arrivals *a, uint64_t sent, uint64_t missing)
{
	return json_pack("{sI sI sI sI sI sI sI sI sI sI sI sI}", "sent", (json_int_t)sent,
			 "received", (json_int_t)a->received, "missing", (json_int_t)missing,
			 "duplicates", (json_int_t)a->duplicates, "reordered",
			 (json_int_t)a->reordered, "misdelivered", (json_int_t)a->misdelivered,
			 "corrupt", (json_int_t)a->corrupt, "wrong_source",
			 (json_int_t)a->wrong_source, "auth_failed", (json_int_t)a->auth_failed,
			 "replayed", (json_int_t)a->replayed, "old_key", (json_int_t)a->old_key,
			 "renumbered", (json_int_t)a->renumbered);
}

static json_t *stream_json(const struct stream *s)
{
	json_t *media = arrivals_json(&s->media, s->sent, count_missing(&s->media));
	json_t *rtcp = arrivals_json(&s->rtcp, s->rtcp_sent, count_missing(&s->rtcp));

	return json_pack("{sI sI so so so sf sf}", "id", (json_int_t)s->id, "expect",
			 (json_int_t)s->expect, "media", media, "rtcp", rtcp, "numbers",
			 ranges(&s->media), "jitter_ms", s->jitter_ns / 1e6, "latency_max_ms",
			 (double)s->latency_max_ns / 1e6);
}

static json_t *result_json(const struct peer *p, double seconds)
{
	json_t *list = json_array(), *media, *rtcp;
	struct totals t;

	count_totals(p, &t);
	for (unsigned int i = 0; i < p->stream_count; i++)
		json_array_append_new(list, stream_json(&p->streams[i]));
	media = arrivals_json(&t.media, t.sent, t.missing);
	rtcp = arrivals_json(&t.rtcp, t.rtcp_sent, t.rtcp_missing);
	return json_pack("{sf so so sI sf sf sf sf so}", "seconds", seconds, "media", media, "rtcp",
			 rtcp, "send_errors", (json_int_t)t.send_errors, "jitter_ms", t.jitter_ms,
			 "jitter_max_ms", t.jitter_max_ms, "latency_ms", t.latency_ms,
			 "latency_max_ms", t.latency_max_ms, "streams", list);
}

int report_write(const struct peer *p, const char *path, double seconds)
{
	json_t *result = result_json(p, seconds);
	int ret;

	if (strcmp(path, "-") == 0) {
		ret = json_dumpf(result, stdout, JSON_COMPACT);
		putchar('\n');
	} else {
		ret = json_dump_file(result, path, JSON_COMPACT);
	}
	json_decref(result);
	if (ret == 0)
		return 0;
	fprintf(stderr, "rtpwire-peer: cannot write the result to %s\n", path);
	return -EIO;
}
