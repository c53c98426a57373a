/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What rtpwire-peer knows about received packets. Program's only thread.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rtpwire/demux.h"

#include "peer.h"

/* Grows the map of seen numbers to hold bit n. */
static int seen_reserve(struct arrivals *a, uint32_t n)
{
	uint32_t bits = a->seen_bits ? a->seen_bits : 1024;
	uint8_t *grown;

	while (bits <= n)
		bits *= 2;
	if (bits == a->seen_bits)
		return 0;
	grown = realloc(a->seen, bits / 8);
	if (!grown)
		return -ENOMEM;
	memset(grown + a->seen_bits / 8, 0, (bits - a->seen_bits) / 8);
	a->seen = grown;
	a->seen_bits = bits;
	return 0;
}

/* Books number seq; true when it is new. */
static bool book(struct arrivals *a, uint32_t seq)
{
	if (seen_reserve(a, seq) < 0) {
		fprintf(stderr, "rtpwire-peer: out of memory\n");
		exit(1);
	}
	if (a->seen[seq / 8] & (1u << (seq % 8))) {
		a->duplicates++;
		return false;
	}
	a->seen[seq / 8] |= (uint8_t)(1u << (seq % 8));
	if (a->received == 0)
		a->first_seq = a->max_seq = seq;
	if (seq < a->max_seq)
		a->reordered++;
	if (seq < a->first_seq)
		a->first_seq = seq;
	if (seq > a->max_seq)
		a->max_seq = seq;
	a->received++;
	return true;
}

/*
 * RFC 3550 A.8 with the real sending time in place of the RTP timestamp: what the path adds, without the
 * sender's own lateness.
 */
static void measure(struct stream *s, uint64_t sent_ns, uint64_t arrived_ns)
{
	int64_t transit = (int64_t)(arrived_ns - sent_ns);
	int64_t d = s->media.received == 1 ? 0 : transit - s->transit_ns;

	s->transit_ns = transit;
	s->jitter_ns += ((double)(d < 0 ? -d : d) - s->jitter_ns) / 16.0;
	s->latency_sum_ns += (double)transit;
	if (transit > s->latency_max_ns)
		s->latency_max_ns = transit;
}

/* Removes the protection; false when the packet is not right, which is booked. */
static bool unprotect(struct stream *s, struct arrivals *a, bool rtcp, uint8_t *p,
		      size_t *len_bytes)
{
	switch (secure_unprotect(s->rx, rtcp, p, len_bytes)) {
	case SECURE_OK:
		return true;
	case SECURE_OLD_KEY:
		a->old_key++;
		return true;
	case SECURE_AUTH_FAILED:
		a->auth_failed++;
		return false;
	case SECURE_REPLAYED:
		a->replayed++;
		return false;
	default:
		a->corrupt++;
		return false;
	}
}

/* 0 and *tag, or -EBADMSG. */
static int read_packet(const struct stream *s, struct arrivals *a, bool rtcp, const uint8_t *p,
		       size_t len_bytes, struct wire_tag *tag)
{
	uint16_t shift;

	if (rtcp)
		return wire_rtcp_read(p, len_bytes, tag) < 0 ? -EBADMSG : 0;
	if (wire_media_read(p, len_bytes, s->kind, tag, &shift) < 0 || (shift && !s->renumber))
		return -EBADMSG;
	a->renumbered += shift != 0;
	return 0;
}

void count_packet(struct stream *s, bool rtcp_port, uint8_t *p, size_t len_bytes,
		  const struct rw_endpoint *from, uint64_t arrived_ns)
{
	bool rtcp = rtcp_port || (s->mux && rw_demux(p, len_bytes) == RW_CLASS_RTCP);
	struct arrivals *a = rtcp ? &s->rtcp : &s->media;
	const struct rw_endpoint *remote = rtcp && !s->mux ? &s->remote_rtcp : &s->remote;
	struct wire_tag tag;

	if (s->rx && !unprotect(s, a, rtcp, p, &len_bytes))
		return;
	if (read_packet(s, a, rtcp, p, len_bytes, &tag) < 0) {
		a->corrupt++;
		return;
	}
	if (tag.stream != s->expect) {
		a->misdelivered++;
		return;
	}
	if (!rw_endpoint_equal(from, remote))
		a->wrong_source++;
	if (book(a, tag.seq) && !rtcp)
		measure(s, tag.sent_ns, arrived_ns);
}

uint64_t count_missing(const struct arrivals *a)
{
	return a->received ? (uint64_t)a->max_seq - a->first_seq + 1 - a->received : 0;
}

static void add(struct arrivals *sum, const struct arrivals *a)
{
	sum->received += a->received;
	sum->duplicates += a->duplicates;
	sum->reordered += a->reordered;
	sum->misdelivered += a->misdelivered;
	sum->corrupt += a->corrupt;
	sum->wrong_source += a->wrong_source;
	sum->auth_failed += a->auth_failed;
	sum->replayed += a->replayed;
	sum->old_key += a->old_key;
	sum->renumbered += a->renumbered;
}

void count_totals(const struct peer *p, struct totals *t)
{
	double latency_sum_ns = 0, jitter_sum_ns = 0;
	unsigned int heard = 0;

	memset(t, 0, sizeof(*t));
	for (unsigned int i = 0; i < p->stream_count; i++) {
		const struct stream *s = &p->streams[i];

		t->sent += s->sent;
		t->rtcp_sent += s->rtcp_sent;
		t->send_errors += s->send_errors;
		t->missing += count_missing(&s->media);
		t->rtcp_missing += count_missing(&s->rtcp);
		add(&t->media, &s->media);
		add(&t->rtcp, &s->rtcp);
		heard += s->media.received > 0;
		jitter_sum_ns += s->jitter_ns;
		latency_sum_ns += s->latency_sum_ns;
		if (s->jitter_ns / 1e6 > t->jitter_max_ms)
			t->jitter_max_ms = s->jitter_ns / 1e6;
		if ((double)s->latency_max_ns / 1e6 > t->latency_max_ms)
			t->latency_max_ms = (double)s->latency_max_ns / 1e6;
	}
	if (heard > 0) {
		t->jitter_ms = jitter_sum_ns / heard / 1e6;
		t->latency_ms = latency_sum_ns / (double)t->media.received / 1e6;
	}
}
