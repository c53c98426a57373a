/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Packets to be secured or opened (srtp_subject.h). Program's only thread.
 */
#include "srtp_subject.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "rtpwire/bytes.h"
#include "rtpwire/demux.h"

#define SLOT_BYTES ((RW_RTP_HEADER_BYTES + PAYLOAD_MAX + SRTP_TRAILER_MAX + 63) / 64 * 64)

struct rw_srtp_key ring_key(const struct srtp_case *what, uint32_t context)
{
	const struct rw_srtp_suite_info *info = rw_srtp_suite_info(what->suite);
	struct rw_srtp_key key = { .suite = (uint8_t)what->suite };
	uint64_t random = context + 1u;

	for (unsigned int i = 0; i < (unsigned int)info->key_bytes + info->salt_bytes; i++)
		key.key[i] = (uint8_t)bench_random(&random);
	return key;
}

static int open_sealer(struct ring *ring)
{
	const struct srtp_case *what = ring->what;
	enum srtp_engine_kind kind = SRTP_ENGINE_AUTO;
	int rc;

	rc = srtp_new(kind, what->contexts, SRTP_WINDOW_MIN, &ring->sealer);
	ring->sealing = calloc(what->contexts, sizeof(*ring->sealing));
	if (rc < 0 || !ring->sealing)
		return -ENOMEM;
	for (uint32_t i = 0; i < what->contexts; i++) {
		struct rw_srtp_key key = ring_key(what, i);

		rc = srtp_context_new(ring->sealer, SRTP_SEND, &key, NULL, NULL, &ring->sealing[i]);
		if (rc < 0)
			return rc == -ENOTSUP ? -ENOTSUP : -ENOMEM;
	}
	return 0;
}

int ring_open(struct ring *ring, const struct srtp_case *what)
{
	*ring = (struct ring){ .what = what };
	ring->order = calloc(what->contexts, sizeof(*ring->order));
	ring->memory = mmap(NULL, RING_PACKETS * SLOT_BYTES, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!ring->order || ring->memory == MAP_FAILED)
		return -ENOMEM;
	bench_shuffle(ring->order, what->contexts);
	madvise(ring->memory, RING_PACKETS * SLOT_BYTES, MADV_HUGEPAGE);
	for (size_t i = 0; i < RING_PACKETS; i++)
		ring->packets[i].data = ring->memory + i * SLOT_BYTES;
	return what->direction == SRTP_RECEIVE ? open_sealer(ring) : 0;
}

static void write_plain(const struct ring *ring, struct ring_packet *p, uint64_t number)
{
	uint64_t cycle = number / ring->what->contexts;

	p->context = ring->order[number % ring->what->contexts];
	p->len_bytes = (uint16_t)(RW_RTP_HEADER_BYTES + ring->what->payload_bytes);
	p->data[0] = 0x80;
	p->data[1] = 8;
	rw_store_be16(p->data + 2, (uint16_t)cycle);
	rw_store_be32(p->data + 4, (uint32_t)cycle * 160u);
	rw_store_be32(p->data + 8, p->context);
	memset(p->data + RW_RTP_HEADER_BYTES, 0xd5, ring->what->payload_bytes);
}

static bool seal(struct ring *ring, struct ring_packet *packets, unsigned int count)
{
	static struct srtp_packet work[SRTP_BATCH_MAX];

	for (unsigned int i = 0; i < count; i++)
		work[i] = (struct srtp_packet){ .context = ring->sealing[packets[i].context],
						.data = packets[i].data,
						.len_bytes = packets[i].len_bytes,
						.room_bytes = SRTP_TRAILER_MAX };
	srtp_batch_protect(ring->sealer, work, count);
	for (unsigned int i = 0; i < count; i++) {
		if (work[i].status != SRTP_OK)
			return false;
		packets[i].len_bytes = work[i].len_bytes;
	}
	return true;
}

bool ring_fill(struct ring *ring)
{
	for (unsigned int i = 0; i < RING_PACKETS; i++)
		write_plain(ring, &ring->packets[i], ring->next++);
	for (unsigned int i = 0; ring->sealer && i < RING_PACKETS; i += SRTP_BATCH_MAX)
		if (!seal(ring, ring->packets + i, SRTP_BATCH_MAX))
			return false;
	return true;
}
