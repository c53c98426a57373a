/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Self-benchmark and self-test of the SRTP engine (srtp_measure.h): seals and opens the same packets again and again.
 * Main thread, at start.
 */
#include "srtp_measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "rtpwire/bytes.h"
#include "rtpwire/clock.h"

#define MEASURE_NS 100000000u
#define PACKET_BYTES 172u
#define ROOM_BYTES 256u

struct bench {
	struct srtp *srtp;
	struct srtp_context *tx[SRTP_BATCH_MAX], *rx[SRTP_BATCH_MAX];
	struct srtp_packet packets[SRTP_BATCH_MAX];
	uint8_t bytes[SRTP_BATCH_MAX][ROOM_BYTES];
	uint64_t sealing_ns, opening_ns, batches;
	bool failed;
};

/* The keys are for nobody: they never leave this file. */
static int make_contexts(struct bench *b)
{
	struct rw_srtp_key key = { .suite = RW_SRTP_AES_CM_128_HMAC_SHA1_80 };
	int rc = 0;

	for (unsigned int i = 0; i < SRTP_BATCH_MAX && rc == 0; i++) {
		key.key[0] = (uint8_t)i;
		rc = srtp_context_new(b->srtp, SRTP_SEND, &key, NULL, NULL, &b->tx[i]);
		if (rc == 0)
			rc = srtp_context_new(b->srtp, SRTP_RECEIVE, &key, NULL, NULL, &b->rx[i]);
	}
	return rc;
}

static bool all_ok(const struct bench *b)
{
	for (unsigned int i = 0; i < SRTP_BATCH_MAX; i++)
		if (b->packets[i].status != SRTP_OK)
			return false;
	return true;
}

/* Opening brings back the packet as it was, so only its number has to go on. */
static void run_batch(struct bench *b, uint16_t seq)
{
	uint64_t start, middle;

	for (unsigned int i = 0; i < SRTP_BATCH_MAX; i++) {
		b->bytes[i][0] = 0x80;
		rw_store_be16(b->bytes[i] + 2, seq);
		b->packets[i] = (struct srtp_packet){ .context = b->tx[i],
						      .data = b->bytes[i],
						      .len_bytes = PACKET_BYTES,
						      .room_bytes = ROOM_BYTES - PACKET_BYTES };
	}
	start = rw_monotonic_ns();
	srtp_batch_protect(b->srtp, b->packets, SRTP_BATCH_MAX);
	middle = rw_monotonic_ns();
	b->sealing_ns += middle - start;
	b->failed |= !all_ok(b);
	for (unsigned int i = 0; i < SRTP_BATCH_MAX; i++)
		b->packets[i].context = b->rx[i];
	start = rw_monotonic_ns();
	srtp_batch_unprotect(b->srtp, b->packets, SRTP_BATCH_MAX, start);
	b->opening_ns += rw_monotonic_ns() - start;
	b->failed |= !all_ok(b);
	b->batches++;
}

static int run(struct bench *b, struct srtp_cost *out)
{
	double packets;

	for (uint16_t seq = 0; b->sealing_ns + b->opening_ns < MEASURE_NS && !b->failed; seq++)
		run_batch(b, seq);
	packets = (double)(b->batches * SRTP_BATCH_MAX);
	out->protect_ns = (double)b->sealing_ns / packets;
	out->unprotect_ns = (double)b->opening_ns / packets;
	snprintf(out->engine, sizeof(out->engine), "%s", srtp_engine_name(b->srtp));
	snprintf(out->details, sizeof(out->details), "%s", srtp_engine_details(b->srtp));
	return b->failed ? -EIO : 0;
}

int srtp_measure(enum srtp_engine_kind kind, struct srtp_cost *out)
{
	struct bench *b = aligned_alloc(64, (sizeof(*b) + 63) / 64 * 64);
	int rc;

	if (!b)
		return -ENOMEM;
	memset(b, 0, sizeof(*b));
	rc = srtp_new(kind, 2 * SRTP_BATCH_MAX, SRTP_WINDOW_MIN, &b->srtp);
	if (rc == 0)
		rc = make_contexts(b);
	if (rc == 0)
		rc = run(b, out);
	srtp_free(b->srtp);
	free(b);
	return rc;
}
