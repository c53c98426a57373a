/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Any frames through the whole pipe. Input: records of flags (1 byte: low nibble not 0 advances the
 * clock by that many seconds, high nibble is rx_flags), length (2 bytes, network order), frame.
 */
#include <stdlib.h>

#include "bench.h"
#include "fuzz.h"
#include "rtpwire/bytes.h"

static void must(bool truth, const char *what)
{
	if (truth)
		return;
	fprintf(stderr, "broken: %s\n", what);
	abort();
}

/* One flow of each kind and policy, towards both families. */
static struct bench *world(void)
{
	static const char *const peers[] = { "198.51.100.1:4000", "[2001:db8::9]:4000" };
	struct bench *b = bench_new(0, 2);

	must(b != NULL, "memory for the bench");
	bench_adj_ready(b, 1, 0, 1500);
	bench_adj_ready(b, 2, 42, 1280);
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int media = i & 1;
		uint16_t port = (uint16_t)(8000 + (i >> 1) * 4);
		struct rw_flow_spec s = bench_spec(rw_flow_id_make(media, port),
						   rw_flow_id_make(i >> 1 & 1, 8000), peers[media]);

		s.kind = (uint8_t)(i >> 2 & 3);
		s.source_policy = (uint8_t)(i >> 1 & 3);
		s.flags = i >> 3 ? RW_FLOW_PASS_OTHER : 0;
		bench_mail(b, MAIL_FLOW_SET, &s, 1 + media, i);
	}
	bench_drain(b);
	return b;
}

static uint32_t sum_be(const uint8_t *data, uint32_t bytes)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < bytes; i++)
		sum += i % 2 ? data[i] : (uint32_t)data[i] << 8;
	return sum;
}

static void check_frame(const struct pkt *p)
{
	uint32_t tag = rw_load_be16(p->data + 12) == 0x8100 ? 4 : 0, udp_bytes, sum;
	const uint8_t *ip = p->data + 14 + tag, *udp;

	if (rw_load_be16(p->data + 12 + tag) == 0x0800) {
		udp = ip + 20;
		sum = sum_be(ip, 20) % 0xffff;
		must(sum == 0, "IPv4 header checksum");
		must(ip + rw_load_be16(ip + 2) == p->data + p->len_bytes, "IPv4 total length");
		sum = sum_be(ip + 12, 8);
	} else {
		udp = ip + 40;
		must(udp + rw_load_be16(ip + 4) == p->data + p->len_bytes, "IPv6 length");
		sum = sum_be(ip + 8, 32);
	}
	udp_bytes = rw_load_be16(udp + 4);
	must(udp + udp_bytes == p->data + p->len_bytes, "UDP length");
	must(rw_load_be16(udp + 6) != 0, "UDP checksum is there");
	must((sum + 17 + udp_bytes + sum_be(udp, udp_bytes)) % 0xffff == 0, "UDP checksum");
}

/* Packets that ended: dropped for some reason, or punted. */
static uint64_t ended(const struct bench *b)
{
	uint64_t n = b->stats->counters[RW_COUNT_punts];

	for (unsigned int i = 0; i < RW_DROP_MAX; i++)
		n += b->stats->drops[i];
	return n;
}

/* Every packet leaves in one way, and every way is counted once. */
static void run_batch(struct bench *b)
{
	uint64_t before = ended(b), freed = 0;

	path_run(&b->path, &b->batch);
	for (unsigned int i = 0; i < b->batch.count; i++) {
		const struct pkt *p = &b->batch.pkt[i];

		must(p->exit != EXIT_NONE, "every packet has an exit");
		must(p->exit != EXIT_BYPASS, "nothing goes to the kernel without a bypass port");
		freed += p->exit == EXIT_FREE;
		if (p->exit == EXIT_TX)
			check_frame(p);
	}
	must(ended(b) - before == freed, "each packet that ends is counted once");
	batch_reset(&b->batch);
	bench_drain(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench *b = world();

	while (size >= 3) {
		uint8_t flags = data[0];
		size_t bytes = rw_load_be16(data + 1);
		struct pkt *p;

		data += 3;
		size -= 3;
		if (bytes > size)
			bytes = size;
		if (bytes > BENCH_FRAME_BYTES)
			bytes = BENCH_FRAME_BYTES;
		if ((flags & 15) || b->batch.count == BATCH_MAX)
			run_batch(b);
		bench_set_time(b, b->path.now.ns + (flags & 15u) * 1000000000ull);
		p = bench_add(b, data, (uint32_t)bytes);
		p->rx_flags = flags >> 4;
		data += bytes;
		size -= bytes;
	}
	run_batch(b);
	bench_free(b);
	return 0;
}
