/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * RTP receive statistics: sequence numbers after RFC 3550 A.1 (without its probation: one packet is
 * enough), a window of 64 for duplicates, jitter after A.8. Thread: worker; readers of the
 * statistics run beside it, so each field is stored once per packet.
 */
#include "rtp.h"

#include <string.h>

#include "rtpwire/bytes.h"
#include "rtpwire/demux.h"

/* RFC 3550 A.1 */
#define MAX_DROPOUT 3000u
#define MAX_MISORDER 100u

/* A leap of the transit time beyond this is a new timestamp base (hold, new source), not jitter. */
#define LEAP_SECONDS 4u

#define WINDOW_BITS 64u

bool rtp_parse(const uint8_t *payload, uint32_t len_bytes, struct rtp_header *out)
{
	uint32_t need = RW_RTP_HEADER_BYTES;

	if (len_bytes < need || payload[0] >> 6 != 2)
		return false;
	need += (payload[0] & 0x0fu) * 4u;
	if (payload[0] & 0x10) {
		if (len_bytes < need + 4)
			return false;
		need += 4 + rw_load_be16(payload + need + 2) * 4u;
	}
	if (len_bytes < need)
		return false;
	if (payload[0] & 0x20) {
		uint8_t padding = len_bytes > need ? payload[len_bytes - 1] : 0;

		if (padding == 0 || padding > len_bytes - need)
			return false;
	}
	out->payload_type = payload[1] & 0x7f;
	out->seq = rw_load_be16(payload + 2);
	out->timestamp = rw_load_be32(payload + 4);
	out->ssrc = rw_load_be32(payload + 8);
	return true;
}

bool rtcp_valid(const uint8_t *payload, uint32_t len_bytes)
{
	return len_bytes >= RW_RTCP_HEADER_BYTES && payload[0] >> 6 == 2 &&
	       (rw_load_be16(payload + 2) + 1u) * 4u <= len_bytes;
}

void rtp_track_reset(struct rtp_track *t)
{
	t->expected = 0;
}

/* The slot of an SSRC: its own, else an unused one, else that of the SSRC not heard for longest. */
static unsigned int slot_of(const struct rw_flow_stats *s, uint32_t ssrc)
{
	unsigned int oldest = 0;

	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++)
		if (s->ssrc[i].packets && s->ssrc[i].ssrc == ssrc)
			return i;
	for (unsigned int i = 0; i < RW_SSRC_SLOTS; i++) {
		if (s->ssrc[i].packets == 0)
			return i;
		if (s->ssrc[i].last_ns < s->ssrc[oldest].last_ns)
			oldest = i;
	}
	return oldest;
}

static uint32_t arrival_units(struct rtp_arrival at, uint32_t clock_hz)
{
	return (uint32_t)(at.seconds * clock_hz +
			  (uint64_t)at.fraction_ns * clock_hz / 1000000000u);
}

static void start(struct rw_ssrc_stats *r, const struct rtp_header *h, int32_t transit)
{
	memset(r, 0, sizeof(*r));
	r->ssrc = h->ssrc;
	r->first_ext_seq = h->seq;
	r->max_ext_seq = h->seq;
	r->window = 1;
	r->transit = transit;
	r->rtp_timestamp = h->timestamp;
}

/*
 * The sender began a new sequence. What was lost so far is kept aside, and the first number is placed so that what was
 * received so far, this packet included, counts as complete.
 */
static void restart(struct rw_flow_stats *s, unsigned int n, uint16_t seq)
{
	struct rw_ssrc_stats *r = &s->ssrc[n];
	uint32_t unique = (uint32_t)(r->packets - r->duplicates) + 1;

	s->prior_lost[n] = (uint32_t)rw_ssrc_lost(s, n);
	s->seq_resets++;
	r->max_ext_seq = seq;
	r->first_ext_seq = seq + 1 - unique;
	r->window = 3; /* the number before was the one that announced it */
}

/* What a sequence number turned out to be. */
enum place {
	PLACE_NEW, /* not received before, in order or late */
	PLACE_START, /* confirms that the sender began anew */
	PLACE_NONE, /* duplicate, or far from all others */
};

/* A number that is not above all others. */
static enum place late(struct rw_ssrc_stats *r, uint32_t behind)
{
	uint32_t ext = r->max_ext_seq - behind;

	if (behind < WINDOW_BITS && r->window >> behind & 1) {
		r->duplicates++;
		return PLACE_NONE;
	}
	if (behind < WINDOW_BITS)
		r->window |= 1ull << behind;
	r->reordered++;
	if ((int32_t)(ext - r->first_ext_seq) < 0)
		r->first_ext_seq = ext;
	return PLACE_NEW;
}

/* RFC 3550 A.1; n: the statistics slot, for the number that may be expected in it. */
static enum place place(struct rw_flow_stats *s, struct rtp_track *t, unsigned int n, uint16_t seq)
{
	struct rw_ssrc_stats *r = &s->ssrc[n];
	uint16_t ahead = (uint16_t)(seq - (uint16_t)r->max_ext_seq);
	bool expected = t->expected >> n & 1 && t->expected_seq[n] == seq;

	t->expected &= (uint8_t) ~(1u << n);
	if (ahead != 0 && ahead < MAX_DROPOUT) {
		r->window = ahead < WINDOW_BITS ? r->window << ahead | 1 : 1;
		r->max_ext_seq += ahead;
		return PLACE_NEW;
	}
	if (ahead == 0 || ahead > 0x10000u - MAX_MISORDER)
		return late(r, (uint16_t)-ahead);
	if (expected) {
		restart(s, n, seq);
		return PLACE_START;
	}
	/* Perhaps a stray packet: it must not hide a loss, so one more is expected. */
	r->first_ext_seq--;
	t->expected |= (uint8_t)(1u << n);
	t->expected_seq[n] = (uint16_t)(seq + 1);
	return PLACE_NONE;
}

/* RFC 3550 A.8, with the jitter kept × 16. */
static void jitter(struct rw_ssrc_stats *r, int32_t transit, uint32_t clock_hz)
{
	uint32_t d = (uint32_t)transit - (uint32_t)r->transit;

	if (d > INT32_MAX)
		d = -d;
	if (d <= clock_hz * LEAP_SECONDS)
		r->jitter_q4 += d - ((r->jitter_q4 + 8) >> 4);
}

static void next(struct rw_flow_stats *s, struct rtp_track *t, unsigned int n,
		 const struct rtp_header *h, int32_t transit, uint32_t clock_hz)
{
	struct rw_ssrc_stats *r = &s->ssrc[n];
	enum place where = place(s, t, n, h->seq);

	if (where == PLACE_NONE)
		return;
	if (where == PLACE_NEW && clock_hz)
		jitter(r, transit, clock_hz);
	r->transit = transit;
	r->rtp_timestamp = h->timestamp;
}

void rtp_receive(struct rw_flow_stats *s, struct rtp_track *t, const struct rtp_header *h,
		 uint32_t bytes, uint32_t clock_hz, struct rtp_arrival at)
{
	int32_t transit = (int32_t)(arrival_units(at, clock_hz) - h->timestamp);
	unsigned int n = s->ssrc_current;
	struct rw_ssrc_stats *r;

	s->pt_seen[h->payload_type >> 6] |= 1ull << (h->payload_type & 63);
	if (s->ssrc[n].ssrc != h->ssrc)
		s->ssrc_current = n = slot_of(s, h->ssrc);
	r = &s->ssrc[n];
	if (r->packets == 0 || r->ssrc != h->ssrc) {
		start(r, h, transit);
		s->prior_lost[n] = 0;
		t->expected &= (uint8_t) ~(1u << n);
	} else {
		next(s, t, n, h, transit, clock_hz);
	}
	r->packets++;
	r->bytes += bytes;
	r->last_ns = at.ns;
}
